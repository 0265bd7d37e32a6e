// Ends sessions: all of a store's, or all of an owner's.
import type { DestroyAllOptions, SessionStoreError, SessionStoreOptions } from "../core/doors.js";
import { withOwner } from "./list.js";
import { withInventory } from "./open.js";
import { isOneSessions } from "./patience.js";
import { checkWork, Work, type WorkOptions } from "./work.js";

/** What {@link destroyAll} did. */
export interface DestroyedSessions {
  /** Sessions that were found, live or expired, and are gone. */
  readonly destroyed: number;
  /** Why each row was left where it is that cannot be read, or has no key here: the first 1 000. */
  readonly unreadable: readonly SessionStoreError[];
  /** Rows read, whosever they are. */
  readonly scanned: number;
  /** Capacity units that it cost. */
  readonly units: number;
}

const MOST_UNREADABLE = 1_000;
// What the removal of a row of a few KB costs, until that is known.
const EXPECTED_UNITS = 1;

/**
 * Destroys every session of a store, live and expired, in previous places as well: everybody is logged out. No
 * other row is touched, whatever shares the table. Sessions that begin meanwhile may live. It can be
 * interrupted, called again, and be run by two at once.
 *
 * @param store the options that the application gives to its store.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; as every operation of the store. Or the reason of `signal`.
 * What was destroyed by then stays so.
 * @example
 * await destroyAll({ table: { name: "sessions" } }, { maxUnitsPerSecond: 500 });
 */
export async function destroyAll(
  store: SessionStoreOptions,
  options: WorkOptions = {},
): Promise<DestroyedSessions> {
  checkWork(options);
  // A logout of everybody misses nobody who has just come.
  return Work.run({ ...store, consistentRead: true }, options, async (work) => {
    let destroyed = 0;
    const unreadable: SessionStoreError[] = [];
    for await (const page of work.pages({ attributes: "expiry" })) {
      unreadable.push(...page.unreadable.slice(0, MOST_UNREADABLE - unreadable.length));
      await work.eachOf(page.sessions, async (found) => {
        try {
          await work.spend(EXPECTED_UNITS, () => work.inventory.remove(found));
          destroyed += 1;
          work.count(1);
          work.tell();
        } catch (error) {
          if (!isOneSessions(error)) throw error;
          if (unreadable.length < MOST_UNREADABLE) unreadable.push(error);
        }
      });
    }
    return { destroyed, unreadable, scanned: work.scanned, units: work.units };
  });
}

/**
 * Destroys the sessions of an owner (option `owner` of the store), but for one: a log-out everywhere. When it
 * resolves, every session is gone whose owner was written before the call; what logs in later lives.
 *
 * @param store the options that the application gives to its store; the function `owner` may be left out.
 * @param owner what the option `owner` gives of their data.
 * @param options `except`: the id of a session that is spared.
 * @returns how many it destroyed.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; as every operation of the store. Where it rejects, some may
 * be left: call it again.
 */
export async function destroyAllOf(
  store: SessionStoreOptions,
  owner: string,
  options: DestroyAllOptions = {},
): Promise<number> {
  return withInventory(withOwner(store), ({ engine }) => engine.destroyAllOf(owner, options));
}
