// Servers of 0.0.19 and of ours over one table, as in a deployment that replaces them one after another: with
// `format: "map"` each reads what the other wrote and renewed. And what the two do to each other in between.
import { beforeAll, describe, expect, it } from "vitest";
import {
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  sessionData,
  startApp,
} from "../support/express-apps.js";
import { ancestor, connectDynamodb } from "../support/old-stores.js";
import { stopTheClock } from "../support/time.js";

const time = stopTheClock();
const HOUR = 3_600_000;
const MINUTE = 60_000;

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});

const fields: Handler = ({ session: { cookie: _cookie, updated: _updated, ...own } }) => own;
const put =
  (patch: object): Handler =>
  ({ session }) => {
    Object.assign(session, patch);
  };

async function bothServers(cookie = { maxAge: HOUR }) {
  const store = ancestor.make(bench.table);
  const old = await startApp({ store, cookie });
  const ours = bench.store({ format: "map" });
  const app = await startApp({ store: ours.store, cookie });
  return { old, oldStore: store, app, ...ours };
}

describe("a user of servers of 0.0.19 and ours", () => {
  it("is given by each what the other wrote, in both directions", async () => {
    const { old, app } = await bothServers();
    const first = old.visitor();
    const { id } = await first.visit(put({ user: "ada", list: [1, { a: "" }], n: 1 }));
    const header = first.cookie;
    const seen = await app.visitor(header).visit(fields);
    expect(seen.said).toEqual((await old.visitor(header).visit(fields)).said);
    for (let n = 2; n < 6; n++) {
      time.pass(1);
      const [writer, reader] = n % 2 === 0 ? [app, old] : [old, app];
      await writer.visitor(header).visit(put({ n }));
      expect(await reader.visitor(header).visit(fields)).toMatchObject({ id, said: { user: "ada", n } });
      expect(await writer.visitor(header).visit(fields)).toMatchObject({ id, said: { user: "ada", n } });
    }
    expect(app.errors).toEqual([]);
  });

  it("who signs in under ours is signed in under 0.0.19", async () => {
    const { old, app } = await bothServers();
    const visitor = app.visitor();
    const { id } = await visitor.visit(
      put({ user: "ada", when: new Date(0), deep: { a: [null, true, ""] } }),
    );
    const seen = await old.visitor(visitor.cookie).visit(fields);
    expect(seen).toMatchObject({ id, said: { user: "ada", when: new Date(0).toISOString() } });
    expect(seen.said.deep).toEqual({ a: [null, true, ""] });
  });

  it("stays, whichever of the two is visited", async () => {
    const { old, app } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    for (let visit = 0; visit < 6; visit++) {
      time.pass(50 * MINUTE);
      const server = visit % 2 === 0 ? app : old;
      expect(await server.visitor(visitor.cookie).visit(fields)).toMatchObject({ id, said: { user: "ada" } });
    }
    time.pass(HOUR);
    expect((await app.visitor(visitor.cookie).visit(fields)).said).toEqual({});
  });

  it("is renewed by one of them within the touch interval, not by both", async () => {
    const { old, app, actions } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    const visit = (server: typeof app) => server.visitor(visitor.cookie).visit(fields);
    time.pass(30_000);
    await visit(app);
    expect(actions().at(-1)).toBe("UpdateItem");
    const renewed = await bench.row(id);
    time.pass(29_999);
    await visit(old);
    expect(await bench.row(id)).toEqual(renewed);
    time.pass(1);
    await visit(old);
    expect(await bench.row(id)).not.toEqual(renewed);
    time.pass(29_999);
    await visit(app);
    expect(actions()).toEqual(["GetItem"]);
  });

  it.each(["ours", "0.0.19"])("who signs out under %s is signed out under both", async (under) => {
    const { old, app } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    await app.visitor(visitor.cookie).visit(put({ user: "grace" }));
    const server = under === "ours" ? app : old;
    await server.visitor(visitor.cookie).visit((req) => done((callback) => req.session.destroy(callback)));
    expect(await bench.row(id)).toBeUndefined();
    for (const { visitor: come } of [old, app])
      expect((await come(visitor.cookie).visit(fields)).said).toEqual({});
  });
});

describe("between our load and our save", () => {
  it("0.0.19 may write the row whole: it is the same session, and what it wrote is written over knowingly", async () => {
    const { old, app, sent } = await bothServers();
    const visitor = app.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    const gen = (await bench.row(id))?.gen;
    time.pass(1);
    sent.beforeNext("UpdateItem", async () => {
      await old.visitor(visitor.cookie).visit(put({ theirs: true }));
      expect(await bench.row(id)).not.toHaveProperty("gen");
    });
    await visitor.visit(put({ ours: true }));
    expect((await visitor.visit(fields)).said).toMatchObject({ user: "ada", ours: true });
    expect((await bench.row(id))?.gen).not.toEqual(gen);
    expect(app.errors).toEqual([]);
  });

  it("0.0.19 may renew it: the save is as good", async () => {
    const { old, app, sent } = await bothServers();
    const visitor = old.visitor();
    await visitor.visit(put({ user: "ada" }));
    time.pass(40_000);
    sent.beforeNext("UpdateItem", async () => {
      await old.visitor(visitor.cookie).visit(fields);
    });
    await app.visitor(visitor.cookie).visit(put({ ours: true }));
    expect((await app.visitor(visitor.cookie).visit(fields)).said).toEqual({ user: "ada", ours: true });
  });

  it("0.0.19 may sign the user out: nothing comes back", async () => {
    const { old, app, sent, events } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    sent.beforeNext("UpdateItem", async () => {
      await old.visitor(visitor.cookie).visit((req) => done((callback) => req.session.destroy(callback)));
    });
    await app.visitor(visitor.cookie).visit(put({ ours: true }));
    expect(await bench.row(id)).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "gone", operation: "save" }));
  });
});

describe("an expired row that 0.0.19 renews while we are about to remove it", () => {
  it("stays, and is given out again", async () => {
    const { old, oldStore, app, sent } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    time.pass(HOUR + 5000);
    sent.beforeNext("DeleteItem", async () => {
      // A slow request of 0.0.19, which had loaded the session before, ends with a touch.
      await new Promise<void>((resolve) => oldStore.touch?.(id, sessionData({}), () => resolve()));
    });
    const { store } = bench.store({ format: "map" });
    await app.visitor(visitor.cookie).visit(fields);
    expect(await bench.row(id)).toBeDefined();
    expect(await store.get(id)).toMatchObject({ user: "ada" });
  });
});

describe("a stub that connect-dynamodb's touch leaves behind our logout", () => {
  it("is no session", async () => {
    const { keys, options, make } = connectDynamodb;
    const table = await makeStoreBench(keys);
    const old = make(table.table);
    const { store } = table.store({ table: options });
    const oldApp = await startApp({ store: old });
    const visitor = oldApp.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    const loaded = await store.get(id);
    if (!loaded) throw new Error("not loaded");
    await store.destroy(id);
    await new Promise<void>((resolve) => old.touch?.(id, sessionData({}), () => resolve()));
    expect(await table.row(id, "sess:")).toBeDefined();
    expect(await store.get(id)).toBeNull();
    await store.set(id, loaded);
    expect(await store.get(id)).toBeNull();
    expect(await store.length()).toBe(0);
  });
});

describe("what cannot hold while servers of 0.0.19 run", () => {
  /** 0.0.19 passes its successes as errors. */
  const asks = (ask: (callback: (error: unknown, found?: unknown) => void) => unknown) =>
    new Promise<unknown>((resolve) => ask((_error, found) => resolve(found)));

  it("a slow request of 0.0.19 brings a destroyed session back", async () => {
    const { old, oldStore, store } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    await store.destroy(id);
    await asks((callback) => oldStore.set(id, sessionData({ user: "ada" }), callback));
    expect(await store.get(id)).toMatchObject({ user: "ada" });
  });

  it("a slow request of 0.0.19 undoes what was saved meanwhile", async () => {
    const { old, oldStore, app } = await bothServers();
    const visitor = old.visitor();
    const { id } = await visitor.visit(put({ user: "ada" }));
    await app.visitor(visitor.cookie).visit(put({ cart: ["tea"] }));
    await asks((callback) => oldStore.set(id, sessionData({ user: "ada" }), callback));
    expect((await app.visitor(visitor.cookie).visit(fields)).said).toEqual({ user: "ada" });
  });

  it("0.0.19 cannot read what is written as JSON text", async () => {
    const { oldStore } = await bothServers();
    const { store } = bench.store({ format: "json" });
    await store.set("an-id-of-json-text", sessionData({ user: "ada" }));
    expect(await asks((callback) => oldStore.get("an-id-of-json-text", callback))).toBeTypeOf("string");
  });

  it("0.0.19 ends a session at a whole second, up to one early", async () => {
    const { old, app } = await bothServers({ maxAge: 10_999 });
    const visitor = old.visitor();
    await visitor.visit(put({ user: "ada" }));
    time.pass(10_000);
    expect((await app.visitor(visitor.cookie).visit(fields)).said).toEqual({});
  });
});
