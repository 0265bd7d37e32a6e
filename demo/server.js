// The demo put together: a table, two clients of it, the store, the application, and a server that can be ended.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import { CallRecord } from "./calls.js";
import { createExpressApp } from "./express-app.js";
import { readRow } from "./row.js";

const TTL_MS = 15 * 60 * 1000;
const TOUCH_INTERVAL_MS = 30 * 1000;

/** @typedef {{ url: string, close: () => Promise<void> }} RunningDemo */

/**
 * Serves the demo over a table, which it closes with the rest. Where it cannot start, the table is closed too.
 *
 * @param {object} options
 * @param {import("./dynamodb.js").DemoTable} options.table
 * @param {number} options.port 0 for a free one
 * @param {number} [options.ttl] milliseconds
 * @param {number} [options.touchInterval] milliseconds
 * @returns {Promise<RunningDemo>}
 * @throws with `code` EADDRINUSE or EACCES where the port cannot be had
 */
export async function startDemo({ table, port, ttl = TTL_MS, touchInterval = TOUCH_INTERVAL_MS }) {
  const calls = new CallRecord();
  const client = new DynamoDBClient(table.clientConfig);
  calls.watch(client);
  // What looks at rows has a client of its own, so that looking does not show up among the calls.
  const onlooker = new DynamoDBClient(table.clientConfig);
  const store = new CyclicSessionStore({
    table: { name: table.name },
    client,
    ttl,
    touchInterval,
    onEvent: calls.onEvent,
  });

  const app = createExpressApp({
    store,
    calls,
    readRow: (sessionId) => readRow(onlooker, table.name, sessionId),
    about: {
      run: randomUUID(),
      framework: "Express",
      table: table.name,
      place: table.place,
      ttl,
      touchInterval,
    },
  });
  const server = createServer(app);

  async function close() {
    if (server.listening) {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    }
    await store.close();
    client.destroy();
    onlooker.destroy();
    await table.close();
  }

  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
