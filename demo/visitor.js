// A name for the browser in front of the demo, so that each sees its own calls. It is given with the page, and is no
// session: it holds no right.
import { randomBytes } from "node:crypto";
import { VISITOR_COOKIE } from "./doors.js";

/**
 * The visitor that a `Cookie` header names.
 *
 * @param {string | undefined} header
 * @returns {string | undefined}
 */
export function readVisitor(header = "") {
  const pairs = header.split("; ").map((pair) => pair.split("="));
  const [, value = ""] = pairs.find(([name]) => name === VISITOR_COOKIE) ?? [];
  return /^[\w-]{22}$/.test(value) ? value : undefined;
}

/** A `Set-Cookie` header with a new visitor. */
export function newVisitor() {
  return `${VISITOR_COOKIE}=${randomBytes(16).toString("base64url")}; Path=/; HttpOnly; SameSite=Lax`;
}
