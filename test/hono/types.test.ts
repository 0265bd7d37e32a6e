// Types for applications: what an application says of its `Env` is what its handlers read and write; and what it did not
// say is refused. The compiler is the judge (`npm test -- types`).
import { type Context, Hono } from "hono";
import { expect, expectTypeOf, it } from "vitest";
import { expressCookie } from "../../src/cookies/express.js";
import { koaCookie } from "../../src/cookies/koa.js";
import {
  type Session,
  type SessionEnv,
  type SessionOptions,
  type SessionVariable,
  session,
} from "../../src/hono/index.js";

interface Profile {
  user: { name: string; roles: string[] };
  visits?: number;
}
type Bindings = { TABLE: string; SESSION_SECRET: string };
type AppEnv = SessionEnv<Profile> & { Bindings: Bindings };
type AdminEnv = SessionEnv<{ admin: boolean }, "adminSession">;
type BothEnv = { Bindings: Bindings; Variables: AppEnv["Variables"] & AdminEnv["Variables"] };

const table = { name: "sessions" };
const clientConfig = { region: "us-east-1" };
const secret = "of the types, and of more than 32 characters";
const options = { table, clientConfig, secret };
const admin = { ...options, variable: "adminSession", cookie: { name: "admin" } } as const;

it("session<AppEnv>() takes its place in chains, with the session typed after it", () => {
  new Hono<AppEnv>().use(session<AppEnv>(options)).get("/", async (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session<Profile>>();
    expectTypeOf(c.get("session")).toEqualTypeOf<Session<Profile>>();
    return c.json(await c.var.session.get());
  });
  const app = new Hono<AppEnv>();
  app.use("/shop/*", session<AppEnv>(options)).post("/shop/cart", (c) => {
    c.var.session.set({ visits: 1 });
    return c.body(null);
  });
});

it("session<AppEnv>() takes its place on a route", () => {
  const app = new Hono<AppEnv>();
  app.get("/", session<AppEnv>(options), (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session<Profile>>();
    return c.body(null);
  });
  app.on("PURGE", "/cache", session<AppEnv>(options), async (c) => {
    await c.var.session.destroy();
    return c.body(null);
  });
  const plain = new Hono();
  plain.get("/", session<AppEnv>(options), (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session<Profile>>();
    return c.body(null);
  });
});

it("without an Env of its own an application has a session of any fields", () => {
  new Hono().use(session(options)).get("/", async (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session>();
    expectTypeOf(await c.var.session.get("anything")).toEqualTypeOf<unknown>();
    return c.body(null);
  });
});

it("options may be a function of a context that knows the application's bindings", () => {
  const app = new Hono<AppEnv>();
  app.use(
    session<AppEnv>((c) => {
      expectTypeOf(c).toEqualTypeOf<Context<AppEnv>>();
      return { table: { name: c.env.TABLE }, secret: c.env.SESSION_SECRET, clientConfig };
    }),
  );
  session<AppEnv>((c) => ({
    table: { name: c.env.TABLE },
    // @ts-expect-error there is no such binding
    secret: c.env.SESION_SECRET,
  }));
  session<AppEnv>({
    ...options,
    renew: (c) => {
      expectTypeOf(c.env.TABLE).toEqualTypeOf<string>();
      // @ts-expect-error there is no such binding
      return c.env.TABEL !== "";
    },
  });
});

it("a second session has a variable of its own, and cannot do without", () => {
  new Hono<BothEnv>()
    .use(session<BothEnv>(options))
    .use(session<BothEnv>(admin))
    .get("/", async (c) => {
      expectTypeOf(await c.var.session.get("visits")).toEqualTypeOf<number | undefined>();
      expectTypeOf(await c.var.adminSession.get("admin")).toEqualTypeOf<boolean | undefined>();
      return c.body(null);
    });
  expectTypeOf<SessionVariable<BothEnv>>().toEqualTypeOf<"session" | "adminSession">();
  session<AdminEnv>(admin);
  session<AdminEnv>(() => admin);
  // @ts-expect-error its only session is not called `session`, so that its name must be said
  session<AdminEnv>(options);
  // @ts-expect-error as above, where options come with the request
  session<AdminEnv>(() => options);
});

it("a variable that is none of the Env's sessions is refused", () => {
  // @ts-expect-error no such variable
  session<AppEnv>({ ...options, variable: "sesion" });
  // @ts-expect-error no such variable
  session<BothEnv>({ ...options, variable: "other" });
  type Mixed = { Variables: { session: Session; user: string } };
  session<Mixed>({ ...options, variable: "session" });
  // @ts-expect-error a variable, but no session
  session<Mixed>({ ...options, variable: "user" });
});

it("an Env without a session is refused", () => {
  // @ts-expect-error no variables
  session<{ Bindings: Bindings }>(options);
  // @ts-expect-error no session among the variables
  session<{ Variables: { user: string } }>(options);
  expectTypeOf<SessionVariable<{ Variables: { user: string } }>>().toEqualTypeOf<never>();
});

it("options that are none, or missing, are refused", () => {
  expectTypeOf<{ table: { name: string }; secret: string }>().toExtend<SessionOptions>();
  expectTypeOf<{ table: { name: string }; secret: readonly string[] }>().toExtend<SessionOptions>();
  expectTypeOf<{ table: { name: string } }>().not.toExtend<SessionOptions>();
  expectTypeOf<{ secret: string }>().not.toExtend<SessionOptions>();
  expectTypeOf<{ table: { name: string }; secret: string; ttl: string }>().not.toExtend<SessionOptions>();
  // @ts-expect-error a cookie's attributes stand under `cookie`
  expect(() => session<AppEnv>({ ...options, httpOnly: false })).toThrow("httpOnly: no such option");
  // @ts-expect-error no such attribute
  expect(() => session<AppEnv>({ ...options, cookie: { maxage: 1000 } })).toThrow("cookie.maxage: no such");
});

it("what is read is what was declared, and read-only", () => {
  const use = async (own: Session<Profile>) => {
    const data = await own.get();
    expectTypeOf(data).toEqualTypeOf<Readonly<Partial<Profile>>>();
    expectTypeOf(own.data).toEqualTypeOf<Readonly<Partial<Profile>>>();
    expectTypeOf(await own.get("user")).toEqualTypeOf<Profile["user"] | undefined>();
    expectTypeOf(own.id).toEqualTypeOf<string | undefined>();
    expectTypeOf(own.isNew).toEqualTypeOf<boolean>();
    // @ts-expect-error nobody declared that
    data.userr;
    // @ts-expect-error nobody declared that
    await own.get("userr");
    // @ts-expect-error read-only: it is changed by `set`
    data.visits = 1;
    // @ts-expect-error a new session has no user
    data.user.name;
    // @ts-expect-error read-only
    own.id = "other";
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("what is written is what was declared", () => {
  const use = async (own: Session<Profile>) => {
    expectTypeOf(own.set({ visits: 1 })).toEqualTypeOf<void>();
    expectTypeOf(own.set("user", { name: "ada", roles: [] })).toEqualTypeOf<void>();
    expectTypeOf(own.set("user", undefined)).toEqualTypeOf<void>();
    expectTypeOf(own.unset("user", "visits")).toEqualTypeOf<void>();
    expectTypeOf(own.replace({ user: { name: "ada", roles: [] } })).toEqualTypeOf<void>();
    expectTypeOf(own.flash("notice", "saved")).toEqualTypeOf<void>();
    expectTypeOf(own.flash("notice")).toEqualTypeOf<Promise<unknown>>();
    // @ts-expect-error visits are a number
    own.set({ visits: "one" });
    // @ts-expect-error visits are a number
    own.set("visits", "one");
    // @ts-expect-error nobody declared that
    own.set("visit", 1);
    // @ts-expect-error nobody declared that
    own.set({ visit: 1 });
    // @ts-expect-error nobody declared that
    own.unset("visit");
    // @ts-expect-error a user has a name
    own.replace({ user: { roles: [] } });
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("what is written at once says what happened", () => {
  const use = async (own: Session<Profile>) => {
    expectTypeOf((await own.save()).outcome).toEqualTypeOf<"saved" | "gone">();
    expectTypeOf((await own.update(() => undefined)).outcome).toEqualTypeOf<"saved" | "gone">();
    expectTypeOf(own.regenerate({ visits: 1 })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(own.destroy()).toEqualTypeOf<Promise<void>>();
    await own.update((data) => ({ ...data, visits: (data.visits ?? 0) + 1 }));
    await own.update((data) => {
      data.visits = 1;
    });
    await own.update(async () => ({ visits: 1 }));
    // @ts-expect-error visits are a number
    await own.update(() => ({ visits: "one" }));
    // @ts-expect-error visits are a number
    await own.regenerate({ visits: "one" });
  };
  expectTypeOf(use).returns.toEqualTypeOf<Promise<void>>();
});

it("another framework's cookie takes the place of the secret, and does not stand beside it", () => {
  const cookie = expressCookie({ secret: "keyboard cat" });
  session({ table, cookie });
  session<AppEnv>((c) => ({ table, cookie: koaCookie({ keys: [c.env.SESSION_SECRET] }) }));
  // @ts-expect-error the cookie has its own
  expect(() => session({ table, cookie, secret })).toThrow("secret: not with another framework's cookie");
  // @ts-expect-error one of the two is required
  expect(() => session({ table })).toThrow("secret: expected");
});
