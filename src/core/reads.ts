// Reads that wait together travel together (promise 6): which reads share a request, and when that leaves.
// How it is sent is the table's business.
import { isUnavailable, translateFailure } from "./failures.js";
import type { StorageKey } from "./keys.js";
import type { Operation } from "./operation.js";
import type { ResolvedOptions } from "./options.js";
import { randomFraction } from "./random.js";
import type { Item } from "./record.js";
import { atEndOfTurn, requestsShare } from "./runtime.js";

/** What came of one request for several rows. */
export interface RowsRead {
  /** By key: `undefined` where there is no row. A key that DynamoDB left unprocessed is not among them. */
  readonly rows: ReadonlyMap<StorageKey, Item | undefined>;
  /** Capacity units in all, where they were asked for. */
  readonly capacityUnits: number;
}

/** How rows are read. */
export interface ReadCommands {
  readOne(key: StorageKey, operation: Operation): Promise<Item | undefined>;
  readMany(keys: readonly StorageKey[], signal: AbortSignal): Promise<RowsRead>;
}

interface Waiting {
  readonly key: StorageKey;
  readonly operation: Operation;
  readonly resolve: (item: Item | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** How often DynamoDB has left it unprocessed. */
  tries: number;
}

// docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const MOST_KEYS = 100;
/**
 * So many requests on their way are several: what comes then gathers, rather than paying for one of its own.
 */
const SEVERAL = 4;
// Requests that hang hold nobody up for longer.
const LONGEST_GATHERING_MS = 10;
const MOST_TRIES = 3;
const FIRST_BACKOFF_MS = 25;
const NOBODY_WAITS = new DOMException("nobody waits for this read any more", "AbortError");

/** The reads of one table in one process. */
export class SharedReads {
  readonly #commands: ReadCommands;
  readonly #options: Pick<ResolvedOptions, "sleep" | "randomId" | "tableName">;
  #batches = requestsShare;
  #gathered: Waiting[] = [];
  #isTurnOpen = false;
  #isHeld = false;
  #onTheirWay = 0;

  constructor(commands: ReadCommands, options: Pick<ResolvedOptions, "sleep" | "randomId" | "tableName">) {
    this.#commands = commands;
    this.#options = options;
  }

  /**
   * Reads a row, together with those that are asked for in the same turn of the event loop; never by a
   * request that is on its way already, so that a strong read stays strong. Each caller has a deadline of its
   * own.
   */
  read(key: StorageKey, operation: Operation): Promise<Item | undefined> {
    if (!this.#batches) return this.#commands.readOne(key, operation);
    return new Promise((resolve, reject) => {
      this.#gather({ key, operation, resolve, reject, tries: 0 });
    });
  }

  #gather(...waiting: Waiting[]): void {
    this.#gathered.push(...waiting);
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    atEndOfTurn(() => {
      this.#isTurnOpen = false;
      if (this.#onTheirWay < SEVERAL) this.#depart();
      else void this.#hold();
    });
  }

  async #hold(): Promise<void> {
    if (this.#isHeld) return;
    this.#isHeld = true;
    await this.#options.sleep(LONGEST_GATHERING_MS).catch(ignore);
    this.#isHeld = false;
    this.#depart();
  }

  #depart(): void {
    const waiting = this.#gathered.filter(isWaiting);
    this.#gathered = [];
    let keys = new Set<StorageKey>();
    let together: Waiting[] = [];
    for (const one of waiting) {
      if (keys.size === MOST_KEYS && !keys.has(one.key)) {
        void this.#send(together, keys);
        keys = new Set();
        together = [];
      }
      keys.add(one.key);
      together.push(one);
    }
    void this.#send(together, keys);
  }

  async #send(together: readonly Waiting[], keys: ReadonlySet<StorageKey>): Promise<void> {
    const [first, second] = together;
    if (first === undefined) return;
    this.#onTheirWay += 1;
    if (second === undefined) await this.#readAlone(first);
    else await this.#readTogether(together, [...keys]);
    this.#onTheirWay -= 1;
    if (this.#gathered.length > 0 && !this.#isTurnOpen) this.#depart();
  }

  /** By a request of its own, whose failure is its own. */
  async #readAlone({ key, operation, resolve, reject }: Waiting): Promise<"read" | "failed"> {
    operation.keys = 1;
    try {
      resolve(await this.#commands.readOne(key, operation));
      return "read";
    } catch (error) {
      reject(error);
      return "failed";
    }
  }

  async #readTogether(together: readonly Waiting[], keys: readonly StorageKey[]): Promise<void> {
    let read: RowsRead;
    try {
      read = await this.#commands.readMany(keys, untilNobodyWaits(together));
    } catch (error) {
      const failure = translateFailure(error, { action: "BatchGetItem", tableName: this.#options.tableName });
      // DynamoDB says so where it could read none of them: a hundred more requests would not help.
      if (failure.code === "ERR_SESSION_THROTTLED") {
        for (const one of together) one.reject(failure);
        return;
      }
      // It is nobody's in particular: each is read alone, and fails, or does not, by itself.
      const alone = Promise.all(together.filter(isWaiting).map((one) => this.#readAlone(one)));
      // Where those are allowed, this action alone is not to be had, now and later.
      if (isUnavailable(error) && (await alone).includes("read")) this.#batches = false;
      return;
    }
    const left: Waiting[] = [];
    for (const one of together) {
      one.operation.capacityUnits += read.capacityUnits / together.length;
      one.operation.keys = keys.length;
      if (!isWaiting(one)) continue;
      if (read.rows.has(one.key)) one.resolve(read.rows.get(one.key));
      else left.push(one);
    }
    if (left.length > 0) void this.#readAgain(left);
  }

  /**
   * What DynamoDB left unprocessed: together again, after a while; in the end alone, which fails as a read
   * fails.
   */
  async #readAgain(left: readonly Waiting[]): Promise<void> {
    const tries = Math.max(...left.map((one) => ++one.tries));
    const { sleep, randomId } = this.#options;
    await sleep(FIRST_BACKOFF_MS * 2 ** (tries - 1) * randomFraction(randomId)).catch(ignore);
    const waiting = left.filter(isWaiting);
    for (const one of waiting) if (one.tries === MOST_TRIES) void this.#readAlone(one);
    this.#gather(...waiting.filter(({ tries }) => tries < MOST_TRIES));
  }
}

// A wait that fails is over: others' reads wait behind it.
function ignore(): void {}

/** Whether the caller still wants it. Who gave up has been answered: the promise is settled for nobody. */
function isWaiting({ operation, reject }: Waiting): boolean {
  if (operation.isOver) reject(NOBODY_WAITS);
  return !operation.isOver;
}

/** A signal that is aborted when the last of them has given up, or been answered. */
function untilNobodyWaits(together: readonly Waiting[]): AbortSignal {
  const abandoned = new AbortController();
  let waiting = together.length;
  const leave = () => {
    waiting -= 1;
    if (waiting === 0) abandoned.abort(NOBODY_WAITS);
  };
  for (const { operation } of together) operation.afterwards(leave);
  return abandoned.signal;
}
