// One long run of the Express store over changing sessions, in a process of its own with `--expose-gc`: prints the heap
// after forced collections. `node --expose-gc bench/memory-run.js '{"operations":1000000}'`; asked by memory.js.
import { setTimeout as delay } from "node:timers/promises";
import { CyclicSessionStore } from "@cyclic.sh/session-store/express";
import { fromTests } from "./from-tests.js";
import { TableInProcess } from "./table-in-process.js";

/**
 * @typedef {object} Asked
 * @property {number} [operations] what ends the run, or
 * @property {number} [seconds]
 * @property {number} ids how many session ids there are; over and over the same ones, each time of a new session
 * @property {number} samples how often the heap is looked at
 */

/** @type {Asked} */
const {
  operations: most = Number.POSITIVE_INFINITY,
  seconds = Number.POSITIVE_INFINITY,
  ids,
  samples: sampled,
} = JSON.parse(process.argv[2]);

// Requests that are on their way at the same time.
const WORKERS = 32;
const TIMEOUT_MS = 200;
// Of all commands, how many meet each fault.
const FAULTS = { throttled: 0.004, failed: 0.004, hangs: 0.001 };

const { Random } = await fromTests();
const random = new Random(1);
const table = await TableInProcess.make();
const store = new CyclicSessionStore({
  table: { name: "sessions" },
  clientConfig: {
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 2,
    requestHandler: table.requestHandler,
  },
  timeout: TIMEOUT_MS,
  touchInterval: 0,
});

let operations = 0;
let failures = 0;
let sessions = 0;

table.fault = () => {
  let chance = random.fraction();
  for (const [fault, share] of Object.entries(FAULTS)) {
    chance -= share;
    if (chance < 0) return fault;
  }
  return undefined;
};
const samples = await measure();
process.stdout.write(JSON.stringify({ samples, operations, failures, sessions }));

async function measure() {
  const begun = performance.now();
  const progress = () => Math.max(operations / most, (performance.now() - begun) / (seconds * 1000));
  const samples = [await heap()];
  while (samples.length <= sampled) {
    const next = samples.length / sampled;
    await together(async () => {
      while (progress() < next) await life();
    });
    samples.push(await heap());
  }
  return samples;
}

/** A session from its first save to its end. */
async function life() {
  const id = newSession();
  await operation(() => store.set(id, newData()));
  for (let request = 0; request < 3; request++) {
    const data = await operation(() => store.get(id));
    if (!data) continue;
    const kind = random.weighted({ save: 3, touch: 4, update: 2, unstorable: 1, twoAtOnce: 1 });
    if (kind === "save") await operation(() => store.set(id, { ...data, count: (data.count ?? 0) + 1 }));
    if (kind === "touch") await operation(() => store.touch(id, data));
    if (kind === "update") await operation(() => store.update(id, (now) => ({ ...now, seen: request })));
    if (kind === "unstorable") await operation(() => store.set(id, { ...data, count: 1n }));
    if (kind === "twoAtOnce") {
      const other = await operation(() => store.get(id));
      await Promise.all([
        operation(() => store.set(id, Object.assign(data, { one: request }))),
        other && operation(() => store.set(id, Object.assign(other, { another: request }))),
      ]);
    }
  }
  // The rows are this process's memory too, and not the store's: none may be left.
  await operation(() => store.destroy(id), 5);
}

/** Carries out an operation, which may fail; up to `attempts` times, where it must have been. */
async function operation(work, attempts = 1) {
  for (let attempt = 1; ; attempt++) {
    operations += 1;
    try {
      return await work();
    } catch (error) {
      failures += 1;
      if (error?.code === undefined) throw error;
      if (attempt >= attempts) return undefined;
    }
  }
}

function newSession() {
  sessions += 1;
  return `${sessions % ids}`.padStart(32, "0");
}

function newData() {
  return {
    cookie: { path: "/", httpOnly: true, originalMaxAge: null, expires: null },
    user: { id: random.id(12), name: "Grace Hopper" },
    trail: "x".repeat(500),
  };
}

function together(work) {
  return Promise.all(Array.from({ length: WORKERS }, work));
}

/** The heap, when nothing is on its way and all that can be collected is. */
async function heap() {
  await delay(TIMEOUT_MS + 50);
  let bytes = Number.POSITIVE_INFINITY;
  // What has a finalizer goes by a collection after the one that found it.
  for (let pass = 0; pass < 5; pass++) {
    globalThis.gc();
    await delay(10);
    bytes = Math.min(bytes, process.memoryUsage().heapUsed);
  }
  return { operations, bytes };
}
