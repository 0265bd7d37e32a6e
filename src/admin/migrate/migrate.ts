// Moving in: the sessions of another store, out of its table or out of a file, into this one's.
import {
  type Check,
  checkEach,
  Inventory,
  isObject,
  isSamePlace,
  refuseOption,
  type SessionStoreOptions,
  type TableOptions,
  TRUE_OR_FALSE,
} from "../../core/doors.js";
import { bringInLine } from "./bring-in.js";
import { linesOf } from "./jsonl.js";
import { type Migration, moveOne } from "./move.js";
import { patiently } from "./patience.js";
import { failureOf, type MigrationReport, Tally } from "./report.js";
import { SOURCES, type SourcePackage, sourcesOf } from "./sources.js";

/** The options of {@link migrate}. */
export interface MigrateOptions {
  /**
   * What is moved: the package that filled the old table, or `jsonl` for a file with one session a line.
   * Default: whatever is in the places of the store's option `previous`.
   */
  from?: SourcePackage | "jsonl" | undefined;
  /**
   * The old table, where it is not as the package has it by default: `{ name, hashKey, sortKey, hashPrefix }`.
   * Default name: `sessions`; of `cyclic-0.0` the store's own table.
   */
  table?: Partial<TableOptions> | undefined;
  /** The text of the file, whole or in pieces. For `jsonl`, and needed there. */
  text?: AsyncIterable<string> | Iterable<string> | undefined;
  /**
   * For `jsonl`: sessions that came in under the same name do not come in again, also when they were
   * destroyed since. Default: none; give one to bring in again what a trial brought in.
   */
  run?: string | undefined;
  /** Whether to read and count only. Default `false`. */
  dryRun?: boolean | undefined;
  signal?: AbortSignal | undefined;
  segments?: number | undefined;
}

const CHECKS: Record<keyof MigrateOptions, Check> = {
  from: [(value) => SOURCES.includes(String(value)), `one of ${SOURCES.join(", ")}`],
  table: [isObject, "an object of { name, hashKey, sortKey, hashPrefix }"],
  text: [isText, "the file's text: something to iterate over that gives strings"],
  run: [(value) => typeof value === "string", "a string"],
  dryRun: TRUE_OR_FALSE,
  signal: [(value) => value instanceof AbortSignal, "an AbortSignal"],
  segments: [(value) => Number.isInteger(value) && Number(value) >= 1, "a whole number, 1 or more"],
};

// How many sessions of a page, or of a file and segment, are moved at once.
const TOGETHER = 8;

/**
 * Moves the sessions of another store into this one's table, and reads each back to compare it.
 *
 * It may be interrupted at any moment, run again as it is, and run by two at once: a session is moved by one
 * transaction, so that it is in one of the two places, and what has moved is not met again. Requests are
 * served meanwhile by servers that have the source as a place of their option `previous`; no server of the
 * old store may run any more. What cannot be read or written is left as it is, and reported.
 *
 * @param store the options that the application gives to its store. Where they have `previous`, the source must
 * be among its places.
 * @returns what came of each session: see {@link MigrationReport}. Where `failed` and `unreadable` are 0,
 * nothing live is left in the source.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; `ERR_SESSION_TABLE`, `ERR_SESSION_ACCESS` at once, and
 * `ERR_SESSION_THROTTLED`, `ERR_SESSION_TIMEOUT`, `ERR_SESSION_UNAVAILABLE` where they last. What was moved by
 * then is moved: call it again. Or the reason of `signal`.
 * @example
 * const report = await migrate(
 *   { table: { name: "sessions-2" }, hashIds: true },
 *   { from: "connect-dynamodb", table: { name: "sessions" } },
 * );
 */
export async function migrate(
  store: SessionStoreOptions,
  options: MigrateOptions = {},
): Promise<MigrationReport> {
  checkEach(options, CHECKS, "");
  const { from, table, text, run = "", dryRun = false, signal, segments = 4 } = options;
  const tally = new Tally(dryRun);
  if (from === "jsonl") {
    if (text === undefined) refuseOption("text: jsonl needs the text of the file");
    if (table !== undefined) refuseOption("table: jsonl comes from no table; leave it out");
    return withInventory(store, async (inventory) => {
      await bringInText({ inventory, tally, signal }, text, run, segments);
      return tally.report();
    });
  }
  if (text !== undefined || options.run !== undefined)
    refuseOption(`${text === undefined ? "run" : "text"}: goes with from: "jsonl" alone`);
  const { options: complete, source, isSamePlace: isThere } = sourcesOf(store, from, table);
  if (isThere) return tally.report(true);
  return withInventory(complete, async (inventory) => {
    for (const [place, { keys, tableName }] of inventory.places.entries()) {
      const isMeant = source === undefined || isSamePlace(source, { keys, tableName });
      if (place > 0 && isMeant) await moveAll({ inventory, tally, signal }, place, segments);
    }
    return tally.report();
  });
}

async function withInventory(
  options: SessionStoreOptions,
  work: (inventory: Inventory) => Promise<MigrationReport>,
): Promise<MigrationReport> {
  const inventory = new Inventory(options);
  try {
    return await work(inventory);
  } finally {
    await inventory.close();
  }
}

async function moveAll(migration: Migration, place: number, segments: number): Promise<void> {
  const { inventory, tally, signal } = migration;
  await Promise.all(
    Array.from({ length: segments }, async (_, segment) => {
      let from: Awaited<ReturnType<Inventory["page"]>>["next"];
      do {
        const request = { place, attributes: "all", from, segment, segments } as const;
        const page = await patiently(inventory, signal, () => inventory.page(request));
        tally.add("scanned", page.scanned);
        tally.add("units", page.units);
        for (const error of page.unreadable) tally.fail("unreadable", failureOf(error, {}));
        await eachOf(page.sessions, signal, (found) => moveOne(migration, found));
        from = page.next;
      } while (from !== undefined);
    }),
  );
}

async function bringInText(
  migration: Migration,
  text: AsyncIterable<string> | Iterable<string>,
  run: string,
  segments: number,
): Promise<void> {
  const { signal } = migration;
  let line = 0;
  let lines: [text: string, line: number][] = [];
  const bringIn = async () => {
    const some = lines;
    lines = [];
    await eachOf(some, signal, ([one, number]) => bringInLine(migration, one, number, run), some.length);
  };
  for await (const one of linesOf(text)) {
    line += 1;
    lines.push([one, line]);
    if (lines.length === TOGETHER * segments) await bringIn();
  }
  await bringIn();
}

/** Does something with each, some at once; what has begun ends before this does. */
async function eachOf<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
  together = TOGETHER,
): Promise<void> {
  for (let i = 0; i < items.length; i += together) {
    signal?.throwIfAborted();
    const outcomes = await Promise.allSettled(items.slice(i, i + together).map(work));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}

function isText(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "string";
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
