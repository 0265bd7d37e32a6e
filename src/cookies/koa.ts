// The entry `@cyclic.sh/session-store/koa-cookie`: koa-session's cookies for the Hono middleware, so that both
// frameworks serve one session. Read and written as koa-session 7.0 does, with `cookies` and `keygrip`.

import { type Check, type SessionData, SessionStoreError, TRUE_OR_FALSE } from "../core/doors.js";
import {
  ATTRIBUTE_CHECKS,
  type CookieAttributes,
  checkCookie,
  FULL_NAME,
  MAX_AGE,
  refuseUnkeepable,
  SAME_SITE,
  safe,
} from "./attributes.js";
import { clearedCookie, setCookie, valueIn } from "./header.js";
import type { SentId, SessionIdCookie } from "./id-cookie.js";
import { Signer } from "./signature.js";

export type { SentId, SessionIdCookie } from "./id-cookie.js";

/** The options of {@link koaCookie}: `app.keys`, and what the application gives koa-session, under the same names. */
export interface KoaCookieOptions {
  /** The application's `app.keys`: the first signs and all verify. */
  keys: readonly string[];
  /** Default `koa.sess`. The signature stands in a second cookie, `koa.sess.sig`. */
  key?: string | undefined;
  /**
   * Milliseconds that a session lives that is made at Hono, and its cookies; `session` leaves these until the
   * browser is closed. Default 86 400 000, one day. A session that has another lifetime keeps it.
   */
  maxAge?: number | "session" | undefined;
  /** Whether every response to a request that used its session sets the cookies anew. Default `false`. */
  rolling?: boolean | undefined;
  /** Default: the host that set them, alone. */
  domain?: string | undefined;
  /** Default `/`. */
  path?: string | undefined;
  /** Default `true`. */
  httpOnly?: boolean | undefined;
  /** Default `true`, also behind a proxy that speaks plain HTTP to the application; for plain HTTP `false`. */
  secure?: boolean | undefined;
  /** Default `lax`, unlike koa-session's. */
  sameSite?: "strict" | "lax" | "none" | undefined;
}

/**
 * The cookies of a Koa application with koa-session and an external store, for the option `cookie` of the Hono
 * middleware: users who are signed in at one are signed in at the other. `secret` of the middleware is left
 * out.
 *
 * How long a session lives, and its cookies, is what koa-session said of it; a session that is made at Hono
 * says it in the same way, for koa-session to find.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 * @example
 * const cookie = koaCookie({ keys: [process.env.SESSION_SECRET ?? ""] });
 * app.use(session({ table: { name: "sessions" }, cookie }));
 */
export function koaCookie(options: KoaCookieOptions): SessionIdCookie {
  return new KoaCookie(options);
}

class KoaCookie implements SessionIdCookie {
  readonly fullName: string;
  readonly maxAge: number | undefined;
  readonly rolling: boolean;
  readonly #signer: Signer;
  readonly #attributes: CookieAttributes;

  constructor(options: KoaCookieOptions) {
    const { keys, ...own } = { ...options };
    checkCookie(own, CHECKS, "koaCookie.");
    refuseUnkeepable(own.key ?? "", own, "koaCookie.");
    const { key = "koa.sess", maxAge = DAY_MS, rolling = false, domain, sameSite = "lax" } = own;
    this.fullName = key;
    this.rolling = rolling;
    this.#signer = new Signer("SHA-1", "base64url", keys, "koaCookie.keys");
    this.maxAge = maxAge === "session" ? undefined : maxAge;
    this.#attributes = { ...(domain !== undefined && { domain }), ...safe(own), sameSite };
  }

  async read(header: string): Promise<SentId | undefined> {
    const [id, signature] = this.#names.map((name) => valueIn(header, name));
    if (!id || !signature) return undefined;
    const by = await this.#signer.signedBy(this.#signed(id), signature);
    return by === undefined ? undefined : { id, isCurrent: by === 0 };
  }

  async write(id: string, maxAge: number | undefined): Promise<string[]> {
    if (!SENDABLE.test(id)) throw unsendable();
    const values = [id, await this.#signer.sign(this.#signed(id))];
    return this.#names.map((name, i) => setCookie(name, values[i] ?? "", maxAge, this.#attributes));
  }

  async clear(): Promise<string[]> {
    return this.#names.map((name) => clearedCookie(name, this.#attributes));
  }

  fieldsOfNew(): SessionData {
    return this.maxAge === undefined ? { _session: true } : { _maxAge: this.maxAge };
  }

  get #names(): readonly [string, string] {
    return [this.fullName, `${this.fullName}.sig`];
  }

  #signed(id: string): string {
    return `${this.fullName}=${id}`;
  }
}

const DAY_MS = 86_400_000;

// koa-session's cookie has the id as it is, so that it must be what a header can hold.
const SENDABLE = /^[\t\x20-\x3a\x3c-\x7e\x80-\xff]+$/;

function unsendable(): SessionStoreError {
  const text =
    "koaCookie: the session's id holds characters that koa-session's cookie cannot hold; is it made by a genid or randomId of yours?";
  return new SessionStoreError("ERR_SESSION_ID", text);
}

const CHECKS: Readonly<Record<Exclude<keyof KoaCookieOptions, "keys">, Check>> = {
  ...ATTRIBUTE_CHECKS,
  key: FULL_NAME,
  maxAge: [(value) => value === "session" || MAX_AGE[0](value), `"session", or ${MAX_AGE[1]}`],
  rolling: TRUE_OR_FALSE,
  sameSite: SAME_SITE,
};
