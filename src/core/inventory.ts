// All rows of a store's sessions, for administration: read page by page with what a page cost, brought over
// from a previous place, brought in from elsewhere, removed. What is done with them, and how fast, is the
// caller's business: `src/admin`.
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { encodeData, isSameData } from "./data.js";
import { newShared, type Shared } from "./engine.js";
import { SessionStoreError } from "./errors.js";
import { endOf, isExpired, type RowExpiry } from "./expiry.js";
import {
  type Address,
  afterPrefix,
  isSamePlace,
  isStorageKey,
  type KeyLayout,
  type Place,
  type StorageKey,
  sessionIdOf,
  shortId,
} from "./keys.js";
import { ListingEngine } from "./listing.js";
import { OperationRunner } from "./operation.js";
import {
  type ResolvedOptions,
  resolveOptions,
  type SessionData,
  type SessionStoreOptions,
} from "./options.js";
import { RowProtocol } from "./protocol.js";
import {
  decodeExpiry,
  type Item,
  isSessionItem,
  ownershipIn,
  type RowRules,
  type SessionRow,
  sizeOf,
} from "./record.js";
import { checkKeys, type ScannedRow, type ScanRequest, type SessionTable, scanPage } from "./table.js";

/** Which rows are read: of which place, and what of a page `scanPage` is told. */
export interface PageRequest extends Omit<ScanRequest, "consistentRead" | "attributes"> {
  /** Which of `places`. Default 0: the table itself. */
  readonly place?: number;
  /** As of a scan; `sizes` is the whole of each row with its data left encoded, for which no codec is needed. */
  readonly attributes: ScanRequest["attributes"] | "sizes";
}

export interface InventoryPage {
  /** The sessions of this page, expired ones among them. */
  readonly sessions: FoundSession[];
  /** Why each row that cannot be read cannot: `ERR_SESSION_CORRUPT`. */
  readonly unreadable: SessionStoreError[];
  /** Which of `places` it is a page of. */
  readonly place: number;
  /**
   * How many rows are no sessions of this place for their ids alone: they are hashed, and `hashIds` says that
   * they are not, or the other way round. Those of another of the store's places are not counted.
   */
  readonly otherIds: number;
  /** How many rows were read, whosever they are. */
  readonly scanned: number;
  /** The capacity units that this page cost. */
  readonly units: number;
  /** Where the next page begins; `undefined` behind the last. */
  readonly next: Item | undefined;
}

/** What a row says of its session. */
export interface SessionIn {
  readonly key: StorageKey;
  /** The session's id; empty where the table holds hashes of ids. */
  readonly id: string;
  /** The beginning of the id, or of its hash, as events name it. */
  readonly shortId: string;
  /** How many bytes DynamoDB counts of what was read of it. */
  readonly bytes: number;
  /** Epoch milliseconds of its first write, of the last that moved its end, and of its end. */
  readonly created: number | undefined;
  readonly updated: number | undefined;
  readonly endsAt: number | undefined;
  readonly isExpired: boolean;
  /** The hash of its owner's name. */
  readonly owner: string | undefined;
}

/** A session's row as it was found. */
export interface FoundSession extends SessionIn {
  /** Which of `places` it stands in. */
  readonly place: number;
  /** The row with its data, where that was asked for. */
  readonly row: SessionRow | undefined;
}

/** Where a session's row stands. */
export type Located = Pick<FoundSession, "place" | "key">;

/**
 * What came of a row that was to be brought over. `moved`: it is in the table, as it was read or as another
 * request had left it. `elsewhere`: it was not in its old place any more, and the table has its session.
 * `gone`: it was destroyed, has expired, or was never a session.
 */
export type BroughtOver = Costed & {
  readonly outcome: "moved" | "elsewhere" | "gone";
  /** As it was at last in its old place, where it was moved. */
  readonly from: SessionRow | undefined;
  /** As it is in the table now. */
  readonly row: SessionRow | undefined;
};

/** A session that comes from elsewhere. */
export interface NewSession {
  readonly id: string;
  readonly data: unknown;
  /** When it ends, and when it began, in epoch milliseconds. Default: it begins now. */
  readonly endsAt: number;
  readonly created?: number | undefined;
  /** What is written with it in one transaction: it, or a condition of it, can refuse both. */
  readonly also?: readonly TransactWriteItem[];
}

/**
 * `refused` is what `also` wrote, by a condition of its own; `exists`, that a live session stands under
 * that id, here or in a previous place.
 */
export type BroughtIn = Costed & {
  readonly outcome: "created" | "exists" | "refused";
  /** As it is in the table now, where it was created. */
  readonly row: SessionRow | undefined;
};

export interface Costed {
  /** The capacity units that it cost, those of refused writes left out. */
  readonly units: number;
}

/** The rows of one store's sessions. */
export class Inventory {
  readonly options: ResolvedOptions;
  /** An engine over the same rows and connection; `close` ends both. */
  readonly engine: ListingEngine;
  /** Where sessions are, and the places that they come from. */
  readonly places: readonly Place[];
  readonly #shared: Shared;
  readonly #operations: OperationRunner;
  readonly #protocol: RowProtocol;
  readonly #checked = new Set<number>();

  /** @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option. */
  constructor(options: SessionStoreOptions) {
    // Capacity is reported where somebody listens.
    this.options = resolveOptions({ ...options, onEvent: options.onEvent ?? (() => {}) });
    this.#shared = newShared(this.options, () => false);
    this.#operations = new OperationRunner(this.options, this.#shared.traffic);
    this.#protocol = new RowProtocol(this.options, this.#shared);
    this.engine = new ListingEngine(this.options, this.#shared, this.#operations);
    this.places = [this.options, ...this.options.previous];
  }

  /**
   * One page of a place's sessions; strong or not as the option `consistentRead` says. It is billed for all
   * that it reads.
   *
   * @throws {SessionStoreError} as every operation of the engine.
   */
  page({ place = 0, attributes, ...part }: PageRequest): Promise<InventoryPage> {
    const { consistentRead } = this.options;
    const request = { ...part, attributes: attributes === "sizes" ? "all" : attributes, consistentRead };
    return this.#operations.run("all", undefined, async (operation) => {
      const table = this.#tableAt(place);
      // A scan takes any names for its keys. One read of no row finds out whether they are the table's.
      if (!this.#checked.has(place)) await checkKeys(table, operation);
      this.#checked.add(place);
      const page = await scanPage(table, request, operation);
      const sessions: FoundSession[] = [];
      const unreadable: SessionStoreError[] = [];
      for (const scanned of page.rows) {
        const found = await this.#found(place, scanned, attributes === "all");
        if (found instanceof SessionStoreError) unreadable.push(found);
        else sessions.push(found);
      }
      const { scanned, next } = page;
      const otherIds = page.otherIds.filter((key) => !this.#isElsewheres(key, place)).length;
      return { sessions, unreadable, place, otherIds, scanned, next, units: operation.capacityUnits };
    });
  }

  /**
   * A session's row as it is at this moment in the table, or in the place where it was found.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`.
   */
  read(found: Located, where: "table" | "there"): Promise<Costed & { row: SessionRow | undefined }> {
    return this.#operations.run(
      "load",
      afterPrefix(found.key, this.#keysAt(found.place)),
      async (operation) => {
        const { key } = where === "table" ? await this.#addressOf(found) : found;
        const table = this.#tableAt(where === "table" ? 0 : found.place);
        const row = await table.read(key, operation);
        return { row, units: operation.capacityUnits };
      },
    );
  }

  /** The data of a row. @throws {SessionStoreError} `ERR_SESSION_CORRUPT` where it is no JSON object. */
  dataOf(row: SessionRow): SessionData {
    return this.#protocol.read(row);
  }

  /**
   * Brings a live session, which was found with its data, over from a previous place as it is: one
   * transaction makes its row in the table and removes the old one. A request that changes the session
   * meanwhile is not undone: what it left is brought over, or was by it.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`, `ERR_SESSION_TOO_LARGE`, and
   * `ERR_SESSION_UNSERIALIZABLE` where a codec does not read what it made of the data.
   */
  bringOver(found: FoundSession): Promise<BroughtOver> {
    return this.#operations.run(
      "save",
      afterPrefix(found.key, this.#keysAt(found.place)),
      async (operation) => {
        const address = await this.#addressOf(found);
        const writeId = this.#protocol.newWriteId();
        const units = () => operation.capacityUnits;
        let row = found.row;
        for (let attempt = 1; ; attempt++) {
          const end = row && endOf(row);
          if (row === undefined || end === undefined || isExpired(row, this.options.now()))
            return { outcome: "gone", from: undefined, row: undefined, units: units() };
          // What is not a session's data is not brought over for one.
          this.#protocol.read(row);
          await this.#tryCodecs(row, address.key);
          const result = await this.#protocol.bringOver(row, end, { address, writeId, operation });
          const isMoved = result.outcome === "written" || result.row?.writes.includes(writeId);
          if (isMoved) return { outcome: "moved", from: row, row: result.row, units: units() };
          if (result.row && this.#shared.rows.table.has(result.row))
            return { outcome: "elsewhere", from: undefined, row: result.row, units: units() };
          row = result.row;
          if (row) await this.#protocol.backOff(attempt, operation);
        }
      },
    );
  }

  /**
   * Makes the row of a session that comes from elsewhere, where there is none but an expired one. The data is
   * serialised as by a save, and its owner found as by one.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_UNSERIALIZABLE`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_ID`,
   * and `ERR_SESSION_OPTIONS` where the function `owner` gives no name.
   */
  bringIn({ id, data, endsAt, created, also = [] }: NewSession): Promise<BroughtIn> {
    return this.#operations.run("save", id, async (operation) => {
      const text = encodeData(data);
      const address = await this.engine.addressFor(this.engine.create(id));
      const units = () => operation.capacityUnits;
      const writeId = this.#protocol.newWriteId();
      const session = { text, end: endsAt, began: created };
      let over = await this.#shared.rows.readPrevious(address, operation);
      for (let attempt = 1; ; attempt++) {
        if (over && !isExpired(over, this.options.now()))
          return { outcome: "exists", row: undefined, units: units() };
        const result = await this.#protocol.bringIn(session, { address, writeId, operation }, over, also);
        if (result.outcome === "written" || result.row?.writes.includes(writeId))
          return { outcome: "created", row: result.row, units: units() };
        // Where the row is as it was known, it was not the row that refused.
        if (isSameData(result.row?.item, over?.item))
          return { outcome: "refused", row: undefined, units: units() };
        over = result.row;
        await this.#protocol.backOff(attempt, operation);
      }
    });
  }

  /**
   * Tries whether `bringIn` could make a row of a session, by its id, its size and its owner. Nothing is sent.
   *
   * @throws {SessionStoreError} as `bringIn`, before that sends anything.
   */
  tryToBringIn({ id, data, endsAt, created }: Omit<NewSession, "also">): Promise<void> {
    return this.#operations.run("save", id, async () => {
      const text = encodeData(data);
      const address = await this.engine.addressFor(this.engine.create(id));
      const session = { text, end: endsAt, began: created };
      await this.#protocol.tryToBringIn(session, { address, writeId: this.#protocol.newWriteId() });
    });
  }

  /**
   * Finds out whether the table is there, and its keys are the options', by one read of no row.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_TABLE`.
   */
  tryTable(): Promise<Costed> {
    return this.#operations.run("all", undefined, async (operation) => {
      await checkKeys(this.#tableAt(0), operation);
      return { units: operation.capacityUnits };
    });
  }

  /**
   * A session by its id, live or expired, wherever it is, with its row. Nothing is changed by it.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`.
   */
  find(id: string): Promise<FoundSession | undefined> {
    return this.#operations.run("load", id, async (operation) => {
      const address = await this.#shared.addresses.of(id);
      const row = address && (await this.#shared.rows.read(address, operation));
      return row && this.#foundBy(row);
    });
  }

  /** The live sessions of an owner, with their rows. @throws as the engine's `sessionsOf`. */
  async sessionsOf(owner: string): Promise<FoundSession[]> {
    const sessions = await this.engine.sessionsOf(owner);
    return sessions.flatMap(({ row }) => row ?? []).map((row) => this.#foundBy(row));
  }

  /** Removes a session, live or expired, from wherever it is, and from its owner's list. */
  remove(found: FoundSession): Promise<Costed> {
    return this.#operations.run(
      "destroy",
      afterPrefix(found.key, this.#keysAt(found.place)),
      async (operation) => {
        await this.#shared.rows.remove(await this.#addressOf(found), operation);
        return { units: operation.capacityUnits };
      },
    );
  }

  /** Ends it: what is on its way settles, and a client that was made here is closed. */
  close(): Promise<void> {
    return this.engine.close();
  }

  async #found(
    place: number,
    { table, key, item }: ScannedRow,
    isWhole: boolean,
  ): Promise<FoundSession | SessionStoreError> {
    const { keys } = table;
    try {
      const row = isWhole && isSessionItem(item, keys) ? await table.decode(item, key) : undefined;
      return { place, row, ...this.#described(item, key, keys, row) };
    } catch (error) {
      if (error instanceof SessionStoreError) return error;
      throw error;
    }
  }

  /** Its old row is removed: what the codecs would not read again stays there. */
  async #tryCodecs({ text, gen = "" }: SessionRow, key: StorageKey): Promise<void> {
    const { codecs } = this.options;
    if (codecs === undefined) return;
    const row = { key, gen, otherBytes: 0 };
    const { B: bytes } = await codecs.encode(text, row);
    if (bytes === undefined) return;
    const read = await codecs.decode(bytes, row).catch(() => undefined);
    if (read === text) return;
    throw new SessionStoreError(
      "ERR_SESSION_UNSERIALIZABLE",
      `the session "${shortId(afterPrefix(key, this.options.keys))}" cannot be moved: what the option codec makes of its data, it does not read again as it was; nothing was written`,
    );
  }

  /** Whether a row that is no session of its place for its id's hash is one of another place in its table. */
  #isElsewheres(key: string, place: number): boolean {
    const { tableName, keys } = this.places[place] ?? this.options;
    return this.places.some(
      (other) =>
        other.tableName === tableName &&
        other.keys.hashKey === keys.hashKey &&
        other.keys.hashIds !== keys.hashIds &&
        isStorageKey(key, other.keys),
    );
  }

  #foundBy(row: SessionRow): FoundSession {
    const place = this.places.findIndex((one) => isSamePlace(one, row.place));
    return { place, row, ...this.#described(row.item, row.key, row.place.keys, row) };
  }

  #described(item: Item, key: StorageKey, keys: KeyLayout, row: SessionRow | undefined): SessionIn {
    return sessionAt(key, item, { ...this.options, keys }, this.options.now(), row);
  }

  async #addressOf({ place, key }: Located): Promise<Address> {
    const address = await this.#shared.addresses.ofKey(key, this.#keysAt(place));
    if (address) return address;
    const name = shortId(afterPrefix(key, this.#keysAt(place)));
    throw new SessionStoreError(
      "ERR_SESSION_ID",
      `the session "${name}" cannot be in the table "${this.options.tableName}": with table.hashPrefix its key would be too long`,
    );
  }

  #keysAt(place: number): KeyLayout {
    return this.#tableAt(place).keys;
  }

  #tableAt(place: number): SessionTable {
    const { table, previous } = this.#shared.rows;
    return (place === 0 ? table : previous[place - 1]) ?? table;
  }
}

/**
 * The session whose row an item is that came otherwise than by a scan; `undefined` where it is no session's of
 * this place.
 *
 * @throws {SessionStoreError} `ERR_SESSION_CORRUPT`.
 */
export function sessionIn(item: Item, rules: RowRules, now: number): SessionIn | undefined {
  const { hashKey, sortKey } = rules.keys;
  const key = item[hashKey]?.S;
  if (key === undefined || (sortKey !== null && item[sortKey]?.S !== key)) return undefined;
  if (!isStorageKey(key, rules.keys) || !isSessionItem(item, rules.keys)) return undefined;
  return sessionAt(key, item, rules, now);
}

function sessionAt(
  key: StorageKey,
  item: Item,
  rules: RowRules,
  now: number,
  row?: Pick<SessionRow, keyof RowExpiry | "created" | "updated">,
): SessionIn {
  const { keys } = rules;
  const expiry = row ?? decodeExpiry(item, key, rules);
  return {
    key,
    id: sessionIdOf(key, keys),
    shortId: shortId(afterPrefix(key, keys)),
    bytes: sizeOf(item),
    created: row?.created ?? numberIn(item.created),
    updated: row?.updated ?? numberIn(item.updated),
    endsAt: endOf(expiry),
    isExpired: isExpired(expiry, now),
    owner: ownershipIn(item)?.owner,
  };
}

function numberIn(attribute: Item[string] | undefined): number | undefined {
  return attribute?.N === undefined ? undefined : Number(attribute.N);
}
