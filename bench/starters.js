// What a process goes through until its first session is loaded, for each package: loaded, made, asked. In each case as
// an application would, without what a server adds.
import { createRequire } from "node:module";
import { clientConfigOf, STORES } from "./stores.js";

const require = createRequire(import.meta.url);

const SECRET = "a secret for the measurement, of 32 or more";
// Nothing is to be written by a first load.
const OPTIONS = { touchInterval: 3_600_000 };
export const USER = "Grace Hopper";
const DATA = { user: { name: USER }, cookie: { path: "/", httpOnly: true, originalMaxAge: null } };

/**
 * @typedef {object} Starter
 * @property {string} title
 * @property {boolean} [isOld] whether it is one of the old packages
 * @property {() => Promise<any>} load
 * @property {(loaded: any, place: import("./stores.js").Place) => any} make
 * @property {(made: any) => Promise<string>} save makes a session, and gives that by which it is found
 * @property {(made: any, found: string) => Promise<unknown>} first loads it, and gives its user's name
 */

/** @type {Record<string, Starter>} */
export const STARTERS = {
  sdk: sdkStarter("@aws-sdk/client-dynamodb alone", () => import("@aws-sdk/client-dynamodb")),
  // Node reads a CommonJS package twice where it is imported: once for the names that it exports.
  "sdk-required": sdkStarter("the same, by require", async () => require("@aws-sdk/client-dynamodb")),
  core: {
    title: "@cyclic.sh/session-store/core",
    load: () => import("@cyclic.sh/session-store/core"),
    make: ({ createSessionEngine }, place) => createSessionEngine(optionsFor(place)),
    async save(engine) {
      await engine.save("session", DATA);
      return "session";
    },
    async first(engine, id) {
      return (await engine.load(id)).data.user.name;
    },
  },
  express: expressStarter("@cyclic.sh/session-store/express", STORES.ours),
  "express-required": expressStarter("the same, by require", {
    ...STORES.ours,
    load: async () => require("@cyclic.sh/session-store"),
  }),
  koa: {
    title: "@cyclic.sh/session-store/koa",
    load: () => import("@cyclic.sh/session-store/koa"),
    make: ({ CyclicSessionStore }, place) => new CyclicSessionStore(optionsFor(place)),
    async save(store) {
      await store.set("session", { user: DATA.user }, 86_400_000, { changed: true, rolling: false });
      return "session";
    },
    async first(store, key) {
      return (await store.get(key, 86_400_000, { rolling: false })).user.name;
    },
  },
  hono: {
    title: "@cyclic.sh/session-store/hono",
    async load() {
      const { Hono } = await import("hono");
      return { Hono, ...(await import("@cyclic.sh/session-store/hono")) };
    },
    make({ Hono, session }, place) {
      const app = new Hono();
      app.use(session({ ...optionsFor(place), secret: SECRET }));
      app.get("/in", (c) => {
        c.var.session.set("user", DATA.user);
        return c.text("in");
      });
      app.get("/", async (c) => c.text((await c.var.session.get("user"))?.name ?? ""));
      return app;
    },
    async save(app) {
      const response = await app.request("/in");
      return response.headers.get("set-cookie").split(";", 1)[0];
    },
    async first(app, cookie) {
      return (await app.request("/", { headers: { cookie } })).text();
    },
  },
  ...Object.fromEntries(
    Object.entries(STORES)
      .filter(([name]) => name !== "ours")
      .map(([name, store]) => [name, { ...expressStarter(store.title, store), isOld: true }]),
  ),
};

/** @returns {Starter} */
function sdkStarter(title, load) {
  return {
    title,
    load,
    make({ DynamoDBClient, GetItemCommand, PutItemCommand }, place) {
      const client = new DynamoDBClient(clientConfigOf(place));
      const Key = { pk: { S: "session" }, sk: { S: "session" } };
      const TableName = place.table;
      return {
        put: (sess) => client.send(new PutItemCommand({ TableName, Item: { ...Key, sess: { S: sess } } })),
        get: () => client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
      };
    },
    async save({ put }) {
      await put(JSON.stringify(DATA));
      return "session";
    },
    async first({ get }) {
      const { Item } = await get();
      return JSON.parse(Item.sess.S).user.name;
    },
  };
}

/** @returns {Starter} */
function expressStarter(title, { load, make }) {
  return {
    title,
    load,
    make: (loaded, place) => make(loaded, place, OPTIONS),
    async save(store) {
      await called((callback) => store.set("session", structuredClone(DATA), callback));
      return "session";
    },
    async first(store, sid) {
      return (await called((callback) => store.get(sid, callback))).user.name;
    },
  };
}

function optionsFor(place) {
  return { table: { name: place.table }, clientConfig: clientConfigOf(place), ...OPTIONS };
}

/** 0.0.19 gives the answer to a write in the error's place. */
function called(ask) {
  return new Promise((resolve, reject) => {
    ask((error, result) => (error instanceof Error ? reject(error) : resolve(result)));
  });
}
