// One browser in front of Express, Koa and Hono, which serve one session over one table by express-session's cookie; or of
// Koa and Hono, by koa-session's. What a request does is said where it is asked for.
import type { SessionData } from "express-session";
import { Hono } from "hono";
import { expressCookie } from "../../src/cookies/express.js";
import { koaCookie } from "../../src/cookies/koa.js";
import { type SessionEnv, type SessionIdCookie, session } from "../../src/hono/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { foreignKey } from "../conformance/apps/foreign-key.js";
import type {
  Handler as ExpressHandler,
  AppOptions as ExpressOptions,
  StoreBench,
} from "../support/express-apps.js";
import { startApp as startExpress } from "../support/express-apps.js";
import { answer, type Handler as HonoHandler, visitorOf } from "../support/hono-apps.js";
import { type Handler as KoaHandler, startApp as startKoa } from "../support/koa-apps.js";

/** What the applications of test/support sign with. */
export const SECRET = "of the tests";

export interface Visit {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the test's own handler gave.
  readonly said: any;
  /** The headers `Set-Cookie` of the session's cookie. */
  readonly setCookies: readonly string[];
}

/** A browser: it keeps the session's cookie until that is taken away, whatever it says of its end. */
export interface Browser {
  readonly cookies: Map<string, string>;
  /** Another window: it has the same cookies, and keeps its own from then on. */
  another(): Browser;
  express(handler: ExpressHandler): Promise<Visit>;
  koa(handler: KoaHandler): Promise<Visit>;
  hono(handler: HonoHandler<SessionEnv>): Promise<Visit>;
}

export interface TrioOptions {
  /** Of every store. */
  readonly store?: Record<string, unknown>;
  readonly express?: ExpressOptions;
  readonly koa?: { readonly maxAge?: number | "session"; readonly rolling?: boolean };
  readonly cookie?: SessionIdCookie;
  /** Of Koa's and Hono's stores in the place of `store`. */
  readonly koaStore?: Record<string, unknown>;
  readonly honoStore?: Record<string, unknown>;
}

/** Starts the three, until the test ends. `errors` is what reached their error handling. */
export async function startTrio(bench: StoreBench, options: TrioOptions = {}) {
  const { store = {}, cookie = expressCookie({ secret: SECRET }) } = options;
  const koaStore = new KoaStore({
    client: bench.client,
    table: { name: bench.table },
    ...store,
    ...options.koaStore,
  });
  const expressStore = bench.store(store);
  const express = await startExpress({ store: expressStore.store, ...options.express });
  const byKoasOwn = cookie.fullName === "koa.sess";
  const key = foreignKey(cookie);
  const koa = await startKoa(
    { store: koaStore, ...(!byKoasOwn && { externalKey: key.externalKey }), ...options.koa },
    byKoasOwn ? undefined : key.middleware,
  );
  const app = new Hono<SessionEnv>();
  const errors: unknown[] = [];
  app.use(
    session<SessionEnv>({
      client: bench.client,
      table: { name: bench.table },
      ...store,
      ...options.honoStore,
      cookie,
    }),
  );
  app.all("*", answer);
  app.onError((error, c) => {
    errors.push(error);
    return c.text("failed", 500);
  });

  const browser = (known: ReadonlyMap<string, string> = new Map()): Browser => {
    const cookies = new Map(known);
    const sent = () => [...cookies].map((pair) => pair.join("=")).join("; ");
    return {
      cookies,
      another: () => browser(cookies),
      async express(handler) {
        const visitor = express.visitor(sent());
        const { status, said, setCookie } = await visitor.visit(handler);
        const setCookies = setCookie === undefined ? [] : [setCookie];
        keep(cookies, setCookies);
        return { status, said, setCookies };
      },
      async koa(handler) {
        const visitor = koa.visitor(cookies);
        const { status, said, setCookies } = await visitor.visit(handler);
        keep(cookies, setCookies);
        return { status, said, setCookies };
      },
      async hono(handler) {
        const { status, said, setCookies } = await visitorOf(app, cookies).visit(handler);
        keep(cookies, setCookies);
        return { status, said, setCookies };
      },
    };
  };
  return {
    browser,
    errors: { express: express.errors, koa: koa.errors, hono: errors },
    expressStore,
    koaStore,
  };
}

function keep(cookies: Map<string, string>, setCookies: readonly string[]): void {
  for (const line of setCookies) {
    const [, name = "", value = "", attributes = ""] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
    if (/max-age=0(;|$)|expires=[^;]*\b1970\b/i.test(attributes)) cookies.delete(name);
    else cookies.set(name, value);
  }
}

/** The application's data, as each framework shows it. */
export const all = {
  express: ({ session }: Parameters<ExpressHandler>[0]): object => {
    const { cookie: _, ...data }: SessionData = JSON.parse(JSON.stringify(session));
    return data;
  },
  koa: ({ session }: Parameters<KoaHandler>[0]): object => ({ ...session.toJSON() }),
  hono: (c: Parameters<HonoHandler<SessionEnv>>[0]): Promise<object> => c.var.session.get(),
};

/** Sets a field, as each framework does. */
export const set = {
  express:
    (fields: object): ExpressHandler =>
    (req) =>
      void Object.assign(req.session, fields),
  koa:
    (fields: object): KoaHandler =>
    (ctx) =>
      void Object.assign(ctx.session, fields),
  hono:
    (fields: object): HonoHandler<SessionEnv> =>
    (c) =>
      c.var.session.set({ ...fields }),
};

export const koaOwn = (options: object = {}): SessionIdCookie => koaCookie({ keys: [SECRET], ...options });
