// The session stores whose rows are read as they are, by the keys of their tables: what to set to stand in
// their place.

/** A package, and how it keys sessions unless it is told otherwise. */
export interface Neighbour {
  readonly name: string;
  readonly hashKey: string;
  readonly sortKey: string | null;
  readonly hashPrefix: string;
}

export const NEIGHBOURS: readonly Neighbour[] = [
  { name: "@cyclic.sh/session-store", hashKey: "pk", sortKey: "sk", hashPrefix: "session-store#" },
  { name: "dynamodb-store", hashKey: "sessionId", sortKey: null, hashPrefix: "sess:" },
  { name: "connect-dynamodb", hashKey: "id", sortKey: null, hashPrefix: "sess:" },
  { name: "@pwrdrvr/dynamodb-session-store", hashKey: "id", sortKey: null, hashPrefix: "session#" },
];

/**
 * The lines of options for a table with these keys: of the packages that have them, or else what the keys
 * say.
 */
export function optionsFor(hashKey: string, sortKey: string | null): string {
  const known = NEIGHBOURS.filter((store) => store.hashKey === hashKey && store.sortKey === sortKey);
  const lines = known.map(({ name, ...keys }) => `${optionLine(keys)} for the rows of ${name}`);
  return lines.join(", or ") || optionLine({ hashKey, sortKey });
}

function optionLine(keys: object): string {
  const options = Object.entries(keys).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `table: { ${options.join(", ")} }`;
}

/** How a table's keys are said in messages. */
export function showKeys(hashKey: string, sortKey: string | null): string {
  return `hash key "${hashKey}" and ${sortKey === null ? "no sort key" : `sort key "${sortKey}"`}`;
}
