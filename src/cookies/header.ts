// The headers `Cookie` and `Set-Cookie`, as frameworks of Node read and write them.
import { type CookieAttributes, secondsOf } from "./attributes.js";

/** The value of a cookie in a header `Cookie`, as it was sent: the first of that name. */
export function valueIn(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at === -1 || pair.slice(0, at).trim() !== name) continue;
    const value = pair.slice(at + 1).trim();
    return /^".*"$/.test(value) ? value.slice(1, -1) : value;
  }
  return undefined;
}

/**
 * A header `Set-Cookie` that gives a cookie to the browser.
 *
 * @param value as it is sent.
 * @param maxAge milliseconds, at least a second; `undefined` leaves it until the browser is closed.
 */
export function setCookie(
  name: string,
  value: string,
  maxAge: number | undefined,
  attributes: CookieAttributes,
): string {
  // None would take it away.
  const seconds = maxAge === undefined ? [] : [`Max-Age=${secondsOf(Math.max(1, maxAge))}`];
  return [`${name}=${value}`, ...seconds, ...partsOf(attributes)].join("; ");
}

/** A header `Set-Cookie` that takes a cookie from the browser. */
export function clearedCookie(name: string, attributes: CookieAttributes): string {
  // Expired cookies of either sign are gone in every browser.
  const gone = ["Max-Age=0", `Expires=${new Date(0).toUTCString()}`];
  return [`${name}=`, ...gone, ...partsOf(attributes)].join("; ");
}

function partsOf({ domain, path, httpOnly, secure, sameSite, partitioned }: CookieAttributes): string[] {
  return [
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    `Path=${path}`,
    ...(httpOnly ? ["HttpOnly"] : []),
    ...(secure ? ["Secure"] : []),
    ...(sameSite === undefined ? [] : [`SameSite=${sameSite}`]),
    ...(partitioned ? ["Partitioned"] : []),
  ];
}
