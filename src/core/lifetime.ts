// How long a session is to live, by what is known when it is written: the option `ttl`, its cookie, and what
// the request means by it. When that ends, and how a row says so, is in expiry.ts.
import { refuseOption } from "./checks.js";
import type { IsReserved } from "./concurrency.js";
import { apart, parseData } from "./data.js";
import { lifetimeOf, MAX_LIFETIME_MS } from "./expiry.js";
import { isLifetime, type ResolvedOptions, type SessionData } from "./options.js";

/** What a door knows of a session's lifetime: its cookie's, and what the request means by it. */
export interface CookieLifetime {
  /**
   * Milliseconds from now; none, or not a finite number, means that the cookie says nothing. The option `ttl`
   * wins.
   */
  readonly maxAge?: number | undefined;
  /** Milliseconds that the row outlives a cookie whose `maxAge` governs. Default 0. */
  readonly grace?: number | undefined;
  /**
   * `false` for a passive request, such as a page's polling, which must not keep its session alive: it
   * prolongs no session that is in the table. Default `true`.
   */
  readonly renew?: boolean | undefined;
}

/**
 * The same as a function of the data that is written: another request may have changed what that says of its
 * lifetime. `undefined`, where the data says nothing and there is no `ttl`, leaves a session's end as it is.
 */
export type LifetimeOfData = (data: SessionData) => CookieLifetime | undefined;

/** How long a session lives, by what is known when it is written. */
export type SessionLifetime = CookieLifetime | LifetimeOfData;

/** How long a session lives from now on. */
export interface Lifetime {
  /** Milliseconds; by these alone touches are spaced. */
  readonly ms: number;
  /** Milliseconds that its row outlives that. */
  readonly grace: number;
  /** Whether the request keeps its session alive. */
  readonly renews: boolean;
}

/**
 * The lifetime that a write of these data gives.
 *
 * @param text the data as JSON text.
 * @param isReserved which fields the function `ttl` is not shown.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS` where the function `ttl` gives none.
 */
export function lifetimeBy(
  text: string,
  cookie: SessionLifetime,
  { ttl }: Pick<ResolvedOptions, "ttl">,
  isReserved: IsReserved,
): Lifetime {
  const said = typeof cookie === "function" ? cookie(parseData(text) ?? {}) : cookie;
  // Passive, and longer than any: nothing is moved.
  if (said === undefined && ttl === undefined) return { ms: MAX_LIFETIME_MS, grace: 0, renews: false };
  const { maxAge, renew, grace: outlives = 0 } = said ?? {};
  const renews = renew !== false;
  if (typeof ttl !== "function") {
    const grace = ttl === undefined && maxAge !== undefined ? outlives : 0;
    return { ms: lifetimeOf(ttl, maxAge), grace, renews };
  }
  const given: unknown = ttl(apart(parseData(text) ?? {}, isReserved)[1]);
  if (isLifetime(given)) return { ms: given, grace: 0, renews };
  if (given instanceof Promise) given.catch(() => {});
  return refuseOption("ttl: expected milliseconds, 1 or more, of the function", given);
}
