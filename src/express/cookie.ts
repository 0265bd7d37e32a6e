// What of a session's cookie is a change, and how long it says that the session lives. Pure functions over
// what express-session keeps under `cookie`.
import type { StoredCookie } from "../core/doors.js";

// A fall of `originalMaxAge` by less than this, and by less than a tenth, is drift: express-session sets it
// anew from the time that is left, a little less each time. (seen: 60 000 had become 59 687)
const DRIFT_MS = 1000;
const DRIFT_FRACTION = 0.1;

// Well within what a Date takes, from now.
const MAX_TIME_MS = 8e15;

const COOKIE_FIELDS =
  "originalMaxAge expires path domain httpOnly secure sameSite priority partitioned".split(" ");

/**
 * The cookie of a session whose row has none and whose application is not known: express-session's own
 * defaults.
 */
export const PLAIN_COOKIE = { originalMaxAge: null, expires: null, path: "/", httpOnly: true };

/** The cookie of a session object or of its data, as JSON holds it; `undefined` where it has none. */
export function cookieOf(session: unknown): StoredCookie | undefined {
  if (typeof session !== "object" || session === null || !("cookie" in session)) return undefined;
  const { cookie } = session;
  if (typeof cookie !== "object" || cookie === null) return undefined;
  const plain = "toJSON" in cookie && typeof cookie.toJSON === "function" ? cookie.toJSON() : cookie;
  return { ...plain };
}

/** The cookie to write: the stored one, unless the application changed it. */
export function settledCookie(stored: StoredCookie, live: StoredCookie): StoredCookie {
  const originalMaxAge = isDrift(stored.originalMaxAge, live.originalMaxAge)
    ? stored.originalMaxAge
    : live.originalMaxAge;
  // With an original max age `expires` is moved by every request, and says nothing of its own.
  const isMoved = typeof originalMaxAge === "number" && originalMaxAge === stored.originalMaxAge;
  const expires = (isMoved ? stored : live).expires ?? null;
  const settled = { ...live, originalMaxAge, expires };
  return isSameCookie(stored, settled) ? stored : settled;
}

/** Whether two cookies say the same, in the fields of express-session's cookie, as JSON has them. */
export function isSameCookie(one: StoredCookie, other: StoredCookie): boolean {
  return COOKIE_FIELDS.every((name) => isSameValue(fieldOf(one, name), fieldOf(other, name)));
}

/** Whether a cookie says nothing that another does not, but for times. */
export function isOfSameMake(one: StoredCookie, other: StoredCookie): boolean {
  return Object.keys(one).every(
    (name) =>
      one[name] === other[name] ||
      // A number in the place of a text is another make: express-session takes either in one place alone.
      (typeof one[name] === typeof other[name] && isTime(one[name]) && isTime(other[name])),
  );
}

/** Milliseconds from now that the cookie gives its session; `undefined` where it does not say. */
export function maxAgeOf(cookie: StoredCookie | undefined, now: number): number | undefined {
  if (cookie === undefined) return undefined;
  const { expires, maxAge, originalMaxAge } = cookie;
  if (expires instanceof Date) return expires.getTime() - Date.now();
  if (typeof expires === "string") return Date.parse(expires) - now;
  if (typeof maxAge === "number") return maxAge;
  return typeof originalMaxAge === "number" ? originalMaxAge : undefined;
}

/**
 * When the cookie ends, given the last write that moved the session's expiry; `undefined` where it does not
 * say.
 */
export function expiresOf(cookie: StoredCookie, updated: number | undefined): string | undefined {
  if (updated === undefined || typeof cookie.originalMaxAge !== "number") return undefined;
  const expires = new Date(updated + cookie.originalMaxAge);
  return Number.isNaN(expires.getTime()) ? undefined : expires.toISOString();
}

// As `originalMaxAge` is, and `expires`.
function isTime(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) < MAX_TIME_MS;
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

// express-session adds what a cookie lacks.
function fieldOf(cookie: StoredCookie, name: string): unknown {
  const added: StoredCookie = PLAIN_COOKIE;
  return cookie[name] === undefined ? added[name] : cookie[name];
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  try {
    return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
  } catch {
    // A cookie that is no JSON is another one: the engine says what is wrong with it.
    return false;
  }
}

function isDrift(stored: unknown, live: unknown): boolean {
  if (typeof stored !== "number" || typeof live !== "number") return false;
  const fall = stored - live;
  return fall >= 0 && fall < DRIFT_MS && fall < stored * DRIFT_FRACTION;
}
