// A migration that is killed at any moment, throttled all along, or denied: nothing is lost, nothing comes twice,
// nothing that a logout ended comes back, and the same call goes on.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, expect, inject, it, onTestFinished } from "vitest";
import { migrate } from "../../src/admin/migrate/migrate.js";
import type { MigrationReport } from "../../src/admin/migrate/report.js";
import type { SessionEngine } from "../../src/core/engine.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { denied, startFaultProxy, throttled } from "../support/fault-proxy.js";
import { bareEnvironment } from "../support/program.js";
import { makeProgram, type SourceProgram } from "../support/source-program.js";
import { createTable, putRow, readRows, testClient } from "../support/tables.js";
import { holdDeadlines } from "../support/time.js";
import { describeTransactions } from "../support/transactions.js";
import type { AskedMigration } from "./migration.js";

const OLD = { hashKey: "id", sortKey: null } as const;
const SESSIONS = 40;
const KILLS = 3;
const HOUR = 3_600_000;
// Each run begins a process, and two cores may be busy.
const KILLED_WITHIN_MS = 120_000;
const seed = Number(process.env.SESSION_STORE_SEED ?? randomInt(1e9));

let source: SourceProgram;
beforeAll(async () => {
  source = await makeProgram(new URL("migration.ts", import.meta.url));
});
afterAll(() => source?.remove());

let bench: Bench;
let old: string;
beforeEach(async () => {
  bench = await makeBench();
  old = await createTable(bench.client, OLD);
});

/** Chances that a seed gives again: the multiplier is that of MINSTD. */
function chancesOf(start: number) {
  let state = (start % 2_147_483_646) + 1;
  return (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** What the table must hold in the end: by id, the data; nothing of those that were signed out. */
type Expected = Map<string, Record<string, unknown>>;

/** Users who act while a migration runs. */
function visitors(engine: SessionEngine, expected: Expected, chance: (below: number) => number) {
  const ids = [...expected.keys()];
  const signedOut = new Set<string>();
  return {
    signedOut,
    async act() {
      const id = ids[chance(ids.length)];
      if (id === undefined || signedOut.has(id)) return;
      // What is not in a table yet cannot be acted on.
      if ((await engine.load(id)) === undefined) return;
      switch (chance(3)) {
        case 0: {
          const result = await engine.update(id, (data) => ({ ...data, saved: true }));
          if (result.outcome === "saved") expected.set(id, result.data);
          return;
        }
        case 1:
          await engine.touch(id);
          return;
        default:
          await engine.destroy(id);
          expected.delete(id);
          signedOut.add(id);
      }
    },
  };
}

/** Runs a migration in a process; with `killAt`, until that request, which is carried out or not. */
async function run(
  asked: Omit<AskedMigration, "endpoint" | "table">,
  chance: (below: number) => number,
  act: () => Promise<void>,
  killAt?: number,
): Promise<MigrationReport | undefined> {
  let requests = 0;
  const proxy = await startFaultProxy(inject("endpoint"), async () => {
    requests += 1;
    const request = requests;
    if (request > Number(killAt)) return "drop-before";
    if (chance(8) === 0) await act();
    if (request !== killAt) return undefined;
    child.kill("SIGKILL");
    return chance(2) === 0 ? "drop-before" : "drop-after";
  });
  const program: AskedMigration = { endpoint: proxy.endpoint, table: bench.table, ...asked };
  const child = spawn(process.execPath, [source.program, JSON.stringify(program)], {
    env: bareEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const [code, signal] = await once(child, "close");
  await proxy.calm();
  await proxy.close();
  if (killAt !== undefined && signal === "SIGKILL") return undefined;
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  return JSON.parse(output);
}

/** The table holds what it must, each session once, and the old one nothing live. */
async function audit(engine: SessionEngine, expected: Expected, signedOut: ReadonlySet<string>) {
  for (const [id, data] of expected) expect((await engine.load(id))?.data).toEqual(data);
  for (const id of signedOut) expect(await engine.load(id)).toBeUndefined();
  const rows = (await readRows(bench.client, bench.table)).filter(({ sess }) => sess !== undefined);
  expect(rows).toHaveLength(expected.size);
  expect(await readRows(bench.client, old)).toEqual([]);
}

describeTransactions(`a migration that is killed at random moments, with seed ${seed}`, () => {
  it("is run again, and every session is in the new place once, while users come and go", {
    timeout: KILLED_WITHIN_MS,
  }, async () => {
    const chance = chancesOf(seed);
    const expected: Expected = new Map();
    for (let n = 0; n < SESSIONS; n++) {
      const id = newId();
      expected.set(id, { n });
      await putRow(bench.client, old, {
        id: { S: `sess:${id}` },
        expires: { N: String(Math.ceil((Date.now() + HOUR) / 1000)) },
        sess: { S: JSON.stringify({ n }) },
      });
    }
    const { engine } = bench.engine({
      now: Date.now,
      hashIds: true,
      previous: [{ table: { name: old, ...OLD, hashPrefix: "sess:" }, hashIds: false }],
    });
    const { act, signedOut } = visitors(engine, expected, chance);
    let kills = 0;
    for (let i = 0; i < KILLS; i++) {
      const report = await run({ old }, chance, act, 4 + chance(40));
      if (report === undefined) kills += 1;
    }
    const report = await run({ old }, chance, act);
    expect(report).toMatchObject({ failed: 0, unreadable: 0 });
    expect(kills).toBeGreaterThan(0);
    await audit(engine, expected, signedOut);
    expect(await run({ old }, chance, act)).toMatchObject({ scanned: 0, moved: 0 });
  });

  it("an import is run again, and no session comes twice, nor after its logout", {
    timeout: KILLED_WITHIN_MS,
  }, async () => {
    const chance = chancesOf(seed + 1);
    const expected: Expected = new Map(Array.from({ length: SESSIONS }, (_, n) => [newId(), { n }]));
    const expires = Date.now() + HOUR;
    const text = [...expected].map(([id, data]) => JSON.stringify({ id, data, expires })).join("\n");
    const { engine } = bench.engine({ now: Date.now, hashIds: true });
    const { act, signedOut } = visitors(engine, expected, chance);
    let kills = 0;
    for (let i = 0; i < KILLS; i++) {
      const report = await run({ text }, chance, act, 2 + chance(60));
      if (report === undefined) kills += 1;
      await act();
    }
    expect(await run({ text }, chance, act)).toMatchObject({ failed: 0, unreadable: 0 });
    expect(kills).toBeGreaterThan(0);
    expect(await run({ text }, chance, async () => {})).toMatchObject({
      scanned: SESSIONS,
      moved: 0,
      elsewhere: expected.size,
      gone: signedOut.size,
    });
    await audit(engine, expected, signedOut);
  });
});

describeTransactions("a table that is in trouble", () => {
  async function oldSessions(count: number) {
    for (let n = 0; n < count; n++)
      await putRow(bench.client, old, {
        id: { S: `sess:${newId()}` },
        expires: { N: String(Math.ceil((Date.now() + HOUR) / 1000)) },
        sess: { S: JSON.stringify({ n }) },
      });
  }

  /** A migration through a proxy, by a client that tries nothing twice. */
  async function through(
    decide: Parameters<typeof startFaultProxy>[1],
    more: Partial<SessionStoreOptions> = {},
  ) {
    const proxy = await startFaultProxy(inject("endpoint"), decide);
    const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
    onTestFinished(async () => {
      client.destroy();
      await proxy.close();
    });
    const store = { client, table: { name: bench.table }, ...holdDeadlines().options, ...more };
    return { proxy, go: () => migrate(store, { from: "connect-dynamodb", table: { name: old } }) };
  }

  it("throttles all along: the migration takes longer, and moves everything", async () => {
    await oldSessions(20);
    // Each read and each write goes through at its third attempt.
    const attempts = new Map<string, number>();
    const { go } = await through((action, body) => {
      // Of a command that is sent again, all but the keys may differ.
      const names = ["Segment", "Key", "TransactItems", "Update", "Delete", "pk", "sk", "id", "S"];
      const what = action + JSON.stringify(body, names);
      const attempt = (attempts.get(what) ?? 0) + 1;
      attempts.set(what, attempt);
      return attempt > 2 ? undefined : throttled();
    });
    expect(await go()).toMatchObject({ moved: 20, verified: 20, failed: 0 });
    expect(await readRows(bench.client, old)).toEqual([]);
  });

  it("throttles everything: it ends, says so, and the same call goes on afterwards", async () => {
    await oldSessions(20);
    let left = 15;
    const { proxy, go } = await through(() => {
      left -= 1;
      return left < 0 ? throttled() : undefined;
    });
    await expect(go()).rejects.toMatchObject({ code: "ERR_SESSION_THROTTLED" });
    const count = async () =>
      (await readRows(bench.client, old)).length + (await readRows(bench.client, bench.table)).length;
    expect(await count()).toBe(20);
    proxy.decide = () => undefined;
    expect(await go()).toMatchObject({ failed: 0, unreadable: 0 });
    expect(await readRows(bench.client, old)).toEqual([]);
    expect(await count()).toBe(20);
  });

  it.each(["Scan", "GetItem", "TransactWriteItems"])(
    "denies %s: it ends at once, and says which",
    async (action) => {
      await oldSessions(3);
      const { proxy, go } = await through((asked) => (asked === action ? denied(action) : undefined));
      await expect(go()).rejects.toMatchObject({
        code: "ERR_SESSION_ACCESS",
        message: expect.stringContaining(action === "TransactWriteItems" ? "DeleteItem" : action),
      });
      expect(proxy.requests.filter((asked) => asked === action).length).toBeLessThan(5);
      expect(await readRows(bench.client, old)).toHaveLength(3);
      expect(await readRows(bench.client, bench.table)).toHaveLength(0);
    },
  );

  it("answers nobody any more when it is aborted: the call ends with the reason, and can be made again", async () => {
    await oldSessions(20);
    const abort = new AbortController();
    const reason = new Error("enough");
    const { go } = await through(() => undefined);
    let requests = 0;
    const client = testClient();
    client.middlewareStack.add(
      (next) => async (args) => {
        requests += 1;
        if (requests === 10) abort.abort(reason);
        return next(args);
      },
      { step: "initialize" },
    );
    const store = { client, table: { name: bench.table } };
    const asked = { from: "connect-dynamodb", table: { name: old }, signal: abort.signal } as const;
    await expect(migrate(store, asked)).rejects.toBe(reason);
    client.destroy();
    const inOld = (await readRows(bench.client, old)).length;
    const inNew = (await readRows(bench.client, bench.table)).length;
    expect(inOld).toBeGreaterThan(0);
    expect(inOld + inNew).toBe(20);
    expect(await go()).toMatchObject({ moved: inOld, verified: inOld });
  });
});
