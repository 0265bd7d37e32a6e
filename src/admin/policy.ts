// What is to be allowed in IAM, feature by feature: the one place of that fact. docs/security.md shows it, and
// a test compares it with what is sent.
import { type Place, resolveOptions, type SessionStoreOptions } from "../core/doors.js";

/**
 * What is used of the package.
 *
 * - `sessions`: a door or an engine, whatever its options; always part of a policy.
 * - `owner`: the option `owner`; part of a policy where that is given.
 * - `lists`: `all`, `list`, `length` and `clear`, and `listSessions`, `countSessions`, `surveySessions` and
 *   `destroyAll` of administration.
 * - `migrate`: `migrate`, from places of the option `previous`, or from lines.
 * - `names`: the names of the table's keys in the error where the options' are others, and the number of rows
 *   in the progress of long work.
 * - `check`: `checkTable`.
 * - `create`: `createTable`.
 */
export type PolicyFeature = "sessions" | "owner" | "lists" | "migrate" | "names" | "check" | "create";

/** The actions of IAM, without `dynamodb:`. */
export interface Permissions {
  /** On the store's table. */
  readonly table: readonly string[];
  /** On another table of the option `previous`. */
  readonly previous: readonly string[];
}

/**
 * What is to be allowed for each feature besides `sessions`. A transaction has no action of its own
 * (docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html): its parts' are here.
 */
export const PERMISSIONS = {
  sessions: {
    table: ["GetItem", "BatchGetItem", "UpdateItem", "DeleteItem"],
    previous: ["GetItem", "DeleteItem"],
  },
  owner: { table: ["PutItem", "Query"], previous: ["Query"] },
  lists: { table: ["Scan"], previous: ["Scan"] },
  migrate: { table: [], previous: ["Scan"] },
  names: { table: ["DescribeTable"], previous: ["DescribeTable"] },
  check: {
    table: ["DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"],
    previous: ["DescribeTable"],
  },
  create: {
    table: [
      "CreateTable",
      "DescribeTable",
      "UpdateTable",
      "DescribeTimeToLive",
      "UpdateTimeToLive",
      "DescribeContinuousBackups",
      "UpdateContinuousBackups",
    ],
    previous: [],
  },
} as const satisfies Readonly<Record<PolicyFeature, Permissions>>;

/** The actions of a feature at the store's place, or at another of the option `previous`. */
export function actionsAt<Feature extends PolicyFeature, Where extends keyof Permissions>(
  feature: Feature,
  where: Where,
  { keys }: Place,
): (typeof PERMISSIONS)[Feature][Where] | readonly [] {
  // Without a sort key nothing is listed under owners there.
  const hasNoOwners = where === "previous" && feature === "owner" && keys.sortKey === null;
  return hasNoOwners ? [] : PERMISSIONS[feature][where];
}

/** What is to be allowed on one table. */
export interface TablePermissions {
  /** The store's table, or another of the option `previous`. */
  readonly tableName: string;
  /** The actions as IAM names them: `dynamodb:GetItem`. */
  readonly actions: readonly string[];
}

/**
 * The least that is to be allowed for a store of these options: on its table first, then on each other table
 * of the option `previous`.
 *
 * @param features what is used besides sessions, and owners where the options have them. Default: nothing.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`.
 */
export function tablePermissions(
  store: SessionStoreOptions,
  features: readonly PolicyFeature[] = [],
): TablePermissions[] {
  const options = resolveOptions(store);
  options.connection.close();
  const used: readonly PolicyFeature[] = [
    "sessions",
    ...(options.owner ? (["owner"] as const) : []),
    ...features,
  ];
  const places = [options, ...options.previous];
  const names = new Set(places.map(({ tableName }) => tableName));
  return [...names].map((tableName) => {
    const there = places.filter((place) => place.tableName === tableName);
    const actions = used.flatMap((feature) =>
      there.flatMap((place): readonly string[] =>
        actionsAt(feature, place === options ? "table" : "previous", place),
      ),
    );
    return { tableName, actions: [...new Set(actions)].map((action) => `dynamodb:${action}`) };
  });
}
