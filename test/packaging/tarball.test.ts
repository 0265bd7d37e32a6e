// The tarball itself: which files npm would publish, and what the package linters say of it.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ENTRIES, PROGRAMS } from "../../scripts/entries.mjs";
import { type Consumer, makeConsumer, PACKAGE, ROOT } from "./consumer.js";

const execute = promisify(execFile);

let consumer: Consumer;
let unpacked: string;

beforeAll(async () => {
  consumer = await makeConsumer(inject("tarball"), []);
  unpacked = join(consumer.folder, "node_modules", PACKAGE);
});
afterAll(() => consumer.remove());

// Two thirds of it are the sources in the maps, which nothing loads but a debugger.
const PACKED_BYTES = 800_000;
const UNPACKED_BYTES = 3_000_000;

/** What several entries' types have in common; the bundler names it by its contents. */
const DECLARATIONS_OF_SEVERAL = /^dist\/[a-z-]+-[\w-]{8}\.d\.c?ts$/;

/** Those of some declarations that no declaration of the same format imports. */
async function unreferenced(parts: readonly string[]): Promise<string[]> {
  const declarations = inject("packedFiles").filter((path) => /\.d\.c?ts$/.test(path));
  const texts = await Promise.all(declarations.map((path) => readFile(join(unpacked, path), "utf8")));
  const imported = texts.flatMap((text, i) =>
    [...text.matchAll(/from '(\.[^']+)'/g)].map(([, to = ""]) =>
      join(dirname(declarations[i] ?? ""), to.replace(/\.(c?)js$/, ".d.$1ts")),
    ),
  );
  return parts.filter((path) => !imported.includes(path));
}

async function manifest() {
  return JSON.parse(await readFile(join(unpacked, "package.json"), "utf8"));
}

describe("tarball", () => {
  it("holds the build and its papers, and nothing else", () => {
    const besideTheBuild = inject("packedFiles").filter((path) => !path.startsWith("dist/"));
    expect(besideTheBuild.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  });

  it("holds of the build each entry in either format, with its types and maps, and nothing else", async () => {
    // What every entry loads is built like one, and is none.
    const shared = ["js", "cjs", "d.ts", "d.cts"].map((extension) => `dist/core/doors.${extension}`);
    const modules = [...new Set([...ENTRIES.flatMap(({ files }) => files), ...shared])];
    const maps = modules.filter((path) => /\.c?js$/.test(path)).map((path) => `${path}.map`);
    const programs = PROGRAMS.flatMap(({ file }) => [file, join(dirname(file), "THIRD-PARTY-LICENSES.txt")]);
    const built = inject("packedFiles").filter((path) => path.startsWith("dist/"));
    const parts = built.filter((path) => DECLARATIONS_OF_SEVERAL.test(path));
    expect(built.sort()).toEqual([...modules, ...maps, ...programs, ...parts].sort());
    expect(await unreferenced(parts)).toEqual([]);
  });

  it("is small enough to be installed in passing", () => {
    const { packed, unpacked } = inject("packedBytes");
    expect(packed).toBeLessThan(PACKED_BYTES);
    expect(unpacked).toBeLessThan(UNPACKED_BYTES);
  });

  it("runs nothing when it is installed", async () => {
    const { scripts = {} } = await manifest();
    for (const hook of ["preinstall", "install", "postinstall", "prepare"]) {
      expect(scripts).not.toHaveProperty(hook);
    }
  });

  it("holds no path of the machine that built it", async () => {
    const root = ROOT.replace(/\/$/, "");
    const built = inject("packedFiles").filter((path) => path.startsWith("dist/"));
    const texts = await Promise.all(built.map((path) => readFile(join(unpacked, path), "utf8")));
    expect(built.filter((_, i) => texts[i]?.includes(root))).toEqual([]);
  });

  it("has a manifest that publint finds nothing to say about", async () => {
    const { messages } = await publint({ pkgDir: unpacked, pack: false, strict: true });
    const pkg = await manifest();
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that are right for both module formats, by are-the-types-wrong", {
    timeout: 120_000,
  }, async () => {
    const attw = join(ROOT, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
    const options = ["--profile", "node16", "--no-definitely-typed", "--format", "ascii", "--no-color"];
    const checked = execute(process.execPath, [attw, inject("tarball"), ...options]);
    // It ends with an error when it finds a problem, and says which in its output.
    expect(
      await checked.then(
        () => "",
        (error: { stdout: string }) => error.stdout,
      ),
    ).toBe("");
  });
});
