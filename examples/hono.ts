// A Hono application, on Node, whose visitors count their visits.
import type { SessionStoreOptions } from "@cyclic.sh/session-store/core";
import { type SessionEnv, session } from "@cyclic.sh/session-store/hono";
import { type ServerType, serve } from "@hono/node-server";
import { Hono } from "hono";
import { sessionOptions } from "./visits.js";

type AppEnv = SessionEnv<{ visits: number }>;

export function start(options: SessionStoreOptions, port: number): ServerType {
  const { secret } = sessionOptions;
  const app = new Hono<AppEnv>()
    // Not secure: this server speaks plain HTTP.
    .use(session<AppEnv>({ ...options, secret, cookie: { maxAge: 24 * 60 * 60 * 1000, secure: false } }))
    .get("/", async (c) => {
      const visits = ((await c.var.session.get("visits")) ?? 0) + 1;
      c.var.session.set({ visits });
      return c.text(`visit ${visits}`);
    });
  return serve({ fetch: app.fetch, hostname: "127.0.0.1", port });
}
