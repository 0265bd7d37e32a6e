// Moves the rows of a previous place into the table, and reads each back. That the store's servers write to both
// meanwhile is the rule: every row is moved by one transaction, as a request moves it, and a row that a
// request was quicker with is that request's.
import {
  type BroughtOver,
  endOf,
  type FoundSession,
  type Inventory,
  isSameData,
  type SessionErrorCode,
  type SessionRow,
  SessionStoreError,
} from "../../core/doors.js";
import { isOneSessions } from "../patience.js";
import type { Work } from "../work.js";
import { failureOf, type MigrationFailure, type Tally } from "./report.js";

/** A migration under way. */
export interface Migration {
  readonly work: Work;
  readonly tally: Tally;
}

/** Moves one session that was found, or counts why not. */
export async function moveOne({ work, tally }: Migration, found: FoundSession): Promise<void> {
  const { inventory } = work;
  const { row, shortId: session, bytes } = found;
  if (found.isExpired || row === undefined) return tally.add("expired");
  let brought: BroughtOver;
  try {
    if (tally.dryRun) {
      inventory.dataOf(row);
      return settle({ work, tally }, "moved");
    }
    brought = await work.spend(unitsOfMove(bytes), () => inventory.bringOver(found), LEAST_UNITS_OF_MOVE);
  } catch (error) {
    if (!isOneSessions(error)) throw error;
    const isUnreadable = error.code === "ERR_SESSION_CORRUPT";
    return tally.fail(isUnreadable ? "unreadable" : "failed", failureOf(error, { session }));
  }
  settle({ work, tally }, brought.outcome);
  if (brought.outcome !== "moved") return;
  try {
    await verify({ work, tally }, found, brought);
  } catch (error) {
    throw isOneSessions(error) ? lost(tally, error, { session }, "moved") : error;
  }
}

/** Counts a session that is where it belongs, or nowhere any more: it is done with. */
export function settle({ work, tally }: Migration, outcome: "moved" | "elsewhere" | "gone"): void {
  tally.add(outcome);
  work.count(1);
}

/**
 * Notes a session that is in the table, and cannot be read there. What made it so may do so to all that follow:
 * the error ends the migration.
 */
export function lost(
  tally: Tally,
  { code, message: why }: SessionStoreError,
  of: Pick<MigrationFailure, "line" | "session">,
  how: "moved" | "brought in",
): SessionStoreError {
  const message = `the session "${of.session}" was ${how}, and cannot be read back: ${why}`;
  tally.fail("failed", { ...of, code, message });
  return new SessionStoreError(code, `${message}. No other is ${how} before that is found out`);
}

/** What such a transaction is billed also where it is refused, and says nothing of it. */
export const LEAST_UNITS_OF_MOVE = 4;

/** What a transaction costs that writes a session of so many bytes, and removes it or marks it. */
export function unitsOfMove(bytes: number): number {
  return LEAST_UNITS_OF_MOVE * Math.ceil(bytes / 1024);
}

/** What it costs to read it back. */
export function unitsOfRead(bytes: number): number {
  return Math.ceil(bytes / 4096);
}

/**
 * Reads a session back that was moved, and compares it with what stood in its old place:
 *
 * | in the table now | in the old place | |
 * | --- | --- | --- |
 * | the row that was written | | compared: data, end and beginning; but the end of one that was touched since |
 * | a later write of the same session | | changed: by a request, which had read what was moved |
 * | another session's, or none | none | ended: a request destroyed it, or it is over |
 * | none | a row | failed |
 */
async function verify(
  { work, tally }: Migration,
  found: FoundSession,
  { from, row: written }: BroughtOver,
): Promise<void> {
  const { inventory } = work;
  const { shortId: session } = found;
  const read = async (where: "table" | "there") =>
    (await work.spend(unitsOfRead(found.bytes), () => inventory.read(found, where))).row;
  const code: SessionErrorCode = "ERR_SESSION_CORRUPT";
  const row = await read("table");
  if (row === undefined) {
    if ((await read("there")) === undefined) return tally.add("ended");
    const message = `the session "${session}" was moved, and read back it is in its old place alone`;
    return tally.fail("failed", { session, code, message });
  }
  const gen = from?.gen ?? written?.gen;
  if (row.gen !== gen) return tally.add("ended");
  if (row.rev !== (from?.rev ?? 0) + 1) return tally.add("changed");
  const differs = from && differenceOf(inventory, from, row);
  if (differs === undefined) return tally.add("verified");
  const message = `the session "${session}" was moved, and read back its ${differs} is another than before; the table has it so`;
  tally.fail("failed", { session, code, message });
}

/** In what a session that was moved is not what it was; `undefined` where in nothing. */
function differenceOf(inventory: Inventory, from: SessionRow, row: SessionRow): string | undefined {
  if (!isSameData(inventory.dataOf(from), inventory.dataOf(row))) return "data";
  // A touch moves the end and nothing else. One that was never touched has no clock of its own.
  const wasTouched = row.updated !== (from.updated ?? 0);
  if (!wasTouched && row.until !== Math.floor(endOf(from) ?? 0)) return "end";
  if (from.created !== undefined && from.created !== row.created) return "beginning";
  return undefined;
}
