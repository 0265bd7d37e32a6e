// Whom the timing runs compare with: the stores that are here, and what each contestant is called.
import { hasOldPackages, STORES } from "./stores.js";

const OTHERS = { sdk: "the bare SDK call", memory: "MemoryStore", none: "no session" };

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

/** @param {string} name */
export function titleOf(name) {
  return STORES[name]?.title ?? OTHERS[name];
}
