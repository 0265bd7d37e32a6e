// What came of a migration, counted while it goes on: the report that is given at its end.
import { type Place, type SessionErrorCode, SessionStoreError } from "../../core/doors.js";

/** A session that was left where it is. */
export interface MigrationFailure {
  /** The line of the file, from 1, where it comes from one. */
  readonly line?: number;
  /** The beginning of the session's id, where that is known; never the whole of it. */
  readonly session?: string;
  /** Why, for programs: the code of the error; `ERR_SESSION_CORRUPT` for what cannot be read. */
  readonly code: SessionErrorCode;
  /** Why, for people. Holds no data and no whole id. */
  readonly message: string;
}

/**
 * What came of a migration. Every session that was found is counted once: in `moved`, `elsewhere`, `gone`,
 * `expired`, `unreadable` or `failed`. Where `scanned` is not 0 and all of these are, no row was taken for a
 * session: see that keys and prefix are the source's.
 */
export interface MigrationReport {
  /** Whether nothing was written: `moved` are those that would have been. */
  readonly dryRun: boolean;
  /** Whether the source is the very place that the store uses, so that there is nothing to move. */
  readonly isSamePlace: boolean;
  /** Rows read in the source, whosever they are; or lines. */
  readonly scanned: number;
  /** Sessions that came into the table. */
  readonly moved: number;
  /** Of `moved`: read back, and as they were in data, end and beginning. */
  readonly verified: number;
  /** Of `moved`: written by a request before they were read back. */
  readonly changed: number;
  /** Of `moved`: destroyed by a request before they were read back. */
  readonly ended: number;
  /** In the table already: moved by a request, by another operator, or by an earlier run. */
  readonly elsewhere: number;
  /**
   * Not in the source any more when their turn came; of a file: brought in by an earlier run, and ended since.
   */
  readonly gone: number;
  /** Over before they were moved. They are left where they are. */
  readonly expired: number;
  /** Cannot be read. They are left where they are. */
  readonly unreadable: number;
  /**
   * Cannot be written, and are left where they are; or were not, when read back, what had been moved: these
   * are among `moved` as well.
   */
  readonly failed: number;
  /**
   * Rows that are no sessions of the source for their ids alone: hashes where its `hashIds` says ids, or the
   * other way round. They are left where they are; `failures` says once for each place what to set.
   */
  readonly otherIds: number;
  /** Which are `unreadable` or `failed`, and why: the first 1 000. */
  readonly failures: readonly MigrationFailure[];
  /** Capacity units, those of refused writes left out. */
  readonly units: number;
}

/** The figures of a report that count sessions. */
export type Figure =
  | "moved"
  | "verified"
  | "changed"
  | "ended"
  | "elsewhere"
  | "gone"
  | "expired"
  | "unreadable"
  | "failed"
  | "otherIds";

// Where everything fails, the memory is to last all the same.
const MOST_FAILURES = 1_000;

/** A report in the making. */
export class Tally {
  readonly #figures: Record<Figure, number> = {
    moved: 0,
    verified: 0,
    changed: 0,
    ended: 0,
    elsewhere: 0,
    gone: 0,
    expired: 0,
    unreadable: 0,
    failed: 0,
    otherIds: 0,
  };
  readonly #failures: MigrationFailure[] = [];

  readonly #misread = new Set<number>();

  constructor(readonly dryRun: boolean) {}

  add(figure: Figure, by = 1): void {
    this.#figures[figure] += by;
  }

  /** Notes a session that was left where it is. */
  fail(figure: "unreadable" | "failed", failure: MigrationFailure): void {
    this.add(figure);
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(failure);
  }

  /** Notes rows of a place whose `hashIds` is not what the place was filled by. */
  misread(rows: number, number: number, place: Place | undefined): void {
    if (rows === 0 || place === undefined) return;
    this.add("otherIds", rows);
    if (this.#misread.has(number)) return;
    this.#misread.add(number);
    const { hashIds } = place.keys;
    const [found, expected] = hashIds ? ["ids", "hashes of ids"] : ["hashes of ids", "ids"];
    const message = `rows of the table "${place.tableName}" stand under ${found}, and the options say ${expected}: none of those is moved. Give their place hashIds: ${!hashIds} in previous, for the servers too`;
    this.#failures.unshift({ code: "ERR_SESSION_OPTIONS", message });
  }

  /** @param cost what was read and spent; nothing where there was nothing to move. */
  report(cost?: Pick<MigrationReport, "scanned" | "units">): MigrationReport {
    const { scanned = 0, units = 0 } = cost ?? {};
    const failures = [...this.#failures];
    return { dryRun: this.dryRun, isSamePlace: !cost, scanned, ...this.#figures, failures, units };
  }
}

/** A failure of one session as it is reported; what is no error of this package's own ends the migration. */
export function failureOf(error: unknown, of: Pick<MigrationFailure, "line" | "session">): MigrationFailure {
  if (!(error instanceof SessionStoreError)) throw error;
  return { ...of, code: error.code, message: error.message };
}
