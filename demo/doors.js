// The three frameworks that the demo serves, and the names that keep them apart: in one table, rows by the prefix of
// their keys; in one browser, whose cookies belong to a host and not to a port, cookies by their names.

/** What every key and every cookie of the demo's begins with. */
export const DEMO_PREFIX = "demo-";

/**
 * @typedef {object} Door
 * @property {string} framework
 * @property {string} hashPrefix of its sessions' keys
 * @property {string} sessionCookie
 * @property {string} visitorCookie
 */

/** @type {readonly Door[]} In the order of their ports. */
export const DOORS = ["Express", "Koa", "Hono"].map((framework) => {
  const name = DEMO_PREFIX + framework.toLowerCase();
  return { framework, hashPrefix: `${name}#`, sessionCookie: name, visitorCookie: `${name}-visitor` };
});

/**
 * What each framework's application is made from.
 *
 * @typedef {object} AppParts
 * @property {import("@cyclic.sh/session-store/core").SessionStoreOptions} storeOptions
 * @property {string} secret what the session's cookie is signed with
 * @property {string} sessionCookie the cookie's name
 * @property {object} about what the page says of this server; plain values
 * @property {(sessionId: string | undefined, cookies: string | undefined) => Promise<object>} inspect what the page
 *   shows of a session's row and of a visitor's calls
 */

/**
 * @typedef {object} App
 * @property {import("node:http").RequestListener} listener
 * @property {() => Promise<void>} close lets what is on its way to the table finish
 */
