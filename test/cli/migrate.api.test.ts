// `migrate` as a process: what it prints for people and for machines, how it ends, and that it goes on.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { commandLine, LOCAL_CREDENTIALS } from "../support/command-line.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { createTable, putRow, readRows } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";
import { givingOut } from "./giving-out.js";

const cli = commandLine();
const HOUR = 3_600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "session-store-migrate-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

let bench: Bench;
let old: string;
beforeEach(async () => {
  bench = await makeBench();
  old = await createTable(bench.client, { hashKey: "id", sortKey: null });
});

const args = (...more: string[]) => [
  "migrate",
  "--table",
  bench.table,
  "--endpoint",
  inject("endpoint"),
  ...more,
];
const fromOld = (...more: string[]) => args("--from", "connect-dynamodb", "--source-table", old, ...more);

async function signedIn(data: object, sess = JSON.stringify(data)): Promise<string> {
  const id = newId();
  await putRow(bench.client, old, {
    id: { S: `sess:${id}` },
    expires: { N: String(Math.ceil((Date.now() + HOUR) / 1000)) },
    sess: { S: sess },
  });
  return id;
}

const line = (id: string, data: object = {}) => JSON.stringify({ id, data, expires: Date.now() + HOUR });

describeTransactions("migrate", () => {
  it("says what it would do, does it, and finds nothing left", async () => {
    await signedIn({ user: "ada" });
    await signedIn({ user: "grace" });
    const dry = await cli.run(fromOld("--dry-run"));
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/^2 +would be moved$/m);
    expect(dry.stderr).toContain("Nothing was written");
    expect(await readRows(bench.client, old)).toHaveLength(2);

    const { code, stdout, stderr } = await cli.run(fromOld());
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^2 +moved\n2 +read back and compared: as they were\n2 rows or lines read, \d+ capacity units$/m,
    );
    expect(stderr).toMatch(
      /^warning: servers find a session that is not moved yet by the option previous alone/,
    );
    expect(await readRows(bench.client, old)).toEqual([]);
    expect((await cli.run(fromOld())).stdout).toMatch(/^0 +moved$/m);
  });

  it("gives machines one document, and nothing else", async () => {
    const id = await signedIn({ user: "ada" });
    const { code, stdout } = await cli.run(fromOld("--json"));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ moved: 1, verified: 1, failures: [], dryRun: false });
    expect(stdout).not.toContain(id);
  });

  it("takes the places of previous in --config, and has nothing to warn of then", async () => {
    await signedIn({ user: "ada" });
    const table = { name: old, hashKey: "id", sortKey: null, hashPrefix: "sess:" };
    const options = { previous: [{ table, hashIds: false }], hashIds: true };
    const config = await file("store.mjs", `export default ${JSON.stringify(options)};`);
    const { code, stdout, stderr } = await cli.run(args("--config", config));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^1 +moved$/m);
  });

  it("ends with 1 where previous forgets that the old ids are not hashed, and says what to set", async () => {
    await signedIn({ user: "ada" });
    const table = { name: old, hashKey: "id", sortKey: null, hashPrefix: "sess:" };
    const options = { previous: [{ table }], hashIds: true };
    const config = await file("forgets.mjs", `export default ${JSON.stringify(options)};`);
    const { code, stdout } = await cli.run(args("--config", config));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^0 +moved$/m);
    expect(stdout).toContain("Give their place hashIds: false in previous");
    expect(await readRows(bench.client, old)).toHaveLength(1);
  });

  it("warns where it met rows and not one session", async () => {
    await putRow(bench.client, old, { id: { S: "order#1" }, sess: { S: "{}" } });
    const { code, stderr } = await cli.run(fromOld());
    expect(code).toBe(0);
    expect(stderr).toContain("no row that was read is a session by the keys and the prefix");
  });

  it("ends with 1 where sessions are left, and names them shortly", async () => {
    const bad = await signedIn({}, "secret");
    await signedIn({ user: "ada" });
    const { code, stdout } = await cli.run(fromOld());
    expect(code).toBe(1);
    expect(stdout).toMatch(/^1 +moved$/m);
    expect(stdout).toMatch(/^1 +cannot be read: left where they are$/m);
    expect(stdout).toContain(`the row "sess:${bad.slice(0, 4)}…" cannot be read`);
    expect(stdout).not.toContain(bad);
    expect(stdout).not.toContain("secret");
  });

  it("brings in a file, once, and names bad lines by their number", async () => {
    const [first, second] = [newId(), newId()];
    const path = await file("sessions.jsonl", `${line(first, { n: 1 })}\nno line\n${line(second)}\n`);
    const jsonl = args("--from", "jsonl", path);
    const { code, stdout } = await cli.run(jsonl);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^2 +moved$/m);
    expect(stdout).toContain("line 2 is no JSON object");
    const { engine } = bench.engine({ now: Date.now });
    expect((await engine.load(first))?.data).toEqual({ n: 1 });
    await engine.destroy(second);
    const again = await cli.run(jsonl);
    expect(again.stdout).toMatch(/^0 +moved$/m);
    expect(again.stdout).toMatch(/^1 +in the table already$/m);
    expect(again.stdout).toMatch(/^1 +gone when their turn came, or ended since an earlier run$/m);
    expect((await cli.run([...jsonl, "--run", "once more"])).stdout).toMatch(/^1 +moved$/m);
  });

  it("stopped by Ctrl-C ends with 130, and the same command goes on", async () => {
    for (let n = 0; n < 40; n++) await signedIn({ n });
    let requests = 0;
    const proxy = await startFaultProxy(inject("endpoint"), () => {
      requests += 1;
      if (requests === 30) started.child.kill("SIGINT");
      return undefined;
    });
    onTestFinished(() => proxy.close());
    const through = fromOld().map((arg) => (arg === inject("endpoint") ? proxy.endpoint : arg));
    const started = cli.start(through);
    const stopped = await started.ended;
    expect(stopped).toMatchObject({ code: 130, stdout: expect.stringMatching(/^\d+ +moved$/m) });
    expect(stopped.stderr).toMatch(/\d+ sessions were done by then; the same command goes on with the rest/);
    const left = (await readRows(bench.client, old)).length;
    expect(left).toBeGreaterThan(0);
    expect(left + (await readRows(bench.client, bench.table)).length).toBe(40);
    const { stdout, code } = await cli.run(fromOld());
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${left} +moved$`, "m"));
  });

  it("ends with 3 where the table gives out after a part, and the same command goes on", async () => {
    for (let n = 0; n < 20; n++) await signedIn({ n });
    const { code, stdout, stderr } = await cli.run(await givingOut(40, fromOld()));
    expect(code).toBe(3);
    expect(stdout).toMatch(/^\d+ +moved$/m);
    expect(stderr).toMatch(/error: .* was throttled.*\(ERR_SESSION_THROTTLED\)/);
    expect(stderr).toMatch(/\d+ sessions were done by then/);
    expect((await cli.run(fromOld())).code).toBe(0);
    expect(await readRows(bench.client, old)).toEqual([]);
    expect(await readRows(bench.client, bench.table)).toHaveLength(20);
  });
});

describe("migrate refuses, with 2 and why:", () => {
  it.each([
    ["no source", [], /from: expected one of connect-dynamodb, dynamodb-store, cyclic-0\.0, pwrdrvr, jsonl/],
    ["one that there is not", ["--from", "redis"], /Allowed choices are connect-dynamodb, /],
    ["jsonl without a file", ["--from", "jsonl"], /which file\?/],
    ["a file that is not there", ["--from", "jsonl", "absent.jsonl"], /absent\.jsonl: there is no such file/],
    ["a file of another source", ["--from", "pwrdrvr", "a.jsonl"], /a file goes with --from jsonl alone/],
    ["a table of jsonl", ["--from", "jsonl", "-", "--source-table", "t"], /jsonl comes from no table/],
  ])("%s", async (_, more, says) => {
    const { code, stdout, stderr } = await cli.run(args(...more));
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("what is where it belongs needs no move", async () => {
    const { code, stdout, stderr } = await cli.run(args("--from", "cyclic-0.0"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("There is nothing to move.");
  });

  it("a file without a line is what a failed export leaves: a failure", async () => {
    const { code, stderr } = await cli.run(args("--from", "jsonl", await file("empty.jsonl", "\n")));
    expect(code).toBe(1);
    expect(stderr).toContain("there was not one line in the file");
  });

  it("a source that is not there is a failure that names it", async () => {
    const env = { ...LOCAL_CREDENTIALS };
    const { code, stderr } = await cli.run(args("--from", "pwrdrvr", "--source-table", "absent"), env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/the table "absent" does not exist/);
  });
});
