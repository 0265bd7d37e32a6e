// A row of the table as this package knows it: decoded from an item, and made for one. No I/O, no policy.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { fromSess } from "./data.js";
import { SessionStoreError, tooLarge } from "./errors.js";
import type { ExpiryStamp, RowExpiry } from "./expiry.js";
import { type KeyLayout, type StorageKey, sessionIdOf, shortId, utf8Length } from "./keys.js";
import { keepsMapClock, mapClockOf } from "./map.js";

/** An item as the SDK's low-level commands give and take it. */
export type Item = Record<string, AttributeValue>;

/** An item that is a session's: one with data. */
export type SessionItem = Item & { readonly sess: AttributeValue };

/** A row as last known. */
export interface SessionRow extends RowExpiry {
  readonly key: StorageKey;
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
  /** The attributes as they were read or written, for conditions that must match them exactly. */
  readonly item: SessionItem;
}

/** What a write of data says, besides the expiry. */
export interface RowContent {
  readonly key: StorageKey;
  readonly sess: AttributeValue;
  readonly gen: string;
  readonly rev: number;
  readonly writes: readonly string[];
  readonly created: number;
}

/** How many of the last writes a row remembers: one that was refused and stands among them had succeeded. */
export const MAX_WRITES = 8;
// A little later, to be a round number: 5 138.
const YEAR_5000_SECONDS = 1e11;
const MAX_ITEM_BYTES = 400 * 1024;

/** Whether an item is a session's. One without `sess` is not: connect-dynamodb's touch leaves such behind a logout. */
export function isSessionItem(item: Item | undefined): item is SessionItem {
  return item?.sess !== undefined;
}

/**
 * A session's item as a row.
 *
 * @throws {SessionStoreError} `ERR_SESSION_CORRUPT` where an attribute is not what it must be.
 */
export function decodeRow(item: SessionItem, key: StorageKey, layout: KeyLayout): SessionRow {
  const rev = numberOf("rev", item, key, layout);
  const keepsClock = keepsMapClock(item.sess, rev !== undefined, layout);
  const text = fromSess(item.sess, keepsClock);
  if (text === undefined) {
    throw corrupt(key, layout, `its attribute "sess" is neither JSON text nor a map`);
  }
  return {
    key,
    text,
    gen: textOf("gen", item, key, layout),
    rev,
    writes: item.writes?.S?.split(" ") ?? [],
    ...decodeExpiry(item, key, layout),
    updated: latest(numberOf("updated", item, key, layout), mapClockOf(item.sess, keepsClock)),
    created: numberOf("created", item, key, layout),
    item,
  };
}

/**
 * When an item's session ends, read without its data.
 *
 * @throws {SessionStoreError} `ERR_SESSION_CORRUPT` where an attribute is no number.
 */
export function decodeExpiry(item: Item, key: StorageKey, layout: KeyLayout): RowExpiry {
  return {
    until: numberOf("until", item, key, layout),
    expires: expiresOf(item, key, layout),
  };
}

/** The attributes that a write of data writes, besides the expiry. */
export function encodeContent(content: RowContent) {
  return {
    sess: content.sess,
    gen: { S: content.gen },
    rev: { N: String(content.rev) },
    writes: { S: content.writes.join(" ") },
    created: { N: String(content.created) },
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

/**
 * Refuses what DynamoDB would: an item over 400 KB.
 *
 * @throws {SessionStoreError} `ERR_SESSION_TOO_LARGE`, with the size.
 */
export function checkSize(item: Item): void {
  // No character takes more than three bytes: most items need no count.
  if (itemBytes(item, (text) => 3 * text.length) <= MAX_ITEM_BYTES) return;
  const bytes = itemBytes(item, utf8Length);
  if (bytes > MAX_ITEM_BYTES) throw tooLarge(`would be ${Math.ceil(bytes / 1024)} KB`);
}

/** The error for a row that cannot be read. It stays in the table. */
export function corrupt(key: StorageKey, layout: KeyLayout, why: string): SessionStoreError {
  const name = layout.hashPrefix + shortId(sessionIdOf(key, layout));
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
 * `expires` in epoch seconds, as what stands there plainly means. Home-made stores get it wrong in known ways:
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
  return value;
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
