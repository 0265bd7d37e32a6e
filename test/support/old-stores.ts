// The session stores whose rows are read, the real packages as `npm run fetch` installed them, at the emulator of the
// vitest project. Each comes with the one line of options that ours takes to stand in its place.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import session from "express-session";
import { inject } from "vitest";
import type { TableOptions } from "../../src/core/options.js";
import type { KeyNames } from "./tables.js";
import { testClientConfig } from "./tables.js";

const folder = fileURLToPath(new URL("../../.extras/old-packages/package.json", import.meta.url));

/** A package, and how it is replaced. */
export interface OldStore {
  readonly name: string;
  /** The keys of its table. */
  readonly keys: Required<KeyNames>;
  /** What ours is told of the table, besides its name. */
  readonly options: Omit<TableOptions, "name">;
  /** Milliseconds between its own touches. */
  readonly touchInterval: number;
  /** Makes the old package's store over a table. */
  make(table: string): session.Store;
}

// Packages without types, and one that is loaded by a path of its own.
// biome-ignore lint/suspicious/noExplicitAny: whatever the old packages export.
function load(name: string, from = folder): any {
  return createRequire(from)(name);
}

/** The package that ours has its name from. */
export const ancestor: OldStore = {
  name: "@cyclic.sh/session-store 0.0.19",
  keys: { hashKey: "pk", sortKey: "sk" },
  options: {},
  touchInterval: 30_000,
  make(name) {
    // It takes neither credentials nor an endpoint: it finds the one in the environment, and is sent to the other.
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
    const store = new (load("cyclic-session-store-0.0.19").CyclicSessionStore)({ table: { name } });
    const { hostname, port } = new URL(inject("endpoint"));
    store.documentClient.middlewareStack.add(
      (next: (args: object) => unknown) => (args: { request: object }) => {
        Object.assign(args.request, { protocol: "http:", hostname, port: Number(port) });
        return next(args);
      },
      { step: "build", name: "toTheEmulator", override: true },
    );
    return store;
  },
};

/** The package that 0.0.19 was adapted from. */
export const dynamodbStore: OldStore = {
  name: "dynamodb-store 1.2",
  keys: { hashKey: "sessionId", sortKey: null },
  options: { hashKey: "sessionId", sortKey: null, hashPrefix: "sess:" },
  touchInterval: 30_000,
  make(name) {
    const dynamoConfig = {
      endpoint: inject("endpoint"),
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    };
    const Store = load("dynamodb-store");
    return new (Store.default ?? Store)({ table: { name, hashKey: "sessionId" }, dynamoConfig }, () => {});
  },
};

export const connectDynamodb: OldStore = {
  name: "connect-dynamodb 3.0",
  keys: { hashKey: "id", sortKey: null },
  options: { hashKey: "id", sortKey: null, hashPrefix: "sess:" },
  touchInterval: 0,
  make(table) {
    const { DynamoDBClient } = load("@aws-sdk/client-dynamodb");
    return new (load("connect-dynamodb")(session))({
      table,
      client: new DynamoDBClient(testClientConfig()),
    });
  },
};

export const pwrdrvr: OldStore = {
  name: "@pwrdrvr/dynamodb-session-store 1.1",
  keys: { hashKey: "id", sortKey: null },
  options: { hashKey: "id", sortKey: null, hashPrefix: "session#" },
  touchInterval: 3_600_000,
  make(tableName) {
    const { DynamoDBClient } = load("@aws-sdk/client-dynamodb");
    const dynamoDBClient = new DynamoDBClient(testClientConfig());
    return new (load("@pwrdrvr/dynamodb-session-store").DynamoDBStore)({ tableName, dynamoDBClient });
  },
};

export const oldStores: readonly OldStore[] = [ancestor, dynamodbStore, connectDynamodb, pwrdrvr];
