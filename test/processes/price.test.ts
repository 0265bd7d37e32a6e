// What merging costs: the run of the pass `processes`, and the same by `last-write-wins`. Prints both: `npm run concurrency`.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type Fleet, startFleet } from "./fleet.js";
import { makePlan } from "./plan.js";
import { priceTable } from "./price.js";
import { ENDS_WITHIN_MS, problemsOf, run, SEED, SIZE } from "./run.js";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

it("merging costs about as many calls as writing over what others wrote", {
  timeout: 2 * ENDS_WITHIN_MS,
}, async () => {
  const plan = makePlan(SEED, SIZE);
  const merged = await run(fleet, "merge", plan);
  const overwritten = await run(fleet, "last-write-wins", plan);
  console.log(`seed ${SEED}, against ${inject("emulator")}\n${priceTable([merged, overwritten])}`);
  expect(problemsOf(merged)).toEqual([]);
  expect(callsOf(merged)).toBeLessThan(1.25 * callsOf(overwritten));
});

function callsOf({ bill }: Awaited<ReturnType<typeof run>>): number {
  return bill.reads + bill.writes;
}
