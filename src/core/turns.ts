// Writes of one session in one process, one after another: each begins when the one before it has ended, and who
// reads the session can wait for them. Knows neither sessions nor tables; holds nothing for a key at rest.
import type { StorageKey } from "./keys.js";

/** What those who wait in one line have from each other. */
export interface Line<Latest> {
  /** What the one before has left, for whoever comes next. */
  latest?: Latest | undefined;
}

/** A line of waiting work for each key. */
export class Turns<Latest> {
  readonly #lines = new Map<StorageKey, Line<Latest> & { last: Promise<void> }>();
  readonly #shares: boolean;

  /** `shares` is false where nothing that is pending may be shared between requests: nobody waits for anybody. */
  constructor(shares: boolean) {
    this.#shares = shares;
  }

  /** Runs `work` when all that was asked for this key before it has ended, unless `signal` was aborted by then. */
  take<T>(key: StorageKey, signal: AbortSignal, work: (line: Line<Latest>) => Promise<T>): Promise<T> {
    if (!this.#shares) return work({});
    const before = this.#lines.get(key);
    const line = before ?? { last: Promise.resolve() };
    const result = before ? afterwards(before.last, signal, () => work(line)) : work(line);
    // An operation that met its deadline answers, and gives up its turn, though its request may hang.
    const turn = Promise.all([line.last, settled(result, signal)]).then(() => {
      if (line.last === turn) this.#lines.delete(key);
    });
    line.last = turn;
    this.#lines.set(key, line);
    return result;
  }

  /** Resolves when what is on its way for this key now has ended; `undefined` when nothing is. */
  pending(key: StorageKey): Promise<void> | undefined {
    return this.#lines.get(key)?.last;
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
