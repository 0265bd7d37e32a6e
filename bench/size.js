// How large each entry is to whoever bundles it: minified by esbuild and compressed by gzip, with the core, and without
// the SDK and the framework. Budgets stand in this one table: a size above its budget fails, in either form.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { barLabel, nameAxis, title, valueAxis } from "./chart.js";
import { spreadOf } from "./rounds.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What an entry may come to at most, in bytes, minified and gzipped. */
const BUDGETS = {
  core: 23_000,
  express: 25_700,
  koa: 23_400,
  hono: 26_100,
  codecs: 4_600,
};

// What users of an entry have anyway.
const OUTSIDE = ["@aws-sdk/*", "@smithy/*", "express-session", "koa", "koa-session", "hono", "hono/*"];

// The bar for one of them.
const HONO_BAR = 10 * 1024;

/**
 * @typedef {object} EntrySize
 * @property {string} entry
 * @property {number} minified bytes
 * @property {number} gzipped bytes, minified and compressed
 * @property {number} budget for the compressed size
 */

/** @type {import("./main.js").Part} */
export default {
  name: "size",
  title: "each entry with the core, minified and compressed, without the SDK and the framework",
  async run() {
    const sizes = await Promise.all(Object.entries(BUDGETS).map(([entry, budget]) => sizeOf(entry, budget)));
    const hono = sizes.find(({ entry }) => entry === "hono");
    return {
      tables: [
        {
          title: "bytes",
          columns: ["entry", "minified", "and gzipped", "budget"],
          rows: sizes.map(({ entry, minified, gzipped, budget }) => [entry, minified, gzipped, budget]),
        },
      ],
      bars: [{ title: "hono with core, gzipped bytes", ratio: spreadOf([hono.gzipped]), most: HONO_BAR }],
      figures: { sizes },
      charts: [chartOf(sizes)],
      checked: sizes.length,
      failures: sizes
        .filter(({ gzipped, budget }) => gzipped > budget)
        .map(
          ({ entry, gzipped, budget }) => `${entry}: ${gzipped} bytes are more than its budget, ${budget}`,
        ),
    };
  },
};

/** @returns {Promise<EntrySize>} */
async function sizeOf(entry, budget) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "@cyclic.sh/session-store/${entry}";`, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    external: OUTSIDE,
    write: false,
  });
  const [{ contents }] = outputFiles;
  return { entry, minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length, budget };
}

function chartOf(sizes) {
  return {
    height: 300,
    option: {
      title: title("Size of each entry", "minified and gzipped, with the core, without SDK and framework"),
      grid: { left: 80, right: 70, top: 60, bottom: 50 },
      xAxis: valueAxis("bytes"),
      yAxis: nameAxis(
        sizes.map(({ entry }) => entry),
        { inverse: true },
      ),
      series: [
        {
          type: "bar",
          data: sizes.map(({ gzipped }) => gzipped),
          label: barLabel(({ value }) => value.toLocaleString("en-US")),
        },
      ],
    },
  };
}
