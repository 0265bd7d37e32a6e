// From a session id to the keys that it is stored under, and back. A stored key is a type of its own: a
// session id cannot be passed for one by mistake.
import { BoundedMap } from "./bounded-map.js";
import { toBase64Url } from "./bytes.js";

declare const storageKey: unique symbol;

/**
 * What stands in the table's key attributes for one session: `hashPrefix` and the session's id, or the hash
 * of that.
 */
export type StorageKey = string & { readonly [storageKey]: true };

/** How sessions are keyed in a table: the resolved `table` options, and `hashIds`. */
export interface KeyLayout {
  readonly hashKey: string;
  readonly sortKey: string | null;
  readonly hashPrefix: string;
  /**
   * Whether a hash of the id stands in the key, in place of the id, so that nobody comes in by what is read
   * in the table. Rack stores hashes since CVE-2019-16782: how long its look-ups took told of the ids.
   */
  readonly hashIds: boolean;
}

/** Where sessions are: a table, and their keys in it. */
export interface Place {
  readonly tableName: string;
  readonly keys: KeyLayout;
}

/** Whether two places are one: sessions in hand may go from one engine to another of the same table. */
export function isSamePlace(one: Place, other: Place): boolean {
  if (one.keys === other.keys) return true;
  if (one.tableName !== other.tableName) return false;
  const names = ["hashKey", "sortKey", "hashPrefix", "hashIds"] as const;
  return names.every((name) => one.keys[name] === other.keys[name]);
}

/** The keys of one session. */
export interface Address {
  /** Where it is, or is moved to. */
  readonly key: StorageKey;
  /**
   * In each of the places of the option `previous`, where it may be still; `undefined` where it cannot be.
   */
  readonly previous: readonly (StorageKey | undefined)[];
}

// Limits of DynamoDB in UTF-8 bytes:
// docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const MAX_HASH_KEY_BYTES = 2048;
export const MAX_SORT_KEY_BYTES = 1024;
const NO_PREVIOUS: Address["previous"] = [];

/** Makes the addresses of sessions from their ids. */
export class Addresses {
  readonly #keys: KeyLayout;
  readonly #previous: readonly KeyLayout[];
  readonly #hashes: boolean;
  readonly #requestsShare: boolean;
  // Hashing takes its time. Who asks for one session waits for the same hash, and goes on in the order of
  // asking.
  readonly #hashed = new BoundedMap<string, Address | undefined | Promise<Address | undefined>>();

  constructor(keys: KeyLayout, previous: readonly Place[], requestsShare: boolean) {
    this.#keys = keys;
    this.#previous = previous.map((place) => place.keys);
    this.#hashes = [keys, ...this.#previous].some((layout) => layout.hashIds);
    this.#requestsShare = requestsShare;
  }

  /** Whether a session can have this id. */
  canHave(id: unknown): id is string {
    return canBeId(id, this.#keys);
  }

  /** The address of a session; `undefined` for what cannot be its id. */
  of(id: unknown): Address | undefined | Promise<Address | undefined> {
    if (!this.canHave(id)) return undefined;
    if (!this.#hashes) return this.#addressOf(id, id);
    const known = this.#hashed.get(id);
    if (known !== undefined) return known;
    const hashing = hashOf(id).then((hash) => this.#addressOf(id, hash));
    if (this.#requestsShare) this.#hashed.set(id, hashing);
    // One that failed is made again. Who waits for it is told.
    hashing.then(
      (address) => this.#hashed.set(id, address),
      () => this.#hashed.set(id, undefined),
    );
    return hashing;
  }

  /** The address of a session that was found in one of its places; `undefined` for what is no key there. */
  ofKey(key: StorageKey, layout: KeyLayout): Address | undefined | Promise<Address | undefined> {
    const rest = afterPrefix(key, layout);
    if (!layout.hashIds) return this.of(rest);
    // Of its id nothing is known. Where that is hashed as well, the key begins otherwise.
    const keyAt = (other: KeyLayout) => {
      const there = other.hashPrefix + rest;
      return other.hashIds && isStorageKey(there, other) ? there : undefined;
    };
    const current = keyAt(this.#keys);
    return current && { key: current, previous: this.#previous.map(keyAt) };
  }

  #addressOf(id: string, hash: string): Address | undefined {
    const key = keyOf(id, hash, this.#keys);
    if (key === undefined || this.#previous.length === 0) return key && { key, previous: NO_PREVIOUS };
    return { key, previous: this.#previous.map((layout) => keyOf(id, hash, layout)) };
  }
}

/** What stands in a stored key after the prefix: the session's id, or where ids are hashed, their hash. */
export function afterPrefix(key: StorageKey, layout: KeyLayout): string {
  return key.slice(layout.hashPrefix.length);
}

/** The session id that a stored key stands for; empty, and so nobody's, where the table does not hold ids. */
export function sessionIdOf(key: StorageKey, layout: KeyLayout): string {
  return layout.hashIds ? "" : afterPrefix(key, layout);
}

/** Whether a key attribute found in the table can be a session's under this layout. */
export function isStorageKey(key: string, layout: KeyLayout): key is StorageKey {
  return key.length > layout.hashPrefix.length && key.startsWith(layout.hashPrefix);
}

/**
 * How a session is named in events and errors: enough to compare two lines of a log, too little to be used.
 */
export function shortId(id: unknown): string {
  return typeof id === "string" && id.length >= 16 ? `${id.slice(0, 4)}…` : "…";
}

// Two ids that differ in a lone surrogate alone become the same key on the wire, where each turns into
// U+FFFD.
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** SHA-256 of a text, base64url: 43 characters. */
export async function hashOf(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

function keyOf(id: string, hash: string, layout: KeyLayout): StorageKey | undefined {
  const key = layout.hashPrefix + (layout.hashIds ? hash : id);
  return canBeId(id, layout) && isStorageKey(key, layout) ? key : undefined;
}

// Hashed or not, the same ids are ids: a table can begin to hash them.
function canBeId(id: unknown, { hashPrefix, sortKey }: KeyLayout): id is string {
  if (typeof id !== "string" || id === "" || hasLoneSurrogate(id)) return false;
  const limit = sortKey === null ? MAX_HASH_KEY_BYTES : MAX_SORT_KEY_BYTES;
  const length = hashPrefix.length + id.length;
  // No character takes more than three bytes: most keys need no count.
  return 3 * length <= limit || (length <= limit && utf8Length(hashPrefix + id) <= limit);
}

const encoder = new TextEncoder();

/** The length of a text in bytes, as DynamoDB counts it. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
