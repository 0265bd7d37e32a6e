// The entry `@cyclic.sh/session-store/hono`: a middleware that gives each request its session, in Hono's
// terms. What to write and when is the engine's business.
import type { Context, Env, MiddlewareHandler, Next } from "hono";
import {
  A_FUNCTION,
  type Check,
  checkEach,
  DEFAULTS,
  refuseOption,
  type SessionEngine,
  type SessionStoreOptions,
} from "../core/doors.js";
import { SessionCookie, type SessionCookieOptions } from "./cookie.js";
import { makeEngine, SessionEngines } from "./engines.js";
import { RequestSession, type Session } from "./session.js";

export type { SessionCookieOptions } from "./cookie.js";
export type { Session } from "./session.js";

/**
 * An application's `Env` with a session: `SessionEnv<{ user?: User }>`.
 *
 * @typeParam Data the session's data.
 * @typeParam Variable under which name handlers find it, at `c.var`.
 */
export type SessionEnv<Data extends object = Record<string, unknown>, Variable extends string = "session"> = {
  Variables: { [Name in Variable]: Session<Data> };
};

/** The names of an `Env`'s variables that are sessions. */
export type SessionVariable<E extends Env> = E extends { Variables: infer Variables }
  ? string &
      {
        // biome-ignore lint/suspicious/noExplicitAny: a session of whatever data.
        [Name in keyof Variables]-?: Variables[Name] extends Session<any> ? Name : never;
      }[keyof Variables]
  : never;

/** The options of {@link session}, but for the name of its variable. */
export interface SessionBaseOptions<E extends Env> extends SessionStoreOptions {
  /**
   * What the cookie is signed with: at least 32 characters. Of a list the first signs and all verify, so that
   * a new one put before an old one logs nobody out.
   */
  secret: string | readonly string[];
  /** The session's cookie. */
  cookie?: SessionCookieOptions | undefined;
  /**
   * Whether a request keeps its session alive. `false` for one that the user did not make, such as a page's
   * polling: it prolongs no session. Default: every request does that uses its session.
   */
  renew?: ((c: Context<E>) => boolean) | undefined;
}

/**
 * The options of {@link session}: those that every door shares, and Hono's own. `variable` defaults to
 * `session`.
 */
export type SessionOptions<E extends Env = SessionEnv> = SessionBaseOptions<E> &
  ("session" extends SessionVariable<E>
    ? { variable?: SessionVariable<E> | undefined }
    : { variable: SessionVariable<E> });

/**
 * A middleware that keeps sessions in a DynamoDB table. Handlers find theirs at `c.var.session`.
 *
 * Where configuration comes with the request, as on Workers, the options are a function of the context; there
 * is one engine, and one client, for each table even so. What a response depends on is written before it
 * leaves: a write that fails is an error of the request.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option: here, or with the request where the
 * options are a function.
 * @example
 * type AppEnv = SessionEnv<{ user?: string }>;
 * const app = new Hono<AppEnv>();
 * app.use(session<AppEnv>({ table: { name: "sessions" }, secret: process.env.SESSION_SECRET }));
 * app.get("/", async (c) => c.text(`hello ${await c.var.session.get("user")}`));
 */
export function session<E extends Env = SessionEnv>(
  options: SessionOptions<E> | ((c: Context<E>) => SessionOptions<E>),
): MiddlewareHandler<E> {
  const settingsOf = typeof options === "function" ? settingsByRequest(options) : settingsOnce(options);
  const atWork = new WeakSet<Context>();
  return async (c: Context, next: Next): Promise<void> => {
    // On the way of one request for the second time: the first does the work.
    if (atWork.has(c)) return next();
    atWork.add(c);
    const { engine, place, cookie, variable, renew } = settingsOf(c);
    claim(c, "variable", variable);
    claim(c, "cookie.name", cookie.fullName);
    // The signature says nothing of the cookie's name: in one place, the one's cookie would open the other's
    // sessions.
    claim(c, "table.hashPrefix", place);

    let reading: ReturnType<SessionCookie["read"]> | undefined;
    const sent = () => {
      reading ??= cookie.read(c);
      return reading;
    };
    const renews = renew?.(c) ?? true;
    const current = new RequestSession({
      engine,
      lifetime: { maxAge: cookie.maxAge, renew: renews },
      sentId: async () => (await sent())?.id,
    });
    c.set(variable, current);

    const commit = async () => {
      const { id, isWritten, isEnded } = await current.commit();
      if (id === undefined && !isEnded) return;
      const known = await sent();
      if (id === undefined) return known && cookie.clear(c);
      const isLonger = renews && (cookie.rolling || (cookie.maxAge !== undefined && isWritten));
      if (known?.id !== id || !known.isCurrent || isLonger) await cookie.write(c, id);
    };
    try {
      await next();
    } catch (error) {
      // A header that is set before there is a response does not reach one that the error handler makes by
      // itself.
      void c.res;
      // The handler's error wins; the engine has told of its own.
      await commit().catch(() => {});
      throw error;
    }
    await commit().catch((error) => {
      // As above: Hono has turned the handler's error into the response.
      if (c.error !== undefined) return;
      if (isUpgradeUnderWay(c.res)) return;
      for (const name of OF_THE_BODY) c.header(name, undefined);
      throw error;
    });
  };
}

// Hono gives the headers of a response that is not sent to that of the error handler. These say something of
// the body.
const OF_THE_BODY =
  "cache-control content-disposition content-encoding content-length content-type etag expires last-modified location".split(
    " ",
  );

/**
 * Whether a WebSocket waits for this very response: Deno serves nobody any more when its upgrade is answered
 * by another. The response of workerd brings the socket with it, and can be replaced.
 */
function isUpgradeUnderWay(response: Response): boolean {
  return response.status === 101 && !("webSocket" in response);
}

/** What one request's middleware works with. */
interface Settings {
  readonly engine: SessionEngine;
  /** The table and prefix of the sessions. */
  readonly place: string;
  readonly cookie: SessionCookie;
  readonly variable: string;
  readonly renew: ((c: Context) => boolean) | undefined;
}

function settingsOnce<E extends Env>(options: SessionOptions<E>): (c: Context) => Settings {
  const settings = resolve(options, makeEngine);
  return () => settings;
}

function settingsByRequest<E extends Env>(
  options: (c: Context<E>) => SessionOptions<E>,
): (c: Context) => Settings {
  const engines = new SessionEngines();
  return (c) => resolve(options(c), (shared) => engines.of(shared));
}

function resolve<E extends Env>(
  options: SessionOptions<E>,
  engineOf: (options: SessionStoreOptions) => SessionEngine,
): Settings {
  const { secret, cookie: cookieOptions, variable = "session", renew, ...shared } = { ...options };
  checkEach({ variable, renew }, CHECKS, "");
  const cookie = new SessionCookie(secret, cookieOptions);
  const engine = engineOf(shared);
  const { name, hashPrefix = DEFAULTS.hashPrefix } = shared.table;
  return { engine, place: `${name}/${hashPrefix}`, cookie, variable, renew };
}

const CHECKS: Readonly<Record<string, Check>> = {
  variable: [(value) => typeof value === "string" && value !== "", "a name"],
  renew: A_FUNCTION,
};

const claimed = new WeakMap<Context, Set<string>>();

/** Refuses two middlewares that would write over each other on one request. */
function claim(c: Context, option: "variable" | "cookie.name" | "table.hashPrefix", name: string): void {
  const claims = claimed.get(c) ?? new Set();
  const taken = `${option} ${name}`;
  if (claims.has(taken)) {
    refuseOption(`${option}: two session() are at work on one request with "${name}"; give one another`);
  }
  claimed.set(c, claims.add(taken));
}
