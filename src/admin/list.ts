// Which sessions there are: all of a store's, or all of an owner's.
import {
  A_FUNCTION,
  type Check,
  checkEach,
  type FoundSession,
  type Inventory,
  type SessionData,
  SessionStoreError,
  type SessionStoreOptions,
  TRUE_OR_FALSE,
} from "../core/doors.js";
import { withInventory } from "./open.js";
import { WORK_CHECKS, Work, type WorkOptions } from "./work.js";

/** A session as it was found. */
export interface ListedSession {
  /** The session's id. Empty where the table holds hashes of ids. Whoever reads it may be able to get in by it. */
  readonly id: string;
  /** The beginning of the id, or of its hash: names it in a log, and opens nothing. */
  readonly shortId: string;
  /** When it began, in epoch milliseconds; `undefined` where another package wrote it, which does not say. */
  readonly created: number | undefined;
  /** When it was last kept alive, in epoch milliseconds. */
  readonly updated: number | undefined;
  /** When it ends or ended, in epoch milliseconds; `undefined` where nobody wrote it: then it is over. */
  readonly endsAt: number | undefined;
  /** Whether it is over, and was not removed yet. */
  readonly isExpired: boolean;
  /** The hash of its owner's name, as `hashOfOwner` gives it; `undefined` of a session that is nobody's. */
  readonly owner: string | undefined;
  /** Where it was found: 0 is the store's table, 1 the first of the option `previous`, and so on. */
  readonly place: number;
  /** How many bytes DynamoDB counts for its row, with `data: true`. */
  readonly bytes: number | undefined;
  /** What the application keeps in it, with `data: true`. */
  readonly data: SessionData | undefined;
}

/** The options of {@link listSessions}. */
export interface ListOptions extends WorkOptions {
  /** Whether expired sessions come too, which DynamoDB has not removed yet. Default `false`. */
  readonly expired?: boolean | undefined;
  /** Whether their data and size are read. Costs no more units, but more time. Default `false`. */
  readonly data?: boolean | undefined;
  /**
   * Is told of each row that cannot be read, and the list goes on. Default: the first one ends the list with
   * `ERR_SESSION_CORRUPT`.
   */
  readonly onUnreadable?: ((error: SessionStoreError) => void) | undefined;
}

const CHECKS: Record<keyof ListOptions, Check> = {
  ...WORK_CHECKS,
  expired: TRUE_OR_FALSE,
  data: TRUE_OR_FALSE,
  onUnreadable: A_FUNCTION,
};

/**
 * Every session of a store, those first that are still in a previous place. Reads, and is billed for, the whole
 * table: half a unit for 4 KB of rows where the option `consistentRead` is false, else one. What is made or
 * ends meanwhile may come or not; one that is moved meanwhile may come twice.
 *
 * The cursor of `onProgress` moves with whole pages, when all sessions of one have been taken: a list that ends
 * in between goes on with the beginning of that page.
 *
 * @param store the options that the application gives to its store.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; `ERR_SESSION_CORRUPT`; as every read of the store. Or the
 * reason of `signal`.
 * @example
 * for await (const { shortId, endsAt } of listSessions({ table: { name: "sessions" } }))
 *   console.log(shortId, endsAt && new Date(endsAt));
 */
export async function* listSessions(
  store: SessionStoreOptions,
  options: ListOptions = {},
): AsyncGenerator<ListedSession, void, undefined> {
  checkEach(options, CHECKS, "");
  const { expired = false, data = false, onUnreadable, ...work } = options;
  const listing = Work.begin(store, work, 1);
  const { inventory } = listing;
  const refuse = (error: SessionStoreError) => {
    if (onUnreadable === undefined) throw error;
    onUnreadable(error);
  };
  try {
    for await (const page of listing.pages({ attributes: data ? "all" : "expiry" })) {
      for (const error of page.unreadable) refuse(error);
      for (const found of page.sessions) {
        if (found.isExpired && !expired) continue;
        const listed = listedOf(found, inventory);
        if (listed instanceof SessionStoreError) {
          refuse(listed);
          continue;
        }
        listing.count(1);
        yield listed;
      }
    }
  } finally {
    await listing.close();
  }
}

/**
 * The live sessions of an owner (option `owner` of the store), with their data: a strong `Query`, and a strong
 * read of each.
 *
 * @param store the options that the application gives to its store; the function `owner` may be left out.
 * @param owner what the option `owner` gives of their data.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, `ERR_SESSION_CORRUPT`; as every read of the store.
 */
export async function sessionsOf(store: SessionStoreOptions, owner: string): Promise<ListedSession[]> {
  return withInventory(withOwner(store), async (inventory) => {
    const sessions = await inventory.sessionsOf(owner);
    return sessions.map((found) => {
      const listed = listedOf(found, inventory);
      if (listed instanceof SessionStoreError) throw listed;
      return listed;
    });
  });
}

/** The store with an option `owner`, without which nobody is an owner, for who looks for them by name. */
export function withOwner(store: SessionStoreOptions): SessionStoreOptions {
  return { ...store, owner: store.owner ?? (() => undefined) };
}

/** A session that was found, for who asked; or why its data cannot be read. */
export function listedOf(found: FoundSession, inventory: Inventory): ListedSession | SessionStoreError {
  const { row, bytes, key: _, ...rest } = found;
  if (row === undefined) return { ...rest, bytes: undefined, data: undefined };
  try {
    return { ...rest, bytes, data: inventory.dataOf(row) };
  } catch (error) {
    if (error instanceof SessionStoreError) return error;
    throw error;
  }
}
