// The bundlers that applications are deployed by, each with the settings of its own documentation for Node: a module of a
// project goes in, and one file comes out.
import { basename, dirname } from "node:path";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import webpack from "webpack";

export interface Bundling {
  /** The module that everything else is imported by. */
  readonly entry: string;
  readonly outfile: string;
  readonly minify: boolean;
}

export interface Bundler {
  readonly name: string;
  /** How the name ends of what it gives: `.mjs` is ESM, `.cjs` is CommonJS. */
  readonly extension: string;
  /** @throws what the bundler complains of, warnings included. */
  bundle(how: Bundling): Promise<void>;
}

export const BUNDLERS: readonly Bundler[] = [
  { name: "esbuild", extension: ".mjs", bundle: byEsbuild },
  { name: "webpack", extension: ".cjs", bundle: byWebpack },
  { name: "rolldown", extension: ".mjs", bundle: byRolldown },
];

async function byEsbuild({ entry, outfile, minify }: Bundling): Promise<void> {
  const { warnings } = await build({
    entryPoints: [entry],
    outfile,
    minify,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    logLevel: "silent",
  });
  refuse(warnings.map(({ text }) => text));
}

async function byRolldown({ entry, outfile, minify }: Bundling): Promise<void> {
  const warnings: string[] = [];
  const bundle = await rolldown({
    input: entry,
    platform: "node",
    onLog: (level, { message }) => void (level === "warn" && warnings.push(message)),
  });
  await bundle.write({ file: outfile, format: "esm", minify, codeSplitting: false });
  await bundle.close();
  refuse(warnings);
}

async function byWebpack({ entry, outfile, minify }: Bundling): Promise<void> {
  const compiler = webpack({
    mode: "production",
    target: "node20",
    entry,
    output: { path: dirname(outfile), filename: basename(outfile), library: { type: "commonjs2" } },
    optimization: { minimize: minify },
  });
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
    compiler?.run((error, done) => (error === null ? resolve(done) : reject(error)));
  });
  const { errors = [], warnings = [] } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
  refuse([...errors, ...warnings].map(({ message }) => message));
}

function refuse(complaints: readonly string[]): void {
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
}
