// Requests per second that an application answers with one processor to itself, on the read path: a visitor's request that
// reads the session and changes nothing. Beside it the same application with its sessions in memory, and in every other
// store. The cells that have a bar are measured with care; the rest of the matrix shows how it goes.
import { barLabel, legend, nameAxis, title, valueAxis } from "./chart.js";
import { measuredStores, titleOf } from "./peers.js";
import { PLACEMENT, withTable } from "./processes.js";
import { alternate, ratioOf, showNumber, showSpread, spreadOf } from "./rounds.js";
import { hasOldPackages } from "./stores.js";

const CONNECTIONS = [1, 8, 64, 256];
const LATENCIES_MS = [0, 3];
const BYTES = [700, 4_000, 40_000];
/** The cells that have bars, at each latency. */
const BARRED = { connections: 64, bytes: 700 };
const BARS = [
  { latencyMs: 3, store: "memory", least: 0.8 },
  { latencyMs: 3, store: "0.0.19", least: 2.5 },
  { latencyMs: 0, store: "memory", least: 0.7 },
  { latencyMs: 0, store: "0.0.19", least: 3.5 },
  { latencyMs: 0, store: "connect-dynamodb", least: 5.5 },
];

/**
 * @typedef {object} Form
 * @property {{ barred: number, rest: number, slow: number, warmUp: number }} seconds that one measurement takes: of a cell
 *   with a bar; of another; of one in which a request takes so long that few would be answered in less
 * @property {number} restRounds for cells without a bar
 * @property {number} visitors of each application, for each size; no fewer than connections
 */

/** @type {Form} */
const LONG = { seconds: { barred: 1.5, rest: 0.3, slow: 0.6, warmUp: 2 }, restRounds: 2, visitors: 512 };
/** @type {Form} */
const SHORT = { seconds: { barred: 0.7, rest: 0.3, slow: 0.3, warmUp: 0.3 }, restRounds: 1, visitors: 64 };

/**
 * @typedef {object} App
 * @property {string} framework
 * @property {string} store a name of `STORES`, or `memory`
 *
 * @typedef {object} Cell
 * @property {number} connections
 * @property {number} latencyMs added by the table to each answer
 * @property {number} bytes of a session
 *
 * @typedef {object} Figure
 * @property {number} requestsPerSecond
 * @property {number} microseconds of processor time for each request
 * @property {number} busy the application's share of its processor: where that is far from 1, something else was slow
 *
 * @typedef {object} Running
 * @property {App} app
 * @property {import("./processes.js").BenchProcess} process
 * @property {string} url
 * @property {Record<number, string[]>} cookies of its visitors, by the size of their sessions
 */

/** @type {import("./main.js").Part} */
export default {
  name: "requests",
  title: "requests per second through Express, Koa and Hono, read path only",

  async run({ isShort, rounds, say }) {
    say(PLACEMENT);
    const form = isShort ? SHORT : LONG;
    const cells = isShort ? cellsWith(BARRED) : allCells();
    return withTable(async ({ endpoint, setLatency }, start) => {
      const load = await start("load-run.js", "load");
      const sizes = [...new Set(cells.map(({ bytes }) => bytes))];
      /** @type {Running[]} */
      const running = [];
      for (const app of appsOf(measuredStores(say))) {
        const process = await start("app-run.js", "measured", { ...app, endpoint });
        const url = `http://127.0.0.1:${(await process.started).port}`;
        const cookies = {};
        for (const bytes of sizes) cookies[bytes] = await newVisitors(url, bytes, form.visitors);
        running.push({ app, process, url, cookies });
      }
      const measure = (one, cell, seconds) => measureOnce(load, one, cell, seconds);
      for (const one of running) await measure(one, BARRED, form.seconds.warmUp);

      const measured = [];
      for (const cell of cells) {
        say(showCell(cell));
        await setLatency(cell.latencyMs);
        const isBarred = cell.connections === BARRED.connections && cell.bytes === BARRED.bytes;
        const seconds = isBarred ? form.seconds.barred : form.seconds[isSlow(cell) ? "slow" : "rest"];
        // The bars are Express's.
        const roundsOf = ({ app }) => (isBarred && app.framework === "express" ? rounds : form.restRounds);
        const figures = new Map();
        for (const number of new Set(running.map(roundsOf))) {
          const those = running.filter((one) => roundsOf(one) === number);
          const values = await alternate(those, number, (one) => measure(one, cell, seconds));
          for (const [{ app }, value] of values) figures.set(app, value);
        }
        measured.push({ cell, seconds, figures });
      }
      return report(measured, form);
    });
  },
};

/** @returns {Promise<Figure>} */
async function measureOnce(load, { app, process, url, cookies }, { connections, bytes }, seconds) {
  await process.ask({});
  const asked = { url, cookies: cookies[bytes], connections, seconds };
  const { requests, requestsPerSecond, failed } = await load.ask(asked);
  if (failed > 0) throw new Error(`${nameOf(app)}: ${failed} requests failed at ${connections} connections`);
  const microseconds = (await process.ask({})).microseconds / requests;
  return { requestsPerSecond, microseconds, busy: (microseconds * requestsPerSecond) / 1e6 };
}

/** @param {string[]} stores @returns {App[]} */
function appsOf(stores) {
  return [
    ...["memory", ...stores].map((store) => ({ framework: "express", store })),
    ...["koa", "hono"].flatMap((framework) => ["memory", "ours"].map((store) => ({ framework, store }))),
  ];
}

/** @param {App} app */
function nameOf({ framework, store }) {
  const sessions = store === "memory" && framework !== "express" ? "a map in memory" : titleOf(store);
  return `${framework[0].toUpperCase()}${framework.slice(1)}, ${sessions}`;
}

/** @returns {Cell[]} */
function allCells() {
  return BYTES.flatMap((bytes) => CONNECTIONS.flatMap((connections) => cellsWith({ connections, bytes })));
}

/** @returns {Cell[]} */
function cellsWith(rest) {
  return LATENCIES_MS.map((latencyMs) => ({ latencyMs, ...rest }));
}

/** Visitors with a session each; gives their cookies. */
async function newVisitors(url, bytes, count) {
  const cookies = [];
  while (cookies.length < count) {
    const response = await fetch(`${url}/?bytes=${bytes}`);
    await response.arrayBuffer();
    // Koa signs with a cookie beside it.
    const set = response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
    if (set.length === 0) throw new Error(`no session was made (status ${response.status})`);
    cookies.push(set.join("; "));
  }
  return cookies;
}

/**
 * @param {{ cell: Cell, seconds: number, figures: Map<App, Figure[]> }[]} measured
 * @param {Form} form
 */
function report(measured, { visitors }) {
  const barred = LATENCIES_MS.map((latencyMs) =>
    measured.find(({ cell }) => isCell(cell, { latencyMs, ...BARRED })),
  );
  const sizes = [...new Set(measured.map(({ cell }) => cell.bytes))];
  return {
    tables: [
      ...sizes.flatMap((bytes) => LATENCIES_MS.map((latencyMs) => tableOf(measured, { bytes, latencyMs }))),
      ...barred.map(ratiosTable),
    ],
    bars: BARS.flatMap((bar) => barOf(barred, bar)),
    figures: {
      placement: PLACEMENT,
      visitors,
      units: {
        requestsPerSecond: "requests per second",
        microseconds: "microseconds of processor time for each request",
        busy: "the application's share of its processor",
      },
      cells: measured.map(({ cell, seconds, figures }) => ({
        ...cell,
        seconds,
        apps: [...figures].map(([app, values]) => ({
          ...app,
          requestsPerSecond: spreadOf(pick(values, "requestsPerSecond")),
          microseconds: spreadOf(pick(values, "microseconds")),
          busy: spreadOf(pick(values, "busy")),
        })),
      })),
      ratios: {
        unit: "ours, of each one's in the same round",
        cells: barred.map((one) => ({ ...one.cell, apps: ratiosOf(one) })),
      },
    },
    charts: [barredChart(barred), ...(measured.length > barred.length ? connectionsCharts(measured) : [])],
    isPartial: !hasOldPackages(),
  };
}

/** @param {Figure[]} values @param {keyof Figure} name */
function pick(values, name) {
  return values.map((value) => value[name]);
}

/** Many wait for their turn, or the session is large. @param {Cell} cell */
function isSlow({ connections, bytes }) {
  return connections > 64 || bytes > 10_000;
}

function isCell(one, other) {
  return ["connections", "latencyMs", "bytes"].every((name) => one[name] === other[name]);
}

/** @param {Cell} cell */
function showCell({ connections, latencyMs, bytes }) {
  return `${connections} connections, sessions of ${bytes / 1000} KB, ${latencyMs} ms added at the table`;
}

function tableOf(measured, { bytes, latencyMs }) {
  const cells = measured.filter(({ cell }) => cell.latencyMs === latencyMs && cell.bytes === bytes);
  return {
    title: `requests per second, and microseconds of processor time for each: ${bytes / 1000} KB, ${latencyMs} ms`,
    columns: ["", ...cells.map(({ cell }) => `${cell.connections} connections`)],
    rows: [...cells[0].figures.keys()].map((app) => [
      nameOf(app),
      ...cells.map(({ figures }) => {
        const median = (name) => showNumber(spreadOf(pick(figures.get(app), name)).median);
        return `${median("requestsPerSecond")} (${median("microseconds")})`;
      }),
    ]),
  };
}

/** What ours is to every other of the same framework. */
function ratiosOf({ figures }) {
  return [...figures]
    .filter(([{ store }]) => store !== "ours")
    .map(([app, values]) => {
      const ours = valuesOf(figures, app.framework, "ours");
      const ratio = (name) => ratioOf(pick(ours, name), pick(values, name));
      return {
        ...app,
        requestsPerSecond: ratio("requestsPerSecond"),
        microseconds: ratio("microseconds"),
      };
    });
}

function ratiosTable(measured) {
  return {
    title: `ours, of each of the same framework: ${showCell(measured.cell)}`,
    columns: ["", "requests per second", "processor time for each"],
    rows: ratiosOf(measured).map(({ requestsPerSecond, microseconds, ...app }) => [
      nameOf(app),
      showSpread(requestsPerSecond),
      showSpread(microseconds),
    ]),
  };
}

/** @returns {Figure[] | undefined} */
function valuesOf(figures, framework, store) {
  return [...figures].find(([app]) => app.framework === framework && app.store === store)?.[1];
}

/** @returns {import("./main.js").Bar[]} */
function barOf(barred, { latencyMs, store, least }) {
  const ratios = ratiosOf(barred.find(({ cell }) => cell.latencyMs === latencyMs));
  const ratio = ratios.find((one) => one.framework === "express" && one.store === store)?.requestsPerSecond;
  if (ratio === undefined) return [];
  return [{ title: `requests per second at ${latencyMs} ms, of ${titleOf(store)}'s`, ratio, least }];
}

function medianRate(values) {
  return Math.round(spreadOf(pick(values, "requestsPerSecond")).median);
}

/** @returns {import("./chart.js").Chart} */
function barredChart(barred) {
  // The first in the list is drawn at the bottom.
  const apps = [...barred[0].figures.keys()].toReversed();
  return {
    height: 560,
    option: {
      title: title(
        "Requests per second, reading a session",
        `${BARRED.connections} connections, sessions of ${BARRED.bytes} bytes, one processor for the application; more is better`,
      ),
      legend: legend(),
      grid: { left: 290, right: 60, top: 70, bottom: 80 },
      xAxis: valueAxis("requests per second"),
      yAxis: nameAxis(apps.map(nameOf)),
      series: barred.map(({ cell, figures }) => ({
        type: "bar",
        name: `${cell.latencyMs} ms added at the table`,
        data: apps.map((app) => medianRate(figures.get(app))),
        label: barLabel(({ value }) => showNumber(value)),
      })),
    },
  };
}

/** How throughput goes when more visitors come, at Express: one for each size. */
function connectionsCharts(measured) {
  return BYTES.map((bytes) => {
    const cells = measured.filter(({ cell }) => cell.latencyMs === 3 && cell.bytes === bytes);
    const apps = [...cells[0].figures.keys()].filter(({ framework }) => framework === "express");
    return {
      name: `connections-${bytes}`,
      option: {
        title: title(
          "Requests per second, by connections",
          `Express, sessions of ${bytes} bytes, 3 ms added at the table; more is better`,
        ),
        legend: legend(),
        grid: { left: 76, right: 30, top: 70, bottom: 110 },
        xAxis: nameAxis(cells.map(({ cell }) => cell.connections)),
        yAxis: valueAxis("requests per second", { nameGap: 56 }),
        series: apps.map((app) => ({
          type: "line",
          name: titleOf(app.store),
          data: cells.map(({ figures }) => medianRate(figures.get(app))),
        })),
      },
    };
  });
}
