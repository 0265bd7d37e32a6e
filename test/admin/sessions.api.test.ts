// Calls on all of a store's sessions: what they find, leave alone and destroy, how they are bounded, stopped and gone
// on with.
import { beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import {
  countSessions,
  destroyAll,
  destroyAllOf,
  hashOfOwner,
  type ListedSession,
  type ListOptions,
  listSessions,
  type Progress,
  type SessionStoreOptions,
  sessionsOf,
  type WorkOptions,
} from "../../src/admin/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { denied, startFaultProxy, throttled } from "../support/fault-proxy.js";
import { putRow, readRows, recordCalls, testClient, testClientConfig } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

const NOW = 1_800_000_000_000;
const DEFAULT_TIMEOUT_MS = 5000;

// Whole tables are read: each test has one to itself.
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});

function storeOf(options: Partial<SessionStoreOptions> = {}): SessionStoreOptions {
  const client = testClient();
  onTestFinished(() => client.destroy());
  return { now: () => NOW, client, ...options, table: { name: bench.table, ...options.table } };
}

async function fill(sessions: number, data: object = { n: 1 }, maxAge?: number): Promise<string[]> {
  const { engine } = bench.engine();
  const ids = Array.from({ length: sessions }, newId);
  await Promise.all(ids.map((id) => engine.save(engine.create(id), { ...data }, { maxAge })));
  return ids.sort();
}

/** Waits that end at once, but for the deadlines of operations, which are never met. */
function hurried(waited: (ms: number) => void = () => {}) {
  return (ms: number, signal?: AbortSignal) => {
    if (ms >= DEFAULT_TIMEOUT_MS)
      return new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    waited(ms);
    return Promise.resolve();
  };
}

/** Rows that share the table and are no sessions of the store. */
async function strangers(): Promise<void> {
  const rows = [
    { pk: "order#1", sk: "order#1", sess: "{}" },
    { pk: "session-store#a", sk: "other", sess: "{}" },
    { pk: "session-storeroom#1", sk: "session-storeroom#1", sess: "{}" },
    { pk: "session-store#stub", sk: "session-store#stub" },
    { pk: "session-store#owner#x", sk: "#session-store#y" },
    { pk: "session-store#hashed", sk: "session-store#hashed", sess: "{}", idHash: "sha256" },
  ];
  for (const row of rows)
    await putRow(
      bench.client,
      bench.table,
      Object.fromEntries(Object.entries(row).map(([k, S]) => [k, { S }])),
    );
}

async function listed(store: SessionStoreOptions, options?: ListOptions): Promise<ListedSession[]> {
  const found: ListedSession[] = [];
  for await (const session of listSessions(store, options)) found.push(session);
  return found;
}

const idsOf = (sessions: readonly { id: string }[]) => sessions.map(({ id }) => id).sort();
const LATER = { now: () => NOW + 1000 };

describe("a list", () => {
  it("has the live sessions, and with expired: true those that are over", async () => {
    const live = await fill(5);
    const over = await fill(3, {}, 500);
    await strangers();
    expect(idsOf(await listed(storeOf(LATER)))).toEqual(live);
    const all = await listed(storeOf(LATER), { expired: true, segments: 3 });
    expect(idsOf(all)).toEqual([...live, ...over].sort());
    expect(idsOf(all.filter(({ isExpired }) => isExpired))).toEqual(over);
  });

  it("says of a session when it began, was last seen and ends, and with data: true what is in it", async () => {
    const [id = ""] = await fill(1, { cart: ["tea"] }, 60_000);
    const [plain] = await listed(storeOf());
    expect(plain).toEqual({
      id,
      shortId: `${id.slice(0, 4)}…`,
      created: NOW,
      updated: NOW,
      endsAt: NOW + 60_000,
      isExpired: false,
      owner: undefined,
      place: 0,
      bytes: undefined,
      data: undefined,
    });
    const [whole] = await listed(storeOf(), { data: true });
    expect(whole).toMatchObject({ id, data: { cart: ["tea"] } });
    expect(whole?.bytes).toBeGreaterThan(100);
  });

  it("looks where sessions come from before it looks where they go: one that moves meanwhile is not missed", async () => {
    await fill(1);
    const { engine } = bench.engine({ table: { hashPrefix: "before#" } });
    await engine.save(engine.create(newId()), { n: 2 });
    const found = await listed(storeOf({ previous: [{ hashPrefix: "before#" }] }));
    expect(found.map(({ place }) => place)).toEqual([1, 0]);
  });

  it("has no ids where they are hashed", async () => {
    const { engine } = bench.engine({ hashIds: true });
    await engine.save(engine.create(newId()), { n: 1 });
    const [session] = await listed(storeOf({ hashIds: true }), { data: true });
    expect(session).toMatchObject({ id: "", data: { n: 1 } });
    expect(session?.shortId).toMatch(/^[\w-]{4}…$/);
  });

  it("ends with the first row that cannot be read, or tells of it and goes on", async () => {
    const ids = await fill(2);
    const key = { pk: { S: "session-store#unreadable" }, sk: { S: "session-store#unreadable" } };
    await putRow(bench.client, bench.table, { ...key, sess: { S: "{" }, until: { N: String(NOW + 1) } });
    await expect(listed(storeOf(), { data: true })).rejects.toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    const told: string[] = [];
    const found = await listed(storeOf(), { data: true, onUnreadable: ({ code }) => void told.push(code) });
    expect(idsOf(found)).toEqual(ids);
    expect(told).toEqual(["ERR_SESSION_CORRUPT"]);
    expect(await readRows(bench.client, bench.table)).toHaveLength(3);
  });

  it("goes on where it stopped, however often: each session comes once", async () => {
    const ids = await fill(40);
    const found: string[] = [];
    let from: string | undefined;
    let calls = 0;
    do {
      // Pages of few rows, as a small rate makes them.
      const stop = new AbortController();
      let pages = 0;
      const onProgress = ({ cursor }: Progress) => {
        from = cursor;
        pages += 1;
        if (pages === 1 + (calls % 3)) stop.abort(new Error("enough"));
      };
      const options = { from, onProgress, signal: stop.signal, segments: 3, maxUnitsPerSecond: 5 };
      const sleep = hurried();
      const taken: string[] = [];
      const failure = await (async () => {
        for await (const { id } of listSessions(storeOf({ sleep }), options)) taken.push(id);
      })().catch((error: unknown) => error);
      found.push(...taken);
      calls += 1;
      if (failure === undefined) break;
      expect(failure).toEqual(new Error("enough"));
    } while (calls < 200);
    expect(calls).toBeGreaterThan(2);
    expect(found.sort()).toEqual(ids);
  });

  it("reads its parts by turns, however slowly it is taken", async () => {
    await fill(40, { filler: "x".repeat(3500) });
    const client = testClient();
    onTestFinished(() => client.destroy());
    const { calls } = recordCalls(client);
    const options = { segments: 3, maxUnitsPerSecond: 2 };
    let time = NOW;
    const sleep = hurried((ms) => {
      time += ms;
    });
    for await (const _ of listSessions(storeOf({ client, now: () => time, sleep }), options))
      await readRows(bench.client, bench.table);
    const parts = calls.flatMap(({ action, input }) => (action === "Scan" ? [input.Segment] : []));
    expect(parts.length).toBeGreaterThan(12);
    for (const part of [0, 1, 2]) expect(parts.slice(0, 9).filter((one) => one === part)).toHaveLength(3);
  });

  it("says at once that nobody is at an endpoint, and bears it later", async () => {
    await fill(3);
    let scans = 0;
    const gone = { status: 503, body: { message: "nobody" } };
    const proxy = await startFaultProxy(inject("endpoint"), () => gone);
    onTestFinished(() => proxy.close());
    const clientConfig = testClientConfig({ endpoint: proxy.endpoint, maxAttempts: 1 });
    const pauses: number[] = [];
    const store = {
      ...storeOf(),
      client: undefined,
      clientConfig,
      sleep: hurried((ms) => void pauses.push(ms)),
    };
    await expect(listed(store)).rejects.toMatchObject({ code: "ERR_SESSION_UNAVAILABLE" });
    expect(Math.max(0, ...pauses)).toBeLessThan(1000);
    proxy.decide = (action) => (action === "Scan" && ++scans > 1 && scans < 4 ? gone : undefined);
    expect(await listed(store, { maxUnitsPerSecond: 1 })).toHaveLength(3);
    expect(scans).toBeGreaterThan(3);
  });

  it("that nobody reads to its end asks for no more pages", async () => {
    await fill(30);
    const client = testClient();
    const { calls } = recordCalls(client);
    onTestFinished(() => client.destroy());
    const options = { maxUnitsPerSecond: 2, segments: 3 };
    for await (const _ of listSessions(storeOf({ client }), options)) break;
    expect(calls.filter(({ action }) => action === "Scan")).toHaveLength(1);
  });
});

describe("a rate of capacity units", () => {
  it("is kept, whatever goes on side by side", async () => {
    await fill(60, { filler: "x".repeat(2000) });
    let time = NOW;
    const sleep = hurried((ms) => {
      time += ms;
    });
    const store = storeOf({ now: () => time, sleep });
    const { units, live } = await countSessions(store, { maxUnitsPerSecond: 2, segments: 3 });
    expect(live).toBe(60);
    expect(units).toBeGreaterThan(15);
    // What is read at the end, a page of each part, need not be waited for.
    expect(time - NOW).toBeGreaterThanOrEqual(((units - 8) / 2) * 1000);
  });
});

describe("a count", () => {
  it("tells live from expired, what cannot be read, and what it cost", async () => {
    await fill(7);
    await fill(2, {}, 500);
    await strangers();
    const key = { pk: { S: "session-store#bad" }, sk: { S: "session-store#bad" } };
    await putRow(bench.client, bench.table, { ...key, sess: { S: "{}" }, until: { S: "soon" } });
    const told: Progress[] = [];
    const count = await countSessions(storeOf(LATER), { onProgress: (progress) => void told.push(progress) });
    expect(count).toEqual({ live: 7, expired: 2, unreadable: 1, scanned: 16, units: expect.any(Number) });
    expect(count.units).toBeGreaterThan(0);
    expect(told.at(-1)).toMatchObject({ scanned: 16, done: 9, units: count.units });
  });

  it("is not harmed by a listener that throws", async () => {
    await fill(1);
    const onProgress = () => {
      throw new Error("not theirs");
    };
    expect(await countSessions(storeOf(), { onProgress })).toMatchObject({ live: 1 });
  });

  it("bears a table that throttles, and says what is denied", async () => {
    await fill(3);
    let scans = 0;
    const proxy = await startFaultProxy(inject("endpoint"), (action) =>
      action === "Scan" && ++scans <= 5 ? throttled() : undefined,
    );
    onTestFinished(() => proxy.close());
    const sleep = hurried();
    const clientConfig = testClientConfig({ endpoint: proxy.endpoint, maxAttempts: 1 });
    const store = { ...storeOf(), client: undefined, clientConfig, sleep };
    expect(await countSessions(store, { segments: 1 })).toMatchObject({ live: 3 });
    expect(scans).toBe(6);
    proxy.decide = (action) => (action === "Scan" ? denied(action) : undefined);
    await expect(countSessions(store)).rejects.toMatchObject({
      code: "ERR_SESSION_ACCESS",
      message: expect.stringContaining("dynamodb:Scan"),
    });
  });
});

describe("destroying all sessions", () => {
  it("leaves none, live or expired, and every other row as it is", async () => {
    await strangers();
    const before = await readRows(bench.client, bench.table);
    await fill(12);
    await fill(3, {}, 500);
    expect(await destroyAll(storeOf(LATER))).toMatchObject({ destroyed: 15, unreadable: [] });
    const after = await readRows(bench.client, bench.table);
    const sorted = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(after)).toEqual(sorted(before));
  });

  it("reads strongly, also where the store does not: nobody is missed who has just come", async () => {
    const client = testClient();
    onTestFinished(() => client.destroy());
    const { calls } = recordCalls(client);
    await destroyAll(storeOf({ client, consistentRead: false }));
    const scans = calls.filter(({ action }) => action === "Scan");
    expect(scans.map(({ input }) => input.ConsistentRead)).toEqual(scans.map(() => true));
    expect(scans).toHaveLength(4);
  });

  it("goes on after it was stopped, and two at once leave nothing either", async () => {
    await fill(30);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    const slow = { maxUnitsPerSecond: 4, segments: 2 };
    const sleep = hurried();
    const first = destroyAll(storeOf({ sleep }), { ...slow, onProgress, signal: stop.signal });
    await expect(first).rejects.toThrow("enough");
    const left = await readRows(bench.client, bench.table);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(30);
    await Promise.all([destroyAll(storeOf()), destroyAll(storeOf(), { segments: 2 })]);
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });
});

it("destroying all leaves a session that can have no key here, says so, and ends the others", async () => {
  const long = `before#${"x".repeat(700)}`;
  await putRow(bench.client, bench.table, {
    pk: { S: long },
    sk: { S: long },
    sess: { S: "{}" },
    expires: { N: String(NOW / 1000 + 60) },
  });
  const hashPrefix = "y".repeat(500);
  const { engine } = bench.engine({ table: { hashPrefix } });
  for (const id of [newId(), newId()]) await engine.save(engine.create(id), { n: 1 });
  const store = storeOf({ table: { name: bench.table, hashPrefix }, previous: [{ hashPrefix: "before#" }] });
  const { destroyed, unreadable } = await destroyAll(store);
  expect(destroyed).toBe(2);
  expect(unreadable.map(({ code }) => code)).toEqual(["ERR_SESSION_ID"]);
  expect(await readRows(bench.client, bench.table)).toHaveLength(1);
});

describeTransactions("an owner's sessions", () => {
  const owner = ({ user }: Readonly<Record<string, unknown>>) =>
    user === undefined ? undefined : String(user);

  it("are listed and destroyed by name, without the function that names them", async () => {
    const { engine } = bench.engine({ owner });
    const ids = [newId(), newId(), newId()].sort();
    for (const id of ids) await engine.save(engine.create(id), { user: "ada" });
    await engine.save(engine.create("bob's, which lives on"), { user: "bob" });
    const found = await sessionsOf(storeOf(), "ada");
    expect(idsOf(found)).toEqual(ids);
    expect(found[0]).toMatchObject({ data: { user: "ada" }, owner: await hashOfOwner("ada"), place: 0 });
    expect(await destroyAllOf(storeOf(), "ada", { except: ids[0] })).toBe(2);
    expect(idsOf(await sessionsOf(storeOf(), "ada"))).toEqual(ids.slice(0, 1));
    expect(await sessionsOf(storeOf(), "bob")).toHaveLength(1);
  });

  it("leave their lists with them when all are destroyed, in a previous place as well", async () => {
    const { engine } = bench.engine({ owner, table: { hashPrefix: "before#" } });
    for (const id of [newId(), newId()]) await engine.save(engine.create(id), { user: "ada" });
    const store = storeOf({ previous: [{ hashPrefix: "before#" }] });
    expect((await listed(store)).map(({ place }) => place)).toEqual([1, 1]);
    expect(await destroyAll(store)).toMatchObject({ destroyed: 2 });
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });
});

describe("bad input is refused by name, before anything is sent:", () => {
  it.each<[keyof WorkOptions, unknown]>([
    ["segments", 0],
    ["segments", 1.5],
    ["segments", 65],
    ["maxUnitsPerSecond", 0],
    ["maxUnitsPerSecond", Number.NaN],
    ["signal", {}],
    ["onProgress", "yes"],
    ["from", ""],
    ["from", "no cursor"],
    ["from", btoa('{"version":1,"places":["x"],"marks":[["start"]]}')],
  ])("%s: %j", async (name, value) => {
    const options = { [name]: value };
    const refusal = { code: "ERR_SESSION_OPTIONS", message: expect.stringContaining(`${name}: `) };
    await expect(listed(storeOf(), options)).rejects.toMatchObject(refusal);
    await expect(countSessions(storeOf(), options)).rejects.toMatchObject(refusal);
    await expect(destroyAll(storeOf(), options)).rejects.toMatchObject(refusal);
  });

  it("a cursor of another prefix, or of other segments, and one that was tampered with", async () => {
    await fill(10);
    let from = "";
    const onProgress = ({ cursor }: Progress) => {
      from ||= cursor;
    };
    await countSessions(storeOf({ sleep: hurried() }), {
      onProgress,
      segments: 2,
      maxUnitsPerSecond: 2,
    });
    const other = storeOf({ table: { name: bench.table, hashPrefix: "other#" } });
    for (const [store, options] of [
      [other, { from }],
      [storeOf(), { from, segments: 3 }],
      [storeOf(), { from: from.slice(0, -8) }],
    ] as const)
      await expect(countSessions(store, options)).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    expect(await countSessions(storeOf(), { from })).toMatchObject({ unreadable: 0 });
  });
});
