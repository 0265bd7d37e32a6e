// Requests per second through whole applications, on the read path: a visitor's request that reads the session and changes
// nothing. The cells that have a bar get alternating rounds; the rest of the matrix shows the shape in fewer and shorter
// ones. autocannon sends the requests; a connection is a visitor.
import { legend, nameAxis, title, valueAxis } from "./chart.js";
import { measuredStores, titleOf } from "./peers.js";
import { BenchProcess, PLACEMENT, startTable } from "./processes.js";
import { alternate, ratioOf, showNumber, showSpread, spreadOf } from "./rounds.js";

const CONNECTIONS = [1, 8, 64, 256];
const LATENCIES_MS = [0, 3];
const BYTES = [700, 4_000, 40_000];
/** The cells that have bars, at each latency. */
const BARRED = { connections: 64, bytes: 700 };

/** Seconds that one measurement takes. */
const SECONDS = { barred: 3, rest: 1, warmUp: 2 };
const SHORT_SECONDS = { barred: 0.6, rest: 0.4, warmUp: 0.4 };
const REST_ROUNDS = 1;

/**
 * @typedef {object} App
 * @property {string} framework
 * @property {string} store a name of `STORES`, or `memory`, or `none`
 *
 * @typedef {object} Cell
 * @property {number} connections
 * @property {number} latencyMs added by the table to each answer
 * @property {number} bytes of a session
 */

/** @type {import("./main.js").Part} */
export default {
  name: "requests",
  title: "requests per second through Express, Koa and Hono, read path only",

  async run({ isShort, rounds, say }) {
    say(PLACEMENT);
    const seconds = isShort ? SHORT_SECONDS : SECONDS;
    const table = await startTable();
    const load = new BenchProcess("load-run.js", "load");
    await load.next();
    const running = [];
    try {
      for (const app of appsOf(measuredStores(say))) {
        const process = new BenchProcess("app-run.js", "measured", { ...app, endpoint: table.endpoint });
        const url = `http://127.0.0.1:${(await process.next()).port}`;
        running.push({ app, process, url, cookies: app.store === "none" ? {} : await newVisitors(url) });
      }
      const measure = async ({ app, url, cookies }, { connections, bytes }, duration) => {
        const asked = { url, cookies: cookies[bytes] ?? [], connections, seconds: duration };
        const { requestsPerSecond, failed } = await load.ask(asked);
        if (failed > 0) say(`${nameOf(app)}: ${failed} requests failed at ${connections} connections`);
        return requestsPerSecond;
      };
      for (const one of running) await measure(one, BARRED, seconds.warmUp);

      const cells = isShort ? cellsWith(BARRED) : allCells();
      const measured = [];
      for (const cell of cells) {
        await table.setLatency(cell.latencyMs);
        const isBarred = cell.connections === BARRED.connections && cell.bytes === BARRED.bytes;
        const able = running.filter(({ app }) => cell.bytes === BARRED.bytes || app.store !== "none");
        const figures = await alternate(able, isBarred ? rounds : REST_ROUNDS, (one) =>
          measure(one, cell, isBarred ? seconds.barred : seconds.rest),
        );
        measured.push({ cell, figures: new Map([...figures].map(([{ app }, values]) => [app, values])) });
      }
      return report(measured, seconds);
    } finally {
      await Promise.all([table, load, ...running.map(({ process }) => process)].map((one) => one.end()));
    }
  },
};

/** @param {string[]} stores @returns {App[]} */
function appsOf(stores) {
  return [
    ...["none", "memory", ...stores].map((store) => ({ framework: "express", store })),
    ...["none", "memory", "ours"].map((store) => ({ framework: "koa", store })),
    ...["none", "ours"].map((store) => ({ framework: "hono", store })),
  ];
}

function nameOf({ framework, store }) {
  return `${framework[0].toUpperCase()}${framework.slice(1)}, ${store === "memory" && framework !== "express" ? "a map in memory" : titleOf(store)}`;
}

function allCells() {
  return BYTES.flatMap((bytes) => CONNECTIONS.flatMap((connections) => cellsWith({ connections, bytes })));
}

/** @returns {Cell[]} */
function cellsWith(rest) {
  return LATENCIES_MS.map((latencyMs) => ({ latencyMs, ...rest }));
}

/** Visitors with sessions of each size: as many as the most connections. */
async function newVisitors(url) {
  const cookies = {};
  for (const bytes of BYTES) {
    cookies[bytes] = [];
    for (let i = 0; i < Math.max(...CONNECTIONS); i++) {
      const response = await fetch(`${url}/?bytes=${bytes}`);
      await response.arrayBuffer();
      // Koa signs with a cookie beside it.
      const set = response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
      if (set.length === 0) throw new Error(`no session was made (status ${response.status})`);
      cookies[bytes].push(set.join("; "));
    }
  }
  return cookies;
}

function report(measured, seconds) {
  const tables = LATENCIES_MS.map((latencyMs) => tableOf(latencyMs, measured));
  const barred = LATENCIES_MS.map((latencyMs) =>
    measured.find(({ cell }) => isCell(cell, { latencyMs, ...BARRED })),
  );
  return {
    tables: [...tables, ...barred.map(ratiosOf)],
    bars: barsOf(...barred),
    figures: {
      placement: PLACEMENT,
      seconds,
      unit: "requests per second",
      cells: measured.map(({ cell, figures }) => ({
        ...cell,
        apps: [...figures].map(([app, values]) => ({ ...app, requestsPerSecond: spreadOf(values) })),
      })),
    },
    charts: [barredChart(barred), ...(measured.length > barred.length ? [connectionsChart(measured)] : [])],
  };
}

function isCell(one, other) {
  return ["connections", "latencyMs", "bytes"].every((name) => one[name] === other[name]);
}

function tableOf(latencyMs, measured) {
  const cells = measured.filter(({ cell }) => cell.latencyMs === latencyMs);
  const apps = [...new Set(cells.flatMap(({ figures }) => [...figures.keys()]))];
  return {
    title: `requests per second, ${latencyMs} ms added at the table (medians)`,
    columns: ["", ...cells.map(({ cell }) => `${cell.bytes / 1000} KB at ${cell.connections}`)],
    rows: apps.map((app) => [
      nameOf(app),
      ...cells.map(({ figures }) => (figures.has(app) ? showNumber(spreadOf(figures.get(app)).median) : "")),
    ]),
  };
}

/** What ours is to every other at Express, and at Koa and Hono to the same application without a session. */
function ratiosOf({ cell, figures }) {
  const ours = (framework) => [...figures].find(([app]) => isApp(app, framework, "ours"))[1];
  const rows = [...figures]
    .filter(([{ store }]) => store !== "ours")
    .map(([app, values]) => [nameOf(app), showSpread(ratioOf(ours(app.framework), values))]);
  const title = `ours, of each of the same framework: ${cell.connections} connections, ${cell.bytes / 1000} KB, ${cell.latencyMs} ms`;
  return { title, columns: ["", "requests per second"], rows };
}

function isApp(app, framework, store) {
  return app.framework === framework && app.store === store;
}

function barsOf(withoutLatency, withLatency) {
  const bar = ({ cell, figures }, store, least) => {
    const of = (name) => [...figures].find(([app]) => isApp(app, "express", name))?.[1];
    const title = `requests per second at ${cell.latencyMs} ms, of ${titleOf(store)}'s`;
    return of(store) ? [{ title, ratio: ratioOf(of("ours"), of(store)), least }] : [];
  };
  return [
    ...bar(withLatency, "memory", 0.8),
    ...bar(withLatency, "0.0.19", 2.5),
    ...bar(withoutLatency, "memory", 0.7),
    ...bar(withoutLatency, "0.0.19", 3.5),
    ...bar(withoutLatency, "connect-dynamodb", 5.5),
  ];
}

function barredChart(barred) {
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
        data: apps.map((app) => Math.round(spreadOf(figures.get(app)).median)),
        label: { show: true, position: "right", color: "#7d8590" },
      })),
    },
  };
}

/** How throughput holds when more visitors come, at Express. */
function connectionsChart(measured) {
  const cells = measured.filter(({ cell }) => cell.latencyMs === 3 && cell.bytes === BARRED.bytes);
  const apps = [...cells[0].figures.keys()].filter(({ framework }) => framework === "express");
  return {
    name: "connections",
    option: {
      title: title(
        "Requests per second, by connections",
        "Express, sessions of 700 bytes, 3 ms added at the table; more is better",
      ),
      legend: legend(),
      grid: { left: 70, right: 30, top: 70, bottom: 110 },
      xAxis: nameAxis(cells.map(({ cell }) => cell.connections)),
      yAxis: valueAxis("requests per second", { nameGap: 52 }),
      series: apps.map((app) => ({
        type: "line",
        name: titleOf(app.store),
        data: cells.map(({ figures }) => Math.round(spreadOf(figures.get(app)).median)),
      })),
    },
  };
}
