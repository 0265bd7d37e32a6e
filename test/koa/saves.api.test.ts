// What a save of koa-session's writes, and what becomes of a session that several requests have in hand: a destroyed one
// stays destroyed, and a save is linked to what its own request loaded.
import { beforeAll, describe, expect, it } from "vitest";
import type { SessionData } from "../../src/core/index.js";
import type { CyclicSessionStore, KoaContext } from "../../src/koa/index.js";
import { newId } from "../support/engines.js";
import { denied, dropAfter } from "../support/fault-proxy.js";
import {
  type AppOptions,
  fields,
  type Handler,
  makeContext,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  signIn,
  signOut,
  startApp,
  startProxy,
} from "../support/koa-apps.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;

/** An application, a visitor who has signed in, another with the same cookies, and what the store writes from then on. */
async function startWithVisitor(options: AppOptions = {}, storeOptions: StoreOptions = {}) {
  const { store, events, writes } = bench.store(storeOptions);
  const app = await startApp({ store, ...options });
  const visitor = app.visitor();
  const { id } = await visitor.visit(signIn);
  writes();
  return { app, store, visitor, other: app.visitor(visitor.cookies), id, writes, events };
}

async function load(store: CyclicSessionStore, id: string, ctx?: KoaContext): Promise<SessionData> {
  const data = await store.get(id, HOUR, { ctx });
  if (data === undefined) throw new Error("not loaded");
  return data;
}

describe("a save of which koa-session says that nothing changed", () => {
  it.each<{ what: string; change: Handler }>([
    {
      what: "session.save()",
      change: async ({ session }) => {
        session.n = 1;
        await session.save();
      },
    },
    {
      what: "session.regenerate()",
      change: async ({ session }) => {
        session.n = 1;
        await session.regenerate();
      },
    },
    {
      what: "a changed maxAge",
      change: async ({ session }) => {
        session.n = 1;
        session.maxAge = HOUR;
        await session.manuallyCommit();
      },
    },
  ])("writes what did: $what", async ({ change }) => {
    const { visitor, app } = await startWithVisitor({ autoCommit: false });
    await visitor.visit(async (ctx) => {
      signIn(ctx);
      await ctx.session.save();
    });
    await visitor.visit(change);
    expect((await visitor.visit(fields)).said).toEqual({ user: "ada", n: 1 });
    expect(app.errors).toEqual([]);
  });

  it.each([{}, { rolling: true }, { maxAge: "session" as const }])(
    "writes no data where nothing did, however often it is forced: %o",
    async (options) => {
      const { visitor, id, writes } = await startWithVisitor(options);
      const before = await bench.row(id);
      for (const ms of [1, 20_000, 9_998]) {
        time.pass(ms);
        await visitor.visit((ctx) => ctx.session.save());
      }
      expect(writes()).toEqual([]);
      time.pass(1);
      await visitor.visit(async ({ session }) => {
        for (let saves = 0; saves < 3; saves++) await session.save();
      });
      expect(writes()).toEqual(["UpdateItem"]);
      const after = await bench.row(id);
      expect(after).toMatchObject({ rev: before?.rev, sess: before?.sess });
      expect(Number(after?.until?.N) - Number(before?.until?.N)).toBe(30_000);
    },
  );

  it("is judged by its data alone, whatever the call says", async () => {
    const { store, writes } = bench.store();
    const [id, ctx] = [newId(), makeContext()];
    await store.set(id, { n: 1 }, HOUR, { ctx, changed: false, rolling: false });
    await store.set(id, { n: 1 }, HOUR, { ctx, changed: true, rolling: false });
    expect(writes()).toEqual(["UpdateItem"]);
    await store.set(id, { n: 2 }, HOUR, { ctx, changed: false, rolling: false });
    expect(await bench.data(id)).toEqual({ n: 2 });
  });
});

describe("a session", () => {
  it("is saved as it is when that is asked for, whatever the handler goes on to do with it", async () => {
    const { visitor } = await startWithVisitor();
    const visited = await visitor.visit(async ({ session }) => {
      const cart = ["tea"];
      session.cart = cart;
      const saved = session.save();
      cart.push("not bought");
      await saved;
      return (await bench.data(session.externalKey ?? "")).cart;
    });
    expect(visited.said).toEqual(["tea"]);
  });

  it("whose nested data changed is saved: what was loaded is remembered apart from it", async () => {
    const { visitor } = await startWithVisitor();
    await visitor.visit((ctx) => Object.assign(ctx.session, { cart: { items: ["tea"] } }));
    await visitor.visit(async (ctx) => {
      (ctx.session.cart as { items: string[] }).items.push("milk");
      await ctx.session.save();
    });
    expect((await visitor.visit(fields)).said).toMatchObject({ cart: { items: ["tea", "milk"] } });
  });

  it("asks nothing of the table before a request does, and for one that keeps nothing", async () => {
    const { store, actions } = bench.store();
    const app = await startApp({ store });
    await app.visitor().visit(fields);
    expect(actions()).toEqual([]);
  });
});

const everyWayToKeep: { options: AppOptions; storeOptions: StoreOptions }[] = [
  { options: {}, storeOptions: {} },
  { options: { maxAge: "session" }, storeOptions: { touchInterval: 0 } },
  { options: { maxAge: HOUR, rolling: true }, storeOptions: { touchInterval: 0 } },
  { options: { maxAge: HOUR, renew: true }, storeOptions: { ttl: HOUR, touchInterval: 0 } },
];

const works: { what: string; work: Handler }[] = [
  { what: "only reads it", work: fields },
  { what: "changes it", work: (ctx) => Object.assign(ctx.session, { n: 1 }) },
  {
    what: "saves it twice",
    work: async ({ session }) => {
      for (const n of [1, 2]) {
        session.n = n;
        await session.save();
      }
    },
  },
  { what: "saves it as it is", work: (ctx) => ctx.session.save() },
  {
    what: "changes its lifetime",
    work: (ctx) => {
      ctx.session.maxAge = 2 * HOUR;
    },
  },
  {
    what: "puts another in its place",
    work: (ctx) => {
      ctx.session = { n: 1 };
    },
  },
];

describe.each(everyWayToKeep)(
  "a session that another request destroyed, with $options and a store with $storeOptions,",
  ({ options, storeOptions }) => {
    it.each(works)("is not brought back by a slow one that $what", async ({ work }) => {
      const { app, visitor, other, id } = await startWithVisitor(options, storeOptions);
      const slow = await visitor.visit(async (ctx) => {
        await other.visit(signOut);
        // Longer than the store remembers which ids it handed out.
        time.pass(61_000);
        return work(ctx);
      });
      expect(slow.status).toBe(200);
      expect(await bench.row(id)).toBeUndefined();
      expect((await visitor.visit(fields)).said).toEqual({});
      expect(app.errors).toEqual([]);
    });

    it.each(works)(
      "does not change what was made anew under its id, by a slow one that $what",
      async ({ work }) => {
        const id = newId();
        const { app, visitor, other } = await startWithVisitor({ ...options, genid: () => id }, storeOptions);
        let made: unknown;
        await visitor.visit(async (ctx) => {
          await other.visit(async (its) => {
            await its.session.regenerate();
            its.session.user = "grace";
          });
          made = await bench.row(id);
          time.pass(1);
          return work(ctx);
        });
        expect(made).toBeDefined();
        expect(await bench.row(id)).toEqual(made);
        expect((await visitor.visit(fields)).said).toEqual({ user: "grace" });
        expect(app.errors).toEqual([]);
      },
    );

    it("is not brought back under its old id once it was regenerated", async () => {
      const { visitor, other, id } = await startWithVisitor(options, storeOptions);
      await visitor.visit(async (ctx) => {
        await other.visit((its) => its.session.regenerate());
        ctx.session.n = 1;
      });
      expect(await bench.row(id)).toBeUndefined();
      expect((await other.visit(fields)).said).toEqual({ user: "ada" });
    });

    it("is not brought back by the request that began it, and saves it again", async () => {
      const app = await startApp({ store: bench.store(storeOptions).store, ...options });
      const { id } = await app.visitor().visit(async ({ session }) => {
        session.n = 1;
        await session.save();
        await bench.store().store.destroy(session.externalKey ?? "");
        session.n = 2;
      });
      expect(await bench.row(id)).toBeUndefined();
      expect(app.errors).toEqual([]);
    });
  },
);

it("a session that was not destroyed, for that failed, is not brought back when another request did destroy it", async () => {
  const { proxy, client } = await startProxy();
  const { app, visitor, id } = await startWithVisitor({}, { client });
  proxy.decide = (action) => (action === "DeleteItem" ? denied(action) : undefined);
  await visitor.visit(async ({ session }) => {
    await expect(session.regenerate()).rejects.toMatchObject({ code: "ERR_SESSION_ACCESS" });
    await bench.store().store.destroy(id);
    session.n = 1;
  });
  expect(await bench.row(id)).toBeUndefined();
  expect(app.errors).toEqual([]);
});

it("a session whose regenerate failed though it had removed it keeps its data, when that is tried again", async () => {
  const { proxy, client } = await startProxy();
  const { app, visitor, id } = await startWithVisitor({}, { client });
  proxy.decide = (action) => (action === "DeleteItem" ? dropAfter : undefined);
  await visitor.visit(async ({ session }) => {
    await expect(session.regenerate()).rejects.toMatchObject({ code: "ERR_SESSION_UNAVAILABLE" });
    proxy.decide = () => undefined;
    await session.regenerate();
  });
  expect(await bench.row(id)).toBeUndefined();
  expect((await visitor.visit(fields)).said).toEqual({ user: "ada" });
  expect(app.errors).toEqual([]);
});

describe("what another request wrote meanwhile is not undone", () => {
  it.each(everyWayToKeep)(
    "by the save with which koa-session ends a request that has saved already: $options, $storeOptions",
    async ({ options, storeOptions }) => {
      const { app, visitor, other } = await startWithVisitor(options, storeOptions);
      await visitor.visit(async ({ session }) => {
        session.n = 1;
        await session.save();
        time.pass(1);
        await other.visit((its) => Object.assign(its.session, { m: 1 }));
        time.pass(1);
        await session.save();
        time.pass(1);
      });
      expect((await visitor.visit(fields)).said).toEqual({ user: "ada", n: 1, m: 1 });
      expect(app.errors).toEqual([]);
    },
  );

  it.each(everyWayToKeep)(
    "by a request that only reads, and saves: $options, $storeOptions",
    async ({ options, storeOptions }) => {
      const { visitor, other } = await startWithVisitor(options, storeOptions);
      await visitor.visit(async ({ session }) => {
        await other.visit((its) => Object.assign(its.session, { m: 1 }));
        time.pass(1);
        await session.save();
        time.pass(1);
        await session.save();
      });
      expect((await visitor.visit(fields)).said).toEqual({ user: "ada", m: 1 });
    },
  );
});

describe("a set with the context of a request", () => {
  it("is linked to what that request loaded: unchanged data costs nothing, and changed data is one write", async () => {
    const { store, actions } = bench.store();
    const [id, ctx] = [newId(), makeContext()];
    await store.set(id, { n: 1 }, HOUR);
    const data = await load(store, id, ctx);
    actions();
    await store.set(id, data, HOUR, { ctx });
    expect(actions()).toEqual([]);
    await store.set(id, { ...data, n: 2 }, HOUR, { ctx });
    expect(actions()).toEqual(["UpdateItem"]);
    expect(await bench.row(id)).toMatchObject({ rev: { N: "2" } });
  });

  it("of what another request loaded makes a session, or takes the place of the one that is there", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, { a: 1 }, HOUR);
    await load(store, id, makeContext());
    await store.destroy(id);
    await store.set(id, { b: 1 }, HOUR, { ctx: makeContext() });
    await store.set(id, { c: 1 }, HOUR, { ctx: makeContext() });
    expect(await bench.data(id)).toEqual({ c: 1 });
  });

  it("under another key than was loaded makes another session, and leaves the first", async () => {
    const { store } = bench.store();
    const [id, otherId, ctx] = [newId(), newId(), makeContext()];
    await store.set(id, { n: 1 }, HOUR);
    const before = await bench.row(id);
    await store.set(otherId, { ...(await load(store, id, ctx)), n: 2 }, HOUR, { ctx });
    expect(await bench.row(id)).toEqual(before);
    expect(await bench.data(otherId)).toEqual({ n: 2 });
  });

  it("knows every key that its request has to do with", async () => {
    const { store, actions } = bench.store();
    const [a, b, ctx] = [newId(), newId(), makeContext()];
    for (const id of [a, b]) await store.set(id, { n: 1 }, HOUR, { ctx });
    actions();
    for (const id of [a, b]) await store.set(id, { n: 1 }, HOUR, { ctx });
    expect(actions()).toEqual([]);
    const others = bench.store().store;
    await Promise.all([others.destroy(a), others.destroy(b)]);
    for (const id of [a, b]) await store.set(id, { n: 2 }, HOUR, { ctx });
    expect([await bench.row(a), await bench.row(b)]).toEqual([undefined, undefined]);
  });

  it("is another request's with another context, though both loaded the same session", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, { n: 1 }, HOUR);
    const [one, two] = [makeContext(), makeContext()];
    await load(store, id, one);
    await load(store, id, two);
    await store.destroy(id, { ctx: one });
    await store.set(id, { n: 2 }, HOUR, { ctx: two });
    expect(await bench.row(id)).toBeUndefined();
    await store.set(id, { n: 3 }, HOUR, { ctx: one });
    expect(await bench.data(id)).toEqual({ n: 3 });
  });

  it("is still linked to one session when another of the same request was destroyed", async () => {
    const { store } = bench.store();
    const [a, b, ctx] = [newId(), newId(), makeContext()];
    for (const id of [a, b]) await store.set(id, { n: 1 }, HOUR, { ctx });
    await store.destroy(a, { ctx });
    await bench.store().store.destroy(b);
    for (const id of [a, b]) await store.set(id, { n: 2 }, HOUR, { ctx });
    expect(await bench.data(a)).toEqual({ n: 2 });
    expect(await bench.row(b)).toBeUndefined();
  });

  it("is another store's with another store", async () => {
    const [{ store }, { store: other }] = [bench.store(), bench.store()];
    const [id, ctx] = [newId(), makeContext()];
    await store.set(id, { n: 1 }, HOUR);
    await load(store, id, ctx);
    await store.destroy(id);
    await other.set(id, { n: 2 }, HOUR, { ctx });
    expect(await bench.data(id)).toEqual({ n: 2 });
  });
});

describe("a set without a context", () => {
  it("makes a session, or takes the place of the one that is there", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, { a: 1 });
    await store.set(id, { b: 2 });
    expect(await bench.data(id)).toEqual({ b: 2 });
  });

  it("says by its maxAge how long the session lives", async () => {
    const { store } = bench.store();
    const id = newId();
    const written = async () => {
      const row = await bench.row(id);
      return { ms: Number(row?.until?.N) - time.now(), data: JSON.parse(row?.sess?.S ?? "") };
    };
    await store.set(id, { n: 1, _maxAge: HOUR, _expire: time.now() + HOUR }, HOUR + 10_000);
    expect(await written()).toEqual({ ms: HOUR + 10_000, data: { n: 1, _maxAge: HOUR } });
    await store.set(id, { n: 1, _maxAge: HOUR }, "session");
    expect(await written()).toEqual({ ms: 24 * HOUR, data: { n: 1, _session: true } });
    await store.set(id, { n: 1 });
    expect(await written()).toEqual({ ms: 24 * HOUR, data: { n: 1 } });
  });

  it.each<{ how: string; ctx: KoaContext | undefined }>([
    { how: "without a context", ctx: undefined },
    { how: "with one", ctx: makeContext() },
  ])("brings nothing back for a minute after a load of its id $how", async ({ ctx }) => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, { n: 1 });
    await load(store, id, ctx);
    await store.destroy(id);
    time.pass(60_000);
    await store.set(id, { n: 2 });
    expect(await bench.row(id)).toBeUndefined();
    time.pass(1);
    await store.set(id, { n: 3 });
    expect(await bench.data(id)).toEqual({ n: 3 });
  });

  it("writes over a session that still lives after such a load", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, { n: 1 });
    await load(store, id);
    await store.set(id, { n: 2 });
    expect(await bench.data(id)).toEqual({ n: 2 });
  });
});
