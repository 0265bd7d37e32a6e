// The conditions by which a write takes a row for the one that was read, and why they are right. Pure. Which
// write goes by which, and what comes of it, is said at the writes in table.ts.
import { writtenEndOf } from "./expiry.js";
import type { Expression } from "./expression.js";
import { ID_HASH, type SessionRow } from "./record.js";

/**
 * True while the row is still the session that was read, at the revision that was read, and not over by
 * `now`.
 *
 * A row of ours is told by `gen` and `rev`. Its end may have been moved by a touch, which leaves `rev`: it
 * must only not have come, by the clock of whoever writes. A row of another package has neither: 0.0.19
 * overwrites rows whole, so it must still hold the data that was read, and end when it did.
 */
export function isSameSession(
  expression: Expression,
  row: SessionRow,
  now: number,
  comparesMaps: boolean,
): string {
  const conditions = [expression.asRead("rev", row.item)];
  if (row.rev !== undefined) conditions.push(expression.asRead("gen", row.item));
  else if (comparesMaps || !needsComparison(row)) conditions.push(expression.asRead("sess", row.item));
  else conditions.push(expression.mapClockAsRead(row.item.sess));
  if (row.until !== undefined && row.item.expires?.N !== undefined && row.until === writtenEndOf(row)) {
    const until = `${expression.name("until")} > ${expression.value(":now", { N: String(now) })}`;
    const expires = `${expression.name("expires")} > ${expression.value(":nowSeconds", { N: String(now / 1000) })}`;
    conditions.push(until, expires);
  } else {
    conditions.push(expression.asRead("until", row.item), expression.asRead("expires", row.item));
  }
  return conditions.join(" AND ");
}

/** True while the row is to the letter the one that was read, as far as writes and touches go. */
export function isExactly(expression: Expression, row: SessionRow): string {
  return ["gen", "rev", "until", "expires"].map((name) => expression.asRead(name, row.item)).join(" AND ");
}

/** True unless the row stands under the hash of an id. */
export function isNotHashed(expression: Expression): string {
  const idHash = expression.name("idHash");
  return `(attribute_not_exists(${idHash}) OR ${idHash} <> ${expression.value(":idHash", { S: ID_HASH })})`;
}

/** Whether a row can only be told by its data, and that is a map. */
export function needsComparison(row: SessionRow): boolean {
  return row.rev === undefined && row.item.sess.M !== undefined;
}
