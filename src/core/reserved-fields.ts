// The fields of session data that frameworks keep for themselves, beside the application's: whose each is, and
// what they say of how long the session lives. One session may be served by several frameworks. Each shows its
// application the application's data alone, leaves the others' fields as they are, and lets the session live
// as long as the one said that was asked last.
import { isObject } from "./checks.js";
import { SessionStoreError } from "./errors.js";
import type { CookieLifetime } from "./lifetime.js";
import type { SessionData } from "./options.js";

/** A session's cookie as express-session keeps it under `cookie`, in plain JSON. */
export type StoredCookie = Readonly<Record<string, unknown>>;

/** What the names begin with under which the Hono door's `flash` keeps its values. */
export const FLASH = "_flash.";

/** koa-session asks for a row that outlives its cookie by this many milliseconds. (7.0.2, src/context.ts) */
export const KOA_GRACE_MS = 10_000;

/**
 * Whether a field is a framework's. By its value as well as by its name: an application that no other
 * framework serves may have a `cookie` of its own.
 */
export function isReserved(name: string, value: unknown): boolean {
  switch (name) {
    case "cookie":
      if (!isObject(value)) return false;
      // Without it where its application gave `maxAge: undefined`.
      return (
        Object.hasOwn(value, "originalMaxAge") ||
        ["path", "httpOnly"].every((key) => Object.hasOwn(value, key))
      );
    case "_expire":
    case "_maxAge":
      return typeof value === "number";
    case "_session":
      return value === true;
    default:
      return name.startsWith(FLASH);
  }
}

/** Whether frameworks keep their own under this name, where they do. */
export function isReservedName(name: string): boolean {
  return name.startsWith(FLASH) || NAMES.includes(name);
}

/**
 * Refuses data in which an application has a field that is, or would be taken for, a framework's own.
 *
 * @param isTaken whether another framework keeps its own under this name in this very session.
 * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE`, naming the field and who keeps it.
 */
export function refuseReserved(data: unknown, isTaken: (name: string) => boolean = () => false): void {
  for (const [name, value] of isObject(data) ? Object.entries(data) : []) {
    if (!isReserved(name, value) && !(isReservedName(name) && isTaken(name))) continue;
    throw new SessionStoreError(
      "ERR_SESSION_UNSERIALIZABLE",
      `session data cannot be stored: ${keeperOf(name)} keeps its own under the name of the field ${JSON.stringify(name)}; give it another name. Nothing was written`,
    );
  }
}

const NAMES = ["cookie", "_expire", "_maxAge", "_session"];

function keeperOf(name: string): string {
  if (name === "cookie") return "express-session";
  return name.startsWith(FLASH) ? "flash() of Hono's sessions" : "koa-session";
}

/** The cookie that express-session keeps in data; `undefined` where it keeps none. */
export function cookieIn({ cookie }: SessionData): StoredCookie | undefined {
  return isObject(cookie) && isReserved("cookie", cookie) ? cookie : undefined;
}

/**
 * How long data says that its session lives, from now: by express-session's cookie where there is one, which
 * every door keeps to what was said last; else by koa-session's own fields. `undefined` where neither says.
 */
export function lifetimeIn(data: SessionData, now: number): CookieLifetime | undefined {
  const cookie = cookieIn(data);
  if (cookie !== undefined) return { maxAge: sound(maxAgeIn(cookie, now)) };
  if (data._session === true) return {};
  const maxAge = sound(data._maxAge);
  return maxAge === undefined ? undefined : { maxAge, grace: KOA_GRACE_MS };
}

/** Milliseconds from now that a stored cookie gives its session; `undefined` for one that lasts as the browser. */
function maxAgeIn({ originalMaxAge, expires, maxAge }: StoredCookie, now: number): number | undefined {
  if (typeof originalMaxAge === "number") return originalMaxAge;
  // As of the last save: an application set the date, and it does not move.
  if (typeof expires === "string") return Date.parse(expires) - now;
  return typeof maxAge === "number" ? maxAge : undefined;
}

// Well within what a Date takes, from now.
const MOST_MS = 4e15;

/** A number of milliseconds that leads to a date, which not every number in a row does. */
function sound(maxAge: unknown): number | undefined {
  return typeof maxAge === "number" && Math.abs(maxAge) < MOST_MS ? maxAge : undefined;
}

/** The cookie, saying that its session lives so many milliseconds from now; or, for none, as long as the browser. */
export function withMaxAge(cookie: StoredCookie, maxAge: number | undefined, now: number): StoredCookie {
  const ms = sound(maxAge);
  if (ms === undefined) return { ...cookie, originalMaxAge: null, expires: null };
  return { ...cookie, originalMaxAge: ms, expires: new Date(now + ms).toISOString() };
}
