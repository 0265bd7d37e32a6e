// What is printed for a store, whatever the tool: its table, and what is to be allowed on it and on the tables
// that sessions come from.
import {
  type PolicyFeature,
  type SessionStoreOptions,
  type TableDefinition,
  type TablePermissions,
  type TableProtection,
  tableDefinition,
  tablePermissions,
} from "../../admin/index.js";
import { UsageError } from "../failures.js";

export interface Infrastructure {
  readonly table: TableDefinition;
  /** The actions on the table. */
  readonly actions: readonly string[];
  /** The actions on each other table: those of the option `previous`, which are there already. */
  readonly previous: readonly TablePermissions[];
}

/** A tool, and the text of a file for it. */
export interface Printer {
  /** The tool's own name. */
  readonly title: string;
  /** The file that its text is for. */
  readonly file: string;
  print(infrastructure: Infrastructure): string;
}

/** What every file says of itself at its head. */
export const PURPOSE = "The table of sessions, and the least that is to be allowed on it.";

/**
 * What a store of these options needs.
 *
 * @throws {UsageError} for the name of a table that cannot be created by it.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 */
export function infrastructureOf(
  store: SessionStoreOptions,
  features: readonly PolicyFeature[],
  protection: TableProtection,
): Infrastructure {
  const table = tableDefinition(store, protection);
  const [own, ...previous] = tablePermissions(store, features);
  for (const { tableName } of [table, ...previous]) requireName(tableName);
  return { table, actions: own?.actions ?? [], previous };
}

// docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html: TableName, ARNs left out.
function requireName(tableName: string): void {
  if (/^[\w.-]{3,255}$/.test(tableName)) return;
  throw new UsageError(
    `the table "${tableName}": expected a table's name, from 3 to 255 of the characters a-z, A-Z, 0-9, _, - and .`,
  );
}
