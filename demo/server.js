// The demo put together: a table, clients of it, an application for each framework, and servers that can be ended.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CallRecord } from "./calls.js";
import { DOORS } from "./doors.js";
import { createExpressApp } from "./express-app.js";
import { inFrontOf } from "./front.js";
import { createHonoApp } from "./hono-app.js";
import { createKoaApp } from "./koa-app.js";
import { readPageFiles } from "./page-files.js";
import { readRow } from "./row.js";
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
  const calls = new CallRecord();
  const client = new DynamoDBClient(table.clientConfig);
  calls.watch(client);
  // What looks at rows has a client of its own, so that looking does not show up among the calls.
  const onlooker = new DynamoDBClient(table.clientConfig);
  /** @type {OpenDoor[]} Filled as the ports open. */
  const doors = [];
  const shared = { run: randomUUID(), table: table.name, place: table.place, ttl, touchInterval, doors };

  const apps = DOORS.map(({ framework, hashPrefix, sessionCookie, visitorCookie }) => {
    const about = { framework, ...shared };
    return APPS[framework]({
      storeOptions: {
        table: { name: table.name, hashPrefix },
        hashIds: true,
        client,
        ttl,
        touchInterval,
        onEvent: calls.onEvent,
      },
      // For this run only: an application of yours keeps its secret, or every restart signs everybody out.
      secret: randomBytes(32).toString("base64url"),
      sessionCookie,
      about,
      async inspect(sessionId, cookies) {
        const row = sessionId ? await readRow(onlooker, table.name, hashPrefix, sessionId) : null;
        return { about, now: Date.now(), row, ...calls.of(readVisitor(cookies, visitorCookie)) };
      },
    });
  });
  const page = await readPageFiles();
  const servers = DOORS.map(({ visitorCookie }, index) =>
    serve(inFrontOf(apps[index].listener, { page, visitorCookie, calls })),
  );

  async function close() {
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
