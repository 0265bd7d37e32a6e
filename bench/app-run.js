// An application in a process of its own: one framework, and its sessions in one store or in memory. `GET /?bytes=700` as a
// new visitor makes a session of that size; with its cookie, `GET /` is the request that is measured: it reads the
// session, and changes nothing. Asked by `requests.js` for the processor time that it has spent.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import expressSession from "express-session";
import { Hono } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import Koa from "koa";
import koaSession from "koa-session";
import { sessionData } from "./page-workload.js";
import { answerParent } from "./processes.js";
import { clientConfigOf, STORES } from "./stores.js";

const SECRET = "a secret of the benchmark, long enough for every framework";
const COOKIE = "visit";
const HOUR_MS = 3_600_000;
const TABLE = "bench";

const { framework, store: name, endpoint } = JSON.parse(process.argv[2]);
const isInMemory = name === "memory";
// Nothing is touched within the hour, where a store can be told so.
const options = {
  table: { name: TABLE },
  clientConfig: clientConfigOf({ endpoint }),
  touchInterval: HOUR_MS,
};

const FRAMEWORKS = { express: expressApp, koa: koaApp, hono: honoApp };

let counted = process.cpuUsage();
answerParent(async () => {
  const { user, system } = process.cpuUsage(counted);
  counted = process.cpuUsage();
  return { microseconds: user + system };
});

const server = createServer(await FRAMEWORKS[framework]());
server.keepAliveTimeout = HOUR_MS;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));

async function expressApp() {
  const app = express();
  const store = isInMemory ? new expressSession.MemoryStore() : await expressStore(STORES[name]);
  const cookie = { maxAge: HOUR_MS };
  const how = { name: COOKIE, secret: SECRET, resave: false, saveUninitialized: false };
  app.use(expressSession({ store, cookie, ...how }));
  app.get("/", ({ query, session }, res) => {
    if (query.bytes !== undefined) Object.assign(session, sessionData(Number(query.bytes)));
    res.send(answerFor(session.user));
  });
  // What 0.0.19 passes in an error's place, when the response is already out.
  app.use((error, _req, res, next) => {
    if (error instanceof Error) return next(error);
    if (!res.headersSent) res.status(500).end();
  });
  return app;
}

async function expressStore({ load, make }) {
  return make(await load(), { table: TABLE, endpoint }, { touchInterval: HOUR_MS });
}

async function koaApp() {
  const app = new Koa();
  app.keys = [SECRET];
  const store = isInMemory ? mapForKoa() : await koaStore();
  app.use(koaSession({ key: COOKIE, store, maxAge: HOUR_MS }, app));
  app.use((ctx) => {
    if (ctx.query.bytes !== undefined) Object.assign(ctx.session, sessionData(Number(ctx.query.bytes)));
    ctx.body = answerFor(ctx.session.user);
  });
  return app.callback();
}

async function koaStore() {
  const { CyclicSessionStore } = await import("@cyclic.sh/session-store/koa");
  return new CyclicSessionStore(options);
}

/** What `MemoryStore` is at Express: JSON text in a map. */
function mapForKoa() {
  const texts = new Map();
  return {
    get: async (key) => (texts.has(key) ? JSON.parse(texts.get(key)) : undefined),
    set: async (key, data) => texts.set(key, JSON.stringify(data)),
    destroy: async (key) => texts.delete(key),
  };
}

async function honoApp() {
  const app = new Hono();
  app.use(isInMemory ? mapForHono() : await honoSession());
  app.get("/", async (c) => {
    const bytes = c.req.query("bytes");
    if (bytes !== undefined) c.var.session.set(sessionData(Number(bytes)));
    return c.text(answerFor(await c.var.session.get("user")));
  });
  return getRequestListener(app.fetch);
}

async function honoSession() {
  const { session } = await import("@cyclic.sh/session-store/hono");
  return session({ ...options, secret: SECRET, cookie: { name: COOKIE, secure: false } });
}

/** Hono has no sessions of its own: the least that one takes, which is a signed cookie. */
function mapForHono() {
  const texts = new Map();
  return async (c, next) => {
    const id = (await getSignedCookie(c, SECRET, COOKIE)) || crypto.randomUUID();
    const data = texts.has(id) ? JSON.parse(texts.get(id)) : {};
    let isChanged = false;
    c.set("session", {
      get: async (field) => data[field],
      set(patch) {
        Object.assign(data, patch);
        isChanged = true;
      },
    });
    await next();
    if (!isChanged) return;
    texts.set(id, JSON.stringify(data));
    await setSignedCookie(c, COOKIE, id, SECRET);
  };
}

function answerFor(user) {
  return `Hello ${user?.name ?? "stranger"}`;
}
