// What the options for security cost: requests and capacity units of each operation on a session, and the bytes of its row,
// by DynamoDB Local's own accounting. Exact, and the same each time: the short form counts all, and it must be what is stored.
import { readFile } from "node:fs/promises";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { itemBytes } from "../demo/capacity.js";
import { dynamoDbLocalProblem } from "../scripts/dynamodb-local.mjs";
import { fromTests } from "./from-tests.js";
import { MeteredNetwork } from "./metered-network.js";
import { sessionData } from "./page-workload.js";
import { waitsInNoTime } from "./simulated-waiting.js";
import { clientConfigOf } from "./stores.js";

const STORED = new URL("../docs/performance/options.json", import.meta.url);
const BYTES = 700;
const KEY = new Uint8Array(32).fill(7);
const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
/** How many sessions an owner has. */
const DEVICES = 10;

/** What is given besides the table; `before` are the options that the sessions were made with, where those are others. */
const SETTINGS = {
  none: () => ({}),
  hashIds: () => ({ hashIds: true }),
  absoluteTtl: () => ({ absoluteTtl: 8 * HOUR_MS }),
  seal: ({ seal }) => ({ codec: seal({ keys: [KEY] }) }),
  "compress, seal": ({ compress, seal }) => ({ codec: [compress(), seal({ keys: [KEY] })] }),
  owner: () => ({ owner: ownerOf }),
  "all of them": ({ compress, seal }) => ({
    hashIds: true,
    absoluteTtl: 8 * HOUR_MS,
    codec: [compress(), seal({ keys: [KEY] })],
    owner: ownerOf,
  }),
  previous: () => ({ hashIds: true, previous: [{ hashIds: false }] }),
};

/**
 * What is done, each with a session of its own that `from` has left: a session of a guest is one without an owner. Where
 * sessions were in another place, the operations of `MOVES` meet one that is there still.
 */
const OPERATIONS = {
  "a session's first write": (engine, session, data) => engine.save(session, data),
  "a guest's sign-in": (engine, session, data) => engine.save(session, data),
  "a load": (engine, session) => engine.load(session.id),
  "a save": (engine, session, data) => engine.save(session, changed(data)),
  "a touch": (engine, session) => engine.touch(session),
  "a logout": (engine, session) => engine.destroy(session),
  "a load of nobody's id": (engine) => engine.load("of-nobody-and-of-thirty-two-chars"),
};
const IS_WRITTEN = ["a load", "a save", "a touch", "a logout"];
const MOVES = ["a load", "a save", "a touch", "a logout"];

/** @typedef {{ option: string, operation: string, requests: number, readUnits: number, writeUnits: number }} Priced */

/** @type {import("./main.js").Part} */
export default {
  name: "options",
  title: `what the options for security cost, by DynamoDB Local's own accounting; sessions of ${BYTES} bytes`,
  problem: dynamoDbLocalProblem,
  async run({ isShort }) {
    const { startEmulator } = await fromTests();
    const { endpoint, stop } = await startEmulator("dynamodb-local");
    try {
      const { prices, rows } = await priceAll(endpoint);
      const stored = JSON.parse(await readFile(STORED, "utf8").catch(() => "{}"));
      const isStored = (name, counted) => JSON.stringify(stored[name]) === JSON.stringify(counted);
      const differences = [
        ...(isStored("prices", prices) ? [] : ["docs/performance/options.json has other units"]),
        ...(isStored("rows", rows) ? [] : ["docs/performance/options.json has other bytes of rows"]),
      ];
      return {
        tables: tablesOf(prices, rows),
        figures: { bytes: BYTES, prices, rows },
        checked: 2,
        failures: isShort ? differences : [],
      };
    } finally {
      await stop();
    }
  },
};

/** @returns {Promise<{ prices: Priced[], rows: Record<string, number> }>} */
async function priceAll(endpoint) {
  const { createSessionEngine } = await import("@cyclic.sh/session-store/core");
  const codecs = await import("@cyclic.sh/session-store/codecs");
  const { createTable } = await fromTests();
  const network = new MeteredNetwork(endpoint);
  const prices = [];
  const rows = {};
  for (const [option, optionsOf] of Object.entries(SETTINGS)) {
    const client = new DynamoDBClient(clientConfigOf({ endpoint }));
    const table = await createTable(client);
    const clock = { time: START_MS };
    const engineOf = (options) =>
      createSessionEngine({
        table: { name: table },
        clientConfig: clientConfigOf({ network }),
        now: () => clock.time,
        ttl: HOUR_MS,
        sleep: waitsInNoTime,
        ...options,
      });
    const engine = engineOf(optionsOf(codecs));
    const priced = async (operation, work) => {
      network.newBill();
      await network.settle(work());
      const { reads, writes, readUnits, writeUnits } = network.newBill();
      prices.push({ option, operation, requests: reads + writes, readUnits, writeUnits });
    };
    const isMove = option === "previous";
    for (const [operation, work] of Object.entries(OPERATIONS)) {
      const data = dataOf("ada");
      const session = await network.settle(prepared(engine, operation, data));
      clock.time += 60_000;
      await priced(operation, () => work(engine, session, data));
      if (operation === "a load") rows[option] = await rowBytes(client, table);
    }
    for (const operation of isMove ? MOVES : []) {
      const data = dataOf("ada");
      const session = await network.settle(prepared(engineOf({}), operation, data));
      const found = operation === "a load" ? session : await network.settle(engine.load(session.id));
      clock.time += 60_000;
      await priced(`${operation}, from its old place`, () => OPERATIONS[operation](engine, found, data));
    }
    if (optionsOf(codecs).owner) {
      for (let i = 0; i < DEVICES; i++)
        await network.settle(engine.save(engine.create(engine.newId()), dataOf("bob")));
      await priced(`sessionsOf an owner of ${DEVICES}`, () => engine.sessionsOf("bob"));
      await priced(`destroyAllOf an owner of ${DEVICES}`, () => engine.destroyAllOf("bob"));
    }
    client.destroy();
  }
  network.close();
  return { prices, rows };
}

/** The session that an operation meets. */
async function prepared(engine, operation, data) {
  const session = engine.create(engine.newId());
  if (operation === "a guest's sign-in") await engine.save(session, { ...data, user: undefined });
  if (IS_WRITTEN.includes(operation)) await engine.save(session, data);
  return session;
}

function dataOf(name) {
  const data = sessionData(BYTES);
  return { ...data, user: { ...data.user, name } };
}

function changed(data) {
  return { ...data, csrf: data.csrf.slice(1) + data.csrf[0] };
}

function ownerOf({ user }) {
  return user?.name;
}

/** The bytes of the largest session's row: data of one size, and all that stands beside it. */
async function rowBytes(client, table) {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  return Math.max(...Items.map(itemBytes));
}

/** One row for each operation, one column for each option. */
function tablesOf(prices, rows) {
  const options = Object.keys(rows);
  const operations = [...new Set(prices.map(({ operation }) => operation))];
  const cellOf = (operation, option) => {
    const price = prices.find((one) => one.operation === operation && one.option === option);
    if (price === undefined) return "–";
    const { requests, readUnits, writeUnits } = price;
    return `${requests}: ${readUnits} + ${writeUnits}`;
  };
  return [
    {
      title: "requests: read units + write units",
      columns: ["operation", ...options],
      rows: operations.map((operation) => [operation, ...options.map((option) => cellOf(operation, option))]),
    },
    { title: "bytes of the row", columns: options, rows: [options.map((option) => rows[option])] },
  ];
}
