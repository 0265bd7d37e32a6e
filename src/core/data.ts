// Between session data and the text that it is stored and compared as. What cannot be stored is refused here,
// before anything is sent.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { isObject } from "./checks.js";
import { SessionStoreError } from "./errors.js";
import { fromMap, toMap } from "./map.js";
import type { SessionData } from "./options.js";
import { showPath } from "./paths.js";

// How deep JSON is followed when it is looked for why it failed.
const MAX_SEARCH_DEPTH = 1000;

/**
 * Session data as JSON text, with JSON's semantics: a `Date` becomes its ISO string, `undefined` is dropped.
 *
 * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE`, naming the path of what cannot be stored.
 */
export function encodeData(data: unknown): string {
  const text = stringify(data);
  if (!text?.startsWith("{")) refuse("session data must be an object");
  return text;
}

/**
 * Session data as it will come back once it was saved: a copy with JSON's semantics.
 *
 * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE`, naming the path of what cannot be stored.
 */
export function copyOfData(data: unknown): SessionData {
  return parseData(encodeData(data)) ?? refuse("session data is nested too deep");
}

/**
 * What a door reads of a caller's object before the engine does: what the object itself throws there is
 * refused likewise.
 *
 * @throws {SessionStoreError} `ERR_SESSION_UNSERIALIZABLE`.
 */
export function readOf<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    return refuse("session data holds what cannot be turned into JSON", cause);
  }
}

/**
 * JSON text back as data: a copy of the caller's own. `undefined` where the text is not that of an object.
 */
export function parseData(text: string): SessionData | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return isObject(data) ? data : undefined;
  } catch {
    // Not passed on as a cause: the message of a SyntaxError quotes the text.
    return undefined;
  }
}

/** The fields that are meant, and the others. */
export function apart(
  data: SessionData,
  isMeant: (name: string, value: unknown) => boolean,
): [SessionData, SessionData] {
  const fields = Object.entries(data);
  const pick = (isWanted: boolean) =>
    Object.fromEntries(fields.filter(([name, value]) => isMeant(name, value) === isWanted));
  return [pick(true), pick(false)];
}

/** Data as it stands in `sess`. `updated` is the write's time, which 0.0.19 looks for inside its map. */
export function toSess(text: string, format: "json" | "map", updated: number): AttributeValue {
  if (format === "json") return { S: text };
  return toMap(parseData(text) ?? refuse("session data is nested too deep"), updated);
}

/** The JSON text that `sess` stands for, or `undefined` for a type that no session is written as. */
export function fromSess(sess: AttributeValue, keepsClock: boolean): string | undefined {
  if (sess.S !== undefined) return sess.S;
  return sess.M === undefined ? undefined : fromMap(sess, keepsClock);
}

/**
 * Whether two texts, as JSON is written, stand for the same data; the order of an object's fields says
 * nothing, and does not change their length.
 */
export function isSameText(one: string, other: string): boolean {
  if (one === other) return true;
  return one.length === other.length && isSameData(parseData(one), parseData(other));
}

/**
 * Whether two parsed JSON values are the same data. Not by recursion: their depth is a visitor's to choose.
 */
export function isSameData(one: unknown, other: unknown): boolean {
  const open = [[one, other]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [ours, theirs] = pair;
    if (ours === theirs) continue;
    if (!isContainer(ours) || !isContainer(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
      return false;
    const names = Object.keys(ours);
    if (names.length !== Object.keys(theirs).length) return false;
    for (const name of names) {
      if (!Object.hasOwn(theirs, name)) return false;
      open.push([ours[name], theirs[name]]);
    }
  }
  return true;
}

/** Whether a value is an object or an array. */
export function isContainer(value: unknown): value is SessionData {
  return typeof value === "object" && value !== null;
}

function stringify(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch (cause) {
    refuse(`session data holds ${whyNotJson(data) ?? "what cannot be turned into JSON"}`, cause);
  }
}

function whyNotJson(data: unknown): string | undefined {
  try {
    return findUnstorable(data, [], []);
  } catch {
    // A getter or toJSON of the caller's threw.
    return undefined;
  }
}

// Why JSON.stringify threw: the same walk once more, which notes where it is.
function findUnstorable(
  given: unknown,
  path: readonly string[],
  above: readonly unknown[],
): string | undefined {
  const value: unknown = isContainer(given) && typeof given.toJSON === "function" ? given.toJSON() : given;
  if (typeof value === "bigint") return `a BigInt at ${showPath(path)}`;
  if (!isContainer(value)) return undefined;
  if (above.includes(value)) return `a cycle at ${showPath(path)}`;
  if (above.length > MAX_SEARCH_DEPTH) return `nesting too deep for JSON at ${showPath(path)}`;
  for (const [name, below] of Object.entries(value)) {
    const found = findUnstorable(below, [...path, name], [...above, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function refuse(what: string, cause?: unknown): never {
  throw new SessionStoreError("ERR_SESSION_UNSERIALIZABLE", `${what}; nothing was written`, { cause });
}
