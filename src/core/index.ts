// The entry `@cyclic.sh/session-store/core`: the engine for any caller, its errors, its defaults, its types.
export { copyOfData } from "./data.js";
export {
  createSessionEngine,
  type SaveResult,
  type SessionChange,
  type SessionEngine,
  type TouchResult,
  type UpdateResult,
} from "./engine.js";
export { SessionEngines } from "./engines.js";
export { type SessionErrorCode, SessionStoreError } from "./errors.js";
export type { OperationName, SessionEvent, SessionEventListener } from "./events.js";
export {
  DEFAULTS,
  type DynamoDBClientLike,
  refuseOption,
  type SessionData,
  type SessionStoreOptions,
  type TableOptions,
} from "./options.js";
export type { CookieLifetime } from "./protocol.js";
export type { SessionInHand } from "./session.js";
