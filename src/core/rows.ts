// The rows of sessions wherever they are: in their table, or still in a place of the option `previous`. What
// is written stands in the table, by one of its writes, which takes a row out of its old place; here is where
// a row is looked for.
import type { Address } from "./keys.js";
import type { Operation } from "./operation.js";
import type { ResolvedOptions } from "./options.js";
import type { SessionRow } from "./record.js";
import { SessionTable } from "./table.js";
import type { Traffic } from "./traffic.js";

/** The rows of one table's sessions, and of the places that they come from. */
export class SessionRows {
  /** Where sessions are written. */
  readonly table: SessionTable;
  /** Where they were before, as the option `previous` has it. */
  readonly previous: readonly SessionTable[];

  constructor(table: SessionTable, previous: readonly SessionTable[]) {
    this.table = table;
    this.previous = previous;
  }

  static of(options: ResolvedOptions, traffic: Traffic): SessionRows {
    const tableAt = (place: ResolvedOptions["previous"][number]) =>
      new SessionTable({ ...options, ...place }, traffic);
    return new SessionRows(new SessionTable(options, traffic), options.previous.map(tableAt));
  }

  /** The same rows, by other functions and codecs. */
  withOptions(options: ResolvedOptions): SessionRows {
    const previous = this.previous.map((table, i) =>
      table.withOptions({ ...options, ...options.previous[i] }),
    );
    return new SessionRows(this.table.withOptions(options), previous);
  }

  /** The row of a session that is asked for, as the option `consistentRead` says. */
  async load(address: Address, operation: Operation): Promise<SessionRow | undefined> {
    const row = await this.table.load(address.key, operation);
    return row ?? this.#lookBack(address, operation);
  }

  /** A session's row as it is at this moment. */
  async read(address: Address, operation: Operation): Promise<SessionRow | undefined> {
    const row = await this.table.read(address.key, operation);
    return row ?? this.#lookBack(address, operation);
  }

  /** The row of a session that is to be made, where there is one in a previous place. */
  async readPrevious(address: Address, operation: Operation): Promise<SessionRow | undefined> {
    for (const [table, key] of this.#placesBefore(address)) {
      const row = await table.read(key, operation);
      if (row) return row;
    }
    return undefined;
  }

  /**
   * Removes a session's row, wherever it is, and says what it was, as `SessionTable.remove` does. A row that
   * was in none of the places when they were come to may have been moved meanwhile, into the table and never
   * out of it: that is the last to be looked into.
   */
  async remove(address: Address, operation: Operation): Promise<SessionRow | "unknown" | undefined> {
    let removed = await this.table.remove(address.key, operation);
    if (address.previous.length === 0) return removed;
    for (const [table, key] of this.#placesBefore(address)) {
      const sparesHashed = this.table.keys.hashIds && !table.keys.hashIds;
      const old = await table.remove(key, operation, sparesHashed);
      removed = isRow(removed) ? removed : (old ?? removed);
    }
    if (isRow(removed)) return removed;
    return (await this.table.remove(address.key, operation)) ?? removed;
  }

  /** Removes an expired row as `SessionTable.removeExpired` does, where it stands. */
  removeExpired(row: SessionRow, operation: Operation): Promise<boolean> {
    const table = [this.table, ...this.previous].find((one) => one.has(row)) ?? this.table;
    return table.removeExpired(row, operation);
  }

  /**
   * What was not in the table: in its old places, and once more in the table, for it may have been moved
   * meanwhile.
   */
  async #lookBack(address: Address, operation: Operation): Promise<SessionRow | undefined> {
    if (address.previous.length === 0) return undefined;
    const row = await this.readPrevious(address, operation);
    return row ?? this.table.read(address.key, operation);
  }

  #placesBefore({ previous }: Address) {
    return this.previous.flatMap((table, i) => {
      const key = previous[i];
      return key === undefined ? [] : [[table, key] as const];
    });
  }
}

function isRow(removed: SessionRow | "unknown" | undefined): removed is SessionRow {
  return typeof removed === "object";
}
