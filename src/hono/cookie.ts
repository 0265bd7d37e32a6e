// The middleware's own cookie: signed by `hono/cookie`, its options checked. Knows nothing of sessions.
import { generateSignedCookie } from "hono/cookie";
import { type CookieOptions, parseSigned } from "hono/utils/cookie";
import {
  ATTRIBUTE_CHECKS,
  COOKIE_NAME,
  checkCookie,
  MAX_AGE,
  refuseUnkeepable,
  safe,
  secondsOf,
} from "../cookies/attributes.js";
import type { SentId, SessionIdCookie } from "../cookies/id-cookie.js";
import { type Check, refuseOption, TRUE_OR_FALSE } from "../core/doors.js";

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

const DEFAULT_NAME = "session";
const SHORTEST_SECRET = 32;
// Expired cookies of either sign are gone in every browser.
const GONE = { maxAge: 0, expires: new Date(0) };

/** The cookie of one `session()`. */
export class SessionCookie implements SessionIdCookie {
  readonly fullName: string;
  readonly maxAge: number | undefined;
  readonly rolling: boolean;
  readonly #name: string;
  readonly #secrets: Secrets;
  readonly #options: CookieOptions;

  /** @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option. */
  constructor(secret: string | readonly string[] | undefined, options: SessionCookieOptions = {}) {
    this.#secrets = checkSecrets(secret);
    checkOptions(options);
    const { name = DEFAULT_NAME, maxAge, rolling = false, ...attributes } = options;
    this.#name = name;
    this.fullName = PREFIXES[options.prefix ?? "none"] + name;
    this.maxAge = maxAge;
    this.rolling = rolling;
    this.#options = { ...attributes, ...safe(options), sameSite: options.sameSite ?? "Lax" };
  }

  async read(header: string): Promise<SentId | undefined> {
    for (const [i, secret] of this.#secrets.entries()) {
      const { [this.fullName]: id } = await parseSigned(header, secret, this.fullName);
      if (id) return { id, isCurrent: i === 0 };
      if (id === undefined) return undefined;
    }
    return undefined;
  }

  write(id: string, maxAge: number | undefined): Promise<string[]> {
    return this.#header(id, maxAge === undefined ? {} : { maxAge: secondsOf(maxAge) });
  }

  clear(): Promise<string[]> {
    return this.#header("", GONE);
  }

  async #header(value: string, lifetime: CookieOptions): Promise<string[]> {
    return [
      await generateSignedCookie(this.#name, value, this.#secrets[0], { ...this.#options, ...lifetime }),
    ];
  }
}

const PREFIXES = { none: "", host: "__Host-", secure: "__Secure-" };

// The first signs.
type Secrets = readonly [string, ...string[]];

function checkSecrets(secret: string | readonly string[] | undefined): Secrets {
  const [first = "", ...older] = [secret ?? []].flat();
  const isLongEnough = (one: unknown) => typeof one === "string" && one.length >= SHORTEST_SECRET;
  if (isLongEnough(first) && older.every(isLongEnough)) return [first, ...older];
  // Not even the length of what was given: it may be the secret.
  return refuseOption(
    `secret: expected a string of at least ${SHORTEST_SECRET} characters, or a list of them of which the first signs (is the environment variable set that it comes from?)`,
  );
}

const CHECKS: Readonly<Record<keyof SessionCookieOptions, Check>> = {
  ...ATTRIBUTE_CHECKS,
  name: [
    (value) => typeof value === "string" && COOKIE_NAME.test(value) && !/^__(Host|Secure)-/.test(value),
    "a cookie's name (__Host- and __Secure- are options: cookie.prefix)",
  ],
  maxAge: MAX_AGE,
  rolling: TRUE_OR_FALSE,
  sameSite: [
    (value) => value === "Strict" || value === "Lax" || value === "None",
    '"Strict", "Lax" or "None"',
  ],
  prefix: [(value) => value === "host" || value === "secure", '"host" or "secure"'],
};

function checkOptions(options: SessionCookieOptions): void {
  checkCookie(options, CHECKS, "cookie.");
  const { prefix, secure, domain, path } = options;
  if (secure === false && prefix) refuseOption(`cookie.prefix: "${prefix}" needs a secure cookie`);
  refuseUnkeepable("", options, "cookie.");
  if (prefix === "host" && domain !== undefined) refuseOption('cookie.domain: not with prefix "host"');
  if (prefix === "host" && path !== undefined && path !== "/") {
    refuseOption('cookie.path: "/" alone with prefix "host"');
  }
}
