// What is on its way to one table in this process, whatever functions it is run with: who waits, whether the
// table still answers, whether the end has come.
import type { Operation } from "./operation.js";

/** So many may wait for a table that answers nothing, to see whether it does again. */
export const MOST_WAITING = 100;
// By ticks rather than by the clock: a process that was held up itself has not waited, and its answers are
// read between two ticks.
const TICKS_OF_SILENCE = 4;

/** The operations on one table. */
export class Traffic {
  readonly #onTheirWay = new Set<Promise<unknown>>();
  readonly #silenceMs: number;
  readonly #requestsShare: boolean;
  readonly #waiting = new Set<Operation>();
  #isClosed = false;
  #isSilent = false;
  #isWatched = false;
  #answers = 0;

  /**
   * @param silenceMs how long a table that many wait for may answer nothing.
   */
  constructor(silenceMs: number, requestsShare: boolean) {
    this.#silenceMs = silenceMs;
    this.#requestsShare = requestsShare;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Whether one more may not wait: so many do that it would be of no use, and nothing at all has been
   * answered in their time. `sleep` is the option.
   */
  isJammed(sleep: (ms: number) => Promise<void>): boolean {
    if (this.#waiting.size < MOST_WAITING) return false;
    if (!this.#isSilent && !this.#isWatched && this.#requestsShare) void this.#watch(sleep).catch(() => {});
    return this.#isSilent;
  }

  /** One more waits for the table. */
  enter(operation: Operation): void {
    this.#waiting.add(operation);
  }

  leave(operation: Operation): void {
    this.#waiting.delete(operation);
    if (this.#waiting.size === 0) this.#isSilent = false;
  }

  /** Waits for what the application does: meanwhile the operation does not wait for the table. */
  async outside<T>(operation: Operation, work: Promise<T>): Promise<T> {
    this.leave(operation);
    try {
      return await work;
    } finally {
      if (!operation.isOver) this.enter(operation);
    }
  }

  /** One more is on its way, until it settles; whoever ignores it has no unhandled rejection. */
  follow<T>(operation: Promise<T>): Promise<T> {
    this.#onTheirWay.add(operation);
    const forget = () => this.#onTheirWay.delete(operation);
    operation.then(forget, forget);
    return operation;
  }

  /** The table has answered a request, were it with an error. */
  answered(): void {
    this.#answers += 1;
    this.#isSilent = false;
  }

  /** Nothing is to come any more. Resolves when all that is on its way has settled. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#onTheirWay);
  }

  async #watch(sleep: (ms: number) => Promise<void>): Promise<void> {
    this.#isWatched = true;
    try {
      for (let ticks = 0; ticks < TICKS_OF_SILENCE; ticks++) {
        const answers = this.#answers;
        await sleep(this.#silenceMs / TICKS_OF_SILENCE);
        if (this.#answers !== answers || this.#waiting.size < MOST_WAITING) return;
      }
      this.#isSilent = true;
    } finally {
      this.#isWatched = false;
    }
  }
}
