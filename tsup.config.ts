// How the package is built: every entry as ESM and CommonJS, with types for both. Code that entries share goes into
// chunks of its own in both formats, so that an error made behind one entry is `instanceof` the class of another.
import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    "core/index": "src/core/index.ts",
    "express/index": "src/express/index.ts",
  },
  format: ["esm", "cjs"],
  target: "es2022",
  platform: "neutral",
  dts: true,
  splitting: true,
  sourcemap: true,
  clean: true,
  removeNodeProtocol: false,
  outExtension: ({ format }) => ({ js: format === "cjs" ? ".cjs" : ".js" }),
});
