// The entry `@cyclic.sh/session-store/hono`: a middleware that gives each request its session, in Hono's
// terms. What to write and when is the engine's business.
import type { Context, Env, MiddlewareHandler, Next } from "hono";
import type { SentId, SessionIdCookie } from "../cookies/id-cookie.js";
import {
  A_FUNCTION,
  type Check,
  type CookieLifetime,
  checkEach,
  DEFAULTS,
  engineForDoor,
  lifetimeIn,
  refuseOption,
  type SessionData,
  type SessionEngine,
  type SessionLifetime,
  type SessionStoreOptions,
} from "../core/doors.js";
import { SessionCookie, type SessionCookieOptions } from "./cookie.js";
import { SessionEngines } from "./engines.js";
import { RequestSession, type Session } from "./session.js";

export type { SentId, SessionIdCookie } from "../cookies/id-cookie.js";
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

/** @inline */
interface OwnCookie {
  /**
   * What the cookie is signed with: at least 32 characters. Of a list the first signs and all verify, so that
   * a new one put before an old one logs nobody out.
   */
  secret: string | readonly string[];
  /** The session's cookie. */
  cookie?: (SessionCookieOptions & { read?: never }) | undefined;
}

/** @inline */
interface AnothersCookie {
  /** Left out: it is among the options of the cookie. */
  secret?: undefined;
  /** Another framework's, of `expressCookie` or `koaCookie`: both frameworks serve one session. */
  cookie: SessionIdCookie;
}

/** The options of {@link session}, but for its cookie and the name of its variable. */
export interface SessionBaseOptions<E extends Env> extends SessionStoreOptions {
  /**
   * Whether a request keeps its session alive. `false` for one that the user did not make, such as a page's
   * polling: it prolongs no session. Default: every request does that uses its session.
   */
  renew?: ((c: Context<E>) => boolean) | undefined;
}

/**
 * The option of {@link session} under which name handlers find the session, at `c.var`: to be given where the
 * `Env` has no session named `session`.
 */
export type SessionVariableOption<E extends Env> =
  "session" extends SessionVariable<E>
    ? {
        /** Default `session`. */
        variable?: SessionVariable<E> | undefined;
      }
    : {
        /** One of those that the `Env` has. */
        variable: SessionVariable<E>;
      };

/**
 * The options of {@link session}: those that every door shares, and Hono's own. `variable` defaults to
 * `session`.
 */
export type SessionOptions<E extends Env = SessionEnv> = SessionBaseOptions<E> &
  OwnCookie &
  SessionVariableOption<E>;

/** The options of {@link session} where another framework serves the session too, by a cookie of its own. */
export type SharedSessionOptions<E extends Env = SessionEnv> = SessionBaseOptions<E> &
  AnothersCookie &
  SessionVariableOption<E>;

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
 * app.use(session<AppEnv>({ table: { name: "sessions" }, secret: process.env.SESSION_SECRET ?? "" }));
 * app.get("/", async (c) => c.text(`hello ${await c.var.session.get("user")}`));
 */
export function session<E extends Env = SessionEnv>(
  options:
    | SessionOptions<E>
    | SharedSessionOptions<E>
    | ((c: Context<E>) => SessionOptions<E> | SharedSessionOptions<E>),
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

    let reading: Promise<SentId | undefined> | undefined;
    const sent = () => {
      reading ??= cookie.read(c.req.header("cookie") ?? "");
      return reading;
    };
    const send = (headers: readonly string[]) => {
      for (const header of headers) c.header("set-cookie", header, { append: true });
    };
    const renews = renew?.(c) ?? true;
    const current = new RequestSession({
      engine,
      lifetime: lifetimeBy(cookie, engine, renews),
      fieldsOfNew: cookie.fieldsOfNew && (() => cookie.fieldsOfNew?.(engine.now()) ?? {}),
      sentId: async () => (await sent())?.id,
    });
    c.set(variable, current);

    const commit = async () => {
      const { id, data, isWritten, isEnded } = await current.commit();
      if (id === undefined && !isEnded) return;
      const known = await sent();
      if (id === undefined) return known && send(await cookie.clear(data));
      const { maxAge } = lifetimeOf(cookie, data, engine.now());
      const isLonger = renews && (cookie.rolling || (maxAge !== undefined && isWritten));
      if (known?.id !== id || !known.isCurrent || isLonger) send(await cookie.write(id, maxAge, data));
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

/** How long a session lives: as its data says, where another framework's cookie says that it does. */
function lifetimeOf(cookie: SessionIdCookie, data: SessionData, now: number): CookieLifetime {
  const own = { maxAge: cookie.maxAge };
  return cookie.fieldsOfNew ? (lifetimeIn(data, now) ?? own) : own;
}

function lifetimeBy(cookie: SessionIdCookie, engine: SessionEngine, renew: boolean): SessionLifetime {
  // What the data says nothing of need not be parsed with every write.
  if (cookie.fieldsOfNew === undefined) return { maxAge: cookie.maxAge, renew };
  return (data) => ({ ...lifetimeOf(cookie, data, engine.now()), renew });
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
  readonly cookie: SessionIdCookie;
  readonly variable: string;
  readonly renew: ((c: Context) => boolean) | undefined;
}

function settingsOnce<E extends Env>(
  options: SessionOptions<E> | SharedSessionOptions<E>,
): (c: Context) => Settings {
  const settings = resolve(options, engineForDoor);
  return () => settings;
}

function settingsByRequest<E extends Env>(
  options: (c: Context<E>) => SessionOptions<E> | SharedSessionOptions<E>,
): (c: Context) => Settings {
  const engines = new SessionEngines();
  return (c) => resolve(options(c), (shared) => engines.of(shared));
}

function resolve<E extends Env>(
  options: SessionOptions<E> | SharedSessionOptions<E>,
  engineOf: (options: SessionStoreOptions) => SessionEngine,
): Settings {
  const { secret, cookie: cookieOptions, variable = "session", renew, ...shared } = { ...options };
  checkEach({ variable, renew }, CHECKS, "");
  const cookie = cookieBy(secret, cookieOptions);
  const engine = engineOf(shared);
  const { name, hashPrefix = DEFAULTS.hashPrefix } = shared.table;
  return { engine, place: `${name}/${hashPrefix}`, cookie, variable, renew };
}

function cookieBy(
  secret: string | readonly string[] | undefined,
  cookie: SessionCookieOptions | SessionIdCookie | undefined,
): SessionIdCookie {
  if (!isAnothers(cookie)) return new SessionCookie(secret, cookie);
  if (secret === undefined) return cookie;
  return refuseOption("secret: not with another framework's cookie, which is signed with its own");
}

function isAnothers(cookie: SessionCookieOptions | SessionIdCookie | undefined): cookie is SessionIdCookie {
  return typeof cookie === "object" && cookie !== null && "read" in cookie && cookie.read !== undefined;
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
