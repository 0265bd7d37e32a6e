// Moving in from the tables of other packages: each session is moved once, compared, and counted as what it was.
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type MigrateOptions, migrate } from "../../src/admin/migrate/migrate.js";
import type { Progress } from "../../src/admin/work.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { createTable, putRow, type Row, readRows, recordCalls, testClient } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const OLD = { hashKey: "id", sortKey: null } as const;

// Whole tables are read: each test has its own.
let bench: Bench;
let old: string;
beforeEach(async () => {
  bench = await makeBench();
  old = await createTable(bench.client, OLD);
});

function storeOptions(options: Partial<SessionStoreOptions> = {}): SessionStoreOptions {
  return { now: () => NOW, client: bench.client, table: { name: bench.table }, ...options };
}

const run = (options: MigrateOptions = {}, store: Partial<SessionStoreOptions> = {}) =>
  migrate(storeOptions(store), { from: "connect-dynamodb", table: { name: old }, ...options });

/** A row as connect-dynamodb writes it. */
async function signedIn(data: object = { user: "ada" }, more: Row = {}, id = newId()): Promise<string> {
  await putRow(bench.client, old, {
    id: { S: `sess:${id}` },
    expires: { N: String((NOW + HOUR) / 1000) },
    type: { S: "connect-session" },
    sess: { S: JSON.stringify(data) },
    ...more,
  });
  return id;
}

const nothing = {
  dryRun: false,
  isSamePlace: false,
  moved: 0,
  verified: 0,
  changed: 0,
  ended: 0,
  elsewhere: 0,
  gone: 0,
  expired: 0,
  unreadable: 0,
  failed: 0,
  otherIds: 0,
  failures: [],
};

describeTransactions("moving in", () => {
  it("every live session is in the new table, as it was, and in the old one no more", async () => {
    const ids = [];
    for (let i = 0; i < 30; i++) ids.push(await signedIn({ i }));
    const { units, ...report } = await run();
    expect(report).toEqual({ ...nothing, scanned: 30, moved: 30, verified: 30 });
    expect(units).toBeGreaterThan(30);
    expect(await readRows(bench.client, old)).toEqual([]);
    const { engine } = bench.engine();
    for (const [i, id] of ids.entries()) expect((await engine.load(id))?.data).toEqual({ i });
    expect((await bench.row(String(ids[0])))?.until).toEqual({ N: String(NOW + HOUR) });
  });

  it("run again, it finds nothing that is left", async () => {
    await signedIn();
    await run();
    const { units: _, ...report } = await run();
    expect(report).toEqual({ ...nothing, scanned: 0 });
  });

  it("leaves what is expired, no session, or another's, and says so", async () => {
    await signedIn({}, { expires: { N: String(NOW / 1000 - 1) } });
    await putRow(bench.client, old, { id: { S: "sess:stub" }, expires: { N: "1" } });
    await putRow(bench.client, old, { id: { S: "order#1" }, sess: { S: "{}" } });
    const before = await readRows(bench.client, old);
    expect(await run()).toMatchObject({ ...nothing, scanned: 3, expired: 1 });
    expect(await readRows(bench.client, old)).toEqual(before);
  });

  it("leaves what cannot be read or written, names it shortly, and moves the rest", async () => {
    const bad = await signedIn({}, { sess: { S: "no JSON of theirs" } });
    const worse = await signedIn({}, { sess: { N: "1" } });
    const long = await signedIn({ user: "ada" }, {}, "x".repeat(1500));
    const good = await signedIn();
    const report = await run();
    expect(report).toMatchObject({ moved: 1, verified: 1, unreadable: 2, failed: 1 });
    expect(report.failures.map(({ code }) => code).sort()).toEqual([
      "ERR_SESSION_CORRUPT",
      "ERR_SESSION_CORRUPT",
      "ERR_SESSION_ID",
    ]);
    const said = JSON.stringify(report);
    for (const secret of [bad, worse, long, "theirs"]) expect(said).not.toContain(secret);
    expect(said).toContain(`the row \\"sess:${bad.slice(0, 4)}…\\" cannot be read`);
    expect(await readRows(bench.client, old)).toHaveLength(3);
    expect(await bench.row(good)).toBeDefined();
  });

  it.each([false, true])(
    "says what to set where the rows' ids are hashed otherwise than their place says: hashIds %s",
    async (hashIds) => {
      const before = { table: { hashPrefix: "before#" }, hashIds: !hashIds };
      const { engine } = bench.engine(before);
      for (let n = 0; n < 3; n++) await engine.save(engine.create(newId()), { n });
      const rows = await readRows(bench.client, bench.table);
      const report = await migrate(storeOptions({ hashIds, previous: [{ hashPrefix: "before#" }] }));
      expect(report).toMatchObject({ scanned: 3, moved: 0, otherIds: 3 });
      expect(report.failures).toEqual([
        { code: "ERR_SESSION_OPTIONS", message: expect.stringContaining(`hashIds: ${!hashIds} in previous`) },
      ]);
      expect(await readRows(bench.client, bench.table)).toEqual(rows);
    },
  );

  it("takes hashed sessions of the very table for no misread ones of the place before them", async () => {
    const now = bench.engine({ hashIds: true });
    await now.engine.save(now.engine.create(newId()), {});
    const before = bench.engine();
    await before.engine.save(before.engine.create(newId()), {});
    const report = await migrate(storeOptions({ hashIds: true, previous: [{ hashIds: false }] }));
    expect(report).toMatchObject({ moved: 1, otherIds: 0, failures: [] });
  });

  it("leaves every session where it is when the codec does not read what it wrote", async () => {
    await signedIn({ n: 1 });
    await signedIn({ n: 2 });
    const codec = {
      name: "lossy",
      tag: 99,
      encode: (bytes: Uint8Array) => bytes.slice(),
      decode: () => new TextEncoder().encode("{}"),
    };
    const report = await run({}, { codec });
    expect(report).toMatchObject({ moved: 0, failed: 2 });
    expect(report.failures[0]?.code).toBe("ERR_SESSION_UNSERIALIZABLE");
    expect(await readRows(bench.client, old)).toHaveLength(2);
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("a dry run counts, and writes nothing", async () => {
    await signedIn();
    await signedIn({}, { sess: { S: "no JSON" } });
    const client = testClient();
    const sent = recordCalls(client);
    const report = await run({ dryRun: true }, { client });
    client.destroy();
    expect(report).toMatchObject({ dryRun: true, moved: 1, verified: 0, unreadable: 1 });
    expect(new Set(sent.calls.map(({ action }) => action))).toEqual(new Set(["GetItem", "Scan"]));
    expect(await readRows(bench.client, old)).toHaveLength(2);
  });

  it("a dry run finds out that the new table has other keys, or is not there", async () => {
    await signedIn();
    for (const table of [{ name: bench.table, hashKey: "other" }, { name: "test-absent" }])
      await expect(run({ dryRun: true }, { table })).rejects.toMatchObject({ code: "ERR_SESSION_TABLE" });
  });

  it("into a table that holds hashes of ids, with the lists of owners", async () => {
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    const id = await signedIn();
    expect(await run({}, { hashIds: true, owner })).toMatchObject({ moved: 1, verified: 1 });
    const rows = await readRows(bench.client, bench.table);
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain(id);
    const { engine } = bench.engine({ hashIds: true, owner });
    expect((await engine.sessionsOf("ada")).map(({ data }) => data)).toEqual([{ user: "ada" }]);
    expect((await engine.load(id))?.data).toEqual({ user: "ada" });
  });

  it("sends no action but those that its guide says are to be allowed", async () => {
    await signedIn();
    const client = testClient();
    const sent = recordCalls(client);
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    await run({}, { client, owner });
    client.destroy();
    const actions = sent.calls.flatMap(({ action, input }): string[] =>
      action === "TransactWriteItems"
        ? input.TransactItems.flatMap((item: Record<string, { TableName: string }>) =>
            Object.entries(item).map(([kind, { TableName }]) => `${kind}Item ${TableName}`),
          )
        : [`${action} ${input.TableName}`],
    );
    const on = (table: string) =>
      [...new Set(actions)]
        .flatMap((action) => (action.endsWith(` ${table}`) ? [action.split(" ")[0]] : []))
        .sort();
    expect({ theNew: on(bench.table), theOld: on(old) }).toEqual({
      theNew: ["GetItem", "PutItem", "UpdateItem"],
      theOld: ["DeleteItem", "GetItem", "Scan"],
    });
  });

  it("reads strongly, also where the store does not: what has just been saved is moved too", async () => {
    await signedIn();
    const own = testClient();
    onTestFinished(() => own.destroy());
    const { calls } = recordCalls(own);
    await run({}, { client: own, consistentRead: false });
    const scans = calls.filter(({ action }) => action === "Scan");
    expect(scans.length).toBeGreaterThan(0);
    for (const { input } of scans) expect(input.ConsistentRead).toBe(true);
  });

  it("tells how far it is, and goes no faster than it is told", async () => {
    for (let n = 0; n < 12; n++) await signedIn({ n });
    const told: Progress[] = [];
    let time = NOW;
    const timeout = 5000;
    // Deadlines are never met; whoever waits for capacity is let go on, and time has passed.
    const sleep = async (ms: number) => {
      if (ms === timeout) return new Promise<void>(() => {});
      time += ms;
    };
    const store = { now: () => time, sleep, timeout };
    const { units } = await run({ onProgress: (now) => told.push(now), maxUnitsPerSecond: 10 }, store);
    expect(told.at(-1)).toMatchObject({ scanned: 12, done: 12, units, total: expect.any(Number) });
    const seconds = (time - NOW) / 1000;
    expect(units / seconds).toBeLessThan(15);
    expect(seconds).toBeGreaterThan(1);
  });

  it("by the store's own previous places, all of them or the one that is meant", async () => {
    const { engine } = bench.engine({ table: { hashPrefix: "before#" } });
    await engine.save(engine.create(newId()), { n: 1 });
    await signedIn();
    const previous = [
      { hashPrefix: "before#" },
      { table: { name: old, ...OLD, hashPrefix: "sess:" } },
    ] as const;
    expect(await run({}, { previous })).toMatchObject({ scanned: 1, moved: 1 });
    await signedIn();
    expect(await migrate(storeOptions({ previous }))).toMatchObject({ moved: 2, verified: 2 });
    expect(await migrate(storeOptions({ previous }))).toMatchObject({ moved: 0 });
  });
});

describeTransactions("while requests are served", () => {
  const servers = () => bench.engine({ previous: [{ table: { name: old, ...OLD, hashPrefix: "sess:" } }] });

  /** One session, and what requests do to it before or after the transaction that moves it. */
  async function meanwhile(
    when: "beforeNext" | "afterNext",
    act: (engine: ReturnType<typeof servers>["engine"], id: string) => Promise<unknown>,
  ) {
    const id = await signedIn({ n: 1 });
    const { engine } = servers();
    const client = testClient();
    const sent = recordCalls(client);
    sent[when]("TransactWriteItems", async () => void (await act(engine, id)));
    const { units: _, ...report } = await run({}, { client });
    client.destroy();
    return { report, data: (await engine.load(id))?.data };
  }

  it("a session that a request moves first is the request's", async () => {
    const { report, data } = await meanwhile("beforeNext", (engine, id) =>
      engine.update(id, () => ({ n: 2 })),
    );
    expect(report).toEqual({ ...nothing, scanned: 1, elsewhere: 1 });
    expect(data).toEqual({ n: 2 });
  });

  it("a session that is signed out before its turn stays so", async () => {
    const { report } = await meanwhile("beforeNext", (engine, id) => engine.destroy(id));
    expect(report).toEqual({ ...nothing, scanned: 1, gone: 1 });
    expect(await readRows(bench.client, old)).toEqual([]);
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("a session that is signed out before it is read back stays so, and is no failure", async () => {
    const { report } = await meanwhile("afterNext", (engine, id) => engine.destroy(id));
    expect(report).toEqual({ ...nothing, scanned: 1, moved: 1, ended: 1 });
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("a session that is saved before it is read back is no failure", async () => {
    const { report, data } = await meanwhile("afterNext", (engine, id) =>
      engine.update(id, () => ({ n: 2 })),
    );
    expect(report).toEqual({ ...nothing, scanned: 1, moved: 1, changed: 1 });
    expect(data).toEqual({ n: 2 });
  });

  it("a session that is touched before it is read back is compared all the same", async () => {
    const { report } = await meanwhile("afterNext", async (engine, id) => {
      expect(await engine.touch(id)).toEqual({ outcome: "touched" });
    });
    expect(report).toEqual({ ...nothing, scanned: 1, moved: 1, verified: 1 });
  });

  it("what a server of the old store writes behind a move comes too late: the table's session stands", async () => {
    const id = await signedIn({ n: 1 });
    await run();
    const { engine } = servers();
    await engine.update(id, () => ({ n: 2 }));
    await signedIn({ n: 1, late: true }, {}, id);
    const { units: _, ...report } = await run();
    expect(report).toEqual({ ...nothing, scanned: 1, elsewhere: 1 });
    expect((await engine.load(id))?.data).toEqual({ n: 2 });
    await engine.destroy(id);
    expect(await readRows(bench.client, old)).toEqual([]);
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("a row that reads otherwise than it was is reported", async () => {
    const id = await signedIn({ n: 1 });
    const client = testClient();
    const sent = recordCalls(client);
    // What nothing of ours does: another's data under the same revision.
    sent.afterNext("TransactWriteItems", async () => {
      const row = await bench.row(id);
      await putRow(bench.client, bench.table, { ...row, sess: { S: '{"n":2}' } });
    });
    const report = await run({}, { client });
    client.destroy();
    expect(report).toMatchObject({ moved: 1, verified: 0, failed: 1 });
    expect(report.failures[0]?.message).toContain("its data is another than before");
  });

  it("a row that cannot be read back is a failure that ends it: the others stay where they are", async () => {
    for (let n = 0; n < 20; n++) await signedIn({ n });
    const client = testClient();
    const sent = recordCalls(client);
    sent.afterNext("TransactWriteItems", async () => {
      for (const row of await readRows(bench.client, bench.table))
        await putRow(bench.client, bench.table, { ...row, sess: { N: "1" } });
    });
    await expect(run({}, { client })).rejects.toMatchObject({
      code: "ERR_SESSION_CORRUPT",
      message: expect.stringMatching(/was moved, and cannot be read back: .*"sess"/),
    });
    client.destroy();
    const left = (await readRows(bench.client, old)).length;
    expect(left).toBeGreaterThanOrEqual(12);
    expect(left + (await readRows(bench.client, bench.table)).length).toBe(20);
  });

  it("counts as done what is done with, and nothing else", async () => {
    await signedIn();
    await signedIn({}, { expires: { N: String(NOW / 1000 - 1) } });
    await signedIn({ user: "ada" }, {}, "x".repeat(1500));
    const told: Progress[] = [];
    await run({ onProgress: (now) => told.push(now) });
    expect(told.at(-1)).toMatchObject({ scanned: 3, done: 1 });
  });

  it("two operators at once move each session once", async () => {
    for (let i = 0; i < 40; i++) await signedIn({ i });
    const [one, other] = await Promise.all([run(), run()]);
    expect(one.moved + other.moved).toBe(40);
    expect([one.failed, other.failed, one.unreadable, other.unreadable]).toEqual([0, 0, 0, 0]);
    expect(await readRows(bench.client, bench.table)).toHaveLength(40);
    expect(await readRows(bench.client, old)).toEqual([]);
  });
});

describe("what is there already", () => {
  it("needs no move, and is not looked at", async () => {
    const client = testClient();
    const sent = recordCalls(client);
    const report = await migrate(storeOptions({ client }), { from: "cyclic-0.0" });
    client.destroy();
    expect(report).toEqual({ ...nothing, isSamePlace: true, scanned: 0, units: 0 });
    expect(sent.calls).toEqual([]);
  });
});

describe("is refused, and says why:", () => {
  const refused: [string, () => Promise<unknown>, RegExp][] = [
    ["no source", () => migrate(storeOptions()), /from: expected one of connect-dynamodb/],
    ["a source that none of previous is", () => run({}, { previous: [{ hashPrefix: "x#" }] }), /previous/],
    // @ts-expect-error not one of the names
    ["another source", () => run({ from: "redis" }), /from: expected one of/],
    [
      "a table without its package",
      () => migrate(storeOptions(), { table: { name: "t" } }),
      /goes with from/,
    ],
    ["jsonl without a text", () => migrate(storeOptions(), { from: "jsonl" }), /text/],
    ["an unknown option", () => run(Object.fromEntries([["dryrun", true]])), /dryrun: no such option/],
    ["a wrong one of the table's", () => run({ table: { name: "" } }), /table/],
  ];
  it.each(refused)("%s", async (_, call, message) => {
    await expect(call()).rejects.toMatchObject({
      code: "ERR_SESSION_OPTIONS",
      message: expect.stringMatching(message),
    });
  });

  it("a table that is absent, or has other keys", async () => {
    const absent = run({ table: { name: "test-absent" } });
    await expect(absent).rejects.toMatchObject({ code: "ERR_SESSION_TABLE" });
    const other = run({ from: "dynamodb-store" });
    await expect(other).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringContaining('hashKey: "id"'),
    });
  });
});
