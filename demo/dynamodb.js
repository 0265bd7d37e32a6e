// The table behind the demo: one in memory of this process, or one of the caller's own in AWS. Knows no sessions.
import { once } from "node:events";
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DEMO_PREFIX } from "./doors.js";

/**
 * @typedef {object} DemoTable
 * @property {string} name
 * @property {import("@aws-sdk/client-dynamodb").DynamoDBClientConfig} clientConfig for every client of this table
 * @property {boolean} isEmbedded
 * @property {string} place where it is, in words
 * @property {() => Promise<void>} close
 */

/** Why a table cannot be used, in words for whoever named it. */
export class TableError extends Error {}

/**
 * Starts a DynamoDB in memory on a free port of this machine, with an empty table.
 *
 * @returns {Promise<DemoTable>}
 */
export async function startEmbeddedTable() {
  const { default: dynalite } = await import("dynalite");
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  /** @type {DemoTable} */
  const table = {
    name: "sessions",
    clientConfig: {
      endpoint: `http://127.0.0.1:${server.address().port}`,
      region: "us-east-1",
      // dynalite wants a signature and checks nothing of it.
      credentials: { accessKeyId: "demo", secretAccessKey: "demo" },
    },
    isEmbedded: true,
    place: "DynamoDB in memory (dynalite)",
    async close() {
      const closed = once(server, "close");
      server.close();
      // Clients keep their connections open; waiting for them would take seconds.
      server.closeAllConnections();
      await closed;
    },
  };
  await createTable(table);
  return table;
}

/**
 * A table that exists. One read finds out whether it can be used; nothing is created, changed or deleted.
 *
 * @param {string} name
 * @param {string | undefined} region undefined means what the SDK finds by itself
 * @returns {Promise<DemoTable>}
 * @throws {TableError}
 */
export async function useTable(name, region) {
  const clientConfig = region === undefined ? {} : { region };
  const client = new DynamoDBClient(clientConfig);
  try {
    const key = { pk: { S: DEMO_PREFIX }, sk: { S: DEMO_PREFIX } };
    await client.send(new GetItemCommand({ TableName: name, Key: key }));
    const place = `DynamoDB in ${await client.config.region()}`;
    return { name, clientConfig, isEmbedded: false, place, close: async () => {} };
  } catch (error) {
    throw new TableError(explain(name, error), { cause: error });
  } finally {
    client.destroy();
  }
}

/** @param {DemoTable} table */
async function createTable({ name, clientConfig }) {
  const client = new DynamoDBClient(clientConfig);
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      }),
    );
    await untilActive(client, name);
  } finally {
    client.destroy();
  }
}

/**
 * @param {DynamoDBClient} client
 * @param {string} name
 */
async function untilActive(client, name) {
  for (let attempt = 0; attempt < 250; attempt++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === "ACTIVE") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new TableError(`the table "${name}" in memory did not become active within five seconds`);
}

/**
 * @param {string} name
 * @param {Error} error
 */
function explain(name, error) {
  if (error.message === "Region is missing")
    return "no region was found: give --region, such as eu-central-1";
  switch (error.name) {
    case "ResourceNotFoundException":
      return `there is no table "${name}" in this region and account; the demo creates none`;
    case "ValidationException":
      return `the table "${name}" needs a hash key "pk" and a sort key "sk", both of type string`;
    case "AccessDeniedException":
      return `these credentials may not read the table "${name}"; the demo needs dynamodb:GetItem, BatchGetItem, UpdateItem and DeleteItem on it`;
    case "CredentialsProviderError":
      return "no AWS credentials were found; set them up as for the AWS command line";
    default:
      return `the table "${name}" could not be read: ${error.message}`;
  }
}
