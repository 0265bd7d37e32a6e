// A name for the browser in front of the demo, so that each sees its own calls. Not a session: it holds no right.

export const VISITOR_COOKIE = "demo.visitor";

/**
 * The visitor that a `Cookie` header names.
 *
 * @param {string | undefined} header
 * @returns {string | undefined}
 */
export function readVisitor(header = "") {
  return /(?:^|; )demo\.visitor=([\w-]{22})(?:;|$)/.exec(header)?.[1];
}
