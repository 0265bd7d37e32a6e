// What Koa leaves to packages, as little of it as the demo needs: routes, and bodies of JSON.
import { BODY_LIMIT } from "./answers.js";

/** @typedef {(ctx: import("koa").Context, ...parameters: string[]) => unknown} Handle */

/**
 * A middleware for one path, such as `/api/widgets/:number`.
 *
 * @param {string} path
 * @param {Handle} handle
 */
export function get(path, handle) {
  return route("GET", path, handle);
}

/**
 * @param {string} path
 * @param {Handle} handle
 */
export function post(path, handle) {
  return route("POST", path, handle);
}

/**
 * The body of a request.
 *
 * @param {import("koa").Context} ctx
 * @returns {Promise<unknown>}
 */
export async function readJson(ctx) {
  const chunks = [];
  let bytes = 0;
  // Read to its end also when it is too large, so that the client hears the answer.
  for await (const chunk of ctx.req) {
    bytes += chunk.length;
    if (bytes <= BODY_LIMIT) chunks.push(chunk);
  }
  if (bytes > BODY_LIMIT) ctx.throw(413);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function route(method, path, handle) {
  const pattern = new RegExp(`^${path.replace(/:\w+/g, "([^/]+)")}$`);
  return (ctx, next) => {
    const [matched, ...parameters] = pattern.exec(ctx.path) ?? [];
    return ctx.method === method && matched !== undefined ? handle(ctx, ...parameters) : next();
  };
}
