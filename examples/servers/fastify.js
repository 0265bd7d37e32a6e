// A Fastify application, with @fastify/session, whose visitors count their visits.
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import Fastify from "fastify";
import { announce, MAX_AGE, settings } from "../shop/settings.js";

const { table, secret, https, host, port } = settings(process.env);

const app = Fastify({ trustProxy: https });
const store = new CyclicSessionStore({ table: { name: table }, hashIds: true });
await app.register(fastifyCookie);
await app.register(fastifySession, {
  store,
  secret,
  saveUninitialized: false,
  cookie: { maxAge: MAX_AGE, secure: https },
});
app.get("/", async ({ session }) => {
  session.visits = (session.visits ?? 0) + 1;
  return `visit ${session.visits}`;
});

await app.listen({ host, port });
announce(host, app.server.address().port);
