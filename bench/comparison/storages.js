// Where the compared stores keep sessions, each with the same means to make it fail, to count what a store asks of it, and
// to see all that it holds. They live in the process of the store that is tried (app-run.js), and end with it.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { comparedPackages } from "./packages.js";

/**
 * @typedef {object} Storage
 * @property {() => unknown} [failWrites] from now on it refuses to write, until `mend`
 * @property {() => unknown} [failReads] from now on it refuses to read, until `mend`
 * @property {() => unknown} [hang] from now on it answers nothing
 * @property {() => unknown} mend
 * @property {() => Promise<number>} [writes] how many writes were asked for since it was last asked for that
 * @property {() => number} [reads] the same of reads, where several sessions can be read by one
 * @property {() => Promise<string>} [dump] all that it holds
 */

const WRITES = /^(Put|Update|Delete|BatchWrite|TransactWrite)/;
/** The system tells of changes in a folder a little later. */
const TOLD_WITHIN_MS = 50;
const READS = /^(Get|BatchGet|Query|Scan)/;

/**
 * A table in DynamoDB Local, behind a proxy that refuses as AWS does.
 *
 * @param {{ endpoint: string, table: string, conformance: import("../from-tests.js").Conformance }} place
 * @returns {Promise<Storage & { table: string, endpoint: string }>}
 */
export async function dynamoDb({ endpoint, table, conformance: { denied, startFaultProxy } }) {
  const proxy = await startFaultProxy(endpoint);
  const refuse = (actions) => {
    proxy.decide = (action) => (actions.test(action) ? denied(action) : undefined);
  };
  let seen = 0;
  const newRequests = () => {
    const since = proxy.requests.slice(seen);
    seen = proxy.requests.length;
    return since;
  };
  return {
    table,
    endpoint: proxy.endpoint,
    failWrites: () => refuse(WRITES),
    failReads: () => refuse(READS),
    hang() {
      proxy.decide = (action) => (READS.test(action) ? "hang" : undefined);
    },
    mend() {
      proxy.decide = () => undefined;
    },
    writes: async () => newRequests().filter((action) => WRITES.test(action)).length,
    reads: () => newRequests().filter((action) => READS.test(action)).length,
    // Without the SDK, of which each store has a version of its own to load.
    async dump() {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { ...ANYBODY, "x-amz-target": "DynamoDB_20120810.Scan" },
        body: JSON.stringify({ TableName: table }),
      });
      const { Items } = await response.json();
      const asText = (name, value) =>
        name === "B" ? Buffer.from(value, "base64").toString("latin1") : value;
      return JSON.stringify(Items, asText);
    },
  };
}

/** DynamoDB Local looks at the form of a signature alone. */
const ANYBODY = {
  "content-type": "application/x-amz-json-1.0",
  authorization:
    "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
};

/**
 * A folder of files, one for each session.
 *
 * @returns {Promise<Storage & { path: string }>}
 */
export async function files(folder) {
  const path = join(folder, "sessions");
  const away = join(folder, "away");
  await mkdir(path);
  const inFolder = (name) => join(path, name);
  const list = async () => (await readdir(path)).filter((name) => name.endsWith(".json")).map(inFolder);
  // Each write is a file of its own first, which then takes the session's place.
  let written = new Set();
  const watcher = watch(path, (_event, name) => {
    if (/\.json\.\d+$/.test(name)) written.add(name);
  });
  watcher.unref();
  let isBroken = false;
  const toAway = async () => {
    await rename(path, away);
    isBroken = true;
  };
  return {
    path,
    failWrites: toAway,
    async failReads() {
      const names = await readdir(path);
      await toAway();
      // A folder of a file's name cannot be read as one.
      for (const name of names) await mkdir(join(path, name), { recursive: true });
    },
    async mend() {
      if (!isBroken) return;
      await rm(path, { recursive: true, force: true });
      await rename(away, path);
      isBroken = false;
    },
    async writes() {
      await delay(TOLD_WITHIN_MS);
      const count = written.size;
      written = new Set();
      return count;
    },
    async dump() {
      const all = await list();
      return (await Promise.all(all.map(async (file) => `${file} ${await readFile(file)}`))).join("\n");
    },
  };
}

/**
 * A database of SQLite in a file, with a connection for each store.
 *
 * @returns {Promise<Storage & { connect: () => any }>}
 */
export async function sqlite(folder) {
  const { knex } = comparedPackages("knex");
  const filename = join(folder, "sessions.sqlite");
  const connections = [];
  let written = 0;
  let isAway = false;
  const each = (sql) => Promise.all(connections.map((connection) => connection.raw(sql)));
  return {
    connect() {
      const connection = knex({
        client: "better-sqlite3",
        connection: { filename },
        useNullAsDefault: true,
      });
      connection.on("query", ({ sql }) => {
        if (/^(insert|update|delete)/i.test(sql)) written += 1;
      });
      connections.push(connection);
      return connection;
    },
    failWrites: () => each("PRAGMA query_only = 1"),
    async failReads() {
      await connections.at(-1).raw("ALTER TABLE sessions RENAME TO away");
      isAway = true;
    },
    async mend() {
      await each("PRAGMA query_only = 0");
      if (isAway) await connections.at(-1).raw("ALTER TABLE away RENAME TO sessions");
      isAway = false;
    },
    async writes() {
      const count = written;
      written = 0;
      return count;
    },
    dump: () => readFile(filename, "latin1"),
  };
}

const REDIS_WRITES = ["set", "setex", "expire", "pexpire", "getex", "del", "unlink"];
const ASK_EVERY_MS = 20;

/**
 * A server of Redis that listens at a socket in the folder, and ends with this process.
 *
 * @returns {Promise<Storage & { connect: () => Promise<any> }>}
 */
export async function redis(folder) {
  const { createClient } = comparedPackages("redis");
  const path = join(folder, "redis.sock");
  const leash = fileURLToPath(new URL("../../test/support/leash.mjs", import.meta.url));
  const settings = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder];
  const server = spawn(process.execPath, [leash, "redis-server", ...settings], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  while (!(await readdir(folder)).includes("redis.sock")) {
    if (server.exitCode !== null) throw new Error("redis-server did not start");
    await delay(ASK_EVERY_MS);
  }
  const connect = async (as = {}) => {
    const client = createClient({ socket: { path }, ...as });
    // A connection that ends with its server is no news.
    client.on("error", () => {});
    return client.connect();
  };
  const first = await connect();
  await first.sendCommand(["ACL", "SETUSER", "admin", "on", "nopass", "~*", "&*", "+@all"]);
  await first.close();
  const admin = await connect({ username: "admin", password: "any" });
  const allow = (rule) => admin.sendCommand(["ACL", "SETUSER", "default", rule]);
  const pid = Number(/process_id:(\d+)/.exec(await admin.info("server"))[1]);
  return {
    connect,
    failWrites: () => allow("-@write"),
    failReads: () => allow("-@read"),
    hang: () => process.kill(pid, "SIGSTOP"),
    mend: () => allow("+@all"),
    async writes() {
      const stats = await admin.info("commandstats");
      await admin.sendCommand(["CONFIG", "RESETSTAT"]);
      const calls = (name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
      return REDIS_WRITES.reduce((sum, name) => sum + calls(name), 0);
    },
    async dump() {
      const keys = await admin.keys("*");
      return JSON.stringify(keys.length === 0 ? [] : [keys, await admin.mGet(keys)]);
    },
  };
}

/** The store's own process: nothing is between them that could fail, and nothing is kept. @returns {Storage} */
export function memory() {
  return { mend() {} };
}
