// Capacity units per 1 000 requests of the page workload, by DynamoDB Local's own accounting: exact, and the same each
// time. The short form counts the runs that the bars speak of, and compares them with what is stored.
import { availableParallelism } from "node:os";
import { dynamoDbLocalProblem } from "../scripts/dynamodb-local.mjs";
import { EXTRAS, isWhole } from "../scripts/extras.mjs";
import { runProgram } from "./child.js";
import { fromTests } from "./from-tests.js";
import { PAGES } from "./page-workload.js";
import { STORES } from "./stores.js";

/** A write unit costs as much as five read units, on demand. */
export const READ_UNITS_PER_WRITE_UNIT = 5;

const SEED = 1;
const TOUCH_INTERVALS_MS = [0, 10_000, 30_000, 300_000, 3_600_000];

/** @typedef {import("./units-run.js").Asked} Asked */
/** @typedef {Omit<Asked, "endpoint">} Setting */
/** @typedef {Setting & import("./metered-network.js").Bill & { requests: number, price: number }} Counted */

const USUAL = { seed: SEED, bytes: 700, processes: 1 };

/** What the bars compare. */
const OURS = { store: "ours", resave: false, ...USUAL };
const OURS_RESAVED = { ...OURS, resave: true };
const OLD = { ...OURS, store: "0.0.19" };
const OLD_RESAVED = { ...OLD, resave: true };
const CONNECT = { ...OURS, store: "connect-dynamodb" };

const BARS = [
  { title: "resave: false, of 0.0.19's price", ours: OURS, theirs: OLD, most: 0.6 },
  { title: "resave: false, of connect-dynamodb's price", ours: OURS, theirs: CONNECT, most: 0.35 },
  { title: "resave: true, of 0.0.19's price", ours: OURS_RESAVED, theirs: OLD_RESAVED, most: 0.35 },
];

/** @type {Setting[]} */
const SHORT = [OURS, OURS_RESAVED, OLD, OLD_RESAVED, CONNECT];

/** @type {Setting[]} */
const LONG = [
  ...Object.keys(STORES).flatMap((store) => [
    { store, resave: false, ...USUAL },
    { store, resave: true, ...USUAL },
  ]),
  ...Object.keys(STORES)
    .filter((store) => STORES[store].hasTouchInterval)
    .flatMap((store) => TOUCH_INTERVALS_MS.map((touchInterval) => ({ ...OURS, store, touchInterval }))),
  { ...OURS, consistentRead: false },
  { ...OURS, consistentRead: false, touchInterval: 3_600_000 },
  // As pages meet them behind a load balancer, or on Lambda.
  ...[2, 6].map((processes) => ({ ...OURS, processes })),
  ...[4_000, 40_000].flatMap((bytes) => [
    { ...OURS, bytes },
    { ...OLD, bytes },
  ]),
];

/** Why units cannot be counted here, or undefined where they can. */
export function unitsProblem() {
  return dynamoDbLocalProblem();
}

/**
 * @param {{ isShort: boolean }} how
 * @returns {Promise<{ workload: object, runs: Counted[], bars: { title: string, ratio: number, most: number }[] }>}
 */
export async function countUnits({ isShort }) {
  const settings = (isShort ? SHORT : LONG).filter(({ store }) => store === "ours" || hasOldPackages());
  const { startEmulator } = await fromTests();
  const { endpoint, stop } = await startEmulator("dynamodb-local");
  try {
    const runs = await eachOf(settings, async (setting) => {
      const bill = await runProgram("units-run.js", { endpoint, ...setting });
      return { ...setting, ...bill, price: priceOf(bill) };
    });
    return { workload: { seed: SEED, ...PAGES }, runs, bars: barsOf(runs) };
  } finally {
    await stop();
  }
}

/** The price of 1 000 requests, in read units. */
function priceOf({ requests, readUnits, writeUnits }) {
  return round(((readUnits + READ_UNITS_PER_WRITE_UNIT * writeUnits) / requests) * 1000);
}

/** How the runs stand to the bars; those of which a run is missing are left out. */
export function barsOf(runs) {
  const priceAt = (setting) => runs.find((run) => isSameSetting(run, setting))?.price;
  return BARS.map(({ title, ours, theirs, most }) => ({
    title,
    ratio: round(priceAt(ours) / priceAt(theirs)),
    most,
  })).filter(({ ratio }) => Number.isFinite(ratio));
}

/** Which counted runs are not what is stored, in words. */
export function differences(runs, stored) {
  return runs.flatMap((run) => {
    const known = stored.find((one) => isSameSetting(one, run));
    const { readUnits, writeUnits, store, resave } = run;
    if (known?.readUnits === readUnits && known.writeUnits === writeUnits) return [];
    const was = known ? `${known.readUnits} + ${known.writeUnits}` : "nothing";
    return [`${store}, resave ${resave}: ${readUnits} + ${writeUnits} units; stored is ${was}`];
  });
}

function isSameSetting(one, other) {
  const names = ["store", "resave", "touchInterval", "consistentRead", "bytes", "processes", "seed"];
  return names.every((name) => one[name] === other[name]);
}

function hasOldPackages() {
  return isWhole(EXTRAS.find(({ name }) => name === "old-packages"));
}

/** As many at once as the machine has processors: each run's order is its own. */
async function eachOf(items, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  return results;
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}
