// What both applications are told of their sessions: in one place, so that neither is told otherwise.
// @ts-check
import { MAX_AGE, settings } from "../shop/settings.js";

const { table, secret, https, host, port } = settings(process.env);

export { host, https, port };

/** Where the sessions are, and how they are kept there. */
export const options = { table: { name: table }, hashIds: true };

/**
 * Their cookie: express-session's options and those of `expressCookie` have the same names.
 *
 * @type {import("@cyclic.sh/session-store/express-cookie").ExpressCookieOptions}
 */
export const cookie = {
  name: "session",
  secret,
  rolling: true,
  // SameSite=Lax: the forms of other sites come without the cookie.
  cookie: { maxAge: MAX_AGE, httpOnly: true, sameSite: "lax", secure: https },
};
