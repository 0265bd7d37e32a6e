// One session a line: what lets anyone come from Redis, Mongo or SQL. The format, and what is wrong with a line
// that is not of it; never what stands in it.
import { isObject, type SessionData } from "../../core/doors.js";

/** A session as a line has it. */
export interface LineSession {
  readonly id: string;
  readonly data: SessionData;
  /** Epoch milliseconds. */
  readonly endsAt: number;
  /** Epoch milliseconds. */
  readonly created: number | undefined;
}

const FIELDS = ["id", "data", "expires", "created"];
// 1973: what is smaller was meant as seconds. And 4821: what is larger was not meant as milliseconds.
const EARLIEST_MS = 1e11;
const LATEST_MS = 9e13;
// In UTF-16 code units. The 4 MiB that compress() inflates to by default, with escapes.
const LONGEST_LINE = 16_000_000;

/**
 * Reads a line, `undefined` being one that was too long. A text is what is wrong with it; `undefined` stands for an empty line.
 *
 * | field | what |
 * | --- | --- |
 * | `id` | the session's id, as in the cookie without its signature: a string |
 * | `data` | the session's data: a JSON object. Of express-session, with its `cookie` |
 * | `expires` | when it ends: epoch milliseconds, or a date and time in ISO 8601 with its zone |
 * | `created` | when it began, likewise; may be left out |
 */
export function parseLine(line: string | undefined): LineSession | string | undefined {
  if (line === undefined) return "is longer than 16 000 000 characters: is it one session's?";
  // Of a byte order mark, too, with which some tools begin a file.
  const text = line.trim();
  if (text === "") return undefined;
  const value = parseJson(text);
  if (!isObject(value)) return "is no JSON object";
  if (Object.keys(value).some((name) => !FIELDS.includes(name)))
    return `has another field than ${FIELDS.join(", ")}`;
  const { id, data, expires, created } = value;
  if (typeof id !== "string" || id === "") return '"id" is no string, or an empty one';
  if (!isObject(data)) return '"data" is no JSON object';
  const endsAt = timeOf(expires);
  if (typeof endsAt === "string") return `"expires" ${endsAt}`;
  if (created === undefined) return { id, data, endsAt, created };
  const began = timeOf(created);
  if (typeof began === "string") return `"created" ${began}`;
  return { id, data, endsAt, created: began };
}

/**
 * Lines of text that comes in pieces, as files and streams give it. `undefined` stands for a line that is too
 * long, of which no more is kept: a file that is no jsonl at all may have no line's end.
 */
export async function* linesOf(
  pieces: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string | undefined> {
  let rest: string | undefined = "";
  // By itself a text gives its characters.
  for await (const piece of typeof pieces === "string" ? [pieces] : pieces) {
    let start = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
      yield longer(rest, piece.slice(start, end));
      rest = "";
      start = end + 1;
    }
    rest = longer(rest, piece.slice(start));
  }
  yield rest;
}

function longer(line: string | undefined, more: string): string | undefined {
  return line === undefined || line.length + more.length > LONGEST_LINE ? undefined : line + more;
}

/** A text's pieces until the signal: whoever waits for one that does not come is let go then. */
export async function* piecesUntil(
  signal: AbortSignal,
  text: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string> {
  const pieces = typeof text === "string" ? [text] : text;
  const iterator =
    Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  try {
    for (;;) {
      const { done, value } = await unlessAborted(signal, async () => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    // Not waited for: what stalls may not answer this either.
    (async () => iterator.return?.())().catch(() => {});
  }
}

async function unlessAborted<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let end = () => {};
  const aborted = new Promise<never>((_, reject) => {
    end = () => reject(signal.reason);
    signal.addEventListener("abort", end);
  });
  try {
    return await Promise.race([step(), aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function timeOf(value: unknown): number | string {
  if (typeof value !== "number" && typeof value !== "string")
    return "is neither epoch milliseconds nor a date and time in ISO 8601";
  if (typeof value === "number" && value > 0 && value < EARLIEST_MS)
    return "lies before 1973 as milliseconds: are they seconds?";
  // Without a zone it would be another moment on another machine.
  if (typeof value === "string" && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(value))
    return "is no date and time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z";
  const time = typeof value === "number" ? value : Date.parse(value);
  return time >= EARLIEST_MS && time < LATEST_MS ? time : "is no time of a session";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of a SyntaxError quotes the text.
    return undefined;
  }
}
