// Capacity units per 1 000 requests of the page workload, by DynamoDB Local's own accounting: exact, and the same each
// time. The short form counts the runs that the bars speak of; they must meet these, and be what is stored.
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dynamoDbLocalProblem } from "../scripts/dynamodb-local.mjs";
import { barLabel, legend, nameAxis, title, valueAxis } from "./chart.js";
import { runProgram } from "./child.js";
import { fromTests } from "./from-tests.js";
import { PAGES } from "./page-workload.js";
import { READ_UNITS_PER_WRITE_UNIT } from "./prices.js";
import { spreadOf } from "./rounds.js";
import { hasOldPackages, STORES } from "./stores.js";

const STORED = new URL("../docs/performance/units.json", import.meta.url);
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
  { ...OURS, rolling: true },
  { ...OURS_RESAVED, rolling: true },
  { ...OURS, consistentRead: false },
  { ...OURS, consistentRead: false, touchInterval: 3_600_000 },
  // As pages meet them behind a load balancer, or on Lambda.
  ...[2, 6].map((processes) => ({ ...OURS, processes })),
  ...[4_000, 40_000].flatMap((bytes) => [
    { ...OURS, bytes },
    { ...OLD, bytes },
  ]),
];

/** @type {import("./main.js").Part} */
export default {
  name: "units",
  title: "capacity units per 1 000 requests of users on pages, by DynamoDB Local's own accounting",
  problem: dynamoDbLocalProblem,
  async run({ isShort, say }) {
    const settings = (isShort ? SHORT : LONG).filter(({ store }) => store === "ours" || hasOldPackages());
    if (!hasOldPackages()) say("left out: the old session stores, which are not here (npm run fetch)");
    const runs = await count(settings);
    const bars = barsOf(runs);
    const missed = bars.filter(({ ratio, most }) => ratio.median > most);
    return {
      tables: tablesOf(runs),
      bars,
      figures: { workload: { seed: SEED, ...PAGES }, runs },
      charts: isShort ? [] : chartsOf(runs),
      isPartial: !hasOldPackages(),
      checked: isShort ? runs.length + bars.length : bars.length,
      failures: [
        ...missed.map((bar) => `the bar is not met: ${bar.title}`),
        ...(isShort ? differences(runs, await storedRuns()) : []),
      ],
    };
  },
};

/**
 * What the long form counted last, as it is stored.
 *
 * @returns {Promise<Counted[]>}
 */
export async function storedRuns() {
  return JSON.parse(await readFile(STORED, "utf8")).runs;
}

/** The counted run of a setting; what the setting does not say is as usual. */
export function runOf(runs, setting) {
  return runs.find((run) => isSameSetting(run, { resave: false, ...USUAL, ...setting }));
}

/**
 * @param {Setting[]} settings
 * @returns {Promise<Counted[]>}
 */
async function count(settings) {
  const { startEmulator } = await fromTests();
  const { endpoint, stop } = await startEmulator("dynamodb-local");
  try {
    return await eachOf(settings, async (setting) => {
      const bill = await runProgram("units-run.js", { endpoint, ...setting });
      return { ...setting, ...bill, price: priceOf(bill) };
    });
  } finally {
    await stop();
  }
}

/** The price of 1 000 requests, in read units. */
function priceOf({ requests, readUnits, writeUnits }) {
  return ((readUnits + READ_UNITS_PER_WRITE_UNIT * writeUnits) / requests) * 1000;
}

/** How the runs stand to the bars; those of which a run is missing are left out. */
function barsOf(runs) {
  return BARS.flatMap(({ title, ours, theirs, most }) => {
    const prices = [ours, theirs].map((setting) => runOf(runs, setting)?.price);
    return prices.includes(undefined) ? [] : [{ title, ratio: spreadOf([prices[0] / prices[1]]), most }];
  });
}

/** Which counted runs are not what is stored, in words. */
function differences(runs, stored) {
  return runs.flatMap((run) => {
    const known = runOf(stored, run);
    const { readUnits, writeUnits, store, resave } = run;
    if (known?.readUnits === readUnits && known.writeUnits === writeUnits) return [];
    const was = known ? `${known.readUnits} + ${known.writeUnits}` : "nothing";
    return [
      `${store}, resave ${resave}: ${readUnits} + ${writeUnits} units; docs/performance/units.json says ${was}`,
    ];
  });
}

function tablesOf(runs) {
  const columns = ["store", "resave", "touch interval", "read units", "write units", "price"];
  const rows = runs.map((run) => {
    const perThousand = (units) => ((units / run.requests) * 1000).toFixed(0);
    return [
      nameOf(run),
      run.resave,
      run.touchInterval === undefined ? "default" : `${run.touchInterval / 1000} s`,
      perThousand(run.readUnits),
      perThousand(run.writeUnits),
      run.price.toFixed(0),
    ];
  });
  return [{ title: "per 1 000 requests; the price in read units, a write unit as five", columns, rows }];
}

/** A run by what is not usual about it. */
function nameOf({ store, rolling, consistentRead, processes, bytes }) {
  const unusual = [
    ...(rolling === undefined ? [] : [`rolling: ${rolling}`]),
    ...(consistentRead === undefined ? [] : [`consistentRead: ${consistentRead}`]),
    ...(processes === USUAL.processes ? [] : [`${processes} processes`]),
    ...(bytes === USUAL.bytes ? [] : [`${bytes / 1000} KB`]),
  ];
  return [STORES[store].title, ...unusual].join(", ");
}

function chartsOf(runs) {
  const stores = Object.keys(STORES);
  const priceAt = (setting) => runOf(runs, setting)?.price;
  const priceOfStores = (resave) => stores.map((store) => priceAt({ store, resave }));
  const ofIntervals = stores.filter((store) => STORES[store].hasTouchInterval);
  return [
    {
      option: {
        title: title(
          "What 1 000 requests cost",
          "in read units; a write unit counts as five. Less is better",
        ),
        legend: { ...legend(), itemGap: 18 },
        grid: { left: 250, right: 70, top: 60, bottom: 90 },
        xAxis: valueAxis("read units per 1 000 requests"),
        yAxis: nameAxis(
          stores.map((store) => STORES[store].title),
          { inverse: true },
        ),
        series: [false, true].map((resave) => ({
          name: `resave: ${resave}`,
          type: "bar",
          data: priceOfStores(resave),
          label: barLabel(({ value }) => Math.round(value).toLocaleString("en-US")),
        })),
      },
    },
    {
      name: "touch-interval",
      option: {
        title: title(
          "What 1 000 requests cost, by touch interval",
          "in read units, resave: false. Less is better",
        ),
        legend: { ...legend(), itemGap: 18 },
        grid: { left: 70, right: 30, top: 80, bottom: 90 },
        xAxis: nameAxis(
          TOUCH_INTERVALS_MS.map((ms) => `${ms / 1000} s`),
          { name: "touch interval" },
        ),
        yAxis: valueAxis("", { min: 0 }),
        series: ofIntervals.map((store) => ({
          name: STORES[store].title,
          type: "line",
          data: TOUCH_INTERVALS_MS.map((touchInterval) => priceAt({ store, touchInterval })),
        })),
      },
    },
  ];
}

function isSameSetting(one, other) {
  const names = [
    "store",
    "resave",
    "rolling",
    "touchInterval",
    "consistentRead",
    "bytes",
    "processes",
    "seed",
  ];
  return names.every((name) => one[name] === other[name]);
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
