// Another framework's cookie at Koa, in the place of koa-session's own: as docs/migrate/express-to-hono.md has it.
import type { Context, Next } from "koa";
import type { SentId, SessionIdCookie } from "../../../src/hono/index.js";

export function foreignKey(cookie: SessionIdCookie) {
  const sent = new WeakMap<Context, SentId>();
  const given = new WeakMap<Context, string>();
  return {
    /** Ahead of koa-session, which does not wait for a key. */
    async middleware(ctx: Context, next: Next): Promise<void> {
      const known = await cookie.read(ctx.get("cookie"));
      if (known) sent.set(ctx, known);
      try {
        await next();
      } finally {
        const id = ctx.session === null ? undefined : given.get(ctx);
        if (id !== undefined) {
          const maxAge: unknown = ctx.session?.maxAge;
          ctx.append(
            "set-cookie",
            await cookie.write(id, typeof maxAge === "number" ? maxAge : undefined, {}),
          );
        } else if (ctx.session === null) {
          ctx.append("set-cookie", await cookie.clear({}));
        }
      }
    },
    /** An option of koa-session's. */
    externalKey: {
      get: (ctx: Context) => sent.get(ctx)?.id ?? "",
      set: (ctx: Context, id: string) => void given.set(ctx, id),
    },
  };
}
