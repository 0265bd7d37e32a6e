// What goes wrong is the request's error, once, with a code; a touch that fails is none, and no failure is left unhandled.
import type { Middleware } from "koa";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../support/engines.js";
import { denied, dropBefore, internalError } from "../support/fault-proxy.js";
import {
  type AppOptions,
  cookiesFor,
  type Handler,
  makeContext,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  signIn,
  signOut,
  startApp,
  startProxy,
  whoAmI,
} from "../support/koa-apps.js";
import { putRow } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";
import { unhandledDuring } from "../support/unhandled.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;

/** An application behind a proxy, and a visitor who has signed in. */
async function startWithVisitor(
  options: AppOptions = {},
  storeOptions: StoreOptions = {},
  before?: Middleware,
) {
  const { proxy, client } = await startProxy();
  const { store, events } = bench.store({ ...storeOptions, client });
  const app = await startApp({ store, ...options }, before);
  const visitor = app.visitor();
  const { id } = await visitor.visit(signIn);
  return { proxy, store, events, app, visitor, id };
}

const coded = (code: string) => expect.objectContaining({ name: "SessionStoreError", code });

describe.each([
  { fault: denied, code: "ERR_SESSION_ACCESS" },
  { fault: internalError, code: "ERR_SESSION_UNAVAILABLE" },
  { fault: () => dropBefore, code: "ERR_SESSION_UNAVAILABLE" },
])("a failure that is $code", ({ fault, code }) => {
  const requests: { what: string; action: string; handler: Handler }[] = [
    { what: "reads its session", action: "GetItem", handler: whoAmI },
    { what: "changes it", action: "UpdateItem", handler: (ctx) => Object.assign(ctx.session, { n: 1 }) },
    {
      what: "saves it, and waits for that",
      action: "UpdateItem",
      handler: async ({ session }) => {
        session.n = 1;
        await session.save();
      },
    },
    { what: "gives it up", action: "DeleteItem", handler: signOut },
    { what: "regenerates it", action: "DeleteItem", handler: (ctx) => ctx.session.regenerate() },
  ];

  it.each(requests)(
    "is the answer, once, to a request that $what; the session is as it was",
    async ({ action, handler }) => {
      const { proxy, app, visitor } = await startWithVisitor();
      proxy.decide = (asked) => (asked === action ? fault(action) : undefined);
      const unhandled = await unhandledDuring(async () => {
        const failed = await visitor.visit(handler);
        expect(failed).toMatchObject({ status: 500, setCookie: undefined });
      });
      expect(unhandled).toEqual({ exceptions: [], rejections: [] });
      expect(app.errors).toEqual([coded(code)]);
      proxy.decide = () => undefined;
      expect((await visitor.visit((ctx) => ctx.session.toJSON())).said).toEqual({ user: "ada" });
      expect(app.errors).toHaveLength(1);
    },
  );
});

it("a failed save can be caught by the handler, and koa-session tries again", async () => {
  const { proxy, app, visitor } = await startWithVisitor();
  const caught: unknown[] = [];
  proxy.decide = (action) => (action === "UpdateItem" ? denied(action) : undefined);
  await visitor.visit(async ({ session }) => {
    session.n = 1;
    await session.save().catch((error) => caught.push(error));
    proxy.decide = () => undefined;
  });
  expect(caught).toEqual([coded("ERR_SESSION_ACCESS")]);
  expect((await visitor.visit((ctx) => ctx.session.n)).said).toBe(1);
  expect(app.errors).toEqual([]);
});

it("an error can be caught by the application before koa-session", async () => {
  const caught: unknown[] = [];
  const { proxy, app, visitor } = await startWithVisitor({}, {}, async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      caught.push(error);
      ctx.status = 503;
    }
  });
  proxy.decide = denied;
  expect((await visitor.visit(whoAmI)).status).toBe(503);
  expect(caught).toEqual([coded("ERR_SESSION_ACCESS")]);
  expect(app.errors).toEqual([]);
});

describe("a touch that fails", () => {
  it.each<{ options: AppOptions; storeOptions: StoreOptions }>([
    { options: {}, storeOptions: { ttl: HOUR } },
    { options: { maxAge: "session" }, storeOptions: {} },
    { options: { maxAge: HOUR, rolling: true }, storeOptions: {} },
    { options: { maxAge: HOUR, rolling: true }, storeOptions: { ttl: HOUR } },
  ])(
    "fails no request that only read, and is told to onEvent: $options, $storeOptions",
    async ({ options, storeOptions }) => {
      const { proxy, app, visitor, events } = await startWithVisitor(options, storeOptions);
      time.pass(30_000);
      proxy.decide = (action) => (action === "UpdateItem" ? denied(action) : undefined);
      expect(await visitor.visit(whoAmI)).toMatchObject({ status: 200, said: "ada" });
      expect(proxy.requests).toContain("UpdateItem");
      expect(app.errors).toEqual([]);
      const failures = events.filter(({ type }) => type === "error");
      expect(failures).toContainEqual(expect.objectContaining({ error: coded("ERR_SESSION_ACCESS") }));
    },
  );

  it("for the function ttl gives no lifetime is an error of the request", async () => {
    let given = HOUR;
    const { app, visitor } = await startWithVisitor({}, { ttl: () => given });
    given = Number.NaN;
    time.pass(30_000);
    expect((await visitor.visit(whoAmI)).status).toBe(500);
    expect(app.errors).toEqual([coded("ERR_SESSION_OPTIONS")]);
  });

  it("for the session was destroyed in that moment finds none", async () => {
    const { store, sent } = bench.store({ ttl: HOUR, touchInterval: 0 });
    const app = await startApp({ store });
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    time.pass(1);
    sent.beforeNext("UpdateItem", () => bench.store().store.destroy(id));
    expect((await visitor.visit(whoAmI)).said).toBeUndefined();
    expect(app.events).toEqual([{ name: "missed", key: id }]);
    expect(app.errors).toEqual([]);
  });
});

describe("a row that cannot be read", () => {
  it.each([{}, { ttl: HOUR }])("is the request's error, and left as it is, with %o", async (storeOptions) => {
    const { app, visitor, id } = await startWithVisitor({}, storeOptions);
    const row = { ...(await bench.row(id)), sess: { S: "no JSON" } };
    await putRow(bench.client, bench.table, row);
    expect(await visitor.visit(signIn)).toMatchObject({ status: 500, setCookie: undefined });
    expect(app.errors).toEqual([coded("ERR_SESSION_CORRUPT")]);
    expect(await bench.row(id)).toEqual(row);
  });
});

describe("data that cannot be saved", () => {
  it("for it is too large is the request's error, and nothing is lost", async () => {
    const { app, visitor, id } = await startWithVisitor();
    const large = await visitor.visit((ctx) => Object.assign(ctx.session, { large: "x".repeat(500_000) }));
    expect(large).toMatchObject({ status: 500, setCookie: undefined });
    expect(app.errors).toEqual([coded("ERR_SESSION_TOO_LARGE")]);
    expect(await bench.data(id)).toMatchObject({ user: "ada" });
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each<{ what: string; data: unknown }>([
    { what: "a BigInt", data: { n: 1n } },
    { what: "a cycle", data: cycle },
    { what: "a list", data: [1] },
    { what: "a text", data: "text" },
    { what: "nothing", data: undefined },
    { what: "null", data: null },
  ])("for it is or holds $what is refused, and nothing is sent", async ({ data }) => {
    const { store, actions } = bench.store();
    for (const call of [{}, { ctx: makeContext() }]) {
      for (const maxAge of [HOUR, "session" as const]) {
        const refused = store.set(newId(), data as object, maxAge, call);
        await expect(refused).rejects.toMatchObject({ code: "ERR_SESSION_UNSERIALIZABLE" });
      }
    }
    expect(actions()).toEqual([]);
  });
});

describe.each<{ what: string; id: unknown }>([
  { what: "empty", id: "" },
  { what: "undefined", id: undefined },
  { what: "a number", id: 5 },
  { what: "an object", id: { toString: () => "an id" } },
  { what: "one byte too long with its prefix", id: "x".repeat(1024 - "session-store#".length + 1) },
  { what: "too long in bytes, though not in letters", id: "é".repeat(600) },
  { what: "half of a surrogate pair", id: "a\ud800b" },
])("an id that is $what", ({ id }) => {
  const bad = id as string;

  it.each([{}, { ctx: makeContext() }])(
    "is no session's, and asks nothing of the table: %o",
    async (call) => {
      const { store, actions } = bench.store({ ttl: HOUR });
      expect(await store.get(bad, HOUR, call)).toBeUndefined();
      expect(await store.destroy(bad, call)).toBeUndefined();
      expect(actions()).toEqual([]);
    },
  );

  it.each([{}, { ctx: makeContext() }])(
    "cannot be saved under, and the error says so without the id: %o",
    async (call) => {
      const { store, actions } = bench.store();
      const error = await store.set(bad, { n: 1 }, HOUR, call).catch((refusal) => refusal);
      expect(error).toMatchObject({ code: "ERR_SESSION_ID" });
      expect(String(error)).not.toContain("xxxxx");
      expect(actions()).toEqual([]);
    },
  );
});

describe("a Koa application", () => {
  it("gives a visitor with an impossible id a new session", async () => {
    const { store, actions } = bench.store();
    const app = await startApp({ store });
    const visitor = app.visitor(cookiesFor("x".repeat(3000)));
    expect((await visitor.visit(signIn)).id).toHaveLength(36);
    expect((await visitor.visit(whoAmI)).said).toBe("ada");
    expect(actions()).toEqual(["UpdateItem", "GetItem"]);
    expect(app.errors).toEqual([]);
  });

  it("has the error when genid gives an impossible id", async () => {
    const app = await startApp({ store: bench.store().store, genid: () => "x".repeat(3000) });
    expect(await app.visitor().visit(signIn)).toMatchObject({ status: 500, setCookie: undefined });
    expect(app.errors).toEqual([coded("ERR_SESSION_ID")]);
  });
});

describe("a promise of the store's", () => {
  it("that nobody looks at is no unhandled rejection, and its failure is told to onEvent", async () => {
    const { proxy, client } = await startProxy();
    const { store, events } = bench.store({ client });
    proxy.decide = denied;
    const unhandled = await unhandledDuring(async () => {
      for (const call of [undefined, { ctx: makeContext() }]) {
        void store.get("an id", HOUR, call);
        void store.set("an id", { n: 1 }, HOUR, call);
        void store.destroy("an id", call);
      }
      await store.close();
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
    expect(events.map(({ type }) => type)).toEqual(Array(6).fill("error"));
  });
});

describe("a closed store", () => {
  it("has let what was on its way finish, and refuses what comes after", async () => {
    const { store } = bench.store();
    const id = newId();
    const saved = store.set(id, { n: 1 });
    await store.close();
    expect(await bench.data(id)).toEqual({ n: 1 });
    await saved;
    const closed = { code: "ERR_SESSION_CLOSED" };
    await expect(store.get(id)).rejects.toMatchObject(closed);
    await expect(store.set(id, { n: 2 })).rejects.toMatchObject(closed);
    await expect(store.destroy(id)).rejects.toMatchObject(closed);
    expect(await bench.data(id)).toEqual({ n: 1 });
  });
});
