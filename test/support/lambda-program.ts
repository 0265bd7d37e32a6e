// Makes the program of `lambda-container.ts`, which runs a function as AWS Lambda does.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Builds it into a folder, and gives its path. */
export async function buildLambdaContainer(folder: string): Promise<string> {
  const outfile = join(folder, "container.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("lambda-container.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
  });
  return outfile;
}
