// How long it takes from nothing to the first session: load the package, make the store, load a session; in a bare process
// for every package, and for a bundled Lambda handler with Hono beside one that has the SDK alone.
import { runProgram } from "./child.js";
import { bundleHandlers, eventFor } from "./bundles.js";
import { STARTERS } from "./starters.js";
import { createTable } from "./tables.js";

/** Of the SDK's time, what a bundled handler with Hono takes. */
const BUNDLED_BAR = 1.15;

const WITHIN_MS = 30_000;

/**
 * Rounds in which each package starts once, one after the other.
 *
 * @param {string} endpoint of a table server in another process
 * @param {string[]} names of STARTERS
 * @param {number} rounds
 */
export async function startInBareProcesses(endpoint, names, rounds) {
  const asked = [];
  for (const name of names) {
    const place = { endpoint, table: await createTable(endpoint, STARTERS[name].keys) };
    const { found } = await start({ starter: name, place });
    asked.push({ starter: name, place, found });
  }
  const times = names.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, ask] of asked.entries()) times[i].push(await start(ask));
  }
  return Promise.all(
    names.map(async (name, i) => {
      const { modules } = await start({ ...asked[i], countsModules: true });
      return { name, title: STARTERS[name].title, modules, runs: times[i] };
    }),
  );
}

/**
 * Rounds in which both handlers start once, one after the other.
 *
 * @param {string} endpoint of a table server in another process
 * @param {number} rounds
 */
export async function startBundled(endpoint, rounds) {
  const bundles = await bundleHandlers();
  const table = await createTable(endpoint, STARTERS.hono.keys);
  const env = {
    TABLE: table,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  const run = (name, event) =>
    runProgram("bundled-run.js", { bundle: bundles[name].url, event }, { env, withinMs: WITHIN_MS });
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
  const names = Object.keys(events);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Neither always comes second.
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      const { answer, ...ms } = await run(name, events[name]);
      if (answer.body !== "Grace Hopper") throw new Error(`the handler of ${name} answered ${answer.body}`);
      times[name].push(ms);
    }
  }
  return Object.entries(times).map(([name, runs]) => ({ name, bytes: bundles[name].bytes, runs }));
}

export { BUNDLED_BAR };

function start(asked) {
  return runProgram("start-run.js", asked, { withinMs: WITHIN_MS });
}
