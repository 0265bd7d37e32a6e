// The options that every door shares: declared, documented, defaulted and checked here alone. Every other file
// receives them resolved.
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { A_FUNCTION, type Check, checkEach, isObject, refuseOption, TRUE_OR_FALSE } from "./checks.js";
import { type Connection, connectionOf, makeConnection } from "./client.js";
import { SessionStoreError } from "./errors.js";
import type { SessionEventListener } from "./events.js";
import { DEFAULT_TTL_MS, MAX_LIFETIME_MS } from "./expiry.js";
import { hasLoneSurrogate, type KeyLayout, utf8Length } from "./keys.js";
import { randomId } from "./random.js";
import { sleep } from "./waiting.js";

/** Session data: a JSON object. */
export type SessionData = Record<string, unknown>;

/**
 * How a save meets what another request wrote since its own loaded.
 *
 * - `merge` keeps the changes of both; where both changed the same thing, the later writer's. Removals win.
 * - `last-write-wins` writes over what the other wrote.
 * - A function is given copies of the data as it was loaded, as this request has it, and as it is in the table, and
 *   returns what to write. It may run several times. One that throws refuses the save with `ERR_SESSION_CONFLICT`.
 */
export type Concurrency =
  | "merge"
  | "last-write-wins"
  | ((base: SessionData, ours: SessionData, theirs: SessionData) => SessionData);

/** A `DynamoDBClient` or `DynamoDBDocumentClient` of the AWS SDK 3.952 or newer, recognised by its shape. */
export interface DynamoDBClientLike {
  readonly config: object;
  send(...args: never[]): unknown;
}

/** Which table, and how sessions are keyed in it. */
export interface TableOptions {
  /** The DynamoDB table's name. */
  name: string;
  /** The table's hash key attribute, of type string. Default `pk`. */
  hashKey?: string | undefined;
  /** The table's sort key attribute, of type string; `null` for a table with a hash key alone. Default `sk`. */
  sortKey?: string | null | undefined;
  /** Put before the session id, so that sessions share a table with other data. Default `session-store#`. */
  hashPrefix?: string | undefined;
}

/** The options shared by every door. */
export interface SessionStoreOptions {
  /** Which table, and how sessions are keyed in it. */
  table: TableOptions;
  /**
   * Milliseconds that an idle session lives, or a function of its data that gives them. When given it wins over any
   * cookie's `maxAge`; when neither is given a session lives for 86 400 000 (one day).
   */
  ttl?: number | ((data: Readonly<SessionData>) => number) | undefined;
  /**
   * Milliseconds between two writes that only move a session's expiry; 0 moves it on every request. At most half of
   * the session's lifetime is in force. An idle session may end up to this much earlier than its ttl. Default 30 000.
   */
  touchInterval?: number | undefined;
  /** Whether an expired row that is asked for stays in the table. Default `false`. */
  keepExpired?: boolean | undefined;
  /** A client of the caller's, who also closes it. Not together with `clientConfig`. */
  client?: DynamoDBClientLike | undefined;
  /**
   * The configuration of a client that the store makes for itself: region, endpoint, credentials, … That costs less
   * processor time than a `client` of the caller's, and gives up an attempt that hangs after a second, or a third of
   * `timeout`, for another.
   */
  clientConfig?: DynamoDBClientConfig | undefined;
  /** The older name of `clientConfig`. */
  dynamoConfig?: DynamoDBClientConfig | undefined;
  /** `false` halves the price of a read, and may miss a write of the last second. Default `true`. */
  consistentRead?: boolean | undefined;
  /**
   * How data is written: `json` text, or `map`, the native map that 0.0.19 reads and writes. Both are always read.
   * A map cannot hold everything that JSON can: such data is refused with `ERR_SESSION_UNSERIALIZABLE`.
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
  hashKey: "pk",
  sortKey: "sk",
  hashPrefix: "session-store#",
  ttl: DEFAULT_TTL_MS,
  touchInterval: 30_000,
  keepExpired: false,
  consistentRead: true,
  format: "json",
  concurrency: "merge",
  timeout: 5_000,
} as const);

/** What the rest of the core works with. */
export interface ResolvedOptions {
  readonly tableName: string;
  readonly keys: KeyLayout;
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
export type OptionFunctions = Partial<Pick<ResolvedOptions, (typeof FUNCTIONS)[number]>>;

// `ttl` and `concurrency` are where they are functions.
const FUNCTIONS = ["ttl", "concurrency", "onEvent", "now", "randomId", "sleep"] as const;

// Attributes of a row, which a key attribute cannot be called.
const ROW_ATTRIBUTES = ["gen", "rev", "writes", "until", "expires", "sess", "updated", "created"];

// The longest delay that timers take; a longer one fires at once.
const MAX_TIMER_MS = 2_147_483_647;

const A_CONFIGURATION: Check = [isObject, "the configuration of a DynamoDBClient"];

const CHECKS: Record<keyof SessionStoreOptions, Check> = {
  table: [isObject, "an object with at least { name }"],
  ttl: [
    (value) => typeof value === "function" || isLifetime(value),
    "milliseconds, 1 or more, or a function that gives them",
  ],
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

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option and what was given.
 */
export function resolveOptions(options: SessionStoreOptions): ResolvedOptions {
  checkOptions(options);
  const { table, client, clientConfig, dynamoConfig } = options;
  const timeout = options.timeout ?? DEFAULTS.timeout;
  const keys = {
    hashKey: table.hashKey ?? DEFAULTS.hashKey,
    sortKey: table.sortKey === undefined ? DEFAULTS.sortKey : table.sortKey,
    hashPrefix: table.hashPrefix ?? DEFAULTS.hashPrefix,
  };
  if (keys.hashKey === keys.sortKey)
    refuseOption("table.sortKey: expected another name than table.hashKey", keys.sortKey);
  const clients = Object.entries({ client, clientConfig, dynamoConfig }).filter(
    ([, value]) => value !== undefined,
  );
  if (clients.length > 1)
    refuseOption(`${clients.map(([name]) => name).join(" and ")}: give only one of them`);
  return {
    tableName: table.name,
    keys,
    ttl: options.ttl,
    touchInterval: options.touchInterval ?? DEFAULTS.touchInterval,
    keepExpired: options.keepExpired ?? DEFAULTS.keepExpired,
    connection: isDynamoDBClient(client)
      ? connectionOf(client)
      : connectionBy(clientConfig ?? dynamoConfig ?? {}, timeout),
    consistentRead: options.consistentRead ?? DEFAULTS.consistentRead,
    format: options.format ?? DEFAULTS.format,
    concurrency: options.concurrency ?? DEFAULTS.concurrency,
    timeout,
    onEvent: options.onEvent,
    now: options.now ?? (() => Date.now()),
    randomId: options.randomId ?? randomId,
    sleep: options.sleep ?? sleep,
  };
}

/** Checks each option by itself. @throws {SessionStoreError} `ERR_SESSION_OPTIONS`. */
export function checkOptions(options: SessionStoreOptions): void {
  if (!isObject(options))
    refuseOption("options: expected an object with at least { table: { name } }", options);
  checkEach(options, CHECKS, "", ["table"]);
  checkEach(options.table, TABLE_CHECKS, "table.", ["name"]);
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

// By shape, never by `instanceof`: two copies of the SDK in one tree are common.
function isDynamoDBClient(value: unknown): value is DynamoDBClient {
  if (!isObject(value) || typeof value.send !== "function" || !isObject(value.config)) return false;
  const { serviceId = "DynamoDB" } = value.config;
  return serviceId === "DynamoDB" && canSerialize(value.middlewareStack);
}

// Clients of older SDKs leave it to their own commands to be serialised, and cannot send those of a newer one: seen with
// 3.920, where 3.952 sends them.
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
