// The engine for callers that list all sessions of a table. In a module of its own, which a bundler leaves out where
// nothing is listed: Hono's and Koa's doors are made without it.
import type { IsDoors } from "./concurrency.js";
import { newShared, SessionEngine, type Shared } from "./engine.js";
import { isExpired } from "./expiry.js";
import { sessionIdOf, shortId } from "./keys.js";
import { OperationRunner } from "./operation.js";
import { type ResolvedOptions, resolveOptions, type SessionStoreOptions } from "./options.js";
import { decodeExpiry, decodeRow, isSessionItem } from "./record.js";
import type { SessionInHand } from "./session.js";
import { checkKeys, type ScannedRow, scanPage } from "./table.js";

/**
 * Makes the engine of one table. Makes no request and opens no connection.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 * @example
 * const engine = createSessionEngine({ table: { name: "sessions" } });
 * const session = await engine.load(id);
 * if (session) await engine.save(session, { ...session.data, seen: Date.now() });
 */
export function createSessionEngine(options: SessionStoreOptions): ListingEngine {
  return listingEngineForDoor(options, () => false);
}

/**
 * As `engineForDoor`, for a door that lists.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 */
export function listingEngineForDoor(options: SessionStoreOptions, isDoors: IsDoors): ListingEngine {
  const resolved = resolveOptions(options);
  return new ListingEngine(resolved, newShared(resolved, isDoors));
}

/** An engine that can tell which sessions there are. */
export class ListingEngine extends SessionEngine {
  readonly #options: ResolvedOptions;
  readonly #shared: Shared;
  readonly #operations: OperationRunner;

  /** @internal */
  constructor(
    options: ResolvedOptions,
    shared: Shared,
    operations = new OperationRunner(options, shared.traffic),
  ) {
    super(options, shared, operations);
    this.#options = options;
    this.#shared = shared;
    this.#operations = operations;
  }

  /** @internal */
  override asOne<T>(work: (engine: ListingEngine) => Promise<T>): Promise<T> {
    return this.#operations.asOne((operations) =>
      work(new ListingEngine(this.#options, this.#shared, operations)),
    );
  }

  /**
   * All live sessions under the prefix. Scans the whole table: each page of it is billed as read, and has a `timeout`
   * of its own. One `next()` is one operation: where `close` comes between two, the second is refused.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`, naming the first row that cannot be read.
   */
  async *all(): AsyncGenerator<SessionInHand, void, undefined> {
    const { keys, now } = this.#options;
    for await (const { key, item } of this.#scan("all")) {
      const row = isSessionItem(item) && decodeRow(item, key, keys);
      if (row && !isExpired(row, now())) yield this.hand(sessionIdOf(key, keys), row);
    }
  }

  /**
   * The ids of all live sessions under the prefix: a scan like `all`, that carries no data. A row whose expiry cannot
   * be read is left out, and told to `onEvent`.
   */
  async *ids(): AsyncGenerator<string, void, undefined> {
    const { keys, now } = this.#options;
    for await (const { key, item } of this.#scan("expiry")) {
      const id = sessionIdOf(key, keys);
      try {
        if (isExpired(decodeExpiry(item, key, keys), now())) continue;
      } catch (error) {
        this.#operations.report("all", shortId(id), error);
        continue;
      }
      yield id;
    }
  }

  async *#scan(attributes: "all" | "expiry"): AsyncGenerator<ScannedRow, void, undefined> {
    const { table } = this.#shared;
    let from: ScannedRow["item"] | undefined;
    let isFirst = true;
    do {
      // What one `next()` asks for is one thing that is on its way: pages may hold no row that is a session's.
      const { rows, next } = await this.#operations.asOne(async (operations) => {
        // A scan takes any names for its keys. One read of no row finds out whether they are the table's.
        if (isFirst) {
          await operations.run("all", undefined, (operation) =>
            checkKeys(table, this.#options.keys, operation),
          );
        }
        let page: Awaited<ReturnType<typeof scanPage>>;
        do {
          const start = from;
          page = await operations.run("all", undefined, (operation) =>
            scanPage(table, this.#options, attributes, start, operation),
          );
          from = page.next;
        } while (page.rows.length === 0 && from !== undefined);
        return page;
      });
      isFirst = false;
      yield* rows;
      from = next;
    } while (from !== undefined);
  }
}
