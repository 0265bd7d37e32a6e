// express-session's cookie at Koa, in the place of koa-session's own: what koa-session asks for by its option
// `externalKey`, and a middleware ahead of it, since it does not wait for a key. To take the cookie from the browser is
// left to koa-session, which does so by its option `key` whenever a session ends, also one that another takes the place of.

/** @param {import("@cyclic.sh/session-store/hono").SessionIdCookie} cookie */
export function cookieForKoa(cookie) {
  /** @type {WeakMap<import("koa").Context, { sent?: string, given?: string }>} */
  const ids = new WeakMap();
  return {
    async middleware(ctx, next) {
      const known = { sent: (await cookie.read(ctx.get("cookie")))?.id };
      ids.set(ctx, known);
      try {
        await next();
      } finally {
        // As express-session does it: a cookie that the browser has is not set again.
        if (known.given !== undefined && known.given !== known.sent) {
          ctx.append("set-cookie", await cookie.write(known.given, undefined, {}));
        }
      }
    },
    externalKey: {
      get: (ctx) => ids.get(ctx).sent,
      set: (ctx, id) => {
        ids.get(ctx).given = id;
      },
    },
  };
}
