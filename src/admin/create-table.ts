// Creates the table of a store, or completes the one that is there: whoever calls it again, or at the same time
// as another, ends with the same table.
import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type Check,
  checkEach,
  refuseOption,
  SessionStoreError,
  type SessionStoreOptions,
  TRUE_OR_FALSE,
} from "../core/doors.js";
import {
  badName,
  createTableInput,
  definitionAt,
  otherAttribute,
  otherKeys,
  type TableDefinition,
  type TableProtection,
  unusable,
} from "./definition.js";
import { isCausedBy, TableCommands } from "./table-commands.js";
import { WORK_CHECKS } from "./work.js";

/** The options of {@link createTable}. */
export interface CreateTableOptions extends TableProtection {
  /** Milliseconds within which all of it is to be done. Default 300 000. */
  timeout?: number | undefined;
  /** Aborts: the call ends with the signal's reason, and can be made again. */
  signal?: AbortSignal | undefined;
}

/**
 * What came of something that a table can have. `switchedOn`: by this call. `wasOn`: it was on, or another call
 * was switching it on. `notAsked`: it was neither asked for nor looked at. `unknown`: the API does not know it,
 * as emulators do not know all.
 */
export type Switched = "switchedOn" | "wasOn" | "notAsked" | "unknown";

/** What {@link createTable} did. */
export interface CreatedTable {
  /** The store's table. */
  readonly tableName: string;
  /** `created` by this call; `found`: it was there, or another call has just created it. */
  readonly table: "created" | "found";
  /**
   * Removal of expired rows by DynamoDB. Once it is switched on it takes up to an hour until it begins;
   * sessions end on time without it.
   */
  readonly timeToLive: Switched;
  /** Whether it cannot be deleted until that is switched off. */
  readonly deletionProtection: Switched;
  /** Whether it can be restored to any second of the last 35 days, which is billed. */
  readonly pointInTimeRecovery: Switched;
}

const DEFAULT_TIMEOUT_MS = 300_000;
// Emulators are ready at once, DynamoDB within seconds.
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

const CHECKS: Record<keyof CreateTableOptions, Check> = {
  deletionProtection: TRUE_OR_FALSE,
  pointInTimeRecovery: TRUE_OR_FALSE,
  timeout: [(value) => typeof value === "number" && value >= 1, "milliseconds, 1 or more"],
  signal: WORK_CHECKS.signal,
};

/**
 * Creates the table of a store, on demand, and waits until it can be used. A table that is there with the same
 * keys stays, and what it lacks of what is asked for is switched on; nothing is ever switched off. Of `previous`
 * nothing is created.
 *
 * @throws {SessionStoreError} `ERR_SESSION_TABLE` where the account may have no more tables, where the table has
 * other keys, where its time to live is on another attribute or was switched within the last hour, or where it
 * cannot be used; `ERR_SESSION_TIMEOUT`, with the last refusal as its cause; `ERR_SESSION_ACCESS`, which names
 * the denied action; `ERR_SESSION_OPTIONS`; and what every command can meet.
 */
export async function createTable(
  store: SessionStoreOptions,
  options: CreateTableOptions = {},
): Promise<CreatedTable> {
  checkEach(options, CHECKS, "");
  const commands = new TableCommands(store, options.signal);
  try {
    const definition = definitionAt(commands.options, options);
    return await new Creation(commands, definition, options.timeout ?? DEFAULT_TIMEOUT_MS).run();
  } finally {
    commands.close();
  }
}

/** One call. Its steps are taken again, after a pause, while the table is not ready for them. */
class Creation {
  readonly #commands: TableCommands;
  readonly #definition: TableDefinition;
  readonly #timeoutMs: number;
  readonly #startedAt: number;
  #isCreated = false;
  #wasRefusedForHour = false;

  constructor(commands: TableCommands, definition: TableDefinition, timeoutMs: number) {
    this.#commands = commands;
    this.#definition = definition;
    this.#timeoutMs = timeoutMs;
    this.#startedAt = commands.options.now();
  }

  async run(): Promise<CreatedTable> {
    const { tableName } = this.#definition;
    const table = await this.#untilDone(() => this.#makeTable());
    const timeToLive = await this.#untilDone(() => this.#switchTimeToLive());
    const pointInTimeRecovery = await this.#untilDone(() => this.#switchRecovery());
    // Last: the table is updating for a moment, and takes no other change.
    const deletionProtection = await this.#untilDone(() => this.#switchProtection(table));
    return {
      tableName,
      table: this.#isCreated ? "created" : "found",
      timeToLive,
      deletionProtection,
      pointInTimeRecovery,
    };
  }

  /** The table, once it can be used. */
  async #makeTable(): Promise<TableDescription | NotYet> {
    const table = await this.#describe();
    // Once it is created it may be some seconds until it is seen.
    if (table === undefined) return this.#isCreated ? new NotYet("is not seen yet") : this.#create();
    // A table of its name can be made when it is gone; what keys it had does not matter.
    if (table.TableStatus === "DELETING") {
      this.#isCreated = false;
      return new NotYet("is being deleted");
    }
    const refusal = otherKeys(this.#definition, table) ?? unusable(table);
    if (refusal) throw new SessionStoreError("ERR_SESSION_TABLE", refusal);
    return table.TableStatus === "ACTIVE" ? table : new NotYet(`is ${table.TableStatus}`);
  }

  async #describe(): Promise<TableDescription | undefined> {
    const command = new DescribeTableCommand({ TableName: this.#definition.tableName });
    try {
      return (await this.#commands.send("DescribeTable", command)).Table;
    } catch (error) {
      if (isCausedBy(error, ["ResourceNotFoundException"])) return undefined;
      // The name is all that was said.
      if (isCausedBy(error, ["ValidationException"])) refuseOption(badName(this.#definition.tableName));
      throw error;
    }
  }

  async #create(): Promise<NotYet> {
    try {
      await this.#commands.send("CreateTable", new CreateTableCommand(createTableInput(this.#definition)));
      this.#isCreated = true;
      return new NotYet("is being created");
    } catch (error) {
      // Another has just created it; or an attempt before this one, whose answer was lost.
      if (isCausedBy(error, ["ResourceInUseException"]))
        return new NotYet("is being created by another", error);
      if (isCausedBy(error, LIMIT, SIMULTANEOUS))
        return new NotYet("waits for other tables of the account that are being changed", error);
      if (!isCausedBy(error, LIMIT)) throw error;
      const text = `the table "${this.#definition.tableName}" was not created, for the account has reached a limit in this region, as of the number of its tables (the cause says which); delete tables that nobody needs, or ask AWS for a higher quota`;
      throw new SessionStoreError("ERR_SESSION_TABLE", text, { cause: causeOf(error) });
    }
  }

  async #switchTimeToLive(): Promise<Switched | NotYet> {
    const { tableName, ttlAttribute } = this.#definition;
    const TableName = tableName;
    const refuse = (message: string) =>
      new SessionStoreError("ERR_SESSION_TABLE", `time to live of the table "${tableName}" ${message}`);
    try {
      const described = await this.#commands.send(
        "DescribeTimeToLive",
        new DescribeTimeToLiveCommand({ TableName }),
      );
      const { TimeToLiveStatus: status, AttributeName: attribute } = described.TimeToLiveDescription ?? {};
      if (status === "DISABLING")
        throw refuse(
          "is being switched off, which takes up to an hour; then call again, and it is switched on",
        );
      if (status === "ENABLED" || status === "ENABLING") {
        if (attribute === ttlAttribute) return "wasOn";
        throw refuse(otherAttribute(attribute, ttlAttribute));
      }
      const TimeToLiveSpecification = { Enabled: true, AttributeName: ttlAttribute };
      const command = new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification });
      await this.#commands.send("UpdateTimeToLive", command);
      return "switchedOn";
    } catch (error) {
      // Another has just switched it, and what was read before is not so any more.
      if (isCausedBy(error, ["ValidationException"], /already enabled|different attribute/i))
        return new NotYet("has its time to live switched by another", error);
      if (isCausedBy(error, ["ValidationException"], /multiple times/i)) {
        if (!this.#wasRefusedForHour) {
          this.#wasRefusedForHour = true;
          return new NotYet("had its time to live switched within the last hour", error);
        }
        throw refuse(
          "was switched within the last hour, and DynamoDB takes no other change before that is over; then call again",
        );
      }
      return this.#judge(error);
    }
  }

  async #switchRecovery(): Promise<Switched | NotYet> {
    const { tableName: TableName, pointInTimeRecovery } = this.#definition;
    if (!pointInTimeRecovery) return "notAsked";
    try {
      const describe = new DescribeContinuousBackupsCommand({ TableName });
      const described = await this.#commands.send("DescribeContinuousBackups", describe);
      const { PointInTimeRecoveryDescription: recovery } = described.ContinuousBackupsDescription ?? {};
      if (recovery?.PointInTimeRecoveryStatus === "ENABLED") return "wasOn";
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
      const update = new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification });
      await this.#commands.send("UpdateContinuousBackups", update);
      return "switchedOn";
    } catch (error) {
      return this.#judge(error);
    }
  }

  async #switchProtection({ DeletionProtectionEnabled }: TableDescription): Promise<Switched | NotYet> {
    const { tableName: TableName, deletionProtection } = this.#definition;
    if (!deletionProtection) return "notAsked";
    if (DeletionProtectionEnabled) return this.#isCreated ? "switchedOn" : "wasOn";
    try {
      const command = new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true });
      await this.#commands.send("UpdateTable", command);
      return "switchedOn";
    } catch (error) {
      // An API that does not know it finds that nothing is asked for.
      const isUnknown = DeletionProtectionEnabled === undefined && isCausedBy(error, ["ValidationException"]);
      return isUnknown ? "unknown" : this.#judge(error);
    }
  }

  /** What a step's failure means: that the API does not know it, or that the table is not ready for it. */
  #judge(error: unknown): "unknown" | NotYet {
    if (isCausedBy(error, ["UnknownOperationException"])) return "unknown";
    if (isCausedBy(error, NOT_READY) || isCausedBy(error, LIMIT, SIMULTANEOUS))
      return new NotYet("is not ready for a change", error);
    throw error;
  }

  async #untilDone<Result>(step: () => Promise<Result | NotYet>): Promise<Result> {
    const { now } = this.#commands.options;
    for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const result = await step();
      if (!(result instanceof NotYet)) return result;
      const leftMs = this.#startedAt + this.#timeoutMs - now();
      if (leftMs <= 0) throw this.#tooLate(result);
      await this.#commands.sleep(Math.min(pauseMs, leftMs));
    }
  }

  #tooLate({ because, failure }: NotYet): SessionStoreError {
    const text = `createTable was not done within ${this.#timeoutMs} ms (option timeout): the table "${this.#definition.tableName}" ${because}. Call again: it goes on`;
    return new SessionStoreError("ERR_SESSION_TIMEOUT", text, { cause: causeOf(failure) });
  }
}

/** A step cannot be taken yet. */
class NotYet {
  constructor(
    readonly because: string,
    readonly failure?: unknown,
  ) {}
}

/** The SDK's error behind one of this package's. */
function causeOf(failure: unknown): unknown {
  return failure instanceof SessionStoreError ? failure.cause : failure;
}

// While the table is updated, or not yet known everywhere; backups of a new table are there some seconds later.
const NOT_READY = [
  "ResourceInUseException",
  "ResourceNotFoundException",
  "TableNotFoundException",
  "ContinuousBackupsUnavailableException",
];

// It is thrown for what is over in a moment, that many tables are changed at once, and for quotas, which are not
// (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html, Errors).
const LIMIT = ["LimitExceededException"];
const SIMULTANEOUS = /simultaneous/i;
