// The demo put together: a table, clients of it, an application for each framework, and servers that can be ended.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expressCookie } from "@cyclic.sh/session-store/express-cookie";
import { CallRecord } from "./calls.js";
import { COOKIE_ATTRIBUTES, DOORS, HASH_PREFIX, SESSION_COOKIE } from "./doors.js";
import { createExpressApp } from "./express-app.js";
import { inFrontOf } from "./front.js";
import { createHonoApp } from "./hono-app.js";
import { createKoaApp } from "./koa-app.js";
import { readPageFiles } from "./page-files.js";
import { readRow } from "./row.js";
import { SlowRequests } from "./slow.js";
import { readVisitor } from "./visitor.js";

const TTL_MS = 15 * 60 * 1000;
const TOUCH_INTERVAL_MS = 30 * 1000;
const APPS = { Express: createExpressApp, Koa: createKoaApp, Hono: createHonoApp };

/** @typedef {{ framework: string, port: number, url: string }} OpenDoor */
/** @typedef {{ doors: OpenDoor[], close: () => Promise<void> }} RunningDemo */

/**
 * Serves the demo over a table, which it closes with the rest. Where it cannot start, the table is closed too.
 *
 * @param {object} options
 * @param {import("./dynamodb.js").DemoTable} options.table
 * @param {number[]} options.ports one for each of `DOORS`; 0 for a free one
 * @param {boolean} [options.orFreePorts] whether a port that is taken is replaced by a free one
 * @param {number} [options.ttl] milliseconds
 * @param {number} [options.touchInterval] milliseconds
 * @returns {Promise<RunningDemo>}
 * @throws with `code` EADDRINUSE or EACCES, and `port`, where a port cannot be had
 */
export async function startDemo({
  table,
  ports,
  orFreePorts = false,
  ttl = TTL_MS,
  touchInterval = TOUCH_INTERVAL_MS,
}) {
  const calls = new CallRecord(touchInterval);
  const client = new DynamoDBClient(table.clientConfig);
  calls.watch(client);
  // What looks at rows has a client of its own, so that looking does not show up among the calls.
  const onlooker = new DynamoDBClient(table.clientConfig);
  const slow = new SlowRequests();
  // For this run only: an application of yours keeps its secret, or every restart signs everybody out.
  const secret = randomBytes(32).toString("base64url");
  const cookie = expressCookie({ name: SESSION_COOKIE, secret, cookie: COOKIE_ATTRIBUTES });
  /** @type {OpenDoor[]} Filled as the ports open. */
  const doors = [];
  const shared = { run: randomUUID(), table: table.name, place: table.place, ttl, touchInterval, doors };

  const apps = DOORS.map(({ framework }) =>
    APPS[framework]({
      // Each with a store of its own, as if it ran on a server of its own.
      storeOptions: {
        table: { name: table.name, hashPrefix: HASH_PREFIX },
        hashIds: true,
        client,
        ttl,
        touchInterval,
        onEvent: calls.onEvent,
      },
      secret,
      cookie,
      about: { framework, ...shared },
      untilSignedOut: async (cookies) => slow.untilSignedOut(readVisitor(cookies) ?? ""),
    }),
  );

  /** @type {Parameters<typeof inFrontOf>[1]["inspect"]} */
  async function inspect(framework, { headers }) {
    const sent = await cookie.read(headers.cookie ?? "");
    const row = sent ? await readRow(onlooker, table.name, HASH_PREFIX, sent.id) : null;
    const about = { framework, ...shared };
    return { about, now: Date.now(), row, ...calls.of(readVisitor(headers.cookie)) };
  }

  const page = await readPageFiles();
  const servers = DOORS.map((_, index) => serve(inFrontOf(index, { apps, page, calls, slow, inspect })));

  async function close() {
    slow.close();
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(apps.map((app) => app.close()));
    client.destroy();
    onlooker.destroy();
    await table.close();
  }

  try {
    for (const [index, { framework }] of DOORS.entries()) {
      const port = await servers[index].listen(ports[index], orFreePorts);
      doors.push({ framework, port, url: `http://127.0.0.1:${port}` });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { doors, close };
}

/** @param {import("node:http").RequestListener} listener */
function serve(listener) {
  const answering = new Set();
  const server = createServer((request, response) => {
    answering.add(response);
    response.once("close", () => answering.delete(response));
    listener(request, response);
  });

  /** Listens on a port, or on a free one where that is taken and another will do; which one it is. */
  async function listen(port, orFreePort) {
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return server.address().port;
    } catch (error) {
      if (error.code !== "EADDRINUSE" || !orFreePort) throw error;
      return listen(0, false);
    }
  }

  async function close() {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    // Requests on their way are answered: cut off, they would go on writing to a table that is closed beneath them.
    await Promise.all([...answering].map((response) => once(response, "close")));
    server.closeAllConnections();
    await closed;
  }

  return { listen, close };
}
