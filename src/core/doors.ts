// What the doors of this package are given of the core: all that users get, and what doors are made of besides. Built as
// one file that every entry loads, so that there is one core, and one error class, in a process.
export { BoundedMap } from "./bounded-map.js";
export { A_FUNCTION, type Check, checkEach, isObject, refuseOption, TRUE_OR_FALSE } from "./checks.js";
export { apart, copyOfData, readOf } from "./data.js";
export {
  engineForDoor,
  type SaveResult,
  type SessionChange,
  type SessionEngine,
  type TouchResult,
  type UpdateResult,
} from "./engine.js";
export { type SessionErrorCode, SessionStoreError } from "./errors.js";
export type { OperationName, SessionEvent, SessionEventListener } from "./events.js";
export { createSessionEngine, type ListingEngine, listingEngineForDoor } from "./listing.js";
export {
  type Concurrency,
  checkOptions,
  DEFAULTS,
  type DynamoDBClientLike,
  type SessionData,
  type SessionStoreOptions,
  type TableOptions,
} from "./options.js";
export type { CookieLifetime, LifetimeOfData } from "./protocol.js";
export type { SessionInHand } from "./session.js";
