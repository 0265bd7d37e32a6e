// Makes the programs of the test applications: what the conformance suite has in this process, with the packed package
// in the place of the sources.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { PACKAGE } from "../packaging/consumer.js";

const apps = fileURLToPath(new URL("apps/", import.meta.url));

/** An entry of the sources is the same entry of the package, as its users import it. */
function packageFor(folder: string, isBundled: boolean): Plugin {
  return {
    name: "package-for-sources",
    setup({ onResolve, resolve }) {
      onResolve({ filter: /\/src\/\w+\/index\.js$/ }, ({ path }) => {
        return entry(path.replace(/^.*\/src\/(\w+)\/index\.js$/, `${PACKAGE}/$1`));
      });
      onResolve({ filter: /\/src\/cookies\/(express|koa)\.js$/ }, ({ path }) => {
        return entry(path.replace(/^.*\/src\/cookies\/(\w+)\.js$/, `${PACKAGE}/$1-cookie`));
      });
      // No other way leads to the sources.
      onResolve({ filter: /^\..*\/src\// }, ({ path, importer }) =>
        importer.startsWith(TESTS) ? { errors: [{ text: `${path} is no entry` }] } : undefined,
      );
      if (!isBundled) return;
      onResolve({ filter: /^[^./]/ }, ({ path, importer, pluginData }) =>
        pluginData === OURS || !importer.startsWith(TESTS) ? undefined : fromProject(path),
      );

      function entry(path: string) {
        return isBundled ? fromProject(path) : { path, external: true };
      }

      function fromProject(path: string) {
        return resolve(path, { kind: "import-statement", resolveDir: folder, pluginData: OURS });
      }
    },
  };
}

const OURS = "resolved from the project";
const TESTS = fileURLToPath(new URL("../", import.meta.url));

/**
 * Bundles `apps/<name>.ts` into a project that has the package and the frameworks installed, and gives the program's
 * path. With `options`, those are bundled too, for a runtime that cannot load them.
 */
export async function bundle(name: string, folder: string, options?: BuildOptions): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(apps, `${name}.ts`)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "node",
    packages: options === undefined ? "external" : "bundle",
    logLevel: "error",
    ...options,
    plugins: [packageFor(folder, options !== undefined)],
  });
  return outfile;
}
