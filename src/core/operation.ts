// One operation from its call to its one answer: the deadline, the refusal after close, the report of a failure. The
// work itself is given; what it does is not known here.
import { SessionStoreError } from "./errors.js";
import { type OperationName, tell } from "./events.js";
import { shortId } from "./keys.js";
import type { ResolvedOptions } from "./options.js";

/** What work is given of the operation that it belongs to. */
export interface Operation {
  readonly name: OperationName;
  /** The session's id as events name it. */
  readonly session: string;
  /** Aborted at the deadline, and when the operation has settled. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds of the call. */
  readonly startedAt: number;
  /** Capacity units reported so far. */
  capacityUnits: number;
}

/** Runs operations, and knows which are on their way. */
export class OperationRunner {
  readonly #options: ResolvedOptions;
  readonly #onTheirWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` now, up to its first wait, and settles as it does or at the deadline, whichever comes first. The
   * promise carries a no-op `catch`: a caller who ignores it is told of a failure by `onEvent` alone.
   */
  run<T>(name: OperationName, id: unknown, work: (operation: Operation) => Promise<T>): Promise<T> {
    const ended = new AbortController();
    const operation: Operation = {
      name,
      session: shortId(id),
      signal: ended.signal,
      startedAt: this.#options.now(),
      capacityUnits: 0,
    };
    const settled = this.#closed
      ? Promise.reject(closed())
      : this.#withinTimeout(operation, work).finally(() => ended.abort());
    this.#onTheirWay.add(settled);
    settled.then(
      () => this.#onTheirWay.delete(settled),
      (error) => {
        this.#onTheirWay.delete(settled);
        this.report(operation, error);
      },
    );
    return settled;
  }

  /** Tells the listener of a failure, also of one that the caller will not see. */
  report(operation: Operation, error: unknown): void {
    const { name, session } = operation;
    const durationMs = this.#options.now() - operation.startedAt;
    tell(this.#options.onEvent, { type: "error", operation: name, session, error, durationMs });
  }

  /** Refuses what comes from now on, and resolves when all that is on its way has settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#onTheirWay);
  }

  #withinTimeout<T>(operation: Operation, work: (operation: Operation) => Promise<T>): Promise<T> {
    const { timeout, sleep, tableName } = this.#options;
    return new Promise((resolve, reject) => {
      work(operation).then(resolve, reject);
      sleep(timeout, operation.signal).then(() => {
        if (operation.signal.aborted) return;
        const text = `the table "${tableName}" gave no answer to ${operation.name} within ${timeout} ms (option timeout); what was sent may still take effect`;
        reject(new SessionStoreError("ERR_SESSION_TIMEOUT", text));
      }, reject);
    });
  }
}

function closed(): SessionStoreError {
  return new SessionStoreError("ERR_SESSION_CLOSED", "the session store was closed; make a new one to go on");
}
