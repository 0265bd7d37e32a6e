// Whom the timing runs compare with: the stores that are here, each in a process of its own, and what each is called.
import { hasOldPackages, STORES } from "./stores.js";

const OTHERS = { sdk: "the bare SDK call", memory: "MemoryStore" };

/**
 * The stores that can be measured here, ours first. Says which are left out.
 *
 * @param {(line: string) => void} say
 */
export function measuredStores(say) {
  const names = Object.keys(STORES);
  if (hasOldPackages()) return names;
  const others = names.filter((name) => name !== "ours");
  say(`left out, for they are not here (npm run fetch): ${others.map(titleOf).join(", ")}`);
  return ["ours"];
}

/**
 * Starts `store-run.js` for each of these: the bare SDK call, and the stores that are here.
 *
 * @param {string[]} stores
 * @param {{ endpoint: string, bytes: number }} given to each, the size of its sessions
 * @param {import("./processes.js").Start} start
 */
export async function startStores(stores, given, start) {
  const processes = new Map();
  for (const store of stores) {
    processes.set(store, await start("store-run.js", "measured", { store, ...given }));
  }
  return processes;
}

/** @param {string} name */
export function titleOf(name) {
  return STORES[name]?.title ?? OTHERS[name];
}
