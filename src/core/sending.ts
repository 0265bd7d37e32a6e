// How a command is sent, whatever it asks for: when it is sent again, what its answer costs and tells of the
// table, and what a failure becomes. Which commands there are is said in table.ts.
import {
  DescribeTableCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-dynamodb";
import type { Command } from "./client.js";
import { SessionStoreError } from "./errors.js";
import {
  isAnswer,
  isKeyMismatch,
  isThrottledTransaction,
  isTransactionConflict,
  refusalIn,
  translateFailure,
} from "./failures.js";
import { optionsFor, showKeys } from "./neighbours.js";
import type { Operation } from "./operation.js";
import type { ResolvedOptions } from "./options.js";
import { randomFraction } from "./random.js";
import type { Traffic } from "./traffic.js";

// Another's transaction holds the row for a moment, and the SDK does not wait for it.
const LONGEST_CONFLICT_PAUSE_MS = 50;
// As often as the SDK by default, and about as far apart, where it does not try again.
const THROTTLED_ATTEMPTS = 3;
const LONGEST_THROTTLED_PAUSE_MS = 500;

/** Sends the commands for one table. */
export class Sender {
  readonly #options: ResolvedOptions;
  readonly #traffic: Traffic;

  constructor(options: ResolvedOptions, traffic: Traffic) {
    this.#options = options;
    this.#traffic = traffic;
  }

  /** What all commands say. Capacity is asked for where somebody listens. */
  common(): { TableName: string; ReturnConsumedCapacity: "TOTAL" | undefined } {
    const { tableName, onEvent } = this.#options;
    return { TableName: tableName, ReturnConsumedCapacity: onEvent && "TOTAL" };
  }

  /** Sends a command, and notes that there was an answer. */
  async ask<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
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

  /**
   * Sends a command within its operation, and fails as this package does; only a refusal by a condition is
   * passed on as the SDK has it, for the writer to judge.
   *
   * @param action the command, as IAM names it: `GetItem`, `UpdateItem`, …
   */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes & Billed>(
    action: string,
    operation: Operation,
    command: Command<Input, Output>,
    attempt = 1,
  ): Promise<Output> {
    const { tableName, sleep, randomId } = this.#options;
    try {
      const output: Output = await this.ask(command, operation.signal);
      operation.capacityUnits += unitsOf(output);
      return output;
    } catch (error) {
      // The operation has been answered at its deadline, and nobody asks for the reason any more.
      operation.throwIfOver();
      if (refusalIn(error)) throw error;
      const isThrottled = isThrottledTransaction(error);
      if (isTransactionConflict(error) || (isThrottled && attempt < THROTTLED_ATTEMPTS)) {
        const longest = isThrottled ? LONGEST_THROTTLED_PAUSE_MS : LONGEST_CONFLICT_PAUSE_MS;
        await sleep(longest * randomFraction(randomId), operation.signal);
        return this.send(action, operation, command, isThrottled ? attempt + 1 : attempt);
      }
      if (isKeyMismatch(error)) throw await this.#explainKeys(error, operation);
      throw translateFailure(error, { action, tableName });
    }
  }

  /**
   * What the table's keys are, beside what the options say. The one table command of the core, sent after a
   * refusal that names neither; whoever may not send it is told the options' half.
   */
  async #explainKeys(cause: unknown, operation: Operation): Promise<SessionStoreError> {
    const { connection, tableName, keys } = this.#options;
    const ours = showKeys(keys.hashKey, keys.sortKey);
    const command = new DescribeTableCommand({ TableName: tableName });
    const described = await connection.send(command, operation.signal).catch(() => undefined);
    const schema = described?.Table?.KeySchema;
    const hashKey = schema?.find((key) => key.KeyType === "HASH")?.AttributeName;
    const sortKey = schema?.find((key) => key.KeyType === "RANGE")?.AttributeName;
    const advice = hashKey
      ? `the table has ${showKeys(hashKey, sortKey ?? null)}. Set ${optionsFor(hashKey, sortKey ?? null)}; or use another table (keys are of type string)`
      : "the table has others, and these credentials may not describe it. Set table.hashKey and table.sortKey to the table's";
    return new SessionStoreError(
      "ERR_SESSION_TABLE",
      `the keys of the table "${tableName}" are not those of the options: the options say ${ours}; ${advice}`,
      { cause },
    );
  }
}

interface Billed {
  readonly ConsumedCapacity?: Units | readonly Units[] | undefined;
}

interface Units {
  readonly CapacityUnits?: number | undefined;
}

function unitsOf({ ConsumedCapacity = [] }: Billed): number {
  const billed = [ConsumedCapacity].flat();
  return billed.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}
