// What is known of each block of code in the documentation, and of each `@example` in the sources, by its file and its
// first line: what stands around it, and by what it proves something. A new block needs an entry here; shell lines need
// none. The kind of an entry says what becomes of its block: it is run, or loaded as options, or compiled alone, or read.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { parseLine } from "../../../src/admin/migrate/jsonl.js";
import { PERMISSIONS } from "../../../src/admin/policy.js";
import type { KeyNames } from "../../support/create-table.js";
import type { Around } from "./program.js";

/** A table that is there when the block begins, and what is in it. */
export interface Table extends KeyNames {
  readonly name: string;
  readonly rows?: readonly Record<string, AttributeValue>[];
}

/** Code that is compiled, and run in a module with what proves it; what it throws, or leaves unhandled, fails. */
export interface Run extends Around {
  readonly after: string;
  /** Default: `sessions`, as a store has it by default, and empty. */
  readonly tables?: readonly Table[];
  /** What dynalite has not, so that it is run where DynamoDB Local is. */
  readonly needs?: "transactions" | "time to live";
}

/** A module of options that is compiled, and loaded by a command that is given it with `--config`. */
export interface Config {
  /** The file's name on its page. */
  readonly config: string;
  readonly command: readonly string[];
  readonly tables?: readonly Table[];
  /** What is printed with `--json`, in part. */
  readonly gives: unknown;
  readonly needs?: "transactions";
}

/** Code that cannot be run here. */
export interface Compiled extends Around {
  readonly notRun: string;
}

/** JSON. */
export interface Value {
  /** Makes of it what the text around it says that it is. */
  readonly meaning: (value: unknown, text: string) => unknown;
  readonly is: unknown;
}

export type Entry = Run | Config | Compiled | Value;

const ENGINE = `import { createSessionEngine } from "@cyclic.sh/session-store/core";`;
const EXPRESS_STORE = `import { CyclicSessionStore } from "@cyclic.sh/session-store";`;
const HONO = `
  import { Hono } from "hono";
  import { type SessionEnv, session } from "@cyclic.sh/session-store/hono";
  const secret = process.env.SESSION_SECRET ?? "";`;

const EXPRESS_COUNTS = `
  app.get("/", (request, response) => {
    const visits = (request.session["visits"] ?? 0) + 1;
    Object.assign(request.session, { visits });
    response.send("visit " + visits);
  });
  await proof.counts(app);`;
const KOA_COUNTS = `
  app.use((ctx) => {
    ctx.session.visits = (ctx.session.visits ?? 0) + 1;
    ctx.body = "visit " + ctx.session.visits;
  });
  await proof.counts(app);`;

/** In TypeScript an application says it of itself. */
const HONO_SESSION = `
  import type { Session } from "@cyclic.sh/session-store/hono";
  declare module "hono" {
    interface ContextVariableMap { session: Session }
  }`;
const HONO_CART = `
  app.get("/add", async (c) => {
    c.var.session.set("cart", ["teapot"]);
    return c.text("added");
  });
  const ask = async (path, cookie = "") =>
    proof.answerOf(await app.request("https://shop.test" + path, { headers: { cookie } }));
  const { cookie: sent } = await ask("/add");
  proof.equal([(await ask("/cart")).text, (await ask("/cart", sent)).text], ["[]", '["teapot"]']);`;
const EXPRESS_OF_GUIDE = `
  import express from "express";
  import session from "express-session";
  import { CyclicSessionStore } from "@cyclic.sh/session-store";
  import { cookie, options } from "./sessions.js";
  const app = express();
  app.set("trust proxy", 1);`;

// Express applications that a guide takes from one store to another.
const BEFORE_DIFF = `
  const express = require("express");
  const session = require("express-session");
  const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
  const [app, client, region] = [express(), new DynamoDBClient(), "us-east-1"];`;
const REST_OF_DIFF = `secret: "known to the tests alone", resave: false, saveUninitialized: false }));`;

const HOUR_SECONDS = 3_600;
const ID = "kTfsRFLRTvWXgYEuTcVKRFLRTvWXgYEu";
const AT_THE_END = { N: String(Math.ceil(Date.now() / 1000) + HOUR_SECONDS) };
const AS_TEXT = { S: JSON.stringify({ cookie: {}, user: "ada" }) };
const AS_MAP = { M: { cookie: { M: {} }, user: { S: "ada" } } };

const SESSIONS: Table = { name: "sessions" };
const SESSIONS_2: Table = { name: "sessions-2" };

/** A table as another store leaves it, with one session. */
function oldTable(hashKey: string, prefix: string, sess: AttributeValue): Table {
  const row = { [hashKey]: { S: `${prefix}${ID}` }, expires: AT_THE_END, sess };
  return { name: "sessions", hashKey, sortKey: null, rows: [row] };
}

const OF_CONNECT_DYNAMODB = oldTable("id", "sess:", AS_TEXT);
const OF_DYNAMODB_STORE = oldTable("sessionId", "sess:", AS_MAP);
const OF_PWRDRVR = oldTable("id", "session#", AS_MAP);
const OF_CYCLIC: Table = {
  name: "sessions",
  rows: [
    { pk: { S: `session-store#${ID}` }, sk: { S: `session-store#${ID}` }, expires: AT_THE_END, sess: AS_MAP },
  ],
};

/** The file of options by which a session is moved in. */
function movesIn(...tables: Table[]): Config {
  return {
    config: "store.mjs",
    command: ["migrate", "--config", "store.mjs"],
    tables,
    gives: { dryRun: false, scanned: 1, moved: 1, verified: 1, unreadable: 0, failed: 0 },
    needs: "transactions",
  };
}

export const BLOCKS: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "README.md": {
    'const express = require("express");': { after: EXPRESS_COUNTS },
    'import Koa from "koa";': { after: KOA_COUNTS },
    'import { Hono } from "hono";': {
      after: `
        app.get("/sign-in", (c) => {
          c.var.session.set("user", { name: "Ada" });
          return c.text("signed in");
        });
        const { status, cookie } = await proof.answerOf(await app.request("https://shop.test/sign-in"));
        proof.equal([status, /^session=/.test(cookie)], [200, true]);
        const home = await app.request("https://shop.test/", { headers: { cookie } });
        proof.equal((await proof.answerOf(home)).text, "Hello Ada");`,
    },
    'app.post("/cart", async (c) => {': {
      before: `${HONO}
        type AppEnv = SessionEnv<{ cart?: string[] }>;
        const app = new Hono<AppEnv>();
        app.use(session<AppEnv>({ table: { name: "sessions" }, secret }));`,
      after: `
        app.get("/cart", async (c) => {
          const { session } = c.var;
          return c.json([await session.get("cart"), await session.flash("notice")]);
        });
        const ask = async (cookie: string, init: RequestInit = {}) =>
          proof.answerOf(await app.request("https://shop.test/cart", { ...init, headers: { cookie } }));
        const { status, cookie } = await ask("", { method: "POST", body: '"teapot"' });
        proof.equal(status, 302);
        proof.equal(JSON.parse((await ask(cookie)).text), [["teapot"], "Added."]);
        proof.equal(JSON.parse((await ask(cookie)).text), [["teapot"], null]);`,
    },
    'type AppEnv = SessionEnv<{ user?: string }> & SessionEnv<{ theme?: string }, "preferences">;': {
      before: HONO,
      tables: [SESSIONS, { name: "preferences" }],
      after: `
        app.get("/dark", preferences, (c) => {
          c.var.preferences.set("theme", "dark");
          c.var.session.set("user", "ada");
          return c.text("dark");
        });
        const ask = async (path: string, cookie = "") =>
          proof.answerOf(await app.request("https://shop.test" + path, { headers: { cookie } }));
        proof.equal((await ask("/theme")).text, "light");
        const { cookie } = await ask("/dark");
        proof.equal((await ask("/theme", cookie)).text, "dark");
        proof.equal(JSON.parse((await ask("/", cookie)).text), { user: "ada" });
        proof.equal([(await proof.rows()).length, (await proof.rows("preferences")).length], [1, 1]);`,
    },
    "type WorkerEnv = SessionEnv<{ user?: string }> & { Bindings: { TABLE: string; SECRET: string } };": {
      before: HONO,
      after: `
        worker.get("/", (c) => {
          c.var.session.set("user", "ada");
          return c.text("hello");
        });
        const bindings = { TABLE: "sessions", SECRET: secret };
        const { status, cookie } = await proof.answerOf(await worker.request("https://shop.test/", {}, bindings));
        proof.equal([status, /^session=/.test(cookie)], [200, true]);
        proof.equal((await proof.rows()).length, 1);`,
    },
    'import { createSessionEngine } from "@cyclic.sh/session-store/core";': {
      after: `
        proof.equal(session.data, { visits: 1 });
        proof.equal(await proof.rows(), []);`,
    },
    'import { expressCookie } from "@cyclic.sh/session-store/express-cookie";': {
      before: `${HONO}
        import express from "express";
        import expressSession from "express-session";
        import { CyclicSessionStore } from "@cyclic.sh/session-store";
        type AppEnv = SessionEnv<{ user?: string }>;
        const app = new Hono<AppEnv>();`,
      after: `
        app.get("/sign-in", (c) => {
          c.var.session.set("user", "ada");
          return c.text("signed in");
        });
        const signedIn = await proof.answerOf(await app.request("https://shop.test/sign-in"));
        const store = new CyclicSessionStore({ table: { name: "sessions" }, hashIds: true });
        const there = express().use(expressSession({ store, secret, resave: false, saveUninitialized: false }));
        there.get("/", (request, response) => void response.json(request.session));
        proof.match((await proof.visit(there, "/", signedIn.cookie)).text, /"user":"ada"/);`,
    },
    'declare module "express-session" {': {
      before: `${EXPRESS_STORE}
        import session from "express-session";
        const store = new CyclicSessionStore({ table: { name: "sessions" } });
        const id = "${ID}";
        await store.set(id, { cookie: new session.Cookie(), shopper: { name: "Ada", cart: ["teapot"] } });`,
      after: `
        const cart: string[] | undefined = data?.shopper?.cart;
        proof.equal(cart, ["teapot"]);
        // @ts-expect-error it is no number
        const count: number | undefined = data?.shopper?.cart;
        await store.close();`,
    },
  },

  "docs/command-line.md": {
    "// session-store.mjs": {
      config: "session-store.mjs",
      command: ["ls", "--config", "./session-store.mjs"],
      gives: [],
    },
  },

  "docs/migrate/README.md": {
    "export default {": movesIn(OF_CONNECT_DYNAMODB, SESSIONS_2),
    'import { migrate } from "@cyclic.sh/session-store/admin";': {
      before: `
        const options = {
          table: { name: "sessions-2" },
          previous: [{ table: { name: "sessions", hashKey: "id", sortKey: null, hashPrefix: "sess:" } }],
        };`,
      tables: [OF_CONNECT_DYNAMODB, SESSIONS_2],
      needs: "transactions",
      after: `
        proof.equal([report.moved, report.verified, report.failures], [1, 1, []]);
        proof.equal(proof.printed.at(-1), "1");
        proof.equal([(await proof.rows()).length, (await proof.rows("sessions-2")).length], [0, 1]);`,
    },
  },
  "docs/migrate/connect-dynamodb.md": {
    '-const DynamoDBStore = require("connect-dynamodb")(session);': {
      before: BEFORE_DIFF,
      rest: REST_OF_DIFF,
      tables: [OF_CONNECT_DYNAMODB],
      after: `${EXPRESS_COUNTS}
        proof.equal((await proof.rows()).map(({ id, sess }) => [id.S.slice(0, 5), typeof sess.S]), [
          ["sess:", "string"], ["sess:", "string"], ["sess:", "string"],
        ]);`,
    },
    "export default {": movesIn(OF_CONNECT_DYNAMODB, SESSIONS_2),
  },
  "docs/migrate/cyclic-0.0.md": {
    'const { CyclicSessionStore } = require("@cyclic.sh/session-store");': {
      before: BEFORE_DIFF,
      rest: REST_OF_DIFF,
      after: `${EXPRESS_COUNTS}
        proof.equal((await proof.rows()).map(({ sess }) => typeof sess.M), ["object", "object"]);`,
    },
    "export default {": movesIn(OF_CYCLIC),
  },
  "docs/migrate/dynamodb-store.md": {
    '-const DynamoDBStore = require("dynamodb-store");': {
      before: BEFORE_DIFF,
      rest: REST_OF_DIFF,
      tables: [{ name: "sessions", hashKey: "sessionId", sortKey: null }],
      after: `${EXPRESS_COUNTS}
        proof.equal((await proof.rows()).map(({ sessionId, sess }) => [sessionId.S.slice(0, 5), typeof sess.M]), [
          ["sess:", "object"], ["sess:", "object"],
        ]);`,
    },
    "export default {": movesIn(OF_DYNAMODB_STORE, SESSIONS_2),
  },
  "docs/migrate/express-to-hono.md": {
    "/** Where the sessions are, and how they are kept there. */": {
      as: "sessions.js",
      after: `proof.equal([options.table.name, cookie.secret.length >= 32], ["sessions", true]);`,
    },
    "const store = new CyclicSessionStore(options);": {
      before: EXPRESS_OF_GUIDE,
      after: EXPRESS_COUNTS,
    },
    'app.post("/cart/add", (req, res, next) => {': {
      before: `${EXPRESS_OF_GUIDE}
        const store = new CyclicSessionStore(options);
        app.use(session({ ...cookie, store, resave: false, saveUninitialized: false }), express.urlencoded());`,
      declares: `
        import "express-session";
        declare module "express-session" {
          interface SessionData { cart?: string[] }
        }`,
      after: `
        app.get("/cart", (req, res) => void res.json(req.session.cart));
        const added = await proof.visit(app, "/cart/add", "", { product: "teapot" });
        proof.equal([added.status, added.location], [303, "/cart"]);
        proof.equal((await proof.visit(app, added.location, added.cookie)).text, '["teapot"]');`,
    },
    'import { session } from "@cyclic.sh/session-store/hono";': { declares: HONO_SESSION, after: HONO_CART },
    "const toHono = getRequestListener(app.fetch); // of @hono/node-server": {
      before: `
        import { getRequestListener } from "@hono/node-server";
        import { Hono } from "hono";
        const app = new Hono().get("/cart", (c) => c.text("Hono"));
        const hasMoved = (/** @type {string} */ url) => url.startsWith("/cart");
        /** @type {import("node:http").RequestListener} */
        const express = (_, response) => void response.end("Express");
        /** @type {import("node:http").RequestListener} */
        let listener;
        // It listens where the test wants it.
        const createServer = (/** @type {import("node:http").RequestListener} */ given) => {
          listener = given;
          return { listen: (/** @type {number} */ port) => proof.equal(port, 3000) };
        };`,
      after: `
        proof.equal((await proof.visit(listener, "/cart")).text, "Hono");
        proof.equal((await proof.visit(listener, "/")).text, "Express");`,
    },
    "export function foreignKey(cookie) {": {
      as: "foreign-key.js",
      after: `proof.equal(Object.keys(foreignKey({})), ["middleware", "externalKey"]);`,
    },
    'import { expressCookie } from "@cyclic.sh/session-store/express-cookie";': {
      before: `
        import Koa from "koa";
        import koaSession from "koa-session";
        import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
        import { foreignKey } from "./foreign-key.js";
        import { cookie, options } from "./sessions.js";
        const app = new Koa();
        const store = new CyclicSessionStore(options);`,
      after: KOA_COUNTS,
    },
  },
  "docs/migrate/koa-to-hono.md": {
    "/** Where the sessions are, and how they are kept there. */": {
      as: "sessions.js",
      after: `proof.equal([options.table.name, keys[0].length >= 32, cookie.key], ["sessions", true, "session"]);`,
    },
    "app.keys = keys;": {
      before: `
        import Koa from "koa";
        import session from "koa-session";
        import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
        import { cookie, keys, options } from "./sessions.js";
        const app = new Koa({ proxy: true });`,
      after: KOA_COUNTS,
    },
    'import { session } from "@cyclic.sh/session-store/hono";': {
      declares: HONO_SESSION,
      after: `
        app.get("/cart", async (c) => c.json((await c.var.session.get("cart")) ?? []));
        ${HONO_CART}`,
    },
  },
  "docs/migrate/jsonl.md": {
    '{"id":"oHBlXb-quf2Q9XXrCFHmqagH0uanNx9f","data":{"cookie":{"path":"/"},"user":"ada"},"expires":1893456000000,"created":1893369600000}':
      {
        meaning: (_, text) => parseLine(text),
        is: {
          id: "oHBlXb-quf2Q9XXrCFHmqagH0uanNx9f",
          data: { cookie: { path: "/" }, user: "ada" },
          endsAt: Date.parse("2030-01-01T00:00:00Z"),
          created: Date.parse("2029-12-31T00:00:00Z"),
        },
      },
    'import { createClient } from "redis";': {
      notRun: "there is no Redis here",
      declares: `
        declare module "redis" {
          interface Client {
            connect(): Promise<Client>;
            scanIterator(options: { MATCH: string }): AsyncIterable<string[]>;
            get(key: string): Promise<string | null>;
            pTTL(key: string): Promise<number>;
            close(): Promise<void>;
          }
          export function createClient(options: { url?: string }): Client;
        }`,
    },
    'import { MongoClient } from "mongodb";': {
      notRun: "there is no MongoDB here",
      declares: `
        declare module "mongodb" {
          interface Stored { _id: string; session: unknown; expires: Date }
          export class MongoClient {
            static connect(url: string): Promise<MongoClient>;
            db(): { collection(name: string): { find(): AsyncIterable<Stored> } };
            close(): Promise<void>;
          }
        }`,
    },
  },
  "docs/migrate/pwrdrvr.md": {
    '-import { DynamoDBStore } from "@pwrdrvr/dynamodb-session-store";': {
      before: `
        import express from "express";
        import session from "express-session";
        import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
        const [app, client] = [express(), new DynamoDBClient()];`,
      rest: REST_OF_DIFF,
      tables: [{ name: "sessions", hashKey: "id", sortKey: null }],
      after: `${EXPRESS_COUNTS}
        proof.equal((await proof.rows()).map(({ id, sess }) => [id.S.slice(0, 8), typeof sess.M]), [
          ["session#", "object"], ["session#", "object"],
        ]);`,
    },
    "export default {": movesIn(OF_PWRDRVR, SESSIONS_2),
  },

  "docs/neighbours.md": {
    'await app.register(fastifySession, { secret, store: new CyclicSessionStore({ table: { name: "sessions" } }) });':
      {
        before: `${EXPRESS_STORE}
          import Fastify from "fastify";
          import fastifyCookie from "@fastify/cookie";
          import fastifySession from "@fastify/session";
          const secret = process.env.SESSION_SECRET;
          const app = Fastify({ trustProxy: true });
          await app.register(fastifyCookie);`,
        after: `
          app.get("/", async (request) => {
            const visits = (request.session["visits"] ?? 0) + 1;
            Object.assign(request.session, { visits });
            return "visit " + visits;
          });
          const ask = (cookie = "") =>
            app.inject({ url: "/", headers: { cookie, "x-forwarded-proto": "https" } });
          const first = await ask();
          proof.equal(first.body, "visit 1");
          const [{ name, value }] = first.cookies;
          proof.equal((await ask(name + "=" + value)).body, "visit 2");
          await app.close();`,
      },
  },
  "docs/observability.md": {
    "const store = new CyclicSessionStore({": {
      before: EXPRESS_STORE,
      after: `
        await store.get("${ID}");
        const [event] = proof.printed.map((line) => JSON.parse(line));
        proof.equal([event.type, event.found, event.session], ["load", false, "${ID.slice(0, 4)}…"]);
        await store.close();`,
    },
    "const onEvent = sessionTelemetry({": {
      before: `${ENGINE}
        import { metrics, trace } from "@opentelemetry/api";
        import { sessionTelemetry } from "../../opentelemetry/telemetry.ts";`,
      after: `
        const engine = createSessionEngine({ table: { name: "sessions" }, onEvent });
        proof.equal(await engine.load("${ID}"), undefined);
        await engine.close();`,
    },
  },
  "docs/runtimes.md": {
    "session<AppEnv>((c) => ({": {
      before: `${HONO}
        type Bindings = { TABLE: string; SECRET: string; REGION: string; KEY_ID: string; KEY: string };
        type AppEnv = SessionEnv<{ user?: string }> & { Bindings: Bindings };
        const middleware =`,
      after: `
        const app = new Hono<AppEnv>().use(middleware).get("/", (c) => {
          c.var.session.set("user", "ada");
          return c.text("hello");
        });
        const bindings = { TABLE: "sessions", SECRET: secret, REGION: "us-east-1", KEY_ID: "local", KEY: "local" };
        const { status, cookie } = await proof.answerOf(await app.request("https://shop.test/", {}, bindings));
        proof.equal([status, /^session=/.test(cookie)], [200, true]);
        proof.equal((await proof.rows()).length, 1);`,
    },
  },
  "docs/security.md": {
    'import { compress, seal } from "@cyclic.sh/session-store/codecs";': {
      before: `
        import session from "express-session";
        import { CyclicSessionStore as Store } from "@cyclic.sh/session-store";
        import { destroyAllOf } from "@cyclic.sh/session-store/admin";
        /** @type {Store} */
        let store;
        /** @type {import("@cyclic.sh/session-store").CyclicSessionStoreOptions} */
        let given;
        class CyclicSessionStore extends Store {
          /** @param {import("@cyclic.sh/session-store").CyclicSessionStoreOptions} options */
          constructor(options) {
            super(options);
            [store, given] = [this, options];
          }
        }`,
      needs: "transactions",
      after: `
        const data = Object.assign({ cookie: new session.Cookie() }, { userId: "ada", name: "Ada Lovelace" });
        await store.set("${ID}", data);
        const text = JSON.stringify(await proof.rows());
        proof.equal(["${ID}", "ada", "Lovelace"].filter((secret) => text.includes(secret)), []);
        proof.equal((await store.get("${ID}"))["name"], "Ada Lovelace");
        await destroyAllOf(given, "ada");
        proof.equal(await store.get("${ID}"), null);
        await store.close();`,
    },
    'import { randomBytes } from "node:crypto";': {
      before: `
        import Koa from "koa";
        import session from "koa-session";
        import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
        const app = new Koa();
        app.keys = [process.env.SESSION_SECRET];
        const store = new CyclicSessionStore({ table: { name: "sessions" } });`,
      after: `${KOA_COUNTS}
        for (const { pk } of await proof.rows()) proof.match(pk.S, /^session-store#[\\w-]{32}$/);`,
    },
    "{": {
      meaning: (value) => value,
      is: {
        Effect: "Allow",
        Action: PERMISSIONS.sessions.table.map((action) => `dynamodb:${action}`),
        Resource: "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE",
      },
    },
  },
  "docs/sessions.md": {
    'import { countSessions, destroyAll, listSessions, surveySessions } from "@cyclic.sh/session-store/admin";':
      {
        before: `${ENGINE}
        const engine = createSessionEngine({ table: { name: "sessions" } });
        for (const id of ["${ID}", "x${ID}"]) await engine.save(engine.create(id), { user: "ada" });
        await engine.close();`,
        after: `
        proof.equal([live, expired, destroyed, touches.perSecond >= 0], [2, 0, 2, true]);
        proof.equal(await proof.rows(), []);
        const [first, second, money, ...progress] = proof.printed;
        proof.match(first, /^\\w{4}… 20\\d\\d-/);
        proof.match(money, /^\\$\\d+\\.\\d\\d a month, [\\d.]+ touches a second/);
        proof.match(progress.at(-1), /^2 of (\\d+|\\?) rows, [\\d.]+ units$/);`,
      },
    'import { sessionEnded } from "@cyclic.sh/session-store/admin";': {
      before: ENGINE,
      after: `
        const engine = createSessionEngine({ table: { name: "sessions" } });
        await engine.save(engine.create("${ID}"), { user: "ada" });
        const [OldImage] = await proof.rows();
        const record = { eventName: "REMOVE", dynamodb: { OldImage, ApproximateCreationDateTime: Date.now() / 1000 } };
        await handler({ Records: [{ ...record, eventName: "MODIFY" }, record] });
        proof.equal(proof.printed, ["${ID.slice(0, 4)}… destroyed undefined"]);
        await engine.close();`,
    },
  },
  "docs/tables.md": {
    'import { checkTable, createTable } from "@cyclic.sh/session-store/admin";': {
      tables: [],
      needs: "time to live",
      after: `
        proof.equal([created.table, created.timeToLive, isUsable], ["created", "switchedOn", true]);
        proof.equal(findings.filter(({ level }) => level === "problem"), []);`,
    },
    'await createTable({ table: { name: "sessions" } }, { deletionProtection: true });': {
      before: `import { createTable } from "@cyclic.sh/session-store/admin";`,
      tables: [],
      needs: "time to live",
      after: "proof.equal(await proof.rows(), []);",
    },
    'import { tablePermissions } from "@cyclic.sh/session-store/admin";': {
      tables: [],
      after: "proof.equal(proof.printed, []);",
    },
  },
};

const admin = (name: string) => `import { ${name} } from "@cyclic.sh/session-store/admin";`;
const codec = (name: string) => `${EXPRESS_STORE}
  import { ${name} } from "@cyclic.sh/session-store/codecs";`;
const HONO_APP = `${HONO}
  type AppEnv = SessionEnv<{ user?: string; signedInAt?: number }>;
  const app = new Hono<AppEnv>();`;
const EXPRESS_APP = `${EXPRESS_STORE}
  import express from "express";
  import session from "express-session";
  const app = express();`;
const KOA_APP = `
  import Koa from "koa";
  import session from "koa-session";
  import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
  const app = new Koa();`;
const STORE = `const store = new CyclicSessionStore({ table: { name: "sessions" } });`;

/** What stands before the examples of doc comments, which are compiled alone. */
export const EXAMPLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "src/admin/count.ts": {
    'const { live } = await countSessions({ table: { name: "sessions" } });': admin("countSessions"),
  },
  "src/admin/destroy.ts": {
    'await destroyAll({ table: { name: "sessions" } }, { maxUnitsPerSecond: 500 });': admin("destroyAll"),
  },
  "src/admin/list.ts": {
    'for await (const { shortId, endsAt } of listSessions({ table: { name: "sessions" } }))':
      admin("listSessions"),
  },
  "src/admin/migrate/migrate.ts": { "const report = await migrate(": admin("migrate") },
  "src/admin/stream.ts": {
    "export async function handler({ Records }: { Records: StreamRecord[] }) {": `${admin("type StreamRecord, sessionEnded")}
      declare function forgetUploadsOf(id: string): Promise<void>;`,
  },
  "src/admin/survey.ts": {
    'const { live, cost } = await surveySessions({ table: { name: "sessions" } });': admin("surveySessions"),
  },
  "src/codecs/compress.ts": {
    'new CyclicSessionStore({ table: { name: "sessions" }, codec: compress() });': codec("compress"),
  },
  "src/codecs/seal.ts": { "new CyclicSessionStore({": codec("seal") },
  "src/cookies/express.ts": {
    'const cookie = expressCookie({ secret: process.env.SESSION_SECRET ?? "" });': `${HONO_APP}
      import { expressCookie } from "@cyclic.sh/session-store/express-cookie";`,
  },
  "src/cookies/koa.ts": {
    'const cookie = koaCookie({ keys: [process.env.SESSION_SECRET ?? ""] });': `${HONO_APP}
      import { koaCookie } from "@cyclic.sh/session-store/koa-cookie";`,
  },
  "src/core/listing.ts": {
    'const engine = createSessionEngine({ table: { name: "sessions" } });': `${ENGINE}
      declare const id: string;`,
  },
  "src/express/index.ts": {
    "app.use(session({": EXPRESS_APP,
    "await store.update(req.sessionID, (data) => ({ ...data, visits: (data.visits ?? 0) + 1 }));": `${EXPRESS_STORE}
      ${STORE}
      declare module "express-session" {
        interface SessionData { visits?: number }
      }
      declare const req: import("express").Request;`,
  },
  "src/hono/index.ts": { "type AppEnv = SessionEnv<{ user?: string }>;": HONO },
  "src/hono/session.ts": {
    'app.post("/sign-in", async (c) => {': `${HONO_APP}
      declare function userOf(form: object): Promise<{ id: string }>;`,
  },
  "src/koa/index.ts": {
    'app.keys = [process.env.SESSION_SECRET ?? ""];': KOA_APP,
    "await store.update(ctx.session.externalKey, (data) => ({ ...data, visits: Number(data.visits ?? 0) + 1 }));": `${KOA_APP}
      ${STORE}
      declare const ctx: import("koa").Context;`,
  },
};
