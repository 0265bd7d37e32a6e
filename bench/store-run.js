// One store in a process of its own, used as express-session uses it, without a server: for the processor time of its
// operations, and for what it adds to a request's latency. Asked by `operations.js` and `latency.js`.
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import session from "express-session";
import { sessionData } from "./page-workload.js";
import { answerParent, microsecondsOf } from "./processes.js";
import { clientConfigOf, STORES } from "./stores.js";

/** Loads that are asked for in one turn of the event loop. */
const TOGETHER = 32;
const SESSIONS = 64;
const HOUR_MS = 3_600_000;

const { store: name, endpoint, bytes } = JSON.parse(process.argv[2]);
const ids = Array.from({ length: SESSIONS }, (_, i) => `${String(i).padStart(4, "0")}-${"s".repeat(27)}`);
const measured = name === "sdk" ? bareSdk() : await storeAsExpressUsesIt();
await measured.seed();
const operations = operationsOf(measured);

answerParent(({ operation, count, arrivals }) =>
  arrivals ? latenciesOf(arrivals) : processorTimeOf(operation, count),
);
process.send({ isSeeded: true });

/**
 * @typedef {object} Measured
 * @property {() => Promise<void>} seed makes the sessions
 * @property {(i: number) => Promise<unknown>} load
 * @property {(i: number) => Promise<unknown>} save
 * @property {(i: number) => Promise<unknown>} [touch] of a session that has just been written
 * @property {() => Promise<unknown>} [loadTogether] where there is a way of its own
 */

/** @param {Measured} measured @returns {Record<string, { run: (i: number) => Promise<unknown>, each: number }>} */
function operationsOf({ load, save, touch, loadTogether }) {
  const inOneTurn = (i) => Promise.all(Array.from({ length: TOGETHER }, (_, offset) => load(i + offset)));
  return {
    load: { run: load, each: 1 },
    loadAmong32: { run: inOneTurn, each: TOGETHER },
    save: { run: save, each: 1 },
    ...(touch && { throttledTouch: { run: touch, each: 1 } }),
    ...(loadTogether && { batchOf32: { run: loadTogether, each: TOGETHER } }),
  };
}

/** @returns {Promise<Measured>} */
async function storeAsExpressUsesIt() {
  const { load, make } = STORES[name];
  const store = await make(await load(), { table: "bench", endpoint }, { touchInterval: HOUR_MS });
  // It gives the store what it needs to make session objects.
  const cookie = { maxAge: HOUR_MS };
  session({ store, cookie, secret: "bench", resave: false, saveUninitialized: false });

  const call = (method, ...args) =>
    new Promise((resolve, reject) => {
      // 0.0.19 gives what DynamoDB answered in an error's place.
      store[method](...args, (error, data) => (error instanceof Error ? reject(error) : resolve(data)));
    });
  const sessionOf = async (i) => {
    const sessionID = ids[i % SESSIONS];
    const data = await call("get", sessionID);
    if (!data) throw new Error(`${name} does not find a session that was saved`);
    return store.createSession({ sessionID, sessionStore: store }, data);
  };
  let sessions = [];
  let changes = 0;
  return {
    async seed() {
      for (const i of ids.keys()) {
        // As for a request without a cookie: the id is express-session's to give.
        const req = { sessionStore: store };
        store.generate(req);
        ids[i] = req.sessionID;
        Object.assign(req.session, sessionData(bytes));
        await call("set", req.sessionID, req.session);
      }
      sessions = await Promise.all(ids.map((_, i) => sessionOf(i)));
    },
    async load(i) {
      if (!(await call("get", ids[i % SESSIONS]))) throw new Error(`${name} does not find a session`);
    },
    save(i) {
      const one = sessions[i % SESSIONS];
      // Never what it was: what says nothing new is not sent.
      one.cart.seen = ++changes;
      return call("set", one.id, one);
    },
    touch: (i) => call("touch", ids[i % SESSIONS], sessions[i % SESSIONS]),
  };
}

/** What any store that uses the SDK spends at least: the command alone, made and sent as its documentation says. */
function bareSdk() {
  const client = new DynamoDBClient(clientConfigOf({ endpoint }));
  const TableName = "bench";
  const keyOf = (i) => ({ pk: { S: ids[i % SESSIONS] }, sk: { S: ids[i % SESSIONS] } });
  const text = JSON.stringify({ cookie: { path: "/", httpOnly: true }, ...sessionData(bytes) });
  const commands = {
    get: (i) => client.send(new GetItemCommand({ TableName, Key: keyOf(i), ConsistentRead: true })),
    batch: (Keys) =>
      client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } })),
  };
  return {
    async seed() {
      for (const i of ids.keys()) {
        await client.send(new PutItemCommand({ TableName, Item: { ...keyOf(i), sess: { S: text } } }));
      }
    },
    load: async (i) => JSON.parse((await commands.get(i)).Item.sess.S),
    save: (i) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf(i),
          UpdateExpression: "SET sess = :sess",
          ExpressionAttributeValues: { ":sess": { S: text } },
        }),
      ),
    async loadTogether() {
      const Keys = Array.from({ length: TOGETHER }, (_, i) => keyOf(i));
      const { Responses } = await commands.batch(Keys);
      return Responses[TableName].map((item) => JSON.parse(item.sess.S));
    },
  };
}

/** Microseconds of processor time for each operation. */
async function processorTimeOf(operation, count) {
  // Touches are throttled by what was written last.
  if (operation === "throttledTouch") await measured.seed();
  const { run, each } = operations[operation];
  const microseconds = await microsecondsOf(async () => {
    for (let i = 0; i < count; i += each) await run(i);
  });
  return { microseconds: microseconds / (Math.ceil(count / each) * each) };
}

/**
 * How long loads take that come at these moments, whether others have been answered or not.
 *
 * @param {number[]} arrivals milliseconds from the first moment
 */
async function latenciesOf(arrivals) {
  const latencies = [];
  const start = performance.now();
  const pending = [];
  for (const [i, arrival] of arrivals.entries()) {
    const due = start + arrival;
    // Turns of the event loop rather than a timer, which is only exact to the millisecond.
    while (performance.now() < due) await new Promise(setImmediate);
    pending.push(measured.load(i).then(() => latencies.push(performance.now() - due)));
  }
  await Promise.all(pending);
  return { latencies };
}
