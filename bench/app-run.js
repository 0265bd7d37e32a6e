// An application in a process of its own: one framework with one store, or with none. `GET /?bytes=700` as a new visitor
// makes a session of that size; with the cookie it is the request that is measured: it reads the session, and changes
// nothing. Started by `requests.js`.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import expressSession from "express-session";
import { Hono } from "hono";
import Koa from "koa";
import koaSession from "koa-session";
import { sessionData } from "./page-workload.js";
import { clientConfigOf, STORES } from "./stores.js";

const SECRET = "a secret of the benchmark, long enough for every framework";
const COOKIE = "visit";

const { framework, store: name, endpoint } = JSON.parse(process.argv[2]);
const options = { table: { name: "bench" }, clientConfig: clientConfigOf({ endpoint }) };

const FRAMEWORKS = { express: expressApp, koa: koaApp, hono: honoApp };

const server = createServer(await FRAMEWORKS[framework]());
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit());

async function expressApp() {
  const app = express();
  app.disable("x-powered-by");
  if (name !== "none") {
    const store = await expressStore();
    app.use(expressSession({ name: COOKIE, secret: SECRET, store, resave: false, saveUninitialized: false }));
  }
  app.get("/", (req, res) => {
    if (req.query.bytes !== undefined) Object.assign(req.session, sessionData(Number(req.query.bytes)));
    res.send(answerFor(req.session?.user?.name));
  });
  // 0.0.19 passes what DynamoDB answered where an error belongs, when the response is already out.
  app.use((error, _req, res, next) => {
    if (error instanceof Error) return next(error);
    if (!res.headersSent) res.status(500).end();
  });
  return app;
}

async function expressStore() {
  if (name === "memory") return new expressSession.MemoryStore();
  const { load, make } = STORES[name];
  return make(await load(), { table: "bench", endpoint }, {});
}

async function koaApp() {
  const app = new Koa();
  app.keys = [SECRET];
  if (name !== "none") {
    const { CyclicSessionStore } = await import("@cyclic.sh/session-store/koa");
    const store = name === "memory" ? mapForKoa() : new CyclicSessionStore(options);
    app.use(koaSession({ key: COOKIE, store, maxAge: "session" }, app));
  }
  app.use((ctx) => {
    if (ctx.query.bytes !== undefined) Object.assign(ctx.session, sessionData(Number(ctx.query.bytes)));
    ctx.body = answerFor(ctx.session?.user?.name);
  });
  return app.callback();
}

/** What `MemoryStore` is at Express: JSON text in a map. */
function mapForKoa() {
  const texts = new Map();
  return {
    async get(key) {
      const text = texts.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async set(key, data) {
      texts.set(key, JSON.stringify(data));
    },
    async destroy(key) {
      texts.delete(key);
    },
  };
}

async function honoApp() {
  const app = new Hono();
  if (name !== "none") {
    const { session } = await import("@cyclic.sh/session-store/hono");
    app.use(session({ ...options, secret: SECRET, cookie: { secure: false } }));
  }
  app.get("/", async (c) => {
    const bytes = c.req.query("bytes");
    const { session } = c.var;
    if (bytes !== undefined) {
      for (const [field, value] of Object.entries(sessionData(Number(bytes))))
        await session.set(field, value);
    }
    return c.text(answerFor((await session?.get("user"))?.name));
  });
  return getRequestListener(app.fetch);
}

function answerFor(user = "stranger") {
  return `Hello ${user}`;
}
