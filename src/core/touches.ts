// Whether a touch is due, and what this process remembers of the last ones, so that one session costs at most one
// write that only moves its expiry in `touchInterval`, however many requests come together.
import type { StorageKey } from "./keys.js";
import type { SessionRow } from "./record.js";

/** Whether a session's expiry is to be moved now, given when that was last done. Never later than half its life. */
export function isTouchDue(
  updated: number | undefined,
  now: number,
  touchIntervalMs: number,
  lifetimeMs: number,
): boolean {
  if (updated === undefined) return true;
  const intervalInForce = Math.min(touchIntervalMs, lifetimeMs / 2);
  // A touch is refused by one of the same moment, so that an interval of 0 is one millisecond.
  return now - updated >= Math.max(1, intervalInForce);
}

/** What came of a touch that was sent. */
export type TouchOutcome = "touched" | "renewed by another" | "gone";

// How many sessions are remembered. One that is forgotten costs at most one more write, which the table refuses.
const MAX_REMEMBERED = 10_000;

/** The touches and writes of this process: those on their way, and when the last ones were. */
export class RecentTouches {
  readonly #lastMoved = new Map<StorageKey, { gen: string | undefined; updated: number }>();
  readonly #onTheirWay = new Map<string, Promise<TouchOutcome>>();
  readonly #shares: boolean;

  /** `shares` is false where nothing that is pending may be shared between requests. */
  constructor(shares: boolean) {
    this.#shares = shares;
  }

  /** When the expiry of this row was last moved, as the row says or as is known since it was read. */
  lastMoved(row: SessionRow): number | undefined {
    const remembered = this.#lastMoved.get(row.key);
    if (remembered === undefined || remembered.gen !== row.gen) return row.updated;
    return Math.max(remembered.updated, row.updated ?? 0);
  }

  /** Remembers that the expiry of this row has just been moved. */
  remember(row: SessionRow): void {
    if (row.updated === undefined) return;
    this.#lastMoved.delete(row.key);
    this.#lastMoved.set(row.key, { gen: row.gen, updated: row.updated });
    if (this.#lastMoved.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#lastMoved.keys()) {
      this.#lastMoved.delete(oldest);
      return;
    }
  }

  /** Sends a touch, or shares the outcome of the one that is on its way for the same session. */
  share(row: SessionRow, send: () => Promise<TouchOutcome>): Promise<TouchOutcome> {
    if (!this.#shares) return send();
    const session = `${row.gen ?? ""} ${row.key}`;
    const onItsWay = this.#onTheirWay.get(session);
    if (onItsWay) return onItsWay;
    const sent = send();
    const forget = () => this.#onTheirWay.delete(session);
    this.#onTheirWay.set(session, sent);
    sent.then(forget, forget);
    return sent;
  }
}
