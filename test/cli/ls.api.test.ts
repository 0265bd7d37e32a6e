// `ls` as a process: what it lists, and what it keeps to itself.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { commandLine } from "../support/command-line.js";
import { givingOut } from "./giving-out.js";
import { makeSharedTable, type SharedTable } from "./sessions.js";

const cli = commandLine();

let table: SharedTable;
let live: string[];
let over: string;
beforeAll(async () => {
  table = await makeSharedTable();
  live = [await table.save({ secret: "of ann" }), await table.save({ secret: "of bob" })];
  over = await table.save({ secret: "of carl" }, { maxAge: -5000 });
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "session-store-ls-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

const shortOf = (id: string) => `${id.slice(0, 4)}…`;

describe("ls", () => {
  it("lists the live sessions by short ids, and neither data nor whole ids nor rows of others", async () => {
    const { code, stdout, stderr } = await cli.run(["ls", ...table.flags]);
    const [head = "", ...lines] = stdout.trimEnd().split("\n");
    expect(head.split(/ {2,}/)).toEqual(["session", "age", "idle", "ends in", "owner"]);
    expect(lines.map((line) => line.split(" ")[0]).sort()).toEqual(live.map(shortOf).sort());
    for (const line of lines) expect(line).toMatch(/^\S{5} +\d+ \w+ +\d+ \w+ +(1 d|2[34] h)/);
    expect(stdout).not.toMatch(/secret/);
    for (const id of [...live, over]) expect(stdout + stderr).not.toContain(id);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "2 sessions\n" });
  });

  it("lists those that are over with --expired, whole ids with --ids, and data with --data", async () => {
    const { code, stdout } = await cli.run(["ls", "--expired", "--ids", "--data", ...table.flags]);
    const lines = stdout.trimEnd().split("\n").slice(1);
    expect(lines.map((line) => line.split(" ")[0]).sort()).toEqual([...live, over].sort());
    expect(lines.find((line) => line.startsWith(over))).toMatch(/is over .*\d B +\{"secret":"of carl"\}$/);
    expect(code).toBe(0);
  });

  it("prints one JSON array with --json, in which ids and data are hidden as well", async () => {
    const { code, stdout, stderr } = await cli.run(["ls", "--json", ...table.flags]);
    const sessions = JSON.parse(stdout);
    expect(sessions).toHaveLength(2);
    expect(sessions[0]).toEqual({
      shortId: expect.stringMatching(/^.{4}…$/),
      created: expect.any(Number),
      updated: expect.any(Number),
      endsAt: expect.any(Number),
      isExpired: false,
      place: 0,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const whole = await cli.run(["ls", "--json", "--ids", "--data", ...table.flags]);
    const found: { id: string; data: object; bytes: number }[] = JSON.parse(whole.stdout);
    expect(found.map(({ id }) => id).sort()).toEqual([...live].sort());
    expect(found.find(({ id }) => id === live[0])?.data).toEqual({ secret: "of ann" });
  });

  it("stops at --limit, and says so", async () => {
    const { code, stdout, stderr } = await cli.run(["ls", "--limit", "1", ...table.flags]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "stopped after 1 session, by --limit\n" });
  });

  it("leaves out what cannot be read, says which, and ends with 1", async () => {
    const broken = await makeSharedTable({ hasUnreadable: true });
    await broken.save({ n: 1 });
    const { code, stdout, stderr } = await cli.run(["ls", ...broken.flags]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toMatch(
      /^warning: the row "session-store#cann…" cannot be read: .*\n1 session\n1 row left out\n$/,
    );
    expect(code).toBe(1);
  });

  it("shows no control character that a table holds", async () => {
    const hostile = await makeSharedTable();
    await hostile.save({ text: "\u001b[2J\u009b" }, { id: "\u001b[2J-and-more-characters" });
    const { stdout } = await cli.run(["ls", "--data", ...hostile.flags]);
    expect(stdout).toContain("\\u001b[2J…");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the test.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it("goes on where Ctrl-C stopped it, by the place that --resume keeps for its owner alone", async () => {
    const many = await makeSharedTable();
    const ids: string[] = [];
    for (let i = 0; i < 8; i++) ids.push(await many.save({ i }));
    const place = join(await folder(), "place.txt");
    const args = ["ls", "--json", "--ids", "--resume", place, ...many.flags];
    // Few rows a page, and a page a second: there is more to come when the first ones are printed.
    const started = cli.start([...args, "--max-units", "2"]);
    while (!started.printed().stdout.includes("shortId")) await delay(5);
    started.child.kill("SIGINT");
    const stopped = await started.ended;
    expect(stopped).toMatchObject({ code: 130, stderr: "" });
    expect((await stat(place)).mode & 0o777).toBe(0o600);
    const rest = await cli.run(args);
    const idsIn = (stdout: string) => JSON.parse(stdout).map(({ id }: { id: string }) => id);
    expect(idsIn(rest.stdout).length).toBeLessThan(ids.length);
    const listed = new Set([...idsIn(stopped.stdout), ...idsIn(rest.stdout)]);
    expect([...listed].sort()).toEqual([...ids].sort());
    expect(rest.code).toBe(0);
    await expect(stat(place)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("has printed the rows that its place says are done, also when it is killed", async () => {
    const many = await makeSharedTable();
    for (let i = 0; i < 8; i++) await many.save({ i });
    const place = join(await folder(), "place.txt");
    const args = ["ls", "--resume", place, ...many.flags];
    const started = cli.start([...args, "--max-units", "2"]);
    while (!existsSync(place)) await delay(5);
    started.child.kill("SIGKILL");
    const killed = await started.ended;
    const rest = await cli.run(args);
    const rowsIn = (stdout: string) => stdout.split("\n").filter((line) => /^\S{4}… /.test(line)).length;
    expect(rowsIn(rest.stdout)).toBeLessThan(8);
    expect(rowsIn(killed.stdout) + rowsIn(rest.stdout)).toBeGreaterThanOrEqual(8);
  });

  it("ends with 3 where the table gives out and it keeps a place, and goes on from there", async () => {
    const many = await makeSharedTable();
    const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => many.save({ n })));
    const place = join(await folder(), "place");
    const typed = ["ls", "--ids", "--resume", place, "--max-units", "1", ...many.flags];
    const first = await cli.run(await givingOut(5, typed));
    expect(first.code).toBe(3);
    expect(first.stderr).toMatch(/\(ERR_SESSION_THROTTLED\)[\s\S]*the same command goes on with the rest/);
    const second = await cli.run(await givingOut(1000, typed));
    expect(second.code).toBe(0);
    const listed = `${first.stdout}${second.stdout}`.split("\n").map((line) => line.split(" ")[0]);
    expect(ids.filter((id) => !listed.includes(id))).toEqual([]);
    expect(first.stdout.length).toBeGreaterThan(0);
  });

  it("refuses a place that is none with 2, says which flag it came by, and leaves it", async () => {
    const place = join(await folder(), "place.txt");
    await writeFile(place, "nonsense");
    const { code, stderr } = await cli.run(["ls", "--resume", place, ...table.flags]);
    expect(stderr).toMatch(/^error: from: expected the cursor .*\n.*from is --resume/);
    expect(code).toBe(2);
    expect((await readFile(place, "utf8")).trim()).toBe("nonsense");
  });

  it.each([
    [["--limit", "5", "--resume", "place.txt"], /--limit and --resume: give only one of them/],
    [["--limit", "0"], /Expected a whole number, 1 or more/],
  ])("refuses %j with 2", async (args, says) => {
    const { code, stdout, stderr } = await cli.run(["ls", ...args, ...table.flags]);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
