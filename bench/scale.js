// What sessions cost at scale: the tables of docs/scale.md, from what was measured (docs/performance) and what is simulated
// here and in scale-run.js. The long form writes them into the document; the short form checks that they stand there.
import { readFile, writeFile } from "node:fs/promises";
import { DAYS_A_MONTH, PRICES, STORED_BYTES_PER_ROW } from "@cyclic.sh/session-store/admin";
import { runProgram } from "./child.js";
import { fromTests } from "./from-tests.js";
import { PAGES } from "./page-workload.js";
import { inPlace } from "./places.js";
import { PARTITION } from "./prices.js";
import { runOf, storedRuns } from "./units.js";

const DOCUMENT = new URL("../docs/scale.md", import.meta.url);
const REQUESTS = new URL("../docs/performance/requests.json", import.meta.url);
const STORED = new URL("../docs/performance/scale.json", import.meta.url);

const DAY_SECONDS = 86_400;
const MONTH_SECONDS = DAYS_A_MONTH * DAY_SECONDS;
const RATES = [1, 100, 10_000];
/** Of what a process was measured to do, what it is given to do. */
const LOAD = 0.6;
/** Two, so that one may fail. */
const LEAST_PROCESSES = 2;

/** A day of an application with many users; each of them visits once. */
const DAY = {
  users: 10_000_000,
  pagesPerVisit: 10,
  /** How much livelier than the mean the liveliest moment of a day is; the quietest is as much quieter. */
  swing: 0.8,
  /** Days for which a row is in the table: its ttl, and DynamoDB's own delay. */
  rowDays: 2,
  /** How many visits are simulated, for all. */
  sample: 200_000,
  seed: 1,
};

/** @type {import("./main.js").Part} */
export default {
  name: "scale",
  title: "what sessions cost at scale: the tables of docs/scale.md",
  async run({ isShort }) {
    const simulated = await runProgram("scale-run.js", {});
    const perProcess = await requestsPerProcess();
    const runs = await storedRuns();
    const day = await simulateDay();
    // Of a real server, and not the same each time: the short form takes what the long one measured.
    const arrivals = isShort ? await storedArrivals() : await runProgram("arrivals-run.js", {});
    const tables = [
      ratesTable(runs, perProcess),
      arrivalsTable(runs, arrivals),
      pricesTable(runs),
      dayTable(runs, day, perProcess, simulated),
      limitsTable(simulated),
      botReadsTable(simulated),
      botWritesTable(simulated),
      changesTable(simulated),
      logoutsTable(simulated),
    ];
    const document = await readFile(DOCUMENT, "utf8");
    const updated = tables.reduce(withTable, document);
    if (!isShort) await writeFile(DOCUMENT, updated);
    return {
      tables,
      figures: { prices: PRICES, day: { ...DAY, ...day }, perProcess, arrivals, simulated },
      checked: isShort ? tables.length : 0,
      failures: isShort
        ? tables
            .filter((table) => withTable(document, table) !== document)
            .map(
              ({ name }) =>
                `docs/scale.md: its table "${name}" is not what is computed (npm run bench -- scale)`,
            )
        : [],
    };
  },
};

/**
 * @typedef {import("./main.js").Table & { name: string }} DocumentTable `name` is that of its place in the document
 */

/** @returns {DocumentTable} */
function ratesTable(runs, perProcess) {
  const run = runOf(runs, { store: "ours" });
  const apart = runOf(runs, { store: "ours", processes: 6 });
  const row = (title, figure) => [title, ...RATES.map(figure)];
  return {
    name: "rates",
    title: "requests a second, around the clock",
    columns: ["", ...RATES.map((rate) => `${count(rate)} a second`)],
    rows: [
      row("read units a second", (rate) => fraction(rate * perRequest(run).readUnits)),
      row("write units a second", (rate) => fraction(rate * perRequest(run).writeUnits)),
      row("read units a month, million", (rate) =>
        fraction((rate * MONTH_SECONDS * perRequest(run).readUnits) / 1e6),
      ),
      row("write units a month, million", (rate) =>
        fraction((rate * MONTH_SECONDS * perRequest(run).writeUnits) / 1e6),
      ),
      row("a month", (rate) => dollars(monthAt(rate, run))),
      row("where no two calls of a page share a read", (rate) => dollars(monthAt(rate, apart))),
      row("in two regions", (rate) => dollars(monthInRegions(rate, run, 2))),
      row("processes", (rate) => count(processesFor(rate, perProcess))),
    ],
  };
}

/** @returns {DocumentTable} */
function arrivalsTable(runs, arrivals) {
  const run = runOf(runs, { store: "ours" });
  const old = runOf(runs, { store: "0.0.19" });
  const perPage = 1 + PAGES.callsInParallel;
  const { writeUnits } = perRequest(run);
  return {
    name: "arrivals",
    title: "what the five calls of a page read, by how far apart they leave the browser",
    columns: ["they leave within", "read units for the five", "a month of 100 a second", "of 0.0.19's bill"],
    rows: arrivals.map(({ withinMs, readUnitsPerPage }) => {
      const month = 100 * MONTH_SECONDS * unitsPrice((1 + readUnitsPerPage) / perPage, writeUnits);
      const share = Math.round((100 * month) / monthAt(100, old));
      return [`${withinMs} ms`, readUnitsPerPage.toFixed(1), dollars(month), `${share} %`];
    }),
  };
}

/** @returns {DocumentTable} */
function pricesTable(runs) {
  const settings = [
    ["this package, as it is", { store: "ours" }],
    ["`resave: true`", { store: "ours", resave: true }],
    ["`touchInterval: 0`", { store: "ours", touchInterval: 0 }],
    ["`touchInterval: 300_000`, five minutes", { store: "ours", touchInterval: 300_000 }],
    ["`touchInterval: 3_600_000`, an hour", { store: "ours", touchInterval: 3_600_000 }],
    ["`consistentRead: false`", { store: "ours", consistentRead: false }],
    ["both of the last two", { store: "ours", consistentRead: false, touchInterval: 3_600_000 }],
    ["sessions of 4 KB", { store: "ours", bytes: 4_000 }],
    ["sessions of 40 KB", { store: "ours", bytes: 40_000 }],
    ["0.0.19", { store: "0.0.19" }],
    ["0.0.19, `resave: true`", { store: "0.0.19", resave: true }],
    ["dynamodb-store 1.2", { store: "dynamodb-store" }],
    ["connect-dynamodb 3.0", { store: "connect-dynamodb" }],
    ["@pwrdrvr/dynamodb-session-store 1.1", { store: "pwrdrvr" }],
  ];
  return {
    name: "settings",
    title: "a month of 100 requests a second",
    columns: [
      "",
      "read units per 1 000 requests",
      "write units per 1 000 requests",
      "a month of 100 a second",
    ],
    rows: settings.map(([title, setting]) => {
      const run = runOf(runs, setting);
      const { readUnits, writeUnits } = perRequest(run);
      return [title, count(1000 * readUnits), count(1000 * writeUnits), dollars(monthAt(100, run))];
    }),
  };
}

/** @returns {DocumentTable} */
function dayTable(runs, { peakRequestsPerSecond, mostAtOnce }, perProcess, { rows }) {
  const run = runOf(runs, { store: "ours" });
  const requests = DAY.users * DAY.pagesPerVisit * (1 + PAGES.callsInParallel);
  const readUnits = requests * perRequest(run).readUnits;
  const writeUnits = requests * perRequest(run).writeUnits + DAY.users * run.signingInWriteUnits;
  const gigabytes = (DAY.users * DAY.rowDays * (rows[0].rowBytes + STORED_BYTES_PER_ROW)) / 1e9;
  const month = DAYS_A_MONTH * unitsPrice(readUnits, writeUnits);
  const stored = gigabytes * PRICES.perGigabyteMonth;
  const old = runOf(runs, { store: "0.0.19" });
  const oldWrites = requests * perRequest(old).writeUnits + DAY.users * old.signingInWriteUnits;
  return {
    name: "day",
    title: "ten million users a day",
    columns: ["", ""],
    rows: [
      ["requests a day, million", count(requests / 1e6)],
      ["requests a second, mean", count(requests / DAY_SECONDS)],
      ["requests a second, in the liveliest ten minutes", count(peakRequestsPerSecond)],
      ["users at once, in the liveliest ten minutes", count(mostAtOnce)],
      ["read units a day, million", count(readUnits / 1e6)],
      ["write units a day, million", count(writeUnits / 1e6)],
      ["rows in the table, million", count((DAY.users * DAY.rowDays) / 1e6)],
      ["gigabytes in the table", count(gigabytes)],
      ["a month: units", dollars(month)],
      ["a month: storage", dollars(stored)],
      [
        "the same with 0.0.19: units",
        dollars(DAYS_A_MONTH * unitsPrice(requests * perRequest(old).readUnits, oldWrites)),
      ],
      ["processes, in the liveliest ten minutes", count(processesFor(peakRequestsPerSecond, perProcess))],
    ],
  };
}

/** @returns {DocumentTable} */
function limitsTable({ rows }) {
  return {
    name: "limits",
    title: "what one session bears",
    columns: ["session", "row", "loads a second", "writes a second"],
    rows: rows.map(({ bytes, rowBytes, readUnits, writeUnits }) => [
      `${bytes / 1000} KB`,
      `${count(rowBytes)} bytes`,
      count(PARTITION.readUnits / readUnits),
      count(PARTITION.writeUnits / writeUnits),
    ]),
  };
}

/** @returns {DocumentTable} */
function botReadsTable({ reads }) {
  return {
    name: "bot-reads",
    title: "a bot on one session at one process",
    columns: [
      "connections",
      "read units per 1 000 requests",
      "requests a second until the partition refuses",
    ],
    rows: reads.map(({ connections, readUnitsPerRequest }) => [
      connections,
      count(1000 * readUnitsPerRequest),
      count(PARTITION.readUnits / readUnitsPerRequest),
    ]),
  };
}

/** @returns {DocumentTable} */
function botWritesTable({ writes }) {
  return {
    name: "bot-writes",
    title: "write units a minute that a bot's session costs",
    columns: [
      "`touchInterval`",
      "processes",
      "requests a minute",
      "write units a minute",
      "at 1 000 requests a second, at most",
    ],
    rows: writes.map(({ touchInterval, processes, requests, writeUnits, seconds }) => {
      const minutes = seconds / 60;
      // Throttled, the writes do not depend on how many requests there are; else they do.
      const isThrottled = touchInterval > 0;
      return [
        count(touchInterval),
        processes,
        count(requests / minutes),
        fraction(writeUnits / minutes),
        count(isThrottled ? writeUnits / minutes : (writeUnits / requests) * 60_000),
      ];
    }),
  };
}

const ROUTES = {
  user: "each user to a region of their own",
  page: "each page to either region",
  request: "each request to either region",
};

/** @returns {DocumentTable} */
function changesTable({ changes }) {
  return {
    name: "changes",
    title: "changes lost between two regions",
    columns: ["requests go", "replication takes", "changes", "lost"],
    rows: changes.map(({ route, lagMs, changes, lost }) => [
      ROUTES[route],
      `${lagMs / 1000} s`,
      changes,
      lost,
    ]),
  };
}

/** @returns {DocumentTable} */
function logoutsTable({ logouts }) {
  return {
    name: "logouts",
    title: "logouts undone by a request in another region, 100 ms later",
    columns: ["that request", "logouts", "undone"],
    rows: logouts.map(({ other, logouts, revived }) => [other, logouts, revived]),
  };
}

/**
 * A day of visits, spread over it as the swing says: the liveliest ten minutes.
 *
 * @returns {Promise<{ peakRequestsPerSecond: number, mostAtOnce: number }>}
 */
async function simulateDay() {
  const { Random } = await fromTests();
  const random = new Random(DAY.seed);
  const minutes = Array.from({ length: 24 * 60 }, () => ({ requests: 0, users: 0 }));
  for (let visit = 0; visit < DAY.sample; visit++) {
    let at = momentOfDay(random);
    const first = at;
    for (let page = 0; page < DAY.pagesPerVisit; page++) {
      if (page > 0) at += random.whole(PAGES.pauseMs.least, PAGES.pauseMs.most) / 1000;
      minutes[Math.floor(at / 60) % minutes.length].requests += 1 + PAGES.callsInParallel;
    }
    for (let minute = Math.floor(first / 60); minute <= Math.floor(at / 60); minute++) {
      // Who is there for half of it is half a user.
      const seconds = Math.min(at, (minute + 1) * 60) - Math.max(first, minute * 60);
      minutes[minute % minutes.length].users += seconds / 60;
    }
  }
  const scale = DAY.users / DAY.sample;
  // Of a sample the liveliest minute is one of chance.
  const liveliest = (name) => {
    const values = minutes.map((minute) => minute[name]);
    const sums = values.map((_, i) =>
      Array.from({ length: 10 }, (_, j) => values[(i + j) % values.length]).reduce(
        (sum, value) => sum + value,
      ),
    );
    return (Math.max(...sums) / 10) * scale;
  };
  return { peakRequestsPerSecond: liveliest("requests") / 60, mostAtOnce: liveliest("users") };
}

/** A second of the day, livelier in its middle. */
function momentOfDay(random) {
  for (;;) {
    const at = random.fraction() * DAY_SECONDS;
    const liveliness = 1 - DAY.swing * Math.cos((2 * Math.PI * at) / DAY_SECONDS);
    if (random.chance(liveliness / (1 + DAY.swing))) return at;
  }
}

/** @returns {Promise<{ withinMs: number, readUnitsPerPage: number }[]>} */
async function storedArrivals() {
  return JSON.parse(await readFile(STORED, "utf8")).arrivals;
}

/** What an Express process was measured to serve, reading a session of 700 bytes, with 64 connections and 3 ms at the table. */
async function requestsPerProcess() {
  const { cells } = JSON.parse(await readFile(REQUESTS, "utf8"));
  const { apps } = cells.find(
    ({ connections, latencyMs, bytes }) => connections === 64 && latencyMs === 3 && bytes === 700,
  );
  return apps.find(({ framework, store }) => framework === "express" && store === "ours").requestsPerSecond
    .median;
}

function processesFor(rate, perProcess) {
  return Math.max(LEAST_PROCESSES, Math.ceil(rate / (LOAD * perProcess)));
}

function perRequest({ requests, readUnits, writeUnits }) {
  return { readUnits: readUnits / requests, writeUnits: writeUnits / requests };
}

function monthAt(rate, run) {
  const { readUnits, writeUnits } = perRequest(run);
  return rate * MONTH_SECONDS * unitsPrice(readUnits, writeUnits);
}

/** Each region reads what is asked for there, and writes all. */
function monthInRegions(rate, run, regions) {
  const { readUnits, writeUnits } = perRequest(run);
  const writes = (regions * writeUnits * PRICES.perMillionReplicatedWriteUnits) / 1e6;
  return rate * MONTH_SECONDS * (unitsPrice(readUnits, 0) + writes);
}

function unitsPrice(readUnits, writeUnits) {
  return (readUnits * PRICES.perMillionReadUnits + writeUnits * PRICES.perMillionWriteUnits) / 1e6;
}

/** The document with a table in its place, which is marked by two comments. */
function withTable(document, { name, columns, rows }) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const ruler = columns.map((_, i) => (i === 0 ? "---" : "---:"));
  return inPlace(document, name, [columns, ruler, ...rows].map(line).join("\n"));
}

function count(value) {
  return Math.round(value).toLocaleString("en-US").replaceAll(",", " ");
}

/** A number that may be smaller than one. */
function fraction(value) {
  return value >= 10 ? count(value) : Number(value.toPrecision(2)).toString();
}

function dollars(value) {
  return `$${value >= 10 ? count(value) : value.toFixed(2)}`;
}
