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
 * A header `Set-Cookie`.
 *
 * @param value as it is sent.
 * @param maxAge milliseconds; 0 takes the cookie away, `undefined` leaves it until the browser is closed.
 */
export function setCookie(
  name: string,
  value: string,
  maxAge: number | undefined,
  { domain, path, httpOnly, secure, sameSite, partitioned }: CookieAttributes,
): string {
  const parts = [`${name}=${value}`];
  if (maxAge !== undefined) parts.push(`Max-Age=${secondsOf(maxAge)}`);
  // Expired cookies of either sign are gone in every browser.
  if (maxAge === 0) parts.push(`Expires=${new Date(0).toUTCString()}`);
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  parts.push(`Path=${path}`);
  if (httpOnly) parts.push("HttpOnly");
  if (secure) parts.push("Secure");
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  if (partitioned) parts.push("Partitioned");
  return parts.join("; ");
}
