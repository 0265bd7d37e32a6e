// The engine for callers that list sessions: all of a table, or all of an owner. In a module of its own,
// which a bundler leaves out where nothing is listed: Hono's and Koa's doors are made without it.
import { refuseOption } from "./checks.js";
import type { IsReserved } from "./concurrency.js";
import { newShared, SessionEngine, type Shared } from "./engine.js";
import { isExpired } from "./expiry.js";
import { type Address, afterPrefix, sessionIdOf, shortId } from "./keys.js";
import { type Operation, OperationRunner } from "./operation.js";
import { type ResolvedOptions, resolveOptions, type SessionStoreOptions } from "./options.js";
import { hashOfOwner, type Listed } from "./owners.js";
import { decodeExpiry, type Item, isSessionItem } from "./record.js";
import { isReserved } from "./reserved-fields.js";
import { SessionInHand } from "./session.js";
import { checkKeys, type ScannedRow, type SessionTable, scanPage } from "./table.js";

/** The options of `destroyAllOf`. */
export interface DestroyAllOptions {
  /** The session that is spared, as the one that asks: in hand, or its id. Default: none. */
  readonly except?: SessionInHand | string | undefined;
}

// How many sessions of an owner are read, or destroyed, at once.
const TOGETHER = 25;

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
  return listingEngine(options, () => false);
}

/**
 * As `engineForDoor`, for a door that lists.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
 */
export function listingEngineForDoor(options: SessionStoreOptions): ListingEngine {
  return listingEngine(options, isReserved);
}

function listingEngine(options: SessionStoreOptions, isKept: IsReserved): ListingEngine {
  const resolved = resolveOptions(options);
  return new ListingEngine(resolved, newShared(resolved, isKept));
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
   * All live sessions under the prefix; those first that are still in a previous place, of which one that is
   * moved meanwhile may come twice. Scans the whole table: each page of it is billed as read, and has a
   * `timeout` of its own. One `next()` is one operation: where `close` comes between two, the second is
   * refused. Where ids are hashed, the `id` of what comes is empty: a session can be used and destroyed, and
   * nobody can get in by what is in the table.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`, naming the first row that cannot be read.
   */
  async *all(): AsyncGenerator<SessionInHand, void, undefined> {
    for await (const { table, key, item } of this.#scan("all")) {
      const { keys } = table;
      const row = isSessionItem(item, keys) && (await table.decode(item, key));
      const address = await this.#shared.addresses.ofKey(key, keys);
      if (!row || !address || isExpired(row, this.#options.now())) continue;
      yield this.hand(sessionIdOf(key, keys), row, address);
    }
  }

  /**
   * All live sessions under the prefix without their data, to be counted or destroyed: a scan like `all`. A
   * row whose expiry cannot be read is left out, and told to `onEvent`.
   */
  async *list(): AsyncGenerator<SessionInHand, void, undefined> {
    for await (const { table, key, item } of this.#scan("expiry")) {
      const { keys } = table;
      try {
        if (isExpired(decodeExpiry(item, key, { ...this.#options, keys }), this.#options.now())) continue;
      } catch (error) {
        this.#operations.report("all", shortId(afterPrefix(key, keys)), error);
        continue;
      }
      const address = await this.#shared.addresses.ofKey(key, keys);
      if (address) yield SessionInHand.at(sessionIdOf(key, keys), address);
    }
  }

  /**
   * The live sessions of an owner (option `owner`), with their data: a strong `Query`, and a strong read of
   * each. Where ids are hashed the `id` of each is empty, as of `all`.
   *
   * @param owner what the option `owner` gives of their data.
   * @throws {SessionStoreError} also `ERR_SESSION_OPTIONS` without the option, `ERR_SESSION_CORRUPT`.
   */
  sessionsOf(owner: string): Promise<SessionInHand[]> {
    const found: SessionInHand[] = [];
    return this.#eachOf("sessionsOf", owner, async (table, hash, listed, operation) => {
      const row = await table.read(listed.key, operation);
      const isTheirs = row?.gen === listed.gen && row.ownership?.owner === hash;
      const address = isTheirs ? await this.#shared.addresses.ofKey(listed.key, table.keys) : undefined;
      if (!row || !address || isExpired(row, this.#options.now())) return;
      found.push(this.hand(sessionIdOf(listed.key, table.keys), row, address));
    }).then(() => found);
  }

  /**
   * Destroys the sessions of an owner (option `owner`), but for one: a log-out everywhere. When it resolves,
   * every session is gone whose owner was written before the call, whatever requests had it in hand; what
   * logs in later lives. Where it rejects, some may be left: call it again.
   *
   * @param owner as for `sessionsOf`.
   * @returns how many it destroyed.
   * @throws {SessionStoreError} also `ERR_SESSION_OPTIONS` without the option.
   */
  async destroyAllOf(owner: string, { except }: DestroyAllOptions = {}): Promise<number> {
    const isInHand = except instanceof SessionInHand;
    const spared = (isInHand && except.address) || (await this.#addressOf(isInHand ? except.id : except));
    let destroyed = 0;
    await this.#eachOf("destroyAllOf", owner, async (table, hash, listed, operation) => {
      if (spared?.key === listed.key || spared?.previous.includes(listed.key)) return;
      if (await table.removeListed(hash, listed, operation)) destroyed += 1;
    });
    return destroyed;
  }

  /**
   * Does something with each session that is listed under an owner. The places they come from first, and each
   * to its end: what moves meanwhile moves to where is looked later.
   */
  #eachOf(
    name: "sessionsOf" | "destroyAllOf",
    owner: string,
    work: (table: SessionTable, hash: string, listed: Listed, operation: Operation) => Promise<void>,
  ): Promise<void> {
    const { rows } = this.#shared;
    return this.#operations.asOne(async (operations) => {
      const run = <T>(step: (operation: Operation) => Promise<T>) => operations.run(name, undefined, step);
      const hash = await run(() => this.#hashOf(name, owner));
      for (const table of [...rows.previous, rows.table]) {
        if (table.keys.sortKey === null) continue;
        let from: Item | undefined;
        do {
          const start = from;
          const { listed, next } = await run((operation) => table.listed(hash, start, operation));
          from = next;
          for (let i = 0; i < listed.length; i += TOGETHER) {
            await Promise.all(
              listed
                .slice(i, i + TOGETHER)
                .map((one) => run((operation) => work(table, hash, one, operation))),
            );
          }
        } while (from !== undefined);
      }
    });
  }

  /** The address of a session that is to be spared, where one is. */
  #addressOf(except: unknown): Address | undefined | Promise<Address | undefined> {
    if (except === undefined) return undefined;
    if (this.#shared.addresses.canHave(except)) return this.#shared.addresses.of(except);
    // Who is to be spared must not be lost by a mistake.
    return refuseOption("destroyAllOf: except: expected a session in hand, or its id", typeof except);
  }

  async #hashOf(name: string, owner: string): Promise<string> {
    if (this.#options.owner === undefined)
      refuseOption(`owner: ${name} needs this option, by which the sessions of an owner are listed`);
    if (typeof owner !== "string" || owner === "")
      refuseOption(`${name}: expected the owner's name, a string that is not empty`);
    return hashOfOwner(owner);
  }

  async *#scan(attributes: "all" | "expiry"): AsyncGenerator<ScannedRow, void, undefined> {
    const { rows } = this.#shared;
    for (const table of [...rows.previous, rows.table]) yield* this.#scanTable(table, attributes);
  }

  async *#scanTable(
    table: SessionTable,
    attributes: "all" | "expiry",
  ): AsyncGenerator<ScannedRow, void, undefined> {
    let from: Item | undefined;
    let isFirst = true;
    do {
      // What one `next()` asks for is one thing that is on its way: pages may hold no row that is a
      // session's.
      const { rows, next } = await this.#operations.asOne(async (operations) => {
        // A scan takes any names for its keys. One read of no row finds out whether they are the table's.
        if (isFirst) await operations.run("all", undefined, (operation) => checkKeys(table, operation));
        let page: Awaited<ReturnType<typeof scanPage>>;
        do {
          const start = from;
          page = await operations.run("all", undefined, (operation) =>
            scanPage(
              table,
              { attributes, consistentRead: this.#options.consistentRead, from: start },
              operation,
            ),
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
