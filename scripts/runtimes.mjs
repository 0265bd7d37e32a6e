// The runtimes that the built package is tested on, the doors that each of them serves, and whether this machine can run
// it. The tests of the pass `runtimes` start what stands here, and its table shows a hole where one was not run.
import { join } from "node:path";
import { EXTRAS, extraFolder, isWhole } from "./extras.mjs";

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} title as the table has it
 * @property {string} agent how its `navigator.userAgent` begins; what says another is not this runtime
 * @property {string[]} doors whose applications run on it
 * @property {string} elsewhere why the other doors' do not
 * @property {boolean} [hasOwn] whether it has promises of its own besides the conformance suite
 * @property {string} [extra] what `npm run fetch` brings for it; without, it is the Node that runs the tests
 * @property {string} [binary] within that
 * @property {string} [compatibilityDate] it behaves as it did on this day
 */

const EVERY_DOOR = ["engine", "express", "fastify", "koa", "hono"];
const NOT_ASKED = "its users have its own server, or Express on what it has of Node's";
/** The Node major that the tests run on where everything is to run. */
const NODE_OF_THE_TESTS = 20;

/** @type {Runtime[]} */
export const RUNTIMES = [
  { name: "node-20", title: "Node 20", agent: "Node.js/20", doors: EVERY_DOOR, elsewhere: "" },
  {
    name: "node-22",
    title: "Node 22",
    agent: "Node.js/22",
    doors: EVERY_DOOR,
    elsewhere: "",
    extra: "node-22",
    binary: "node",
  },
  {
    name: "node-24",
    title: "Node 24",
    agent: "Node.js/24",
    doors: EVERY_DOOR,
    elsewhere: "",
    extra: "node-24",
    binary: "node",
  },
  {
    name: "bun",
    title: "Bun 1.4",
    agent: "Bun/1.4",
    doors: ["express", "hono"],
    elsewhere: NOT_ASKED,
    hasOwn: true,
    extra: "bun",
    binary: "bun",
  },
  {
    name: "deno",
    title: "Deno 2.9",
    agent: "Deno/2.9",
    doors: ["express", "hono"],
    elsewhere: NOT_ASKED,
    hasOwn: true,
    extra: "deno",
    binary: "deno",
  },
  // The newest behaviour that this workerd has, and the oldest that tells by `navigator` what it is: since 2024-10-14 a
  // promise that another request resolves goes on in its own, and before it did not.
  ...[
    ["workerd", "2026-11-17"],
    ["workerd-of-old", "2022-03-21"],
  ].map(([name, compatibilityDate]) => ({
    name,
    title: `workerd, ${compatibilityDate}`,
    agent: "Cloudflare-Workers",
    doors: ["hono"],
    elsewhere: "it has none of the servers that they are made of",
    hasOwn: true,
    extra: "workerd",
    binary: "workerd",
    compatibilityDate,
  })),
  ...[
    ["lambda-api-gateway", "Lambda, API Gateway"],
    ["lambda-function-url", "Lambda, function URL"],
    ["lambda-response-stream", "Lambda, response stream"],
  ].map(([name, title]) => ({
    name,
    title,
    agent: "Node.js/20",
    doors: ["hono"],
    elsewhere: "they are servers, and it is given events",
    hasOwn: true,
  })),
];

export function runtimeOf(name) {
  const found = RUNTIMES.find((runtime) => runtime.name === name);
  if (found === undefined) throw new Error(`scripts/runtimes.mjs has no runtime ${name}`);
  return found;
}

/** The program of a runtime. */
export function programOf({ extra, binary }) {
  return extra === undefined ? process.execPath : join(extraFolder(extra), binary);
}

/** Why none of the runtimes that are fetched can run here, or undefined where some can. */
export function runtimesProblem() {
  const problems = RUNTIMES.filter(({ extra }) => extra !== undefined).map(runtimeProblem);
  return problems.includes(undefined) ? undefined : problems[0];
}

/** Why a runtime cannot run here, or undefined where it can. */
export function runtimeProblem({ title, extra: name }) {
  if (name === undefined) {
    const [major] = process.versions.node.split(".");
    return Number(major) === NODE_OF_THE_TESTS ? undefined : `the tests run on Node ${major}`;
  }
  const extra = EXTRAS.find((one) => one.name === name);
  if (extra === undefined) return `npm has no ${title} for ${process.platform} on ${process.arch}`;
  return isWhole(extra) ? undefined : `${title} is not in .extras (npm run fetch brings it)`;
}
