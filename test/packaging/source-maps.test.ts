// What is built leads back to the sources: debuggers and stack traces of users show the lines that were written, though
// the sources are not in the package.
import { readFile } from "node:fs/promises";
import { SourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PROGRAMS } from "../../scripts/entries.mjs";
import { type Consumer, DEPENDENCIES, makeConsumer, PACKAGE, ROOT } from "./consumer.js";

/** What is built of our sources alone. A program has its libraries in it, and no map. */
const BUILT = inject("packedFiles").filter(
  (path) => /\.c?js$/.test(path) && !PROGRAMS.some(({ file }) => file === path),
);

let consumer: Consumer;
let unpacked: string;

beforeAll(async () => {
  consumer = await makeConsumer(inject("tarball"), DEPENDENCIES);
  unpacked = join(consumer.folder, "node_modules", PACKAGE);
});
afterAll(() => consumer.remove());

const read = (path: string) => readFile(join(unpacked, path), "utf8");

async function mapOf(path: string): Promise<SourceMapPayload> {
  return JSON.parse(await read(`${path}.map`));
}

/** The path in the repository of a source that the map of a built file names. */
function sourcePath(built: string, source: string): string {
  return relative(unpacked, resolve(unpacked, dirname(built), source));
}

/** The line of a source that a map leads to. */
function lineOf({ sources, sourcesContent }: SourceMapPayload, to: SourceMapping): string {
  return sourcesContent[sources.indexOf(to.originalSource)]?.split("\n")[to.originalLine] ?? "";
}

/** A name, without what the bundler puts before and after it where two are the same. */
const FUNCTION = /\b(?:function\*?|class) _?(\w+?)\d*\b/;

describe("source maps", () => {
  it("are there for everything that is built, and for nothing else", () => {
    const maps = inject("packedFiles").filter((path) => path.endsWith(".map"));
    expect(maps.sort()).toEqual(BUILT.map((path) => `${path}.map`).sort());
  });

  it("are named where they are: by each built file, and by no program", async () => {
    const pointers = (text: string) =>
      [...text.matchAll(/^\/\/# sourceMappingURL=(.*)$/gm)].map(([, url]) => url);
    for (const path of BUILT) expect(pointers(await read(path))).toEqual([`${path.replace(/.*\//, "")}.map`]);
    for (const { file } of PROGRAMS) expect(pointers(await read(file))).toEqual([]);
  });

  it.each(BUILT)("%s carries the sources that it is made of, as they are", async (path) => {
    const { sources, sourcesContent } = await mapOf(path);
    expect(sources.length).toBeGreaterThan(0);
    const paths = sources.map((source) => sourcePath(path, source));
    expect(paths.filter((source) => !source.startsWith("src/"))).toEqual([]);
    const written = await Promise.all(paths.map((source) => readFile(join(ROOT, source), "utf8")));
    expect(sourcesContent).toEqual(written);
  });

  it.each(BUILT)("%s leads from each function and class to the line that begins it", async (path) => {
    const payload = await mapOf(path);
    const map = new SourceMap(payload);
    const lost: string[] = [];
    for (const [line, text] of (await read(path)).split("\n").entries()) {
      const name = FUNCTION.exec(text);
      if (name === null || /^\s*(\/\/|\*)/.test(text)) continue;
      const entry = map.findEntry(line, name.index);
      const written = "originalSource" in entry ? lineOf(payload, entry) : "";
      if (!written.includes(String(name[1]))) lost.push(`${line + 1}: ${text.trim()}`);
    }
    expect(lost).toEqual([]);
  });

  it("turn a stack trace into lines of the sources", async () => {
    const code = `
      process.setSourceMapsEnabled(true);
      const { seal } = require("${PACKAGE}/codecs");
      try { seal({ keys: [] }) } catch (error) { console.log(JSON.stringify(error.stack)) }
    `;
    const stack = String(await consumer.run("commonjs", code));
    const [, file = "", line] = /\((\S+src\/codecs\/seal\.ts):(\d+):\d+\)/.exec(stack) ?? [];
    const source = await readFile(join(ROOT, relative(unpacked, file)), "utf8");
    expect(source.split("\n")[Number(line) - 1], stack).toContain("refuseOption(");
  });
});
