// Between session data and what the attribute `sess` holds: JSON text, or the native map of 0.0.19. What cannot be
// stored is refused here, before anything is sent.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { SessionStoreError } from "./errors.js";
import { hasLoneSurrogate } from "./keys.js";
import type { SessionData } from "./options.js";

// In a map, 0.0.19 and dynamodb-store keep their touch throttle's clock under this name, among the application's
// fields, and so do we. @pwrdrvr/dynamodb-session-store has another: in its maps, `updated` is the application's.
const MAP_CLOCK = "updated";
const PWRDRVR_CLOCK = "lastModified";

// What a native map can hold: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const MAX_MAP_DEPTH = 32;
const MAX_MAP_NUMBER = 9.999999999999999e125;
const MIN_MAP_NUMBER = 1e-130;

// How deep the reason for a failed JSON.stringify is looked for.
const MAX_SEARCH_DEPTH = 1000;

/**
 * Session data as JSON text, with JSON's semantics: a `Date` becomes its ISO string, `undefined` is dropped.
 *
 * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE`, naming the path of what cannot be stored.
 */
export function encodeData(data: unknown): string {
  const text = stringify(data);
  if (text === undefined || !text.startsWith("{")) {
    throw new SessionStoreError(
      "ERR_SESSION_UNSERIALIZABLE",
      "session data must be an object; nothing was written",
    );
  }
  return text;
}

/** JSON text back as data: a copy of the caller's own. `undefined` where the text is not that of an object. */
export function parseData(text: string): SessionData | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return isData(data) ? data : undefined;
  } catch {
    // Not passed on as a cause: the message of a SyntaxError quotes the text.
    return undefined;
  }
}

/** Data as it stands in `sess`. `updated` is the write's time, which 0.0.19 looks for inside its map. */
export function toSess(text: string, format: "json" | "map", updated: number): AttributeValue {
  if (format === "json") return { S: text };
  const data = parseData(text) ?? {};
  if (Object.hasOwn(data, MAP_CLOCK))
    refuseInMap(MAP_CLOCK, "is where 0.0.19 keeps the time of the last write");
  checkForMap(data, [], 1);
  // `convertClassInstanceToMap`, since a field named `constructor` makes the SDK take data for a class's instance.
  const map = marshall(data, { convertClassInstanceToMap: true, allowImpreciseNumbers: true });
  return { M: { ...map, [MAP_CLOCK]: { N: String(updated) } } };
}

/**
 * The JSON text that `sess` stands for, or `undefined` for a type that no session is written as. `isOurs` is whether
 * this package wrote it.
 */
export function fromSess(sess: AttributeValue, isOurs: boolean): string | undefined {
  if (sess.S !== undefined) return sess.S;
  if (sess.M === undefined) return undefined;
  const { [MAP_CLOCK]: _clock, ...fields } = sess.M;
  const data = mapClockOf(sess, isOurs) === undefined ? sess.M : fields;
  return JSON.stringify(unmarshall(data, { wrapNumbers: Number }), nativeToJson);
}

/** The time of the last write that stands inside a map, in epoch milliseconds. */
export function mapClockOf(sess: AttributeValue, isOurs: boolean): number | undefined {
  const clock = sess.M?.[MAP_CLOCK]?.N;
  const isClock = isOurs || sess.M?.[PWRDRVR_CLOCK] === undefined;
  return clock === undefined || !isClock ? undefined : Number(clock);
}

/** A map whose clock is set anew; what has none stays as it is. */
export function withMapClock(sess: AttributeValue, isOurs: boolean, updated: number): AttributeValue {
  if (mapClockOf(sess, isOurs) === undefined) return sess;
  return { M: { ...sess.M, [MAP_CLOCK]: { N: String(updated) } } };
}

/** Whether two parsed JSON values are the same data; the order of an object's keys says nothing. */
export function isSameData(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const ours = Object.entries(one);
  const theirs = new Map(Object.entries(other));
  if (ours.length !== theirs.size) return false;
  return ours.every(([name, value]) => theirs.has(name) && isSameData(value, theirs.get(name)));
}

function stringify(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    const found = findUnstorable(data);
    const what = found ? `${found.what} at ${found.path}` : "what cannot be turned into JSON";
    throw new SessionStoreError(
      "ERR_SESSION_UNSERIALIZABLE",
      `session data holds ${what}; nothing was written`,
      { cause },
    );
  }
}

interface Unstorable {
  readonly what: string;
  readonly path: string;
}

// Why JSON.stringify threw, for the message: the first BigInt, or the first object that contains itself.
function findUnstorable(data: unknown): Unstorable | undefined {
  const above: unknown[] = [];
  const visit = (value: unknown, path: string[]): Unstorable | undefined => {
    if (typeof value === "bigint") return { what: "a BigInt", path: showPath(path) };
    if (typeof value !== "object" || value === null) return undefined;
    if (path.length > MAX_SEARCH_DEPTH) return { what: "nesting too deep for JSON", path: showPath(path) };
    if (above.includes(value)) return { what: "a cycle", path: showPath(path) };
    above.push(value);
    for (const [name, child] of Object.entries(value)) {
      const found = visit(child, [...path, name]);
      if (found) return found;
    }
    above.pop();
    return undefined;
  };
  return visit(data, []);
}

function checkForMap(value: unknown, path: string[], depth: number): void {
  if (typeof value === "number" && value !== 0) {
    const size = Math.abs(value);
    if (size > MAX_MAP_NUMBER || size < MIN_MAP_NUMBER)
      refuseInMap(showPath(path), "is beyond DynamoDB's numbers");
  }
  if (typeof value === "string" && hasLoneSurrogate(value))
    refuseInMap(showPath(path), "is not Unicode text");
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_MAP_DEPTH) refuseInMap(showPath(path), `is nested deeper than ${MAX_MAP_DEPTH} levels`);
  for (const [name, child] of Object.entries(value)) {
    // The SDK drops a map's entry of this name without a word.
    if (name === "__proto__")
      refuseInMap(showPath([...path, name]), "is a name that the SDK drops from maps");
    if (hasLoneSurrogate(name)) refuseInMap(showPath([...path, name]), "is not Unicode text");
    checkForMap(child, [...path, name], depth + 1);
  }
}

function refuseInMap(path: string, why: string): never {
  throw new SessionStoreError(
    "ERR_SESSION_UNSERIALIZABLE",
    `session data cannot be written with format: "map": ${path} ${why}; format: "json" takes it. Nothing was written`,
  );
}

// What a map may hold and JSON cannot: sets become arrays, bytes what JSON makes of a Node Buffer.
function nativeToJson(_name: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (value instanceof Uint8Array) return { type: "Buffer", data: [...value] };
  return value;
}

function showPath(path: string[]): string {
  const shown = path.slice(0, 8).map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name));
  return JSON.stringify(shown.join(".") + (path.length > 8 ? ".…" : ""));
}

function isData(value: unknown): value is SessionData {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
