// Processor time per operation: what each request costs the application's processor, whatever the table's latency. Each
// store has a process of its own; the bare SDK call shows what any store over the SDK spends at least.
import { barLabel, legend, nameAxis, title, valueAxis } from "./chart.js";
import { measuredStores, titleOf } from "./peers.js";
import { BenchProcess, PLACEMENT, startTable } from "./processes.js";
import { alternate, ratioOf, showNumber, showSpread, spreadOf } from "./rounds.js";

const BYTES = 700;

const OPERATIONS = {
  load: "a lone load",
  loadAmong32: "a load among 32 asked for in one turn",
  save: "a save of a change",
  throttledTouch: "a touch right after a save",
};

/** Of the batch of the bare SDK, which is nobody's operation but a limit. */
const BATCH = "batchOf32";

const COUNTS = { load: 1200, loadAmong32: 2048, save: 800, throttledTouch: 10_000, [BATCH]: 2048 };
const WARM_UP_ROUNDS = 3;
const SHORT = 0.1;

/** @type {import("./main.js").Part} */
export default {
  name: "operations",
  title: "processor time per operation, of a 700-byte session",

  async run({ isShort, rounds, say }) {
    say(PLACEMENT);
    const stores = ["sdk", ...measuredStores(say)];
    const table = await startTable();
    const processes = new Map();
    try {
      for (const store of stores) {
        const { endpoint } = table;
        const one = new BenchProcess("store-run.js", "measured", { store, endpoint, bytes: BYTES });
        processes.set(store, one);
        await one.next();
      }
      const scale = isShort ? SHORT : 1;
      const measure = async (operation, store) => {
        const count = Math.ceil(COUNTS[operation] * scale);
        return (await processes.get(store).ask({ operation, count })).microseconds;
      };
      const figures = {};
      for (const operation of [...Object.keys(OPERATIONS), BATCH]) {
        const able = operation === BATCH ? ["sdk"] : stores.filter((store) => can(store, operation));
        await alternate(able, isShort ? 1 : WARM_UP_ROUNDS, (store) => measure(operation, store));
        figures[operation] = await alternate(able, rounds, (store) => measure(operation, store));
      }
      return report(stores, figures, rounds);
    } finally {
      await Promise.all([table, ...processes.values()].map((one) => one.end()));
    }
  },
};

/** The bare SDK throttles nothing. */
function can(store, operation) {
  return store !== "sdk" || operation !== "throttledTouch";
}

function report(stores, figures, rounds) {
  const rows = stores.map((store) => [
    titleOf(store),
    ...Object.keys(OPERATIONS).map((operation) => showMicroseconds(figures[operation].get(store))),
  ]);
  rows.splice(1, 0, [
    "the bare SDK, by BatchGetItem",
    "",
    showMicroseconds(figures[BATCH].get("sdk")),
    "",
    "",
  ]);
  const bars = [];
  const ratioRows = [];
  for (const store of stores.filter((store) => store !== "ours")) {
    const ratios = Object.keys(OPERATIONS).map((operation) => {
      const theirs = figures[operation].get(store);
      return theirs && ratioOf(figures[operation].get("ours"), theirs);
    });
    ratioRows.push([titleOf(store), ...ratios.map((ratio) => (ratio ? showSpread(ratio) : ""))]);
    if (store !== "0.0.19") continue;
    bars.push(
      { title: "processor time of a lone load, of 0.0.19's", ratio: ratios[0], most: 0.6 },
      { title: "of a load among 32, of 0.0.19's", ratio: ratios[1], most: 0.12 },
    );
  }
  const columns = Object.values(OPERATIONS);
  return {
    tables: [
      { title: `microseconds for each, ${rounds} rounds`, columns: ["", ...columns], rows },
      { title: "ours, of theirs", columns: ["", ...columns], rows: ratioRows },
    ],
    bars,
    figures: {
      placement: PLACEMENT,
      sessionBytes: BYTES,
      unit: "microseconds of processor time for each operation",
      operations: Object.fromEntries(
        Object.entries(figures).map(([operation, byStore]) => [
          operation,
          Object.fromEntries([...byStore].map(([store, values]) => [store, spreadOf(values)])),
        ]),
      ),
    },
    charts: [chart(stores, figures)],
  };
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
