// Where work on a whole table is, as one text that goes on from there: of each place and part of it, the last
// row that was read.
import { isObject, type Place, refuseOption } from "../core/doors.js";

/** A row's keys, by which a scan goes on. */
export type RowKeys = Readonly<Record<string, string>>;

/** How far one part of a place is: at its beginning, behind a row, or done. */
export type Mark = "start" | "done" | RowKeys;

/** How many parts a table is read in side by side at most: of each, a page of up to 1 MB is in the memory. */
export const MOST_SEGMENTS = 64;

/** Of each place, how far each of its parts is. */
export type Marks = Mark[][];

const VERSION = 1;
const EXPECTED = "from: expected the cursor of an earlier call's progress, whole";

export function newMarks(places: readonly Place[], segments: number): Marks {
  return places.map(() => Array.from({ length: segments }, () => "start"));
}

/** @param marks of all of the store's places, in their order. */
export function encodeCursor(marks: Marks, places: readonly Place[]): string {
  const bytes = new TextEncoder().encode(
    JSON.stringify({ version: VERSION, places: places.map(nameOf), marks }),
  );
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * What a cursor says. It goes with the places and the number of parts that it was made with; a table of the same
 * name in another region is not told apart.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 */
export function decodeCursor(cursor: string, places: readonly Place[], segments: number | undefined): Marks {
  const content = contentOf(cursor);
  if (content === undefined) refuseOption(EXPECTED);
  const [meant, here] = [content.places, places.map(nameOf)];
  if (meant.length !== here.length || meant.some((name, i) => name !== here[i]))
    refuseOption(
      "from: this cursor is of other tables, prefixes or previous places than the options; begin anew",
    );
  if (!content.marks.every((marks, i) => marks.every((mark) => isMarkOf(mark, places[i]))))
    refuseOption(EXPECTED);
  const made = content.marks[0]?.length;
  if (segments !== undefined && segments !== made)
    refuseOption(
      `segments: the cursor in from was made with ${made}; give the same number, or leave it out`,
      segments,
    );
  return content.marks;
}

// It is compared, and need not be read.
function nameOf({ tableName, keys }: Place): string {
  return JSON.stringify([tableName, keys.hashKey, keys.sortKey, keys.hashPrefix, keys.hashIds]);
}

function contentOf(cursor: string): { places: string[]; marks: Marks } | undefined {
  let content: unknown;
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (!isObject(content) || content.version !== VERSION) return undefined;
  const { places, marks } = content;
  if (!isListOf(places, isText) || !isListOf(marks, isMarksOfOne)) return undefined;
  const parts = marks[0]?.length ?? 0;
  const isWhole = marks.length === places.length && marks.every(({ length }) => length === parts);
  return isWhole && parts > 0 && parts <= MOST_SEGMENTS ? { places, marks } : undefined;
}

function isListOf<T>(value: unknown, isOne: (value: unknown) => value is T): value is T[] {
  return Array.isArray(value) && value.every(isOne);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isMarksOfOne(value: unknown): value is Mark[] {
  return isListOf(value, isMark);
}

/** Whether it can be a row's of this place: a scan takes no other keys. */
function isMarkOf(mark: Mark, place: Place | undefined): boolean {
  if (typeof mark === "string") return true;
  const { hashKey, sortKey } = place?.keys ?? {};
  const names = [hashKey, sortKey].filter((name) => typeof name === "string");
  return names.length === Object.keys(mark).length && names.every((name) => Object.hasOwn(mark, name));
}

function isMark(value: unknown): value is Mark {
  if (isObject(value)) return Object.values(value).every(isText);
  return value === "start" || value === "done";
}
