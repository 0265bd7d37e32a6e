// Every dependency is there for a reason that CONTRIBUTING gives, and nothing of ours runs when the package is installed.
import { expect, it } from "vitest";
import { codeIn, readPage, rowsOf, sectionOf } from "./pages.js";

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

const manifest: Manifest = JSON.parse(await readPage("package.json"));
const lock: { packages: Record<string, Locked> } = JSON.parse(await readPage("package-lock.json"));

interface Locked {
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

it("each dependency has a line of CONTRIBUTING that says why, and each line is one's that is there", async () => {
  const rows = rowsOf(sectionOf(await readPage("CONTRIBUTING.md"), "Dependencies"));
  const justified = rows.flatMap(([names = "", why = ""]) => (why.length > 10 ? codeIn(names) : []));
  const { dependencies, devDependencies, peerDependencies } = manifest;
  const all = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  expect([...new Set(justified)].sort()).toEqual([...new Set(all)].sort());
});

it("installing the package, or this repository, runs no script of ours", () => {
  const hooks = [
    "preinstall",
    "install",
    "postinstall",
    "preprepare",
    "prepare",
    "postprepare",
    "dependencies",
  ];
  for (const hook of hooks) expect(manifest.scripts).not.toHaveProperty(hook);
});

it("the lock file says of every package what its contents are, and users get none that runs a script", () => {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripted.filter(([, { dev }]) => !dev).map(([path]) => path)).toEqual([]);
  expect(scripted.map(([path]) => path.replace("node_modules/", "")).sort()).toEqual([
    "classic-level",
    "esbuild",
  ]);
});
