// `rm` as a process: what it ends, what it never touches, and how it goes on.
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { commandLine } from "../support/command-line.js";
import { newId } from "../support/engines.js";
import { denied } from "../support/fault-proxy.js";
import { describeTransactions } from "../support/transactions.js";
import { givingOut } from "./giving-out.js";
import { IDS_OF_OTHERS, makeSharedTable, type SharedTable } from "./sessions.js";

const cli = commandLine();

let table: SharedTable;
beforeEach(async () => {
  table = await makeSharedTable();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "session-store-rm-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe("rm <id>", () => {
  it("destroys that session alone, and says how many", async () => {
    const id = await table.save({ n: 1 });
    await table.save({ n: 2 });
    const ended = await cli.run(["rm", id, "--yes", ...table.flags]);
    expect(ended).toEqual({ code: 0, stdout: "1 session destroyed\n", stderr: "" });
    expect(await table.bench.row(id)).toBeUndefined();
    expect(await table.left()).toEqual({ rows: 1, others: 0 });
  });

  it("destroys nothing that is no session of this store, and ends with 1", async () => {
    for (const id of [...IDS_OF_OTHERS, newId()]) {
      const ended = await cli.run(["rm", id, "--yes", ...table.flags]);
      expect(ended).toEqual({ code: 1, stdout: "", stderr: "there is no session of this id\n" });
    }
    expect(await table.left()).toEqual({ rows: 0, others: 0 });
  });

  it("destroys one that cannot be read", async () => {
    const broken = await makeSharedTable({ hasUnreadable: true });
    const args = ["rm", "cannot-be-read-by-anyone", "--yes", "--json", ...broken.flags];
    expect(await cli.run(args)).toEqual({ code: 0, stdout: '{\n  "destroyed": 1\n}\n', stderr: "" });
    expect(await broken.left()).toEqual({ rows: 0, others: 1 });
  });
});

describe("rm --all", () => {
  it("destroys every session, live and over, and no row of others", async () => {
    await table.save({ n: 1 });
    await table.save({ n: 2 }, { maxAge: -5000 });
    const ended = await cli.run(["rm", "--all", "--yes", ...table.flags]);
    expect(ended).toEqual({ code: 0, stdout: "2 sessions destroyed\n", stderr: "" });
    expect(await table.left()).toEqual({ rows: 0, others: 0 });
    const again = await cli.run(["rm", "--all", "--yes", "--json", ...table.flags]);
    expect(JSON.parse(again.stdout)).toEqual({ destroyed: 0, unreadable: 0, isComplete: true });
  });

  it("leaves what cannot be read, says which, and ends with 1", async () => {
    const broken = await makeSharedTable({ hasUnreadable: true });
    await broken.save({ n: 1 });
    const { code, stdout, stderr } = await cli.run(["rm", "--all", "--yes", ...broken.flags]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "1 session destroyed\n" });
    expect(stderr).toMatch(/^warning: the row "session-store#cann…" cannot be read/);
    expect(await broken.left()).toEqual({ rows: 0, others: 0 });
  });

  it("goes on where Ctrl-C stopped it, and says how many it destroyed", async () => {
    for (let i = 0; i < 10; i++) await table.save({ i });
    const place = join(await folder(), "place.txt");
    const args = ["rm", "--all", "--yes", "--resume", place, ...table.flags];
    const started = cli.start([...args, "--max-units", "2"]);
    while ((await table.left()).rows === 10) await delay(5);
    started.child.kill("SIGINT");
    const stopped = await started.ended;
    expect(stopped.stdout).toMatch(
      /^at least \d+ sessions? destroyed; the same command goes on with the rest\n$/,
    );
    expect(stopped).toMatchObject({ code: 130, stderr: "" });
    const { rows } = await table.left();
    expect(rows).toBeGreaterThan(0);
    const rest = await cli.run(args);
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    expect(await table.left()).toEqual({ rows: 0, others: 0 });
    await expect(stat(place)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("ends with 3 where the table gives out after a part, and the same command goes on", async () => {
    for (let n = 0; n < 20; n++) await table.save({ n });
    const typed = ["rm", "--all", "--yes", ...table.flags];
    const { code, stdout, stderr } = await cli.run(await givingOut(20, typed));
    expect(code).toBe(3);
    expect(stdout).toMatch(/^at least \d+ sessions? destroyed; the same command goes on with the rest$/m);
    expect(stderr).toMatch(/was throttled.*\(ERR_SESSION_THROTTLED\)/);
    expect(await cli.run(typed)).toMatchObject({ code: 0, stderr: "" });
    expect(await table.left()).toEqual({ rows: 0, others: 0 });
  });

  it("ends with 1 where it is not allowed to go on, and says how many it destroyed", async () => {
    for (let n = 0; n < 20; n++) await table.save({ n });
    const typed = ["rm", "--all", "--yes", ...table.flags];
    const { code, stdout, stderr } = await cli.run(await givingOut(20, typed, denied));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^at least \d+ sessions? destroyed$/m);
    expect(stderr).toMatch(/\(ERR_SESSION_ACCESS\)/);
    expect((await table.left()).rows).toBeGreaterThan(0);
  });

  it("destroys those in the --config's previous places as well", async () => {
    const before = await table.save({ n: 1 }, { prefix: "before#" });
    const config = join(await folder(), "store.mjs");
    await writeFile(config, `export default { previous: [{ hashPrefix: "before#" }] };`);
    const { code, stdout } = await cli.run(["rm", "--all", "--yes", "--config", config, ...table.flags]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "1 session destroyed\n" });
    expect(await table.bench.row(before, "before#")).toBeUndefined();
  });
});

describeTransactions("rm --owner", () => {
  it("destroys an owner's sessions, and says how many", async () => {
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    for (const user of ["ann", "ann", "bob"]) await table.save({ user }, { owner });
    const ended = await cli.run(["rm", "--owner", "ann", "--yes", ...table.flags]);
    expect(ended).toEqual({ code: 0, stdout: "2 sessions destroyed\n", stderr: "" });
    // One session, and the row that lists it.
    expect(await table.left()).toEqual({ rows: 2, others: 0 });
    const none = await cli.run(["rm", "--owner", "carl", "--yes", "--json", ...table.flags]);
    expect(JSON.parse(none.stdout)).toEqual({ destroyed: 0 });
  });
});

describe("rm", () => {
  it.each([
    [[], /Give exactly one of <id>, --owner <name> and --all/],
    [["some-id", "--all"], /exactly one/],
    [["--owner", "ann", "--all"], /exactly one/],
    [["--owner", ""], /expected the owner's name/],
    [["some-id", "--resume", "place.txt"], /go with --all alone/],
  ])("%j is refused with 2, whatever --yes says", async (args, says) => {
    await table.save({ n: 1 });
    const { code, stdout, stderr } = await cli.run(["rm", ...args, "--yes", ...table.flags]);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(await table.left()).toEqual({ rows: 1, others: 0 });
  });

  it("asks before it begins, and destroys nothing where nobody can be asked", async () => {
    const id = await table.save({ n: 1 });
    for (const which of [[id], ["--owner", "ann"], ["--all"]]) {
      const { code, stdout, stderr } = await cli.run(["rm", ...which, ...table.flags]);
      expect(stderr).toMatch(/nobody to ask: give --yes\. \(Destroy /);
      expect(stderr).not.toContain(id);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    }
    expect(await table.left()).toEqual({ rows: 1, others: 0 });
  });
});
