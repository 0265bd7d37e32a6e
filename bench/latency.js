// How much later a session comes through a store than through the SDK's call alone, at an arrival rate at which no process
// has too much to do: what a visitor waits for, besides DynamoDB. Loads arrive at moments of chance, the same for every
// store, whether those before have been answered or not.
import { barLabel, legend, nameAxis, title, valueAxis } from "./chart.js";
import { fromTests } from "./from-tests.js";
import { measuredStores, startStores, titleOf } from "./peers.js";
import { PLACEMENT, withTable } from "./processes.js";
import { alternate, showNumber, showSpread, spreadOf } from "./rounds.js";
import { hasOldPackages } from "./stores.js";

const BYTES = 700;
const TABLE_LATENCY_MS = 3;
// About a quarter of what the slowest of them can do.
const PER_SECOND = 200;
const LOADS = { long: 500, short: 60 };
const WARM_UP_LOADS = { long: 800, short: 60 };
/** The rank of a load among all of its round, by its name. */
const RANKS = { p50: 0.5, p99: 0.99 };

/** @typedef {{ p50: number, p99: number }} Latencies milliseconds */

/** @type {import("./main.js").Part} */
export default {
  name: "latency",
  title: "latency added to the bare SDK call, at a fixed arrival rate",

  async run({ isShort, rounds, say }) {
    say(PLACEMENT);
    const form = isShort ? "short" : "long";
    const stores = ["sdk", ...measuredStores(say)];
    return withTable(async ({ endpoint, setLatency }, start) => {
      const processes = await startStores(stores, { endpoint, bytes: BYTES }, start);
      await setLatency(TABLE_LATENCY_MS);
      const { Random } = await fromTests();
      const measure = async (store, seed, count) => {
        const arrivals = arrivalsOf(count, new Random(seed));
        return ranked((await processes.get(store).ask({ arrivals })).latencies);
      };
      for (const store of stores) await measure(store, 0, WARM_UP_LOADS[form]);
      const figures = await alternate(stores, rounds, (store, round) =>
        measure(store, 1 + round, LOADS[form]),
      );
      return report(figures, LOADS[form]);
    });
  },
};

/** The moments at which loads arrive, in milliseconds: with pauses between them as among many visitors. */
function arrivalsOf(count, random) {
  let at = 0;
  return Array.from({ length: count }, () => {
    at += (-Math.log(1 - random.fraction()) * 1000) / PER_SECOND;
    return at;
  });
}

/** @param {number[]} latencies @returns {Latencies} */
function ranked(latencies) {
  const sorted = latencies.toSorted((one, other) => one - other);
  return Object.fromEntries(
    Object.entries(RANKS).map(([name, share]) => [name, sorted[Math.ceil(share * sorted.length) - 1]]),
  );
}

/**
 * @param {Map<string, Latencies[]>} figures
 * @param {number} loads in each round
 */
function report(figures, loads) {
  const bare = figures.get("sdk");
  const stores = [...figures].map(([store, values]) => ({
    store,
    ...Object.fromEntries(
      Object.keys(RANKS).flatMap((rank) => [
        [rank, spreadOf(values.map((value) => value[rank]))],
        [`${rank}Added`, spreadOf(values.map((value, round) => value[rank] - bare[round][rank]))],
      ]),
    ),
  }));
  return {
    tables: [tableOf(stores)],
    figures: {
      placement: PLACEMENT,
      sessionBytes: BYTES,
      latencyMs: TABLE_LATENCY_MS,
      perSecond: PER_SECOND,
      loads,
      unit: "milliseconds",
      stores,
    },
    charts: [chartOf(stores.filter(({ store }) => store !== "sdk"))],
    isPartial: !hasOldPackages(),
  };
}

/** @returns {import("./main.js").Table} */
function tableOf(stores) {
  return {
    title: `milliseconds for a load, ${TABLE_LATENCY_MS} of them added at the table; ${PER_SECOND} loads a second`,
    columns: ["", "p50", "more than the SDK", "p99", "more than the SDK"],
    rows: stores.map(({ store, p50, p50Added, p99, p99Added }) => [
      titleOf(store),
      ...[p50, p50Added, p99, p99Added].map(showSpread),
    ]),
  };
}

/** @returns {import("./chart.js").Chart} */
function chartOf(stores) {
  // The first in the list is drawn at the bottom.
  const names = stores.toReversed();
  return {
    option: {
      title: title(
        "Latency added to the bare SDK call",
        `milliseconds, ${PER_SECOND} loads a second of sessions of ${BYTES} bytes; less is better`,
      ),
      legend: legend(),
      grid: { left: 250, right: 70, top: 70, bottom: 80 },
      xAxis: valueAxis("milliseconds"),
      yAxis: nameAxis(names.map(({ store }) => titleOf(store))),
      series: Object.keys(RANKS).map((rank) => ({
        type: "bar",
        name: rank,
        data: names.map((figures) => figures[`${rank}Added`].median),
        label: barLabel(({ value }) => showNumber(value)),
      })),
    },
  };
}
