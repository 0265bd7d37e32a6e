// Where sessions come from: which of a store's previous places is meant, by the name of the package that
// keyed them so.
import {
  isSamePlace,
  NEIGHBOURS,
  type Place,
  refuseOption,
  resolveOptions,
  type SessionStoreOptions,
  type TableOptions,
} from "../../core/doors.js";

/**
 * The packages whose tables are moved from: connect-dynamodb 3, dynamodb-store 1, @cyclic.sh/session-store
 * 0.0, @pwrdrvr/dynamodb-session-store 1.
 */
export type SourcePackage = "connect-dynamodb" | "dynamodb-store" | "cyclic-0.0" | "pwrdrvr";

/** What can be moved from: such a table, or a file with one session a line. */
export type MigrationSource = SourcePackage | "jsonl";

const PACKAGES: Record<SourcePackage, string> = {
  "connect-dynamodb": "connect-dynamodb",
  "dynamodb-store": "dynamodb-store",
  "cyclic-0.0": "@cyclic.sh/session-store",
  pwrdrvr: "@pwrdrvr/dynamodb-session-store",
};

/** What can be moved from, by name. */
export const SOURCES: readonly MigrationSource[] = [
  "connect-dynamodb",
  "dynamodb-store",
  "cyclic-0.0",
  "pwrdrvr",
  "jsonl",
];

// The table's name where these packages are given none. 0.0 of ours had no default that worked: its table is
// the store's unless another is given.
const DEFAULT_TABLE = "sessions";

/** What is moved, and by which options. */
export interface Sources {
  /** The store's, with the source among its previous places. */
  readonly options: SessionStoreOptions;
  /** The source; `undefined` for all previous places. */
  readonly source: Place | undefined;
  /** Whether the source is where the store's sessions are. */
  readonly isSamePlace: boolean;
}

/**
 * Which places are moved from.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS` where the store does not look into the source, though it
 * looks into others; or where nothing says what the source is.
 */
export function sourcesOf(
  store: SessionStoreOptions,
  from: SourcePackage | undefined,
  table: Partial<TableOptions> = {},
): Sources {
  if (from === undefined) {
    if (Object.keys(table).length > 0) refuseOption("table: goes with from, the package that filled it");
    if (!store.previous?.length)
      refuseOption(
        `from: expected one of ${SOURCES.join(", ")}; or give the store's options with previous, to move from there`,
      );
    return { options: store, source: undefined, isSamePlace: false };
  }
  const source = placeOf(from, table, store);
  const resolved = resolveOptions(store);
  if (isSamePlace(source, resolved)) return { options: store, source, isSamePlace: true };
  if (resolved.previous.some((place) => isSamePlace(place, source)))
    return { options: store, source, isSamePlace: false };
  // Servers with another `previous` would find none of these sessions until they are moved.
  if (resolved.previous.length > 0)
    refuseOption(
      `from: ${describePlace(source)} is none of the places in previous; correct that, for the servers too, or table here`,
    );
  const { tableName, keys } = source;
  const { hashIds, ...others } = keys;
  const previous = [{ table: { name: tableName, ...others }, hashIds }];
  return { options: { ...store, previous }, source, isSamePlace: false };
}

/** A place in words: its table, keys and prefix. */
export function describePlace({ tableName, keys }: Place): string {
  const { hashKey, sortKey, hashPrefix } = keys;
  const names = [hashKey, sortKey].filter((name) => name !== null).map((name) => `"${name}"`);
  return `the table "${tableName}" (keys ${names.join(", ")}, prefix "${hashPrefix}")`;
}

function placeOf(
  from: SourcePackage,
  { name, ...given }: Partial<TableOptions>,
  store: SessionStoreOptions,
): Place {
  const neighbour = NEIGHBOURS.find((one) => one.name === PACKAGES[from]);
  if (neighbour === undefined) refuseOption(`from: expected one of ${SOURCES.join(", ")}`, from);
  const { name: _, ...keys } = neighbour;
  const tableName = name ?? (from === "cyclic-0.0" ? store.table.name : DEFAULT_TABLE);
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // None of them hashed ids.
  return { tableName, keys: { ...keys, ...own, hashIds: false } };
}
