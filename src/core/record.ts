// A row of the table as this package knows it: decoded from an item, and made for one. No I/O, no policy.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { fromSess } from "./data.js";
import { SessionStoreError, tooLarge } from "./errors.js";
import { type ExpiryStamp, limitOf, type RowExpiry } from "./expiry.js";
import { afterPrefix, type KeyLayout, type Place, type StorageKey, shortId, utf8Length } from "./keys.js";
import { keepsMapClock, mapClockOf, NUMBERS_END } from "./map.js";

/** An item as the SDK's low-level commands give and take it. */
export type Item = Record<string, AttributeValue>;

/** An item that is a session's: one with data. */
export type SessionItem = Item & { readonly sess: AttributeValue };

/** What the rows of one table are read by. */
export interface RowRules extends Place {
  readonly absoluteTtl: number | undefined;
}

/** Whose a session is, and that it is listed as such: what the option `owner` says. */
export interface Ownership {
  /** A hash of the owner's name. */
  readonly owner: string;
  /** Epoch seconds: when the row expires that lists the session under its owner. Never before the session. */
  readonly listedUntil: number;
}

/** A row as last known. */
export interface SessionRow extends RowExpiry {
  readonly key: StorageKey;
  /** The place that it stands in. */
  readonly place: RowRules;
  /** The data as JSON text, not yet parsed. */
  readonly text: string;
  /** Eight random characters given at creation; absent on rows of other packages. */
  readonly gen: string | undefined;
  /** Grows by one with every write of data; absent on rows of other packages. */
  readonly rev: number | undefined;
  /** The ids of the last writes, the newest last. */
  readonly writes: readonly string[];
  /** Epoch milliseconds of the last write that moved the expiry. */
  readonly updated: number | undefined;
  /** Epoch milliseconds of the first write. */
  readonly created: number | undefined;
  /** Whose it is, where it is listed under an owner. */
  readonly ownership: Ownership | undefined;
  /** The attributes as they were read or written, for conditions that must match them exactly. */
  readonly item: SessionItem;
}

/** What a write of data says, besides the expiry. */
export interface RowContent {
  readonly key: StorageKey;
  /** The data as JSON text. */
  readonly text: string;
  readonly gen: string;
  readonly rev: number;
  readonly writes: readonly string[];
  readonly created: number;
  readonly ownership: Ownership | undefined;
}

/** The attributes that say whose a session is: they come, and go, together. */
export const OWNERSHIP: readonly string[] = ["owner", "listedUntil"];
/** The attributes of a row besides its keys, which cannot have their names. */
export const ROW_ATTRIBUTES: readonly string[] = [
  ..."gen rev writes until expires sess updated created idHash".split(" "),
  ...OWNERSHIP,
];

/** How many of the last writes a row remembers: one that was refused and stands among them had succeeded. */
export const MAX_WRITES = 8;
// A little later, to be a round number: 5 138.
const YEAR_5000_SECONDS = 1e11;
const MAX_ITEM_BYTES = 400 * 1024;

// What a row says of the key that it stands under.
export const ID_HASH = "sha256";

/**
 * Whether an item is a session's of this layout. One without `sess` is not: connect-dynamodb's touch leaves
 * such behind a logout. Nor is one that stands under a hash where ids are looked up, by a previous layout or
 * after a change of options: there the hash would be an id, and who has read it in the table would come in.
 */
export function isSessionItem(item: Item | undefined, { hashIds }: KeyLayout): item is SessionItem {
  return item?.sess !== undefined && isHashed(item) === hashIds;
}

/** Whether an item says that a hash of its session's id stands in its key. */
export function isHashed(item: Item): boolean {
  return item.idHash?.S === ID_HASH;
}

/** Whose an item says that its session is. Attributes of another's that only have these names say nothing. */
export function ownershipIn({ owner, listedUntil }: Item): Ownership | undefined {
  const until = Number(listedUntil?.N);
  if (owner?.S === undefined || !(Math.abs(until) < NUMBERS_END)) return undefined;
  return { owner: owner.S, listedUntil: until };
}

/**
 * A session's item as a row. `text` is the data as JSON text where that is known, or `sess` is encoded.
 *
 * @throws {SessionStoreError} `ERR_SESSION_CORRUPT` where an attribute is not what it must be.
 */
export function decodeRow(item: SessionItem, key: StorageKey, rules: RowRules, text?: string): SessionRow {
  const { keys } = rules;
  const rev = revOf(item, key, keys);
  const keepsClock = keepsMapClock(item.sess, rev !== undefined, keys);
  const data = text ?? fromSess(item.sess, keepsClock);
  if (data === undefined) {
    throw corrupt(key, keys, `its attribute "sess" is neither JSON text nor a map, and no codec is given`);
  }
  return {
    key,
    place: rules,
    text: data,
    gen: textOf("gen", item, key, keys),
    rev,
    writes: item.writes?.S?.split(" ") ?? [],
    ...decodeExpiry(item, key, rules),
    updated: latest(numberOf("updated", item, key, keys), mapClockOf(item.sess, keepsClock)),
    created: numberOf("created", item, key, keys),
    ownership: ownershipIn(item),
    item,
  };
}

/**
 * When an item's session ends, read without its data.
 *
 * @throws {SessionStoreError} `ERR_SESSION_CORRUPT` where an attribute is no number.
 */
export function decodeExpiry(item: Item, key: StorageKey, { keys, absoluteTtl }: RowRules): RowExpiry {
  return {
    until: numberOf("until", item, key, keys),
    expires: expiresOf(item, key, keys),
    limit: limitOf(numberOf("created", item, key, keys), absoluteTtl),
  };
}

/** The attributes that a write of data writes, besides the data and the expiry. */
export function encodeContent(content: RowContent, { hashIds }: KeyLayout): Item {
  const { ownership } = content;
  return {
    gen: { S: content.gen },
    rev: { N: String(content.rev) },
    writes: { S: content.writes.join(" ") },
    created: { N: String(content.created) },
    ...(hashIds && { idHash: { S: ID_HASH } }),
    ...(ownership && {
      owner: { S: ownership.owner },
      listedUntil: { N: String(ownership.listedUntil) },
    }),
  };
}

/** The attributes that a touch writes, and a write of data that renews its session. */
export function encodeExpiry(expiry: ExpiryStamp) {
  return {
    until: { N: String(expiry.until) },
    expires: { N: String(expiry.expires) },
    updated: { N: String(expiry.updated) },
  };
}

/** A row's remembered writes with one more. */
export function addWrite(writes: readonly string[], id: string): readonly string[] {
  return [...writes, id].slice(-MAX_WRITES);
}

/** How many bytes DynamoDB counts for an item. */
export function sizeOf(item: Item): number {
  return itemBytes(item, utf8Length);
}

/**
 * Refuses what DynamoDB would: an item over 400 KB.
 *
 * @throws {SessionStoreError} `ERR_SESSION_TOO_LARGE`, with the size.
 */
export function checkSize(item: Item): void {
  // No character takes more than three bytes: most items need no count.
  if (itemBytes(item, (text) => 3 * text.length) <= MAX_ITEM_BYTES) return;
  const bytes = sizeOf(item);
  if (bytes > MAX_ITEM_BYTES) throw tooLarge(`would be ${Math.ceil(bytes / 1024)} KB`);
}

/** The error for a row that cannot be read. It stays in the table. */
export function corrupt(key: StorageKey, layout: KeyLayout, why: string): SessionStoreError {
  const name = layout.hashPrefix + shortId(afterPrefix(key, layout));
  return new SessionStoreError(
    "ERR_SESSION_CORRUPT",
    `the row "${name}" cannot be read: ${why}; it was left as it is. Mend it, or destroy the session`,
  );
}

// 0.0.19 moves the clock inside its map alone, also on rows of ours.
function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/**
 * `expires` in epoch seconds, as what stands there plainly means. Home-made stores get it wrong in known
 * ways:
 *
 * | found | read as |
 * | --- | --- |
 * | a number, whole or with a fraction | seconds |
 * | a number that as seconds lies beyond the year 5000, and as milliseconds does not | milliseconds |
 * | a string that is such a number | that number |
 * | anything else: negative, not a number, beyond both | nothing: the row is corrupt |
 */
function expiresOf(item: Item, key: StorageKey, layout: KeyLayout): number | undefined {
  const attribute = item.expires;
  if (attribute === undefined) return undefined;
  const written = attribute.N ?? attribute.S ?? "";
  const value = written.trim() === "" ? Number.NaN : Number(written);
  if (value >= 0 && value < YEAR_5000_SECONDS) return value;
  if (value >= 0 && value < YEAR_5000_SECONDS * 1000) return value / 1000;
  throw corrupt(key, layout, 'its attribute "expires" is no time in seconds');
}

function numberOf(name: string, item: Item, key: StorageKey, layout: KeyLayout): number | undefined {
  const attribute = item[name];
  if (attribute === undefined) return undefined;
  const value = Number(attribute.N);
  if (attribute.N === undefined || !Number.isFinite(value)) {
    throw corrupt(key, layout, `its attribute "${name}" is no number`);
  }
  if (Math.abs(value) >= NUMBERS_END) {
    throw corrupt(key, layout, `its attribute "${name}" is a number that cannot be written back`);
  }
  return value;
}

/**
 * A revision tells writes apart by growing: one that cannot grow by one would let them overwrite each other.
 */
function revOf(item: Item, key: StorageKey, layout: KeyLayout): number | undefined {
  const rev = numberOf("rev", item, key, layout);
  if (rev === undefined || Math.abs(rev) < Number.MAX_SAFE_INTEGER) return rev;
  throw corrupt(key, layout, 'its attribute "rev" is no number that can grow by one');
}

function textOf(name: string, item: Item, key: StorageKey, layout: KeyLayout): string | undefined {
  const attribute = item[name];
  if (attribute === undefined || attribute.S !== undefined) return attribute?.S;
  throw corrupt(key, layout, `its attribute "${name}" is no text`);
}

// By the rules of docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
function itemBytes(item: Item, lengthOf: (text: string) => number): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += lengthOf(name) + valueBytes(value, lengthOf);
  return bytes;
}

function valueBytes(value: AttributeValue, lengthOf: (text: string) => number): number {
  if (value.S !== undefined) return lengthOf(value.S);
  if (value.N !== undefined) return Math.ceil(significantDigits(value.N) / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M, lengthOf);
  if (value.L !== undefined)
    return value.L.reduce((sum, element) => sum + 1 + valueBytes(element, lengthOf), 3);
  return 1;
}

function significantDigits(number: string): number {
  return number
    .replace(/e.*$/i, "")
    .replace(/\D/g, "")
    .replace(/^0+|0+$/g, "").length;
}
