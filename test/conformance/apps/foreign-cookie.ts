// Another framework's cookie, as the settings ask for it.
import { expressCookie } from "../../../src/cookies/express.js";
import { koaCookie } from "../../../src/cookies/koa.js";
import type { SessionIdCookie } from "../../../src/hono/index.js";
import { type Lab, SECRET } from "../protocol.js";

export function foreignCookie({ settings: { cookieOf, cookieMaxAge } }: Lab): SessionIdCookie | undefined {
  const attributes = { secure: false, ...(cookieMaxAge !== undefined && { maxAge: cookieMaxAge }) };
  if (cookieOf === "express-session") return expressCookie({ secret: SECRET, cookie: attributes });
  return cookieOf === "koa-session" ? koaCookie({ keys: [SECRET], ...attributes }) : undefined;
}
