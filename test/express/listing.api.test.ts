// `all`, `length` and `clear` speak of the sessions that live under the store's own prefix, and of nothing else in the
// table, however large it is.
import { beforeEach, describe, expect, it } from "vitest";
import { makeStoreBench, type StoreBench, sessionData, startApp } from "../support/express-apps.js";
import { countRows, type KeyNames, putRow, type Row } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";

const time = stopTheClock();

const layouts: { what: string; keys: KeyNames }[] = [
  { what: "pk and sk", keys: {} },
  { what: "a hash key alone", keys: { sortKey: null } },
  { what: "key attributes of other names", keys: { hashKey: "session id", sortKey: "#" } },
];

describe.each(layouts)("in a table with $what", ({ keys }) => {
  let bench: StoreBench;
  beforeEach(async () => {
    bench = await makeStoreBench(keys);
  });

  const key = (hash: string, sort = hash): Row => {
    const { hashKey = "pk", sortKey = "sk" } = keys;
    return { [hashKey]: { S: hash }, ...(sortKey !== null && { [sortKey]: { S: sort } }) };
  };
  const expires = () => ({ N: String(time.now() / 1000 + 60) });

  it("sessions are read, touched, saved and destroyed", async () => {
    const { store } = bench.store({ touchInterval: 0 });
    const app = await startApp({ store });
    const visitor = app.visitor();
    const count = () =>
      visitor.visit((req) => {
        req.session.n = Number(req.session.n ?? 0) + 1;
        return req.session.n;
      });
    await count();
    time.pass(1);
    await visitor.visit(() => {});
    expect((await count()).said).toBe(2);
    await visitor.visit(async (req) => void (await store.destroy(req.sessionID)));
    expect(await countRows(bench.client, bench.table)).toBe(0);
    expect(app.errors).toEqual([]);
  });

  it("only live sessions under the store's prefix are listed, counted and cleared", async () => {
    const { store } = bench.store();
    const stranger = bench.store({ table: { hashPrefix: "other#" } }).store;
    const brief = { originalMaxAge: 1000, expires: new Date(time.now() + 1000) };
    await store.set("a", sessionData({ n: 1 }));
    await store.set("__proto__", sessionData({ n: 2 }));
    await store.set("expired", sessionData({ cookie: brief }));
    await stranger.set("a", sessionData({ n: 3 }));
    time.pass(1000);
    const others: Row[] = [
      // A stub that connect-dynamodb's touch left behind a logout.
      { ...key("session-store#stub"), expires: expires() },
      // The prefix and nothing more.
      { ...key("session-store#"), sess: { S: "{}" }, expires: expires() },
      { ...key("customer#1"), sess: { S: "{}" }, expires: expires() },
    ];
    if (keys.sortKey !== null) {
      others.push({ ...key("session-store#a", "order#1"), sess: { S: "{}" }, expires: expires() });
    }
    for (const row of others) await putRow(bench.client, bench.table, row);

    const all = await store.all();
    expect(Object.keys(all).sort()).toEqual(["__proto__", "a"]);
    expect(all.a).toMatchObject({ n: 1, cookie: { path: "/" } });
    expect(Object.entries(all).find(([id]) => id === "__proto__")?.[1]).toMatchObject({ n: 2 });
    expect(await store.length()).toBe(2);
    await store.clear();
    expect(await store.length()).toBe(0);
    expect(await store.get("a")).toBeNull();
    expect(await stranger.get("a")).toMatchObject({ n: 3 });
    // What is no live session of this store's stays: the others, the stranger's, the expired one.
    expect(await countRows(bench.client, bench.table)).toBe(others.length + 2);
  });
});

describe("in a table that no page holds", () => {
  it("all sessions are listed, counted and cleared", async () => {
    const bench = await makeStoreBench();
    const { store, actions } = bench.store();
    // DynamoDB reads a megabyte at a time.
    const ids = Array.from({ length: 9 }, (_, n) => `visitor ${n}`);
    const text = "x".repeat(300_000);
    await Promise.all(ids.map((id) => store.set(id, sessionData({ id_was: id, text }))));
    actions();
    expect(await store.length()).toBe(9);
    expect(actions().length).toBeGreaterThan(1);
    const all = await store.all();
    expect(Object.keys(all).sort()).toEqual(ids);
    for (const id of ids) expect(all[id]).toMatchObject({ id_was: id });
    await store.clear();
    expect(await countRows(bench.client, bench.table)).toBe(0);
  });

  it("many small sessions are cleared too", async () => {
    const bench = await makeStoreBench();
    const { store } = bench.store();
    await Promise.all(Array.from({ length: 60 }, (_, n) => store.set(`${n}`, sessionData({ n }))));
    expect(await store.length()).toBe(60);
    await store.clear();
    expect(await countRows(bench.client, bench.table)).toBe(0);
  });
});

describe("in an empty table", () => {
  it("there are none", async () => {
    const bench = await makeStoreBench();
    const { store } = bench.store();
    expect(await store.all()).toEqual(Object.create(null));
    expect(await store.length()).toBe(0);
    await expect(store.clear()).resolves.toBeUndefined();
  });
});
