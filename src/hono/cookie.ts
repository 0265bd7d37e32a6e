// The cookie that carries a session's id: signed by `hono/cookie`, its options checked. Knows nothing of
// sessions.
import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { type Check, checkEach, refuseOption, TRUE_OR_FALSE } from "../core/doors.js";

/** The session's cookie. All but `secret` of what can be said of it. */
export interface SessionCookieOptions {
  /** Default `session`. */
  name?: string | undefined;
  /**
   * Milliseconds that the browser keeps the cookie (at most 400 days), from the last request that wrote its
   * session. Default: until the browser is closed.
   */
  maxAge?: number | undefined;
  /** Whether every response to a request that used its session sets the cookie anew. Default `false`. */
  rolling?: boolean | undefined;
  /** Default: the host that set it, alone. */
  domain?: string | undefined;
  /** Default `/`. */
  path?: string | undefined;
  /** Whether scripts of the page are kept from it. Default `true`. */
  httpOnly?: boolean | undefined;
  /** Whether it travels by HTTPS alone. Default `true`; for plain HTTP, as in development, `false`. */
  secure?: boolean | undefined;
  /** Default `Lax`. */
  sameSite?: "Strict" | "Lax" | "None" | undefined;
  /** `host` names it `__Host-…`: the browser takes it from this host alone, by HTTPS, for every path. */
  prefix?: "host" | "secure" | undefined;
}

/** What a cookie said: a session's id, and whether the secret that signed it is the one that signs now. */
export interface SentId {
  readonly id: string;
  readonly isCurrent: boolean;
}

const DEFAULT_NAME = "session";
const SHORTEST_SECRET = 32;
// Browsers keep no cookie longer, and hono/cookie throws at the response for one that asks for more.
const LONGEST_MAX_AGE_SECONDS = 400 * 86_400;
// Expired cookies of either sign are gone in every browser.
const GONE = { maxAge: 0, expires: new Date(0) };

/** The cookie of one `session()`. */
export class SessionCookie {
  /** As the browser knows it, prefix included. */
  readonly fullName: string;
  /** Milliseconds; `undefined` for one that lasts as the browser. */
  readonly maxAge: number | undefined;
  readonly rolling: boolean;
  readonly #name: string;
  readonly #secrets: Secrets;
  readonly #options: CookieOptions;

  /** @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option. */
  constructor(secret: string | readonly string[], options: SessionCookieOptions = {}) {
    this.#secrets = checkSecrets(secret);
    checkOptions(options);
    const { name = DEFAULT_NAME, maxAge, rolling = false, ...attributes } = options;
    const { path = "/", httpOnly = true, secure = true, sameSite = "Lax" } = options;
    this.#name = name;
    this.fullName = PREFIXES[options.prefix ?? "none"] + name;
    this.maxAge = maxAge;
    this.rolling = rolling;
    this.#options = { ...attributes, path, httpOnly, secure, sameSite };
  }

  /** What the request's cookie says; `undefined` where there is none, or none that was signed here. */
  async read(c: Context): Promise<SentId | undefined> {
    for (const [i, secret] of this.#secrets.entries()) {
      const id = await getSignedCookie(c, secret, this.#name, this.#options.prefix);
      if (id) return { id, isCurrent: i === 0 };
      if (id === undefined) return undefined;
    }
    return undefined;
  }

  /** Sets the cookie in the response. */
  async write(c: Context, id: string): Promise<void> {
    const maxAge = this.maxAge === undefined ? {} : { maxAge: secondsOf(this.maxAge) };
    await this.#set(c, id, maxAge);
  }

  /** Takes the cookie from the browser. */
  async clear(c: Context): Promise<void> {
    await this.#set(c, "", GONE);
  }

  #set(c: Context, value: string, lifetime: CookieOptions): Promise<void> {
    return setSignedCookie(c, this.#name, value, this.#secrets[0], { ...this.#options, ...lifetime });
  }
}

const PREFIXES = { none: "", host: "__Host-", secure: "__Secure-" };

function secondsOf(ms: number): number {
  return Math.min(Math.ceil(ms / 1000), LONGEST_MAX_AGE_SECONDS);
}

// The first signs.
type Secrets = readonly [string, ...string[]];

function checkSecrets(secret: string | readonly string[]): Secrets {
  const [first = "", ...older] = [secret].flat();
  const isLongEnough = (one: unknown) => typeof one === "string" && one.length >= SHORTEST_SECRET;
  if (isLongEnough(first) && older.every(isLongEnough)) return [first, ...older];
  // Not even the length of what was given: it may be the secret.
  return refuseOption(
    `secret: expected a string of at least ${SHORTEST_SECRET} characters, or a list of them of which the first signs (is the environment variable set that it comes from?)`,
  );
}

const NAME = /^(?!__Host-|__Secure-)[\w!#$%&'*.^`|~+-]+$/;
const NO_BREAK = /^[^;\r\n]*$/;
const isText = (value: unknown) => typeof value === "string" && NO_BREAK.test(value);

const CHECKS: Readonly<Record<keyof SessionCookieOptions, Check>> = {
  name: [
    (value) => typeof value === "string" && NAME.test(value),
    "a cookie's name (__Host- and __Secure- are options: cookie.prefix)",
  ],
  maxAge: [
    (value) => typeof value === "number" && value > 0 && Number.isFinite(value),
    "milliseconds, more than 0",
  ],
  rolling: TRUE_OR_FALSE,
  domain: [isText, "a host's name"],
  path: [(value) => isText(value) && String(value).startsWith("/"), "a path that begins with /"],
  httpOnly: TRUE_OR_FALSE,
  secure: TRUE_OR_FALSE,
  sameSite: [
    (value) => value === "Strict" || value === "Lax" || value === "None",
    '"Strict", "Lax" or "None"',
  ],
  prefix: [(value) => value === "host" || value === "secure", '"host" or "secure"'],
};

function checkOptions(options: SessionCookieOptions): void {
  if (Object(options) !== options) refuseOption("cookie: expected an object", options);
  checkEach(options, CHECKS, "cookie.");
  const { prefix, secure, sameSite, domain, path } = options;
  if (secure === false && prefix) refuseOption(`cookie.prefix: "${prefix}" needs a secure cookie`);
  if (secure === false && sameSite === "None") refuseOption('cookie.sameSite: "None" needs a secure cookie');
  if (prefix === "host" && domain !== undefined) refuseOption('cookie.domain: not with prefix "host"');
  if (prefix === "host" && path !== undefined && path !== "/") {
    refuseOption('cookie.path: "/" alone with prefix "host"');
  }
}
