// Three sides of a session, of any names and shapes, put upon each other as a save does.
import fc from "fast-check";
import { type Theirs, writtenOver } from "../../src/core/concurrency.js";
import { parseData } from "../../src/core/data.js";
import { type Judged, type Kind, require, requireSameJson } from "./campaign.js";
import { json, objectOf } from "./values.js";

interface Sides {
  readonly base: object;
  readonly ours: object;
  readonly theirs: object;
  readonly by: "merge" | "last-write-wins" | "function";
}

const any = objectOf(json, 4);
// Sides that have grown apart, rather than ones that have nothing in common.
const sides = fc.record({
  base: any,
  ours: any,
  theirs: any,
  kept: fc.tuple(fc.boolean(), fc.boolean()),
  by: fc.constantFrom("merge" as const, "merge" as const, "last-write-wins" as const, "function" as const),
});

const arbitrary: fc.Arbitrary<Sides> = sides.map(({ base, ours, theirs, kept: [our, their], by }) => ({
  base,
  ours: our ? { ...base, ...ours } : ours,
  theirs: their ? { ...base, ...theirs } : theirs,
  by,
}));

export function merges(): Kind<Sides> {
  return {
    name: "merges",
    inputs: 8_000,
    together: 1,
    arbitrary,
    judge({ base, ours, theirs, by }): Judged {
      const [held, mine, there] = [base, ours, theirs].map((side) => JSON.stringify(side));
      const row: Theirs = { text: String(there), read: () => parseData(String(there)) ?? {} };
      const concurrency = by === "function" ? () => parseData(String(mine)) ?? {} : by;
      const hand = { base: held, holds: undefined };
      const { text } = writtenOver(row, String(mine), hand, concurrency, () => false);
      const written = parseData(text);
      require(written !== undefined, "what is written is no object");
      const names = new Set(Object.keys(written ?? {}));
      for (const name of names) {
        require(Object.hasOwn(ours, name) ||
          Object.hasOwn(theirs, name), `${JSON.stringify(name)} is from nowhere`);
      }
      if (by === "merge") {
        for (const name of Object.keys(ours)) {
          const isInBoth = Object.hasOwn(theirs, name);
          const isNew = !Object.hasOwn(base, name);
          // What both have, and what only one has that nobody had before.
          require(names.has(name) || !(isInBoth || isNew), `${JSON.stringify(name)} is lost`);
        }
        for (const name of Object.keys(theirs)) {
          require(names.has(name) || Object.hasOwn(base, name), `${JSON.stringify(name)} of theirs is lost`);
        }
        const again = writtenOver(
          { ...row, text, read: () => written ?? {} },
          String(mine),
          hand,
          "merge",
          () => false,
        );
        requireSameJson(sorted(parseData(again.text)), sorted(written), "merged once more");
      }
      return { outcome: by, sent: false };
    },
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(fields.map(([name, below]) => [name, sorted(below)]));
}
