// Types for applications: koa-session's options take the store without a cast, the option `renew` may ask for Koa's own
// context, and what cannot be meant is refused. The compiler is the judge (`npm test -- types`).
import Koa, { type Context } from "koa";
import session, { type CreateSessionOptions } from "koa-session";
import { expectTypeOf, it } from "vitest";
import type { SessionData } from "../../src/core/index.js";
import {
  CyclicSessionStore,
  type CyclicSessionStoreOptions,
  type KoaCall,
  type KoaContext,
} from "../../src/koa/index.js";

const table = { name: "sessions" };

it("koa-session takes the store, in either order of its arguments", async () => {
  const store = new CyclicSessionStore({ table, clientConfig: { region: "us-east-1" } });
  const app = new Koa();
  app.use(session({ store }, app));
  app.use(session(app, { store, maxAge: "session", rolling: true }));
  expectTypeOf(store).toExtend<NonNullable<CreateSessionOptions["store"]>>();
  expectTypeOf<Omit<CyclicSessionStore, "destroy">>().not.toExtend<CreateSessionOptions["store"]>();
  await store.close();
});

it("a store may be wrapped with koa-session's own arguments", () => {
  type Call = Parameters<NonNullable<CreateSessionOptions["store"]>["set"]>[3];
  expectTypeOf<Call>().toExtend<KoaCall>();
  const use = async (store: CyclicSessionStore, ctx: Context) => {
    expectTypeOf(await store.get("id", 1000, { ctx, rolling: false })).toEqualTypeOf<
      SessionData | undefined
    >();
    expectTypeOf(await store.get("id")).toEqualTypeOf<SessionData | undefined>();
    await store.set("id", { n: 1 }, "session", { ctx, rolling: false, changed: true });
    await store.set("id", { n: 1 });
    await store.destroy("id", { ctx });
    // @ts-expect-error a session is an object
    await store.set("id", "text");
    // @ts-expect-error milliseconds, or "session"
    await store.set("id", {}, "1 day");
    // @ts-expect-error a context has a path and more
    await store.get("id", 1000, { ctx: {} });
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("an update says what was written", () => {
  const use = async (store: CyclicSessionStore, ctx: Context) => {
    const key: string = ctx.sessionKey;
    const result = await store.update(key, (data) => {
      expectTypeOf(data).toEqualTypeOf<SessionData>();
      return { ...data, n: Number(data.n ?? 0) + 1 };
    });
    expectTypeOf(result.outcome).toEqualTypeOf<"saved" | "gone">();
    // @ts-expect-error what is gone has no data
    result.data;
    if (result.outcome === "saved") expectTypeOf(result.data).toEqualTypeOf<SessionData>();
    await store.update(key, async (data) => data);
    await store.update(key, (data) => {
      data.n = 1;
    });
    // @ts-expect-error there is nothing to do
    await store.update(key);
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("renew may ask for Koa's context, or for what the store itself looks at", () => {
  expectTypeOf<Context>().toExtend<KoaContext>();
  const byContext: CyclicSessionStoreOptions = {
    table,
    renew: (ctx: Context) => ctx.request.query.poll === undefined && ctx.cookies.get("poll") === undefined,
  };
  const byPath: CyclicSessionStoreOptions = { table, renew: (ctx) => ctx.path !== "/poll" };
  expectTypeOf([byContext, byPath]).toEqualTypeOf<CyclicSessionStoreOptions[]>();
  // @ts-expect-error the answer is yes or no, and now
  const later: CyclicSessionStoreOptions = { table, renew: async () => false };
  // @ts-expect-error a function of the context
  const never: CyclicSessionStoreOptions = { table, renew: false };
  // @ts-expect-error nothing else is given
  const ofTwo: CyclicSessionStoreOptions = { table, renew: (_ctx: KoaContext, _data: object) => true };
  expectTypeOf([later, never, ofTwo]).toEqualTypeOf<CyclicSessionStoreOptions[]>();
});

it("options that are none are refused", () => {
  expectTypeOf<{ table: { name: string }; ttl: number }>().toExtend<CyclicSessionStoreOptions>();
  expectTypeOf<{ table: { name: string }; ttl: string }>().not.toExtend<CyclicSessionStoreOptions>();
  expectTypeOf<{ ttl: number }>().not.toExtend<CyclicSessionStoreOptions>();
  // @ts-expect-error koa-session's own option
  const misplaced: CyclicSessionStoreOptions = { table, maxAge: 1000 };
  expectTypeOf(misplaced).toEqualTypeOf<CyclicSessionStoreOptions>();
});
