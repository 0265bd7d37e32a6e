// Requests that their user did not make, such as a page's polling: the option `renew` tells them, and they keep no session
// alive.
import type { Context } from "koa";
import { beforeAll, describe, expect, it } from "vitest";
import type { KoaContext } from "../../src/koa/index.js";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  makeContext,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  signIn,
  startApp,
  whoAmI,
} from "../support/koa-apps.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const renew = (ctx: Context) => ctx.get("x-poll") === "";

describe.each<{ options: AppOptions; storeOptions: StoreOptions; life: number }>([
  { options: {}, storeOptions: { ttl: HOUR }, life: HOUR },
  { options: { maxAge: "session" }, storeOptions: {}, life: DAY },
  { options: { maxAge: "session" }, storeOptions: { ttl: HOUR }, life: HOUR },
  { options: { maxAge: HOUR, rolling: true }, storeOptions: {}, life: HOUR + 10_000 },
  { options: { maxAge: HOUR, rolling: true }, storeOptions: { ttl: DAY }, life: DAY },
])("a passive request, with $options and a store with $storeOptions,", ({ options, storeOptions, life }) => {
  async function startWithVisitor() {
    const { store, writes } = bench.store({ touchInterval: 0, ...storeOptions, renew });
    const app = await startApp({ store, ...options });
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const poll = app.visitor(visitor.cookies);
    poll.headers["x-poll"] = "1";
    const end = async () => Number((await bench.row(id))?.until?.N);
    writes();
    return { app, store, visitor, poll, id, end, writes };
  }

  it("that only reads, or saves what it read, writes nothing", async () => {
    const { poll, writes, end, app } = await startWithVisitor();
    const before = await end();
    time.pass(HOUR / 2);
    expect((await poll.visit(whoAmI)).said).toBe("ada");
    await poll.visit((ctx) => ctx.session.save());
    expect(writes()).toEqual([]);
    expect(await end()).toBe(before);
    expect(app.errors).toEqual([]);
  });

  it("that changes the session leaves its end where it was", async () => {
    const { poll, id, end } = await startWithVisitor();
    const before = await end();
    time.pass(HOUR / 2);
    await poll.visit((ctx) => Object.assign(ctx.session, { polled: true }));
    expect(await bench.data(id)).toMatchObject({ user: "ada", polled: true });
    expect(await end()).toBe(before);
  });

  it("is told from one that its user made, which renews the session", async () => {
    const { visitor, poll, end, writes } = await startWithVisitor();
    time.pass(HOUR / 2);
    await poll.visit(whoAmI);
    await visitor.visit(whoAmI);
    expect(writes()).toEqual(["UpdateItem"]);
    expect(await end()).toBe(time.now() + life);
  });

  it("finds the session over in the end", async () => {
    const { poll, end } = await startWithVisitor();
    time.pass((await end()) - 10_001 - time.now());
    expect((await poll.visit(whoAmI)).said).toBe("ada");
    time.pass(10_001);
    expect((await poll.visit(whoAmI)).said).toBeUndefined();
  });

  it("that begins a session gives it a whole life", async () => {
    const { app } = await startWithVisitor();
    const poll = app.visitor();
    poll.headers["x-poll"] = "1";
    const { id } = await poll.visit(signIn);
    expect(Number((await bench.row(id))?.until?.N)).toBe(time.now() + life);
  });
});

describe("the option renew", () => {
  it("is given koa's context", async () => {
    const seen: unknown[] = [];
    const see = (ctx: Context) => {
      seen.push([ctx.path, ctx.request.method, ctx.query.poll, ctx.session]);
      return true;
    };
    const { store } = bench.store({ ttl: HOUR, renew: see });
    await startApp({ store }).then((app) => app.visitor().visit(signIn));
    expect(seen).toEqual([["/1", "GET", undefined, expect.objectContaining({ user: "ada" })]]);
  });

  it("that throws is an error of the request", async () => {
    const failing = () => {
      throw new Error("renew's own");
    };
    const { store, writes } = bench.store({ ttl: HOUR, renew: failing });
    const app = await startApp({ store });
    expect((await app.visitor().visit(signIn)).status).toBe(500);
    expect(app.errors).toEqual([expect.objectContaining({ message: "renew's own" })]);
    expect(writes()).toEqual([]);
  });

  it("is not asked of a call without a context, which renews", async () => {
    const asked: KoaContext[] = [];
    const never = (ctx: KoaContext) => {
      asked.push(ctx);
      return false;
    };
    const { store } = bench.store({ ttl: HOUR, renew: never });
    const id = newId();
    await store.set(id, { n: 1 });
    time.pass(HOUR / 2);
    await store.get(id, undefined, { ctx: makeContext() });
    expect((await bench.row(id))?.until).toEqual({ N: String(time.now() + HOUR / 2) });
    expect(asked).toHaveLength(1);
    await store.get(id);
    expect((await bench.row(id))?.until).toEqual({ N: String(time.now() + HOUR) });
    expect(asked).toHaveLength(1);
  });
});
