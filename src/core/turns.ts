// Writes of one session in one process, one after another: each begins when the one before it has ended, and
// who reads the session can wait for them. Knows neither sessions nor tables; holds nothing for a key at
// rest.
import type { StorageKey } from "./keys.js";

/** What those who wait in one line have from each other. */
export interface Line<Latest> {
  /** What the one before has left, for whoever comes next. */
  latest?: Latest | undefined;
}

interface Standing<Latest> extends Line<Latest> {
  /** Resolves when the last one in the line has had its turn. */
  last: Promise<void> | undefined;
  /** How many stand in the line, or are on their way to it. */
  count: number;
}

/** A line of waiting work for each key. */
export class Turns<Latest> {
  readonly #lines = new Map<StorageKey, Standing<Latest>>();
  readonly #requestsShare: boolean;

  /** Where requests share nothing, nobody waits for anybody. */
  constructor(requestsShare: boolean) {
    this.#requestsShare = requestsShare;
  }

  /**
   * Runs `work` when all that was asked for this key before it has ended, unless `signal` was aborted by
   * then.
   */
  take<T>(key: StorageKey, signal: AbortSignal, work: (line: Line<Latest>) => Promise<T>): Promise<T> {
    if (!this.#requestsShare) return work({});
    const line = this.#enter(key);
    const before = line.last;
    const result = before ? afterwards(before, signal, () => work(line)) : work(line);
    // An operation that met its deadline answers, and gives up its turn, though its request may hang.
    const turn = Promise.all([before, settled(result, signal)]).then(() => {
      if (line.last === turn) line.last = undefined;
      this.#leave(key, line);
    });
    line.last = turn;
    return result;
  }

  /**
   * Keeps the line for who will stand in it in the end, until what is returned is called: what others leave
   * in it meanwhile is there then, though all of them have had their turns.
   */
  approach(key: StorageKey): () => void {
    if (!this.#requestsShare) return () => {};
    const line = this.#enter(key);
    return () => this.#leave(key, line);
  }

  /** Resolves when what is on its way for this key now has ended; `undefined` when nothing is. */
  pending(key: StorageKey): Promise<void> | undefined {
    return this.#lines.get(key)?.last;
  }

  #enter(key: StorageKey): Standing<Latest> {
    const line = this.#lines.get(key) ?? { last: undefined, count: 0 };
    this.#lines.set(key, line);
    line.count += 1;
    return line;
  }

  #leave(key: StorageKey, line: Standing<Latest>): void {
    line.count -= 1;
    if (line.count === 0) this.#lines.delete(key);
  }
}

async function afterwards<T>(before: Promise<void>, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  await before;
  signal.throwIfAborted();
  return work();
}

function settled(result: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    result.then(end, end);
    signal.addEventListener("abort", end);
  });
}
