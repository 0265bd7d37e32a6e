// One session, by its id: looked at, or destroyed.
import { SessionStoreError, type SessionStoreOptions } from "../core/doors.js";
import { type ListedSession, listedOf } from "./list.js";
import { withInventory } from "./open.js";

/**
 * A session by its id, live or expired, in the table or a previous place: with its data and size, by a strong
 * read. Nothing is changed by it: no end is moved, and an expired row stays.
 *
 * @param store the options that the application gives to its store.
 * @returns `undefined` where there is none.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, `ERR_SESSION_CORRUPT`; as every read of the store.
 */
export async function findSession(
  store: SessionStoreOptions,
  id: string,
): Promise<ListedSession | undefined> {
  return withInventory(store, async (inventory) => {
    const found = await inventory.find(id);
    if (found === undefined) return undefined;
    const listed = listedOf(found, inventory);
    if (listed instanceof SessionStoreError) throw listed;
    return listed;
  });
}

/**
 * Destroys a session by its id: it is logged out, wherever it is, also where its data cannot be read. None
 * being there is as good.
 *
 * @param store the options that the application gives to its store.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; as every operation of the store.
 */
export async function destroySession(store: SessionStoreOptions, id: string): Promise<void> {
  return withInventory(store, ({ engine }) => engine.destroy(id));
}
