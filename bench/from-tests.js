// What the benchmarks share with the tests, which is written in TypeScript: DynamoDB Local on a free port, the model of
// a table, randomness under a seed. Bundled when a process first asks for it.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

const SHARED = `
  export { startEmulator } from "./test/support/emulators.js";
  export { ModelTable } from "./test/simulation/table.js";
  export { Random } from "./test/simulation/random.js";
`;

let imported;

/**
 * @returns {Promise<{
 *   startEmulator: (name: "dynamodb-local" | "dynalite") => Promise<{ endpoint: string, stop(): Promise<void> }>,
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
  return import(pathToFileURL(outfile).href);
}

/** @type {import("esbuild").Plugin} */
const whereItLies = {
  name: "where-it-lies",
  setup({ onLoad }) {
    // What lies beside these files is looked for where they lie.
    onLoad({ filter: /\/(support\/emulators\.ts|scripts\/[\w-]+\.mjs)$/ }, async ({ path }) => {
      const contents = await readFile(path, "utf8");
      const url = JSON.stringify(pathToFileURL(path).href);
      return {
        contents: contents.replaceAll("import.meta.url", url),
        loader: path.endsWith(".ts") ? "ts" : "js",
      };
    });
  },
};
