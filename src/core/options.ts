// The options that every door shares: declared, documented, defaulted and checked here alone. Every other file
// receives them resolved.
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { SessionStoreError } from "./errors.js";
import type { SessionEventListener } from "./events.js";
import { DEFAULT_TTL_MS } from "./expiry.js";
import { hasLoneSurrogate, type KeyLayout, utf8Length } from "./keys.js";
import { randomId } from "./random.js";

/** Session data: a JSON object. */
export type SessionData = Record<string, unknown>;

/** A `DynamoDBClient` or `DynamoDBDocumentClient` of any version 3 of the SDK, recognised by its shape. */
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
  /** The configuration of a client that the store makes for itself: region, endpoint, credentials, … */
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
  timeout: 5_000,
} as const);

/** What the rest of the core works with. */
export interface ResolvedOptions {
  readonly tableName: string;
  readonly keys: KeyLayout;
  readonly ttl: number | ((data: Readonly<SessionData>) => number) | undefined;
  readonly touchInterval: number;
  readonly keepExpired: boolean;
  readonly client: DynamoDBClient;
  /** Whether the client is the engine's to close. */
  readonly ownsClient: boolean;
  readonly consistentRead: boolean;
  readonly format: "json" | "map";
  readonly timeout: number;
  readonly onEvent: SessionEventListener | undefined;
  readonly now: () => number;
  readonly randomId: (length: number) => string;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

// Every name is listed, so that a misspelt one is refused instead of silently meaning its default.
const OPTION_NAMES: Record<keyof SessionStoreOptions, true> = {
  table: true,
  ttl: true,
  touchInterval: true,
  keepExpired: true,
  client: true,
  clientConfig: true,
  dynamoConfig: true,
  consistentRead: true,
  format: true,
  timeout: true,
  onEvent: true,
  now: true,
  randomId: true,
  sleep: true,
};
const TABLE_OPTION_NAMES: Record<keyof TableOptions, true> = {
  name: true,
  hashKey: true,
  sortKey: true,
  hashPrefix: true,
};

// Attributes of a row, which a key attribute cannot be called.
const ROW_ATTRIBUTES = ["gen", "rev", "writes", "until", "expires", "sess", "updated", "created"];

// The longest delay that timers take; a longer one fires at once.
const MAX_TIMER_MS = 2_147_483_647;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option and what was given.
 */
export function resolveOptions(options: SessionStoreOptions): ResolvedOptions {
  if (!isObject(options)) refuse("options", "an object with at least { table: { name } }", options);
  refuseUnknown(options, OPTION_NAMES, "");
  const keys = resolveTable(options.table);
  return {
    tableName: options.table.name,
    keys,
    ttl: resolveTtl(options.ttl),
    touchInterval: orDefault(options.touchInterval, DEFAULTS.touchInterval, isDuration, {
      name: "touchInterval",
      expected: "milliseconds, 0 or more",
    }),
    keepExpired: orDefault(options.keepExpired, DEFAULTS.keepExpired, isBoolean, {
      name: "keepExpired",
      expected: "true or false",
    }),
    ...resolveClient(options),
    consistentRead: orDefault(options.consistentRead, DEFAULTS.consistentRead, isBoolean, {
      name: "consistentRead",
      expected: "true or false",
    }),
    format: orDefault(options.format, DEFAULTS.format, (value) => value === "json" || value === "map", {
      name: "format",
      expected: '"json" or "map"',
    }),
    timeout: orDefault(options.timeout, DEFAULTS.timeout, isTimeout, {
      name: "timeout",
      expected: "milliseconds, more than 0 and at most 2 147 483 647",
    }),
    onEvent: orDefault(options.onEvent, undefined, isFunction, { name: "onEvent", expected: "a function" }),
    now: orDefault(options.now, () => Date.now(), isFunction, { name: "now", expected: "a function" }),
    randomId: orDefault(options.randomId, randomId, isFunction, { name: "randomId", expected: "a function" }),
    sleep: orDefault(options.sleep, sleep, isFunction, { name: "sleep", expected: "a function" }),
  };
}

/** Whether a number of milliseconds is a lifetime: more than nothing, and not for ever. */
export function isLifetime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/** How a bad value is shown in a message: never the contents of an object, which may hold credentials or data. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string")
    return value.length > 60 ? `a string of ${value.length}` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "object") return Array.isArray(value) ? "an array" : "an object";
  return `a ${typeof value}`;
}

function resolveTable(table: TableOptions): KeyLayout {
  if (!isObject(table)) refuse("table", "an object with at least { name }", table);
  refuseUnknown(table, TABLE_OPTION_NAMES, "table.");
  if (typeof table.name !== "string" || table.name === "") {
    refuse(
      "table.name",
      "the name of a DynamoDB table",
      table.name,
      " (is the environment variable that it comes from set?)",
    );
  }
  const hashKey = orDefault(table.hashKey, DEFAULTS.hashKey, isAttributeName, {
    name: "table.hashKey",
    expected: "the name of the table's hash key, and none of a row's other attributes",
  });
  const sortKey =
    table.sortKey === null
      ? null
      : orDefault(table.sortKey, DEFAULTS.sortKey, (value) => isAttributeName(value) && value !== hashKey, {
          name: "table.sortKey",
          expected:
            "the name of the table's sort key, other than the hash key's, or null for a table without one",
        });
  const hashPrefix = orDefault(table.hashPrefix, DEFAULTS.hashPrefix, isPrefix, {
    name: "table.hashPrefix",
    expected: "a string of at most 512 bytes",
  });
  return { hashKey, sortKey, hashPrefix };
}

function resolveTtl(ttl: SessionStoreOptions["ttl"]): ResolvedOptions["ttl"] {
  if (ttl !== undefined && typeof ttl !== "function" && !isLifetime(ttl)) {
    refuse("ttl", "milliseconds, more than 0, or a function that gives them", ttl);
  }
  return ttl;
}

function resolveClient(options: SessionStoreOptions): { client: DynamoDBClient; ownsClient: boolean } {
  const { client, clientConfig, dynamoConfig } = options;
  const given = Object.entries({ client, clientConfig, dynamoConfig }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length > 1) {
    const names = given.map(([name]) => name).join(" and ");
    throw new SessionStoreError(
      "ERR_SESSION_OPTIONS",
      `${names}: give only one of them; a client has its configuration already`,
    );
  }
  if (client !== undefined) {
    if (!isDynamoDBClient(client)) {
      refuse("client", "a DynamoDBClient or DynamoDBDocumentClient of the AWS SDK version 3", client);
    }
    return { client, ownsClient: false };
  }
  const config = clientConfig ?? dynamoConfig;
  if (config !== undefined && !isObject(config)) {
    refuse(
      clientConfig === undefined ? "dynamoConfig" : "clientConfig",
      "the configuration of a DynamoDBClient",
      config,
    );
  }
  return { client: new DynamoDBClient(config ?? {}), ownsClient: true };
}

// By shape, never by `instanceof`: two copies of the SDK in one tree are common.
function isDynamoDBClient(value: unknown): value is DynamoDBClient {
  if (!isObject(value) || typeof value.send !== "function" || !isObject(value.config)) return false;
  return value.config.serviceId === undefined || value.config.serviceId === "DynamoDB";
}

function orDefault<T, D>(
  value: T | undefined,
  byDefault: D,
  isValid: (value: NoInfer<T>) => boolean,
  option: { name: string; expected: string },
): T | D {
  if (value === undefined) return byDefault;
  if (!isValid(value)) refuse(option.name, option.expected, value);
  return value;
}

function refuseUnknown(given: object, known: object, prefix: string): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).join(", ");
      throw new SessionStoreError(
        "ERR_SESSION_OPTIONS",
        `${prefix}${name}: no such option; there are ${names}`,
      );
    }
  }
}

function refuse(name: string, expected: string, given: unknown, hint = ""): never {
  throw new SessionStoreError(
    "ERR_SESSION_OPTIONS",
    `${name}: expected ${expected}, got ${describe(given)}${hint}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isDuration = (value: number): boolean =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
const isTimeout = (value: number): boolean => isLifetime(value) && value <= MAX_TIMER_MS;
const isAttributeName = (value: unknown): boolean =>
  typeof value === "string" && value !== "" && value.length <= 255 && !ROW_ATTRIBUTES.includes(value);
const isPrefix = (value: unknown): boolean =>
  typeof value === "string" && !hasLoneSurrogate(value) && utf8Length(value) <= 512;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}
