// The one file that makes item commands, queries and scans for our own rows: commands in, typed records out.
// What to write and when is the protocol's business; here is how, and above each write what may come of it.
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DeleteItemCommandOutput,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { Unreadable } from "./codec.js";
import { isExactly, isNotHashed, isSameSession, needsComparison } from "./conditions.js";
import { isSameData, toSess } from "./data.js";
import { type ExpiryStamp, endOf, isExpired } from "./expiry.js";
import { Expression } from "./expression.js";
import { refusalIn } from "./failures.js";
import { isSamePlace, isStorageKey, type KeyLayout, type StorageKey } from "./keys.js";
import { keepsMapClock, withMapClock } from "./map.js";
import type { Operation } from "./operation.js";
import type { ResolvedOptions } from "./options.js";
import { type Listed, listedIn, listingKey, listingWrites, partitionOf } from "./owners.js";
import { type ReadCommands, type RowsRead, SharedReads } from "./reads.js";
import {
  checkSize,
  corrupt,
  decodeExpiry,
  decodeRow,
  encodeContent,
  encodeExpiry,
  type Item,
  isHashed,
  isSessionItem,
  OWNERSHIP,
  ownershipIn,
  ROW_ATTRIBUTES,
  type RowContent,
  type RowRules,
  type SessionItem,
  type SessionRow,
  sizeOf,
} from "./record.js";
import { Sender } from "./sending.js";
import type { Traffic } from "./traffic.js";

/** What came of a conditional write: the row as it is now, or the one that stood in the way, if any does. */
export type WriteResult =
  | { readonly outcome: "written"; readonly row: SessionRow }
  | { readonly outcome: "refused"; readonly row: SessionRow | undefined };

/** A row met by a scan: what was asked for of it. */
export interface ScannedRow {
  readonly table: SessionTable;
  readonly key: StorageKey;
  readonly item: Item;
}

/** A page of a scan. */
export interface ScanRequest {
  /** The whole of each row, or all but its data. */
  readonly attributes: "all" | "expiry";
  readonly consistentRead: boolean;
  /** Where the page before ended; the first begins at none. */
  readonly from: Item | undefined;
  /** Which part of the table, from 0, and of how many: parts may be scanned side by side. Default: all of it. */
  readonly segment?: number | undefined;
  readonly segments?: number | undefined;
  /** How many rows are read at most. Default: as many as are 1 MB. */
  readonly limit?: number | undefined;
}

export interface ScannedPage {
  readonly rows: ScannedRow[];
  /** How many rows were read, whosever they are. */
  readonly scanned: number;
  /** The keys of rows that would be sessions, but for `hashIds`: a hash stands there for an id, or an id for a hash. */
  readonly otherIds: string[];
  readonly next: Item | undefined;
}

/** The table's rows of sessions. */
export class SessionTable {
  readonly #options: ResolvedOptions;
  readonly #traffic: Traffic;
  /** Not private, for `scanPage` alone, which is no method so that a bundler can leave it out. */
  readonly sender: Sender;
  readonly #reads: SharedReads;
  #comparesMaps = true;

  constructor(options: ResolvedOptions, traffic: Traffic, reads?: SharedReads) {
    this.#options = options;
    this.#traffic = traffic;
    this.sender = new Sender(options, traffic);
    const { consistentRead } = options;
    const commands: ReadCommands = {
      readOne: (key, operation) => this.#readOne(key, consistentRead, operation),
      readMany: (keys, signal) => this.#readMany(keys, signal),
    };
    this.#reads = reads ?? new SharedReads(commands, options);
  }

  /** The same table, by other functions and codecs; its reads travel with the others'. */
  withOptions(options: ResolvedOptions): SessionTable {
    return new SessionTable(options, this.#traffic, this.#reads);
  }

  get keys(): KeyLayout {
    return this.#options.keys;
  }

  /** Whether a row stands in this place. */
  has(row: SessionRow): boolean {
    return isSamePlace(row.place, this.#options);
  }

  /**
   * Reads the row of a session that is asked for, as the option `consistentRead` says; together with others.
   */
  async load(key: StorageKey, operation: Operation): Promise<SessionRow | undefined> {
    return this.#decode(await this.#reads.read(key, operation), key);
  }

  /** Reads a row as it is at this moment, by a request of its own. */
  async read(key: StorageKey, operation: Operation): Promise<SessionRow | undefined> {
    return this.#decode(await this.#readOne(key, true, operation), key);
  }

  /**
   * Makes a row where there is none: a first attempt that arrives late overwrites nothing.
   *
   * | the table has | `sess` | outcome |
   * | --- | --- | --- |
   * | no row | absent | written |
   * | a stub (connect-dynamodb's touch after a logout) | absent | written: it is no session |
   * | a row | present | refused, with that row |
   *
   * By `UpdateItem`, as all writes: a `PutItem` takes a key attribute that the table does not have for data.
   *
   * @param also what is written with it, in one transaction, or nothing of both.
   */
  async create(
    content: RowContent,
    expiry: ExpiryStamp,
    operation: Operation,
    also: readonly TransactWriteItem[] = [],
  ): Promise<WriteResult> {
    const write = await this.#whole(content, encodeExpiry(expiry), expiry.updated);
    const listing = listingWrites(this.#options, content, undefined);
    return this.#send({ ...write, also: [...listing, ...also] }, operation);
  }

  /**
   * Whether a row could be made of it, without making one.
   *
   * @throws {SessionStoreError} as `create`, before that sends anything.
   */
  async tryToEncode(content: RowContent, expiry: ExpiryStamp): Promise<void> {
    await this.#whole(content, encodeExpiry(expiry), expiry.updated);
  }

  /**
   * Makes a new session's row of an expired one, if nobody has touched, saved or replaced that meanwhile.
   *
   * @param also as of `create`.
   */
  async replaceExpired(
    expired: SessionRow,
    content: RowContent,
    expiry: ExpiryStamp,
    operation: Operation,
    also: readonly TransactWriteItem[] = [],
  ): Promise<WriteResult> {
    const whole = await this.#whole(content, encodeExpiry(expiry), expiry.updated);
    const write = { ...whole, also };
    return this.#instead(expired, content, write, operation, (expression) => isExactly(expression, expired));
  }

  /**
   * Writes data over a row that was read, and never makes one; one that stands in a previous place is moved.
   *
   * | since it was read, the row | condition | outcome |
   * | --- | --- | --- |
   * | is as it was, or was touched | `gen` and `rev` as read, not yet over | written |
   * | was written | `rev` differs | refused, with the newer row |
   * | was destroyed | there is no `gen` | refused, without a row |
   * | was moved from a previous place | there is no `gen` | refused, with the row that it is now |
   * | was destroyed and created anew | `gen` differs | refused, with another session's row |
   * | has expired | `until` is over | refused, with the expired row |
   *
   * Without an `expiry` the row's is not written at all: a touch may have moved it since.
   */
  async rewrite(
    row: SessionRow,
    content: RowContent,
    expiry: ExpiryStamp | undefined,
    now: number,
    operation: Operation,
  ): Promise<WriteResult> {
    const isSame = (expression: Expression, comparesMaps: boolean) =>
      isSameSession(expression, row, now, comparesMaps);
    const clock = expiry?.updated ?? row.updated ?? now;
    if (!this.has(row)) {
      const write = await this.#whole(content, expiry ? encodeExpiry(expiry) : expiryAsRead(row), clock);
      return this.#compare(row, (comparesMaps) =>
        this.#instead(row, content, write, operation, (expression) => isSame(expression, comparesMaps)),
      );
    }
    const written: Item = expiry ? encodeExpiry(expiry) : {};
    const { written: set, item, text } = await this.#encode(content, written, row.item, clock);
    const removed = row.ownership && !content.ownership ? OWNERSHIP : [];
    for (const name of removed) delete item[name];
    const also = listingWrites(this.#options, content, row);
    return this.#compare(row, (comparesMaps) =>
      this.#send(
        {
          key: row.key,
          item,
          text,
          also,
          express: (expression) => ({
            assignments: expression.set(set),
            removed,
            condition: isSame(expression, comparesMaps),
          }),
        },
        operation,
      ),
    );
  }

  /**
   * Moves a row's expiry, and never makes a row.
   *
   * | since it was read, the row | condition | outcome |
   * | --- | --- | --- |
   * | is as it was | as for `rewrite`, and `updated` is older | written |
   * | was touched at the same time or later | `updated` is not older | refused: it has been renewed |
   * | was written | `rev` differs | refused: it has been renewed |
   * | is gone or expired | as for `rewrite` | refused |
   */
  renew(row: SessionRow, expiry: ExpiryStamp, operation: Operation): Promise<WriteResult> {
    const written = encodeExpiry(expiry);
    const keepsClock = keepsMapClock(row.item.sess, row.rev !== undefined, this.#options.keys);
    const item = { ...row.item, ...written, sess: withMapClock(row.item.sess, keepsClock, expiry.updated) };
    // A clock beyond the session's own end is not believed, and must only be the one that was read.
    const isBelieved = (row.updated ?? 0) < (endOf(row) ?? Number.POSITIVE_INFINITY);
    const express = (expression: Expression, comparesMaps: boolean) => {
      const assignments = expression.set(written);
      const updated = expression.name("updated");
      // 0.0.19 looks for the time of the last touch inside its map.
      if (item.sess !== row.item.sess) assignments.push(`${expression.name("sess")}.${updated} = :updated`);
      const isOlder = isBelieved
        ? `(attribute_not_exists(${updated}) OR ${updated} < :updated)`
        : expression.asRead("updated", row.item);
      const isSame = isSameSession(expression, row, expiry.updated, comparesMaps);
      return { assignments, condition: `${isSame} AND ${isOlder}` };
    };
    const { key, text } = row;
    return this.#compare(row, (comparesMaps) =>
      this.#send({ key, item, text, express: (expression) => express(expression, comparesMaps) }, operation),
    );
  }

  /**
   * Removes a row, whatever it holds, and says what it was; `unknown` where that cannot be said: it cannot be
   * read, or an attempt whose answer was lost may have removed it.
   *
   * @param sparesHashed whether a row that stands under a hash is left: who sends a hash for an id ends nobody's session.
   */
  async remove(
    key: StorageKey,
    operation: Operation,
    sparesHashed = false,
  ): Promise<SessionRow | "unknown" | undefined> {
    const expression = new Expression();
    const command = new DeleteItemCommand({
      ...this.sender.common(),
      Key: this.#keyOf(key),
      ReturnValues: "ALL_OLD",
      ...(sparesHashed && { ConditionExpression: isNotHashed(expression), ...expression.spoken() }),
    });
    let removed: DeleteItemCommandOutput;
    try {
      removed = await this.sender.send("DeleteItem", operation, command);
    } catch (error) {
      if (refusalIn(error)) return undefined;
      throw error;
    }
    const { Attributes, $metadata } = removed;
    if (Attributes === undefined) return ($metadata.attempts ?? 1) > 1 ? "unknown" : undefined;
    await this.#unlist(Attributes, key, operation);
    try {
      return await this.#decode(Attributes, key);
    } catch {
      return "unknown";
    }
  }

  /**
   * Removes an expired row if it is exactly what was read; says whether it did. Never by a comparison with
   * the time: by that, a session that anyone has just renewed could be removed by a clock that is ahead.
   */
  async removeExpired(row: SessionRow, operation: Operation): Promise<boolean> {
    const condition = (expression: Expression) => isExactly(expression, row);
    const isRemoved = await this.#removeIf(this.#keyOf(row.key), condition, operation);
    if (isRemoved) await this.#unlist(row.item, row.key, operation);
    return isRemoved;
  }

  /** One page of the sessions that are listed under an owner, as they are at this moment. */
  async listed(
    owner: string,
    from: Item | undefined,
    operation: Operation,
  ): Promise<{ listed: Listed[]; next: Item | undefined }> {
    const { keys } = this.#options;
    const expression = new Expression();
    const isOwners = `${expression.name(keys.hashKey, "#hashKey")} = ${expression.value(":owner", { S: partitionOf(owner, keys) })}`;
    const command = new QueryCommand({
      ...this.sender.common(),
      ConsistentRead: true,
      KeyConditionExpression: isOwners,
      ExclusiveStartKey: from,
      ...expression.spoken(),
    });
    const { Items = [], LastEvaluatedKey } = await this.sender.send("Query", operation, command);
    const listed = Items.map((item) => listedIn(item, keys)).filter((one) => one !== undefined);
    return { listed, next: LastEvaluatedKey };
  }

  /**
   * Removes a session of an owner's, if it is the one that was listed and still theirs, and what lists it;
   * says whether it removed the session.
   */
  async removeListed(owner: string, { key, gen }: Listed, operation: Operation): Promise<boolean> {
    const isTheirs = (expression: Expression) =>
      `${expression.asRead("gen", { gen: { S: gen } })} AND ${expression.asRead("owner", { owner: { S: owner } })}`;
    const isRemoved = await this.#removeIf(this.#keyOf(key), isTheirs, operation);
    const isSame = (expression: Expression) => expression.asRead("gen", { gen: { S: gen } });
    await this.#removeIf(listingKey(owner, key, this.#options.keys), isSame, operation);
    return isRemoved;
  }

  /** Takes a session that was removed from its owner's list. */
  async #unlist(item: Item, key: StorageKey, operation: Operation): Promise<void> {
    const { keys } = this.#options;
    const { gen } = item;
    const ownership = ownershipIn(item);
    if (ownership === undefined || gen === undefined || keys.sortKey === null) return;
    const isSame = (expression: Expression) => expression.asRead("gen", { gen });
    try {
      await this.#removeIf(listingKey(ownership.owner, key, keys), isSame, operation);
    } catch {
      // The session is gone, which is what was asked for. Who reads the list looks for the session, and the
      // row expires.
    }
  }

  /** Removes an item on a condition; says whether that held. */
  async #removeIf(
    key: Item,
    express: (expression: Expression) => string,
    operation: Operation,
  ): Promise<boolean> {
    const expression = new Expression();
    const condition = express(expression);
    const command = new DeleteItemCommand({
      ...this.sender.common(),
      Key: key,
      ConditionExpression: condition,
      ...expression.spoken(),
    });
    try {
      await this.sender.send("DeleteItem", operation, command);
      return true;
    } catch (error) {
      if (refusalIn(error)) return false;
      throw error;
    }
  }

  async #decode(item: Item | undefined, key: StorageKey): Promise<SessionRow | undefined> {
    return isSessionItem(item, this.#options.keys) ? this.decode(item, key) : undefined;
  }

  /** A session's item as a row, its data decoded. @throws {SessionStoreError} `ERR_SESSION_CORRUPT`. */
  async decode(item: SessionItem, key: StorageKey, rules: RowRules = this.#options): Promise<SessionRow> {
    const { codecs } = this.#options;
    const { B: bytes } = item.sess;
    if (codecs === undefined) {
      // As below: encoded, and over.
      const isOver = bytes && isExpired(decodeExpiry(item, key, rules), this.#options.now());
      return decodeRow(item, key, rules, isOver ? "" : undefined);
    }
    try {
      if (bytes === undefined) codecs.check([]);
      const row = { key, gen: item.gen?.S ?? "", otherBytes: 0 };
      return decodeRow(item, key, rules, bytes && (await codecs.decode(bytes, row)));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      // What is over need not be read: its codec, or its key, may have been taken away with the last session
      // that needed it.
      const row = decodeRow(item, key, rules, "");
      if (isExpired(row, this.#options.now())) return row;
      throw corrupt(key, rules.keys, error.message);
    }
  }

  async #readOne(key: StorageKey, isStrong: boolean, operation: Operation): Promise<Item | undefined> {
    const command = new GetItemCommand({
      ...this.sender.common(),
      Key: this.#keyOf(key),
      ConsistentRead: isStrong,
    });
    const { Item } = await this.sender.send("GetItem", operation, command);
    return Item;
  }

  /** What goes wrong here is what the SDK says: nobody but those who read together hears of it. */
  async #readMany(keys: readonly StorageKey[], signal: AbortSignal): Promise<RowsRead> {
    const { consistentRead, keys: layout } = this.#options;
    const { TableName, ReturnConsumedCapacity } = this.sender.common();
    const Keys = keys.map((key) => this.#keyOf(key));
    const command = new BatchGetItemCommand({
      RequestItems: { [TableName]: { Keys, ConsistentRead: consistentRead } },
      ReturnConsumedCapacity,
    });
    const { Responses, UnprocessedKeys, ConsumedCapacity } = await this.sender.ask(command, signal);
    const keyOf = (item: Item) => item[layout.hashKey]?.S;
    // One table was asked, whatever name the answer has for it.
    const left = new Set(Object.values(UnprocessedKeys ?? {})[0]?.Keys?.map(keyOf));
    const found = new Map(Object.values(Responses ?? {})[0]?.map((item) => [keyOf(item), item]));
    const processed = keys.filter((key) => !left.has(key));
    return {
      rows: new Map(processed.map((key) => [key, found.get(key)])),
      capacityUnits: ConsumedCapacity?.[0]?.CapacityUnits ?? 0,
    };
  }

  /** The attributes that a write of data sets, and the row that they make of what is there. */
  async #encode(
    content: RowContent,
    others: Item,
    over: Item,
    clock: number,
  ): Promise<{ written: Item; item: SessionItem; text: string | undefined }> {
    const { keys, codecs, format } = this.#options;
    const attributes = { ...encodeContent(content, keys), ...others };
    const { key, gen, text } = content;
    const sess = codecs
      ? await codecs.encode(text, {
          key,
          gen,
          otherBytes: sizeOf({ ...over, ...attributes, sess: { S: "" } }),
        })
      : toSess(text, format, clock);
    const item = { ...over, ...attributes, sess };
    checkSize(item);
    return { written: { sess, ...attributes }, item, text: codecs && text };
  }

  /** The write of a whole row where there is none. */
  async #whole(content: RowContent, expiry: Item, clock: number): Promise<Write> {
    const { written, item, text } = await this.#encode(content, expiry, this.#keyOf(content.key), clock);
    return {
      key: content.key,
      item,
      text,
      express: (expression) => ({
        assignments: expression.set(written),
        // What was there, a stub or an expired session's row, may have had an owner.
        removed: content.ownership ? [] : OWNERSHIP,
        condition: `attribute_not_exists(${expression.name("sess")})`,
      }),
    };
  }

  /** Writes a whole row in the place of one that stands here, or in a previous place. */
  #instead(
    row: SessionRow,
    content: RowContent,
    write: Write,
    operation: Operation,
    condition: (expression: Expression) => string,
  ): Promise<WriteResult> {
    const also = [...listingWrites(this.#options, content, row), ...(write.also ?? [])];
    if (this.has(row)) {
      const express = (expression: Expression) => ({
        ...write.express(expression),
        condition: condition(expression),
      });
      return this.#send({ ...write, express, also }, operation);
    }
    return this.#send({ ...write, also, from: { row, condition } }, operation);
  }

  /**
   * A write over a row that was read; asked again by what the API can compare, where it cannot compare maps.
   */
  async #compare(
    row: SessionRow,
    attempt: (comparesMaps: boolean) => Promise<WriteResult>,
  ): Promise<WriteResult> {
    const result = await attempt(this.#comparesMaps);
    if (result.outcome === "written" || !this.#cannotCompare(row, result.row)) return result;
    const another = await attempt(false);
    // Refused again, it was for another reason.
    if (another.outcome === "written") this.#comparesMaps = false;
    return another;
  }

  /**
   * A write that its conditions may refuse: of one row, or with what is to be written with it as one
   * transaction.
   */
  async #send(write: Write, operation: Operation): Promise<WriteResult> {
    const { key, item, text, also = [], from } = write;
    const expression = new Expression();
    const { assignments, removed = [], condition } = write.express(expression);
    const { TableName, ReturnConsumedCapacity } = this.sender.common();
    const remove = removed.map((name) => expression.name(name)).join(", ");
    const Update = {
      TableName,
      Key: this.#keyOf(key),
      UpdateExpression: `SET ${assignments.join(", ")}${remove && ` REMOVE ${remove}`}`,
      ConditionExpression: condition,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      ...expression.spoken(),
    } as const;
    try {
      if (also.length === 0 && from === undefined) {
        await this.sender.send(
          "UpdateItem",
          operation,
          new UpdateItemCommand({ ...Update, ReturnConsumedCapacity }),
        );
      } else {
        const TransactItems = [{ Update }, ...(from ? [removalOf(from)] : []), ...also];
        const command = new TransactWriteItemsCommand({ TransactItems, ReturnConsumedCapacity });
        await this.sender.send(actionsOf(TransactItems), operation, command);
      }
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === undefined) throw error;
      // DynamoDB says nothing when there is no row; an API that never says anything is asked.
      const old = refusal.index > 0 ? from?.row : undefined;
      if (old && isSessionItem(refusal.item, old.place.keys))
        return { outcome: "refused", row: await this.decode(refusal.item, old.key, old.place) };
      // One that is not in its old place any more may have been moved by another.
      const isKnown = old === undefined && refusal.item;
      const row = isKnown ? await this.#decode(refusal.item, key) : await this.read(key, operation);
      return { outcome: "refused", row };
    }
    return { outcome: "written", row: decodeRow(item, key, this.#options, text) };
  }

  // dynalite holds no map equal to another, and refuses a row of 0.0.19 that is just what was read.
  #cannotCompare(row: SessionRow, current: SessionRow | undefined): boolean {
    return this.#comparesMaps && needsComparison(row) && isSameData(row.item, current?.item);
  }

  #keyOf(key: StorageKey): Item {
    return keyAttributes(key, this.#options.keys);
  }
}

/** Finds out whether the table's keys are the options', by asking for a row that nobody has. */
export async function checkKeys(table: SessionTable, operation: Operation): Promise<void> {
  const noSession = `${table.keys.hashPrefix}-`;
  if (isStorageKey(noSession, table.keys)) await table.read(noSession, operation);
}

/**
 * One page of the rows under the prefix, expired ones among them. A scan reads, and is billed for, the whole
 * table. A function, that a bundler leaves out where nothing is listed.
 */
export async function scanPage(
  table: SessionTable,
  { attributes, consistentRead, from, segment, segments, limit }: ScanRequest,
  operation: Operation,
): Promise<ScannedPage> {
  const { keys } = table;
  const expression = new Expression();
  const hashKey = () => expression.name(keys.hashKey, "#hashKey");
  const conditions = [`attribute_exists(${expression.name("sess")})`];
  if (keys.hashPrefix !== "") {
    conditions.push(`begins_with(${hashKey()}, ${expression.value(":prefix", { S: keys.hashPrefix })})`);
  }
  // Other data may share the table and the prefix; a session's two keys are the same.
  if (keys.sortKey !== null) conditions.push(`${hashKey()} = ${expression.name(keys.sortKey, "#sortKey")}`);
  const projection =
    attributes === "expiry"
      ? [hashKey(), ...WITHOUT_DATA.map((name) => expression.name(name))].join(", ")
      : undefined;
  const command = new ScanCommand({
    ...table.sender.common(),
    ConsistentRead: consistentRead,
    FilterExpression: conditions.join(" AND "),
    ProjectionExpression: projection,
    ExclusiveStartKey: from,
    Segment: segment,
    TotalSegments: segments,
    Limit: limit,
    ...expression.spoken(),
  });
  const page = await table.sender.send("Scan", operation, command);
  const rows: ScannedRow[] = [];
  const otherIds: string[] = [];
  for (const item of page.Items ?? []) {
    const key = item[keys.hashKey]?.S;
    if (key === undefined || !isStorageKey(key, keys)) continue;
    if (isHashed(item) === keys.hashIds) rows.push({ table, key, item });
    else otherIds.push(key);
  }
  return { rows, otherIds, scanned: page.ScannedCount ?? 0, next: page.LastEvaluatedKey };
}

const WITHOUT_DATA = ROW_ATTRIBUTES.filter((name) => name !== "sess");

interface Expressed {
  readonly assignments: string[];
  /** Attributes that are taken from the row. */
  readonly removed?: readonly string[];
  readonly condition: string;
}

/** One write of a session's row. */
interface Write {
  readonly key: StorageKey;
  /** What the row is once it is written. */
  readonly item: SessionItem;
  /** The data of that as JSON text, where `item` has it encoded. */
  readonly text: string | undefined;
  readonly express: (expression: Expression) => Expressed;
  /** What is written with it. */
  readonly also?: readonly TransactWriteItem[];
  /** The row in a previous place that it takes the place of. */
  readonly from?: Replaced;
}

interface Replaced {
  readonly row: SessionRow;
  readonly condition: (expression: Expression) => string;
}

function removalOf({ row, condition }: Replaced): TransactWriteItem {
  const expression = new Expression();
  const ConditionExpression = condition(expression);
  const { tableName: TableName, keys } = row.place;
  const Key = keyAttributes(row.key, keys);
  const ReturnValuesOnConditionCheckFailure = "ALL_OLD";
  return {
    Delete: {
      TableName,
      Key,
      ConditionExpression,
      ReturnValuesOnConditionCheckFailure,
      ...expression.spoken(),
    },
  };
}

/** What is to be allowed for a transaction: there is no action of that name. */
function actionsOf(items: readonly TransactWriteItem[]): string {
  const actions = new Set(items.flatMap((item) => Object.keys(item)).map((name) => `${name}Item`));
  return `${[...actions].join(", ")} (in one transaction)`;
}

function keyAttributes(key: StorageKey, { hashKey, sortKey }: KeyLayout): Item {
  return sortKey === null ? { [hashKey]: { S: key } } : { [hashKey]: { S: key }, [sortKey]: { S: key } };
}

/** The expiry that stands in a row, for one that takes its place. */
function expiryAsRead({ item }: SessionRow): Item {
  const attributes = Object.entries(item).filter(([name]) => ["until", "expires", "updated"].includes(name));
  return Object.fromEntries(attributes);
}
