// The entry `@cyclic.sh/session-store/express-cookie`: express-session's cookie for the Hono middleware, so that
// both frameworks serve one session. Read and written as express-session 1.19 does, with `cookie-signature`.

import {
  type Check,
  checkEach,
  cookieIn,
  type SessionData,
  type StoredCookie,
  TRUE_OR_FALSE,
  withMaxAge,
} from "../core/doors.js";
import {
  ATTRIBUTE_CHECKS,
  type CookieAttributes,
  checkCookie,
  FULL_NAME,
  isAttribute,
  MAX_AGE,
  refuseUnkeepable,
  SAME_SITE,
  safe,
} from "./attributes.js";
import { clearedCookie, setCookie, valueIn } from "./header.js";
import type { SentId, SessionIdCookie } from "./id-cookie.js";
import { Signer } from "./signature.js";

export type { SentId, SessionIdCookie } from "./id-cookie.js";

/** The options of {@link expressCookie}: what the application gives express-session, under the same names. */
export interface ExpressCookieOptions {
  /** What express-session signs the cookie with. Of a list the first signs and all verify. */
  secret: string | readonly string[];
  /** Default `connect.sid`. */
  name?: string | undefined;
  /** Whether every response to a request that used its session sets the cookie anew. Default `false`. */
  rolling?: boolean | undefined;
  /** Of a session that is made at Hono. One that express-session made keeps the cookie that it has. */
  cookie?: ExpressCookieAttributes | undefined;
}

/** The cookie of a session that is made at Hono: as express-session's option `cookie` has it. */
export interface ExpressCookieAttributes {
  /** Milliseconds that the session lives, and its cookie. Default: the cookie until the browser is closed. */
  maxAge?: number | undefined;
  /** Default: the host that set it, alone. */
  domain?: string | undefined;
  /** Default `/`. */
  path?: string | undefined;
  /** Default `true`. */
  httpOnly?: boolean | undefined;
  /** Default `true`, unlike express-session's; for plain HTTP, as in development, `false`. */
  secure?: boolean | undefined;
  /** Default `lax`, unlike express-session's. */
  sameSite?: "strict" | "lax" | "none" | undefined;
}

/**
 * The cookie of an Express application with express-session, for the option `cookie` of the Hono middleware:
 * users who are signed in at one are signed in at the other. `secret` of the middleware is left out.
 *
 * How long a session lives, and its cookie, is what express-session said of it; a session that is made at
 * Hono says it in the same way, for express-session to find.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 * @example
 * const cookie = expressCookie({ secret: process.env.SESSION_SECRET ?? "" });
 * app.use(session({ table: { name: "sessions" }, cookie }));
 */
export function expressCookie(options: ExpressCookieOptions): SessionIdCookie {
  return new ExpressCookie(options);
}

class ExpressCookie implements SessionIdCookie {
  readonly fullName: string;
  readonly maxAge: number | undefined;
  readonly rolling: boolean;
  readonly #signer: Signer;
  readonly #attributes: CookieAttributes;

  constructor(options: ExpressCookieOptions) {
    const { secret, ...own } = { ...options };
    checkEach(own, CHECKS, `${OPTION}.`);
    const { name = "connect.sid", rolling = false, cookie = {} } = own;
    checkCookie(cookie, COOKIE_CHECKS, `${OPTION}.cookie.`);
    refuseUnkeepable(name, cookie, `${OPTION}.cookie.`);
    const { maxAge, domain, sameSite = "lax" } = cookie;
    this.fullName = name;
    this.rolling = rolling;
    this.#signer = new Signer("SHA-256", "base64", secret, `${OPTION}.secret`);
    this.maxAge = maxAge;
    this.#attributes = { ...(domain !== undefined && { domain }), ...safe(cookie), sameSite };
  }

  async read(header: string): Promise<SentId | undefined> {
    const value = decoded(valueIn(header, this.fullName) ?? "");
    const end = value.lastIndexOf(".");
    if (!value.startsWith(SIGNED) || end === -1) return undefined;
    const id = value.slice(SIGNED.length, end);
    const by = await this.#signer.signedBy(id, value.slice(end + 1));
    return by === undefined || id === "" ? undefined : { id, isCurrent: by === 0 };
  }

  async write(id: string, maxAge: number | undefined, data: SessionData): Promise<string[]> {
    const value = encodeURIComponent(`${SIGNED}${id}.${await this.#signer.sign(id)}`);
    return [setCookie(this.fullName, value, maxAge, this.#attributesIn(data))];
  }

  async clear(data: SessionData): Promise<string[]> {
    return [clearedCookie(this.fullName, this.#attributesIn(data))];
  }

  fieldsOfNew(now: number): SessionData {
    return { cookie: withMaxAge({ ...this.#attributes }, this.maxAge, now) };
  }

  #attributesIn(data: SessionData): CookieAttributes {
    const stored = cookieIn(data);
    return stored ? attributesOf(stored) : this.#attributes;
  }
}

/** What express-session would send of a session's own cookie: with other attributes it were another cookie. */
function attributesOf({
  domain,
  path,
  httpOnly,
  secure,
  sameSite,
  partitioned,
}: StoredCookie): CookieAttributes {
  return {
    ...(isAttribute(domain) && { domain }),
    path: isAttribute(path) ? path : "/",
    httpOnly: httpOnly !== false,
    secure: secure === true,
    sameSite: sameSite === true ? "strict" : isAttribute(sameSite) ? sameSite : undefined,
    partitioned: partitioned === true,
  };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const OPTION = "expressCookie";

// What express-session puts before what it signed.
const SIGNED = "s:";

const CHECKS: Readonly<Record<Exclude<keyof ExpressCookieOptions, "secret">, Check>> = {
  name: FULL_NAME,
  rolling: TRUE_OR_FALSE,
  cookie: [(value) => typeof value === "object" && value !== null, "an object"],
};

const COOKIE_CHECKS: Readonly<Record<keyof ExpressCookieAttributes, Check>> = {
  ...ATTRIBUTE_CHECKS,
  maxAge: MAX_AGE,
  sameSite: SAME_SITE,
};
