// When a session ends: how long it lives, when a row's life is over, and when an expired row may be removed.
// Pure functions over a row's figures; who acts on them is the engine.

/** The figures of a row that say when it ends. Absent where another package, or nobody, wrote them. */
export interface RowExpiry {
  /** Epoch milliseconds: the exact end. Only rows of this package have it. */
  readonly until: number | undefined;
  /** Epoch seconds: the table's TTL attribute. */
  readonly expires: number | undefined;
  /** Epoch milliseconds: where `absoluteTtl` ends the session, whatever the other two say. */
  readonly limit?: number | undefined;
}

/** What every write of ours says about the expiry. */
export interface ExpiryStamp {
  readonly until: number;
  readonly expires: number;
  /** Epoch milliseconds of this write: the touch throttle's clock. */
  readonly updated: number;
}

/** One day: how long a session lives when neither `ttl` nor a cookie's `maxAge` says. */
export const DEFAULT_TTL_MS = 86_400_000;

/** The longest that a session lives: some 2 850 years, so that `expires` stays apart from milliseconds. */
export const MAX_LIFETIME_MS = 9e13;

// Clocks of servers differ. A row that expired just now by ours may live by another's.
const CLOCK_DIFFERENCE_MS = 1000;

/** Whether a row's session is over. One without any expiry is: 0.0.19 and dynamodb-store judge it so. */
export function isExpired(row: RowExpiry, now: number): boolean {
  const end = endOf(row);
  return end === undefined || end <= now;
}

/**
 * Whether an expired row may be removed: known to have ended, and long enough ago for every clock to agree.
 */
export function isRemovable(row: RowExpiry, now: number): boolean {
  const end = endOf(row);
  return end !== undefined && end + CLOCK_DIFFERENCE_MS <= now;
}

/**
 * The moment a row's session ends, in epoch milliseconds: as it is written, or at its absolute limit if that
 * is sooner.
 */
export function endOf(row: RowExpiry): number | undefined {
  const written = writtenEndOf(row);
  return written === undefined || row.limit === undefined ? written : Math.min(written, row.limit);
}

/**
 * The end that stands in a row, in epoch milliseconds. `until` is exact, and believed while `expires` agrees
 * with it; where they disagree another package, which knows `expires` alone, has moved that.
 */
export function writtenEndOf(row: RowExpiry): number | undefined {
  if (row.until !== undefined && (row.expires === undefined || row.expires === toSeconds(row.until))) {
    return row.until;
  }
  return row.expires === undefined ? undefined : row.expires * 1000;
}

/** The absolute limit of a session that began at `created`; `undefined` where there is none. */
export function limitOf(created: number | undefined, absoluteTtlMs: number | undefined): number | undefined {
  return created === undefined || absoluteTtlMs === undefined ? undefined : created + absoluteTtlMs;
}

/**
 * The expiry that a write at `now` gives to a session that lives for `lifetimeMs`, and at most to its
 * absolute limit.
 */
export function expiryFrom(now: number, lifetimeMs: number, limit: number | undefined): ExpiryStamp {
  return stampOf(Math.min(now + lifetimeMs, limit ?? Number.POSITIVE_INFINITY), now);
}

/** What a row says of a session that ends at `end`, and whose end was last moved at `updated`. */
export function stampOf(end: number, updated: number): ExpiryStamp {
  const until = Math.floor(end);
  return { until, expires: toSeconds(until), updated };
}

/** How long a session lives from now on: the store's `ttl` wins, then the cookie's `maxAge`, then one day. */
export function lifetimeOf(ttlMs: number | undefined, maxAgeMs: number | undefined): number {
  if (ttlMs !== undefined) return ttlMs;
  if (maxAgeMs === undefined || !Number.isFinite(maxAgeMs)) return DEFAULT_TTL_MS;
  return Math.max(-MAX_LIFETIME_MS, Math.min(maxAgeMs, MAX_LIFETIME_MS));
}

function toSeconds(untilMs: number): number {
  return Math.ceil(untilMs / 1000);
}
