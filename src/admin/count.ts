// How many sessions there are.
import type { SessionStoreOptions } from "../core/doors.js";
import { checkWork, Work, type WorkOptions } from "./work.js";

/** How many sessions a store has. */
export interface SessionCount {
  /** Sessions that are not over. */
  readonly live: number;
  /** Over, and not removed yet. */
  readonly expired: number;
  /** Rows of sessions that cannot be read. */
  readonly unreadable: number;
  /** Rows read, whosever they are. */
  readonly scanned: number;
  /** Capacity units that it cost. */
  readonly units: number;
}

/**
 * Counts a store's sessions, those in previous places among them: an exact figure, for which the whole table is
 * read and billed. Of a call that goes on from a cursor, those from there on.
 *
 * @param store the options that the application gives to its store.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; as every read of the store. Or the reason of `signal`.
 * @example
 * const { live } = await countSessions({ table: { name: "sessions" } });
 */
export async function countSessions(
  store: SessionStoreOptions,
  options: WorkOptions = {},
): Promise<SessionCount> {
  checkWork(options);
  return Work.run(store, options, async (work) => {
    let [live, expired, unreadable] = [0, 0, 0];
    for await (const page of work.pages({ attributes: "expiry" })) {
      const over = page.sessions.filter(({ isExpired }) => isExpired).length;
      live += page.sessions.length - over;
      expired += over;
      unreadable += page.unreadable.length;
      work.count(page.sessions.length);
    }
    return { live, expired, unreadable, scanned: work.scanned, units: work.units };
  });
}
