// What the benchmarks share with the tests, which is written in TypeScript: DynamoDB Local on a free port, tables in it,
// the model of a table, randomness under a seed. Bundled when a process first asks for it.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { whereItLies } from "../scripts/where-it-lies.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const SHARED = `
  export { createTable } from "./test/support/create-table.js";
  export { startEmulator } from "./test/support/emulators.js";
  export { ModelTable } from "./test/simulation/table.js";
  export { Random } from "./test/simulation/random.js";
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
  imported ??= bundle();
  return imported;
}

async function bundle() {
  // Within the project, so that it finds the project's packages; each process has its own.
  const folder = join(root, ".artifacts", "bench", "from-tests");
  const outfile = join(folder, `${process.pid}.mjs`);
  await mkdir(folder, { recursive: true });
  await build({
    stdin: { contents: SHARED, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "node",
    packages: "external",
    logLevel: "error",
    plugins: [whereItLies],
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(outfile);
  }
}
