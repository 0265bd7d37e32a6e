// How the package is built: every entry as ESM and CommonJS, with types for both. All of them import the one file that
// holds the core at run time, in either format, so that there is one core, and one error class, in a process. The command
// line is a program: ESM alone, with the libraries in it that nobody else is to install.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { defineConfig, type Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

const coreStaysOutside: Plugin = {
  name: "core-stays-outside",
  setup(build) {
    const extension = build.initialOptions.format === "cjs" ? "cjs" : "js";
    build.onResolve({ filter: /\/doors\.js$/ }, () => ({
      path: `../core/doors.${extension}`,
      external: true,
    }));
  },
};

const adminStaysOutside: Plugin = {
  name: "admin-stays-outside",
  setup(build) {
    build.onResolve({ filter: /\/admin\/index\.js$/ }, () => ({ path: "../admin/index.js", external: true }));
  },
};

/** Writes beside each program the licences of the packages that are bundled into it. */
const licencesBeside: Plugin = {
  name: "licences-beside",
  setup(build) {
    build.initialOptions.metafile = true;
    build.onEnd(async ({ metafile, errors }) => {
      if (metafile === undefined || errors.length > 0) return;
      for (const [program, { inputs }] of Object.entries(metafile.outputs)) {
        const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
        const folders = used.flatMap(([file]) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
        const licences = await Promise.all([...new Set(folders)].map(licenceOf));
        await mkdir(dirname(program), { recursive: true });
        await writeFile(
          join(dirname(program), "THIRD-PARTY-LICENSES.txt"),
          licences.sort().join(`\n${"-".repeat(80)}\n\n`),
        );
      }
    });
  },
};

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license }: Record<string, string> = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  );
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e\b/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no file that says its licence`);
  return `${name} ${version} (${license})\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`;
}

export default defineConfig([
  {
    entry: {
      "admin/index": "src/admin/index.ts",
      "core/doors": "src/core/doors.ts",
      "core/index": "src/core/index.ts",
      "codecs/index": "src/codecs/index.ts",
      "cookies/express": "src/cookies/express.ts",
      "cookies/koa": "src/cookies/koa.ts",
      "express/index": "src/express/index.ts",
      "koa/index": "src/koa/index.ts",
      "hono/index": "src/hono/index.ts",
    },
    format: ["esm", "cjs"],
    target: "es2022",
    platform: "neutral",
    dts: true,
    splitting: false,
    sourcemap: true,
    // What the other build leaves there is its own; both run at once.
    clean: ["!cli/**"],
    esbuildPlugins: [coreStaysOutside],
    outExtension: ({ format }) => ({ js: format === "cjs" ? ".cjs" : ".js" }),
  },
  {
    entry: { "cli/main": "src/cli/main.ts" },
    format: ["esm"],
    target: "node20",
    platform: "node",
    splitting: false,
    noExternal: [/./],
    // What is CommonJS among the libraries asks for Node's modules by it.
    banner: {
      js: 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);',
    },
    esbuildPlugins: [adminStaysOutside, licencesBeside],
  },
]);
