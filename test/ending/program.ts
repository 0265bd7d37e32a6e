// A process that uses one door and comes to its end, or not: `node program.mjs <asked as JSON>`. What it is asked for is in
// `protocol.ts`. Nothing here ends the process.
import { createServer } from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import express from "express";
import expressSession from "express-session";
import { Hono } from "hono";
import { createSessionEngine, type SessionStoreOptions } from "../../src/core/index.js";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { type SessionEnv, session } from "../../src/hono/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import type { Asked, Door } from "./protocol.js";

const asked: Asked = JSON.parse(String(process.argv[2]));
const clientConfig = {
  endpoint: asked.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
};

// A deadline that is left would hold the process for ten minutes.
const common = { table: { name: asked.table }, timeout: 600_000 };
const stores: SessionStoreOptions[] = [
  { ...common, clientConfig },
  { ...common, client: new DynamoDBClient(clientConfig) },
];

/** Uses a door as an application does, from the first write to the last; and says how it is closed, if at all. */
const doors: Record<Door, (options: SessionStoreOptions) => Promise<() => Promise<void>>> = {
  async engine(options) {
    const engine = createSessionEngine(options);
    const ids = [0, 1, 2].map(() => engine.newId());
    for (const id of ids) await engine.save(engine.create(id), { n: 1 });
    await Promise.all(ids.map((id) => engine.load(id)));
    await engine.update(String(ids[0]), () => ({ n: 2 }));
    await engine.touch(String(ids[0]));
    await engine.destroy(String(ids[1]));
    for await (const _ of engine.all());
    return () => engine.close();
  },
  async express(options) {
    const store = new ExpressStore(options);
    const data = { cookie: new expressSession.Cookie(), n: 1 };
    const id = `express-${process.pid}`;
    await store.set(id, data);
    await store.get(id);
    await store.touch(id, data);
    await store.length();
    await store.destroy(id);
    return () => store.close();
  },
  async koa(options) {
    const store = new KoaStore({ ...options, ttl: 60_000 });
    const id = `koa-${process.pid}`;
    await store.set(id, { n: 1 });
    await store.get(id);
    await store.update(id, () => ({ n: 2 }));
    await store.destroy(id);
    return () => store.close();
  },
  async hono(options) {
    const app = new Hono<SessionEnv>();
    const secret = "of the tests, and of the tests alone";
    // As on Workers, where options come with the request, beside one session whose options are always the same.
    app.use(
      "/each",
      session<SessionEnv>(() => ({ ...options, secret })),
    );
    app.use("/once", session<SessionEnv>({ ...options, secret }));
    app.get("*", async (c) => {
      await c.var.session.update((data) => ({ ...data, n: 1 }));
      await c.var.session.set("m", 2);
      return c.json(await c.var.session.get());
    });
    for (const path of ["/each", "/once"]) {
      const answer = await app.request(`https://localhost${path}`);
      if (answer.status !== 200) throw new Error(await answer.text());
    }
    // The middleware has no end: an application on Workers has none.
    return async () => {};
  },
};

if (asked.do === "use") {
  const closes = [];
  for (const options of stores) closes.push(await doors[asked.door](options));
  if (asked.closes) await Promise.all(closes.map((close) => close()));
  console.log("done");
} else {
  serve(new ExpressStore({ ...common, clientConfig }));
}

/** An application as it is deployed: told to end, it answers who is there, closes its store, and is gone. */
function serve(store: ExpressStore): void {
  const app = express();
  app.use(expressSession({ store, secret: "of the tests", resave: false, saveUninitialized: false }));
  app.get("/", (req, res) => {
    Object.assign(req.session, { seen: true });
    res.send(req.sessionID);
  });
  const server = createServer({ keepAliveTimeout: 1 }, app).listen(0, "127.0.0.1", () =>
    console.log(JSON.stringify(server.address())),
  );
  process.once("SIGTERM", () => {
    console.log("ending");
    server.close(() => void store.close().then(() => console.log("done")));
  });
}
