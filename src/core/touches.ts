// Whether a touch is due, and what this process remembers of the last ones, so that one session costs at most
// one write that only moves its expiry in `touchInterval`, however many requests come together.
import { BoundedMap } from "./bounded-map.js";
import { endOf } from "./expiry.js";
import type { StorageKey } from "./keys.js";
import type { SessionRow } from "./record.js";

/** When a session's expiry was last moved, and to which moment, in epoch milliseconds. */
export interface LastMove {
  readonly updated: number | undefined;
  readonly end: number | undefined;
}

/**
 * Whether a session's expiry is to be moved now: when `touchInterval` has passed, and never later than half
 * of its life, both the one that the row still has and the one that it is to have from now on.
 */
export function isTouchDue(
  last: LastMove,
  now: number,
  touchIntervalMs: number,
  lifetimeMs: number,
): boolean {
  const { updated, end } = last;
  // Nobody wrote when, or a clock that cannot be believed did.
  if (updated === undefined || end === undefined || updated >= end) return true;
  const intervalInForce = Math.min(touchIntervalMs, lifetimeMs / 2, (end - updated) / 2);
  // A touch is refused by one of the same moment, so that an interval of 0 is one millisecond.
  return now - updated >= Math.max(1, intervalInForce);
}

/** What came of a touch that was sent. */
export type TouchOutcome = "touched" | "renewed by another" | "gone";

/** A touch that is to be sent, for a session whose last move `isDue` says whether it is. */
export interface Touch {
  readonly lifetimeMs: number;
  isDue(last: LastMove): boolean;
  /** `moves` is to be told of each attempt. */
  send(moves: (move: LastMove) => void): Promise<TouchOutcome>;
}

const NO_MOVE: LastMove = { updated: undefined, end: undefined };

interface TouchOnItsWay {
  readonly lifetimeMs: number;
  readonly move: () => LastMove;
  readonly outcome: Promise<TouchOutcome>;
}

// Within this, touches of one page mean the same lifetime: express-session measures it anew with every
// request.
const SAME_LIFETIME_MS = 1000;

/** The touches and writes of this process: those on their way, and when the last ones were. */
export class RecentTouches {
  readonly #lastMoves = new BoundedMap<StorageKey, LastMove & { readonly gen: string | undefined }>();
  readonly #onTheirWay = new Map<string, TouchOnItsWay>();
  readonly #requestsShare: boolean;

  constructor(requestsShare: boolean) {
    this.#requestsShare = requestsShare;
  }

  /**
   * When the expiry of this row was last moved, as the row says or as is known since it was read. `key` is
   * its session's, here and below: the row may have been read in a previous place, and stand there no more.
   */
  lastMove(row: SessionRow, key = row.key): LastMove {
    const known = this.#lastMoves.get(key);
    const isNewer = known?.gen === row.gen && (known?.updated ?? 0) > (row.updated ?? 0);
    return known && isNewer ? known : { updated: row.updated, end: endOf(row) };
  }

  /**
   * Remembers when the expiry of this row was last moved. A touch that is forgotten costs at most one more
   * write.
   */
  remember(row: SessionRow, key = row.key): void {
    // The row that a refusal gives may be older than what this process has written since.
    if ((this.lastMove(row, key).updated ?? 0) > (row.updated ?? 0)) return;
    this.#lastMoves.set(key, { gen: row.gen, updated: row.updated, end: endOf(row) });
  }

  /**
   * Sends a touch, or shares the outcome of one that is on its way for the same session and lifetime; unless
   * another is due after that, as it is at once where `touchInterval` is 0.
   */
  share(row: SessionRow, touch: Touch, key = row.key): Promise<TouchOutcome> {
    if (!this.#requestsShare) return touch.send(() => {});
    const { lifetimeMs } = touch;
    const session = `${row.gen ?? ""} ${key}`;
    const onItsWay = this.#onTheirWay.get(session);
    const isSameLifetime = onItsWay && Math.abs(onItsWay.lifetimeMs - lifetimeMs) < SAME_LIFETIME_MS;
    if (isSameLifetime && !touch.isDue(onItsWay.move())) {
      // The deadline of whoever sent it is not that of those who share it.
      return onItsWay.outcome.catch((error) => {
        if (isAbort(error)) return this.share(row, touch, key);
        throw error;
      });
    }
    let move = NO_MOVE;
    let sent: TouchOnItsWay | undefined;
    const outcome = touch.send((made) => {
      move = made;
      // Sent again, it is the last one.
      if (sent) this.#onTheirWay.set(session, sent);
    });
    const forget = () => {
      if (this.#onTheirWay.get(session) === sent) this.#onTheirWay.delete(session);
    };
    sent = { lifetimeMs, move: () => move, outcome };
    this.#onTheirWay.set(session, sent);
    outcome.then(forget, forget);
    return outcome;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
