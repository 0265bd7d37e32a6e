// Where sessions come from: which of a store's previous places is meant, by the name of the package that
// keyed them so.
import {
  isSamePlace,
  NEIGHBOURS,
  type Place,
  placeBy,
  refuseOption,
  type SessionStoreOptions,
  type TableOptions,
} from "../../core/doors.js";

/**
 * The packages whose tables are moved from: connect-dynamodb 3, dynamodb-store 1, @cyclic.sh/session-store
 * 0.0, @pwrdrvr/dynamodb-session-store 1.
 * @inline
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
 * What is moved from.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS` where nothing says what the source is.
 */
export function sourcesOf(
  store: SessionStoreOptions,
  from: SourcePackage | undefined,
  table: Partial<TableOptions> = {},
): Sources {
  const current = placeBy(store);
  if (from === undefined) {
    if (Object.keys(table).length > 0) refuseOption("table: goes with from, the package that filled it");
    if (!store.previous?.length)
      refuseOption(
        `from: expected one of ${SOURCES.join(", ")}; or give the store's options with previous, to move from there`,
      );
    return { options: store, source: undefined, isSamePlace: false };
  }
  const source = placeOf(from, table, current);
  if (isSamePlace(source, current)) return { options: store, source, isSamePlace: true };
  if (store.previous?.length) return { options: store, source, isSamePlace: false };
  const { tableName, keys } = source;
  const { hashIds, ...others } = keys;
  const previous = [{ table: { name: tableName, ...others }, hashIds }];
  return { options: { ...store, previous }, source, isSamePlace: false };
}

/**
 * By their numbers, the places that are moved from: the source, or all but the store's own.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS` where the store looks into others, and not into the source:
 * servers would find none of its sessions until they are moved.
 */
export function placesFrom(places: readonly Place[], source: Place | undefined): number[] {
  const previous = [...places.keys()].slice(1);
  if (source === undefined) return previous;
  const place = places.findIndex((one) => isSamePlace(one, source));
  if (place > 0) return [place];
  const { hashKey, sortKey, hashPrefix, hashIds } = source.keys;
  const names = [hashKey, ...(sortKey === null ? [] : [sortKey])].map((name) => `"${name}"`);
  return refuseOption(
    `from: the table "${source.tableName}" with keys ${names.join(", ")} and prefix "${hashPrefix}" and hashIds: ${hashIds} is none of the places in previous; correct that, for the servers too, or table here`,
  );
}

function placeOf(from: SourcePackage, table: Partial<TableOptions>, current: Place): Place {
  const neighbour = NEIGHBOURS.find((one) => one.name === PACKAGES[from]);
  if (neighbour === undefined) refuseOption(`from: expected one of ${SOURCES.join(", ")}`, from);
  const { name: _, ...keys } = neighbour;
  const name = from === "cyclic-0.0" ? current.tableName : DEFAULT_TABLE;
  const given = Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
  // None of them hashed ids.
  return placeBy({ table: { name, ...keys, ...given }, hashIds: false });
}
