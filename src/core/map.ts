// The native map of 0.0.19: session data as DynamoDB's own types, with the clock that 0.0.19 keeps among its
// fields.
//
// Written by hand, read by the SDK: its `marshall` takes `{ constructor: { name: "String" } }` for a String
// object and stores something else, without a word. What a map cannot hold is refused.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { SessionStoreError } from "./errors.js";
import { hasLoneSurrogate, type KeyLayout } from "./keys.js";
import type { SessionData } from "./options.js";
import { showPath } from "./paths.js";

type MapAttribute = AttributeValue.MMember;

// 0.0.19 and dynamodb-store keep their touch throttle's clock under this name, and so do we. The fourth,
// @pwrdrvr/dynamodb-session-store, has another: in its maps, `updated` is the application's.
const CLOCK = "updated";
const PWRDRVR_CLOCK = "lastModified";

// docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const MAX_DEPTH = 32;
/** DynamoDB's numbers end before this. The largest is 38 nines, which as a double is this already. */
export const NUMBERS_END = 1e126;
const MIN_NUMBER = 1e-130;

/**
 * Data as a native map; `updated` is the write's time, in epoch milliseconds.
 *
 * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE`, naming the path of what a map cannot hold.
 */
export function toMap(data: SessionData, updated: number): AttributeValue {
  if (Object.hasOwn(data, CLOCK)) refuse([CLOCK], "is where 0.0.19 keeps the time of the last write");
  const fields = mapOf(data, []);
  return { M: { ...fields.M, [CLOCK]: { N: String(updated) } } };
}

/**
 * What a map stands for, as JSON text. `keepsClock` is whether its `updated` is the clock, and not a field.
 */
export function fromMap(sess: MapAttribute, keepsClock: boolean): string {
  const { [CLOCK]: _clock, ...fields } = sess.M;
  const data = mapClockOf(sess, keepsClock) === undefined ? sess.M : fields;
  return JSON.stringify(unmarshall(data, { wrapNumbers: Number }), nativeToJson);
}

/** The time of the last write that stands inside a map, in epoch milliseconds. */
export function mapClockOf(sess: AttributeValue, keepsClock: boolean): number | undefined {
  const clock = sess.M?.[CLOCK]?.N;
  return clock === undefined || !keepsClock ? undefined : Number(clock);
}

/**
 * Whether a map's `updated` is a clock: always, but in a row of pwrdrvr's, told by its keys and its own
 * clock.
 */
export function keepsMapClock(sess: AttributeValue, isOurs: boolean, layout: KeyLayout): boolean {
  const isPwrdrvrTable = layout.hashKey === "id" && layout.sortKey === null;
  return isOurs || !isPwrdrvrTable || sess.M?.[PWRDRVR_CLOCK] === undefined;
}

/** A map whose clock is set anew; what has none stays as it is. */
export function withMapClock(sess: AttributeValue, keepsClock: boolean, updated: number): AttributeValue {
  if (mapClockOf(sess, keepsClock) === undefined) return sess;
  return { M: { ...sess.M, [CLOCK]: { N: String(updated) } } };
}

function mapOf(data: object, path: readonly string[]): MapAttribute {
  const fields: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(data)) {
    const below = [...path, name];
    // The SDK drops a map's entry of this name when it sends and when it reads.
    if (name === "__proto__") refuse(below, "is a name that the SDK drops from maps");
    if (name === "" || hasLoneSurrogate(name)) refuse(below, "is empty or not Unicode text");
    fields[name] = attributeOf(value, below);
  }
  return { M: fields };
}

function attributeOf(value: unknown, path: readonly string[]): AttributeValue {
  if (path.length > MAX_DEPTH) refuse(path, `is nested deeper than ${MAX_DEPTH} levels`);
  if (value === null) return { NULL: true };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "number") {
    const size = Math.abs(value);
    if (size >= NUMBERS_END || (size < MIN_NUMBER && size > 0)) refuse(path, "is beyond DynamoDB's numbers");
    return { N: String(value) };
  }
  if (typeof value === "string") {
    if (hasLoneSurrogate(value)) refuse(path, "is not Unicode text");
    return { S: value };
  }
  if (Array.isArray(value))
    return { L: value.map((element, i) => attributeOf(element, [...path, String(i)])) };
  return mapOf(Object(value), path);
}

function refuse(path: readonly string[], why: string): never {
  throw new SessionStoreError(
    "ERR_SESSION_UNSERIALIZABLE",
    `session data cannot be written with format: "map": ${showPath(path)} ${why}; format: "json" takes it. Nothing was written`,
  );
}

// What a map may hold and JSON cannot: sets become arrays, bytes what JSON makes of a Node Buffer.
function nativeToJson(_name: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (value instanceof Uint8Array) return { type: "Buffer", data: [...value] };
  return value;
}
