// What a Koa application sees of its sessions is the same with this store as with one that keeps them in a map, as
// koa-session's own examples do: every test here runs with both.
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  endOf,
  fields,
  type Handler,
  makeStoreBench,
  type StoreBench,
  signIn,
  signOut,
  startApp,
} from "../support/koa-apps.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The least that koa-session asks of a store. */
class MapStore {
  readonly #sessions = new Map<string, string>();

  async get(key: string): Promise<unknown> {
    return JSON.parse(this.#sessions.get(key) ?? "null");
  }

  async set(key: string, data: object): Promise<void> {
    this.#sessions.set(key, JSON.stringify(data));
  }

  async destroy(key: string): Promise<void> {
    this.#sessions.delete(key);
  }
}

type Store = NonNullable<AppOptions["store"]>;

/** A store whose sessions no other test sees. */
const stores: { name: string; makeStore: () => Store }[] = [
  { name: "a map", makeStore: () => new MapStore() },
  {
    name: "CyclicSessionStore",
    makeStore: () => bench.store({ table: { hashPrefix: `${newId()}#` } }).store,
  },
];

const count: Handler = (ctx) => {
  ctx.session.n = Number(ctx.session.n ?? 0) + 1;
  return ctx.session.n;
};
const look: Handler = (ctx) => ctx.session.n;

const everyLifetime: AppOptions[] = [
  {},
  { maxAge: HOUR },
  { maxAge: "session" },
  { maxAge: HOUR, rolling: true },
  { maxAge: HOUR, renew: true },
];

describe.each(stores)("with $name, a session", ({ makeStore }) => {
  const start = (options: AppOptions = {}) => startApp({ store: makeStore(), ...options });

  it.each(everyLifetime)("keeps from request to request what it was given: %o", async (options) => {
    const app = await start(options);
    const [ada, grace] = [app.visitor(), app.visitor()];
    expect((await ada.visit(count)).said).toBe(1);
    expect((await ada.visit(count)).said).toBe(2);
    expect((await grace.visit(look)).said).toBeUndefined();
    expect((await ada.visit(look)).said).toBe(2);
    expect((await ada.visit(count)).said).toBe(3);
    expect(app.errors).toEqual([]);
    expect(app.events).toEqual([]);
  });

  it("keeps its id, and forgets what was deleted", async () => {
    const app = await start();
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    expect(
      await visitor.visit((ctx) => {
        ctx.session.n = 1;
        delete ctx.session.user;
      }),
    ).toMatchObject({ id });
    expect(await visitor.visit(fields)).toMatchObject({ id, said: { n: 1 } });
  });

  it("is not made for a visitor for whom nothing is kept, unless it is saved", async () => {
    const app = await start();
    const visitor = app.visitor();
    for (const handler of [look, fields, signOut]) {
      await visitor.visit(handler);
      expect(visitor.cookies.has("koa.sess")).toBe(false);
    }
    await visitor.visit((ctx) => ctx.session.save());
    expect((await visitor.visit((ctx) => ctx.session.isNew)).said).toBe(false);
  });

  it("says whether it is new, how much it holds, and how long its cookie lives", async () => {
    const app = await start({ maxAge: HOUR });
    const visitor = app.visitor();
    const about: Handler = ({ session: { isNew, length, populated, maxAge } }) => ({
      isNew,
      length,
      populated,
      maxAge,
    });
    const none = { isNew: true, length: 0, populated: false, maxAge: HOUR };
    expect((await visitor.visit(about)).said).toEqual(none);
    await visitor.visit(signIn);
    const one = { isNew: false, length: 1, populated: true, maxAge: HOUR };
    expect((await visitor.visit(about)).said).toEqual(one);
  });

  it("has its cookie sent when it was saved, and with every response when rolling", async () => {
    const app = await start({ maxAge: HOUR });
    const visitor = app.visitor();
    expect(endOf((await visitor.visit(count)).setCookie)).toBe(time.now() + HOUR);
    time.pass(5000);
    expect((await visitor.visit(look)).setCookie).toBeUndefined();
    expect(endOf((await visitor.visit(count)).setCookie)).toBe(time.now() + HOUR);

    const rolling = (await start({ maxAge: HOUR, rolling: true })).visitor();
    expect((await rolling.visit(look)).setCookie).toBeUndefined();
    await rolling.visit(count);
    time.pass(5000);
    expect(endOf((await rolling.visit(look)).setCookie)).toBe(time.now() + HOUR);
  });

  it("has its cookie sent from half of its life on, with renew", async () => {
    const visitor = (await start({ maxAge: HOUR, renew: true })).visitor();
    await visitor.visit(count);
    for (let renewal = 0; renewal < 3; renewal++) {
      time.pass(HOUR / 2);
      expect((await visitor.visit(look)).setCookie).toBeUndefined();
      time.pass(1);
      expect(endOf((await visitor.visit(look)).setCookie)).toBeGreaterThan(time.now() + HOUR - 1000);
    }
    expect((await visitor.visit(look)).said).toBe(1);
  });

  it.each<{ options: AppOptions; end: number | undefined }>([
    { options: { maxAge: "session" }, end: undefined },
    { options: { maxAge: "session", rolling: true }, end: undefined },
    { options: { maxAge: HOUR }, end: HOUR },
  ])("has a cookie that ends when $options says", async ({ options, end }) => {
    const visitor = (await start(options)).visitor();
    for (let visits = 0; visits < 3; visits++) {
      const { setCookie } = await visitor.visit(count);
      expect(setCookie).toBeDefined();
      expect(endOf(setCookie)).toBe(end && time.now() + end);
    }
  });

  it("lives as long as it is told, from then on", async () => {
    const visitor = (await start({ maxAge: HOUR })).visitor();
    await visitor.visit(count);
    const changed = await visitor.visit((ctx) => {
      ctx.session.maxAge = DAY;
    });
    expect(endOf(changed.setCookie)).toBe(time.now() + DAY);
    time.pass(2 * HOUR);
    const later = await visitor.visit((ctx) => [count(ctx), ctx.session.maxAge]);
    expect(later.said).toEqual([2, DAY]);
    expect(endOf(later.setCookie)).toBe(time.now() + DAY);
  });

  it("may be made with a lifetime alone", async () => {
    const visitor = (await start()).visitor();
    await visitor.visit((ctx) => {
      ctx.session = { maxAge: HOUR };
    });
    const { said } = await visitor.visit(({ session }) => [session.isNew, session.maxAge]);
    expect(said).toEqual([false, HOUR]);
  });

  it("that is set to null is over", async () => {
    const app = await start();
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const stolen = app.visitor(visitor.cookies);
    expect((await visitor.visit(signOut)).setCookie).toMatch(/^koa\.sess=; .*expires=Thu, 01 Jan 1970/);
    expect(visitor.cookies.has("koa.sess")).toBe(false);
    expect((await stolen.visit(fields)).said).toEqual({});
    expect(app.events).toEqual([{ name: "missed", key: id }]);
  });

  it("takes an object in its place, under its id", async () => {
    const visitor = (await start()).visitor();
    const { id } = await visitor.visit((ctx) => {
      Object.assign(ctx.session, { user: "ada", n: 1 });
    });
    const replaced = await visitor.visit((ctx) => {
      ctx.session = { n: 2 };
    });
    expect(replaced.id).toBe(id);
    expect(await visitor.visit(fields)).toMatchObject({ id, said: { n: 2 } });
  });

  it.each<{ how: string; anew: Handler; holds: object }>([
    {
      how: "before it was destroyed",
      anew: (ctx) => {
        ctx.session = null;
        ctx.session = { n: 2 };
      },
      holds: { n: 2 },
    },
    {
      how: "after it was destroyed",
      anew: async (ctx) => {
        const { session } = ctx;
        ctx.session = null;
        await session.manuallyCommit();
        ctx.session = { n: 2 };
      },
      holds: { n: 2 },
    },
  ])("may be given up and made anew by one request, $how", async ({ anew, holds }) => {
    const app = await start();
    const visitor = app.visitor();
    await visitor.visit(signIn);
    await visitor.visit(anew);
    expect((await visitor.visit(fields)).said).toEqual(holds);
    expect(app.errors).toEqual([]);
  });

  it("has another id once it is regenerated, the same data, and nothing under the old id", async () => {
    const app = await start();
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const stolen = app.visitor(visitor.cookies);
    const regenerated = await visitor.visit(async (ctx) => {
      await ctx.session.regenerate();
      ctx.session.n = 1;
    });
    expect((await visitor.visit(look)).id).not.toBe(id);
    expect((await visitor.visit(fields)).said).toEqual({ user: "ada", n: 1 });
    expect((await stolen.visit(fields)).said).toEqual({});
    expect(regenerated.setCookie).toBeDefined();
    expect(app.errors).toEqual([]);
  });

  it("may be regenerated twice, and saved between", async () => {
    const app = await start();
    const visitor = app.visitor();
    await visitor.visit(signIn);
    await visitor.visit(async (ctx) => {
      await ctx.session.regenerate();
      ctx.session.n = 1;
      await ctx.session.save();
      await ctx.session.regenerate();
      ctx.session.n = 2;
    });
    expect((await visitor.visit(fields)).said).toEqual({ user: "ada", n: 2 });
    expect(app.errors).toEqual([]);
  });

  it("is saved when the handler says so, where autoCommit is off", async () => {
    const app = await start({ autoCommit: false });
    const visitor = app.visitor();
    await visitor.visit(signIn);
    expect(visitor.cookies.size).toBe(0);
    await visitor.visit(async (ctx) => {
      ctx.session.n = 1;
      await ctx.session.manuallyCommit();
      ctx.session.n = 2;
    });
    expect((await visitor.visit(fields)).said).toEqual({ n: 1 });
    await visitor.visit(async (ctx) => {
      const { session } = ctx;
      ctx.session = null;
      await session.manuallyCommit();
    });
    expect((await visitor.visit(fields)).said).toEqual({});
    expect(app.errors).toEqual([]);
  });

  it("is saved though its handler throws", async () => {
    const app = await start();
    const visitor = app.visitor();
    await visitor.visit(count);
    const thrown = await visitor.visit((ctx) => {
      count(ctx);
      throw new Error("the handler's own");
    });
    expect(thrown.status).toBe(500);
    expect(app.errors).toEqual([expect.objectContaining({ message: "the handler's own" })]);
    expect((await visitor.visit(look)).said).toBe(2);
  });

  it("has the id that genid gives it", async () => {
    const app = await start({ genid: (ctx) => `${ctx.get("x-user")}'s` });
    const visitor = app.visitor();
    visitor.headers["x-user"] = "ada";
    expect((await visitor.visit(signIn)).id).toBe("ada's");
    visitor.headers["x-user"] = "grace";
    expect(await visitor.visit(fields)).toMatchObject({ id: "ada's", said: { user: "ada" } });
    await visitor.visit((ctx) => ctx.session.regenerate());
    expect(await visitor.visit(fields)).toMatchObject({ id: "grace's", said: { user: "ada" } });
  });

  it("whose id genid gives again takes the place of the one that was there", async () => {
    const app = await start({ genid: () => "the only one" });
    await app.visitor().visit(signIn);
    const other = app.visitor();
    expect((await other.visit(count)).said).toBe(1);
    expect((await other.visit(fields)).said).toEqual({ n: 1 });
    await other.visit((ctx) => ctx.session.regenerate());
    expect(await other.visit(fields)).toMatchObject({ id: "the only one", said: { n: 1 } });
    expect(app.errors).toEqual([]);
  });

  it("has an id that begins with the prefix", async () => {
    const visitor = (await start({ prefix: "sess:" })).visitor();
    const { id } = await visitor.visit(signIn);
    expect(id).toMatch(/^sess:/);
    expect(await visitor.visit(fields)).toMatchObject({ id, said: { user: "ada" } });
  });

  it("has a cookie of another name, as the option key says", async () => {
    const visitor = (await start({ key: "shop" })).visitor();
    await visitor.visit(signIn);
    expect([...visitor.cookies.keys()]).toEqual(["shop", "shop.sig"]);
    expect((await visitor.visit(fields)).said).toEqual({ user: "ada" });
  });

  it("is found by a key of the application's own, without a cookie", async () => {
    const given: string[] = [];
    const app = await start({
      externalKey: { get: (ctx) => ctx.get("x-key"), set: (_ctx, key) => void given.push(key) },
    });
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    expect(given).toEqual([id]);
    expect(visitor.cookies.size).toBe(0);
    expect((await visitor.visit(fields)).said).toEqual({});
    visitor.headers["x-key"] = id;
    expect(await visitor.visit(fields)).toMatchObject({ id, said: { user: "ada" } });
    await visitor.visit(signOut);
    expect((await visitor.visit(fields)).said).toEqual({});
  });

  it("may be reached through a class that is made for each request", async () => {
    const store = makeStore();
    const paths: string[] = [];
    class ContextStore {
      constructor({ path }: { path: string }) {
        paths.push(path);
      }

      get(...call: Parameters<Store["get"]>) {
        return store.get(...call);
      }

      set(...call: Parameters<Store["set"]>) {
        return store.set(...call);
      }

      destroy(...call: Parameters<Store["destroy"]>) {
        return store.destroy(...call);
      }
    }
    const app = await startApp({ ContextStore });
    const visitor = app.visitor();
    for (const n of [1, 2, 3]) expect((await visitor.visit(count)).said).toBe(n);
    const stolen = app.visitor(visitor.cookies);
    await visitor.visit(signOut);
    expect((await stolen.visit(fields)).said).toEqual({});
    expect(paths).toHaveLength(5);
  });

  it("that valid refuses is left alone, and the application told", async () => {
    const app = await start({ valid: (ctx, data) => ctx.get("x-user") === data.user });
    const visitor = app.visitor();
    visitor.headers["x-user"] = "ada";
    const { id } = await visitor.visit(signIn);
    const stolen = app.visitor(visitor.cookies);
    stolen.headers["x-user"] = "grace";
    await stolen.visit((ctx) => {
      ctx.session.user = "grace";
    });
    expect(app.events).toEqual([{ name: "invalid", key: id }]);
    expect(await stolen.visit(fields)).toMatchObject({ said: { user: "grace" } });
    expect(await visitor.visit(fields)).toMatchObject({ id, said: { user: "ada" } });
  });

  it("lasts for a day where valid has refused one that lasted until the browser was closed", async () => {
    const app = await start({ valid: (_ctx, data) => data.user !== "banned" });
    const visitor = app.visitor();
    await visitor.visit((ctx) => {
      ctx.session.user = "banned";
      ctx.session.maxAge = "session";
    });
    await visitor.visit(signIn);
    expect((await visitor.visit((ctx) => [ctx.session.user, ctx.session.maxAge])).said).toEqual(["ada", DAY]);
  });

  it("is saved as beforeSave leaves it", async () => {
    const app = await start({
      beforeSave: (_ctx, session) => Object.assign(session, { savedAt: time.now() }),
    });
    const visitor = app.visitor();
    await visitor.visit(signIn);
    expect((await visitor.visit(fields)).said).toEqual({ user: "ada", savedAt: time.now() });
  });

  it("whose cookie is past its end is told to be expired, and another is begun", async () => {
    const app = await start({ maxAge: HOUR });
    const visitor = app.visitor();
    const { id } = await visitor.visit(count);
    time.pass(HOUR);
    expect((await visitor.visit(look)).said).toBe(1);
    time.pass(1);
    const late = await visitor.visit(count);
    expect(late.said).toBe(1);
    expect(late.id).not.toBe(id);
    expect(app.events).toEqual([{ name: "expired", key: id }]);
  });

  it("is not found by a cookie that was tampered with", async () => {
    const app = await start();
    const visitor = app.visitor();
    await visitor.visit(signIn);
    visitor.cookies.set("koa.sess", newId());
    expect((await visitor.visit(fields)).said).toEqual({});
    expect(app.events).toEqual([]);
  });

  it.each(["constructor", "toString", "hasOwnProperty", "then", "cookie", "expires"])(
    "holds a field called %s",
    async (name) => {
      const visitor = (await start()).visitor();
      await visitor.visit((ctx) => {
        ctx.session[name] = "the application's";
      });
      await visitor.visit(count);
      expect((await visitor.visit(fields)).said).toEqual({ [name]: "the application's", n: 1 });
    },
  );

  it("holds what JSON holds of the data", async () => {
    const visitor = (await start()).visitor();
    const when = new Date("2026-01-02T03:04:05.678Z");
    await visitor.visit((ctx) => {
      Object.assign(ctx.session, { when, nothing: undefined, empty: "", none: null, list: [1, [], {}] });
    });
    const seen = await visitor.visit(fields);
    expect(seen.said).toEqual({ when: when.toISOString(), empty: "", none: null, list: [1, [], {}] });
  });

  it("begun before koa-session's turn is the request's own", async () => {
    const app = await startApp({ store: makeStore() }, async (ctx, next) => {
      Object.assign(ctx.session, { early: true });
      await next();
    });
    const visitor = app.visitor();
    expect((await visitor.visit(count)).said).toBe(1);
    expect((await visitor.visit(fields)).said).toEqual({ n: 1 });
    expect(app.errors).toEqual([]);
  });
});
