// What is promised, each in a sentence that a user would say. Who checks them is the witness.
/** The promises by short names. */
export const PROMISES = {
  settles: "every operation settles within its timeout",
  unhindered: "an operation that nothing hinders does not fail, nor find its session gone",
  handled: "no failure goes unhandled",
  found: "a session that lives is found, with what its row holds",
  unexpired: "an expired session is not given out",
  unrevived: "an expired session is not saved or touched back to life",
  spared: "an expired row is removed as it was read alone, and when it is over by every server's clock",
  destroyed: "a destroyed session stays destroyed",
  removed: "an acknowledged destroy has reached the table",
  identity: "what was loaded of one session is not written into another under its id",
  acknowledged: "an acknowledged save or update has reached the table",
  own: "what a request changed is in the row when its save takes effect",
  others: "what a request did not change stays as others left it",
  lists: "what requests append to one list is all there, once",
  removals: "a removal stands, whoever changes what was removed",
  values: "dates, toJSON and empty strings are saved as JSON has them",
  once: "a write takes effect once at most, however often it is sent",
  gone: "nothing of a save, update or touch that is gone stands in a session",
  counted: "update runs on the newest data: counters are exact",
  alive: "a session in use lives on for its ttl, less one interval in force",
  throttled: "one process moves a session's expiry once in an interval",
  silent: "saving what did not change writes no data",
  revision: "rev grows by one with each write of data; gen and created stand",
  passive: "a passive request prolongs no life",
  regenerated: "of a regenerated session one lives, and what was gone before does not come back",
  ownWrites: "a load sees what its process was saving or destroying",
  ledger: "when all is calm, what was acknowledged is there",
} as const;

export type PromiseName = keyof typeof PROMISES;

/** A promise that was not kept. */
export class Violation extends Error {
  constructor(
    readonly promise: PromiseName,
    readonly what: string,
  ) {
    super(`${PROMISES[promise]}: ${what}`);
  }
}

/** How often things happened. */
export type Counts = Record<string, number>;

/** The difference of clocks that is allowed for, before an expired row is removed. */
export const CLOCK_DIFFERENCE_MS = 1000;
/** As many of its last writes does a row remember. */
export const REMEMBERED_WRITES = 8;

/** The name of the field that only this request writes. */
export function ownName(by: string): string {
  return `of ${by}`;
}
