// A WebSocket beside an application's page: its upgrade looks at the session of the request, or changes it.
import type { Context, Hono, MiddlewareHandler } from "hono";
import type { WSContext } from "hono/ws";
import type { SessionEnv } from "../../../src/hono/index.js";

/** A runtime's own upgrade, by Hono's adapter. */
export type Upgrade = (
  events: (c: Context<SessionEnv>) => { onMessage(event: MessageEvent, socket: WSContext): void },
) => MiddlewareHandler;

/** Lets `/socket` answer a message with the session's data, as the upgrade saw it; `?n=` sets that field first. */
export function withSocket(app: Hono<SessionEnv>, upgrade: Upgrade): Hono<SessionEnv> {
  app.get(
    "/socket",
    async (c, next) => {
      const n = c.req.query("n");
      if (n !== undefined) c.var.session.set("n", Number(n));
      await c.var.session.get();
      await next();
    },
    upgrade(({ var: { session } }) => ({
      onMessage: (_, socket) => socket.send(JSON.stringify(session.data)),
    })),
  );
  return app;
}
