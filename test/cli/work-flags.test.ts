// The place of long work that `--resume` keeps: the same command goes on where it stopped, or was killed.
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Output } from "../../src/cli/output.js";
import { beginWork } from "../../src/cli/work-flags.js";

const context = {
  output: new Output({ json: false, quiet: true }),
  signal: new AbortController().signal,
};
const at = (cursor: string) => ({ scanned: 1, done: 1, units: 1, total: 10, cursor });

let folder: string;
let resume: string;
let time = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "session-store-work-"));
  resume = join(folder, "place");
});
beforeEach(() => rm(resume, { force: true }));
afterAll(() => rm(folder, { recursive: true, force: true }));

const begin = (beforeKept?: () => void) =>
  beginWork("working", { resume, segments: 3, maxUnits: 5 }, context, { now: () => time, beforeKept });

it("begins at the beginning, with what the flags say", () => {
  expect(begin().options).toMatchObject({
    signal: context.signal,
    from: undefined,
    segments: 3,
    maxUnitsPerSecond: 5,
  });
});

it("goes on where it stopped, from a file that only its owner reads", async () => {
  const work = begin();
  work.options.onProgress(at("page-1"));
  work.options.onProgress(at("page-2"));
  work.end(false);
  expect(await readFile(resume, "utf8")).toBe("page-2\n");
  expect((await stat(resume)).mode & 0o777).toBe(0o600);
  expect(begin().options.from).toBe("page-2");
});

it("goes on near where it was killed: the place is kept each second", () => {
  const work = begin();
  work.options.onProgress(at("page-1"));
  time += 1000;
  work.options.onProgress(at("page-2"));
  time += 999;
  work.options.onProgress(at("page-3"));
  expect(begin().options.from).toBe("page-2");
});

it("keeps the old place where it stops before it got on", () => {
  const first = begin();
  first.options.onProgress(at("page-1"));
  first.end(false);
  begin().end(false);
  expect(begin().options.from).toBe("page-1");
});

it("forgets the place when all is done", () => {
  const work = begin();
  work.options.onProgress(at("page-1"));
  work.end(false);
  begin().end(true);
  expect(existsSync(resume)).toBe(false);
  expect(begin().options.from).toBeUndefined();
});

it("leaves no file where none is named", () => {
  const work = beginWork("working", {}, context);
  work.options.onProgress(at("page-1"));
  work.end(false);
  expect(existsSync(resume)).toBe(false);
});

it("says so where the file cannot be read", () => {
  expect(() => beginWork("working", { resume: folder }, context)).toThrow(/--resume .*: it cannot be read/);
});

it("is not kept before what it says is done has been printed", () => {
  const before: boolean[] = [];
  const work = begin(() => before.push(existsSync(resume)));
  work.options.onProgress(at("page-1"));
  time += 1000;
  work.options.onProgress(at("page-2"));
  work.end(false);
  expect(before).toEqual([false, true]);
});

it("takes an empty file for no place, and leaves none beside it", async () => {
  await writeFile(resume, "\n");
  expect(begin().options.from).toBeUndefined();
  expect(await readdir(folder)).toEqual(["place"]);
});

it("says before it begins where the file cannot be written", () => {
  const nowhere = join(folder, "absent", "place");
  expect(() => beginWork("working", { resume: nowhere }, context)).toThrow(
    /--resume .*: it cannot be written/,
  );
});

it("ends as it ends where the file cannot be written any more", async () => {
  const gone = await mkdtemp(join(folder, "gone-"));
  const work = beginWork("working", { resume: join(gone, "place") }, context);
  work.options.onProgress(at("page-1"));
  await rm(gone, { recursive: true });
  expect(() => work.end(false)).not.toThrow();
});
