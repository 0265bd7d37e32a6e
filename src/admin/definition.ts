// The table that a store needs, by its options: what is created, what a table that is there is held against,
// and what infrastructure as code prints.
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { resolveOptions, type SessionStoreOptions } from "../core/doors.js";

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
  readonly tableName: string;
  readonly hashKey: string;
  /** `null` for a table with a hash key alone. */
  readonly sortKey: string | null;
  /** The attribute that time to live is on. */
  readonly ttlAttribute: string;
  readonly deletionProtection: boolean;
  readonly pointInTimeRecovery: boolean;
}

/**
 * The table that a store of these options needs.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 */
export function tableDefinition(
  store: SessionStoreOptions,
  { deletionProtection = false, pointInTimeRecovery = false }: TableProtection = {},
): TableDefinition {
  const { connection, tableName, keys } = resolveOptions(store);
  connection.close();
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
