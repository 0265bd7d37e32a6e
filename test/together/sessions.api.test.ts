// One session that Express, Koa and Hono serve together: each sees the application's data alone, keeps what is the others',
// and holds what they said of how long it lives.
import type { SessionData } from "express-session";
import { beforeAll, describe, expect, it } from "vitest";
import { expressCookie } from "../../src/cookies/express.js";
import { createSessionEngine } from "../../src/core/index.js";
import type { AppRequest } from "../support/express-apps.js";
import { done, makeStoreBench, type StoreBench } from "../support/express-apps.js";
import type { AppContext } from "../support/koa-apps.js";
import { makeSignal, stopTheClock } from "../support/time.js";
import { all, type Browser, koaOwn, SECRET, set, startTrio } from "./trio.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GRACE = 10_000;
const FRAMEWORKS = ["express", "koa", "hono"] as const;
type Framework = (typeof FRAMEWORKS)[number];
const PAIRS = FRAMEWORKS.flatMap((one) =>
  FRAMEWORKS.filter((other) => other !== one).map((other) => [one, other]),
);

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const write = (browser: Browser, at: Framework, fields: object) =>
  at === "express"
    ? browser.express(set.express(fields))
    : at === "koa"
      ? browser.koa(set.koa(fields))
      : browser.hono(set.hono(fields));

const read = async (browser: Browser, at: Framework): Promise<unknown> =>
  (at === "express"
    ? await browser.express(all.express)
    : at === "koa"
      ? await browser.koa(all.koa)
      : await browser.hono(all.hono)
  ).said;

const leave = (browser: Browser, at: Framework) =>
  at === "express"
    ? browser.express((req) => done((callback) => req.session.destroy(callback)))
    : at === "koa"
      ? browser.koa((ctx) => {
          ctx.session = null;
        })
      : browser.hono((c) => c.var.session.destroy());

const renewed = (browser: Browser, at: Framework) =>
  at === "express"
    ? browser.express(async (req) => {
        const { cookie: _, ...data } = req.session;
        await done((callback) => req.session.regenerate(callback));
        Object.assign(req.session, data);
      })
    : at === "koa"
      ? browser.koa((ctx) => ctx.session.regenerate())
      : browser.hono((c) => c.var.session.regenerate());

/** The session's id, as the browser's cookie says it. */
function idOf({ cookies }: Browser): string {
  const value = decodeURIComponent(cookies.get("connect.sid") ?? "");
  return /^s:(.*)\.[^.]*$/.exec(value)?.[1] ?? cookies.get("koa.sess") ?? "";
}

const untilOf = async (browser: Browser) => Number((await bench.row(idOf(browser)))?.until?.N);

describe.each(PAIRS)("a session that began at %s, at %s", (began, other) => {
  it("holds the application's data, and nothing else", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    const data = { user: "ada", cart: { tea: 1 }, path: ["a", null, ""], cookies: "biscuits" };
    await write(visitor, began, data);
    expect(await read(visitor, other)).toEqual(data);
    await write(visitor, other, { seen: true });
    expect(await read(visitor, began)).toEqual({ ...data, seen: true });
    expect(Object.values(errors).flat()).toEqual([]);
  });

  it("keeps what its first framework keeps in it", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, began, { n: 1 });
    const { n: _, ...kept } = await bench.data(idOf(visitor));
    await write(visitor, other, { n: 2, m: 3 });
    await write(visitor, other, { n: 4 });
    expect(await bench.data(idOf(visitor))).toEqual({ ...kept, n: 4, m: 3 });
  });

  it("is ended there for good, also for a slow request", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, began, { user: "ada" });
    const id = idOf(visitor);
    const slow = visitor.another();
    const stolen = visitor.another();
    const [reached, opened] = [makeSignal(), makeSignal()];
    const wait = async () => {
      reached.give();
      await opened.given;
    };
    const slowly = { express: slowExpress, koa: slowKoa, hono: slowHono };
    const saving = slowly[began as "koa"](slow, wait);
    await reached.given;
    await leave(visitor, other as Framework);
    opened.give();
    expect((await saving).status).toBe(200);
    expect(await bench.row(id)).toBeUndefined();
    for (const at of FRAMEWORKS) expect(await read(stolen.another(), at)).toEqual({});
    expect(Object.values(errors).flat()).toEqual([]);
  });

  it("has a new id after a sign-in there, and the old one opens nothing anywhere", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, began, { n: 1 });
    const planted = visitor.another();
    await renewed(visitor, other as Framework);
    expect(idOf(visitor)).not.toBe(idOf(planted));
    expect(await read(visitor, began)).toEqual({ n: 1 });
    for (const at of FRAMEWORKS) expect(await read(planted.another(), at)).toEqual({});
  });

  it("is written once in touchInterval, whoever reads it", async () => {
    const { browser } = await startTrio(bench, { store: { ttl: HOUR } });
    const visitor = browser();
    await write(visitor, began, { n: 1 });
    const updated = async () => (await bench.row(idOf(visitor)))?.updated?.N;
    const before = await updated();
    time.pass(29_999);
    for (const at of FRAMEWORKS) await read(visitor, at);
    expect(await updated()).toBe(before);
    time.pass(1);
    await read(visitor, other);
    expect(await updated()).toBe(String(time.now()));
    time.pass(29_999);
    for (const at of FRAMEWORKS) await read(visitor, at);
    expect(await untilOf(visitor)).toBe(time.now() - 29_999 + HOUR);
  });
});

function slowExpress(browser: Browser, wait: () => Promise<void>) {
  return browser.express(async (req) => {
    await wait();
    Object.assign(req.session, { late: true });
  });
}

function slowKoa(browser: Browser, wait: () => Promise<void>) {
  return browser.koa(async (ctx) => {
    await wait();
    ctx.session.late = true;
  });
}

function slowHono(browser: Browser, wait: () => Promise<void>) {
  return browser.hono(async (c) => {
    await c.var.session.get();
    await wait();
    c.var.session.set("late", true);
  });
}

describe("six parallel requests over all three", () => {
  it("lose nothing of each other", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "express", { cart: {} });
    const everyone = [...FRAMEWORKS, ...FRAMEWORKS];
    const [reached, opened] = [makeSignal(), makeSignal()];
    let waiting = 0;
    const together = async () => {
      waiting += 1;
      if (waiting === everyone.length) reached.give();
      await opened.given;
    };
    const put = (cart: unknown, n: number) => ({ ...Object(cart), [`product ${n}`]: 1 });
    const sent = everyone.map((at, n) => {
      const window = visitor.another();
      switch (at) {
        case "express":
          return window.express(async (req) => {
            await together();
            req.session.cart = put(req.session.cart, n);
          });
        case "koa":
          return window.koa(async (ctx) => {
            await together();
            ctx.session.cart = put(ctx.session.cart, n);
          });
        default:
          return window.hono(async ({ var: { session } }) => {
            const cart = await session.get("cart");
            await together();
            session.set("cart", put(cart, n));
          });
      }
    });
    await reached.given;
    opened.give();
    await Promise.all(sent);
    const cart = Object.fromEntries(everyone.map((_, n) => [`product ${n}`, 1]));
    for (const at of FRAMEWORKS) expect(await read(visitor, at)).toEqual({ cart });
  });

  it("count by update, at each its own", async () => {
    const { browser, expressStore, koaStore } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "hono", { n: 0 });
    await visitor.hono((c) => c.var.session.flash("told", "once"));
    const id = idOf(visitor);
    const seen: object[] = [];
    const count = (data: Record<string, unknown>) => {
      seen.push({ ...data });
      return { ...data, n: Number(data.n) + 1 };
    };
    await Promise.all([
      expressStore.store.update(id, (data) => count({ ...data })),
      koaStore.update(id, count),
      visitor.another().hono((c) => c.var.session.update(count)),
    ]);
    expect(seen.length).toBeGreaterThanOrEqual(3);
    for (const data of seen) expect(Object.keys(data)).toEqual(["n"]);
    for (const at of FRAMEWORKS) expect(await read(visitor, at)).toEqual({ n: 3 });
    expect((await visitor.hono((c) => c.var.session.flash("told"))).said).toBe("once");
  });
});

describe("how long a session lives", () => {
  const maxAgeIn = ({ setCookies }: { setCookies: readonly string[] }) =>
    Number(/max-age=(\d+)/i.exec(setCookies.join())?.[1]);
  const expiresIn = ({ setCookies }: { setCookies: readonly string[] }) =>
    Date.parse(/expires=([^;]*)/i.exec(setCookies.join())?.[1] ?? "");

  it("is what Express set for it, at Koa and at Hono too, and so is its cookie", async () => {
    const { browser } = await startTrio(bench, {
      express: { cookie: { maxAge: HOUR } },
      koa: { maxAge: 2 * HOUR },
    });
    const visitor = browser();
    await visitor.express((req) => {
      Object.assign(req.session, { n: 1 });
      req.session.cookie.maxAge = 5 * HOUR;
    });
    time.pass(HOUR);
    const atKoa = await write(visitor, "koa", { n: 2 });
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
    expect(maxAgeIn(atKoa)).toBe(5 * 3600);
    time.pass(HOUR);
    const atHono = await write(visitor, "hono", { n: 3 });
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
    expect(maxAgeIn(atHono)).toBe(5 * 3600);
    expect((await visitor.koa((ctx) => ctx.session.maxAge)).said).toBe(5 * HOUR);
    // Read alone, it is renewed by each as by Express.
    for (const at of ["koa", "hono"] as const) {
      time.pass(HOUR);
      await read(visitor, at);
      expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
    }
    const { said } = await visitor.express((req) => req.session.cookie.originalMaxAge);
    expect(said).toBe(5 * HOUR);
  });

  it("is what Koa set for one that Express began, at Express and at Hono too", async () => {
    const { browser } = await startTrio(bench, {
      express: { cookie: { maxAge: HOUR, path: "/", sameSite: "lax" } },
    });
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    await visitor.koa(async (ctx) => {
      ctx.session.maxAge = 5 * HOUR;
      await ctx.session.save();
      ctx.session.m = 1;
    });
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
    expect((await bench.data(idOf(visitor))).cookie).toMatchObject({
      originalMaxAge: 5 * HOUR,
      sameSite: "lax",
    });
    time.pass(HOUR);
    const atExpress = await write(visitor, "express", { n: 2 });
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
    expect(expiresIn(atExpress)).toBeGreaterThan(time.now() + 5 * HOUR - 1000);
    time.pass(HOUR);
    expect(maxAgeIn(await write(visitor, "hono", { n: 3 }))).toBe(5 * 3600);
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
    expect(await read(visitor, "koa")).toEqual({ n: 3, m: 1 });
  });

  it("is what Koa set for its own, ten seconds longer than the cookie, whoever renews it", async () => {
    const { browser } = await startTrio(bench, {
      express: { cookie: { maxAge: HOUR } },
      koa: { maxAge: 3 * HOUR },
      store: { touchInterval: 0 },
    });
    const visitor = browser();
    await write(visitor, "koa", { n: 1 });
    for (const at of ["express", "hono", "express", "koa"] as const) {
      time.pass(HOUR);
      await write(visitor, at, { at });
      expect(await untilOf(visitor)).toBe(time.now() + 3 * HOUR + GRACE);
      time.pass(MINUTE);
      if (at !== "koa") {
        await read(visitor, at);
        expect(await untilOf(visitor)).toBe(time.now() + 3 * HOUR + GRACE);
      }
    }
    const { said } = await visitor.express((req) => req.session.cookie.originalMaxAge);
    expect(said).toBe(3 * HOUR);
    // It was never written: Express only showed it.
    expect(await bench.data(idOf(visitor))).not.toHaveProperty("cookie");
  });

  it("is what Express sets for one that Koa began", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 3 * HOUR } });
    const visitor = browser();
    await write(visitor, "koa", { n: 1 });
    await visitor.express((req) => {
      req.session.cookie.maxAge = 7 * HOUR;
    });
    expect(await untilOf(visitor)).toBe(time.now() + 7 * HOUR);
    time.pass(HOUR);
    expect((await visitor.koa((ctx) => ctx.session.maxAge)).said).toBe(7 * HOUR);
    expect(await untilOf(visitor)).toBe(time.now() + 7 * HOUR);
    expect(maxAgeIn(await write(visitor, "hono", { n: 2 }))).toBe(7 * 3600);
  });

  it.each([
    [undefined, undefined],
    [6 * HOUR, 6 * HOUR],
  ])("is what Hono said of one that began there: a maxAge of %s", async (maxAge, said) => {
    const cookie = expressCookie({ secret: SECRET, cookie: { secure: false, ...(maxAge && { maxAge }) } });
    const { browser } = await startTrio(bench, {
      cookie,
      express: { cookie: { maxAge: HOUR } },
      koa: { maxAge: 2 * HOUR },
    });
    const visitor = browser();
    await write(visitor, "hono", { n: 1 });
    for (const at of FRAMEWORKS) {
      time.pass(MINUTE);
      await write(visitor, at, { at });
      expect(await untilOf(visitor)).toBe(time.now() + (said ?? DAY));
    }
    expect((await visitor.koa((ctx) => ctx.session.maxAge)).said).toBe(said ?? "session");
    const atExpress = await visitor.express((req) => req.session.cookie.originalMaxAge);
    expect(atExpress.said).toBe(said ?? null);
  });

  it("is as the browser everywhere where the framework it began at said so", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 2 * HOUR } });
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    const atKoa = await write(visitor, "koa", { n: 2 });
    expect(atKoa.setCookies.join()).not.toMatch(/expires|max-age/i);
    expect(await untilOf(visitor)).toBe(time.now() + DAY);
    expect((await visitor.koa((ctx) => ctx.session.maxAge)).said).toBe("session");
  });

  it("is by the ttl of whoever wrote it last, where the stores have different ones", async () => {
    const { browser } = await startTrio(bench, {
      store: { ttl: 2 * HOUR, touchInterval: 0 },
      koaStore: { ttl: 3 * HOUR },
      honoStore: { ttl: 4 * HOUR },
    });
    const visitor = browser();
    const ttls = { express: 2 * HOUR, koa: 3 * HOUR, hono: 4 * HOUR };
    for (const at of ["hono", "koa", "express", "hono"] as const) {
      await write(visitor, at, { at });
      expect(await untilOf(visitor)).toBe(time.now() + ttls[at]);
      time.pass(1);
      await read(visitor, at);
      expect(await untilOf(visitor)).toBe(time.now() + ttls[at]);
      time.pass(1);
    }
  });

  it("is over for all at one moment", async () => {
    const { browser } = await startTrio(bench, { express: { cookie: { maxAge: HOUR } } });
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    time.pass(HOUR - 1);
    const [early, late] = [visitor.another(), visitor.another()];
    expect((await bench.row(idOf(early)))?.until?.N).toBe(String(time.now() + 1));
    time.pass(1);
    for (const at of FRAMEWORKS) expect(await read(late.another(), at)).toEqual({});
  });
});

describe("what is Hono's own", () => {
  it("is kept, unseen, by the others", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    await visitor.hono((c) => {
      c.var.session.set("n", 1);
      c.var.session.flash("told", { ok: true });
    });
    for (const at of ["express", "koa"] as const) {
      await write(visitor, at, { [at]: true });
    }
    for (const at of ["express", "koa"] as const) {
      expect(await read(visitor, at)).toEqual({ n: 1, express: true, koa: true });
    }
    expect((await visitor.hono((c) => c.var.session.flash("told"))).said).toEqual({ ok: true });
    expect(await read(visitor, "hono")).toEqual({ n: 1, express: true, koa: true });
  });
});

describe("a field whose name another framework keeps its own under", () => {
  it("is refused by Koa where the session is Express' as well, and nothing is lost", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    const before = await bench.data(idOf(visitor));
    expect((await visitor.koa(set.koa({ cookie: "oatmeal" }))).status).toBe(500);
    expect(errors.koa).toEqual([
      expect.objectContaining({
        code: "ERR_SESSION_UNSERIALIZABLE",
        message: expect.stringMatching(/express-session keeps its own under the name of the field "cookie"/),
      }),
    ]);
    expect(await bench.data(idOf(visitor))).toEqual(before);
  });

  it.each([
    ["cookie", "oatmeal"],
    ["cookie", { originalMaxAge: 1 }],
    ["_maxAge", 5],
    ["_session", true],
    ["_expire", 5],
  ])("is refused by Hono: %s as %o", async (name, value) => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    const before = await bench.data(idOf(visitor));
    expect((await visitor.hono(set.hono({ [name]: value }))).status).toBe(500);
    expect(errors.hono).toEqual([
      expect.objectContaining({
        code: "ERR_SESSION_UNSERIALIZABLE",
        message: expect.stringContaining(JSON.stringify(name)),
      }),
    ]);
    expect(await bench.data(idOf(visitor))).toEqual(before);
  });

  it.each([
    ["_maxAge", 5],
    ["_session", true],
    ["_flash.abcde.told", "x"],
  ])("is refused by Express: %s", async (name, value) => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "koa", { n: 1 });
    const before = await bench.data(idOf(visitor));
    await visitor.express(set.express({ [name]: value }));
    expect(errors.express).toEqual([expect.objectContaining({ code: "ERR_SESSION_UNSERIALIZABLE" })]);
    expect(await bench.data(idOf(visitor))).toEqual(before);
  });

  it("is the application's own where no such framework serves the session", async () => {
    const { browser } = await startTrio(bench, { cookie: koaOwn({ secure: false }) });
    const visitor = browser();
    await write(visitor, "koa", { cookie: "oatmeal" });
    expect(await read(visitor, "hono")).toEqual({ cookie: "oatmeal" });
    await write(visitor, "hono", { cookie: ["rye"] });
    expect(await read(visitor, "koa")).toEqual({ cookie: ["rye"] });
  });

  it("that Koa's application wrote is neither shown to Express nor lost by it", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "koa", { cookie: "oatmeal", n: 1 });
    expect(await read(visitor, "express")).toEqual({ n: 1 });
    await write(visitor, "express", { n: 2 });
    expect(await read(visitor, "koa")).toEqual({ cookie: "oatmeal", n: 2 });
    await visitor.express((req: AppRequest) => {
      req.session.cookie.maxAge = HOUR;
    });
    expect(errors.express).toEqual([expect.objectContaining({ code: "ERR_SESSION_UNSERIALIZABLE" })]);
    expect(await read(visitor, "koa")).toEqual({ cookie: "oatmeal", n: 2 });
  });
});

describe("Koa's cookies at Hono", () => {
  it("carry one session, are set together and taken away together", async () => {
    const { browser } = await startTrio(bench, { cookie: koaOwn() });
    const visitor = browser();
    const begun = await write(visitor, "hono", { n: 1 });
    expect(begun.setCookies.map((line) => line.split("=")[0])).toEqual(["koa.sess", "koa.sess.sig"]);
    for (const line of begun.setCookies)
      expect(line).toMatch(/; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=lax$/);
    expect(await read(visitor, "koa")).toEqual({ n: 1 });
    await write(visitor, "koa", { m: 2 });
    expect(await read(visitor, "hono")).toEqual({ n: 1, m: 2 });
    const stolen = visitor.another();
    await leave(visitor, "hono");
    expect([...visitor.cookies.keys()]).toEqual([]);
    expect(await read(stolen.another(), "koa")).toEqual({});
  });

  it.each([
    [2 * HOUR, 2 * HOUR + GRACE],
    ["session" as const, DAY],
  ])("say how long it lives as Koa would: %s", async (maxAge, lifetime) => {
    const { browser } = await startTrio(bench, { cookie: koaOwn({ maxAge }), koa: { maxAge: 5 * HOUR } });
    const visitor = browser();
    const { setCookies } = await write(visitor, "hono", { n: 1 });
    expect(await untilOf(visitor)).toBe(time.now() + lifetime);
    expect(setCookies.join().includes("Max-Age=7200")).toBe(maxAge !== "session");
    expect((await visitor.koa((ctx: AppContext) => ctx.session.maxAge)).said).toBe(maxAge);
    await visitor.koa((ctx: AppContext) => {
      ctx.session.maxAge = 9 * HOUR;
    });
    const longer = await write(visitor, "hono", { n: 2 });
    expect(longer.setCookies.join()).toContain(`Max-Age=${9 * 3600}`);
    expect(await untilOf(visitor)).toBe(time.now() + 9 * HOUR + GRACE);
  });
});

describe("cookies", () => {
  it("signed by a retired secret are believed, and signed anew at Hono", async () => {
    const old = await startTrio(bench, { cookie: expressCookie({ secret: "of before" }) });
    const visitor = old.browser();
    await write(visitor, "hono", { n: 1 });
    const id = idOf(visitor);
    const { browser } = await startTrio(bench, { cookie: expressCookie({ secret: [SECRET, "of before"] }) });
    const same = browser(visitor.cookies);
    expect(await read(same.another(), "express")).toEqual({});
    expect(await read(same, "hono")).toEqual({ n: 1 });
    expect(idOf(same)).toBe(id);
    expect(await read(same, "express")).toEqual({ n: 1 });
  });

  it("of one framework are nothing to another that was not told of them", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    const others = await startTrio(bench, { cookie: koaOwn() });
    const same = others.browser(visitor.cookies);
    expect(await read(same.another(), "hono")).toEqual({});
    expect(await read(same.another(), "koa")).toEqual({});
    const asKoas = others.browser(new Map([["koa.sess", visitor.cookies.get("connect.sid") ?? ""]]));
    expect(await read(asKoas, "hono")).toEqual({});
  });

  it.each(["user.17", "a b;c=d", "ünïcode", "%2e%2e", "x".repeat(900)])(
    "carry an id of Express' genid to the others: %s",
    async (id) => {
      const genid = () => `${id}${time.now()}`;
      const { browser } = await startTrio(bench, { express: { genid } });
      const visitor = browser();
      await write(visitor, "express", { n: 1 });
      for (const at of FRAMEWORKS) expect(await read(visitor, at)).toEqual({ n: 1 });
      await write(visitor, "hono", { n: 2 });
      await write(visitor, "koa", { m: 3 });
      expect(await read(visitor, "express")).toEqual({ n: 2, m: 3 });
    },
  );

  it("that Hono sets for a session of Express' have the attributes that Express gave it", async () => {
    const { browser } = await startTrio(bench, {
      express: { cookie: { path: "/", httpOnly: false, sameSite: "strict", domain: "example.com" } },
      cookie: expressCookie({ secret: SECRET, rolling: true }),
    });
    const visitor = browser();
    await write(visitor, "express", { n: 1 });
    const { setCookies } = await visitor.hono(async (c) => void (await c.var.session.get()));
    expect(setCookies).toEqual([expect.stringMatching(/; Domain=example\.com; Path=\/; SameSite=strict$/)]);
  });
});

describe("rows that only one of them ever wrote", () => {
  const cases: [string, object, object][] = [
    ["an engine of the application's own", { n: 1 }, { n: 1 }],
    ["Koa before this store", { n: 1, _expire: 1, _maxAge: 5 * HOUR }, { n: 1 }],
    ["Express without a lifetime", { n: 1, cookie: { path: "/", httpOnly: true } }, { n: 1 }],
    [
      "both at odds",
      { n: 1, _session: true, cookie: { originalMaxAge: HOUR, expires: null, path: "/" } },
      { n: 1 },
    ],
  ];
  it.each(cases)("are read and written by all: %s", async (_, data, shown) => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await write(visitor, "express", { n: 0 });
    const engine = createSessionEngine({ client: bench.client, table: { name: bench.table } });
    await engine.save(idOf(visitor), data);
    await engine.destroy(idOf(visitor));
    await engine.save(idOf(visitor), data);
    for (const at of FRAMEWORKS) expect(await read(visitor, at)).toEqual(shown);
    for (const at of FRAMEWORKS) await write(visitor, at, { [at]: true });
    for (const at of FRAMEWORKS) {
      expect(await read(visitor, at)).toEqual({ ...shown, express: true, koa: true, hono: true });
    }
    expect(Object.values(errors).flat()).toEqual([]);
    await engine.close();
  });
});

describe("a session in which both say how long it lives", () => {
  it("is written by Koa only where it changed, and what Koa itself had said stays", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 3 * HOUR, rolling: true } });
    const visitor = browser();
    await write(visitor, "koa", { n: 1 });
    await visitor.express((req) => {
      req.session.cookie.maxAge = 7 * HOUR;
    });
    const row = await bench.row(idOf(visitor));
    await read(visitor, "koa");
    expect(await bench.row(idOf(visitor))).toEqual(row);
    await write(visitor, "koa", { n: 2 });
    expect(await bench.data(idOf(visitor))).toMatchObject({
      n: 2,
      _maxAge: 3 * HOUR,
      cookie: { originalMaxAge: 7 * HOUR },
    });
  });
});

/** That a function of the application's is given its data alone, at every door. */
describe("the functions among the options", () => {
  it("owner and concurrency see nothing of any framework's", async () => {
    const seen = new Set<string>();
    const look = (data: Readonly<Record<string, unknown>>) => {
      for (const name of Object.keys(data)) seen.add(name);
    };
    const { browser } = await startTrio(bench, {
      store: {
        concurrency(base: SessionData, ours: SessionData, theirs: SessionData) {
          for (const data of [base, ours, theirs]) look(Object(data));
          return { ...theirs, late: true };
        },
      },
    });
    const visitor = browser();
    await write(visitor, "koa", { n: 1 });
    await visitor.hono((c) => c.var.session.flash("told", 1));
    await visitor.express((req) => {
      req.session.cookie.maxAge = HOUR;
    });
    const slowly = [slowExpress, slowKoa, slowHono].map((slow) => {
      const [reached, opened] = [makeSignal(), makeSignal()];
      const saving = slow(visitor.another(), async () => {
        reached.give();
        await opened.given;
      });
      return { reached, opened, saving };
    });
    await Promise.all(slowly.map(({ reached }) => reached.given));
    await write(visitor, "hono", { n: 2 });
    for (const { opened, saving } of slowly) {
      opened.give();
      await saving;
    }
    expect([...seen].sort()).toEqual(["late", "n"]);
    expect(await read(visitor, "hono")).toEqual({ n: 2, late: true });
  });
});
