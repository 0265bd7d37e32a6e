// The protocol between a session in hand and its row: which conditional write fits what is known, and what a
// refusal teaches. Time, lifetimes and conditions are decided elsewhere; who waits for whom, and what is
// told, is the engine's.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type IsReserved, type Written, writtenOver } from "./concurrency.js";
import { apart, isSameData, isSameText, parseData } from "./data.js";
import { tellOf } from "./events.js";
import { type ExpiryStamp, endOf, expiryFrom, isExpired, limitOf, stampOf, writtenEndOf } from "./expiry.js";
import type { Address } from "./keys.js";
import { type Lifetime, lifetimeBy, type SessionLifetime } from "./lifetime.js";
import type { Operation } from "./operation.js";
import type { ResolvedOptions, SessionData } from "./options.js";
import { hashOfOwner, type Life, listedUntil, nameOfOwner } from "./owners.js";
import { nameOfPath } from "./paths.js";
import { randomFraction } from "./random.js";
import { addWrite, corrupt, type Ownership, type RowContent, type SessionRow } from "./record.js";
import type { SessionRows } from "./rows.js";
import type { SessionInHand } from "./session.js";
import type { WriteResult } from "./table.js";
import { isTouchDue, type LastMove, type RecentTouches, type Touch, type TouchOutcome } from "./touches.js";

/** One change of a session's data, over all attempts to write it. */
export interface Change {
  readonly session: SessionInHand;
  readonly address: Address;
  /** The data as the caller has it, as JSON text. */
  readonly text: string;
  readonly cookie: SessionLifetime;
  /** By this the row tells a write of which only the answer was lost. */
  readonly writeId: string;
  readonly operation: Operation;
}

/** What a write says of itself, and of a session that it makes. */
interface Writing {
  readonly session: Pick<SessionInHand, "began">;
  readonly address: Address;
  readonly writeId: string;
}

/** A session that comes from elsewhere: its data as JSON text, and in epoch milliseconds when it ends and began. */
interface Incoming {
  readonly text: string;
  readonly end: number;
  readonly began: number | undefined;
}

/** A session whose life is to go on as it is. */
export type Renewal = Pick<Change, "session" | "address" | "cookie" | "operation">;

const GEN_LENGTH = 8;
const WRITE_ID_LENGTH = 5;
const FIRST_BACKOFF_MS = 10;
const LONGEST_BACKOFF_MS = 160;

/** How sessions in hand are written to, and kept alive in, one table. */
export class RowProtocol {
  readonly #options: ResolvedOptions;
  readonly #rows: SessionRows;
  readonly #touches: RecentTouches;
  readonly #isReserved: IsReserved;

  constructor(
    options: ResolvedOptions,
    { rows, touches, isReserved }: { rows: SessionRows; touches: RecentTouches; isReserved: IsReserved },
  ) {
    this.#options = options;
    this.#rows = rows;
    this.#touches = touches;
    this.#isReserved = isReserved;
  }

  newWriteId(): string {
    return this.#options.randomId(WRITE_ID_LENGTH);
  }

  /**
   * One conditional write of data, and what it taught:
   *
   * | the write | the row now | outcome | the session in hand |
   * | --- | --- | --- | --- |
   * | stands | is what was written | saved | holds `text`, over that row |
   * | refused | remembers this write: only its answer was lost | saved | the same |
   * | refused | is gone, expired, or another session's | gone; one that is to be made is tried again | |
   * | is not sent | has another owner than this hand read | gone | |
   * | refused | remembers an earlier write of this hand's, which had failed | newer | holds what that wrote |
   * | refused | was written by another | newer | knows the row; what it holds stays |
   */
  async attempt(change: Change): Promise<"saved" | "gone" | "newer"> {
    const { session, text, writeId, operation } = change;
    session.recognize();
    if (this.isAnothers(session, session.row)) {
      session.end();
      return "gone";
    }
    const { now } = this.#options;
    // What takes an expired row's place is another session, and has nothing of the old one.
    const row = session.row && !isExpired(session.row, now()) ? session.row : undefined;
    const written = this.#written(session, row, text);
    session.doubts({ id: writeId, text });
    const result = await this.#send(change, row, written.text);
    if (result.outcome === "written") this.#touches.remember(result.row, change.address.key);
    // Whoever asked was answered at the deadline, and the session in hand may have gone on.
    operation.throwIfOver();
    // One that was written remembers this write as well.
    const current = result.row;
    if (current?.writes.includes(writeId)) {
      const paths = session.isOvertaken ? written.overridden?.map(nameOfPath) : undefined;
      session.wrote(current, text);
      if (paths) tellOf(this.#options, operation, { type: "merge", paths });
      return "saved";
    }
    session.trusts(writeId);
    if (!session.mayCreate && this.isGone(session.row, current)) {
      session.end();
      return "gone";
    }
    // A row that cannot be read is not written over.
    if (current) this.read(current);
    session.met(current);
    return "newer";
  }

  /**
   * Waits before the next attempt: longer each time, and by chance, so that those who were refused together
   * part.
   */
  async backOff(attempt: number, operation: Operation): Promise<void> {
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
    await this.#options.sleep(longest * randomFraction(this.#options.randomId), operation.signal);
    operation.throwIfOver();
  }

  /**
   * Moves a live row from a previous place into the table as it is: its data, its end, and when that was last
   * moved. One attempt; what refuses it is the row as another has left it.
   */
  async bringOver(
    row: SessionRow,
    end: number,
    change: Pick<Change, "address" | "writeId" | "operation">,
  ): Promise<WriteResult> {
    const now = this.#options.now();
    // Of one that has no clock nobody knows when its end was last moved: the next touch is due.
    const expiry = stampOf(end, row.updated ?? 0);
    const lifetime = { ms: end - now, grace: 0, renews: true };
    const writing = { ...change, session: { began: undefined } };
    const known = { ...row, created: row.created ?? now };
    const content = await this.#content(writing, known, row.text, expiry, lifetime);
    return this.#rows.table.rewrite(row, content, expiry, now, change.operation);
  }

  /**
   * Makes the row of a session that comes from elsewhere, where there is none, or of an expired one; with what
   * `also` writes, in one transaction.
   */
  async bringIn(
    session: Incoming,
    change: Pick<Change, "address" | "writeId" | "operation">,
    expired: SessionRow | undefined,
    also: readonly TransactWriteItem[],
  ): Promise<WriteResult> {
    const { content, expiry } = await this.#incoming(session, change);
    const { table } = this.#rows;
    if (expired) return table.replaceExpired(expired, content, expiry, change.operation, also);
    return table.create(content, expiry, change.operation, also);
  }

  /** Whether `bringIn` could make a row of it, without sending anything. */
  async tryToBringIn(session: Incoming, change: Pick<Change, "address" | "writeId">): Promise<void> {
    const { content, expiry } = await this.#incoming(session, change);
    await this.#rows.table.tryToEncode(content, expiry);
  }

  async #incoming(
    { began, end, text }: Incoming,
    change: Pick<Change, "address" | "writeId">,
  ): Promise<{ content: RowContent; expiry: ExpiryStamp }> {
    const now = this.#options.now();
    const created = began ?? now;
    const expiry = stampOf(Math.min(end, limitOf(created, this.#options.absoluteTtl) ?? end), 0);
    const lifetime = { ms: end - now, grace: 0, renews: true };
    const writing = { ...change, session: { began: created } };
    return { content: await this.#content(writing, undefined, text, expiry, lifetime), expiry };
  }

  /** Moves a session's expiry if that is due. */
  async renew(renewal: Renewal): Promise<"touched" | "throttled" | "gone"> {
    const { session, operation } = renewal;
    const row = await this.#liveRow(renewal);
    const outcome = row ? await this.#touch(renewal, row) : "gone";
    // One that is still to be made is not over: there is nothing yet to move.
    if (outcome === "gone" && !session.mayCreate) session.end();
    if (outcome !== "renewed by another") return outcome;
    tellOf(this.#options, operation, { type: "throttle" });
    return "throttled";
  }

  /**
   * Makes sure that the row of a session in hand is known, or may be made; false when the session is gone.
   */
  async know(session: SessionInHand, address: Address, operation: Operation): Promise<boolean> {
    if (session.isOver) return false;
    if (session.row !== undefined) return true;
    if (session.mayCreate) {
      // A creation meets what is in the table, and nothing of what is still in another place.
      const previous = await this.#rows.readPrevious(address, operation);
      if (previous && !isExpired(previous, this.#options.now())) this.read(previous);
      session.met(previous);
      return true;
    }
    const current = await this.#rows.read(address, operation);
    if (current === undefined || this.isGone(undefined, current)) return false;
    this.read(current);
    session.adopts(current);
    return true;
  }

  /**
   * Whether a session is over, by the row that is there now.
   *
   * | known | now | the session |
   * | --- | --- | --- |
   * | any | no row, or an expired one | is gone |
   * | `gen` | the same `gen` | lives |
   * | `gen` | another `gen` | is gone: destroyed, and created anew under its id |
   * | either | no `gen` | lives: another package wrote the row whole |
   * | no `gen` | a `gen` | lives: our first write gave it one |
   */
  isGone(known: SessionRow | undefined, current: SessionRow | undefined): boolean {
    if (current === undefined || isExpired(current, this.#options.now())) return true;
    return known?.gen !== undefined && current.gen !== undefined && known.gen !== current.gen;
  }

  /**
   * Whether the session has become another owner's since this hand read or wrote it: who changed the owner
   * wins whole, and nothing that was made of the old one's data is put upon the new one's.
   */
  isAnothers({ ownText }: SessionInHand, row: SessionRow | undefined): boolean {
    if (this.#options.owner === undefined || row === undefined) return false;
    if (ownText === undefined || ownText === row.text) return false;
    return this.#ownerIn(ownText) !== this.#ownerIn(row.text);
  }

  /** A row's data: a copy of the caller's own. @throws {SessionStoreError} `ERR_SESSION_CORRUPT`. */
  read(row: SessionRow): SessionData {
    const data = parseData(row.text);
    if (data === undefined) throw corrupt(row.key, row.place.keys, "its data is not a JSON object");
    return data;
  }

  /** Whether saving this text would write what the caller is known to have read or written. */
  isUnchanged(session: SessionInHand, text: string): boolean {
    return session.isSettled && session.base !== undefined && isSameText(session.base, text);
  }

  /**
   * What a save writes: over a row that lives, or, under a new id, over what the session that it takes the
   * place of held.
   */
  #written(session: SessionInHand, row: SessionRow | undefined, text: string): Written {
    // What is lost does not come back, nor is it taken along from another owner.
    const origin = this.#originOf(session);
    const hand = row ? session : origin;
    const over = row ?? origin?.row;
    if (hand === undefined || over === undefined) return { text, overridden: undefined };
    const theirs = { text: over.text, read: () => this.read(over) };
    return writtenOver(theirs, text, hand, this.#options.concurrency, this.#isReserved);
  }

  #originOf({ origin }: SessionInHand): SessionInHand | undefined {
    return origin && origin.lost === undefined && !this.isAnothers(origin, origin.row) ? origin : undefined;
  }

  /** Sends the one write that fits what is known: over a row that lives, or where there is none. */
  async #send(change: Change, row: SessionRow | undefined, text: string): Promise<WriteResult> {
    const { session, address, cookie, operation } = change;
    const { table } = this.#rows;
    const lifetime = lifetimeBy(text, cookie, this.#options, this.#isReserved);
    const expiry = this.#expiry(lifetime, row ? row.created : session.began);
    if (row) {
      // A passive request prolongs no life. It may shorten one.
      const keepsExpiry = !lifetime.renews && expiry.until >= (endOf(row) ?? 0);
      const content = await this.#content(change, row, text, expiry, lifetime);
      return table.rewrite(row, content, keepsExpiry ? undefined : expiry, expiry.updated, operation);
    }
    const content = await this.#content(change, undefined, text, expiry, lifetime);
    const expired = session.row;
    if (expired === undefined) return table.create(content, expiry, operation);
    if (session.mayCreate) return table.replaceExpired(expired, content, expiry, operation);
    // It may have been renewed since it was read.
    return { outcome: "refused", row: await this.#rows.read(address, operation) };
  }

  /** What a write of data says, over a row or where there is none. */
  async #content(
    { session, address, writeId }: Writing,
    row: SessionRow | undefined,
    text: string,
    expiry: ExpiryStamp,
    lifetime: Lifetime,
  ): Promise<RowContent> {
    const created = (row ? row.created : session.began) ?? expiry.updated;
    const limit = limitOf(created, this.#options.absoluteTtl);
    return {
      key: address.key,
      text,
      gen: row?.gen ?? this.#options.randomId(GEN_LENGTH),
      rev: (row?.rev ?? 0) + 1,
      writes: addWrite(row?.writes ?? [], writeId),
      created,
      ownership: await this.#ownership(text, row, { expiry, lifetimeMs: lifetime.ms, limit }),
    };
  }

  /** Whose the data is, and until when the session is listed as theirs. */
  async #ownership(text: string, row: SessionRow | undefined, life: Life): Promise<Ownership | undefined> {
    const { owner: ownerOf, keys } = this.#options;
    const known = row?.ownership;
    const name = this.#ownerIn(text);
    // A server without the option changes no owner.
    const owner = ownerOf ? name && (await hashOfOwner(name)) : known?.owner;
    if (owner === undefined || keys.sortKey === null) return undefined;
    return { owner, listedUntil: listedUntil(known, life) };
  }

  #ownerIn(text: string): string | undefined {
    const { owner } = this.#options;
    return owner && nameOfOwner(owner, apart(parseData(text) ?? {}, this.#isReserved)[1]);
  }

  async #touch(renewal: Renewal, row: SessionRow): Promise<TouchOutcome> {
    const lifetime = lifetimeBy(row.text, renewal.cookie, this.#options, this.#isReserved);
    const { key } = renewal.address;
    if (!lifetime.renews || !this.#isDue(row, key, lifetime.ms)) return "renewed by another";
    const { now, touchInterval } = this.#options;
    const touch: Touch = {
      lifetimeMs: lifetime.ms,
      isDue: (last) => isTouchDue(last, now(), touchInterval, lifetime.ms),
      // Whoever waited for another's touch, and sends its own, may not be due any more.
      send: async (moves) =>
        this.#isDue(row, key, lifetime.ms) ? this.#sendTouch(renewal, row, moves) : "renewed by another",
    };
    return this.#touches.share(row, touch, key);
  }

  async #sendTouch(
    { session, address, cookie, operation }: Renewal,
    read: SessionRow,
    moves: (move: LastMove) => void,
  ): Promise<TouchOutcome> {
    const writeId = this.newWriteId();
    let row = read;
    for (let attempt = 1; ; attempt++) {
      const lifetime = lifetimeBy(row.text, cookie, this.#options, this.#isReserved);
      const expiry = this.#expiry(lifetime, row.created);
      moves({ updated: expiry.updated, end: expiry.until });
      const result = await this.#move({ session, address, writeId, operation }, row, expiry, lifetime);
      const current: SessionRow | undefined = result.row;
      // One that was touched is not gone, however long the answer took: others may have renewed it since.
      const isTouched = result.outcome === "written";
      if (current === undefined || (!isTouched && this.isGone(row, current))) return "gone";
      // A row that cannot be read is not taken for the session's.
      if (!isTouched) this.read(current);
      this.#touches.remember(current, address.key);
      session.met(current);
      if (isTouched) {
        tellOf(this.#options, operation, { type: "touch" });
        return "touched";
      }
      // Refused by a newer write or touch, which has renewed the session itself; unless that was long ago.
      if (!this.#isDue(current, address.key, lifetime.ms)) return "renewed by another";
      row = current;
      await this.backOff(attempt, operation);
    }
  }

  /**
   * Sends a touch; where more is to be written than an expiry, by a write of the data that is there: a row
   * moves out of a previous place, or is listed under an owner, or has no beginning that an absolute limit
   * could be counted from.
   */
  async #move(
    change: Writing & Pick<Change, "operation">,
    row: SessionRow,
    expiry: ExpiryStamp,
    lifetime: Lifetime,
  ): Promise<WriteResult> {
    const { table } = this.#rows;
    const { operation } = change;
    const content = await this.#content(change, row, row.text, expiry, lifetime);
    const isListed = isSameData(content.ownership, row.ownership);
    const hasBeginning = this.#options.absoluteTtl === undefined || row.created !== undefined;
    if (table.has(row) && isListed && hasBeginning) return table.renew(row, expiry, operation);
    return table.rewrite(row, content, expiry, expiry.updated, operation);
  }

  #isDue(row: SessionRow, key: Address["key"], lifetimeMs: number): boolean {
    const { now, touchInterval } = this.#options;
    // At its absolute limit a session's end moves no more; it may have to be listed under its owner still.
    const isAtLimit = row.limit !== undefined && writtenEndOf(row) === Math.floor(row.limit);
    if (isAtLimit && (row.ownership || this.#ownerIn(row.text) === undefined)) return false;
    return isTouchDue(this.#touches.lastMove(row, key), now(), touchInterval, lifetimeMs);
  }

  /**
   * The row of a session in hand while it lives; one that seems over may have been renewed since it was read.
   */
  async #liveRow({ session, address, operation }: Renewal): Promise<SessionRow | undefined> {
    const { row } = session;
    if (row === undefined || !isExpired(row, this.#options.now())) return row;
    const current = await this.#rows.read(address, operation);
    if (current === undefined || this.isGone(row, current)) return undefined;
    this.read(current);
    session.met(current);
    return current;
  }

  /** The expiry that a write now gives to a session that began at `created`, or begins now. */
  #expiry({ ms, grace }: Lifetime, created: number | undefined): ExpiryStamp {
    const now = this.#options.now();
    return expiryFrom(now, ms + grace, limitOf(created ?? now, this.#options.absoluteTtl));
  }
}
