// What users of other session stores reported when their requests overlapped, one test for each report: named by what
// they saw, at the framework where they saw it or the nearest to it. It must not be seen here.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "./support/engines.js";
import {
  done,
  type StoreBench as ExpressBench,
  type AppRequest as ExpressRequest,
  makeStoreBench as makeExpressBench,
  startApp as startExpress,
} from "./support/express-apps.js";
import { startFastify } from "./support/fastify-apps.js";
import { type HonoBench, makeHonoBench } from "./support/hono-apps.js";
import {
  type StoreBench as KoaBench,
  makeStoreBench as makeKoaBench,
  startApp as startKoa,
} from "./support/koa-apps.js";
import { makeSignal, stopTheClock } from "./support/time.js";

let benches: { express: ExpressBench; koa: KoaBench; hono: HonoBench; engine: Bench };
beforeAll(async () => {
  const [express, koa, hono, engine] = await Promise.all([
    makeExpressBench(),
    makeKoaBench(),
    makeHonoBench(),
    makeBench(),
  ]);
  benches = { express, koa, hono, engine };
});
afterAll(() => benches.hono.close());
const time = stopTheClock();

const WEEK = 7 * 24 * 3_600_000;

/** Lets nobody pass before so many are here. */
function barrier(count: number): () => Promise<void> {
  const everybody = makeSignal();
  let here = 0;
  return () => {
    here += 1;
    if (here === count) everybody.give();
    return everybody.given;
  };
}

describe("an Express application", () => {
  /** An application as its users configure it, a visitor who has signed in, and others of the same browser. */
  async function signedIn(fields: object, options: Parameters<typeof startExpress>[0] = {}) {
    const { store } = benches.express.store();
    const app = await startExpress({ store, resave: true, cookie: { maxAge: WEEK }, ...options });
    const visitor = app.visitor();
    const { id } = await visitor.visit((req) => void Object.assign(req.session, fields));
    const again = () => app.visitor(visitor.cookie);
    /** Requests that have all loaded their session before the first does its work. */
    const together = (...works: ((req: ExpressRequest) => void)[]) => {
      const pass = barrier(works.length);
      return Promise.all(
        works.map((work) =>
          again().visit(async (req) => {
            await pass();
            work(req);
          }),
        ),
      );
    };
    return { app, visitor, again, together, id, data: () => benches.express.data(id) };
  }

  // expressjs/session#632, tj/connect-redis#328
  it("is not signed in again by the request for data that was running when its user signed out", async () => {
    const { again, id, app } = await signedIn({ user: "ada" });
    const queried = makeSignal();
    const signedOut = makeSignal();
    const running = again().visit(async () => {
      queried.give();
      await signedOut.given;
    });
    await queried.given;
    await again().visit((req) => done((callback) => req.session.destroy(callback)));
    signedOut.give();
    expect((await running).status).toBe(200);
    expect(await benches.express.row(id)).toBeUndefined();
    expect((await again().visit((req) => req.session.user)).said).toBeUndefined();
    expect(app.errors).toEqual([]);
  });

  // tj/connect-redis#333: what made them merge.
  it("does not lose what one request in flight changed to the one that completes last", async () => {
    const { together, data } = await signedIn({ user: "ada" });
    await together(
      (req) => void Object.assign(req.session, { one: 1 }),
      (req) => void Object.assign(req.session, { other: 2 }),
    );
    expect(await data()).toMatchObject({ user: "ada", one: 1, other: 2 });
  });

  // tj/connect-redis#346, #347: their merging was taken back for this.
  it("still has its data after the page sent many quick calls, and not its cookie alone", async () => {
    const { together, again, data } = await signedIn({ user: "ada", account: { plan: "large" } });
    const calls = Array.from({ length: 12 }, (_, n) => n);
    await together(
      ...calls.map((n) => (req: ExpressRequest) => void Object.assign(req.session, { [`call ${n}`]: n })),
    );
    const { cookie, ...fields } = await data();
    expect(fields).toEqual({
      ...{ user: "ada", account: { plan: "large" } },
      ...Object.fromEntries(calls.map((n) => [`call ${n}`, n])),
    });
    for (const _ of calls) expect((await again().visit((req) => req.session.user)).said).toBe("ada");
  });

  // tj/connect-redis#348: the merged `cookie.expires` was `{}`, in the past by comparison.
  it("has no date that merging made an empty object of, and is not over for it", async () => {
    const { together, again, data } = await signedIn({ since: new Date(time.now()) });
    time.pass(60_000);
    await together(
      (req) => void Object.assign(req.session, { seen: new Date(time.now()) }),
      (req) => void Object.assign(req.session, { bought: { at: new Date(time.now() + 1) } }),
    );
    const iso = (ms: number) => new Date(ms).toISOString();
    expect(await data()).toMatchObject({
      ...{ since: iso(time.now() - 60_000), seen: iso(time.now()), bought: { at: iso(time.now() + 1) } },
      cookie: { originalMaxAge: WEEK, expires: expect.stringMatching(/^20\d\d-.*Z$/) },
    });
    const visit = await again().visit((req) => [req.session.seen, req.session.cookie.expires]);
    expect(visit.said).toEqual([iso(time.now()), new Date(time.now() + WEEK)]);
  });

  // tj/connect-redis#354, after #348: arrays were joined with themselves, until sessions had hundreds of megabytes.
  it("does not grow by arrays that nobody appended to, nor by more than was appended", async () => {
    const roles = ["admin", "editor", { scopes: ["read", "write"] }];
    const { together, data } = await signedIn({ roles, views: [] });
    for (let round = 0; round < 3; round++) {
      await together(
        ...[0, 1, 2].map((n) => (req: ExpressRequest) => {
          Object.assign(req.session, { [`field ${n}`]: round });
          if (n > 0 && Array.isArray(req.session.views)) req.session.views.push(`${round}.${n}`);
        }),
      );
    }
    const { roles: kept, views } = await data();
    expect(kept).toEqual(roles);
    expect([...views].sort()).toEqual(["0.1", "0.2", "1.1", "1.2", "2.1", "2.2"]);
  });

  // tj/connect-redis#333 merged what was stored into what was to be saved, so that no field could be removed;
  // redis-store/redis-rack#51 has the same.
  it("does not get a field back that it deleted, as passport does to sign out, by merging", async () => {
    const { together, again, data } = await signedIn({ passport: { user: 1 }, cart: { tea: 1, milk: 1 } });
    await together(
      (req) => {
        delete req.session.passport;
        if (req.session.cart instanceof Object) Reflect.deleteProperty(req.session.cart, "milk");
      },
      (req) => void Object.assign(req.session, { seen: true }),
      (req) => void Object.assign(Object(req.session.cart), { jam: 1 }),
    );
    await again().visit((req) => void Object.assign(req.session, { last: true }));
    const { cookie, ...fields } = await data();
    expect(fields).toEqual({ cart: { tea: 1, jam: 1 }, seen: true, last: true });
  });
});

describe("a Fastify application", () => {
  // SerayaEryn/fastify-session#237
  it("does not lose data to overlapping requests, each of which has a copy of its session", async () => {
    const { store } = benches.express.store();
    const app = await startFastify({ store });
    const visitor = app.visitor();
    const { id } = await visitor.visit(({ session }) => void Object.assign(session, { n: 0 }));
    const pass = barrier(4);
    await Promise.all(
      ["a", "b", "c", "d"].map((name) =>
        app.visitor(visitor.cookie).visit(async ({ session }) => {
          await pass();
          session.field = { ...session.field, [name]: true };
        }),
      ),
    );
    expect((await benches.express.data(String(id))).field).toEqual({ a: true, b: true, c: true, d: true });
    expect(app.errors).toEqual([]);
  });
});

describe("a Koa application", () => {
  // aspnet/Session#60
  it("has both keys that two simultaneous requests set, whichever commits last", async () => {
    const { store } = benches.koa.store();
    const app = await startKoa({ store });
    const visitor = app.visitor();
    const { id } = await visitor.visit(({ session }) => void Object.assign(session, { key0: "there" }));
    const pass = barrier(2);
    await Promise.all(
      ["key1", "key2"].map((key) =>
        app.visitor(visitor.cookies).visit(async ({ session }) => {
          await pass();
          session[key] = "set";
        }),
      ),
    );
    expect(await benches.koa.data(id)).toMatchObject({ key0: "there", key1: "set", key2: "set" });
  });
});

describe("a Hono application", () => {
  // auth0/nextjs-auth0#2335
  it("does not sign its user in again by a rolling session's requests that were loading at the logout", async () => {
    const {
      visitor: newVisitor,
      clock,
      errors,
    } = benches.hono.app({ cookie: { rolling: true, maxAge: WEEK } });
    const browser = newVisitor();
    await browser.visit((c) => c.var.session.set("user", "ada"));
    const { cookies } = browser;
    const id = browser.id();
    const signedOut = makeSignal();
    const pass = barrier(3);
    // Their responses arrive after the logout's.
    const components = ["reads", "writes"].map((what) =>
      newVisitor(cookies).visit(async ({ var: { session } }) => {
        await session.get("user");
        if (what === "writes") session.set("seen", true);
        await pass();
        await signedOut.given;
      }),
    );
    await pass();
    clock.pass(60_000);
    const stolen = newVisitor(cookies);
    await browser.visit((c) => c.var.session.destroy());
    signedOut.give();
    for (const { status, setCookies } of await Promise.all(components)) {
      expect({ status, setCookies }).toEqual({ status: 200, setCookies: [] });
    }
    expect(await benches.hono.row(id)).toBeUndefined();
    expect((await stolen.visit((c) => c.var.session.get("user"))).said).toBeUndefined();
    expect(errors).toEqual([]);
  });
});

describe("any application", () => {
  // django/django#5950 (ticket 21608): a save that makes the row where there is none.
  it("does not resurrect a session that another context deleted, by however many saves", async () => {
    const { engine, events } = benches.engine.engine();
    const id = newId();
    const made = engine.create(id);
    await engine.save(made, { user: "ada" });
    const loaded = await engine.load(id);
    if (loaded === undefined) throw new Error("not there");
    await engine.destroy(id);
    for (const session of [loaded, made, loaded]) {
      expect(await engine.save(session, { user: "ada", modified: true })).toEqual({ outcome: "gone" });
    }
    expect(await engine.update(id, (data) => ({ ...data, modified: true }))).toEqual({ outcome: "gone" });
    expect(await benches.engine.row(id)).toBeUndefined();
    expect(events.filter(({ type }) => type === "gone")).toHaveLength(4);
  });
});
