// The conformance suite: what users of any framework count on, asserted over HTTP against whichever driver it is given.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Cell, type Format, makeCell } from "./cell.js";
import type { Driver } from "./driver.js";
import { here, type Place } from "./place.js";
import { concurrencyPromises } from "./promises/concurrency.js";
import { dataPromises } from "./promises/data.js";
import { failurePromises } from "./promises/failures.js";
import { identityPromises } from "./promises/identity.js";
import { lifetimePromises } from "./promises/lifetimes.js";
import { renewalPromises } from "./promises/renewal.js";
import { securityPromises } from "./promises/security.js";

declare module "vitest" {
  interface TaskMeta {
    /** Of which cell of the matrix a test is, and how much it asserted. */
    conformance?: { driver: string; format: string; runtime: string | undefined; assertions: number };
  }
}

/** Puts a driver's application under every promise, in each of the formats that data is written in. */
export function conformance(
  driver: Driver,
  { place = here, formats = ["json", "map", "sealed"] }: { place?: Place; formats?: Format[] } = {},
): void {
  const cannot = { ...driver.cannot, ...place.cannot };
  describe.each(formats)(`${driver.name}, %s`, (format) => {
    const cell = useCell({ driver, format, place });
    for (const promises of [
      identityPromises,
      dataPromises,
      concurrencyPromises,
      lifetimePromises,
      renewalPromises,
      failurePromises,
      securityPromises,
    ]) {
      promises({ driver, format, cannot, cell });
    }
    // Skipped tests are printed by their names: the reason is the name. Those of the framework are printed once.
    for (const [what, why] of Object.entries(place.cannot ?? driver.cannot)) {
      it.skip(`cannot ${what}: ${why}`);
    }
  });
}

/**
 * Makes a cell for the tests of a `describe`, lets the clock stand in them, and counts what they assert: in the driver's
 * column of the table, unless they say another.
 */
export function useCell({
  driver,
  format,
  place,
  column = driver.name,
}: {
  driver: Driver;
  format: Format;
  place: Place;
  column?: string;
}): () => Cell {
  let made: Cell;
  beforeAll(async () => {
    made = await makeCell(driver, format, place);
  });
  afterAll(() => made.close());
  beforeEach(() => {
    // The frameworks themselves read `Date`. Timers run on.
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    made.proxy.decide = () => undefined;
    made.proxy.requests.length = 0;
  });
  afterEach(({ task }) => {
    vi.useRealTimers();
    const { assertionCalls: assertions } = expect.getState();
    task.meta.conformance = { driver: column, format, runtime: place.runtime, assertions };
  });
  return () => made;
}
