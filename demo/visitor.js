// A name for the browser in front of the demo, so that each sees its own calls. It is given with the page, and is no
// session: it holds no right.
import { randomBytes } from "node:crypto";

/**
 * The visitor that a `Cookie` header names.
 *
 * @param {string | undefined} header
 * @param {string} cookie the name of the cookie that holds it
 * @returns {string | undefined}
 */
export function readVisitor(header = "", cookie) {
  const pairs = header.split("; ").map((pair) => pair.split("="));
  const [, value = ""] = pairs.find(([name]) => name === cookie) ?? [];
  return /^[\w-]{22}$/.test(value) ? value : undefined;
}

/**
 * A `Set-Cookie` header with a new visitor.
 *
 * @param {string} cookie
 */
export function newVisitor(cookie) {
  return `${cookie}=${randomBytes(16).toString("base64url")}; Path=/; HttpOnly; SameSite=Lax`;
}
