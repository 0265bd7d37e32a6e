// How the package is built: every entry as ESM and CommonJS, with types for both. All of them import the one file that
// holds the core at run time, in either format, so that there is one core, and one error class, in a process.
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

export default defineConfig({
  entry: {
    "core/doors": "src/core/doors.ts",
    "core/index": "src/core/index.ts",
    "codecs/index": "src/codecs/index.ts",
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
  clean: true,
  esbuildPlugins: [coreStaysOutside],
  outExtension: ({ format }) => ({ js: format === "cjs" ? ".cjs" : ".js" }),
});
