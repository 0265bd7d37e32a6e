// The stores that are measured, ours among them: how each is loaded, and made so that all it sends goes to a given place.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { EXTRAS, isWhole } from "../scripts/extras.mjs";

const oldPackages = createRequire(
  fileURLToPath(new URL("../.extras/old-packages/package.json", import.meta.url)),
);

/** Its client is one for all of its stores. */
const TO_ENDPOINT = { step: "build", name: "redirect", override: true };

const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/**
 * @typedef {object} Place where a store's commands go: to an endpoint, or over a network in this process
 * @property {string} table
 * @property {string} [endpoint]
 * @property {import("./metered-network.js").MeteredNetwork} [network]
 */

/**
 * @typedef {object} Options undefined means the package's own default
 * @property {number} [touchInterval] milliseconds
 * @property {boolean} [consistentRead]
 * @property {(ms: number, signal?: AbortSignal) => Promise<void>} [sleep]
 */

/**
 * @typedef {object} MeasuredStore
 * @property {string} title
 * @property {{ hashKey: string, sortKey: string | null }} keys of its table
 * @property {boolean} hasTouchInterval
 * @property {() => Promise<object>} load loads the package, and what else an application needs of it
 * @property {(loaded: any, place: Place, options: Options) => Promise<import("express-session").Store>} make
 */

/** @type {Record<string, MeasuredStore>} */
export const STORES = {
  ours: {
    title: "@cyclic.sh/session-store",
    keys: { hashKey: "pk", sortKey: "sk" },
    hasTouchInterval: true,
    load: () => import("@cyclic.sh/session-store/express"),
    async make({ CyclicSessionStore }, place, options) {
      return new CyclicSessionStore({
        table: { name: place.table },
        clientConfig: clientConfigOf(place),
        ...options,
      });
    },
  },
  "0.0.19": {
    title: "@cyclic.sh/session-store 0.0.19",
    keys: { hashKey: "pk", sortKey: "sk" },
    hasTouchInterval: true,
    async load() {
      // It takes neither credentials nor a client: it finds the ones in the environment, and makes the other at once.
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      });
      return oldPackages("cyclic-session-store-0.0.19");
    },
    async make({ CyclicSessionStore }, { table, endpoint, network }, { touchInterval }) {
      const store = new CyclicSessionStore({ table: { name: table }, touchInterval });
      const { config, middlewareStack } = store.documentClient;
      if (network) config.requestHandler = network.requestHandler;
      if (endpoint) middlewareStack.add(redirectTo(endpoint), TO_ENDPOINT);
      return store;
    },
  },
  "dynamodb-store": {
    title: "dynamodb-store 1.2",
    keys: { hashKey: "sessionId", sortKey: null },
    hasTouchInterval: true,
    load: async () => ({ Store: oldPackages("dynamodb-store") }),
    async make({ Store }, { table, endpoint, network }, { touchInterval }) {
      if (network) oldPackages("aws-sdk").HttpClient.getInstance = () => network.httpClient;
      return new Promise((resolve, reject) => {
        const store = new Store(
          {
            table: { name: table, hashKey: "sessionId" },
            dynamoConfig: { region: "us-east-1", credentials: CREDENTIALS, endpoint },
            touchInterval,
          },
          (error) => (error ? reject(error) : resolve(store)),
        );
      });
    },
  },
  "connect-dynamodb": {
    title: "connect-dynamodb 3.0",
    keys: { hashKey: "id", sortKey: null },
    hasTouchInterval: false,
    async load() {
      return {
        Store: oldPackages("connect-dynamodb")(oldPackages("express-session")),
        Client: oldPackages("@aws-sdk/client-dynamodb").DynamoDBClient,
      };
    },
    async make({ Store, Client }, place) {
      return new Store({ table: place.table, client: new Client(clientConfigOf(place)) });
    },
  },
  pwrdrvr: {
    title: "@pwrdrvr/dynamodb-session-store 1.1",
    keys: { hashKey: "id", sortKey: null },
    hasTouchInterval: true,
    async load() {
      // Published without its helpers: it loads where something else has made them global before.
      oldPackages("tslib");
      return {
        Store: oldPackages("@pwrdrvr/dynamodb-session-store").DynamoDBStore,
        Client: oldPackages("@aws-sdk/client-dynamodb").DynamoDBClient,
      };
    },
    async make({ Store, Client }, place, { touchInterval, consistentRead }) {
      return new Store({
        tableName: place.table,
        dynamoDBClient: new Client(clientConfigOf(place)),
        touchAfter: touchInterval === undefined ? undefined : touchInterval / 1000,
        useStronglyConsistentReads: consistentRead,
      });
    },
  },
};

/** Whether the old packages are here, which `npm run fetch` brings. */
export function hasOldPackages() {
  return isWhole(EXTRAS.find(({ name }) => name === "old-packages"));
}

/** The configuration of an SDK client that sends to a place. */
export function clientConfigOf({ endpoint, network }) {
  return {
    region: "us-east-1",
    credentials: CREDENTIALS,
    ...(endpoint && { endpoint }),
    ...(network && { requestHandler: network.requestHandler }),
  };
}

/** A middleware for a client that takes no endpoint. */
function redirectTo(endpoint) {
  const { hostname, port } = new URL(endpoint);
  return (next) => (args) => {
    Object.assign(args.request, { protocol: "http:", hostname, port: Number(port) });
    return next(args);
  };
}
