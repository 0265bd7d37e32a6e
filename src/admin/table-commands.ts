// How administration sends commands for one table by itself: each has the option `timeout`, all of them the
// caller's signal, and their failures are this package's.
import type { ServiceInputTypes, ServiceOutputTypes } from "@aws-sdk/client-dynamodb";
import {
  type Command,
  type ResolvedOptions,
  resolveOptions,
  SessionStoreError,
  type SessionStoreOptions,
  translateFailure,
} from "../core/doors.js";

/** Sends commands; `close` ends a client that was made for them. */
export class TableCommands {
  readonly options: ResolvedOptions;
  readonly #signal: AbortSignal | undefined;

  /** @throws {SessionStoreError} `ERR_SESSION_OPTIONS`. */
  constructor(store: SessionStoreOptions, signal: AbortSignal | undefined) {
    this.options = resolveOptions(store);
    this.#signal = signal;
  }

  /**
   * Sends a command.
   *
   * @param action the command, as IAM names it: `DescribeTable`.
   * @throws {SessionStoreError} with the SDK's error as its cause, which `isCausedBy` asks for; or the reason
   * of the caller's signal.
   */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    action: string,
    command: Command<Input, Output>,
    tableName = this.options.tableName,
  ): Promise<Output> {
    const { connection, timeout } = this.options;
    this.#signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeout);
    try {
      return await connection.send(command, this.#signal ? AbortSignal.any([this.#signal, limit]) : limit);
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!limit.aborted) throw translateFailure(error, { action, tableName });
      const text = `dynamodb:${action} on the table "${tableName}" was not answered within ${timeout} ms (option timeout); what was sent may still take effect`;
      throw new SessionStoreError("ERR_SESSION_TIMEOUT", text, { cause: error });
    }
  }

  /** Waits by the option `sleep`, or until the caller's signal: then the next command throws its reason. */
  sleep(ms: number): Promise<void> {
    return this.options.sleep(ms, this.#signal);
  }

  close(): void {
    this.options.connection.close();
  }
}

/** Whether the SDK's error of one of these names is behind a failure, and says this. */
export function isCausedBy(failure: unknown, names: readonly string[], says = /(?:)/): boolean {
  const cause = failure instanceof SessionStoreError ? failure.cause : undefined;
  return cause instanceof Error && names.includes(cause.name) && says.test(cause.message);
}
