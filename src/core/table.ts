// The one file that sends item commands and scans for our own rows: commands in, typed records out. What to write and
// when is the engine's business; here is how, and above each condition why it is right.
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  ScanCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Command } from "./client.js";
import { isSameData } from "./data.js";
import { SessionStoreError } from "./errors.js";
import { type ExpiryStamp, endOf } from "./expiry.js";
import { Expression } from "./expression.js";
import { isAnswer, isKeyMismatch, isRefusal, isTransactionConflict, translateFailure } from "./failures.js";
import { isStorageKey, type KeyLayout, type StorageKey, storageKeyOf } from "./keys.js";
import { keepsMapClock, withMapClock } from "./map.js";
import { optionsFor } from "./neighbours.js";
import type { Operation } from "./operation.js";
import type { ResolvedOptions } from "./options.js";
import { randomFraction } from "./random.js";
import { type ReadCommands, type RowsRead, SharedReads } from "./reads.js";
import {
  checkSize,
  decodeRow,
  encodeContent,
  encodeExpiry,
  type Item,
  isSessionItem,
  type RowContent,
  type SessionItem,
  type SessionRow,
} from "./record.js";
import type { Traffic } from "./traffic.js";

// Another's transaction holds the row for a moment, and the SDK does not wait for it.
const LONGEST_CONFLICT_PAUSE_MS = 50;

/** What came of a conditional write: the row as it is now, or the one that stood in the way, if any does. */
export type WriteResult =
  | { readonly outcome: "written"; readonly row: SessionRow }
  | { readonly outcome: "refused"; readonly row: SessionRow | undefined };

/** A row met by a scan: its key and expiry, and the whole of it where that was asked for. */
export interface ScannedRow {
  readonly key: StorageKey;
  readonly item: Item;
}

/** The table's rows of sessions. */
export class SessionTable {
  readonly #options: ResolvedOptions;
  readonly #traffic: Traffic;
  readonly #reads: SharedReads;
  #comparesMaps = true;

  constructor(options: ResolvedOptions, traffic: Traffic) {
    this.#options = options;
    this.#traffic = traffic;
    const { consistentRead } = options;
    const commands: ReadCommands = {
      readOne: (key, operation) => this.#readOne(key, consistentRead, operation),
      readMany: (keys, signal) => this.#readMany(keys, signal),
    };
    this.#reads = new SharedReads(commands, options);
  }

  /** Reads the row of a session that is asked for, as the option `consistentRead` says; together with others. */
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
   */
  create(content: RowContent, expiry: ExpiryStamp, operation: Operation): Promise<WriteResult> {
    return this.#make(
      content,
      expiry,
      operation,
      (expression) => `attribute_not_exists(${expression.name("sess")})`,
    );
  }

  /** Makes a new session's row of an expired one, if nobody has touched, saved or replaced that meanwhile. */
  replaceExpired(
    expired: SessionRow,
    content: RowContent,
    expiry: ExpiryStamp,
    operation: Operation,
  ): Promise<WriteResult> {
    return this.#make(content, expiry, operation, (expression) => isExactly(expression, expired));
  }

  /**
   * Writes data over a row that was read, and never makes one.
   *
   * | since it was read, the row | condition | outcome |
   * | --- | --- | --- |
   * | is as it was, or was touched | `gen` and `rev` as read, not yet over | written |
   * | was written | `rev` differs | refused, with the newer row |
   * | was destroyed | there is no `gen` | refused, without a row |
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
    const written = { ...encodeContent(content), ...(expiry && encodeExpiry(expiry)) };
    const item = { ...row.item, ...written };
    checkSize(item);
    return this.#updateRead(row, item, operation, (expression, comparesMaps) => ({
      assignments: expression.set(written),
      condition: isSameSession(expression, row, now, comparesMaps),
    }));
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
    return this.#updateRead(row, item, operation, (expression, comparesMaps) => {
      const assignments = expression.set(written);
      const updated = expression.name("updated");
      // 0.0.19 looks for the time of the last touch inside its map.
      if (item.sess !== row.item.sess) assignments.push(`${expression.name("sess")}.${updated} = :updated`);
      const isOlder = isBelieved
        ? `(attribute_not_exists(${updated}) OR ${updated} < :updated)`
        : expression.asRead("updated", row.item);
      const isSame = isSameSession(expression, row, expiry.updated, comparesMaps);
      return { assignments, condition: `${isSame} AND ${isOlder}` };
    });
  }

  /**
   * Removes a row, whatever it holds, and says what it was; `unknown` where that cannot be said: it cannot be read, or an
   * attempt whose answer was lost may have removed it.
   */
  async remove(key: StorageKey, operation: Operation): Promise<SessionRow | "unknown" | undefined> {
    const command = new DeleteItemCommand({
      ...this.common(),
      Key: this.#keyOf(key),
      ReturnValues: "ALL_OLD",
    });
    const { Attributes, $metadata } = await this.send("DeleteItem", operation, command);
    if (Attributes === undefined) return ($metadata.attempts ?? 1) > 1 ? "unknown" : undefined;
    if (!isSessionItem(Attributes)) return undefined;
    try {
      return decodeRow(Attributes, key, this.#options.keys);
    } catch {
      return "unknown";
    }
  }

  /**
   * Removes an expired row if it is exactly what was read; says whether it did. Never by a comparison with the time:
   * by that, a session that anyone has just renewed could be removed by a clock that is ahead.
   */
  async removeExpired(row: SessionRow, operation: Operation): Promise<boolean> {
    const expression = new Expression();
    const condition = isExactly(expression, row);
    const command = new DeleteItemCommand({
      ...this.common(),
      Key: this.#keyOf(row.key),
      ConditionExpression: condition,
      ...expression.spoken(),
    });
    try {
      await this.send("DeleteItem", operation, command);
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  #decode(item: Item | undefined, key: StorageKey): SessionRow | undefined {
    return isSessionItem(item) ? decodeRow(item, key, this.#options.keys) : undefined;
  }

  async #readOne(key: StorageKey, isStrong: boolean, operation: Operation): Promise<Item | undefined> {
    const command = new GetItemCommand({
      ...this.common(),
      Key: this.#keyOf(key),
      ConsistentRead: isStrong,
    });
    const { Item } = await this.send("GetItem", operation, command);
    return Item;
  }

  /** What goes wrong here is what the SDK says: nobody but those who read together hears of it. */
  async #readMany(keys: readonly StorageKey[], signal: AbortSignal): Promise<RowsRead> {
    const { consistentRead, keys: layout } = this.#options;
    const { TableName, ReturnConsumedCapacity } = this.common();
    const Keys = keys.map((key) => this.#keyOf(key));
    const command = new BatchGetItemCommand({
      RequestItems: { [TableName]: { Keys, ConsistentRead: consistentRead } },
      ReturnConsumedCapacity,
    });
    const { Responses, UnprocessedKeys, ConsumedCapacity } = await this.#ask(command, signal);
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

  #make(
    content: RowContent,
    expiry: ExpiryStamp,
    operation: Operation,
    condition: (expression: Expression) => string,
  ): Promise<WriteResult> {
    const written = { ...encodeContent(content), ...encodeExpiry(expiry) };
    const item = { ...this.#keyOf(content.key), ...written };
    checkSize(item);
    return this.#update(content.key, item, operation, (expression) => ({
      assignments: expression.set(written),
      condition: condition(expression),
    }));
  }

  /** The update of a row that was read; asked again by what the API can compare, where it cannot compare maps. */
  async #updateRead(
    row: SessionRow,
    item: SessionItem,
    operation: Operation,
    express: ExpressRead,
  ): Promise<WriteResult> {
    const attempt = (comparesMaps: boolean) =>
      this.#update(row.key, item, operation, (expression) => express(expression, comparesMaps));
    const result = await attempt(this.#comparesMaps);
    if (result.outcome === "written" || !this.#cannotCompare(row, result.row)) return result;
    const another = await attempt(false);
    // Refused again, it was for another reason.
    if (another.outcome === "written") this.#comparesMaps = false;
    return another;
  }

  /** A write that its condition may refuse. `item` is what the row is once it is written. */
  async #update(
    key: StorageKey,
    item: SessionItem,
    operation: Operation,
    express: Express,
  ): Promise<WriteResult> {
    const { keys } = this.#options;
    const expression = new Expression();
    const { assignments, condition } = express(expression);
    const command = new UpdateItemCommand({
      ...this.common(),
      Key: this.#keyOf(key),
      UpdateExpression: `SET ${assignments.join(", ")}`,
      ConditionExpression: condition,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      ...expression.spoken(),
    });
    try {
      await this.send("UpdateItem", operation, command);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // DynamoDB says nothing when there is no row; an API that never says anything is asked.
      const row = error.Item ? this.#decode(error.Item, key) : await this.read(key, operation);
      return { outcome: "refused", row };
    }
    return { outcome: "written", row: decodeRow(item, key, keys) };
  }

  // dynalite holds no map equal to another, and refuses a row of 0.0.19 that is just what was read.
  #cannotCompare(row: SessionRow, current: SessionRow | undefined): boolean {
    return this.#comparesMaps && needsComparison(row) && isSameData(row.item, current?.item);
  }

  /** Sends a command, and notes that there was an answer. */
  async #ask<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output> {
    try {
      const output = await this.#options.connection.send(command, signal);
      this.#traffic.answered();
      return output;
    } catch (error) {
      if (isAnswer(error)) this.#traffic.answered();
      throw error;
    }
  }

  /** Sends a command within its operation, and fails as this package does. */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes & Billed>(
    action: string,
    operation: Operation,
    command: Command<Input, Output>,
  ): Promise<Output> {
    const { tableName, sleep, randomId } = this.#options;
    try {
      const output: Output = await this.#ask(command, operation.signal);
      operation.capacityUnits += output.ConsumedCapacity?.CapacityUnits ?? 0;
      return output;
    } catch (error) {
      // The operation has been answered at its deadline, and nobody asks for the reason any more.
      operation.throwIfOver();
      if (isRefusal(error)) throw error;
      if (isTransactionConflict(error)) {
        await sleep(LONGEST_CONFLICT_PAUSE_MS * randomFraction(randomId), operation.signal);
        return this.send(action, operation, command);
      }
      if (isKeyMismatch(error)) throw await this.#explainKeys(error, operation);
      throw translateFailure(error, { action, tableName });
    }
  }

  /**
   * What the table's keys are, beside what the options say. The one table command of the core, sent after a refusal
   * that names neither; whoever may not send it is told the options' half.
   */
  async #explainKeys(cause: unknown, operation: Operation): Promise<SessionStoreError> {
    const { connection, tableName, keys } = this.#options;
    const ours = showKeys(keys.hashKey, keys.sortKey ?? undefined);
    const command = new DescribeTableCommand({ TableName: tableName });
    const described = await connection.send(command, operation.signal).catch(() => undefined);
    const schema = described?.Table?.KeySchema;
    const hashKey = schema?.find((key) => key.KeyType === "HASH")?.AttributeName;
    const sortKey = schema?.find((key) => key.KeyType === "RANGE")?.AttributeName;
    const advice = hashKey
      ? `the table has ${showKeys(hashKey, sortKey)}. Set ${optionsFor(hashKey, sortKey ?? null)}; or use another table (keys are of type string)`
      : "the table has others, and these credentials may not describe it. Set table.hashKey and table.sortKey to the table's";
    return new SessionStoreError(
      "ERR_SESSION_TABLE",
      `the keys of the table "${tableName}" are not those of the options: the options say ${ours}; ${advice}`,
      { cause },
    );
  }

  #keyOf(key: StorageKey): Item {
    const { hashKey, sortKey } = this.#options.keys;
    return sortKey === null ? { [hashKey]: { S: key } } : { [hashKey]: { S: key }, [sortKey]: { S: key } };
  }

  // Capacity is asked for where somebody listens.
  common(): { TableName: string; ReturnConsumedCapacity: "TOTAL" | undefined } {
    const { tableName, onEvent } = this.#options;
    return { TableName: tableName, ReturnConsumedCapacity: onEvent && "TOTAL" };
  }
}

/** Finds out whether the table's keys are the options', by asking for a row that nobody has. */
export async function checkKeys(table: SessionTable, keys: KeyLayout, operation: Operation): Promise<void> {
  const noSession = storageKeyOf("-", keys);
  if (noSession !== undefined) await table.read(noSession, operation);
}

/**
 * One page of the rows under the prefix, expired ones among them: whole, or with key and expiry alone. A scan reads,
 * and is billed for, the whole table. A function, that a bundler leaves out where nothing is listed.
 */
export async function scanPage(
  table: SessionTable,
  { keys, consistentRead }: Pick<ResolvedOptions, "keys" | "consistentRead">,
  attributes: "all" | "expiry",
  from: Item | undefined,
  operation: Operation,
): Promise<{ rows: ScannedRow[]; next: Item | undefined }> {
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
      ? [hashKey(), expression.name("until"), expression.name("expires")].join(", ")
      : undefined;
  const command = new ScanCommand({
    ...table.common(),
    ConsistentRead: consistentRead,
    FilterExpression: conditions.join(" AND "),
    ProjectionExpression: projection,
    ExclusiveStartKey: from,
    ...expression.spoken(),
  });
  const page = await table.send("Scan", operation, command);
  const rows: ScannedRow[] = [];
  for (const item of page.Items ?? []) {
    const key = item[keys.hashKey]?.S;
    if (key !== undefined && isStorageKey(key, keys)) rows.push({ key, item });
  }
  return { rows, next: page.LastEvaluatedKey };
}

interface Billed {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number | undefined } | undefined;
}

type Express = (expression: Expression) => { assignments: string[]; condition: string };

type ExpressRead = (expression: Expression, comparesMaps: boolean) => ReturnType<Express>;

/**
 * True while the row is still the session that was read, at the revision that was read, and not over by `now`.
 *
 * A row of ours is told by `gen` and `rev`. Its end may have been moved by a touch, which leaves `rev`: it must only
 * not have come, by the clock of whoever writes. A row of another package has neither: 0.0.19 overwrites rows whole,
 * so it must still hold the data that was read, and end when it did.
 */
function isSameSession(expression: Expression, row: SessionRow, now: number, comparesMaps: boolean): string {
  const conditions = [expression.asRead("rev", row.item)];
  if (row.rev !== undefined) conditions.push(expression.asRead("gen", row.item));
  else if (comparesMaps || !needsComparison(row)) conditions.push(expression.asRead("sess", row.item));
  else conditions.push(expression.mapClockAsRead(row.item.sess));
  if (row.until !== undefined && row.item.expires?.N !== undefined && row.until === endOf(row)) {
    const until = `${expression.name("until")} > ${expression.value(":now", { N: String(now) })}`;
    const expires = `${expression.name("expires")} > ${expression.value(":nowSeconds", { N: String(now / 1000) })}`;
    conditions.push(until, expires);
  } else {
    conditions.push(expression.asRead("until", row.item), expression.asRead("expires", row.item));
  }
  return conditions.join(" AND ");
}

/** True while the row is to the letter the one that was read, as far as writes and touches go. */
function isExactly(expression: Expression, row: SessionRow): string {
  return ["gen", "rev", "until", "expires"].map((name) => expression.asRead(name, row.item)).join(" AND ");
}

/** Whether a row can only be told by its data, and that is a map. */
function needsComparison(row: SessionRow): boolean {
  return row.rev === undefined && row.item.sess.M !== undefined;
}

function showKeys(hashKey: string, sortKey: string | undefined): string {
  return `hash key "${hashKey}" and ${sortKey === undefined ? "no sort key" : `sort key "${sortKey}"`}`;
}
