// What the same requests would have cost with version 0.0.19 of this package, by what its code does: no measurement, and
// nothing of it runs here.
//
//   get      a strong GetItem for each request
//   set      a PutItem of the whole row for each save
//   touch    an UpdateItem, which is charged by the whole row, for each request that read a row whose last write was
//            touchInterval ago or longer: whatever other requests of the same page do
//   destroy  a DeleteItem, charged by the whole row
//
// Its row is counted at the size that it would have had: the data as a native map, and none of this version's attributes.
import { marshall } from "@aws-sdk/util-dynamodb";
import { readUnits, writeUnits } from "./capacity.js";

// What express-session keeps in the data at the demo's settings.
const COOKIE = { originalMaxAge: null, expires: null, httpOnly: true, path: "/", sameSite: "lax" };
const KEY = `session-store#${"x".repeat(32)}`;

/** @typedef {{ readUnits: number, writeUnits: number }} Units */
/** @typedef {{ item: import("./capacity.js").Item, updated: number }} RowBefore as 0.0.19 would have written it */

/**
 * A row of 0.0.19's with this data.
 *
 * @param {string} sess JSON
 * @param {number} updated epoch milliseconds of its last write
 * @returns {RowBefore}
 */
export function rowBefore(sess, updated) {
  const data = { cookie: COOKIE, ...JSON.parse(sess), updated };
  const expires = Math.floor(updated / 1000);
  return { item: marshall({ pk: KEY, sk: KEY, expires, sess: data }), updated };
}

/** One request, as 0.0.19 would have served it. */
export class RequestBefore {
  #touchInterval;
  /** Of the touch that the request ends with, unless it saves. */
  #touch = 0;

  /** @param {number} touchInterval milliseconds */
  constructor(touchInterval) {
    this.#touchInterval = touchInterval;
  }

  /**
   * What it would have spent where this version's store tells of this.
   *
   * @param {import("@cyclic.sh/session-store/core").SessionEvent} event
   * @param {RowBefore | undefined} row as it stands; undefined where there is none
   * @returns {Units} negative where it was counted already, and is not to be
   */
  unitsFor(event, row) {
    switch (event.type) {
      case "load": {
        const isDue = event.found && row !== undefined && row.updated + this.#touchInterval <= Date.now();
        this.#touch = isDue ? writeUnits(row.item) : 0;
        return { readUnits: readUnits(event.found ? row?.item : undefined), writeUnits: this.#touch };
      }
      case "save":
      case "destroy":
        return this.#write(row);
      case "gone":
        // It would have written the session back.
        return event.operation === "save" ? this.#write(row) : NOTHING;
      default:
        return NOTHING;
    }
  }

  /** @param {RowBefore | undefined} row */
  #write(row) {
    const touch = this.#touch;
    this.#touch = 0;
    return { readUnits: 0, writeUnits: writeUnits(row?.item) - touch };
  }
}

const NOTHING = { readUnits: 0, writeUnits: 0 };
