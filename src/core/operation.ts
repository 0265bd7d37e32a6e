// One operation from its call to its one answer: the deadline, the refusal after close, the report of a
// failure. The work itself is given; what it does is not known here.
import { SessionStoreError } from "./errors.js";
import { type OperationName, tell } from "./events.js";
import { shortId } from "./keys.js";
import type { ResolvedOptions } from "./options.js";
import { MOST_WAITING, type Traffic } from "./traffic.js";
import { deadline } from "./waiting.js";

// Of one that ended there is nothing to tell; a reason made for each would cost more than the rest of an
// operation.
const ENDED = new DOMException("the operation has been answered", "AbortError");

/** One operation, as the work that belongs to it knows it. */
export class Operation {
  readonly name: OperationName;
  /** The session's id as events name it. */
  readonly session: string;
  /** Epoch milliseconds of the call. */
  readonly startedAt: number;
  /** Capacity units reported so far. */
  capacityUnits = 0;
  /** How many rows were asked for in the request that read its own. */
  keys = 1;
  #isOver = false;
  #abort: AbortController | undefined;
  #afterwards: (() => void) | undefined;

  constructor(name: OperationName, session: string, startedAt: number) {
    this.name = name;
    this.session = session;
    this.startedAt = startedAt;
  }

  /** Whether it has been answered, by its work or at its deadline. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Aborted when the operation is over. Made for those who ask: a load that travels with others needs none.
   */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort(ENDED);
    return this.#abort.signal;
  }

  /** Ends work of which nobody waits for the result any more. */
  throwIfOver(): void {
    if (this.#isOver) throw ENDED;
  }

  /** Has something done when the operation is over, after what was asked for before. */
  afterwards(work: () => void): void {
    const before = this.#afterwards;
    this.#afterwards = () => {
      before?.();
      work();
    };
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort?.abort(ENDED);
    this.#afterwards?.();
  }
}

/** Runs operations. */
export class OperationRunner {
  readonly #options: ResolvedOptions;
  readonly #traffic: Traffic;
  readonly #isAdmitted: boolean;

  constructor(options: ResolvedOptions, traffic: Traffic, isAdmitted = false) {
    this.#options = options;
    this.#traffic = traffic;
    this.#isAdmitted = isAdmitted;
  }

  /** The same with other options, and ended by the same `close`. */
  withOptions(options: ResolvedOptions): OperationRunner {
    return new OperationRunner(options, this.#traffic, this.#isAdmitted);
  }

  /**
   * Runs work of several operations as one that is on its way: where `close` comes meanwhile, all of it
   * finishes.
   */
  asOne<T>(work: (operations: OperationRunner) => Promise<T>): Promise<T> {
    return this.#traffic.follow(work(new OperationRunner(this.#options, this.#traffic, !this.#isClosed)));
  }

  /**
   * Runs `work` now, up to its first wait, and settles as it does or at the deadline, whichever comes first.
   * A failure is reported; `recover` may answer in its place. The promise carries a no-op `catch`, for
   * callers who ignore it.
   */
  run<T>(
    name: OperationName,
    id: unknown,
    work: (operation: Operation) => Promise<T>,
    recover: (error: unknown) => T = rethrow,
  ): Promise<T> {
    const operation = new Operation(name, shortId(id), this.#options.now());
    return this.#traffic.follow(this.#answer(operation, work, recover));
  }

  /** Tells the listener of a failure, also of one that the caller will not see. */
  report(operation: OperationName, session: string, error: unknown, startedAt = this.#options.now()): void {
    const durationMs = this.#options.now() - startedAt;
    tell(this.#options.onEvent, { type: "error", operation, session, error, durationMs });
  }

  get #isClosed(): boolean {
    return this.#traffic.isClosed && !this.#isAdmitted;
  }

  async #answer<T>(
    operation: Operation,
    work: (operation: Operation) => Promise<T>,
    recover: (error: unknown) => T,
  ): Promise<T> {
    try {
      if (this.#isClosed) throw closed();
      if (this.#traffic.isJammed(this.#options.sleep)) throw jammed(operation.name, this.#options.tableName);
      this.#traffic.enter(operation);
      try {
        return await this.#withinTimeout(operation, work);
      } finally {
        this.#traffic.leave(operation);
      }
    } catch (error) {
      this.report(operation.name, operation.session, error, operation.startedAt);
      return recover(error);
    }
  }

  #withinTimeout<T>(operation: Operation, work: (operation: Operation) => Promise<T>): Promise<T> {
    const { timeout, sleep, tableName } = this.#options;
    return new Promise((resolve, reject) => {
      const callOff = deadline(sleep, timeout, operation, () => {
        const text = `${operation.name} on the table "${tableName}" did not end within ${timeout} ms (option timeout); what was sent may still take effect`;
        operation.end();
        reject(new SessionStoreError("ERR_SESSION_TIMEOUT", text));
      });
      // By one promise rather than by a chain of them: every operation passes here.
      const end = () => {
        callOff();
        operation.end();
      };
      work(operation).then(
        (result) => {
          end();
          resolve(result);
        },
        (error) => {
          end();
          reject(error);
        },
      );
    });
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function jammed(name: OperationName, tableName: string): SessionStoreError {
  return new SessionStoreError(
    "ERR_SESSION_UNAVAILABLE",
    `${name} on the table "${tableName}" was not tried: ${MOST_WAITING} operations wait, and the table has answered nothing since; see that the network and the endpoint are there`,
  );
}

function closed(): SessionStoreError {
  return new SessionStoreError("ERR_SESSION_CLOSED", "the session store was closed; make a new one to go on");
}
