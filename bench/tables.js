// Tables for the stores that are measured, at an endpoint of this machine.
import { randomUUID } from "node:crypto";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { clientConfigOf } from "./stores.js";

/**
 * Makes a table of its own for the caller, and gives its name.
 *
 * @param {string} endpoint
 * @param {{ hashKey: string, sortKey: string | null }} keys
 */
export async function createTable(endpoint, { hashKey, sortKey }) {
  const client = new DynamoDBClient(clientConfigOf({ endpoint }));
  const table = `bench-${randomUUID()}`;
  const names = sortKey === null ? [hashKey] : [hashKey, sortKey];
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: "S" })),
      KeySchema: names.map((name, i) => ({ AttributeName: name, KeyType: i === 0 ? "HASH" : "RANGE" })),
    }),
  );
  client.destroy();
  return table;
}
