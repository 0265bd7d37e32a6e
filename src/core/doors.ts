// What the doors of this package are given of the core: all that users get, and what doors are made of
// besides. Built as one file that every entry loads, so that there is one core, and one error class, in a
// process.
export { BoundedMap } from "./bounded-map.js";
export { joined } from "./bytes.js";
export { A_FUNCTION, type Check, checkEach, isObject, refuseOption, TRUE_OR_FALSE } from "./checks.js";
export type { Command } from "./client.js";
export type { CodecRow, SessionCodec } from "./codec.js";
export { apart, copyOfData, isSameData, readOf } from "./data.js";
export {
  engineForDoor,
  type SaveResult,
  type SessionChange,
  type SessionEngine,
  type TouchResult,
  type UpdateResult,
} from "./engine.js";
export { type SessionErrorCode, SessionStoreError, tooLarge } from "./errors.js";
export type { OperationName, SessionEvent, SessionEventListener } from "./events.js";
export { endOf } from "./expiry.js";
export { refusalIn, translateFailure } from "./failures.js";
export {
  type BroughtIn,
  type BroughtOver,
  type Costed,
  type FoundSession,
  Inventory,
  type InventoryPage,
  type PageRequest,
  sessionIn,
} from "./inventory.js";
export { afterPrefix, hashOf, isSamePlace, type KeyLayout, type Place, shortId } from "./keys.js";
export type { CookieLifetime, LifetimeOfData, SessionLifetime } from "./lifetime.js";
export {
  createSessionEngine,
  type DestroyAllOptions,
  type ListingEngine,
  listingEngineForDoor,
} from "./listing.js";
export { NEIGHBOURS, optionsFor, showKeys } from "./neighbours.js";
export {
  type Concurrency,
  checkOptions,
  DEFAULTS,
  type DynamoDBClientLike,
  type PreviousPlace,
  placeBy,
  type ResolvedOptions,
  resolveOptions,
  type SessionData,
  type SessionStoreOptions,
  type TableOptions,
} from "./options.js";
export { hashOfOwner, type OwnerOf } from "./owners.js";
export type { SessionRow } from "./record.js";
export {
  cookieIn,
  FLASH,
  isReserved,
  KOA_GRACE_MS,
  lifetimeIn,
  refuseReserved,
  type StoredCookie,
  withMaxAge,
} from "./reserved-fields.js";
export type { SessionInHand } from "./session.js";
