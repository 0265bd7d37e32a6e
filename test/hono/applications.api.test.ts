// The middleware's place in an application: two sessions in one, one on two paths, sub-applications, options that come with
// the request, requests that keep nothing alive.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Env, Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SessionEvent } from "../../src/core/doors.js";
import { type Session, type SessionCookieOptions, type SessionEnv, session } from "../../src/hono/index.js";
import { answer, type HonoBench, makeHonoBench, SECRET, visitorOf } from "../support/hono-apps.js";
import { createTable, testClientConfig } from "../support/tables.js";

const HOUR = 3_600_000;

let bench: HonoBench;
let options: { table: { name: string }; client: DynamoDBClient; secret: string };
beforeAll(async () => {
  bench = await makeHonoBench();
  options = { table: { name: bench.table }, client: bench.client, secret: SECRET };
});
afterAll(() => bench.close());

/** An application whose errors are the test's to see. */
function application<E extends Env = SessionEnv>() {
  const errors: unknown[] = [];
  const app = new Hono<E>();
  app.onError((error, c) => {
    errors.push(error);
    return c.text("failed", 500);
  });
  return { app, errors };
}

describe("two sessions in one application", () => {
  type BothEnv = { Variables: { session: Session; admin: Session } };
  const elsewhere = () => ({ table: { name: bench.table, hashPrefix: "elsewhere#" } });

  it("with variables, cookies and tables of their own do not disturb each other", async () => {
    const adminTable = await createTable(bench.client);
    const { app } = application<BothEnv>();
    app.use(session<BothEnv>(options));
    app.use(
      session<BothEnv>({
        ...options,
        variable: "admin",
        cookie: { name: "admin" },
        table: { name: adminTable },
      }),
    );
    app.all("*", answer);
    const visitor = visitorOf(app);
    const first = await visitor.visit(({ var: { session, admin } }) => {
      session.set("of", "the shop");
      admin.set("of", "the office");
    });
    expect(first.setCookies.map((line) => line.split("=")[0]).sort()).toEqual(["admin", "session"]);
    const read = () =>
      visitor.visit(async ({ var: { session, admin } }) => [await session.get("of"), await admin.get("of")]);
    expect((await read()).said).toEqual(["the shop", "the office"]);
    expect(await bench.data(visitor.id())).toEqual({ of: "the shop" });
    bench.requests();
    await visitor.visit((c) => c.var.admin.destroy());
    expect(bench.requests()).toEqual(["DeleteItem"]);
    expect((await read()).said).toEqual(["the shop", undefined]);
  });

  it("each write what is their own, whatever a handler puts in the variable", async () => {
    const { app } = application<BothEnv>();
    app.use(session<BothEnv>(options));
    app.use(session<BothEnv>({ ...options, ...elsewhere(), variable: "admin", cookie: { name: "admin" } }));
    app.all("*", answer);
    const visitor = visitorOf(app);
    await visitor.visit((c) => {
      c.var.session.set("of", "the shop");
      c.set("session", c.var.admin);
    });
    expect([...visitor.cookies.keys()]).toEqual(["session"]);
    expect(await bench.data(visitor.id())).toEqual({ of: "the shop" });
  });

  it("of the same variable are refused, and neither written", async () => {
    const before = await bench.countRows();
    const { app, errors } = application();
    app.use(session<SessionEnv>(options));
    app.use(session<SessionEnv>({ ...options, cookie: { name: "other" } }));
    app.all("*", answer);
    expect((await visitorOf(app).visit((c) => c.var.session.set("n", 1))).status).toBe(500);
    expect(errors).toMatchObject([{ code: "ERR_SESSION_OPTIONS" }]);
    expect(String(errors[0])).toContain('variable: two session() are at work on one request with "session"');
    expect(await bench.countRows()).toBe(before);
  });

  it.each<[string, SessionCookieOptions, SessionCookieOptions, number]>([
    ["are refused", {}, {}, 500],
    ["are refused, on other paths too", { path: "/a" }, { path: "/b" }, 500],
    ["are told apart by their prefix", {}, { prefix: "host" }, 200],
  ])("of the same cookie %s", async (_, one, other, status) => {
    const { app, errors } = application<BothEnv>();
    app.use(session<BothEnv>({ ...options, cookie: one }));
    app.use(session<BothEnv>({ ...options, ...elsewhere(), cookie: other, variable: "admin" }));
    app.all("*", answer);
    expect((await visitorOf(app).visit(() => {})).status).toBe(status);
    if (status === 500) expect(String(errors[0])).toContain("cookie.name: two session() are at work");
  });

  it.each<[string, string | undefined, number]>([
    ["are refused, for the one's cookie would open the other's", undefined, 500],
    ["are refused where the prefix is said", "session-store#", 500],
    ["are apart by their prefixes", "admin#", 200],
  ])("of the same table %s", async (_, hashPrefix, status) => {
    const { app, errors } = application<BothEnv>();
    const table = { ...options.table, hashPrefix };
    app.use(session<BothEnv>(options));
    app.use(session<BothEnv>({ ...options, table, cookie: { name: "admin" }, variable: "admin" }));
    app.all("*", answer);
    expect((await visitorOf(app).visit(() => {})).status).toBe(status);
    if (status === 500) expect(String(errors[0])).toContain("table.hashPrefix: two session() are at work");
  });

  it("on different paths may share what they like", async () => {
    const { app } = application();
    app.use("/a/*", session<SessionEnv>(options));
    app.use("/b/*", session<SessionEnv>(options));
    app.all("*", answer);
    const visitor = visitorOf(app);
    await visitor.visit((c) => c.var.session.set("n", 1), "/a/x");
    expect((await visitor.visit((c) => c.var.session.get("n"), "/b/x")).said).toBe(1);
  });
});

describe("one session", () => {
  it("that is twice on the way of a request works once", async () => {
    const { app } = application();
    const asked = vi.fn(() => options);
    for (const [path, middleware] of [
      ["/plain", session<SessionEnv>(options)],
      ["/asked", session<SessionEnv>(asked)],
    ] as const) {
      app.use(`${path}/*`, middleware);
      app.get(`${path}/route`, middleware, answer);
    }
    for (const path of ["/plain/route", "/asked/route"]) {
      const visitor = visitorOf(app);
      bench.requests();
      const visit = await visitor.visit((c) => c.var.session.set("n", 1), path);
      expect([visit.status, visit.setCookies.length, bench.requests().length]).toEqual([200, 1, 1]);
    }
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("works in a sub-application, with that one's own error handling", async () => {
    const { app, errors } = application();
    const sub = application();
    sub.app.use(session<SessionEnv>(options));
    sub.app.all("/page", answer);
    app.route("/sub", sub.app);
    const visitor = visitorOf(app);
    await visitor.visit((c) => c.var.session.set("n", 1), "/sub/page");
    expect((await visitor.visit((c) => c.var.session.get("n"), "/sub/page")).said).toBe(1);
    bench.proxy.decide = () => "drop-before";
    const failed = await visitor.visit((c) => c.var.session.set("n", 2), "/sub/page");
    bench.proxy.decide = () => undefined;
    expect([failed.status, errors]).toEqual([500, []]);
    expect(sub.errors).toMatchObject([{ code: "ERR_SESSION_UNAVAILABLE" }]);
  });

  it("of an application is its sub-applications' too", async () => {
    const { app } = application();
    app.use(session<SessionEnv>(options));
    app.route("/sub", new Hono<SessionEnv>().all("/page", answer));
    const visitor = visitorOf(app);
    await visitor.visit((c) => c.var.session.set("n", 1), "/sub/page");
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it("works in a mounted application, and around one", async () => {
    const inner = new Hono<SessionEnv>().use(session<SessionEnv>(options)).all("*", answer);
    const { app } = application();
    app.mount("/mounted", inner.fetch);
    const visitor = visitorOf(app);
    await visitor.visit((c) => c.var.session.set("n", 1), "/mounted/page");
    expect((await visitor.visit((c) => c.var.session.get("n"), "/mounted/page")).said).toBe(1);

    const around = application();
    around.app.use(session<SessionEnv>(options));
    around.app.use(async (c, next) => {
      c.var.session.set("around", true);
      await next();
    });
    around.app.mount("/mounted", () => new Response("foreign"));
    const other = visitorOf(around.app);
    expect((await other.visit(() => {}, "/mounted/x")).text).toBe("foreign");
    expect(await bench.data(other.id())).toEqual({ around: true });
  });

  it("knows the other requests' sessions not: each request has its own", async () => {
    const { visitor } = bench.app();
    const [ada, bob] = [visitor(), visitor()];
    await Promise.all([
      ada.visit((c) => c.var.session.set("n", 1)),
      bob.visit((c) => c.var.session.set("n", 2)),
    ]);
    expect([await bench.data(ada.id()), await bench.data(bob.id())]).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("options as a function of the request", () => {
  type WorkerEnv = SessionEnv & { Bindings: { table: string; secret: string } };

  /** Sends a request with these bindings. */
  function bound(app: Hono<WorkerEnv>, bindings: WorkerEnv["Bindings"], cookie = "") {
    return app.request("/", { headers: { cookie } }, bindings);
  }

  it("make one engine and one client for a table, however often they come", async () => {
    const { app } = application<WorkerEnv>();
    const events: SessionEvent[] = [];
    const closed = vi.spyOn(DynamoDBClient.prototype, "destroy");
    // What an engine remembers of its touches is one for all its requests: of two that find one due, one writes.
    let now = 1_800_000_000_000;
    app.use(
      session<WorkerEnv>((c) => ({
        // As a parser of the application's may give it: without a prototype.
        table: Object.assign(Object.create(null), { name: c.env.table }),
        secret: c.env.secret,
        clientConfig: testClientConfig({ endpoint: bench.proxy.endpoint }),
        ttl: HOUR,
        now: () => now,
        onEvent: (event) => events.push(event),
      })),
    );
    app.get("*", async (c) => c.json(await c.var.session.get()));
    const seed = bench.app({ ttl: HOUR });
    const visitor = seed.visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const cookie = `session=${visitor.cookies.get("session")}`;
    now += HOUR / 2;
    bench.requests();
    const six = await Promise.all(
      Array.from({ length: 6 }, () => bound(app, { table: bench.table, secret: SECRET }, cookie)),
    );
    expect(await Promise.all(six.map((response) => response.json()))).toEqual(Array(6).fill({ n: 1 }));
    expect(bench.requests().filter((action) => action === "UpdateItem")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "load")).toHaveLength(6);
    expect(closed).not.toHaveBeenCalled();
    closed.mockRestore();
  });

  it("are each request's own in what they do: functions, secret and cookie", async () => {
    const { app } = application();
    const told: string[] = [];
    app.use(
      session<SessionEnv>((c) => {
        const who = c.req.header("x-who") ?? "";
        return {
          ...options,
          secret: who === "late" ? ["a newer secret, of more than 32 characters", SECRET] : SECRET,
          cookie: { path: `/${who}` },
          onEvent: ({ type }) => told.push(`${who}: ${type}`),
          ttl: () => (who === "late" ? HOUR : 2 * HOUR),
          now: () => 1_800_000_000_000,
        };
      }),
    );
    app.all("*", answer);
    const visitor = visitorOf(app);
    const early = await visitor.visit((c) => c.var.session.set("n", 1), "/", {
      headers: { "x-who": "early" },
    });
    expect((await bench.row(visitor.id()))?.until).toEqual({ N: String(1_800_000_000_000 + 2 * HOUR) });
    const id = visitor.id();
    const late = await visitor.visit((c) => c.var.session.set("n", 2), "/", { headers: { "x-who": "late" } });
    expect((await bench.row(id))?.until).toEqual({ N: String(1_800_000_000_000 + HOUR) });
    expect([early, late].map(({ setCookies }) => /Path=[^;]*/.exec(String(setCookies[0]))?.[0])).toEqual([
      "Path=/early",
      "Path=/late",
    ]);
    expect(visitor.id()).toBe(id);
    expect(told).toEqual(["early: save", "late: load", "late: save"]);
  });

  it("use the client that they hold, and another one when that is another", async () => {
    const used: string[] = [];
    const clientOf = (name: string) => {
      const client = new DynamoDBClient(testClientConfig());
      client.middlewareStack.add(
        (next) => (args) => {
          used.push(name);
          return next(args);
        },
        { step: "initialize" },
      );
      return client;
    };
    const clients = { one: clientOf("one"), other: clientOf("other") };
    const { app } = application();
    app.use(
      session<SessionEnv>((c) => ({
        ...options,
        client: c.req.path === "/one" ? clients.one : clients.other,
      })),
    );
    app.all("*", answer);
    const visitor = visitorOf(app);
    await visitor.visit((c) => c.var.session.set("n", 1), "/one");
    await visitor.visit((c) => c.var.session.get(), "/other");
    await visitor.visit((c) => c.var.session.get(), "/one");
    expect(used).toEqual(["one", "other", "one"]);
  });

  it("that are wrong are an error of the request, each time", async () => {
    const { app, errors } = application<WorkerEnv>();
    app.use(session<WorkerEnv>((c) => ({ ...options, secret: c.env.secret })));
    app.get("*", (c) => c.text("done"));
    const right = { table: bench.table, secret: SECRET };
    const statuses = [
      await bound(app, { ...right, secret: "short" }),
      await bound(app, right),
      await bound(app, { ...right, secret: "short" }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([500, 200, 500]);
    expect(errors).toMatchObject([{ code: "ERR_SESSION_OPTIONS" }, { code: "ERR_SESSION_OPTIONS" }]);
  });

  it("pass on what they throw", async () => {
    const { app, errors } = application();
    const failure = new Error("of the function");
    app.use(
      session<SessionEnv>(() => {
        throw failure;
      }),
    );
    app.get("*", (c) => c.text("done"));
    expect((await app.request("/")).status).toBe(500);
    expect(errors).toEqual([failure]);
  });
});

describe("a passive request, by renew", () => {
  const polling = { headers: { "x-polling": "1" } };

  async function halfAnHourOld(cookie: SessionCookieOptions) {
    const made = bench.app({
      ttl: HOUR,
      cookie,
      renew: (c) => c.req.header("x-polling") === undefined,
    });
    const visitor = made.visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const end = made.clock.time + HOUR;
    made.clock.pass(HOUR / 2);
    bench.requests();
    const until = async () => Number((await bench.row(visitor.id()))?.until?.N);
    return { ...made, visitor, end, until };
  }

  it.each<SessionCookieOptions>([{}, { rolling: true, maxAge: HOUR }, { maxAge: HOUR }])(
    "keeps neither the session alive nor its cookie: %j",
    async (cookie) => {
      const { visitor, end, until, clock } = await halfAnHourOld(cookie);
      const read = await visitor.visit((c) => c.var.session.get("n"), "/", polling);
      expect([read.said, read.setCookies, bench.requests()]).toEqual([1, [], ["GetItem"]]);
      const written = await visitor.visit((c) => c.var.session.set("n", 2), "/", polling);
      expect([written.setCookies, await until()]).toEqual([[], end]);
      await visitor.visit((c) => c.var.session.update(() => ({ n: 3 })), "/", polling);
      await visitor.visit((c) => c.var.session.save(), "/", polling);
      expect(await until()).toBe(end);
      const active = await visitor.visit((c) => c.var.session.get("n"));
      expect([active.said, await until()]).toEqual([3, clock.time + HOUR]);
      expect(active.setCookies.length).toBe(cookie.rolling ? 1 : 0);
    },
  );

  it("gives a session that it makes its cookie, and a new id too", async () => {
    const { visitor, ...made } = await halfAnHourOld({ rolling: true });
    const fresh = made.app;
    const other = visitorOf(fresh);
    expect((await other.visit((c) => c.var.session.set("n", 1), "/", polling)).setCookies).toHaveLength(1);
    expect((await visitor.visit((c) => c.var.session.regenerate(), "/", polling)).setCookies).toHaveLength(1);
  });

  it("is an error of the request where renew throws", async () => {
    const { visitor, errors } = bench.app({
      renew: () => {
        throw new Error("of renew");
      },
    });
    expect((await visitor().visit(() => {})).status).toBe(500);
    expect(errors.map(String)).toEqual(["Error: of renew"]);
  });
});
