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
  /** How many rows were asked for in the request that read its own. */
  keys: number;
}

/** What every event says of an operation that was carried out. */
export function done(operation: Operation, now: number) {
  const { session, startedAt, capacityUnits } = operation;
  return { session, durationMs: now - startedAt, capacityUnits };
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
   * Runs `work` now, up to its first wait, and settles as it does or at the deadline, whichever comes first. A failure
   * is reported; `recover` may answer in its place. The promise carries a no-op `catch`, for callers who ignore it.
   */
  run<T>(
    name: OperationName,
    id: unknown,
    work: (operation: Operation) => Promise<T>,
    recover: (error: unknown) => T = rethrow,
  ): Promise<T> {
    const ended = new AbortController();
    const startedAt = this.#options.now();
    const operation = {
      name,
      session: shortId(id),
      signal: ended.signal,
      startedAt,
      capacityUnits: 0,
      keys: 1,
    };
    const worked = this.#closed ? Promise.reject(closed()) : this.#withinTimeout(operation, work);
    const answered = worked
      .finally(() => ended.abort())
      .catch((error) => {
        this.report(name, operation.session, error, startedAt);
        return recover(error);
      });
    const forget = () => this.#onTheirWay.delete(answered);
    this.#onTheirWay.add(answered);
    answered.then(forget, forget);
    return answered;
  }

  /** Tells the listener of a failure, also of one that the caller will not see. */
  report(operation: OperationName, session: string, error: unknown, startedAt = this.#options.now()): void {
    const durationMs = this.#options.now() - startedAt;
    tell(this.#options.onEvent, { type: "error", operation, session, error, durationMs });
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
        const text = `${operation.name} on the table "${tableName}" did not end within ${timeout} ms (option timeout); what was sent may still take effect`;
        reject(new SessionStoreError("ERR_SESSION_TIMEOUT", text));
      }, reject);
    });
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function closed(): SessionStoreError {
  return new SessionStoreError("ERR_SESSION_CLOSED", "the session store was closed; make a new one to go on");
}
