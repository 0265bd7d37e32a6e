// How large each entry is to whoever bundles it, and the program to whoever runs it: minified by esbuild and compressed by
// gzip, with the core, and without the SDK and the framework. Budgets stand in this one table, which the benchmarks and
// the packaging tests hold, and an entry without one does not pass either.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ENTRIES, PROGRAMS } from "../scripts/entries.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What an entry may come to at most, in bytes, minified and gzipped. */
const BUDGETS = {
  index: 25_800,
  express: 25_800,
  koa: 23_500,
  hono: 26_400,
  "express-cookie": 4_800,
  "koa-cookie": 4_600,
  core: 23_200,
  codecs: 4_600,
  admin: 38_700,
  cli: 86_000,
};

// What users of an entry have anyway.
const OUTSIDE = ["@aws-sdk/*", "@smithy/*", "express-session", "koa", "koa-session", "hono", "hono/*"];

/** @returns {Promise<import("./entry-sizes.js").EntrySize[]>} */
export function entrySizes() {
  const entries = ENTRIES.map(({ name, specifier }) => ({
    entry: name,
    stdin: { contents: `export * from "${specifier}";`, resolveDir: root },
    platform: "neutral",
  }));
  const programs = PROGRAMS.map(({ name, file }) => ({
    entry: name,
    entryPoints: [join(root, file)],
    platform: "node",
  }));
  return Promise.all([...entries, ...programs].map(sizeOf));
}

/** What is wrong with sizes, in words. */
export function sizeProblems(sizes) {
  const measured = sizes.map(({ entry }) => entry);
  return [
    ...sizes
      .filter(({ budget }) => budget === undefined)
      .map(
        ({ entry, gzipped }) =>
          `${entry}: has ${gzipped} bytes and no budget; give it one in bench/entry-sizes.js`,
      ),
    ...sizes
      .filter(({ gzipped, budget }) => gzipped > budget)
      .map(({ entry, gzipped, budget }) => `${entry}: ${gzipped} bytes are more than its budget, ${budget}`),
    ...Object.keys(BUDGETS)
      .filter((entry) => !measured.includes(entry))
      .map((entry) => `${entry}: has a budget, and is no entry`),
  ];
}

async function sizeOf({ entry, ...source }) {
  const { outputFiles } = await build({
    ...source,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: OUTSIDE,
    write: false,
  });
  const [{ contents }] = outputFiles;
  return {
    entry,
    minified: contents.length,
    gzipped: gzipSync(contents, { level: 9 }).length,
    budget: BUDGETS[entry],
  };
}
