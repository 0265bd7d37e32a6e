// The engine behind every door: what to read and write for a session, and when. How a command is sent is the table's
// business, when a row ends expiry's, whether a touch is due touches'; no framework is known here.
import { encodeData, isSameData, parseData, toSess } from "./data.js";
import { SessionStoreError } from "./errors.js";
import { tell } from "./events.js";
import { type ExpiryStamp, expiryFrom, isExpired, isRemovable, lifetimeOf } from "./expiry.js";
import { Handouts } from "./handouts.js";
import { type StorageKey, sessionIdOf, storageKeyOf } from "./keys.js";
import { mergeText } from "./merge.js";
import { type Operation, OperationRunner } from "./operation.js";
import {
  describe,
  isLifetime,
  type ResolvedOptions,
  resolveOptions,
  type SessionData,
  type SessionStoreOptions,
} from "./options.js";
import { randomFraction } from "./random.js";
import { addWrite, corrupt, decodeExpiry, decodeRow, isSessionItem, type SessionRow } from "./record.js";
import { bindsIoToRequest } from "./runtime.js";
import { SessionInHand } from "./session.js";
import { type ScannedRow, SessionTable, type WriteResult } from "./table.js";
import { isTouchDue, RecentTouches, type TouchOutcome } from "./touches.js";
import { NoTurns, Turns } from "./turns.js";

/** What a door knows of a session's lifetime: its cookie's. The option `ttl` wins over it. */
export interface CookieLifetime {
  /** Milliseconds from now; none, or not a finite number, means that the cookie says nothing. */
  readonly maxAge?: number | undefined;
}

/** What came of a save: the data is in the table, or the session was destroyed or has expired, and nothing was written. */
export interface SaveResult {
  readonly outcome: "saved" | "gone";
}

/** What came of an update, with the data as it was written. */
export type UpdateResult =
  | { readonly outcome: "saved"; readonly data: SessionData }
  | { readonly outcome: "gone" };

/**
 * What came of a touch: the expiry was moved; or that was not due, or had just been done by another; or the session is
 * gone; or the write failed, which a session that lives survives.
 */
export type TouchResult =
  | { readonly outcome: "touched" | "throttled" | "gone" }
  | { readonly outcome: "failed"; readonly error: unknown };

/** Changes session data: returns the new data, or changes what it was given and returns nothing. */
export type SessionChange = (data: SessionData) => unknown;

const GEN_LENGTH = 8;
const WRITE_ID_LENGTH = 5;
const FIRST_BACKOFF_MS = 10;
const LONGEST_BACKOFF_MS = 160;

/**
 * Makes the engine of one table. Makes no request and opens no connection.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 * @example
 * const engine = createSessionEngine({ table: { name: "sessions" } });
 * const session = await engine.load(id);
 * if (session) await engine.save(session, { ...session.data, seen: Date.now() });
 */
export function createSessionEngine(options: SessionStoreOptions): SessionEngine {
  return new SessionEngine(resolveOptions(options));
}

/**
 * Sessions in one DynamoDB table.
 *
 * Every method that asks the table settles within the option `timeout`, and rejects with a {@link SessionStoreError}:
 * `ERR_SESSION_TIMEOUT`, `ERR_SESSION_TABLE`, `ERR_SESSION_ACCESS`, `ERR_SESSION_THROTTLED`, `ERR_SESSION_UNAVAILABLE`,
 * or `ERR_SESSION_CLOSED` after `close`. Further codes are said at each.
 */
export class SessionEngine {
  readonly #options: ResolvedOptions;
  readonly #table: SessionTable;
  readonly #operations: OperationRunner;
  readonly #turns: Turns;
  readonly #touches: RecentTouches;
  readonly #handouts = new Handouts();

  /** @internal */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#table = new SessionTable(options);
    this.#operations = new OperationRunner(options);
    this.#turns = bindsIoToRequest ? new NoTurns() : new Turns();
    this.#touches = new RecentTouches(!bindsIoToRequest);
  }

  /** The engine's clock, in epoch milliseconds: the option `now`. */
  now(): number {
    return this.#options.now();
  }

  /**
   * The session of this id, or `undefined` where there is none, it has expired, or the id cannot be a key. Waits for
   * saves and destroys of it that are on their way in this process.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`.
   */
  load(id: string): Promise<SessionInHand | undefined> {
    const key = storageKeyOf(id, this.#options.keys);
    if (key === undefined) return Promise.resolve(undefined);
    return this.#operations.run("load", id, async (operation) => {
      await this.#turns.pending(key);
      operation.signal.throwIfAborted();
      const row = await this.#table.read(key, operation);
      const isLive = row !== undefined && !isExpired(row, this.#options.now());
      if (row !== undefined && !isLive) await this.#retire(row, operation);
      const session = isLive ? this.#hand(id, row) : undefined;
      tell(this.#options.onEvent, { type: "load", ...this.#done(operation), found: isLive, keys: 1 });
      return session;
    });
  }

  /**
   * A session that is new: its first save makes the row. Where a live one stands under the id, that is written over.
   * Any id is taken; one that cannot be a key is refused by the save.
   */
  create(id: string): SessionInHand {
    return SessionInHand.unknown(id, true);
  }

  /**
   * A session of which nothing is known, for callers that cannot say what they loaded. Its save makes the row, or
   * writes over what is there; but for an id that a load of this engine handed out within the last minute it only
   * writes over what is there, so that it revives nothing.
   */
  adopt(id: string): SessionInHand {
    return SessionInHand.unknown(id, !this.#handouts.has(id, this.#options.now()));
  }

  /**
   * Writes a session's data. What was loaded is written only while it is still there: a session that was destroyed or
   * has expired is `gone`. Data that did not change is a touch. The data is serialised before this returns.
   *
   * @param target a session in hand; an id is adopted.
   * @throws {SessionStoreError} also `ERR_SESSION_UNSERIALIZABLE`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_ID`,
   * `ERR_SESSION_CORRUPT`, `ERR_SESSION_OPTIONS` where the function `ttl` gives no lifetime.
   */
  save(target: SessionInHand | string, data: unknown, cookie: CookieLifetime = {}): Promise<SaveResult> {
    let isTouch = false;
    const settled = this.#operations.run("save", idOf(target), async (operation): Promise<SaveResult> => {
      const text = encodeData(data);
      const session = target instanceof SessionInHand ? target : this.adopt(target);
      const key = this.#keyFor(session.id);
      return this.#turns.take(key, operation.signal, async () => {
        if (!(await this.#know(session, key, operation))) return this.#gone(operation);
        isTouch = session.base !== undefined && isSameText(session.base, text);
        if (isTouch) {
          const outcome = await this.#renew(session, cookie, operation);
          return outcome === "gone" ? this.#gone(operation) : { outcome: "saved" };
        }
        return this.#write(session, key, text, cookie, operation);
      });
    });
    return ignorable(
      settled.catch((error) => {
        if (isTouch && isSurvivable(error)) return { outcome: "saved" };
        throw error;
      }),
    );
  }

  /**
   * Moves a session's expiry, at most once in `touchInterval` (and twice in a lifetime). Never fails for the table's
   * sake: the session lives on, the failure is told to `onEvent` and stands in the outcome.
   *
   * @param target a session in hand; of an id the row is read first.
   * @throws {SessionStoreError} only `ERR_SESSION_CLOSED`, and `ERR_SESSION_OPTIONS` where `ttl` gives no lifetime.
   */
  touch(target: SessionInHand | string, cookie: CookieLifetime = {}): Promise<TouchResult> {
    const key = storageKeyOf(idOf(target), this.#options.keys);
    if (key === undefined) return Promise.resolve({ outcome: "gone" });
    const settled = this.#operations.run("touch", idOf(target), async (operation): Promise<TouchResult> => {
      await this.#turns.pending(key);
      operation.signal.throwIfAborted();
      const session = inHand(target);
      const outcome = (await this.#know(session, key, operation))
        ? await this.#renew(session, cookie, operation)
        : "gone";
      if (outcome === "gone") this.#gone(operation);
      return { outcome };
    });
    return ignorable(
      settled.catch((error) => {
        if (isSurvivable(error)) return { outcome: "failed", error };
        throw error;
      }),
    );
  }

  /** Destroys a session, after writes of it that are on their way in this process. None being there is as good. */
  destroy(target: SessionInHand | string): Promise<void> {
    const key = storageKeyOf(idOf(target), this.#options.keys);
    if (key === undefined) return Promise.resolve();
    return this.#operations.run("destroy", idOf(target), (operation) =>
      this.#turns.take(key, operation.signal, async () => {
        await this.#table.remove(key, operation);
        tell(this.#options.onEvent, { type: "destroy", ...this.#done(operation) });
      }),
    );
  }

  /**
   * Changes a session on the newest data: `change` is given a copy, and returns the new data, or changes what it was
   * given. When another request wrote meanwhile it runs again on what that wrote, so that a counter counts; it must
   * have no other effects. Nothing waits while it runs.
   *
   * @throws {SessionStoreError} as `save`; and what `change` throws.
   */
  update(
    target: SessionInHand | string,
    change: SessionChange,
    cookie: CookieLifetime = {},
  ): Promise<UpdateResult> {
    return this.#operations.run("update", idOf(target), async (operation): Promise<UpdateResult> => {
      const session = inHand(target);
      const key = this.#keyFor(session.id);
      await this.#turns.pending(key);
      const current = await this.#table.read(key, operation, true);
      if (this.#isGone(session.row, current)) return this.#gone(operation);
      session.met(current);
      const writeId = this.#options.randomId(WRITE_ID_LENGTH);
      for (let attempt = 1; ; attempt++) {
        const data = session.view() ?? this.#unreadable(key);
        const before = JSON.stringify(data);
        const text = encodeData((await change(data)) ?? data);
        operation.signal.throwIfAborted();
        const outcome = isSameText(before, text)
          ? await this.#renew(session, cookie, operation)
          : await this.#turns.take(key, operation.signal, () =>
              this.#attempt(session, key, text, cookie, writeId, operation),
            );
        if (outcome === "gone") return this.#gone(operation);
        if (outcome !== "newer") {
          tell(this.#options.onEvent, { type: "save", ...this.#done(operation), attempts: attempt });
          return { outcome: "saved", data: parseData(text) ?? {} };
        }
        await this.#backOff(attempt, operation);
      }
    });
  }

  /**
   * All live sessions under the prefix. Scans the whole table: each page of it is billed as read, and has a `timeout`
   * of its own.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`, naming the first row that cannot be read.
   */
  async *all(): AsyncGenerator<SessionInHand, void, undefined> {
    for await (const { key, item } of this.#scan("all")) {
      if (!isSessionItem(item)) continue;
      const row = decodeRow(item, key, this.#options.keys);
      if (!isExpired(row, this.#options.now())) yield this.#hand(sessionIdOf(key, this.#options.keys), row);
    }
  }

  /** The ids of all live sessions under the prefix: a scan like `all`, that carries no data. */
  async *ids(): AsyncGenerator<string, void, undefined> {
    const { keys, now } = this.#options;
    for await (const { key, item } of this.#scan("expiry")) {
      if (!isExpired(decodeExpiry(item, key, keys), now())) yield sessionIdOf(key, keys);
    }
  }

  /**
   * Ends the engine: what is on its way settles, what comes after is refused with `ERR_SESSION_CLOSED`, and a client
   * of the engine's own is closed. A client of the caller's stays open.
   */
  async close(): Promise<void> {
    await this.#operations.close();
    if (this.#options.ownsClient) this.#options.client.destroy();
  }

  async #write(
    session: SessionInHand,
    key: StorageKey,
    text: string,
    cookie: CookieLifetime,
    operation: Operation,
  ): Promise<SaveResult> {
    const writeId = this.#options.randomId(WRITE_ID_LENGTH);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(session, key, text, cookie, writeId, operation);
      if (outcome === "gone") return this.#gone(operation);
      if (outcome === "saved") {
        tell(this.#options.onEvent, { type: "save", ...this.#done(operation), attempts: attempt });
        return { outcome };
      }
      await this.#backOff(attempt, operation);
    }
  }

  /** One conditional write of data, and what it taught: `newer` means that the session in hand knows the row by now. */
  async #attempt(
    session: SessionInHand,
    key: StorageKey,
    text: string,
    cookie: CookieLifetime,
    writeId: string,
    operation: Operation,
  ): Promise<"saved" | "gone" | "newer"> {
    const result = await this.#send(session, key, text, cookie, writeId, operation);
    if (result.outcome === "written") {
      this.#touches.remember(result.row);
      session.saved(result.row, text);
      return "saved";
    }
    const { current } = result;
    // An attempt of this very write arrived before, and only its answer was lost.
    if (current?.writes.includes(writeId)) {
      session.saved(current, text);
      return "saved";
    }
    if (!session.mayCreate && this.#isGone(session.row, current)) return "gone";
    session.met(current);
    return "newer";
  }

  /** Sends the one write that fits what is known of the row. */
  async #send(
    session: SessionInHand,
    key: StorageKey,
    text: string,
    cookie: CookieLifetime,
    writeId: string,
    operation: Operation,
  ): Promise<WriteResult> {
    const { format, now, randomId } = this.#options;
    const { row } = session;
    const stored = mergeText(text, row?.text, session.holds);
    const expiry = this.#expiryFor(stored, cookie);
    const sess = toSess(stored, format, expiry.updated);
    const fresh = { key, sess, gen: randomId(GEN_LENGTH), rev: 1, writes: [writeId], created: now() };
    if (row === undefined) return this.#table.create(fresh, expiry, operation);
    if (isExpired(row, now())) {
      if (session.mayCreate) return this.#table.replaceExpired(row, fresh, expiry, operation);
      // It may have been renewed since it was read.
      return { outcome: "refused", current: await this.#table.read(key, operation, true) };
    }
    const content = {
      ...fresh,
      gen: row.gen ?? fresh.gen,
      created: row.created ?? fresh.created,
      rev: (row.rev ?? 0) + 1,
      writes: addWrite(row.writes, writeId),
    };
    return this.#table.rewrite(row, content, expiry, operation);
  }

  /** A touch, if one is due. The session's row is known. */
  async #renew(
    session: SessionInHand,
    cookie: CookieLifetime,
    operation: Operation,
  ): Promise<"touched" | "throttled" | "gone"> {
    const row = await this.#liveRow(session, operation);
    if (row === undefined) return "gone";
    const expiry = this.#expiryFor(row.text, cookie);
    const lastMoved = this.#touches.lastMoved(row);
    const lifetime = expiry.until - expiry.updated;
    if (!isTouchDue(lastMoved, expiry.updated, this.#options.touchInterval, lifetime)) {
      tell(this.#options.onEvent, { type: "throttle", ...this.#done(operation) });
      return "throttled";
    }
    const outcome = await this.#touches.share(row, () => this.#sendTouch(session, row, expiry, operation));
    if (outcome === "renewed by another")
      tell(this.#options.onEvent, { type: "throttle", ...this.#done(operation) });
    return outcome === "renewed by another" ? "throttled" : outcome;
  }

  async #sendTouch(
    session: SessionInHand,
    row: SessionRow,
    expiry: ExpiryStamp,
    operation: Operation,
  ): Promise<TouchOutcome> {
    const result = await this.#table.renew(row, expiry, operation);
    const current = result.outcome === "written" ? result.row : result.current;
    if (current === undefined || this.#isGone(row, current)) return "gone";
    this.#touches.remember(current);
    session.met(current);
    if (result.outcome === "refused") return "renewed by another";
    tell(this.#options.onEvent, { type: "touch", ...this.#done(operation) });
    return "touched";
  }

  /** Makes sure that the row of a session in hand is known, or that it may be made; false when the session is gone. */
  async #know(session: SessionInHand, key: StorageKey, operation: Operation): Promise<boolean> {
    if (session.row !== undefined || session.mayCreate) return true;
    const current = await this.#table.read(key, operation, true);
    if (current === undefined || this.#isGone(undefined, current)) return false;
    session.saved(current, current.text);
    return true;
  }

  /** The row of a session in hand while it lives; one that seems over may have been renewed since it was read. */
  async #liveRow(session: SessionInHand, operation: Operation): Promise<SessionRow | undefined> {
    const { row } = session;
    if (row === undefined || !isExpired(row, this.#options.now())) return row;
    const current = await this.#table.read(row.key, operation, true);
    if (this.#isGone(row, current)) return undefined;
    session.met(current);
    return current;
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
  #isGone(known: SessionRow | undefined, current: SessionRow | undefined): boolean {
    if (current === undefined || isExpired(current, this.#options.now())) return true;
    return known?.gen !== undefined && current.gen !== undefined && known.gen !== current.gen;
  }

  /** An expired row was met: it is removed, unless it is to be kept or ended too recently to be sure. */
  async #retire(row: SessionRow, operation: Operation): Promise<void> {
    const { keepExpired, now } = this.#options;
    let removed = false;
    if (!keepExpired && isRemovable(row, now())) {
      try {
        removed = await this.#table.removeExpired(row, operation);
      } catch (error) {
        // The answer to the load is known. The row stays for the next one, or for the table's own TTL.
        this.#operations.report(operation, error);
      }
    }
    tell(this.#options.onEvent, { type: "expire", session: operation.session, removed });
  }

  #hand(id: string, row: SessionRow): SessionInHand {
    const data = parseData(row.text) ?? this.#unreadable(row.key);
    this.#handouts.add(id, this.#options.now());
    return SessionInHand.loaded(id, row, data);
  }

  #expiryFor(text: string, cookie: CookieLifetime): ExpiryStamp {
    return expiryFrom(this.#options.now(), lifetimeOf(this.#ttlOf(text), cookie.maxAge));
  }

  #ttlOf(text: string): number | undefined {
    const { ttl } = this.#options;
    if (typeof ttl !== "function") return ttl;
    const lifetime: unknown = ttl(parseData(text) ?? {});
    if (isLifetime(lifetime)) return lifetime;
    throw new SessionStoreError(
      "ERR_SESSION_OPTIONS",
      `ttl: the function must give milliseconds, more than 0, and gave ${describe(lifetime)}`,
    );
  }

  #keyFor(id: string): StorageKey {
    const key = storageKeyOf(id, this.#options.keys);
    if (key !== undefined) return key;
    throw new SessionStoreError(
      "ERR_SESSION_ID",
      `a session cannot be saved under this id (${typeof id === "string" ? `${id.length} characters` : describe(id)}): it must be a string that is not empty, is Unicode, and with table.hashPrefix is at most 1 024 bytes (2 048 where there is no sort key). Nothing was written`,
    );
  }

  #unreadable(key: StorageKey): never {
    throw corrupt(key, this.#options.keys, "its data is not a JSON object");
  }

  #done(operation: Operation): { session: string; durationMs: number; capacityUnits: number } {
    const { session, startedAt, capacityUnits } = operation;
    return { session, durationMs: this.#options.now() - startedAt, capacityUnits };
  }

  #gone(operation: Operation): { outcome: "gone" } {
    tell(this.#options.onEvent, { type: "gone", session: operation.session, operation: operation.name });
    return { outcome: "gone" };
  }

  async *#scan(attributes: "all" | "expiry"): AsyncGenerator<ScannedRow, void, undefined> {
    let from: ScannedRow["item"] | undefined;
    do {
      const start = from;
      const page = await this.#operations.run("all", undefined, (operation) =>
        this.#table.scan(attributes, start, operation),
      );
      yield* page.rows;
      from = page.next;
    } while (from !== undefined);
  }

  async #backOff(attempt: number, operation: Operation): Promise<void> {
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), LONGEST_BACKOFF_MS);
    await this.#options.sleep(longest * randomFraction(this.#options.randomId), operation.signal);
    operation.signal.throwIfAborted();
  }
}

function idOf(target: SessionInHand | string): string {
  return target instanceof SessionInHand ? target.id : target;
}

/** What was given, or a session of that id which is read before anything else. */
function inHand(target: SessionInHand | string): SessionInHand {
  return target instanceof SessionInHand ? target : SessionInHand.unknown(target, false);
}

function isSameText(one: string, other: string): boolean {
  return one === other || isSameData(parseData(one), parseData(other));
}

/** Whether a session that lives survives this failure of a touch: all but a mistake of the caller's. */
function isSurvivable(error: unknown): boolean {
  if (!(error instanceof SessionStoreError)) return false;
  return error.code !== "ERR_SESSION_OPTIONS" && error.code !== "ERR_SESSION_CLOSED";
}

/** A promise whose failure has been reported, so that nobody needs to look at it. */
function ignorable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
