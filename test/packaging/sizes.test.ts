// No entry has grown, and none is here without a budget.
import { expect, it } from "vitest";
import { entrySizes, sizeProblems } from "../../bench/entry-sizes.js";
import { ENTRIES, PROGRAMS } from "../../scripts/entries.mjs";

it("every entry, and the program, stays within a budget of its own", async () => {
  const sizes = await entrySizes();
  expect(sizes.map(({ entry }) => entry)).toEqual([...ENTRIES, ...PROGRAMS].map(({ name }) => name));
  expect(sizeProblems(sizes)).toEqual([]);
});

it("an entry that nobody gave a budget does not pass", () => {
  const [size] = sizeProblems([{ entry: "express-cookie", minified: 30, gzipped: 20, budget: undefined }]);
  expect(size).toBe("express-cookie: has 20 bytes and no budget; give it one in bench/entry-sizes.js");
});
