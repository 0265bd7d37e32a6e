// What calls on all of a store's sessions share: they read its places page by page, several parts side by side,
// at a pace that may be bounded, tell how far they are, can be aborted, and go on where an earlier call stopped.
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import {
  A_FUNCTION,
  type Check,
  type Costed,
  checkEach,
  Inventory,
  type InventoryPage,
  type PageRequest,
  type SessionStoreOptions,
} from "../core/doors.js";
import { decodeCursor, encodeCursor, type Mark, type Marks, MOST_SEGMENTS, newMarks } from "./cursor.js";
import { Pace } from "./pace.js";
import { patiently } from "./patience.js";

/** How far a call is, counted from its own beginning, also where it went on from a cursor. */
export interface Progress {
  /** Rows read so far, whosever they are; or lines. */
  readonly scanned: number;
  /** Sessions listed, counted, destroyed or moved so far. */
  readonly done: number;
  /** Capacity units so far, reads and writes; those of refused writes are not known, and left out. */
  readonly units: number;
  /**
   * The rows of all tables, as DynamoDB knows it: up to [six hours
   * old](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html). `undefined`
   * where `dynamodb:DescribeTable` is not allowed.
   */
  readonly total: number | undefined;
  /**
   * Goes on from here, as `from`. It names rows, by their keys: where ids are not hashed it holds session ids.
   * Keep it as a secret.
   */
  readonly cursor: string;
}

/** What all calls on all sessions take. */
export interface WorkOptions {
  /**
   * Ends the call with the signal's reason, once what is on its way has settled. What was done is whole; the
   * call can be made again.
   */
  readonly signal?: AbortSignal | undefined;
  /** Is told how far the call is, after each page. What it throws harms nothing. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** How many parts of the table are read side by side, 1 to 64. Default 4; for a list 1. */
  readonly segments?: number | undefined;
  /** Capacity units a second at most, reads and writes together. Default: no limit. */
  readonly maxUnitsPerSecond?: number | undefined;
  /** The cursor of an earlier call's progress: goes on from there. Default: from the beginning. */
  readonly from?: string | undefined;
}

/** The checks of `WorkOptions`, for calls that have options besides. */
export const WORK_CHECKS: Record<keyof WorkOptions, Check> = {
  signal: [(value) => value instanceof AbortSignal, "an AbortSignal"],
  onProgress: A_FUNCTION,
  segments: [
    (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_SEGMENTS,
    "a whole number, 1 to 64",
  ],
  maxUnitsPerSecond: [
    (value) => typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY,
    "capacity units a second, more than 0",
  ],
  from: [(value) => typeof value === "string" && value !== "", "the cursor of an earlier call's progress"],
};

const SEGMENTS = 4;

/** Which pages a call reads. */
export interface PagesRequest extends Pick<PageRequest, "attributes"> {
  /** Which of the store's places, by number. Default: all, the previous ones first. */
  readonly places?: readonly number[];
}

/** A page, and in which part of a place it is. */
interface Part {
  readonly place: number;
  readonly segment: number;
  readonly page: InventoryPage;
}

/** One call under way. */
export class Work {
  readonly inventory: Inventory;
  readonly signal: AbortSignal;
  readonly #left = new AbortController();
  readonly #options: WorkOptions;
  readonly #pace: Pace;
  readonly #marks: Marks;
  #scanned = 0;
  #done = 0;
  #units = 0;
  #total: number | undefined;
  #unitsPerRow = 0;
  #hasAnswered = false;

  private constructor(inventory: Inventory, options: WorkOptions, segments: number) {
    const { signal, maxUnitsPerSecond, from } = options;
    const { places } = inventory;
    this.inventory = inventory;
    this.signal = signal ? AbortSignal.any([signal, this.#left.signal]) : this.#left.signal;
    this.#options = options;
    this.#pace = new Pace(maxUnitsPerSecond, inventory.options);
    this.#marks =
      from === undefined ? newMarks(places, segments) : decodeCursor(from, places, options.segments);
  }

  /**
   * Begins a call, and ends it with its last page or when its caller has enough.
   *
   * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
   */
  static async run<Result>(
    store: SessionStoreOptions,
    options: WorkOptions,
    work: (work: Work) => Promise<Result>,
  ): Promise<Result> {
    const begun = Work.begin(store, options);
    try {
      return await work(begun);
    } finally {
      await begun.close();
    }
  }

  /** Begins a call, which its caller closes. @throws as `run`. */
  static begin(store: SessionStoreOptions, options: WorkOptions, segments = SEGMENTS): Work {
    const inventory = new Inventory(store);
    try {
      return new Work(inventory, options, options.segments ?? segments);
    } catch (error) {
      inventory.close();
      throw error;
    }
  }

  /** Ends it: what waits for its turn is called off, and what is on its way settles. */
  close(): Promise<void> {
    this.#left.abort();
    return this.inventory.close();
  }

  /**
   * The pages, as they come. A page is done when the next one is asked for: then the progress is told, and its
   * cursor goes on behind it. At most `segments` pages are in the memory at once.
   *
   * @throws {SessionStoreError} as every read; the signal's reason.
   */
  async *pages({ attributes, places }: PagesRequest): AsyncGenerator<InventoryPage, void, undefined> {
    this.#total = await this.#countRows(places);
    // The places they come from first: what moves meanwhile moves to where is read later.
    for (const place of places ?? [...this.inventory.places.keys()].reverse())
      yield* this.#pagesOf(place, attributes);
  }

  /**
   * Does something that costs units, at the call's pace, again where it fails for what passes by itself.
   *
   * @param expectedUnits what it is taken to cost until that is known.
   * @param leastUnits what it costs at least: refused writes are billed, and say nothing of it.
   * @throws {SessionStoreError} what does not pass; the signal's reason.
   */
  async spend<Result extends Costed>(
    expectedUnits: number,
    step: () => Promise<Result>,
    leastUnits = 0,
  ): Promise<Result> {
    const result = await this.#pace.take({ expectedUnits, leastUnits }, this.signal, () =>
      patiently(this.inventory, this.signal, this.#hasAnswered, step),
    );
    this.#hasAnswered = true;
    this.#units += result.units;
    return result;
  }

  /** Does something with each, some at once. What has begun ends before this does. */
  async eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
    for (let i = 0; i < items.length; i += TOGETHER) {
      this.signal.throwIfAborted();
      const outcomes = await Promise.allSettled(items.slice(i, i + TOGETHER).map(work));
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    }
  }

  /** Counts what was read otherwise than by pages: lines of a file. */
  read(lines: number): void {
    this.#scanned += lines;
  }

  /** Counts sessions that are done with. */
  count(sessions: number): void {
    this.#done += sessions;
  }

  get units(): number {
    return this.#units;
  }

  get scanned(): number {
    return this.#scanned;
  }

  /** How far the call is, for what comes without pages. */
  tell(): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return;
    const [scanned, done, units, total] = [this.#scanned, this.#done, this.#units, this.#total];
    try {
      onProgress({ scanned, done, units, total, cursor: encodeCursor(this.#marks, this.inventory.places) });
    } catch {
      // Who watches is not part of the work.
    }
  }

  async *#pagesOf(
    place: number,
    attributes: PageRequest["attributes"],
  ): AsyncGenerator<InventoryPage, void, undefined> {
    const marks = this.#marks[place] ?? [];
    const read = async (segment: number, mark: Mark): Promise<Part> => {
      const from = mark === "start" || mark === "done" ? undefined : mark;
      const request = { place, attributes, segment, segments: marks.length, from: from && itemOf(from) };
      return { place, segment, page: await this.#read(request) };
    };
    const onTheirWay = new Map<number, Promise<Part>>();
    const begin = (segment: number, mark: Mark) => {
      if (mark === "done") return void onTheirWay.delete(segment);
      const part = read(segment, mark);
      // Whoever waits for another part still learns of it, when its turn comes.
      part.catch(() => {});
      // Behind the others, so that each part has its turn.
      onTheirWay.delete(segment);
      onTheirWay.set(segment, part);
    };
    for (const [segment, mark] of marks.entries()) begin(segment, mark);
    try {
      while (onTheirWay.size > 0) {
        const { segment, page } = await Promise.race(onTheirWay.values());
        this.#scanned += page.scanned;
        yield page;
        const mark = page.next === undefined ? "done" : keysOf(page.next);
        marks[segment] = mark;
        this.tell();
        this.signal.throwIfAborted();
        begin(segment, mark);
      }
    } finally {
      // Nobody takes the pages that are still waited for: those that were not asked for yet never are.
      if (onTheirWay.size > 0) this.#left.abort();
      await Promise.allSettled(onTheirWay.values());
    }
  }

  async #read(request: Omit<PageRequest, "limit">): Promise<InventoryPage> {
    const { maxUnitsPerSecond } = this.#options;
    if (maxUnitsPerSecond === undefined) return this.spend(0, () => this.inventory.page(request));
    // Pages of about a second's units; what one costs beyond that is made up for before the next.
    const perRow = this.#unitsPerRow || 1;
    const limit = Math.max(1, Math.floor(maxUnitsPerSecond / perRow));
    const page = await this.spend(limit * perRow, () => this.inventory.page({ ...request, limit }));
    if (page.scanned > 0) this.#unitsPerRow = page.units / page.scanned;
    return page;
  }

  async #countRows(
    places: readonly number[] = [...this.inventory.places.keys()],
  ): Promise<number | undefined> {
    if (this.#options.onProgress === undefined) return undefined;
    const { connection, timeout } = this.inventory.options;
    const names = new Set(places.map((place) => this.inventory.places[place]?.tableName));
    try {
      const counts = await Promise.all(
        [...names].map(async (TableName) => {
          const command = new DescribeTableCommand({ TableName });
          const { Table } = await connection.send(command, AbortSignal.timeout(timeout));
          return Table?.ItemCount ?? 0;
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    } catch {
      // It is told for a bar to be drawn. What is really wrong is said by the first page.
      return undefined;
    }
  }
}

// How many sessions of a page are worked on at once.
const TOGETHER = 8;

function itemOf(keys: Readonly<Record<string, string>>): NonNullable<InventoryPage["next"]> {
  return Object.fromEntries(Object.entries(keys).map(([name, text]) => [name, { S: text }]));
}

function keysOf(item: NonNullable<InventoryPage["next"]>): Record<string, string> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? ""]));
}

/** Checks the options of a call that takes no others. @throws {SessionStoreError} `ERR_SESSION_OPTIONS`. */
export function checkWork(options: WorkOptions): void {
  checkEach(options, WORK_CHECKS, "");
}
