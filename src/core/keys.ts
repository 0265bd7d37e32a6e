// From a session id to the key that it is stored under, and back. A stored key is a type of its own: a session id
// cannot be passed for one by mistake.

declare const storageKey: unique symbol;

/** What stands in the table's key attributes for one session: `hashPrefix` and the session's id. */
export type StorageKey = string & { readonly [storageKey]: true };

/** Where and how sessions are keyed: the resolved `table` options. */
export interface KeyLayout {
  readonly hashKey: string;
  readonly sortKey: string | null;
  readonly hashPrefix: string;
}

// Limits of DynamoDB in UTF-8 bytes: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const MAX_HASH_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;

/** The key of a session id, or `undefined` for what cannot be one: not a string, empty, too long, or not Unicode. */
export function storageKeyOf(id: unknown, layout: KeyLayout): StorageKey | undefined {
  if (typeof id !== "string" || id === "" || hasLoneSurrogate(id)) return undefined;
  const key = layout.hashPrefix + id;
  return fitsKey(key, layout) ? key : undefined;
}

/** The session id that a stored key stands for. */
export function sessionIdOf(key: StorageKey, layout: KeyLayout): string {
  return key.slice(layout.hashPrefix.length);
}

/** Whether a key attribute found in the table can be a session's under this layout. */
export function isStorageKey(key: string, layout: KeyLayout): key is StorageKey {
  return key.length > layout.hashPrefix.length && key.startsWith(layout.hashPrefix);
}

/** How a session is named in events and errors: enough to compare two lines of a log, too little to be used. */
export function shortId(id: unknown): string {
  return typeof id === "string" && id.length >= 16 ? `${id.slice(0, 4)}…` : "…";
}

// Two ids that differ in a lone surrogate alone become the same key on the wire, where each turns into U+FFFD.
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

function fitsKey(key: string, layout: KeyLayout): key is StorageKey {
  const limit = layout.sortKey === null ? MAX_HASH_KEY_BYTES : MAX_SORT_KEY_BYTES;
  // No character takes more than three bytes: most keys need no count.
  return 3 * key.length <= limit || (key.length <= limit && utf8Length(key) <= limit);
}

const encoder = new TextEncoder();

/** The length of a text in bytes, as DynamoDB counts it. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
