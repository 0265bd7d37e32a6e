// The rows that list an owner's sessions: one for each session, under the owner's own partition key, so that
// a strong query finds all of them. A global index cannot promise that: its lag has no bound. What such a row
// looks like and when it is written; the table sends it.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { refuseOption } from "./checks.js";
import { SessionStoreError } from "./errors.js";
import type { ExpiryStamp } from "./expiry.js";
import {
  hashOf,
  isSamePlace,
  isStorageKey,
  type KeyLayout,
  MAX_SORT_KEY_BYTES,
  type Place,
  type StorageKey,
  utf8Length,
} from "./keys.js";
import type { Item, Ownership, RowContent, SessionRow } from "./record.js";

/** The option `owner`. */
export type OwnerOf = (data: Readonly<Record<string, unknown>>) => string | undefined;

/**
 * A session as it is listed: its key, and its `gen`, by which the row is known to be that session's still.
 */
export interface Listed {
  readonly key: StorageKey;
  readonly gen: string;
}

// A session's two keys are the same. Those of a row that lists one never are: after what both begin with, the
// one goes on with this, and the other with "owner#".
const LISTED = "#";
// So much longer than its session a row lives that lists it, at least: touches need not move it each time.
const SHORTEST_MARGIN_MS = 86_400_000;

/**
 * Whose data is.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS` where the function throws, or gives neither a text nor
 * nothing.
 */
export function nameOfOwner(ownerOf: OwnerOf, data: Record<string, unknown>): string | undefined {
  let given: unknown;
  try {
    given = ownerOf(data);
  } catch (cause) {
    const text = "owner: the function threw; see the cause. Nothing was written";
    throw new SessionStoreError("ERR_SESSION_OPTIONS", text, { cause });
  }
  if (given === undefined || (typeof given === "string" && given !== "")) return given;
  if (given instanceof Promise) given.catch(() => {});
  // What it gave is data.
  const got = given === "" ? "an empty one" : `a ${typeof given}`;
  return refuseOption(
    `owner: expected a string that is not empty, or undefined, of the function, got ${got}`,
  );
}

/** What stands in the table for an owner's name: a hash, for a name is data. */
export function hashOfOwner(name: string): Promise<string> {
  return hashOf(`owner:${name}`);
}

/** How long a session lives by the write that lists it. */
export interface Life {
  readonly expiry: ExpiryStamp;
  readonly lifetimeMs: number;
  /** Its absolute limit, in epoch milliseconds. */
  readonly limit: number | undefined;
}

/**
 * Until when a session is listed, in epoch seconds: longer than it lives, so that few touches need to move
 * it.
 */
export function listedUntil(known: Ownership | undefined, { expiry, lifetimeMs, limit }: Life): number {
  if (known && known.listedUntil >= expiry.expires) return known.listedUntil;
  const last = limit ?? expiry.until + Math.max(lifetimeMs, SHORTEST_MARGIN_MS);
  return Math.ceil(Math.max(last, expiry.until) / 1000);
}

/** What is written of an owner's list together with a session's row. */
export function listingWrites(
  place: Place,
  content: RowContent,
  row: SessionRow | undefined,
): TransactWriteItem[] {
  const is = content.ownership;
  const was = row?.ownership;
  const stays = is?.owner === was?.owner && row !== undefined && isSamePlace(row.place, place);
  const writes: TransactWriteItem[] = [];
  if (row && was && !stays && row.place.keys.sortKey !== null) {
    writes.push({
      Delete: { TableName: row.place.tableName, Key: listingKey(was.owner, row.key, row.place.keys) },
    });
  }
  // By its `gen` what is listed is told from a session that was there before under the same id.
  const isListed = stays && row.gen === content.gen && is?.listedUntil === was?.listedUntil;
  if (is && !isListed) {
    const Item = {
      ...listingKey(is.owner, content.key, place.keys),
      gen: { S: content.gen },
      expires: { N: String(is.listedUntil) },
    };
    writes.push({ Put: { TableName: place.tableName, Item } });
  }
  return writes;
}

/**
 * The key of the row that lists a session under its owner.
 *
 * @throws {SessionStoreError} `ERR_SESSION_ID` where the session's key leaves no room for it.
 */
export function listingKey(owner: string, key: StorageKey, keys: KeyLayout): Item {
  const sortKey = LISTED + key;
  if (utf8Length(sortKey) > MAX_SORT_KEY_BYTES) {
    throw new SessionStoreError(
      "ERR_SESSION_ID",
      "with the option owner, a session's id is at most 1 023 bytes with table.hashPrefix; use a shorter one, or hashIds. Nothing was written",
    );
  }
  return { [keys.hashKey]: { S: partitionOf(owner, keys) }, [sortKeyOf(keys)]: { S: sortKey } };
}

/** The partition key under which an owner's sessions are listed. */
export function partitionOf(owner: string, keys: KeyLayout): string {
  return `${keys.hashPrefix}owner#${owner}`;
}

/** What a row of that partition lists; `undefined` where it is none of ours. */
export function listedIn(item: Item, keys: KeyLayout): Listed | undefined {
  const sortKey = item[sortKeyOf(keys)]?.S;
  const gen = item.gen?.S;
  if (sortKey === undefined || gen === undefined || !sortKey.startsWith(LISTED)) return undefined;
  const key = sortKey.slice(LISTED.length);
  return isStorageKey(key, keys) ? { key, gen } : undefined;
}

function sortKeyOf({ sortKey }: KeyLayout): string {
  // The options were refused otherwise.
  return sortKey ?? "";
}
