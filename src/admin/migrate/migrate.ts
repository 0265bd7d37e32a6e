// Moving in: the sessions of another store, out of its table or out of a file, into this one's.
import {
  A_FUNCTION,
  type Check,
  checkEach,
  isObject,
  type Place,
  refuseOption,
  type SessionStoreOptions,
  type TableOptions,
  TRUE_OR_FALSE,
} from "../../core/doors.js";
import { WORK_CHECKS, Work, type WorkOptions } from "../work.js";
import { bringInLine } from "./bring-in.js";
import { linesOf, piecesUntil } from "./jsonl.js";
import { type Migration, moveOne } from "./move.js";
import { failureOf, type MigrationReport, Tally } from "./report.js";
import { type MigrationSource, placesFrom, SOURCES, sourcesOf } from "./sources.js";

/** The options of {@link migrate}. Of a file, `segments` says nothing. */
export interface MigrateOptions extends Omit<WorkOptions, "from"> {
  /**
   * What is moved: the package that filled the old table, or `jsonl` for a file with one session a line.
   * Default: whatever is in the places of the store's option `previous`.
   */
  from?: MigrationSource | undefined;
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
  /** Whether to read and count only: also whether the table is there, and lines fit into it. Default `false`. */
  dryRun?: boolean | undefined;
  /**
   * Is given what came of it so far where an error or the signal ends the call, which then throws. What this
   * throws harms nothing.
   */
  onStop?: ((report: MigrationReport) => void) | undefined;
}

const CHECKS: Record<keyof MigrateOptions, Check> = {
  ...WORK_CHECKS,
  from: [(value) => SOURCES.some((source) => source === value), `one of ${SOURCES.join(", ")}`],
  table: [isObject, "an object of { name, hashKey, sortKey, hashPrefix }"],
  text: [isText, "the file's text: something to iterate over that gives strings"],
  run: [(value) => typeof value === "string", "a string"],
  dryRun: TRUE_OR_FALSE,
  onStop: A_FUNCTION,
};

// How many lines are taken at once from a file. They may be large.
const LINES = 32;

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
 * @returns what came of each session: see {@link MigrationReport}. Where `failed`, `unreadable` and
 * `otherIds` are 0, the source has no live session that the table has not.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; `ERR_SESSION_TABLE`, `ERR_SESSION_ACCESS` at once,
 * `ERR_SESSION_CORRUPT` where what was moved cannot be read back, and
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
  const { from, table, text, run = "", dryRun = false, onStop, ...others } = options;
  const tally = new Tally(dryRun);
  if (from === "jsonl") {
    if (text === undefined) refuseOption("text: jsonl needs the text of the file");
    if (table !== undefined) refuseOption("table: jsonl comes from no table; leave it out");
    return Work.run(store, others, (work) =>
      reported({ work, tally }, onStop, () => bringInText({ work, tally }, text, run)),
    );
  }
  if (text !== undefined || options.run !== undefined)
    refuseOption(`${text === undefined ? "run" : "text"}: goes with from: "jsonl" alone`);
  const { options: complete, source, isSamePlace: isThere } = sourcesOf(store, from, table);
  if (isThere) return tally.report();
  // What was written a moment ago is moved too.
  return Work.run({ ...complete, consistentRead: true }, others, (work) =>
    reported({ work, tally }, onStop, () => moveAll({ work, tally }, source)),
  );
}

/** What came of a migration; also where it does not come to its end. */
async function reported(
  { work, tally }: Migration,
  onStop: MigrateOptions["onStop"],
  migration: () => Promise<void>,
): Promise<MigrationReport> {
  try {
    // Otherwise the first write finds out.
    if (tally.dryRun) await work.spend(1, () => work.inventory.tryTable());
    await migration();
  } catch (error) {
    try {
      onStop?.(tally.report(work));
    } catch {
      // Why it stopped is what is to be known.
    }
    throw error;
  }
  return tally.report(work);
}

async function moveAll({ work, tally }: Migration, source: Place | undefined): Promise<void> {
  const places = placesFrom(work.inventory.places, source);
  for await (const page of work.pages({ attributes: "all", places })) {
    tally.misread(page.otherIds, page.place, work.inventory.places[page.place]);
    for (const error of page.unreadable) tally.fail("unreadable", failureOf(error, {}));
    await work.eachOf(page.sessions, async (found) => {
      await moveOne({ work, tally }, found);
      work.tell();
    });
  }
}

async function bringInText(
  { work, tally }: Migration,
  text: AsyncIterable<string> | Iterable<string>,
  run: string,
): Promise<void> {
  let line = 0;
  let lines: [text: string | undefined, line: number][] = [];
  const bringIn = async () => {
    await work.eachOf(lines, ([one, number]) => bringInLine({ work, tally }, one, number, run));
    lines = [];
    work.tell();
  };
  for await (const one of linesOf(piecesUntil(work.signal, text))) {
    line += 1;
    lines.push([one, line]);
    if (lines.length === LINES) await bringIn();
  }
  await bringIn();
}

function isText(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "string";
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
