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

const OLD = "old-packages";
const COMPARED = "compared-stores";
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

/** What express-session's documentation asks of every store. */
const CONTRACT = {
  success: "express-session's `callback(error)`",
  failedLoad: "express-session's `callback(error, session)`",
  failedSave: "express-session's `callback(error)`",
};

/** Whether the old packages are here: asked for each of them, and found out once. */
let areOldHere;

function oldPackagesProblem() {
  areOldHere ??= hasOldPackages();
  return areOldHere ? undefined : "the old session stores are not here (npm run fetch)";
}

/** A store of DynamoDB, made as by the other benchmarks. */
function ofDynamoDb(name, { settingsOf = () => ({}), documents, ...column }) {
  const { keys, load, make } = STORES[name];
  return {
    problem: oldPackagesProblem,
    version: () => versionOf(column.title, OLD),
    documents: { ...CONTRACT, ...documents },
    keys,
    load,
    storage: dynamoDb,
    make: async (loaded, storage, settings) => make(loaded, storage, await settingsOf(settings)),
    ...column,
  };
}

/** @type {Record<string, Column>} */
export const COLUMNS = {
  ours: ofDynamoDb("ours", {
    title: "@cyclic.sh/session-store",
    version: () => "of this repository",
    problem: () => undefined,
    async settingsOf({ absoluteTtl, isSealed }) {
      const { seal } = await import("@cyclic.sh/session-store/codecs");
      return { hashIds: true, absoluteTtl, ...(isSealed && { codec: seal({ keys: [KEY] }) }) };
    },
  }),
  "0.0.19": ofDynamoDb("0.0.19", {
    title: "@cyclic.sh/session-store",
    version: () => versionOf("cyclic-session-store-0.0.19", OLD),
    documents: {
      survives: "README: a database in the place of memory",
      expired: "README, `ttl`",
      quietReads: "README, `touchInterval`",
    },
  }),
  "dynamodb-store": ofDynamoDb("dynamodb-store", {
    title: "dynamodb-store",
    documents: {
      survives: "README: a session storage in DynamoDB",
      expired: "README: expired sessions are ignored by the store",
      quietReads: "README, `touchInterval`",
    },
  }),
  "connect-dynamodb": ofDynamoDb("connect-dynamodb", {
    title: "connect-dynamodb",
    documents: { survives: "README: a DynamoDB session store" },
  }),
  pwrdrvr: ofDynamoDb("pwrdrvr", {
    title: "@pwrdrvr/dynamodb-session-store",
    documents: {
      survives: "README: a session store on DynamoDB",
      expired: "README: the TTL of a row",
      quietReads: "README, `touchAfter`",
    },
  }),
  files: {
    title: "session-file-store",
    version: () => versionOf("session-file-store", COMPARED),
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
      `${versionOf("connect-session-knex", COMPARED)}, knex ${versionOf("knex", COMPARED)}, ` +
      `SQLite by libsql ${versionOf("better-sqlite3", COMPARED)} in the place of better-sqlite3`,
    problem: comparedPackagesProblem,
    documents: { ...CONTRACT, survives: "Readme: backed by a database" },
    load: async () => comparedPackages("connect-session-knex").ConnectSessionKnexStore,
    storage: ({ folder }) => sqlite(folder),
    make: async (Store, { connect }) => new Store({ knex: connect(), cleanupInterval: 0 }),
  },
  redis: {
    title: "connect-redis",
    version: () =>
      `${versionOf("connect-redis", COMPARED)}, redis ${versionOf("redis", COMPARED)}, ` +
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
    version: () => versionOf("memorystore", COMPARED),
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
