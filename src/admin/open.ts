// A store's rows for the time of one call.
import { Inventory, type SessionStoreOptions } from "../core/doors.js";

/** Opens a store's rows, does something with them, and closes them. */
export async function withInventory<Result>(
  store: SessionStoreOptions,
  work: (inventory: Inventory) => Promise<Result>,
): Promise<Result> {
  const inventory = new Inventory(store);
  try {
    return await work(inventory);
  } finally {
    await inventory.close();
  }
}
