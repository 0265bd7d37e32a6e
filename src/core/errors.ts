// What can go wrong, as a caller sees it: one class, one closed list of codes. Who throws which is said where
// it is thrown; what the SDK and the network report becomes one of these in failures.ts.

/**
 * The stable codes to switch on.
 *
 * - `ERR_SESSION_OPTIONS`: an option is missing or cannot be meant, or a function among them gave what cannot
 *   be; the message names it and what kind of value was given.
 * - `ERR_SESSION_TABLE`: the table is absent, or its key schema is another one than the options say; or
 *   `createTable` cannot make of the one that is there what the store needs.
 * - `ERR_SESSION_ACCESS`: credentials, region or permission; the message names the denied action.
 * - `ERR_SESSION_THROTTLED`: DynamoDB refused for lack of capacity, also after retries.
 * - `ERR_SESSION_TIMEOUT`: the operation did not end within the option `timeout`.
 * - `ERR_SESSION_UNAVAILABLE`: the network or the service failed.
 * - `ERR_SESSION_CONFLICT`: the function `concurrency` found no data to write over another request's.
 * - `ERR_SESSION_TOO_LARGE`: the session does not fit into a DynamoDB item (400 KB), or its data into
 *   `maxBytes` of `compress()`.
 * - `ERR_SESSION_UNSERIALIZABLE`: the data holds what cannot be stored (a cycle, a BigInt, …), or a codec made
 *   no bytes of it.
 * - `ERR_SESSION_CORRUPT`: a row was found that cannot be read; it is left as it is.
 * - `ERR_SESSION_ID`: a save under an id that cannot be a key.
 * - `ERR_SESSION_NOT_LOADED`: what only a loaded session has was asked for without waiting (Hono: before
 *   `get()`).
 * - `ERR_SESSION_COMMITTED`: a change after the response had left (Hono).
 * - `ERR_SESSION_CLOSED`: the engine was closed before.
 */
export type SessionErrorCode =
  | "ERR_SESSION_OPTIONS"
  | "ERR_SESSION_TABLE"
  | "ERR_SESSION_ACCESS"
  | "ERR_SESSION_THROTTLED"
  | "ERR_SESSION_TIMEOUT"
  | "ERR_SESSION_UNAVAILABLE"
  | "ERR_SESSION_CONFLICT"
  | "ERR_SESSION_TOO_LARGE"
  | "ERR_SESSION_UNSERIALIZABLE"
  | "ERR_SESSION_CORRUPT"
  | "ERR_SESSION_ID"
  | "ERR_SESSION_NOT_LOADED"
  | "ERR_SESSION_COMMITTED"
  | "ERR_SESSION_CLOSED";

/**
 * Every error of this package. `code` is for programs, `message` says what happened and what to do, `cause`
 * is the SDK's error where there is one. None of them holds session data or a whole session id.
 */
export class SessionStoreError extends Error {
  /** Always `SessionStoreError`. */
  override readonly name = "SessionStoreError";

  constructor(
    /** For programs to switch on. */
    readonly code: SessionErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** What is said of a session that DynamoDB has no room for. */
export const LARGEST_ROW =
  "DynamoDB holds at most 400 KB in a row; keep large data elsewhere and its key in the session. Nothing was written";

/** The error for a session that DynamoDB has no room for. */
export function tooLarge(size: string): SessionStoreError {
  return new SessionStoreError("ERR_SESSION_TOO_LARGE", `the session's row ${size}. ${LARGEST_ROW}`);
}
