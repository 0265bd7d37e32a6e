// A session in a caller's hand: what it was given, and what is known of the row behind it. The two are
// remembered apart, for a save takes the difference to the one and writes it over the other (promise 4).
import { apart, parseData } from "./data.js";
import { endOf } from "./expiry.js";
import type { Address } from "./keys.js";
import type { Holds } from "./merge.js";
import type { SessionData } from "./options.js";
import { MAX_WRITES, type SessionRow } from "./record.js";

/**
 * A write of which nobody knows whether it arrived: its id, which the row would remember, and the caller's
 * data.
 */
export interface UnsettledWrite {
  readonly id: string;
  readonly text: string;
}

/** A session that was loaded, created or adopted. A door keeps it beside its framework's session object. */
export class SessionInHand {
  /** The session's id. */
  readonly id: string;
  /** The data as it was loaded: a copy of the caller's own. Empty for a session that was not loaded. */
  readonly data: SessionData;
  /**
   * The keys that it is stored under, once they were needed.
   * @internal
   */
  address: Address | undefined;
  /**
   * When it began under another id, in epoch milliseconds, where it takes the place of one.
   * @internal
   */
  readonly began: number | undefined;
  #base: string | undefined;
  #row: SessionRow | undefined;
  #holds: Holds | undefined;
  #hidden: readonly string[] = [];
  #mayCreate: boolean;
  #predecessor: SessionInHand | undefined;
  #removal: "own" | "lost" | undefined;
  /** How many removals of its own were sent, and not answered. */
  #openRemovals = 0;
  /** The revision that this hand read or wrote itself, and the row's data by then. */
  #ownRev: number | undefined;
  #ownText: string | undefined;
  #isOver = false;
  /** What the caller last gave to be saved. */
  #given: string | undefined;
  /** The newest last. */
  #unsettled: readonly UnsettledWrite[] = [];

  private constructor(
    id: string,
    data: SessionData,
    row: SessionRow | undefined,
    mayCreate: boolean,
    began?: number,
  ) {
    this.id = id;
    this.data = data;
    this.#row = row;
    this.#base = row?.text;
    this.#ownRev = row?.rev;
    this.#ownText = row?.text;
    this.#mayCreate = mayCreate;
    this.began = began;
  }

  /**
   * A session that was read: from now on it is that row's, and gone with it.
   * @internal
   */
  static loaded(id: string, row: SessionRow, data: SessionData): SessionInHand {
    return new SessionInHand(id, data, row, false);
  }

  /**
   * A session of which no row is known. `mayCreate` is whether its first save makes one, where there is none;
   * `began`, when it began if that was under another id.
   * @internal
   */
  static unknown(id: string, mayCreate: boolean, began?: number): SessionInHand {
    return new SessionInHand(id, {}, undefined, mayCreate, began);
  }

  /**
   * A session of which the keys are known alone.
   * @internal
   */
  static at(id: string, address: Address): SessionInHand {
    const session = SessionInHand.unknown(id, false);
    session.address = address;
    return session;
  }

  /**
   * A session that takes the place of another, and has its data.
   * @internal
   */
  static after(predecessor: SessionInHand, id: string): SessionInHand {
    const session = SessionInHand.unknown(id, true, predecessor.createdAt);
    session.#predecessor = predecessor;
    session.#holds = predecessor.#holds;
    session.#hidden = predecessor.#hidden;
    return session;
  }

  /**
   * What was loaded of a session that another request then destroyed, this one or the one that it took the
   * place of: a save of it, as JSON text, would bring that back. `undefined` where nothing is lost.
   * @internal
   */
  get lost(): string | undefined {
    if (this.#removal !== "lost") return this.#predecessor?.lost;
    return this.#base ?? this.#row?.text;
  }

  /**
   * What the caller loaded, or last wrote for certain, as JSON text; `undefined` where it did neither.
   * @internal
   */
  get base(): string | undefined {
    return this.#base;
  }

  /**
   * What the caller's object was when it was loaded or last given to be saved, whatever comes of that.
   * @internal
   */
  get held(): string | undefined {
    return this.#given ?? this.#base;
  }

  /**
   * The session in whose place this one is, as far as it was in the table.
   * @internal
   */
  get origin(): SessionInHand | undefined {
    return this.#predecessor?.row ? this.#predecessor : this.#predecessor?.origin;
  }

  /**
   * Whether the session was found destroyed or expired.
   * @internal
   */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Whether another request has written the row since this hand read or wrote it.
   * @internal
   */
  get isOvertaken(): boolean {
    return this.#row?.rev !== this.#ownRev;
  }

  /**
   * Whether it is certain what became of all that was to be saved.
   * @internal
   */
  get isSettled(): boolean {
    return this.#unsettled.length === 0;
  }

  /**
   * The row's data when this hand last read, wrote or updated it, as JSON text; `undefined` where it did
   * none.
   * @internal
   */
  get ownText(): string | undefined {
    return this.#ownText;
  }

  /** When the session began, in epoch milliseconds; `undefined` where nobody has written when. */
  get createdAt(): number | undefined {
    return this.#row ? this.#row.created : this.began;
  }

  /**
   * The row as last known; `undefined` for a session that was never written.
   * @internal
   */
  get row(): SessionRow | undefined {
    return this.#row;
  }

  /** When the session ends, in epoch milliseconds; `undefined` while it was never written. */
  get endsAt(): number | undefined {
    return this.#row && endOf(this.#row);
  }

  /**
   * Whether a save makes a row where there is none. Never again once the session is known to have been in the
   * table.
   * @internal
   */
  get mayCreate(): boolean {
    return this.#mayCreate;
  }

  /**
   * Which fields the caller's object can hold; `undefined` means all.
   * @internal
   */
  get holds(): Holds | undefined {
    return this.#holds;
  }

  /**
   * Takes out of `data` what a framework's session object cannot hold. Such fields count as neither held nor
   * removed by it, and survive its saves in the row.
   * @internal
   */
  narrow(holds: Holds): void {
    this.#holds = holds;
    const hidden = Object.keys(this.data).filter((name) => !holds(name, this.data[name]));
    if (hidden.length === 0) return;
    this.#hidden = [...this.#hidden, ...hidden];
    for (const name of hidden) delete this.data[name];
    if (this.#row && this.#base !== undefined) this.#base = this.#textIn(this.#row);
  }

  /**
   * Whether `narrow` took a field of this name out of the data.
   * @internal
   */
  hides(name: string): boolean {
    return this.#hidden.includes(name);
  }

  /**
   * The row turns out to be another than was known, or none. What the caller holds stays what it was.
   * @internal
   */
  met(row: SessionRow | undefined): void {
    this.#row = row;
  }

  /**
   * An update through this hand wrote the row: whose the session is now is this caller's doing.
   * @internal
   */
  updated(row: SessionRow | undefined): void {
    this.#row = row;
    this.#ownText = row?.text;
  }

  /**
   * Another request of this process has just written this row. It is met if it is the same session's, and
   * newer.
   * @internal
   */
  catchUp(row: SessionRow | undefined): void {
    if (row?.rev === undefined || this.#row === undefined) return;
    const isSame = this.#row.gen === undefined || this.#row.gen === row.gen;
    if (isSame && row.rev > (this.#row.rev ?? 0)) this.#row = row;
  }

  /**
   * The caller, who knew nothing of the row, means what is in it.
   * @internal
   */
  adopts(row: SessionRow): void {
    this.wrote(row, this.#textIn(row));
  }

  /**
   * The caller's data `text` stands in the table: the next save is one of the difference to it.
   * @internal
   */
  wrote(row: SessionRow, text: string): void {
    this.#row = row;
    this.#base = text;
    this.#ownRev = row.rev;
    this.#ownText = row.text;
    this.#mayCreate = false;
    this.#unsettled = [];
  }

  /**
   * The session was found destroyed or expired: for this caller it stays so.
   * @internal
   */
  end(): void {
    this.#isOver = true;
  }

  /**
   * The caller gives data to be saved.
   * @internal
   */
  gives(text: string): void {
    this.#given = text;
  }

  /**
   * A write is on its way, and may arrive whatever comes of its answer: until that is certain nothing counts
   * as unchanged.
   * @internal
   */
  doubts(write: UnsettledWrite): void {
    this.#unsettled = [...this.#unsettled, write].slice(-MAX_WRITES);
  }

  /**
   * A write was refused, and will not arrive.
   * @internal
   */
  trusts(id: string): void {
    this.#unsettled = this.#unsettled.filter((write) => write.id !== id);
  }

  /**
   * Finds the unsettled write that did arrive, if one did, by what the row remembers: what it wrote is the
   * base then. So for the session whose place this one takes.
   * @internal
   */
  recognize(): void {
    const row = this.#row;
    const arrived = row && this.#unsettled.find(({ id }) => row.writes.includes(id));
    if (arrived) this.wrote(row, arrived.text);
    this.#predecessor?.recognize();
  }

  /**
   * This request's own removal of the row is on its way, and may arrive whatever comes of its answer. What
   * was found over before was another's doing.
   * @internal
   */
  removes(): void {
    if (this.#isOver && this.#openRemovals === 0) this.#settleRemoval(true);
    this.#openRemovals += 1;
  }

  /**
   * The removal is answered. `wasGone` says that another's had come before it; or one of its own did, where
   * an answer is missing.
   * @internal
   */
  removed(wasGone: boolean): void {
    this.#openRemovals -= 1;
    this.#settleRemoval(wasGone && this.#openRemovals === 0);
  }

  #settleRemoval(isAnothers: boolean): void {
    this.#removal ??= isAnothers && this.#row !== undefined ? "lost" : "own";
  }

  #textIn(row: SessionRow): string {
    if (this.#holds === undefined) return row.text;
    const [seen, hidden] = apart(parseData(row.text) ?? {}, this.#holds);
    return Object.keys(hidden).length === 0 ? row.text : JSON.stringify(seen);
  }
}
