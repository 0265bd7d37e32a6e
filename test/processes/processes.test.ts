// Four processes that each serve Express, Koa and Hono, over one table: what acknowledged changes, logouts and counters
// are worth when every session passes through all of them at once.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Fleet, startFleet } from "./fleet.js";
import { priceTable } from "./price.js";
import { type Run, run, SIZE } from "./run.js";

// The mix hangs on it alone: a run that failed can be asked for again, though who comes first is not decided by it.
const SEED = Number(process.env.SESSION_STORE_SEED ?? Math.floor(Math.random() * 2 ** 31));
// A run takes about half a minute on two cores. One that takes this long hangs.
const ENDS_WITHIN_MS = 150_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

describe(`5 000 requests of 50 sessions, at four processes and three frameworks [SESSION_STORE_SEED=${SEED}]`, () => {
  const runs: Run[] = [];
  afterAll(() => {
    console.log(`seed ${SEED}, against ${inject("emulator")}\n${priceTable(runs)}`);
  });

  it("lose no change that was acknowledged, revive no session that was destroyed, and count exactly", {
    timeout: ENDS_WITHIN_MS,
  }, async () => {
    const merged = await run(fleet, "merge", SEED);
    runs.push(merged);
    expect(problemsOf(merged)).toEqual([]);
    expect(merged.visits).toHaveLength(SIZE.requests);
    // The requests did get in each other's way.
    expect(merged.bill.refused).toBeGreaterThan(SIZE.requests / 20);
    expect(merged.audit.living).toBeGreaterThan(SIZE.requests / 10);
  });

  it("lose changes by last-write-wins, which the audit finds, and revive nothing even so", {
    timeout: ENDS_WITHIN_MS,
  }, async () => {
    const overwritten = await run(fleet, "last-write-wins", SEED);
    runs.push(overwritten);
    expect(overwritten.audit.lost).toBeGreaterThan(SIZE.requests / 100);
    const { byRequests, inTable } = overwritten.audit;
    const others = [...byRequests, ...inTable].filter(({ what }) => !BY_OVERWRITING.includes(what));
    expect([...others, ...overwritten.errors]).toEqual([]);
  });
});

const BY_OVERWRITING = ["lost", "undone", "miscounted"];

// As many as somebody will read.
const SHOWN = 20;

function problemsOf({ audit, errors }: Run): string[] {
  const problems = [
    ...errors,
    ...[...audit.inTable, ...audit.byRequests].map(({ what, says }) => `${what}: ${says}`),
  ];
  return problems.length > SHOWN ? [`${problems.length} problems`, ...problems.slice(0, SHOWN)] : problems;
}
