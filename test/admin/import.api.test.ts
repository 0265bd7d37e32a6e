// Moving in from a file with one session a line: each comes in once, whatever interrupts it.
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeEach, describe, expect, it } from "vitest";
import { type MigrateOptions, migrate } from "../../src/admin/migrate/migrate.js";
import type { MigrationReport } from "../../src/admin/migrate/report.js";
import { Inventory } from "../../src/core/inventory.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { loseNextAnswer, readRows, recordCalls, testClient } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});

interface Line {
  readonly id: string;
  readonly data: object;
  readonly expires: number;
  readonly created?: number;
}

const sessions = (count: number): Line[] =>
  Array.from({ length: count }, (_, n) => ({ id: newId(), data: { n }, expires: NOW + HOUR }));
const textOf = (lines: readonly unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

const run = (
  text: MigrateOptions["text"],
  options: MigrateOptions = {},
  store: Partial<SessionStoreOptions> = {},
) =>
  migrate(
    { now: () => NOW, client: bench.client, ...store, table: { name: bench.table, ...store.table } },
    { from: "jsonl", text, ...options },
  );

describeTransactions("from a file", () => {
  it("every session comes in as its line has it", async () => {
    const lines = [
      { id: newId(), data: { user: "ada", ключ: [1, "", null] }, expires: NOW + HOUR, created: NOW - DAY },
      { id: newId(), data: {}, expires: new Date(NOW + 1).toISOString() },
    ];
    const report = await run([textOf(lines)]);
    expect(report).toMatchObject({ scanned: 2, moved: 2, verified: 2, failed: 0, unreadable: 0 });
    const { engine } = bench.engine();
    for (const { id, data } of lines) expect((await engine.load(id))?.data).toEqual(data);
    expect(await bench.row(String(lines[0]?.id))).toMatchObject({
      created: { N: String(NOW - DAY) },
      until: { N: String(NOW + HOUR) },
    });
  });

  it("run again, it brings in nothing twice, and nothing that a logout ended", async () => {
    const lines = sessions(20);
    await run(textOf(lines));
    const { engine } = bench.engine();
    await engine.destroy(String(lines[3]?.id));
    const [newer] = sessions(1);
    const report = await run(textOf([newer, ...lines].reverse()));
    expect(report).toMatchObject({ scanned: 21, moved: 1, elsewhere: 19, gone: 1 });
    expect(await engine.load(String(lines[3]?.id))).toBeUndefined();
    // Under another name they are others: a trial's can be brought in anew.
    expect(await run(textOf(lines), { run: "again" })).toMatchObject({ moved: 1, elsewhere: 19 });
  });

  it("run again, its refused writes keep to the pace as well: they are billed", async () => {
    const text = textOf(sessions(24));
    await run(text);
    let time = NOW;
    const timeout = 5000;
    const sleep = async (ms: number) => {
      if (ms === timeout) return new Promise<void>(() => {});
      // What is on its way is answered meanwhile.
      for (let n = 0; n < 3; n++) await readRows(bench.client, bench.table);
      time += ms;
    };
    expect(await run(text, { maxUnitsPerSecond: 4 }, { now: () => time, sleep, timeout })).toMatchObject({
      elsewhere: 24,
    });
    // A second each, but for those that are on their way together at the end.
    expect(time - NOW).toBeGreaterThanOrEqual(16_000);
  });

  it("a session of which the first answer was lost, and that was signed out before the second, stays so", async () => {
    const [line] = sessions(1);
    const client = testClient();
    loseNextAnswer(client, "TransactWriteItems", () => bench.engine().engine.destroy(String(line?.id)));
    expect(await run(textOf([line]), {}, { client })).toMatchObject({ moved: 1, ended: 1 });
    client.destroy();
    expect(await bench.row(String(line?.id))).toBeUndefined();
  });

  it("a session of which the first answer was lost is moved", async () => {
    const client = testClient();
    loseNextAnswer(client, "TransactWriteItems");
    expect(await run(textOf(sessions(1)), {}, { client })).toMatchObject({ moved: 1, verified: 1 });
    client.destroy();
  });

  it("what marks a session as brought in is no session, holds no id, and goes by itself after the line's end", async () => {
    const [line] = sessions(1);
    await run(textOf([line]));
    await bench.engine().engine.destroy(String(line?.id));
    const rows = await readRows(bench.client, bench.table);
    expect(rows).toEqual([
      {
        pk: { S: expect.stringMatching(/^session-store#import#[\w-]{43}$/) },
        sk: { S: "#" },
        expires: { N: String((NOW + HOUR + 30 * DAY) / 1000) },
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain(line?.id);
    const inventory = new Inventory({ client: bench.client, table: { name: bench.table } });
    const page = await inventory.page({ attributes: "all", from: undefined });
    expect(page).toMatchObject({ scanned: 1, sessions: [], unreadable: [] });
    const id = String(rows[0]?.pk?.S).slice("session-store#".length);
    expect(await bench.engine().engine.load(id)).toBeUndefined();
  });

  it("in a table without a sort key likewise", async () => {
    bench = await makeBench({ hashKey: "id", sortKey: null });
    const store = { table: { name: bench.table, hashKey: "id", sortKey: null } };
    const lines = sessions(3);
    expect(await run(textOf(lines), {}, store)).toMatchObject({ moved: 3, verified: 3 });
    const { engine } = bench.engine();
    const ids = [];
    for await (const session of engine.all()) ids.push(session.id);
    expect(ids.sort()).toEqual(lines.map(({ id }) => id).sort());
    await engine.destroy(String(lines[0]?.id));
    expect(await run(textOf(lines), {}, store)).toMatchObject({ elsewhere: 2, gone: 1 });
  });

  it("bad lines are named by their number and why, never by what they hold; the rest comes in", async () => {
    const [good, other] = sessions(2);
    const text = [
      JSON.stringify(good),
      '{"id":"secret',
      "",
      JSON.stringify({ ...other, data: "secret" }),
      JSON.stringify({ ...other, id: `secret-${"x".repeat(2000)}` }),
      JSON.stringify({ ...other, data: { secret: "x".repeat(500_000) } }),
      JSON.stringify({ ...other, expires: NOW }),
      JSON.stringify(other),
    ].join("\n");
    const report = await run(text);
    expect(report).toMatchObject({ scanned: 7, moved: 2, verified: 2, expired: 1, unreadable: 2, failed: 2 });
    const failures = report.failures.toSorted((one, next) => Number(one.line) - Number(next.line));
    expect(failures.map(({ line, code }) => [line, code])).toEqual([
      [2, "ERR_SESSION_CORRUPT"],
      [4, "ERR_SESSION_CORRUPT"],
      [5, "ERR_SESSION_ID"],
      [6, "ERR_SESSION_TOO_LARGE"],
    ]);
    expect(failures[0]?.message).toBe("line 2 is no JSON object");
    for (const secret of ["secret-", "xxx", String(other?.id)])
      expect(JSON.stringify(report)).not.toContain(secret);
  });

  it("what is in the table, or in a previous place, is not written over", async () => {
    const lines = sessions(2);
    const { engine } = bench.engine();
    await engine.save(String(lines[0]?.id), { newer: true });
    const before = bench.engine({ table: { hashPrefix: "before#" } });
    await before.engine.save(String(lines[1]?.id), { newer: true });
    const store = { previous: [{ hashPrefix: "before#" }] };
    expect(await run(textOf(lines), {}, store)).toMatchObject({ moved: 0, elsewhere: 2 });
    expect((await engine.load(String(lines[0]?.id)))?.data).toEqual({ newer: true });
  });

  it("what has expired under a line's id gives way to it, in the table and in a previous place, once", async () => {
    const lines = sessions(2);
    const store = { previous: [{ hashPrefix: "before#" }] };
    const past = { now: () => NOW - 10 * DAY, ttl: 1000 };
    const { engine } = bench.engine(past);
    await engine.save(engine.create(String(lines[0]?.id)), { older: true });
    const before = bench.engine({ ...past, table: { hashPrefix: "before#" } });
    await before.engine.save(before.engine.create(String(lines[1]?.id)), { older: true });
    expect(await run(textOf(lines), {}, store)).toMatchObject({ moved: 2, verified: 2, elsewhere: 0 });
    const now = bench.engine(store);
    for (const { id, data } of lines) expect((await now.engine.load(id))?.data).toEqual(data);
    expect(await run(textOf(lines), {}, store)).toMatchObject({ moved: 0, elsewhere: 2 });
    // Ended, and its row not yet removed: the mark refuses it.
    await bench.client.send(
      new UpdateItemCommand({
        TableName: bench.table,
        Key: {
          pk: { S: `session-store#${lines[0]?.id}` },
          sk: { S: `session-store#${lines[0]?.id}` },
        },
        UpdateExpression: "SET #until = :until, #expires = :expires",
        ExpressionAttributeNames: { "#until": "until", "#expires": "expires" },
        ExpressionAttributeValues: {
          ":until": { N: String(NOW - 1) },
          ":expires": { N: String(NOW / 1000 - 1) },
        },
      }),
    );
    expect(await run(textOf(lines), {}, store)).toMatchObject({ moved: 0, elsewhere: 1, gone: 1 });
  });

  it("a session of an owner is in the owner's list, and one that has reached its absolute limit is over", async () => {
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    const lines = [
      { id: newId(), data: { user: "ada" }, expires: NOW + HOUR },
      { id: newId(), data: { user: "ada" }, expires: NOW + HOUR, created: NOW - 3 * DAY },
    ];
    const store = { owner, absoluteTtl: 2 * DAY };
    expect(await run(textOf(lines), {}, store)).toMatchObject({ moved: 1, expired: 1 });
    const { engine } = bench.engine(store);
    expect((await engine.sessionsOf("ada")).map(({ id }) => id)).toEqual([lines[0]?.id]);
  });

  it("a dry run looks at the table and at each line, and sends nothing of them", async () => {
    const client = testClient();
    const sent = recordCalls(client);
    const [line, ...more] = sessions(3);
    const bad = [
      { ...line, id: `secret-${"x".repeat(2000)}` },
      { ...line, data: { secret: "x".repeat(500_000) } },
      { ...line, data: { user: 7 } },
    ];
    // @ts-expect-error no name of an owner, which the data of a file may hold
    const owner = ({ user }: { user?: unknown }): string | undefined => user;
    const text = `${textOf([...more, ...bad])}no line\n`;
    const report = await run(text, { dryRun: true }, { client, owner });
    client.destroy();
    expect(report).toMatchObject({ moved: 2, failed: 3, unreadable: 1 });
    expect(report.failures.map(({ code }) => code).sort()).toEqual([
      "ERR_SESSION_CORRUPT",
      "ERR_SESSION_ID",
      "ERR_SESSION_OPTIONS",
      "ERR_SESSION_TOO_LARGE",
    ]);
    expect(sent.calls.map(({ action }) => action)).toEqual(["GetItem"]);
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("aborted while the text stalls it ends with the reason, and tells what was done", async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    let isLeft = false;
    const stalls = {
      [Symbol.asyncIterator]: () => {
        let pieces = 0;
        return {
          next(): Promise<IteratorResult<string>> {
            pieces += 1;
            if (pieces === 1) return Promise.resolve({ done: false, value: textOf(sessions(32)) });
            abort.abort(reason);
            return new Promise(() => {});
          },
          return(): Promise<IteratorResult<string>> {
            isLeft = true;
            return new Promise(() => {});
          },
        };
      },
    };
    const reports: MigrationReport[] = [];
    const onStop = (report: MigrationReport) => void reports.push(report);
    await expect(run(stalls, { signal: abort.signal, onStop })).rejects.toBe(reason);
    expect(isLeft).toBe(true);
    expect(reports).toMatchObject([{ scanned: 32, moved: 32, verified: 32 }]);
  });

  it("two operators with one file bring each in once", async () => {
    const text = textOf(sessions(40));
    const [one, other] = await Promise.all([run(text), run(text)]);
    expect(one.moved + other.moved).toBe(40);
    expect(one.failed + other.failed).toBe(0);
  });
});

describe("is refused:", () => {
  it.each([
    ["a table of the source", { table: { name: "t" } }, /table: jsonl comes from no table/],
    ["text of another source", { from: "pwrdrvr" as const }, /text: goes with/],
  ])("%s", async (_, options, message) => {
    await expect(run("", options)).rejects.toThrow(message);
  });
});
