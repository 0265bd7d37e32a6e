// What a review of the sessions that several frameworks share found broken. Each test says what should hold.
import { beforeAll, describe, expect, it } from "vitest";
import { expressCookie } from "../../src/cookies/express.js";
import { createSessionEngine } from "../../src/core/index.js";
import { done, makeStoreBench, type StoreBench } from "../support/express-apps.js";
import { makeSignal, stopTheClock } from "../support/time.js";
import { all, type Browser, koaOwn, SECRET, set, startTrio } from "./trio.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GRACE = 10_000;

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

function idOf({ cookies }: Browser): string {
  const value = decodeURIComponent(cookies.get("connect.sid") ?? "");
  return /^s:(.*)\.[^.]*$/.exec(value)?.[1] ?? cookies.get("koa.sess") ?? "";
}
const untilOf = async (browser: Browser) => Number((await bench.row(idOf(browser)))?.until?.N);

describe("A: Koa, lifetime changed twice in one request of a session that Express began", () => {
  it("the last one holds", async () => {
    const { browser } = await startTrio(bench, { express: { cookie: { maxAge: HOUR } } });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    await visitor.koa(async (ctx) => {
      ctx.session.maxAge = 2 * HOUR;
      await ctx.session.save();
      ctx.session.maxAge = 5 * HOUR;
    });
    expect((await bench.data(idOf(visitor))).cookie.originalMaxAge).toBe(5 * HOUR);
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR);
  });

  it("and so does one that is changed again after a regenerate", async () => {
    const { browser } = await startTrio(bench, { express: { cookie: { maxAge: HOUR } } });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    await visitor.koa(async (ctx) => {
      ctx.session.maxAge = 2 * HOUR;
      await ctx.session.save();
      await ctx.session.regenerate();
      ctx.session.maxAge = 30 * DAY;
    });
    expect(await untilOf(visitor)).toBe(time.now() + 30 * DAY);
  });
});

describe("B: a field `cookie` of Koa's application that is an object (consent, say)", () => {
  it("does not let Express shorten the session", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 30 * DAY } });
    const visitor = browser();
    await visitor.koa(set.koa({ cookie: { consent: true } }));
    expect(await untilOf(visitor)).toBe(time.now() + 30 * DAY + GRACE);
    time.pass(HOUR);
    await visitor.express(all.express);
    expect(await untilOf(visitor)).toBe(time.now() + 30 * DAY + GRACE);
  });

  it("does not let Express shorten the session by a write", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 30 * DAY } });
    const visitor = browser();
    await visitor.koa(set.koa({ cookie: { consent: true } }));
    await visitor.express(set.express({ n: 1 }));
    expect(await untilOf(visitor)).toBe(time.now() + 30 * DAY + GRACE);
  });

  it("is not lost when Express sets a lifetime", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 30 * DAY } });
    const visitor = browser();
    await visitor.koa(set.koa({ cookie: { consent: true }, n: 1 }));
    await visitor.express((req) => {
      req.session.cookie.maxAge = HOUR;
    });
    expect((await visitor.koa(all.koa)).said).toEqual({ cookie: { consent: true }, n: 1 });
  });
});

describe("C: a new session at Hono without data", () => {
  it("is no row, however often it is saved", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    const { setCookies } = await visitor.hono(async (c) => {
      await c.var.session.save();
      c.var.session.unset("n");
    });
    expect(setCookies).toEqual([]);
  });

  it("after a sign-out has no id, and is not made", async () => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    await visitor.express(set.express({ user: "ada" }));
    const { said, setCookies } = await visitor.hono(async (c) => {
      await c.var.session.destroy();
      await c.var.session.save();
      c.var.session.unset("user");
      await c.var.session.save();
      return c.var.session.id;
    });
    expect(said).toBeUndefined();
    expect(setCookies.join()).toMatch(/Max-Age=0/);
    expect([...visitor.cookies.keys()]).toEqual([]);
  });
});

describe("D: Express' cookie in the data, at Hono", () => {
  it.each(["cookie"])("survives set(%s, undefined), as it does unset()", async (name) => {
    const { browser } = await startTrio(bench, { express: { cookie: { maxAge: 5 * HOUR } } });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    await visitor.hono((c) => c.var.session.unset(name));
    expect(await bench.data(idOf(visitor))).toHaveProperty("cookie.originalMaxAge", 5 * HOUR);
    await visitor.hono((c) => c.var.session.set(name, undefined));
    expect(await bench.data(idOf(visitor))).toHaveProperty("cookie.originalMaxAge", 5 * HOUR);
  });

  it.each(["_maxAge"])("so does Koa's %s", async (name) => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 5 * HOUR } });
    const visitor = browser();
    await visitor.koa(set.koa({ n: 1 }));
    await visitor.hono((c) => c.var.session.set(name, undefined));
    expect(await bench.data(idOf(visitor))).toHaveProperty("_maxAge", 5 * HOUR);
    expect(await untilOf(visitor)).toBe(time.now() + 5 * HOUR + GRACE);
  });
});

describe("E: a field of a name that is taken is refused, and never dropped in silence", () => {
  it("nor does Koa's update put one in the place of Express' cookie", async () => {
    const { browser, koaStore } = await startTrio(bench, { express: { cookie: { maxAge: 5 * HOUR } } });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    const change = (data: object) => ({ ...data, cookie: "oatmeal" });
    await koaStore.update(idOf(visitor), change).catch(() => {});
    expect(await bench.data(idOf(visitor))).toHaveProperty("cookie.originalMaxAge", 5 * HOUR);
  });

  it("nor does Express' update put one in the place of Koa's _maxAge", async () => {
    const { browser, expressStore } = await startTrio(bench, { koa: { maxAge: 5 * HOUR } });
    const visitor = browser();
    await visitor.koa(set.koa({ n: 1 }));
    const change = (data: object) => Object({ ...data, _maxAge: "long" });
    await expressStore.store.update(idOf(visitor), change).catch(() => {});
    expect(await bench.data(idOf(visitor))).toHaveProperty("_maxAge", 5 * HOUR);
  });

  it.each([[{ consent: true }], ["oatmeal"]])("by Hono, of a new session: %j", async (cookie) => {
    const { browser } = await startTrio(bench);
    const visitor = browser();
    const { status } = await visitor.hono(set.hono({ cookie, n: 1 }));
    // Refused, or kept: not answered with 200, and lost.
    if (status === 200) expect((await visitor.hono(all.hono)).said).toEqual({ cookie, n: 1 });
    else expect(status).toBe(500);
  });

  it("by Koa's update", async () => {
    const { browser, koaStore } = await startTrio(bench);
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    await expect(
      koaStore.update(idOf(visitor), (data) => ({ ...data, cookie: "oatmeal" })),
    ).rejects.toMatchObject({ code: "ERR_SESSION_UNSERIALIZABLE" });
  });

  it("by Express' update", async () => {
    const { browser, expressStore } = await startTrio(bench);
    const visitor = browser();
    await visitor.koa(set.koa({ n: 1 }));
    await expect(
      expressStore.store.update(idOf(visitor), (data) => Object({ ...data, _maxAge: 5 })),
    ).rejects.toMatchObject({ code: "ERR_SESSION_UNSERIALIZABLE" });
  });

  it.each(["update", "replace", "regenerate"] as const)("by Hono's %s", async (method) => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    const { status } = await visitor.hono(async ({ var: { session } }) => {
      if (method === "update") await session.update((data) => ({ ...data, cookie: "oatmeal" }));
      if (method === "replace") session.replace({ cookie: "oatmeal" });
      if (method === "regenerate") await session.regenerate({ cookie: "oatmeal" });
    });
    expect(status).toBe(500);
    expect(errors.hono).toEqual([expect.objectContaining({ code: "ERR_SESSION_UNSERIALIZABLE" })]);
  });
});

describe("L: Express' store, called directly with a copy of what it gave", () => {
  it("keeps what the others keep in the session, as Koa's and Fastify's do", async () => {
    const { browser, expressStore } = await startTrio(bench, { koa: { maxAge: 5 * HOUR } });
    const visitor = browser();
    await visitor.koa(set.koa({ n: 1 }));
    await visitor.hono((c) => c.var.session.flash("told", 1));
    const data = await expressStore.store.get(idOf(visitor));
    await expressStore.store.set(idOf(visitor), Object({ ...data, n: 2 }));
    expect((await visitor.another().hono((c) => c.var.session.flash("told"))).said).toBe(1);
    expect(await bench.data(idOf(visitor))).toHaveProperty("_maxAge", 5 * HOUR);
  });
});

describe("M: Hono under last-write-wins", () => {
  it("does not take back what Express changed of its cookie meanwhile", async () => {
    const { browser } = await startTrio(bench, {
      store: { concurrency: "last-write-wins" },
      express: { cookie: { maxAge: HOUR } },
    });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    const [reached, opened] = [makeSignal(), makeSignal()];
    const slow = visitor.another().hono(async (c) => {
      await c.var.session.get();
      reached.give();
      await opened.given;
      c.var.session.set("m", 1);
    });
    await reached.given;
    await visitor.express((req) => {
      req.session.cookie.maxAge = 30 * DAY;
    });
    opened.give();
    await slow;
    expect(await untilOf(visitor)).toBe(time.now() + 30 * DAY);
  });
});

describe("F: an id of koa-session's genid, which koa-session's cookie can hold", () => {
  it.each(["a,b", "a b", 'a"b'])("is carried by Hono as by Koa: %s", async (id) => {
    const genid = () => `${id}${time.now()}`;
    const { browser, errors } = await startTrio(bench, {
      cookie: koaOwn({ secure: false }),
      koa: Object({ genid }),
    });
    const visitor = browser();
    await visitor.koa(set.koa({ n: 1 }));
    // As koa-session itself has it.
    expect((await visitor.koa(all.koa)).said).toEqual({ n: 1 });
    expect((await visitor.hono(all.hono)).said).toEqual({ n: 1 });
    const { status } = await visitor.hono(set.hono({ n: 2 }));
    expect(errors.hono).toEqual([]);
    expect(status).toBe(200);
    expect((await visitor.koa(all.koa)).said).toEqual({ n: 2 });
  });
});

describe("G: a sign-out at Hono", () => {
  it("takes away the cookie that Express set, with its domain and path", async () => {
    const { browser } = await startTrio(bench, { express: { cookie: { domain: "example.com" } } });
    const visitor = browser();
    await visitor.express(set.express({ user: "ada" }));
    const { setCookies } = await visitor.hono(async (c) => {
      await c.var.session.get();
      await c.var.session.destroy();
    });
    expect(setCookies).toEqual([expect.stringContaining("Domain=example.com")]);
    expect(setCookies).toEqual([expect.not.stringContaining("Secure")]);
  });
});

describe("H: the function ttl", () => {
  it("sees the application's data alone", async () => {
    const seen = new Set<string>();
    const ttl = (data: object) => {
      for (const name of Object.keys(data)) seen.add(name);
      return HOUR;
    };
    const { browser } = await startTrio(bench, { store: { ttl } });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    await visitor.koa(set.koa({ m: 1 }));
    await visitor.hono((c) => c.var.session.flash("told", 1));
    const other = browser();
    await other.koa(set.koa({ k: 1 }));
    await other.express(set.express({ n: 1 }));
    expect([...seen].sort()).toEqual(["k", "m", "n"]);
  });
});

describe("I: an application on one framework alone", () => {
  it("may have a cookie of its own with a path, at Koa", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    const cookie = { name: "upstream", value: "x", path: "/", domain: "upstream.example" };
    await visitor.koa(set.koa({ cookie }));
    expect(errors.koa).toEqual([]);
    expect((await visitor.koa(all.koa)).said).toEqual({ cookie });
  });

  it("may say when something expires, at Express", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await visitor.express(set.express({ _expire: 1_800_000_000_000 }));
    expect(errors.express).toEqual([]);
    expect((await visitor.express(all.express)).said).toEqual({ _expire: 1_800_000_000_000 });
  });

  it("may have a flag of its own, at Express, that is true as well as false", async () => {
    const { browser, errors } = await startTrio(bench);
    const visitor = browser();
    await visitor.express(set.express({ _session: false }));
    await visitor.express(set.express({ _session: true }));
    expect(errors.express).toEqual([]);
    expect((await visitor.express(all.express)).said).toEqual({ _session: true });
  });
});

describe("J: two frameworks that change the lifetime at once", () => {
  it("the later one holds, also Koa's over one that Express has just begun to keep", async () => {
    const { browser } = await startTrio(bench, { koa: { maxAge: 3 * HOUR } });
    const visitor = browser();
    await visitor.koa(set.koa({ n: 1 }));
    const [reached, opened] = [makeSignal(), makeSignal()];
    const slow = visitor.another().koa(async (ctx) => {
      reached.give();
      await opened.given;
      ctx.session.maxAge = 30 * DAY;
    });
    await reached.given;
    await visitor.express((req) => {
      req.session.cookie.maxAge = HOUR;
    });
    opened.give();
    await slow;
    expect(await untilOf(visitor)).toBeGreaterThanOrEqual(time.now() + 30 * DAY);
  });

  it("Hono's cookie says what is in the row, not what it was when Hono read it", async () => {
    const { browser } = await startTrio(bench, { express: { cookie: { maxAge: HOUR } } });
    const visitor = browser();
    await visitor.express(set.express({ n: 1 }));
    const [reached, opened] = [makeSignal(), makeSignal()];
    const slow = visitor.another().hono(async (c) => {
      await c.var.session.get();
      reached.give();
      await opened.given;
      c.var.session.set("m", 1);
    });
    await reached.given;
    await visitor.express((req) => {
      req.session.cookie.maxAge = 30 * DAY;
    });
    opened.give();
    const { setCookies } = await slow;
    expect(setCookies.join()).toContain(`Max-Age=${(30 * DAY) / 1000}`);
  });
});

describe("K: cookies that no browser takes", () => {
  it.each([
    { name: "__Host-sid", cookie: { secure: false } },
    { name: "__Host-sid", cookie: { domain: "example.com" } },
    { name: "__Host-sid", cookie: { path: "/app" } },
    { name: "__Secure-sid", cookie: { secure: false } },
  ])("are refused as the middleware's own are: %o", (options) => {
    expect(() => expressCookie({ secret: SECRET, ...options })).toThrow(/cookie/);
  });
});

describe("O: a session that an engine of the application's own made, at Express", () => {
  it("is not ended by a save in the middle of a request", async () => {
    const { browser } = await startTrio(bench, { express: { cookie: { maxAge: HOUR } } });
    const visitor = browser();
    await visitor.express(set.express({ n: 0 }));
    const engine = createSessionEngine({ client: bench.client, table: { name: bench.table } });
    await engine.destroy(idOf(visitor));
    await engine.save(idOf(visitor), { n: 1 });
    time.pass(2 * HOUR);
    const { said } = await visitor.another().express(async (req) => {
      req.session.m = 1;
      const left = Number(req.session.cookie.maxAge);
      await done((callback) => req.session.save(callback));
      return left;
    });
    expect((await visitor.express(all.express)).said).toEqual({ n: 1, m: 1 });
    expect(said).toBe(HOUR);
  });
});
