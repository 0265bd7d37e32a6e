// The options that every door shares: declared, documented, defaulted and checked here alone. Every other
// file receives them resolved.
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { A_FUNCTION, type Check, checkEach, isObject, refuseOption, TRUE_OR_FALSE } from "./checks.js";
import { type Connection, connectionOf, makeConnection } from "./client.js";
import { Codecs, type SessionCodec } from "./codec.js";
import { SessionStoreError } from "./errors.js";
import type { SessionEventListener } from "./events.js";
import { DEFAULT_TTL_MS, MAX_LIFETIME_MS } from "./expiry.js";
import { hasLoneSurrogate, type Place, utf8Length } from "./keys.js";
import type { OwnerOf } from "./owners.js";
import { randomId } from "./random.js";
import { ROW_ATTRIBUTES } from "./record.js";
import { sleep } from "./waiting.js";

/** Session data: a JSON object. */
export type SessionData = Record<string, unknown>;

/**
 * How a save meets what another request wrote since its own loaded.
 *
 * - `merge` keeps the changes of both; where both changed the same thing, the later writer's. Removals win.
 * - `last-write-wins` writes over what the other wrote.
 * - A function is given copies of the data as it was loaded, as this request has it, and as it is in the
 *   table, and returns what to write. It may run several times. One that throws refuses the save with
 *   `ERR_SESSION_CONFLICT`.
 */
export type Concurrency =
  | "merge"
  | "last-write-wins"
  | ((base: SessionData, ours: SessionData, theirs: SessionData) => SessionData);

/** A `DynamoDBClient` or `DynamoDBDocumentClient` of the AWS SDK 3.952 or newer, recognised by its shape. */
export interface DynamoDBClientLike {
  /** The client's configuration, as the SDK resolved it. */
  readonly config: object;
  /** Sends a command. */
  send(...args: never[]): unknown;
}

/** Which table, and how sessions are keyed in it: no key attribute has the name of one of a row's others. */
export interface TableOptions {
  /** The DynamoDB table's name. */
  name: string;
  /** The table's hash key attribute, of type string. Default `pk`. */
  hashKey?: string | undefined;
  /**
   * The table's sort key attribute, of type string; `null` for a table with a hash key alone. Default `sk`.
   */
  sortKey?: string | null | undefined;
  /** Put before the session id, so that sessions share a table with other data. Default `session-store#`. */
  hashPrefix?: string | undefined;
}

/** Where sessions were before. What is left out is as it is now. */
export interface PreviousPlace {
  /**
   * The table, and how sessions are keyed in it. In the same account and region, by the same client. Default:
   * each as in the option `table`.
   */
  table?: Partial<TableOptions> | undefined;
  /** Short for `table.hashPrefix`; not together with that. */
  hashPrefix?: string | undefined;
  /** Whether hashes of ids stand in its keys; only where the option `hashIds` is set too. Default: as it. */
  hashIds?: boolean | undefined;
}

/** The options shared by every door. */
export interface SessionStoreOptions {
  /** Which table, and how sessions are keyed in it. */
  table: TableOptions;
  /**
   * Milliseconds that an idle session lives, or a function of its data that gives them; one that gives none
   * refuses the write with `ERR_SESSION_OPTIONS`. When given it wins over any cookie's `maxAge`; when neither
   * is given a session lives for 86 400 000 (one day).
   */
  ttl?: number | ((data: Readonly<SessionData>) => number) | undefined;
  /**
   * Milliseconds after which a session ends that was in use all the time, counted from its first write; a new
   * id, where the framework says that it is one, goes on counting. Default: none.
   */
  absoluteTtl?: number | undefined;
  /**
   * Whether the table holds hashes of session ids (SHA-256) in place of the ids, so that nobody gets in by
   * what stands in it. Recommended for every new table; for one that has sessions, together with `previous`.
   * Default `false`.
   */
  hashIds?: boolean | undefined;
  /**
   * Where sessions may be still: those that are not in the table are looked for there, and moved with their
   * next write, by a transaction. While it is given, a session that is not found costs up to two reads more.
   * Default: nowhere.
   */
  previous?: readonly PreviousPlace[] | undefined;
  /**
   * What session data goes through before it is stored, in this order: `compress()` and `seal({ keys })` of
   * `@cyclic.sh/session-store/codecs`, or a caller's own. With `format: "json"` alone. Default: nothing.
   */
  codec?: SessionCodec | readonly SessionCodec[] | undefined;
  /**
   * Whose a session is, by its data: then `sessionsOf` and `destroyAllOf` of the engine find all of an
   * owner's sessions. Needs a sort key. A session without an owner, as of a guest, gives `undefined`. Who
   * changes the owner wins: what others save of the session that they loaded before is `gone`. A function
   * that throws, or gives neither `undefined` nor a string that is not empty, refuses the write with
   * `ERR_SESSION_OPTIONS`. The table holds a hash of the name. Default: nobody's.
   */
  owner?: OwnerOf | undefined;
  /**
   * Milliseconds between two writes that only move a session's expiry; 0 moves it on every request. At most
   * half of the session's lifetime is in force. An idle session may end up to this much earlier than its ttl.
   * Default 30 000.
   */
  touchInterval?: number | undefined;
  /** Whether an expired row that is asked for stays in the table. Default `false`. */
  keepExpired?: boolean | undefined;
  /** A client of the caller's, who also closes it. Not together with `clientConfig`. */
  client?: DynamoDBClientLike | undefined;
  /**
   * The configuration of a client that the store makes for itself: region, endpoint, credentials, … That
   * costs less processor time than a `client` of the caller's, and gives up an attempt that hangs after a
   * second, or a third of `timeout`, for another. Options for a `requestHandler` are added to the store's own
   * (no limit of connections). A `requestHandler` that is one, or an agent in its options, is used as it is,
   * and its caller's to close: other clients may have it.
   */
  clientConfig?: DynamoDBClientConfig | undefined;
  /** The older name of `clientConfig`. */
  dynamoConfig?: DynamoDBClientConfig | undefined;
  /** `false` halves the price of a read, and may miss a write of the last second. Default `true`. */
  consistentRead?: boolean | undefined;
  /**
   * How data is written: `json` text, or `map`, the native map that 0.0.19 reads and writes. Both are always
   * read. A map cannot hold everything that JSON can: such data is refused with `ERR_SESSION_UNSERIALIZABLE`.
   * Default `json`.
   */
  format?: "json" | "map" | undefined;
  /** How a save meets what another request wrote since its own loaded. Default `merge`. */
  concurrency?: Concurrency | undefined;
  /** Milliseconds after which any one operation ends with `ERR_SESSION_TIMEOUT`. Default 5 000. */
  timeout?: number | undefined;
  /** Is told what happened, one small object for each thing. */
  onEvent?: SessionEventListener | undefined;
  /** For tests: the clock, in epoch milliseconds. */
  now?: (() => number) | undefined;
  /** For tests: a random string of `length` characters of the base64url alphabet. */
  randomId?: ((length: number) => string) | undefined;
  /** For tests: waits for `ms` milliseconds, or until `signal` is aborted, then resolves. */
  sleep?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
}

/** The defaults of the options that have one. `ttl` is what holds when no cookie says either. */
export const DEFAULTS = Object.freeze({
  /** Of `table.hashKey`. */
  hashKey: "pk",
  /** Of `table.sortKey`. */
  sortKey: "sk",
  /** Of `table.hashPrefix`. */
  hashPrefix: "session-store#",
  /** Ids stand in the table as they are. */
  hashIds: false,
  /** Milliseconds: a day. */
  ttl: DEFAULT_TTL_MS,
  /** Milliseconds: half a minute. */
  touchInterval: 30_000,
  /** Expired rows that are asked for are removed. */
  keepExpired: false,
  /** Reads are strong. */
  consistentRead: true,
  /** Data is written as JSON text. */
  format: "json",
  /** The changes of concurrent requests are merged. */
  concurrency: "merge",
  /** Milliseconds that an operation may take. */
  timeout: 5_000,
} as const);

/** What the rest of the core works with. */
export interface ResolvedOptions extends Place {
  readonly previous: readonly Place[];
  readonly absoluteTtl: number | undefined;
  readonly codecs: Codecs | undefined;
  readonly owner: OwnerOf | undefined;
  readonly ttl: number | ((data: Readonly<SessionData>) => number) | undefined;
  readonly touchInterval: number;
  readonly keepExpired: boolean;
  readonly connection: Connection;
  readonly consistentRead: boolean;
  readonly format: "json" | "map";
  readonly concurrency: Concurrency;
  readonly timeout: number;
  readonly onEvent: SessionEventListener | undefined;
  readonly now: () => number;
  readonly randomId: (length: number) => string;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The functions among the options: where options are given with every request, each request's own. */
export type OptionFunctions = Partial<
  Pick<ResolvedOptions, "ttl" | "concurrency" | "owner" | "onEvent" | "now" | "randomId" | "sleep">
> &
  Pick<SessionStoreOptions, "codec">;

// The longest delay that timers take; a longer one fires at once.
const MAX_TIMER_MS = 2_147_483_647;

const A_CONFIGURATION: Check = [isObject, "the configuration of a DynamoDBClient"];

const CHECKS: Record<keyof SessionStoreOptions, Check> = {
  table: [isObject, "an object with at least { name }"],
  ttl: [
    (value) => typeof value === "function" || isLifetime(value),
    "milliseconds, 1 or more, or a function that gives them",
  ],
  absoluteTtl: [isLifetime, "milliseconds, 1 or more"],
  hashIds: TRUE_OR_FALSE,
  previous: [
    (value) => Array.isArray(value) && value.every(isObject),
    "a list of { table, hashPrefix, hashIds }",
  ],
  codec: [(value) => isCodecs([value].flat()), "a codec, or a list of codecs with a tag of its own each"],
  owner: A_FUNCTION,
  touchInterval: [isInterval, "milliseconds, 0 or more"],
  keepExpired: TRUE_OR_FALSE,
  client: [isDynamoDBClient, "a DynamoDBClient or DynamoDBDocumentClient of the AWS SDK 3.952 or newer"],
  clientConfig: A_CONFIGURATION,
  dynamoConfig: A_CONFIGURATION,
  consistentRead: TRUE_OR_FALSE,
  format: [(value) => value === "json" || value === "map", '"json" or "map"'],
  concurrency: [
    (value) => value === "merge" || value === "last-write-wins" || typeof value === "function",
    '"merge", "last-write-wins" or a function (base, ours, theirs) => data',
  ],
  timeout: [(value) => isLifetime(value) && value <= MAX_TIMER_MS, "milliseconds, from 1 to 2 147 483 647"],
  onEvent: A_FUNCTION,
  now: A_FUNCTION,
  randomId: A_FUNCTION,
  sleep: A_FUNCTION,
};

const TABLE_CHECKS: Record<keyof TableOptions, Check> = {
  name: [
    (value) => typeof value === "string" && value !== "",
    "the name of a DynamoDB table (is the environment variable set that it comes from?)",
  ],
  hashKey: [isKeyName, "the name of the table's hash key, and none of a row's other attributes"],
  sortKey: [
    (value) => value === null || isKeyName(value),
    "the name of the table's sort key, and none of a row's other attributes, or null for a table without one",
  ],
  hashPrefix: [
    (value) => typeof value === "string" && !hasLoneSurrogate(value) && utf8Length(value) <= 512,
    "a string of at most 512 bytes",
  ],
};

const PREVIOUS_CHECKS: Record<keyof PreviousPlace, Check> = {
  table: [isObject, "an object of { name, hashKey, sortKey, hashPrefix }"],
  hashPrefix: TABLE_CHECKS.hashPrefix,
  hashIds: TRUE_OR_FALSE,
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option and what was given.
 */
export function resolveOptions(options: SessionStoreOptions): ResolvedOptions {
  const place = placeBy(options);
  const { client, clientConfig, dynamoConfig } = options;
  const timeout = options.timeout ?? DEFAULTS.timeout;
  const { absoluteTtl, owner, codec, format = DEFAULTS.format } = options;
  const previous = (options.previous ?? []).map((one, i) => previousPlace(one, place, `previous[${i}]`));
  refuseConfusions([place, ...previous]);
  const codecs = codecsOf(codec);
  if (codecs && format === "map")
    refuseOption(
      'format: "map" is written for servers of 0.0.19, which read nothing that a codec has encoded; leave out one of format and codec',
    );
  if (owner && place.keys.sortKey === null)
    refuseOption(
      "owner: needs a table with a sort key, and table.sortKey is null: under it an owner's sessions are listed",
    );
  const clients = Object.entries({ client, clientConfig, dynamoConfig }).filter(
    ([, value]) => value !== undefined,
  );
  if (clients.length > 1)
    refuseOption(`${clients.map(([name]) => name).join(" and ")}: give only one of them`);
  return {
    ...place,
    previous,
    codecs,
    owner,
    absoluteTtl,
    ttl: options.ttl,
    touchInterval: options.touchInterval ?? DEFAULTS.touchInterval,
    keepExpired: options.keepExpired ?? DEFAULTS.keepExpired,
    connection: isDynamoDBClient(client)
      ? connectionOf(client)
      : connectionBy(clientConfig ?? dynamoConfig ?? {}, timeout),
    consistentRead: options.consistentRead ?? DEFAULTS.consistentRead,
    format,
    concurrency: options.concurrency ?? DEFAULTS.concurrency,
    timeout,
    onEvent: options.onEvent,
    now: options.now ?? (() => Date.now()),
    randomId: options.randomId ?? randomId,
    sleep: options.sleep ?? sleep,
  };
}

/**
 * Where a store of these options has its sessions, for who sends nothing there.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 */
export function placeBy(options: Pick<SessionStoreOptions, "table" | "hashIds">): Place {
  checkOptions(options);
  return placeOf(options.table, options.hashIds ?? DEFAULTS.hashIds, "table.");
}

/** Checks each option by itself. @throws {SessionStoreError} `ERR_SESSION_OPTIONS`. */
export function checkOptions(options: SessionStoreOptions): void {
  if (!isObject(options))
    refuseOption("options: expected an object with at least { table: { name } }", options);
  checkEach(options, CHECKS, "", ["table"]);
  checkEach(options.table, TABLE_CHECKS, "table.", ["name"]);
}

/** The codecs that the option `codec` gives; `undefined` where it gives none. */
export function codecsOf(codec: SessionStoreOptions["codec"]): Codecs | undefined {
  const codecs = codec === undefined ? [] : [codec].flat();
  return codecs.length === 0 ? undefined : new Codecs(codecs);
}

function placeOf(table: TableOptions, hashIds: boolean, prefix: string): Place {
  const keys = {
    hashKey: table.hashKey ?? DEFAULTS.hashKey,
    sortKey: table.sortKey === undefined ? DEFAULTS.sortKey : table.sortKey,
    hashPrefix: table.hashPrefix ?? DEFAULTS.hashPrefix,
    hashIds,
  };
  if (keys.hashKey === keys.sortKey)
    refuseOption(`${prefix}sortKey: expected another name than ${prefix}hashKey`, keys.sortKey);
  return { tableName: table.name, keys };
}

function previousPlace(previous: PreviousPlace, { tableName, keys }: Place, name: string): Place {
  checkEach(previous, PREVIOUS_CHECKS, `${name}.`);
  const { table = {}, hashPrefix, hashIds = keys.hashIds } = previous;
  // A name that is given as nothing came from an environment that lacks it: it does not mean this table.
  checkEach(table, TABLE_CHECKS, `${name}.table.`, Object.hasOwn(table, "name") ? ["name"] : []);
  if (hashPrefix !== undefined && table.hashPrefix !== undefined)
    refuseOption(`${name}.hashPrefix and ${name}.table.hashPrefix: give only one of them`);
  if (hashIds && !keys.hashIds)
    refuseOption(`${name}.hashIds: ids that are hashed there are hashed in the table as well; set hashIds`);
  const { hashKey, sortKey } = keys;
  // Another prefix is where the same table's, or another's, sessions were.
  const inherited = { name: tableName, hashKey, sortKey, hashPrefix: hashPrefix ?? keys.hashPrefix };
  const given = Object.entries(table).filter(([, value]) => value !== undefined);
  return placeOf({ ...inherited, ...Object.fromEntries(given) }, hashIds, `${name}.table.`);
}

/** Refuses places of one table whose keys cannot be told apart. */
function refuseConfusions(places: readonly Place[]): void {
  for (const [i, one] of places.entries()) {
    for (const other of places.slice(0, i)) {
      if (one.tableName !== other.tableName) continue;
      const [ours, theirs] = [one.keys, other.keys];
      const isSamePrefix = ours.hashPrefix === theirs.hashPrefix;
      if (isSamePrefix && ours.hashIds === theirs.hashIds)
        refuseOption(
          `previous[${i - 1}]: is the same place as another; it must differ in table, hashPrefix or hashIds`,
        );
      const isNested =
        ours.hashPrefix.startsWith(theirs.hashPrefix) || theirs.hashPrefix.startsWith(ours.hashPrefix);
      if (isNested && !isSamePrefix)
        refuseOption(
          `previous[${i - 1}]: its hashPrefix, or that of another place in the same table, begins with the other: their keys could not be told apart`,
        );
    }
  }
}

/** Whether a number of milliseconds is a lifetime: at least one, and no longer than any session lives. */
export function isLifetime(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= MAX_LIFETIME_MS;
}

function isKeyName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= 255 && !ROW_ATTRIBUTES.includes(value);
}

function isInterval(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isCodecs(values: readonly unknown[]): boolean {
  const tags = new Set<unknown>();
  for (const value of values) {
    if (!isObject(value) || typeof value.encode !== "function" || typeof value.decode !== "function")
      return false;
    const { name, tag } = value;
    const isTag = typeof tag === "number" && Number.isInteger(tag) && tag > 0 && tag < 256;
    if (typeof name !== "string" || !isTag || tags.has(tag)) return false;
    tags.add(tag);
  }
  return true;
}

// By shape, never by `instanceof`: two copies of the SDK in one tree are common.
function isDynamoDBClient(value: unknown): value is DynamoDBClient {
  if (!isObject(value) || typeof value.send !== "function" || !isObject(value.config)) return false;
  const { serviceId = "DynamoDB" } = value.config;
  return serviceId === "DynamoDB" && canSerialize(value.middlewareStack);
}

// Clients of older SDKs leave it to their own commands to be serialised, and cannot send those of a newer
// one: seen with 3.920, where 3.952 sends them.
function canSerialize(middlewareStack: unknown): boolean {
  if (!isObject(middlewareStack) || typeof middlewareStack.identify !== "function") return true;
  const steps: unknown = middlewareStack.identify();
  return !Array.isArray(steps) || steps.some((step) => String(step).startsWith("serializerMiddleware"));
}

function connectionBy(config: DynamoDBClientConfig, timeoutMs: number): Connection {
  try {
    return makeConnection(config, timeoutMs);
  } catch (cause) {
    const why = "clientConfig: the SDK makes no client of it; see the cause";
    throw new SessionStoreError("ERR_SESSION_OPTIONS", why, { cause });
  }
}
