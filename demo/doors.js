// The three frameworks that the demo serves, and the names that they share: one prefix of the sessions' keys and one
// cookie, so that they serve one session. Cookies belong to a host and not to a port: a browser that has signed in at one
// framework has signed in at all.

/** What every key and every cookie of the demo's begins with. */
export const DEMO_PREFIX = "demo-";

export const HASH_PREFIX = `${DEMO_PREFIX}session#`;
export const SESSION_COOKIE = `${DEMO_PREFIX}session`;
export const VISITOR_COOKIE = `${DEMO_PREFIX}visitor`;

/** What the session's cookie is, at every framework. Not by HTTPS alone: the demo has none. */
export const COOKIE_ATTRIBUTES = { httpOnly: true, sameSite: "lax", secure: false };

/**
 * @typedef {object} Door
 * @property {string} framework
 * @property {string} path in front of the API's paths, where a request says which framework is to answer it
 */

/** @type {readonly Door[]} In the order of their ports. */
export const DOORS = ["Express", "Koa", "Hono"].map((framework) => ({
  framework,
  path: `/${framework.toLowerCase()}`,
}));

/**
 * What each framework's application is made from.
 *
 * @typedef {object} AppParts
 * @property {import("@cyclic.sh/session-store/core").SessionStoreOptions} storeOptions
 * @property {string} secret what the session's cookie is signed with
 * @property {import("@cyclic.sh/session-store/hono").SessionIdCookie} cookie the session's, as express-session has it
 * @property {object} about what the page says of this server; plain values
 * @property {(cookies: string | undefined) => Promise<void>} untilSignedOut what a slow request waits for
 */

/**
 * @typedef {object} App
 * @property {import("node:http").RequestListener} listener
 * @property {() => Promise<void>} close lets what is on its way to the table finish
 */
