// What can be said of a cookie besides its name and its value, and which of it makes no sense.
import { type Check, checkEach, refuseOption, TRUE_OR_FALSE } from "../core/doors.js";

/** The attributes of a cookie that a browser is told with it, but for how long it keeps it. */
export interface CookieAttributes {
  readonly domain?: string | undefined;
  readonly path: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite?: string | undefined;
  readonly partitioned?: boolean | undefined;
}

/** Of these attributes, what was said; and where nothing was, what is right for a session's cookie. */
export function safe({
  path = "/",
  httpOnly = true,
  secure = true,
}: {
  readonly [Name in "path" | "httpOnly" | "secure"]?: CookieAttributes[Name] | undefined;
}): Pick<CookieAttributes, "path" | "httpOnly" | "secure"> {
  return { path, httpOnly, secure };
}

// Browsers keep no cookie longer, and hono/cookie throws at the response for one that asks for more.
const LONGEST_MAX_AGE_SECONDS = 400 * 86_400;

/** Milliseconds as `Max-Age` has them: whole seconds, and no more than browsers take. */
export function secondsOf(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms / 1000)), LONGEST_MAX_AGE_SECONDS);
}

/** Whether a value can stand in a header as an attribute's. */
export function isAttribute(value: unknown): value is string {
  return typeof value === "string" && /^[^;\r\n]*$/.test(value);
}

/** What a cookie's name may be made of. (RFC 6265, 4.1.1) */
export const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

export const MAX_AGE: Check = [
  (value) => typeof value === "number" && value > 0 && Number.isFinite(value),
  "milliseconds, more than 0",
];

/** The checks of attributes that are spelled alike everywhere. */
export const ATTRIBUTE_CHECKS = {
  domain: [isAttribute, "a host's name"],
  path: [(value) => isAttribute(value) && value.startsWith("/"), "a path that begins with /"],
  httpOnly: TRUE_OR_FALSE,
  secure: TRUE_OR_FALSE,
} satisfies Record<string, Check>;

/** What `sameSite` is where it is spelled as the frameworks of Node do. */
export const SAME_SITE: Check = [
  (value) => value === "strict" || value === "lax" || value === "none",
  '"strict", "lax" or "none"',
];

export const FULL_NAME: Check = [
  (value) => typeof value === "string" && COOKIE_NAME.test(value),
  "a cookie's name",
];

/**
 * Checks a cookie's options by name.
 *
 * @param prefix put before the names in messages: `cookie.`
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 */
export function checkCookie(options: object, checks: Readonly<Record<string, Check>>, prefix: string): void {
  if (Object(options) !== options) refuseOption(`${prefix.slice(0, -1)}: expected an object`, options);
  checkEach(options, checks, prefix);
}

/** What makes that browsers do not take a cookie at all. */
interface Keepable {
  readonly secure?: boolean | undefined;
  readonly sameSite?: string | undefined;
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
}

/**
 * Refuses a cookie that no browser takes: for requests of other sites, or with a prefix in its name, and not by
 * HTTPS alone; or with the prefix `__Host-` for more than its host.
 *
 * @param fullName as the browser knows it.
 * @param prefix as for `checkCookie`.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 */
export function refuseUnkeepable(fullName: string, cookie: Keepable, prefix: string): void {
  const { secure, sameSite, domain, path = "/" } = cookie;
  const [wanted] = /^__(Host|Secure)-/.exec(fullName) ?? [];
  if (secure === false && wanted)
    refuseOption(`${prefix}secure: a cookie named ${wanted}… needs to be secure`);
  if (secure === false && sameSite?.toLowerCase() === "none")
    refuseOption(`${prefix}sameSite: "${sameSite}" needs a secure cookie`);
  if (wanted !== "__Host-") return;
  if (domain !== undefined) refuseOption(`${prefix}domain: not for a cookie named __Host-…`);
  if (path !== "/") refuseOption(`${prefix}path: "/" alone for a cookie named __Host-…`);
}
