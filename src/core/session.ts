// A session in a caller's hand: what it was given, and what is known of the row behind it. The two are remembered
// apart, for a save takes the difference to the one and writes it over the other (promise 4).
import { parseData } from "./data.js";
import { endOf } from "./expiry.js";
import { type Holds, hiddenFields } from "./merge.js";
import type { SessionData } from "./options.js";
import type { SessionRow } from "./record.js";

/** A session that was loaded, created or adopted. A door keeps it beside its framework's session object. */
export class SessionInHand {
  /** The session's id. */
  readonly id: string;
  /** The data as it was loaded: a copy of the caller's own. Empty for a session that was not loaded. */
  readonly data: SessionData;
  #base: string | undefined;
  #row: SessionRow | undefined;
  #holds: Holds | undefined;
  #mayCreate: boolean;
  #predecessor: SessionInHand | undefined;
  #removal: "own" | "lost" | undefined;

  private constructor(id: string, data: SessionData, row: SessionRow | undefined, mayCreate: boolean) {
    this.id = id;
    this.data = data;
    this.#row = row;
    this.#base = row?.text;
    this.#mayCreate = mayCreate;
  }

  /** A session that was read: from now on it is that row's, and gone with it. */
  static loaded(id: string, row: SessionRow, data: SessionData): SessionInHand {
    return new SessionInHand(id, data, row, false);
  }

  /** A session of which no row is known. `mayCreate` is whether its first save makes one, where there is none. */
  static unknown(id: string, mayCreate: boolean): SessionInHand {
    return new SessionInHand(id, {}, undefined, mayCreate);
  }

  /** A session that takes the place of another, and has its data. */
  static after(predecessor: SessionInHand, id: string): SessionInHand {
    const session = SessionInHand.unknown(id, true);
    session.#predecessor = predecessor;
    return session;
  }

  /**
   * What was loaded of a session that another request then destroyed, this one or the one that it took the place of: a
   * save of it, as JSON text, would bring that back. `undefined` where nothing is lost.
   */
  get lost(): string | undefined {
    if (this.#removal !== "lost") return this.#predecessor?.lost;
    // Where it is not certain what was last saved, what was read is still not to come back.
    return this.#base ?? this.#row?.text;
  }

  /** What the caller loaded, or last saved, as JSON text; `undefined` where that is not certain. */
  get base(): string | undefined {
    return this.#base;
  }

  /** The row as last known; `undefined` for a session that was never written. */
  get row(): SessionRow | undefined {
    return this.#row;
  }

  /** When the session ends, in epoch milliseconds; `undefined` while it was never written. */
  get endsAt(): number | undefined {
    return this.#row && endOf(this.#row);
  }

  /** Whether a save makes a row where there is none. Never again once the session is known to have been in the table. */
  get mayCreate(): boolean {
    return this.#mayCreate;
  }

  /** Which fields the caller's object can hold; `undefined` means all. */
  get holds(): Holds | undefined {
    return this.#holds;
  }

  /**
   * Takes out of `data` what a framework's session object cannot hold. Such fields count as neither held nor removed
   * by it, and survive its saves in the row.
   */
  narrow(holds: Holds): void {
    const hidden = this.#row && hiddenFields(this.#row.text, holds);
    this.#holds = holds;
    if (hidden === undefined) return;
    for (const name of Object.keys(hidden)) delete this.data[name];
    this.#base = JSON.stringify(this.view());
  }

  /** A fresh copy of the row's data, as far as the caller's object can hold it; `undefined` where it cannot be read. */
  view(): SessionData | undefined {
    const data = this.#row && parseData(this.#row.text);
    if (data === undefined || this.#holds === undefined) return data;
    const holds = this.#holds;
    return Object.fromEntries(Object.entries(data).filter(([name]) => holds(name)));
  }

  /** The row turns out to be another than was known, or none. What the caller holds stays what it was. */
  met(row: SessionRow | undefined): void {
    this.#row = row;
  }

  /** The caller's data stands in the table, as `base`: the next save is one of the difference to it. */
  holdsWhatIsIn(row: SessionRow, base: string): void {
    this.#row = row;
    this.#base = base;
    this.#mayCreate = false;
  }

  /** This request's own removal of the row; `wasGone` says that another's had come before it. */
  removed(wasGone: boolean): void {
    this.#removal ??= wasGone && this.#row !== undefined ? "lost" : "own";
  }

  /** A write may have arrived or not: nothing counts as unchanged until the next one that is certain. */
  doubt(): void {
    this.#base = undefined;
  }
}
