// How large each entry is to whoever bundles it: minified by esbuild and compressed by gzip, with the core, and without
// the SDK and the framework. Budgets stand in this one table; a size above its budget fails, in CI as well.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What an entry may come to at most, in bytes, minified and gzipped. */
const BUDGETS = {
  core: 13_600,
  express: 15_300,
  koa: 14_400,
  hono: 17_100,
};

// What users of an entry have anyway.
const OUTSIDE = ["@aws-sdk/*", "@smithy/*", "express-session", "koa", "koa-session", "hono", "hono/*"];

/**
 * @typedef {object} EntrySize
 * @property {string} entry
 * @property {number} bytes minified
 * @property {number} gzipped minified and compressed
 * @property {number} budget for the compressed size
 * @property {{ file: string, bytes: number }[]} largest what it consists of: the sources with the most minified bytes
 */

/** @returns {Promise<EntrySize[]>} */
export function entrySizes() {
  return Promise.all(Object.entries(BUDGETS).map(([entry, budget]) => sizeOf(entry, budget)));
}

async function sizeOf(entry, budget) {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export * from "@cyclic.sh/session-store/${entry}";`,
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    external: OUTSIDE,
    outfile: "entry.js",
    write: false,
    metafile: true,
  });
  const [{ contents }] = outputFiles;
  const [{ inputs }] = Object.values(metafile.outputs);
  const largest = Object.entries(inputs)
    .map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }))
    .sort((one, other) => other.bytes - one.bytes);
  return { entry, bytes: contents.length, gzipped: gzipSync(contents, { level: 9 }).length, budget, largest };
}
