// The columns of the comparison: each store as its own documentation has it made, where it keeps sessions, and what that
// documentation promises. A store with an option for a promise is given it there, and is otherwise as it comes.
import expressSession from "express-session";
import { hasOldPackages, STORES } from "../stores.js";
import {
  comparedPackages,
  comparedPackagesProblem,
  redisProblem,
  redisVersion,
  versionOf,
} from "./packages.js";
import { dynamoDb, files, memory, redis, sqlite } from "./storages.js";

/**
 * @typedef {object} Settings what a promise asks of a store beside its usual form
 * @property {number} [absoluteTtl] milliseconds
 * @property {boolean} [isSealed]
 *
 * @typedef {object} Column
 * @property {string} title
 * @property {() => string} version of the package, and of what else it was run with
 * @property {() => string | undefined} problem why it cannot be run here
 * @property {{ hashKey: string, sortKey: string | null }} [keys] of the table that it needs
 * @property {boolean} [isByRealTime] its server has a clock of its own: what takes time takes it
 * @property {Partial<Record<import("./promises.js").PromiseName, string>>} documents where its documentation promises it
 * @property {Partial<Record<import("./promises.js").PromiseName, string>>} [instead] what it offers in a promise's place,
 *   which is not that
 * @property {() => Promise<any>} load
 * @property {(place: { endpoint: string, table: string, folder: string, conformance: object }) => Promise<any>} storage
 * @property {(loaded: any, storage: any, settings: Settings) => Promise<any>} make
 */

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

/** What express-session's documentation asks of every store. */
const CONTRACT = {
  success: "express-session's `callback(error)`",
  failedLoad: "express-session's `callback(error, session)`",
  failedSave: "express-session's `callback(error)`",
};

/** A store of DynamoDB as the other benchmarks make it. */
function ofDynamoDb(name, { packageName, extra = "old-packages", documents, settingsOf = () => ({}) }) {
  const { keys, load, make } = STORES[name];
  return {
    title: packageName,
    version: () => versionOf(extra && name === "0.0.19" ? "cyclic-session-store-0.0.19" : packageName, extra),
    problem: () =>
      hasOldPackages() || !extra ? undefined : "the old session stores are not here (npm run fetch)",
    documents: { ...CONTRACT, ...documents },
    load,
    keys,
    storage: dynamoDb,
    make: async (loaded, storage, settings) => make(loaded, storage, await settingsOf(settings)),
  };
}

/** @type {Record<string, Column>} */
export const COLUMNS = {
  ours: {
    ...ofDynamoDb("ours", {
      packageName: "@cyclic.sh/session-store",
      extra: null,
      async settingsOf({ absoluteTtl, isSealed }) {
        const { seal } = await import("@cyclic.sh/session-store/codecs");
        return { hashIds: true, absoluteTtl, ...(isSealed && { codec: seal({ keys: [KEY] }) }) };
      },
    }),
    version: () => "of this repository",
  },
  "0.0.19": {
    ...ofDynamoDb("0.0.19", {
      packageName: "@cyclic.sh/session-store",
      documents: {
        survives: "README: a database in the place of memory",
        expired: "README, `ttl`",
        quietReads: "README, `touchInterval`",
      },
    }),
  },
  "dynamodb-store": ofDynamoDb("dynamodb-store", {
    packageName: "dynamodb-store",
    documents: {
      survives: "README: a session storage in DynamoDB",
      expired: "README: expired sessions are ignored by the store",
      quietReads: "README, `touchInterval`",
    },
  }),
  "connect-dynamodb": ofDynamoDb("connect-dynamodb", {
    packageName: "connect-dynamodb",
    documents: { survives: "README: a DynamoDB session store" },
  }),
  pwrdrvr: ofDynamoDb("pwrdrvr", {
    packageName: "@pwrdrvr/dynamodb-session-store",
    documents: {
      survives: "README: a session store on DynamoDB",
      expired: "README: the TTL of a row",
      quietReads: "README, `touchAfter`",
    },
  }),
  files: {
    title: "session-file-store",
    version: () => versionOf("session-file-store", "compared-stores"),
    problem: comparedPackagesProblem,
    documents: {
      ...CONTRACT,
      survives: "README: session data in files",
      expired: "README, `ttl`",
      sealed: "README, `secret`",
    },
    load: async () => comparedPackages("session-file-store")(expressSession),
    storage: ({ folder }) => files(folder),
    make: async (FileStore, { path }, { isSealed }) =>
      new FileStore({
        path,
        reapInterval: -1,
        ...(isSealed && { secret: Buffer.from(KEY).toString("hex") }),
      }),
  },
  sqlite: {
    title: "connect-session-knex",
    version: () =>
      `${versionOf("connect-session-knex", "compared-stores")}, knex ${versionOf("knex", "compared-stores")}, ` +
      `SQLite by libsql ${versionOf("better-sqlite3", "compared-stores")} in the place of better-sqlite3`,
    problem: comparedPackagesProblem,
    documents: { ...CONTRACT, survives: "Readme: backed by a database" },
    load: async () => comparedPackages("connect-session-knex").ConnectSessionKnexStore,
    storage: ({ folder }) => sqlite(folder),
    make: async (Store, { connect }) => new Store({ knex: connect(), cleanupInterval: 0 }),
  },
  redis: {
    title: "connect-redis",
    version: () =>
      `${versionOf("connect-redis", "compared-stores")}, redis ${versionOf("redis", "compared-stores")}, ` +
      `redis-server ${redisVersion()}`,
    problem: () => comparedPackagesProblem() ?? redisProblem(),
    isByRealTime: true,
    documents: {
      ...CONTRACT,
      survives: "README: Redis session storage",
      expired: "README, `ttl`",
      active: "README: the TTL is reset every time a user interacts with the server",
    },
    instead: {
      absolute: "none but a function `ttl` of one's own",
      sealed: "none but a `serializer` of one's own",
      quietReads: "each writes; with `disableTouch` none does, and none renews",
    },
    load: async () => comparedPackages("connect-redis").RedisStore,
    storage: ({ folder }) => redis(folder),
    make: async (RedisStore, { connect }) => new RedisStore({ client: await connect() }),
  },
  memorystore: {
    title: "memorystore",
    version: () => versionOf("memorystore", "compared-stores"),
    problem: comparedPackagesProblem,
    documents: { ...CONTRACT, expired: "README, `ttl`" },
    instead: { absolute: "none but a function `ttl` of one's own" },
    load: async () => comparedPackages("memorystore")(expressSession),
    storage: async () => memory(),
    make: async (MemoryStore) => new MemoryStore({}),
  },
  MemoryStore: {
    title: "MemoryStore",
    version: () => `of express-session ${versionOf("express-session")}`,
    problem: () => undefined,
    documents: CONTRACT,
    load: async () => expressSession.MemoryStore,
    storage: async () => memory(),
    make: async (MemoryStore) => new MemoryStore(),
  },
};
