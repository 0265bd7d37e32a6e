// The protocol between a session in hand and its row: which conditional write fits what is known, and what a refusal
// teaches. Time, lifetimes and conditions are decided elsewhere; who waits for whom, and what is told, is the engine's.
import { refuseOption } from "./checks.js";
import { type IsDoors, type Written, writtenOver } from "./concurrency.js";
import { isSameText, parseData, toSess } from "./data.js";
import { tellOf } from "./events.js";
import { type ExpiryStamp, endOf, expiryFrom, isExpired, lifetimeOf, MAX_LIFETIME_MS } from "./expiry.js";
import type { StorageKey } from "./keys.js";
import type { Operation } from "./operation.js";
import { isLifetime, type ResolvedOptions, type SessionData } from "./options.js";
import { nameOfPath } from "./paths.js";
import { randomFraction } from "./random.js";
import { addWrite, corrupt, type SessionRow } from "./record.js";
import type { SessionInHand } from "./session.js";
import type { SessionTable, WriteResult } from "./table.js";
import { isTouchDue, type LastMove, type RecentTouches, type TouchOutcome } from "./touches.js";

/** What a door knows of a session's lifetime: its cookie's, and what the request means by it. */
export interface CookieLifetime {
  /** Milliseconds from now; none, or not a finite number, means that the cookie says nothing. The option `ttl` wins. */
  readonly maxAge?: number | undefined;
  /** Milliseconds that the row outlives a cookie whose `maxAge` governs. Default 0. */
  readonly grace?: number | undefined;
  /**
   * `false` for a passive request, such as a page's polling, which must not keep its session alive: it prolongs no
   * session that is in the table. Default `true`.
   */
  readonly renew?: boolean | undefined;
}

/**
 * The same as a function of the data that is written: another request may have changed what that says of its lifetime.
 * `undefined`, where the data says nothing and there is no `ttl`, leaves a session's end as it is.
 */
export type LifetimeOfData = (data: SessionData) => CookieLifetime | undefined;

/** One change of a session's data, over all attempts to write it. */
export interface Change {
  readonly session: SessionInHand;
  readonly key: StorageKey;
  /** The data as the caller has it, as JSON text. */
  readonly text: string;
  readonly cookie: CookieLifetime | LifetimeOfData;
  /** By this the row tells a write of which only the answer was lost. */
  readonly writeId: string;
  readonly operation: Operation;
}

/** How long a session lives from now on, in milliseconds; touches are spaced by the first figure alone. */
interface Lifetime {
  readonly ms: number;
  readonly grace: number;
  readonly renews: boolean;
}

const GEN_LENGTH = 8;
const WRITE_ID_LENGTH = 5;
const FIRST_BACKOFF_MS = 10;
const LONGEST_BACKOFF_MS = 160;

/** How sessions in hand are written to, and kept alive in, one table. */
export class RowProtocol {
  readonly #options: ResolvedOptions;
  readonly #table: SessionTable;
  readonly #touches: RecentTouches;
  readonly #isDoors: IsDoors;

  constructor(
    options: ResolvedOptions,
    { table, touches, isDoors }: { table: SessionTable; touches: RecentTouches; isDoors: IsDoors },
  ) {
    this.#options = options;
    this.#table = table;
    this.#touches = touches;
    this.#isDoors = isDoors;
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
   * | refused | remembers an earlier write of this hand's, which had failed | newer | holds what that wrote |
   * | refused | was written by another | newer | knows the row; what it holds stays |
   */
  async attempt(change: Change): Promise<"saved" | "gone" | "newer"> {
    const { session, text, writeId, operation } = change;
    session.recognize();
    const { now } = this.#options;
    // What takes an expired row's place is another session, and has nothing of the old one.
    const row = session.row && !isExpired(session.row, now()) ? session.row : undefined;
    const written = this.#written(session, row, text);
    session.doubts({ id: writeId, text });
    const result = await this.#send(change, row, written.text);
    if (result.outcome === "written") this.#touches.remember(result.row);
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

  /** Waits before the next attempt: longer each time, and by chance, so that those who were refused together part. */
  async backOff(attempt: number, operation: Operation): Promise<void> {
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
    await this.#options.sleep(longest * randomFraction(this.#options.randomId), operation.signal);
    operation.throwIfOver();
  }

  /** Moves a session's expiry if that is due. */
  async renew(
    session: SessionInHand,
    cookie: Change["cookie"],
    operation: Operation,
  ): Promise<"touched" | "throttled" | "gone"> {
    const row = await this.#liveRow(session, operation);
    const outcome = row ? await this.#touch(session, row, cookie, operation) : "gone";
    // One that is still to be made is not over: there is nothing yet to move.
    if (outcome === "gone" && !session.mayCreate) session.end();
    if (outcome !== "renewed by another") return outcome;
    tellOf(this.#options, operation, { type: "throttle" });
    return "throttled";
  }

  /** Makes sure that the row of a session in hand is known, or may be made; false when the session is gone. */
  async know(session: SessionInHand, key: StorageKey, operation: Operation): Promise<boolean> {
    if (session.isOver) return false;
    if (session.row !== undefined || session.mayCreate) return true;
    const current = await this.#table.read(key, operation);
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

  /** A row's data: a copy of the caller's own. @throws {SessionStoreError} `ERR_SESSION_CORRUPT`. */
  read(row: SessionRow): SessionData {
    const data = parseData(row.text);
    if (data === undefined) throw corrupt(row.key, this.#options.keys, "its data is not a JSON object");
    return data;
  }

  /** Whether saving this text would write what the caller is known to have read or written. */
  isUnchanged(session: SessionInHand, text: string): boolean {
    return session.isSettled && session.base !== undefined && isSameText(session.base, text);
  }

  /** What a save writes: over a row that lives, or, under a new id, over what the session that it takes the place of held. */
  #written(session: SessionInHand, row: SessionRow | undefined, text: string): Written {
    // What is lost does not come back.
    const origin = session.origin?.lost === undefined ? session.origin : undefined;
    const hand = row ? session : origin;
    const over = row ?? origin?.row;
    if (hand === undefined || over === undefined) return { text, overridden: undefined };
    const theirs = { text: over.text, read: () => this.read(over) };
    return writtenOver(theirs, text, hand, this.#options.concurrency, this.#isDoors);
  }

  /** Sends the one write that fits what is known: over a row that lives, or where there is none. */
  async #send(
    { session, key, cookie, writeId, operation }: Change,
    row: SessionRow | undefined,
    text: string,
  ): Promise<WriteResult> {
    const { format, randomId } = this.#options;
    const lifetime = this.#lifetime(text, cookie);
    const expiry = this.#expiry(lifetime);
    // A passive request prolongs no life. It may shorten one.
    const keepsExpiry = row !== undefined && !lifetime.renews && expiry.until >= (endOf(row) ?? 0);
    const sess = toSess(text, format, keepsExpiry ? (row.updated ?? expiry.updated) : expiry.updated);
    const fresh = {
      key,
      sess,
      gen: row?.gen ?? randomId(GEN_LENGTH),
      rev: 1,
      writes: [writeId],
      created: expiry.updated,
    };
    if (row === undefined) {
      const expired = session.row;
      if (expired === undefined) return this.#table.create(fresh, expiry, operation);
      if (session.mayCreate) return this.#table.replaceExpired(expired, fresh, expiry, operation);
      // It may have been renewed since it was read.
      return { outcome: "refused", row: await this.#table.read(key, operation) };
    }
    const content = {
      ...fresh,
      rev: (row.rev ?? 0) + 1,
      writes: addWrite(row.writes, writeId),
      created: row.created ?? fresh.created,
    };
    return this.#table.rewrite(row, content, keepsExpiry ? undefined : expiry, expiry.updated, operation);
  }

  async #touch(
    session: SessionInHand,
    row: SessionRow,
    cookie: Change["cookie"],
    operation: Operation,
  ): Promise<TouchOutcome> {
    const lifetime = this.#lifetime(row.text, cookie);
    if (!lifetime.renews || !this.#isDue(row, lifetime.ms)) return "renewed by another";
    const { now, touchInterval } = this.#options;
    return this.#touches.share(row, {
      lifetimeMs: lifetime.ms,
      isDue: (last) => isTouchDue(last, now(), touchInterval, lifetime.ms),
      // Whoever waited for another's touch, and sends its own, may not be due any more.
      send: async (moves) =>
        this.#isDue(row, lifetime.ms)
          ? this.#sendTouch(session, row, cookie, operation, moves)
          : "renewed by another",
    });
  }

  async #sendTouch(
    session: SessionInHand,
    read: SessionRow,
    cookie: Change["cookie"],
    operation: Operation,
    moves: (move: LastMove) => void,
  ): Promise<TouchOutcome> {
    let row = read;
    for (let attempt = 1; ; attempt++) {
      const lifetime = this.#lifetime(row.text, cookie);
      const expiry = this.#expiry(lifetime);
      moves({ updated: expiry.updated, end: expiry.until });
      const result = await this.#table.renew(row, expiry, operation);
      const current: SessionRow | undefined = result.row;
      // One that was touched is not gone, however long the answer took: others may have renewed it since.
      const isTouched = result.outcome === "written";
      if (current === undefined || (!isTouched && this.isGone(row, current))) return "gone";
      // A row that cannot be read is not taken for the session's.
      if (!isTouched) this.read(current);
      this.#touches.remember(current);
      session.met(current);
      if (isTouched) {
        tellOf(this.#options, operation, { type: "touch" });
        return "touched";
      }
      // Refused by a newer write or touch, which has renewed the session itself; unless that was long ago.
      if (!this.#isDue(current, lifetime.ms)) return "renewed by another";
      row = current;
      await this.backOff(attempt, operation);
    }
  }

  #isDue(row: SessionRow, lifetimeMs: number): boolean {
    const { now, touchInterval } = this.#options;
    return isTouchDue(this.#touches.lastMove(row), now(), touchInterval, lifetimeMs);
  }

  /** The row of a session in hand while it lives; one that seems over may have been renewed since it was read. */
  async #liveRow(session: SessionInHand, operation: Operation): Promise<SessionRow | undefined> {
    const { row } = session;
    if (row === undefined || !isExpired(row, this.#options.now())) return row;
    const current = await this.#table.read(row.key, operation);
    if (current === undefined || this.isGone(row, current)) return undefined;
    this.read(current);
    session.met(current);
    return current;
  }

  #expiry({ ms, grace }: Lifetime): ExpiryStamp {
    return expiryFrom(this.#options.now(), ms + grace);
  }

  #lifetime(text: string, cookie: Change["cookie"]): Lifetime {
    const { ttl } = this.#options;
    const said = typeof cookie === "function" ? cookie(parseData(text) ?? {}) : cookie;
    // Passive, and longer than any: nothing is moved.
    if (said === undefined && ttl === undefined) return { ms: MAX_LIFETIME_MS, grace: 0, renews: false };
    const { maxAge, renew, grace: outlives = 0 } = said ?? {};
    const renews = renew !== false;
    if (typeof ttl !== "function") {
      const grace = ttl === undefined && maxAge !== undefined ? outlives : 0;
      return { ms: lifetimeOf(ttl, maxAge), grace, renews };
    }
    const given: unknown = ttl(parseData(text) ?? {});
    if (isLifetime(given)) return { ms: given, grace: 0, renews };
    if (given instanceof Promise) given.catch(() => {});
    return refuseOption("ttl: expected milliseconds, 1 or more, of the function", given);
  }
}
