// The engine behind every door: the operations on sessions, who waits for whom, and what is told of it. What
// is written to a row, and when, is the protocol's business; how, the table's. No framework is known here.
import { BoundedMap } from "./bounded-map.js";
import { attemptMsOf } from "./client.js";
import type { IsReserved } from "./concurrency.js";
import { apart, encodeData, parseData } from "./data.js";
import { SessionStoreError } from "./errors.js";
import { tell, tellOf } from "./events.js";
import { isExpired, isRemovable } from "./expiry.js";
import { type Address, Addresses } from "./keys.js";
import type { SessionLifetime } from "./lifetime.js";
import { withoutLost } from "./merge.js";
import { type Operation, OperationRunner } from "./operation.js";
import {
  codecsOf,
  type OptionFunctions,
  type ResolvedOptions,
  resolveOptions,
  type SessionData,
  type SessionStoreOptions,
} from "./options.js";
import { type Change, RowProtocol } from "./protocol.js";
import { checkSize, type SessionRow } from "./record.js";
import { isReserved } from "./reserved-fields.js";
import { SessionRows } from "./rows.js";
import { requestsShare } from "./runtime.js";
import { SessionInHand } from "./session.js";
import { RecentTouches } from "./touches.js";
import { Traffic } from "./traffic.js";
import { type Line, Turns } from "./turns.js";

/**
 * What came of a save: the data is in the table, or the session was destroyed or has expired, and nothing was
 * written.
 */
export interface SaveResult {
  /** `saved` also where nothing had to be written. */
  readonly outcome: "saved" | "gone";
}

/** What came of an update, with the data as it was written. */
export type UpdateResult =
  | {
      readonly outcome: "saved";
      /** As it was written. */
      readonly data: SessionData;
      /** The session as it is now, for saves of further changes. */
      readonly session: SessionInHand;
    }
  | { readonly outcome: "gone" };

/**
 * What came of a touch: the expiry was moved; or that was not due, or had just been done by another; or the
 * session is gone; or the write failed, which a session that lives survives.
 */
export type TouchResult =
  | { readonly outcome: "touched" | "throttled" | "gone" }
  | {
      readonly outcome: "failed";
      /** A {@link SessionStoreError}: why the write failed. */
      readonly error: unknown;
    };

/** Changes session data: returns the new data, or changes what it was given and returns nothing. */
export type SessionChange = (data: SessionData) => unknown;

/** What an update made of a row, in a hand over that. */
interface Made {
  readonly session: SessionInHand;
  readonly text: string;
  readonly row: SessionRow;
}

/** What engines of the same table have in common, whatever their functions are. */
export interface Shared {
  readonly traffic: Traffic;
  readonly rows: SessionRows;
  readonly addresses: Addresses;
  readonly touches: RecentTouches;
  /** Those who write one session leave each other its row, as it is by then. */
  readonly turns: Turns<SessionRow>;
  readonly handedOutAt: BoundedMap<string, number>;
  readonly isReserved: IsReserved;
}

export function newShared(options: ResolvedOptions, isReserved: IsReserved): Shared {
  const traffic = new Traffic(SILENT_ATTEMPTS * attemptMsOf(options.timeout), requestsShare);
  return {
    traffic,
    rows: SessionRows.of(options, traffic),
    addresses: new Addresses(options.keys, options.previous, requestsShare),
    touches: new RecentTouches(requestsShare),
    turns: new Turns(requestsShare),
    handedOutAt: new BoundedMap(),
    isReserved,
  };
}

// A table that answers nothing in the time of so many attempts is down, for all that can be told.
const SILENT_ATTEMPTS = 2;
// Of the base64url alphabet, six bits each.
const ID_LENGTH = 32;
// How long an id counts as handed out, for saves that nothing links to their load.
const HANDED_OUT_MS = 60_000;

/**
 * The engine of a framework's door. The fields that frameworks keep in the data are merged and kept like all
 * others, and neither an update nor the functions `concurrency` and `owner` see them.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 */
export function engineForDoor(options: SessionStoreOptions): SessionEngine {
  const resolved = resolveOptions(options);
  return new SessionEngine(resolved, newShared(resolved, isReserved));
}

/**
 * Sessions in one DynamoDB table.
 *
 * Every method that asks the table settles within the option `timeout`, and rejects with a
 * {@link SessionStoreError}: `ERR_SESSION_TIMEOUT`, `ERR_SESSION_TABLE`, `ERR_SESSION_ACCESS`,
 * `ERR_SESSION_THROTTLED`, `ERR_SESSION_UNAVAILABLE`, or `ERR_SESSION_CLOSED` after `close`. Further codes
 * are said at each.
 */
export class SessionEngine {
  readonly #options: ResolvedOptions;
  readonly #protocol: RowProtocol;
  readonly #operations: OperationRunner;
  readonly #shared: Shared;

  /** @internal */
  constructor(
    options: ResolvedOptions,
    shared: Shared,
    operations = new OperationRunner(options, shared.traffic),
  ) {
    this.#options = options;
    this.#shared = shared;
    this.#protocol = new RowProtocol(options, shared);
    this.#operations = operations;
  }

  /**
   * This engine, its connections and what it remembers, with other functions: those of one request's options.
   * @internal
   */
  withFunctions({ codec, ...functions }: OptionFunctions): SessionEngine {
    const options = { ...this.#options, ...functions, codecs: codecsOf(codec) };
    const shared = { ...this.#shared, rows: this.#shared.rows.withOptions(options) };
    return new SessionEngine(options, shared, this.#operations.withOptions(options));
  }

  /**
   * Runs work of several operations, on the engine that it is given, as one: where `close` comes meanwhile,
   * all of it finishes.
   * @internal
   */
  asOne<T>(work: (engine: SessionEngine) => Promise<T>): Promise<T> {
    return this.#operations.asOne((operations) =>
      work(new SessionEngine(this.#options, this.#shared, operations)),
    );
  }

  /**
   * The session of a row that was read, which from now on counts as handed out.
   * @internal
   */
  hand(id: string, row: SessionRow, address: Address): SessionInHand {
    const session = SessionInHand.loaded(id, row, this.#protocol.read(row));
    session.address = address;
    this.#shared.handedOutAt.set(id, this.#options.now());
    return session;
  }

  /** A new session's id: 192 random bits, base64url. */
  newId(): string {
    return this.#options.randomId(ID_LENGTH);
  }

  /** The engine's clock, in epoch milliseconds: the option `now`. */
  now(): number {
    return this.#options.now();
  }

  /**
   * The session of this id, or `undefined` where there is none, it has expired, or the id cannot be a key.
   * Waits for saves and destroys of it that are on their way in this process.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`.
   */
  load(id: string): Promise<SessionInHand | undefined> {
    if (!this.#shared.addresses.canHave(id)) return Promise.resolve(undefined);
    return this.#operations.run("load", id, async (operation) => {
      const address = await this.addressFor(SessionInHand.unknown(id, false));
      await this.#shared.turns.pending(address.key);
      operation.throwIfOver();
      const row = await this.#shared.rows.load(address, operation);
      const isLive = row !== undefined && !isExpired(row, this.#options.now());
      if (row !== undefined && !isLive) await this.#retire(row, operation);
      const session = isLive ? this.hand(id, row, address) : undefined;
      tellOf(this.#options, operation, { type: "load", found: isLive, keys: operation.keys });
      return session;
    });
  }

  /**
   * A session that is new: its first save makes the row. Where a live one stands under the id, that is
   * written over. Any id is taken; one that cannot be a key is refused by the save.
   *
   * @param predecessor a session whose data the new one takes over, and which is destroyed for it: a new id
   * for the same user, whose `absoluteTtl` goes on. What others saved in it meanwhile comes along, merged as
   * by a save. Where it was gone before, destroyed by another request or over, nothing of it comes back: of
   * what is saved only the fields are written that its caller added or replaced whole, and where there are
   * none, the save is `gone`.
   * @param began when the session began that the new one stands for without taking over its data, in epoch
   * milliseconds: from then on `absoluteTtl` counts. Default: the first save.
   */
  create(id: string, predecessor?: SessionInHand, began?: number): SessionInHand {
    return predecessor ? SessionInHand.after(predecessor, id) : SessionInHand.unknown(id, true, began);
  }

  /**
   * A session of which nothing is known, for callers that cannot say what they loaded. Its save makes the
   * row, or writes over what is there; but for an id that a load of this engine handed out within the last
   * minute it only writes over what is there, so that it revives nothing.
   */
  adopt(id: string): SessionInHand {
    const at = this.#shared.handedOutAt.get(id);
    return SessionInHand.unknown(id, at === undefined || this.#options.now() - at > HANDED_OUT_MS);
  }

  /**
   * Writes a session's data. What was loaded is written only while it is still there: a session that was
   * destroyed or has expired is `gone`. Where others have written it meanwhile, what the caller changed since
   * it loaded or last saved is put upon what they wrote (option `concurrency`). Data that did not change is a
   * touch. The data is serialised before this returns.
   *
   * @param target a session in hand; an id is adopted.
   * @param cookie how long it lives; as a function, of the data as it is written, others' changes among it.
   * @throws {SessionStoreError} also `ERR_SESSION_CONFLICT`, `ERR_SESSION_UNSERIALIZABLE`,
   * `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_ID`, `ERR_SESSION_CORRUPT`, and `ERR_SESSION_OPTIONS` where the
   * function `ttl` gives no lifetime, or `owner` no name.
   */
  save(target: SessionInHand | string, data: unknown, cookie: SessionLifetime = {}): Promise<SaveResult> {
    const session = target instanceof SessionInHand ? target : this.adopt(target);
    const give = (): string => {
      const text = encodeData(data);
      session.gives(text);
      return text;
    };
    let known: string | undefined;
    const work = async (operation: Operation): Promise<SaveResult> => {
      const given = give();
      known = given;
      if (this.#options.format === "json" && !this.#options.codecs) checkSize({ sess: { S: given } });
      const address = await this.addressFor(session);
      return this.#shared.turns.take(address.key, operation.signal, async (line) => {
        const text = session.lost === undefined ? given : withoutLost(given, session.lost);
        if (text === undefined) return this.#gone(operation);
        session.catchUp(line.latest);
        if (!(await this.#protocol.know(session, address, operation))) return this.#gone(operation);
        if (!this.#protocol.isUnchanged(session, text))
          return this.#write({ session, address, text, cookie, operation }, line);
        const outcome = await this.#protocol.renew({ session, address, cookie, operation });
        return outcome === "gone" ? this.#gone(operation) : { outcome: "saved" };
      });
    };
    return this.#operations.run("save", session.id, work, (error) => {
      // Where it was not even tried, nothing was serialised yet.
      if (isSurvivable(error) && this.#protocol.isUnchanged(session, known ?? give())) {
        return { outcome: "saved" };
      }
      throw error;
    });
  }

  /**
   * Moves a session's expiry, at most once in `touchInterval` (and twice in a lifetime). Never fails for the
   * table's sake: the session lives on, the failure is told to `onEvent` and stands in the outcome.
   *
   * @param target a session in hand; of an id the row is read first.
   * @throws {SessionStoreError} only `ERR_SESSION_CLOSED`, and `ERR_SESSION_OPTIONS` as `save`.
   */
  touch(target: SessionInHand | string, cookie: SessionLifetime = {}): Promise<TouchResult> {
    const session = inHand(target);
    if (!this.#canBeStored(session)) return Promise.resolve({ outcome: "gone" });
    const work = async (operation: Operation): Promise<TouchResult> => {
      const address = await this.addressFor(session);
      await this.#shared.turns.pending(address.key);
      operation.throwIfOver();
      const isKnown = await this.#protocol.know(session, address, operation);
      const outcome = isKnown ? await this.#protocol.renew({ session, address, cookie, operation }) : "gone";
      return outcome === "gone" ? this.#gone(operation) : { outcome };
    };
    return this.#operations.run("touch", session.id, work, (error) => {
      if (isSurvivable(error)) return { outcome: "failed", error };
      throw error;
    });
  }

  /**
   * Destroys a session, and writes of it that are on their way in this process. None being there is as good.
   */
  destroy(target: SessionInHand | string): Promise<void> {
    const session = inHand(target);
    if (!this.#canBeStored(session)) return Promise.resolve();
    let isRemoved = false;
    const work = async (operation: Operation): Promise<void> => {
      const address = await this.addressFor(session);
      const { key } = address;
      const remove = async () => {
        session.removes();
        const removed = await this.#shared.rows.remove(address, operation);
        isRemoved = true;
        const isGone = removed !== "unknown" && this.#protocol.isGone(session.row, removed);
        // One whose data cannot be read has nothing for whoever comes in its place.
        if (typeof removed === "object" && !isGone && parseData(removed.text)) session.met(removed);
        session.removed(isGone);
      };
      // A write that hangs does not keep a logout from the table: it is sent at once, and again when the
      // write, which may have made the row, has ended.
      const atOnce = this.#shared.turns.pending(key) && remove().catch(() => {});
      await this.#shared.turns.take(key, operation.signal, async () => {
        await atOnce;
        await remove();
      });
      tellOf(this.#options, operation, { type: "destroy" });
    };
    return this.#operations.run("destroy", session.id, work, (error) => {
      if (!isRemoved || !isTimeout(error)) throw error;
    });
  }

  /**
   * Changes a session on the newest data: `change` is given a copy, and returns the new data, or changes what
   * it was given. When another request wrote meanwhile it runs again on what that wrote, so that a counter
   * counts; it must have no other effects. Nothing waits while it runs. Data that did not change is a touch.
   * A session in the caller's hand stays what it loaded: saving that afterwards undoes nothing.
   *
   * @param cookie as for `save`.
   * @throws {SessionStoreError} as `save`, but for `ERR_SESSION_CONFLICT`; and what `change` throws.
   */
  update(
    target: SessionInHand | string,
    change: SessionChange,
    cookie: SessionLifetime = {},
  ): Promise<UpdateResult> {
    const caller = inHand(target);
    let unchanged: UpdateResult | undefined;
    const work = async (operation: Operation): Promise<UpdateResult> => {
      const address = await this.addressFor(caller);
      const current = await this.#newest(caller, address, operation);
      if (current === undefined) return this.#gone(operation);
      const writeId = this.#protocol.newWriteId();
      const renew = async (made: Made) => {
        unchanged = this.#updated(made);
        const { session } = made;
        const outcome = await this.#protocol.renew({ session, address, cookie, operation });
        // Where a newer write refused the touch, what did not change is not the newest data.
        if (outcome === "gone" || session.row?.text === made.row.text) return outcome;
        unchanged = undefined;
        return "newer";
      };
      let making = this.#make(caller, current, change);
      for (let attempt = 1; ; ) {
        // Nobody waits behind a change that takes its time: it runs out of turn.
        let made = making instanceof Promise ? await this.#shared.traffic.outside(operation, making) : making;
        operation.throwIfOver();
        const written = await this.#shared.turns.take(address.key, operation.signal, async (line) => {
          made.session.catchUp(line.latest);
          // What is made of one owner's data is not put upon another's.
          if (this.#protocol.isAnothers(caller, made.session.row)) return "gone";
          making = this.#remake(made, caller, change);
          if (making instanceof Promise) return "overtaken";
          made = making;
          const { session, text } = made;
          if (this.#protocol.isUnchanged(session, text)) return "unchanged";
          return this.#attempt({ session, address, text, cookie, writeId, operation }, line);
        });
        if (written === "overtaken") continue;
        const outcome = written === "unchanged" ? await renew(made) : written;
        if (outcome === "gone") return this.#gone(operation);
        if (outcome === "saved") {
          caller.updated(made.session.row);
          this.#saved(operation, attempt);
        } else caller.met(made.session.row);
        if (outcome !== "newer") return this.#updated(made);
        await this.#protocol.backOff(attempt++, operation);
      }
    };
    return this.#operations.run("update", caller.id, work, (error) => {
      if (unchanged && isSurvivable(error)) return unchanged;
      throw error;
    });
  }

  /**
   * What `change` makes of no data, for a session that is still to be made: run as an update runs it.
   * @internal
   */
  changeOfNothing<T>(change: (data: SessionData) => T | Promise<T>): Promise<T> {
    return this.#operations.run("update", undefined, async (operation) => {
      const given = change({});
      return given instanceof Promise ? this.#shared.traffic.outside(operation, given) : given;
    });
  }

  /**
   * Ends the engine: what is on its way settles, what comes after is refused with `ERR_SESSION_CLOSED`, and a
   * client of the engine's own is closed. A client of the caller's stays open.
   */
  async close(): Promise<void> {
    await this.#shared.traffic.close();
    this.#options.connection.close();
  }

  /** Writes until it stands, or the session is gone; in its turn. */
  async #write(change: Omit<Change, "writeId">, line: Line<SessionRow>): Promise<SaveResult> {
    const { operation } = change;
    const writeId = this.#protocol.newWriteId();
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt({ ...change, writeId }, line);
      if (outcome === "gone") return this.#gone(operation);
      if (outcome === "saved") {
        this.#saved(operation, attempt);
        return { outcome };
      }
      await this.#protocol.backOff(attempt, operation);
    }
  }

  /**
   * An attempt in its turn. The next in the line begins with the row as it is then: it need not be refused to
   * learn it.
   */
  async #attempt(change: Change, line: Line<SessionRow>): Promise<"saved" | "gone" | "newer"> {
    const outcome = await this.#protocol.attempt(change);
    line.latest = change.session.row;
    return outcome;
  }

  /** The row at this moment of a session that lives, and is the caller's still; else `undefined`. */
  async #newest(
    caller: SessionInHand,
    address: Address,
    operation: Operation,
  ): Promise<SessionRow | undefined> {
    const { rows, turns } = this.#shared;
    await turns.pending(address.key);
    operation.throwIfOver();
    // What another writes between this read and the turn is not missed.
    operation.afterwards(turns.approach(address.key));
    const row = await rows.read(address, operation);
    const isOver = row === undefined || this.#protocol.isGone(caller.row, row);
    return isOver || this.#protocol.isAnothers(caller, row) ? undefined : row;
  }

  /**
   * What a change makes of a row, at once where it gives no promise. In a hand of its own: what the caller
   * has in its hand is still what it loaded.
   */
  #make(caller: SessionInHand, row: SessionRow, change: SessionChange): Made | Promise<Made> {
    const session = SessionInHand.loaded(caller.id, row, this.#protocol.read(row));
    session.address = caller.address;
    if (caller.holds) session.narrow(caller.holds);
    const { isReserved } = this.#shared;
    const [own, data] = apart(session.data, isReserved);
    const finish = (given: unknown): Made => {
      const [, changed] = apart(parseData(encodeData(given ?? data)) ?? {}, isReserved);
      return { session, text: JSON.stringify({ ...changed, ...own }), row };
    };
    const given = change(data);
    return given instanceof Promise ? given.then(finish) : finish(given);
  }

  /**
   * The same, made again if the row was written meanwhile: as a refusal showed, or another of this process
   * left it.
   */
  #remake(made: Made, caller: SessionInHand, change: SessionChange): Made | Promise<Made> {
    const { session } = made;
    return session.row && session.isOvertaken ? this.#make(caller, session.row, change) : made;
  }

  #updated({ session, text }: Made): UpdateResult {
    return { outcome: "saved", data: parseData(text) ?? {}, session };
  }

  /**
   * An expired row was met: it is removed, unless it is to be kept, ended too recently to be sure, or cannot
   * be read.
   */
  async #retire(row: SessionRow, operation: Operation): Promise<void> {
    const { keepExpired, now, onEvent } = this.#options;
    let removed = false;
    // What is no session's data may be somebody else's: it is not ours to remove.
    if (!keepExpired && isRemovable(row, now()) && parseData(row.text) !== undefined) {
      try {
        removed = await this.#shared.rows.removeExpired(row, operation);
      } catch (error) {
        // The answer to the load is known. The row stays for the next one, or for the table's own TTL.
        this.#operations.report("load", operation.session, error);
      }
    }
    tell(onEvent, { type: "expire", session: operation.session, removed });
  }

  #canBeStored({ id, address }: SessionInHand): boolean {
    return address !== undefined || this.#shared.addresses.canHave(id);
  }

  /**
   * The keys of a session.
   * @throws {SessionStoreError} `ERR_SESSION_ID` where it can have none.
   * @internal
   */
  async addressFor(session: SessionInHand): Promise<Address> {
    const { id } = session;
    // Each operation waits once, so that they enter in the order in which they were asked for.
    session.address = await (session.address ?? this.#shared.addresses.of(id));
    if (session.address !== undefined) return session.address;
    // Never the id itself, whatever it is.
    const given = typeof id === "string" ? `${id.length} characters` : `a value of type ${typeof id}`;
    throw new SessionStoreError(
      "ERR_SESSION_ID",
      `a session cannot be saved under this id (${given}): it must be a string that is not empty, is Unicode, and with table.hashPrefix is at most 1 024 bytes (2 048 where there is no sort key). Nothing was written`,
    );
  }

  #saved(operation: Operation, attempts: number): void {
    tellOf(this.#options, operation, { type: "save", attempts });
  }

  #gone(operation: Operation): { outcome: "gone" } {
    tell(this.#options.onEvent, { type: "gone", session: operation.session, operation: operation.name });
    return { outcome: "gone" };
  }
}

/** What was given, or a session of that id which is read before anything else. */
function inHand(target: SessionInHand | string): SessionInHand {
  return target instanceof SessionInHand ? target : SessionInHand.unknown(target, false);
}

function isTimeout(error: unknown): boolean {
  return error instanceof SessionStoreError && error.code === "ERR_SESSION_TIMEOUT";
}

/** Whether a session that lives survives this failure of a touch: all but a mistake of the caller's. */
function isSurvivable(error: unknown): boolean {
  if (!(error instanceof SessionStoreError)) return false;
  return error.code !== "ERR_SESSION_OPTIONS" && error.code !== "ERR_SESSION_CLOSED";
}
