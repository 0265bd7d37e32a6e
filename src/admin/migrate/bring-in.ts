// Brings sessions in that come by lines, each exactly once: an import that was killed is run again as it is, and
// what its first run brought in and a logout ended since does not come back.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import {
  type BroughtIn,
  endOf,
  hashOf,
  type Inventory,
  isSameData,
  type SessionErrorCode,
  shortId,
} from "../../core/doors.js";
import { isOneSessions } from "../patience.js";
import { type LineSession, parseLine } from "./jsonl.js";
import { LEAST_UNITS_OF_MOVE, lost, type Migration, settle, unitsOfMove, unitsOfRead } from "./move.js";
import { failureOf } from "./report.js";

/** Brings in the session of one line, or counts why not. */
export async function bringInLine(
  migration: Migration,
  text: string | undefined,
  line: number,
  run: string,
): Promise<void> {
  const { work, tally } = migration;
  const { inventory } = work;
  const parsed = parseLine(text);
  if (parsed === undefined) return;
  work.read(1);
  if (typeof parsed === "string") {
    const message = `line ${line} ${parsed}`;
    return tally.fail("unreadable", { line, code: "ERR_SESSION_CORRUPT", message });
  }
  const { now, absoluteTtl = Number.POSITIVE_INFINITY } = inventory.options;
  // What began in the future would outlive its absolute limit.
  const created = Math.min(parsed.created ?? now(), now());
  if (Math.min(parsed.endsAt, created + absoluteTtl) <= now()) return tally.add("expired");
  const session = shortId(parsed.id);
  let brought: BroughtIn;
  try {
    if (tally.dryRun) {
      await inventory.tryToBringIn({ ...parsed, created });
      return settle(migration, "moved");
    }
    const also = [await markOf(inventory, parsed, run)];
    const units = unitsOfMove(text?.length ?? 0);
    brought = await work.spend(
      units,
      () => inventory.bringIn({ ...parsed, created, also }),
      LEAST_UNITS_OF_MOVE,
    );
  } catch (error) {
    if (!isOneSessions(error)) throw error;
    return tally.fail("failed", failureOf(error, { line, session }));
  }
  settle(migration, OUTCOMES[brought.outcome]);
  if (brought.outcome !== "created") return;
  try {
    await verify(migration, parsed, brought, line);
  } catch (error) {
    throw isOneSessions(error) ? lost(tally, error, { line, session }, "brought in") : error;
  }
}

const OUTCOMES = { created: "moved", exists: "elsewhere", refused: "gone" } as const;

/**
 * The write that marks a session as brought in: in one transaction with the session, and refused where it has
 * been made before, so that neither is ever without the other.
 *
 * - One row for each session, and not one that says how far a run came: lines may be brought in side by side,
 *   and the file of a second run may have been exported anew, in another order.
 * - Its `expires` is the end that the line gives, and 30 days: a file that is exported anew may give a later end
 *   of the same session. A line that is over is not brought in any more, so that the mark is needed no longer;
 *   the table's TTL removes it. Nobody has to clean up.
 * - It holds a hash of the id, as a table with `hashIds` must hold no id.
 * - It is no session: it has no `sess`, nor the sort key of one. Scans, counts and logouts of all leave it.
 */
async function markOf(
  { options }: Inventory,
  { id, endsAt }: LineSession,
  run: string,
): Promise<TransactWriteItem> {
  const { tableName, keys } = options;
  const { hashKey, sortKey, hashPrefix } = keys;
  const name = `${hashPrefix}import#${await hashOf(`import:${run}#${id}`)}`;
  return {
    Update: {
      TableName: tableName,
      Key: { [hashKey]: { S: name }, ...(sortKey !== null && { [sortKey]: { S: "#" } }) },
      UpdateExpression: "SET #expires = :expires",
      ConditionExpression: "attribute_not_exists(#expires)",
      ExpressionAttributeNames: { "#expires": "expires" },
      ExpressionAttributeValues: { ":expires": { N: String(Math.ceil(endsAt / 1000) + KEPT_SECONDS) } },
    },
  };
}

const KEPT_SECONDS = 30 * 86_400;

/** Reads a session back that was brought in, and compares it with its line. */
async function verify(
  { work, tally }: Migration,
  session: LineSession,
  { row: written }: BroughtIn,
  line: number,
): Promise<void> {
  if (written === undefined) return;
  const { inventory } = work;
  const { key, gen, rev, created, until } = written;
  const read = () => inventory.read({ place: 0, key }, "table");
  const { row } = await work.spend(unitsOfRead(written.text.length), read);
  // The mark keeps it from coming in again.
  if (row === undefined || row.gen !== gen) return tally.add("ended");
  if (row.rev !== 1 || rev !== 1) return tally.add("changed");
  const wasTouched = row.updated !== 0;
  const isSame =
    isSameData(inventory.dataOf(row), session.data) &&
    row.created === created &&
    (wasTouched || (row.until === until && (endOf(row) ?? 0) <= session.endsAt));
  if (isSame) return tally.add("verified");
  const name = shortId(session.id);
  const code: SessionErrorCode = "ERR_SESSION_CORRUPT";
  const message = `the session "${name}" of line ${line} was brought in, and read back it is another than the line's; the table has it so`;
  tally.fail("failed", { line, session: name, code, message });
}
