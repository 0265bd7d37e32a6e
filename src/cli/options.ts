// The flags that all commands share, and the store's options that come of them, of `--config` and of the
// environment, in this order.
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, InvalidArgumentError } from "commander";
import type { SessionStoreOptions } from "../admin/index.js";
import { UsageError } from "./failures.js";

/** The flags that all commands have, as commander names them. */
export interface GlobalFlags {
  readonly table?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly hashKey?: string;
  /** `false` by `--no-sort-key`. */
  readonly sortKey?: string | false;
  readonly prefix?: string;
  readonly hashIds?: boolean;
  readonly config?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly quiet?: boolean;
}

/** The environment variable that names the table where nothing else does. */
const TABLE_VARIABLE = "CYCLIC_DB";

export function addGlobalFlags(program: Command): void {
  program
    .option("--table <name>", `the table (default: the environment variable ${TABLE_VARIABLE})`)
    .option("--region <region>", "the table's region (default: as the AWS SDK finds it)")
    .option("--endpoint <url>", "another endpoint than the region's, as of DynamoDB Local")
    .option("--hash-key <name>", "the table's hash key (default: pk)")
    .option("--sort-key <name>", "the table's sort key (default: sk)")
    .option("--no-sort-key", "the table has a hash key alone")
    .option("--prefix <text>", "what stands before session ids in keys (default: session-store#)")
    .option("--hash-ids", "the table holds hashes of session ids")
    .option("--config <file>", "a module whose default export is the store's options; flags go before it")
    .option("--json", "print one JSON document for machines")
    .option("--yes", "ask nothing before something is destroyed")
    .option("--quiet", "print results and failures alone");
}

/**
 * The options of the store that is meant.
 *
 * @throws {UsageError} where no table is named, and for a `--config` that gives no options.
 */
export async function storeOptions(
  flags: GlobalFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<SessionStoreOptions> {
  const config = flags.config === undefined ? {} : await readConfig(flags.config);
  // An empty variable is what is left of one that was to be set.
  const name = flags.table ?? config.table?.name ?? (environment[TABLE_VARIABLE] || undefined);
  if (name === undefined)
    throw new UsageError(
      `which table? Give --table <name>, or set the environment variable ${TABLE_VARIABLE}, or name it in a --config`,
    );
  const { table } = config;
  return {
    ...config,
    ...clientOf(flags, config),
    hashIds: flags.hashIds ?? config.hashIds,
    table: {
      ...table,
      name,
      hashKey: flags.hashKey ?? table?.hashKey,
      sortKey: flags.sortKey === false ? null : (flags.sortKey ?? table?.sortKey),
      hashPrefix: flags.prefix ?? table?.hashPrefix,
    },
  };
}

function clientOf(
  { region, endpoint }: GlobalFlags,
  config: Partial<SessionStoreOptions>,
): Partial<SessionStoreOptions> {
  if (region === undefined && endpoint === undefined) return {};
  if (config.client !== undefined)
    throw new UsageError(
      "--region and --endpoint change nothing of the client in --config; leave out these flags, or the client",
    );
  if (endpoint !== undefined && !isEndpoint(endpoint))
    throw new UsageError(`--endpoint ${endpoint}: expected a URL, as http://localhost:8000`);
  const clientConfig = { ...(config.clientConfig ?? config.dynamoConfig) };
  if (region !== undefined) clientConfig.region = region;
  if (endpoint !== undefined) clientConfig.endpoint = endpoint;
  return { clientConfig, dynamoConfig: undefined };
}

// A host with its port alone would be read as a scheme and a path.
function isEndpoint(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

async function readConfig(file: string): Promise<Partial<SessionStoreOptions>> {
  const path = resolve(file);
  await access(path).catch(() => {
    throw new UsageError(`--config ${file}: there is no such file, or it may not be read`);
  });
  let options: unknown;
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    options = await module.default;
  } catch (error) {
    throw new UsageError(`--config ${file}: it cannot be loaded: ${error}`);
  }
  if (!isOptions(options))
    throw new UsageError(
      `--config ${file}: expected the store's options as its default export, as in: export default { table: { name: "sessions" } }`,
    );
  return options;
}

// What is in it is checked where the store's options always are.
function isOptions(value: unknown): value is Partial<SessionStoreOptions> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a flag's value that is a whole number of at least one. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("Expected a whole number, 1 or more.");
  return value;
}

/** Reads a flag's value that is a number above zero. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
