// How long it takes from nothing to the first session: load the package, make the store, load a session; in a bare process
// for every package, and for a bundled Lambda handler with Hono beside one that has the SDK alone.
import { programOf, RUNTIMES, runtimeProblem } from "../scripts/runtimes.mjs";
import { bundleHandlers, eventFor } from "./bundles.js";
import { legend, nameAxis, title, valueAxis } from "./chart.js";
import { runProgram } from "./child.js";
import { withTable } from "./processes.js";
import { alternate, ratioOf, showNumber, showSpread, spreadOf } from "./rounds.js";
import { STARTERS, USER } from "./starters.js";
import { hasOldPackages } from "./stores.js";

// Of the SDK's time, what a bundled handler with Hono takes at most, by the median of at least this many rounds.
const BUNDLED_BAR = 1.15;
const BUNDLED_ROUNDS = 20;

const WITHIN_MS = 30_000;

// Lambda has several: the one that runs this, and those that `npm run fetch` brought.
const HERE = { title: `Node ${process.versions.node.split(".")[0]}` };
const FETCHED = RUNTIMES.filter(
  (runtime) => runtime.name.startsWith("node-") && runtime.extra && !runtimeProblem(runtime),
);
const NODES = [HERE, ...FETCHED.filter(({ title }) => title !== HERE.title)];

/** @type {import("./main.js").Part} */
export default {
  name: "start",
  title: "from nothing to the first session: loaded, made, asked; in a bare process, and bundled",
  async run({ isShort, rounds, say }) {
    const names = Object.keys(STARTERS).filter((name) => !STARTERS[name].isOld || hasOldPackages());
    return withTable(async ({ endpoint }) => {
      const bare = await startBare(endpoint, names, isShort ? 1 : rounds);
      const nodes = isShort ? NODES.slice(0, 1) : NODES;
      const bundled = [];
      for (const node of nodes) {
        const starts = await startBundled(endpoint, node, isShort ? 1 : Math.max(rounds, BUNDLED_ROUNDS));
        bundled.push({ node: node.title, starts });
      }
      if (!hasOldPackages()) say("left out: the old session stores, which are not here (npm run fetch)");
      return {
        tables: [
          tableOf("bare process", bare),
          ...bundled.map(({ node, starts }) => tableOf(`bundled Lambda handler, ${node}`, starts)),
        ],
        bars: bundled.map(({ node, starts }) => ({
          title: `a bundled handler with Hono, of the SDK's alone, ${node}`,
          ratio: starts.find(({ name }) => name === "hono").ofSdk,
          most: BUNDLED_BAR,
        })),
        figures: { bare, bundled },
        charts: [
          chartOf("bare", "in a bare process", bare),
          chartOf("bundled", `of a bundled handler, ${bundled.at(-1).node}`, bundled.at(-1).starts),
        ],
        isPartial: !hasOldPackages(),
      };
    });
  },
};

async function startBare(endpoint, names, rounds) {
  const asked = [];
  for (const [i, starter] of names.entries()) {
    const place = { endpoint, table: `start-${i}` };
    const { found } = await start({ starter, place });
    asked.push({ starter, place, found });
  }
  const times = await alternate(asked, rounds, start);
  const starts = [];
  for (const ask of asked) {
    const { modules } = await start({ ...ask, countsModules: true });
    const { title } = STARTERS[ask.starter];
    starts.push({ name: ask.starter, title, modules, runs: times.get(ask) });
  }
  return starts.map((one) => summary(one, starts[0]));
}

async function startBundled(endpoint, node, rounds) {
  const bundles = await bundleHandlers();
  const env = {
    TABLE: "start-bundled",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  const run = (name, event) =>
    runProgram(
      "bundled-run.js",
      { bundle: bundles[name].url, event },
      { node: programOf(node), env, withinMs: WITHIN_MS },
    );
  const { answer } = await run("hono", eventFor("/in"));
  const [cookie] = answer.cookies.map((line) => line.split(";", 1)[0]);
  const id = decodeURIComponent(cookie.split("=")[1]).split(".")[0];
  const key = `session-store#${id}`;
  const events = {
    sdk: { key },
    "sdk-in-hono": eventFor(`/${encodeURIComponent(key)}`),
    "sdk-in-hono-signed": eventFor("/", [cookie]),
    hono: eventFor("/", [cookie]),
  };
  const times = await alternate(Object.keys(events), rounds, async (name) => {
    const { answer, ...ms } = await run(name, events[name]);
    if (answer.body !== USER) throw new Error(`the handler ${name} answered ${JSON.stringify(answer)}`);
    return ms;
  });
  const starts = Object.entries(bundles).map(([name, { title, bytes }]) => ({
    name,
    title,
    bytes,
    runs: times.get(name),
  }));
  return starts.map((one) => summary(one, starts[0]));
}

/** What came of a package's runs, and their ratio to the first one's in the same rounds, which has the SDK alone. */
function summary({ runs, ...one }, sdk) {
  const spreads = ["importMs", "makeMs", "firstMs", "totalMs", "processorMs"]
    .filter((name) => runs[0][name] !== undefined)
    .map((name) => [name, spreadOf(runs.map((run) => run[name]))]);
  const ofSdk = (name) =>
    ratioOf(
      runs.map((run) => run[name]),
      sdk.runs.map((run) => run[name]),
    );
  return {
    ...one,
    ...Object.fromEntries(spreads),
    ofSdk: ofSdk("totalMs"),
    processorOfSdk: ofSdk("processorMs"),
  };
}

function start(asked) {
  return runProgram("start-run.js", asked, { withinMs: WITHIN_MS });
}

function tableOf(title, starts) {
  const hasModules = starts[0].modules !== undefined;
  return {
    title: `${title}: milliseconds, the median`,
    columns: [
      "",
      hasModules ? "files loaded" : "bundle, KB",
      "import",
      "make",
      "first load",
      "in all",
      "of the SDK's",
      "of its processor time",
    ],
    rows: starts.map(
      ({ title, modules, bytes, importMs, makeMs, firstMs, totalMs, ofSdk, processorOfSdk }) => [
        title,
        hasModules ? modules : Math.round(bytes / 1000),
        showNumber(importMs.median),
        makeMs === undefined ? "" : showNumber(makeMs.median),
        showNumber(firstMs.median),
        showNumber(totalMs.median),
        showSpread(ofSdk),
        showSpread(processorOfSdk),
      ],
    ),
  };
}

function chartOf(name, what, starts) {
  const steps = { import: "importMs", make: "makeMs", "first load": "firstMs" };
  return {
    name,
    option: {
      title: title("Start", `${what}, in milliseconds until the first session is loaded`),
      legend: { ...legend(), itemGap: 18 },
      grid: { left: 270, right: 40, top: 60, bottom: 80 },
      xAxis: valueAxis("milliseconds"),
      yAxis: nameAxis(
        starts.map(({ title }) => title),
        { inverse: true },
      ),
      series: Object.entries(steps)
        .filter(([, key]) => starts[0][key] !== undefined)
        .map(([name, key]) => ({
          name,
          type: "bar",
          stack: "all",
          data: starts.map((one) => one[key].median),
        })),
    },
  };
}
