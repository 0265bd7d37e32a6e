// The table that a store needs, by its options: what is created, what a table that is there is held against,
// and what infrastructure as code prints.
import type { CreateTableCommandInput, KeyType, TableDescription } from "@aws-sdk/client-dynamodb";
import { optionsFor, type Place, resolveOptions, type SessionStoreOptions, showKeys } from "../core/doors.js";

/** The attribute by which DynamoDB removes expired rows: epoch seconds. */
export const TTL_ATTRIBUTE = "expires";

/** What a table has on request. */
export interface TableProtection {
  /** Whether the table cannot be deleted until this is switched off. Default `false`. */
  deletionProtection?: boolean | undefined;
  /** Whether the table can be restored to any second of the last 35 days, which is billed. Default `false`. */
  pointInTimeRecovery?: boolean | undefined;
}

/** A table for sessions. Its keys are of type string, and it is billed by requests (on demand). */
export interface TableDefinition {
  /** The table's name. */
  readonly tableName: string;
  /** The attribute that is its hash key. */
  readonly hashKey: string;
  /** `null` for a table with a hash key alone. */
  readonly sortKey: string | null;
  /** The attribute that time to live is on. */
  readonly ttlAttribute: string;
  /** Whether it cannot be deleted until that is switched off. */
  readonly deletionProtection: boolean;
  /** Whether it can be restored to any second of the last 35 days, which is billed. */
  readonly pointInTimeRecovery: boolean;
}

/**
 * The table that a store of these options needs.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 */
export function tableDefinition(
  store: SessionStoreOptions,
  protection: TableProtection = {},
): TableDefinition {
  const options = resolveOptions(store);
  options.connection.close();
  return definitionAt(options, protection);
}

/** The table of a place. */
export function definitionAt(
  { tableName, keys }: Place,
  { deletionProtection = false, pointInTimeRecovery = false }: TableProtection = {},
): TableDefinition {
  const { hashKey, sortKey } = keys;
  return {
    tableName,
    hashKey,
    sortKey,
    ttlAttribute: TTL_ATTRIBUTE,
    deletionProtection,
    pointInTimeRecovery,
  };
}

/** The table as `CreateTable` takes it: without time to live and recovery, which have commands of their own. */
export function createTableInput(definition: TableDefinition): CreateTableCommandInput {
  const { tableName, hashKey, sortKey, deletionProtection } = definition;
  const names = sortKey === null ? [hashKey] : [hashKey, sortKey];
  return {
    TableName: tableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: "S" })),
    KeySchema: names.map((name, i) => ({ AttributeName: name, KeyType: i === 0 ? "HASH" : "RANGE" })),
    DeletionProtectionEnabled: deletionProtection,
  };
}

/** What is said of a table whose keys are others than those defined; `undefined` where they are the same. */
export function otherKeys(definition: TableDefinition, table: TableDescription): string | undefined {
  const { tableName, hashKey, sortKey } = definition;
  const nameOf = (type: KeyType) => table.KeySchema?.find((key) => key.KeyType === type)?.AttributeName;
  const typeOf = (name: string | null) =>
    table.AttributeDefinitions?.find((attribute) => attribute.AttributeName === name)?.AttributeType;
  const [theirHashKey = "", theirSortKey = null] = [nameOf("HASH"), nameOf("RANGE")];
  const others = [theirHashKey, theirSortKey].filter((name) => name !== null && typeOf(name) !== "S");
  if (theirHashKey === hashKey && theirSortKey === sortKey && others.length === 0) return undefined;
  const types = others.map((name) => `, and "${name}" is of type ${typeOf(name)}`).join("");
  const advice =
    others.length === 0
      ? `Set ${optionsFor(theirHashKey, theirSortKey)}; or use another table`
      : "Use another table";
  return `the keys of the table "${tableName}" are not those of the options: the options say ${showKeys(hashKey, sortKey)}; the table has ${showKeys(theirHashKey, theirSortKey)}${types}. ${advice} (keys are of type string)`;
}

const USABLE_OR_SOON: readonly unknown[] = ["ACTIVE", "CREATING", "UPDATING"];

const ADVICE: Readonly<Record<string, string>> = {
  DELETING: "when it is gone createTable makes another",
  INACCESSIBLE_ENCRYPTION_CREDENTIALS: "allow its key in KMS again",
};

/** What is said of a table that does not become usable by waiting. */
export function unusable({ TableName, TableStatus }: TableDescription): string | undefined {
  if (USABLE_OR_SOON.includes(TableStatus)) return undefined;
  const advice = ADVICE[String(TableStatus)] ?? "see what the AWS console says of it, or use another table";
  return `the table "${TableName}" cannot be used, for its status is ${TableStatus}; ${advice}`;
}

/** What is to be done where DynamoDB removes rows by another attribute than sessions have. */
export function otherAttribute(attribute: string | undefined, ttlAttribute: string): string {
  return `is on the attribute "${attribute}", and sessions have theirs in "${ttlAttribute}". A table has one: where nothing else needs that, switch it off, and call again an hour later; or use another table`;
}

/** What is said of a name that DynamoDB takes for no table's. */
export function badName(tableName: string): string {
  return `table.name: "${tableName}" cannot be a table's name; expected from 3 to 255 of the characters a-z, A-Z, 0-9, _, - and .`;
}
