// `npm run simulate -- --histories 1000000`: bundles the simulation with the core's sources and runs it. What it takes is
// said in `test/simulation/main.ts`.
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { whereItLies } from "./where-it-lies.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where bundles lie: within the project, so that they find its packages. */
export const BUNDLES = join(root, ".artifacts", "simulation");

// No history may depend on the machine that it runs on.
export const ENVIRONMENT = {
  ...process.env,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/** The sources that are simulated. */
export const CORE = join(root, "src", "core");

/** Bundles the simulation of the engine whose sources are in `core`, and gives the program's path. */
export async function bundleSimulation(core, folder) {
  await rm(folder, { recursive: true, force: true });
  await build({
    entryPoints: [join(root, "test", "simulation", "main.ts")],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // The emulators are in a file of their own, which most runs need not load.
    splitting: true,
    format: "esm",
    target: "es2022",
    platform: "node",
    packages: "external",
    logLevel: "error",
    plugins: [
      whereItLies,
      {
        name: "simulated-core",
        setup({ onResolve }) {
          onResolve({ filter: /\/src\/core\/index\.js$/ }, () => ({ path: join(core, "index.ts") }));
        },
      },
    ],
  });
  return join(folder, "main.mjs");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const program = await bundleSimulation(CORE, BUNDLES);
  const child = spawn(process.execPath, [program, ...process.argv.slice(2)], {
    env: ENVIRONMENT,
    stdio: "inherit",
  });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}
