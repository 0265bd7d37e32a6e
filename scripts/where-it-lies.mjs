// For bundles of the tests' sources: what lies beside a source is looked for where the source lies, and not beside the
// bundle.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/** @type {import("esbuild").Plugin} */
export const whereItLies = {
  name: "where-it-lies",
  setup({ onLoad }) {
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
