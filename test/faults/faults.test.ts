// What a store survives: visitors of all doors while DynamoDB, and the network before it, fail in one way after another,
// and in all of them at once. The table that it prints is the figures of each.
import { afterAll, describe, expect, inject, it } from "vitest";
import { SEED } from "../processes/run.js";
import { campaign, type Report } from "./campaign.js";
import { HEADER, linesOf, sumOf } from "./figures.js";
import { KINDS } from "./kinds.js";

declare module "vitest" {
  interface TaskMeta {
    /** What `npm test` prints of a test beside its verdict. */
    told?: string[];
  }
}

const ROUNDS = Number(process.env.SESSION_STORE_FAULT_ROUNDS ?? 1);

// 20 000 in all, in each round.
const RUNS = [
  ...KINDS.map((kind) => ({ name: kind.name, kinds: [kind] })),
  { name: "all together", kinds: KINDS },
];
const OPERATIONS = Math.ceil(20_000 / RUNS.length);

// A run takes a few seconds on two cores. One that takes this long hangs.
const ENDS_WITHIN_MS = 60_000;

const rounds = Array.from({ length: ROUNDS }, (_, round) => SEED + round);
const reports: Report[] = [];
afterAll(() => {
  const lines = reports.flatMap(linesOf);
  console.log([`seed ${SEED}, against ${inject("emulator")}`, HEADER, ...lines].join("\n"));
});

describe.each(rounds)(
  `whatever fails, requests are answered in time, and what was promised holds [SESSION_STORE_SEED=%i, ${inject("emulator")}]`,
  (seed) => {
    it.for(RUNS)("$name", { timeout: ENDS_WITHIN_MS }, async ({ name, kinds }, { task }) => {
      const report = await campaign(name, kinds, seed, OPERATIONS);
      reports.push(report);
      task.meta.told = linesOf(report);
      expect(shown(report.violations)).toEqual([]);
      expect(sumOf(report.operations)).toBeGreaterThanOrEqual(OPERATIONS);
      // Faults there were, of every kind; and there was something to lose.
      expect([...report.faults.keys()].sort()).toEqual(kinds.map((kind) => kind.name).sort());
      expect(report.acknowledged).toBeGreaterThan(report.visits / 10);
      expect(report.living).toBeGreaterThan(0);
    });
  },
);

// As many as somebody will read.
const SHOWN = 20;

function shown(violations: readonly string[]): readonly string[] {
  if (violations.length <= SHOWN) return violations;
  return [`${violations.length} violations`, ...violations.slice(0, SHOWN)];
}
