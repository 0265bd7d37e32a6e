// A Fastify application whose visitors count their visits.
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import Fastify from "fastify";
import { isMain, sessionOptions, storeOptions } from "./visits.js";

export async function start(options, port) {
  const app = Fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: sessionOptions.secret,
    saveUninitialized: false,
    // In production, behind HTTPS: secure: true, which is the default.
    cookie: { ...sessionOptions.cookie, secure: false },
    store: new CyclicSessionStore(options),
  });
  app.get("/", async ({ session }) => {
    session.visits = (session.visits ?? 0) + 1;
    return `visit ${session.visits}`;
  });
  await app.listen({ host: "127.0.0.1", port });
  return app.server;
}

if (isMain(import.meta)) await start(storeOptions, 3000);
