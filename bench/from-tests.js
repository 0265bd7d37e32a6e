// What the benchmarks share with the tests, which is written in TypeScript: DynamoDB Local on a free port, tables in it,
// the model of a table, randomness under a seed, the suite's applications and visitors. Bundled when a process first asks
// for it.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { whereItLies } from "../scripts/where-it-lies.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const OF_TESTS = `
  export { createTable } from "./test/support/create-table.js";
  export { startEmulator } from "./test/support/emulators.js";
  export { ModelTable } from "./test/simulation/table.js";
  export { Random } from "./test/simulation/random.js";
`;

const OF_CONFORMANCE = `
  export { cookieFor, idInCookie, serveExpress } from "./test/conformance/apps/express-app.js";
  export { makeLab } from "./test/conformance/lab.js";
  export { VALUES } from "./test/conformance/values.js";
  export { Visitor } from "./test/conformance/visitor.js";
  export { setClock } from "./test/runtimes/apps/clock.js";
  export { denied, startFaultProxy } from "./test/support/fault-proxy.js";
`;

let imported;

/**
 * @returns {Promise<{
 *   createTable: typeof import("../test/support/create-table.js").createTable,
 *   startEmulator: typeof import("../test/support/emulators.js").startEmulator,
 *   ModelTable: typeof import("../test/simulation/table.js").ModelTable,
 *   Random: typeof import("../test/simulation/random.js").Random,
 * }>}
 */
export function fromTests() {
  imported ??= importOnce();
  return imported;
}

async function importOnce() {
  const { href, remove } = await bundle("tests", OF_TESTS);
  try {
    return await import(href);
  } finally {
    await remove();
  }
}

/**
 * What the conformance suite sends requests by, and serves them with; nothing of it loads the SDK.
 *
 * @typedef {{
 *   cookieFor: typeof import("../test/conformance/apps/express-app.js").cookieFor,
 *   idInCookie: typeof import("../test/conformance/apps/express-app.js").idInCookie,
 *   serveExpress: typeof import("../test/conformance/apps/express-app.js").serveExpress,
 *   makeLab: typeof import("../test/conformance/lab.js").makeLab,
 *   VALUES: typeof import("../test/conformance/values.js").VALUES,
 *   Visitor: typeof import("../test/conformance/visitor.js").Visitor,
 *   setClock: typeof import("../test/runtimes/apps/clock.js").setClock,
 *   denied: typeof import("../test/support/fault-proxy.js").denied,
 *   startFaultProxy: typeof import("../test/support/fault-proxy.js").startFaultProxy,
 * }} Conformance
 */

/** Bundles that for several processes: `href` is what each of them imports, until it is removed. */
export function bundleConformance() {
  return bundle("conformance", OF_CONFORMANCE);
}

async function bundle(name, contents) {
  // Within the project, so that it finds the project's packages; each process has its own.
  const folder = join(root, ".artifacts", "bench", "from-tests");
  const outfile = join(folder, `${name}-${process.pid}.mjs`);
  await mkdir(folder, { recursive: true });
  await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "node",
    packages: "external",
    logLevel: "error",
    plugins: [whereItLies],
  });
  return { href: pathToFileURL(outfile).href, remove: () => rm(outfile) };
}
