// Processor time per operation: what each request costs the application's processor, whatever the table's latency. Each
// store has a process of its own; the bare SDK call shows what any store over the SDK spends at least.
import { barLabel, legend, nameAxis, title, valueAxis } from "./chart.js";
import { measuredStores, startStores, titleOf } from "./peers.js";
import { PLACEMENT, withTable } from "./processes.js";
import { alternate, ratioOf, showNumber, showSpread, spreadOf } from "./rounds.js";
import { hasOldPackages, STORES } from "./stores.js";

/** The size that bars are about, and others. */
const BARRED_BYTES = 700;
const OTHER_BYTES = [4_000, 40_000];
const OTHER_ROUNDS = 3;

const OPERATIONS = {
  load: "a lone load",
  loadAmong32: "a load among 32 asked for in one turn",
  save: "a save of a change",
  throttledTouch: "a touch within the interval",
};

/** Of the batch of the bare SDK, which is nobody's operation but a limit. */
const BATCH = "batchOf32";

/** How many of each make a measurement: what takes some tenths of a second, or hundredths where nothing is sent. */
const COUNTS = { load: 640, loadAmong32: 2048, save: 400, throttledTouch: 40_000, [BATCH]: 2048 };
/** connect-dynamodb's touches are all written. */
const UNTHROTTLED_TOUCHES = 400;
const WARM_UP_ROUNDS = 3;
/** Of these counts, what the short form makes, and what is made of the sizes without bars. */
const SHARE = { short: 0.1, other: 0.3 };

/**
 * @typedef {object} Sized figures of sessions of one size
 * @property {number} bytes
 * @property {number} rounds
 * @property {Record<string, Map<string, number[]>>} figures microseconds by operation and store, in the order of rounds
 */

/** @type {import("./main.js").Part} */
export default {
  name: "operations",
  title: "processor time per operation",

  async run({ isShort, rounds, say }) {
    say(PLACEMENT);
    const stores = ["sdk", ...measuredStores(say)];
    const share = isShort ? SHARE.short : 1;
    const warmUp = { rounds: isShort ? 1 : WARM_UP_ROUNDS, share };
    const sized = [await measure(stores, { bytes: BARRED_BYTES, rounds, share, warmUp })];
    for (const bytes of isShort ? [] : OTHER_BYTES) {
      sized.push(await measure(stores, { bytes, rounds: OTHER_ROUNDS, share: SHARE.other, warmUp }));
    }
    return report(stores, sized);
  },
};

/** @returns {Promise<Sized>} */
function measure(stores, { bytes, rounds, share, warmUp }) {
  return withTable(async ({ endpoint }, start) => {
    const processes = await startStores(stores, { endpoint, bytes }, start);
    const once = async (operation, store, share) => {
      const count = Math.ceil(countOf(operation, store) * share);
      return (await processes.get(store).ask({ operation, count })).microseconds;
    };
    const figures = {};
    for (const operation of [...Object.keys(OPERATIONS), BATCH]) {
      const able = operation === BATCH ? ["sdk"] : stores.filter((store) => can(store, operation));
      await alternate(able, warmUp.rounds, (store) => once(operation, store, warmUp.share));
      figures[operation] = await alternate(able, rounds, (store) => once(operation, store, share));
    }
    return { bytes, rounds, figures };
  });
}

function countOf(operation, store) {
  const isWritten = operation === "throttledTouch" && !STORES[store].hasTouchInterval;
  return isWritten ? UNTHROTTLED_TOUCHES : COUNTS[operation];
}

/** The bare SDK throttles nothing. */
function can(store, operation) {
  return store !== "sdk" || operation !== "throttledTouch";
}

/**
 * @param {string[]} stores
 * @param {Sized[]} sized
 */
function report(stores, sized) {
  const [{ figures }] = sized;
  const ratios = ratiosOf(stores, figures);
  return {
    tables: [...sized.map((one) => tableOf(stores, one)), ratiosTable(ratios)],
    bars: barsOf(ratios),
    figures: {
      placement: PLACEMENT,
      unit: "microseconds of processor time for each operation",
      sizes: sized.map(({ bytes, figures }) => ({
        bytes,
        operations: Object.fromEntries(
          Object.entries(figures).map(([operation, byStore]) => [
            operation,
            Object.fromEntries([...byStore].map(([store, values]) => [store, spreadOf(values)])),
          ]),
        ),
      })),
      ratios: { bytes: BARRED_BYTES, unit: "ours, of each one's in the same round", stores: ratios },
    },
    charts: [chart(stores, figures)],
    isPartial: !hasOldPackages(),
  };
}

/** @param {Sized} sized */
function tableOf(stores, { bytes, rounds, figures }) {
  const rows = stores.map((store) => [
    titleOf(store),
    ...Object.keys(OPERATIONS).map((operation) => showMicroseconds(figures[operation].get(store))),
  ]);
  const batch = Object.keys(OPERATIONS).map((operation) =>
    operation === "loadAmong32" ? showMicroseconds(figures[BATCH].get("sdk")) : "",
  );
  rows.splice(1, 0, ["the bare SDK, by BatchGetItem", ...batch]);
  return {
    title: `microseconds for each, sessions of ${bytes} bytes, ${rounds} rounds`,
    columns: ["", ...Object.values(OPERATIONS)],
    rows,
  };
}

/** What ours are to every other's: spreads by store and operation. */
function ratiosOf(stores, figures) {
  const ratiosTo = (store) =>
    Object.keys(OPERATIONS)
      .filter((operation) => figures[operation].has(store))
      .map((operation) => [
        operation,
        ratioOf(figures[operation].get("ours"), figures[operation].get(store)),
      ]);
  const others = stores.filter((store) => store !== "ours");
  return Object.fromEntries(others.map((store) => [store, Object.fromEntries(ratiosTo(store))]));
}

function ratiosTable(ratios) {
  const rows = Object.entries(ratios).map(([store, spreads]) => [
    titleOf(store),
    ...Object.keys(OPERATIONS).map((operation) => (spreads[operation] ? showSpread(spreads[operation]) : "")),
  ]);
  return {
    title: `ours, of theirs, sessions of ${BARRED_BYTES} bytes`,
    columns: ["", ...Object.values(OPERATIONS)],
    rows,
  };
}

/** @returns {import("./main.js").Bar[]} */
function barsOf(ratios) {
  const old = ratios["0.0.19"];
  if (old === undefined) return [];
  return [
    { title: "processor time of a lone load, of 0.0.19's", ratio: old.load, most: 0.6 },
    { title: "of a load among 32, of 0.0.19's", ratio: old.loadAmong32, most: 0.12 },
  ];
}

function showMicroseconds(values) {
  return values ? showSpread(spreadOf(values)) : "";
}

function chart(stores, figures) {
  // The first in the list is drawn at the bottom.
  const names = stores.toReversed();
  return {
    height: 520,
    option: {
      title: title(
        "Processor time per operation",
        "microseconds, a session of 700 bytes; less is better (logarithmic)",
      ),
      legend: legend(),
      grid: { left: 250, right: 70, top: 70, bottom: 80 },
      xAxis: valueAxis("microseconds", { type: "log", min: 1 }),
      yAxis: nameAxis(names.map(titleOf)),
      series: Object.entries(OPERATIONS).map(([operation, name]) => ({
        type: "bar",
        name,
        data: names.map((store) => {
          const values = figures[operation].get(store);
          return values ? spreadOf(values).median : null;
        }),
        label: barLabel(({ value }) => showNumber(value)),
      })),
    },
  };
}
