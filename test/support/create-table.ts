// Tables for sessions, at an emulator: for the tests, the simulation and the benchmarks.
import { randomBytes } from "node:crypto";
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** Names of the key attributes; `sortKey: null` for a table with a hash key alone. */
export interface KeyNames {
  hashKey?: string;
  sortKey?: string | null;
}

/** Makes a table, by a name of its own where none is given, and gives the name once it is active. */
export async function createTable(
  client: DynamoDBClient,
  keys: KeyNames = {},
  table = `test-${randomBytes(8).toString("hex")}`,
): Promise<string> {
  const { hashKey, sortKey } = withDefaults(keys);
  const attributes = sortKey === null ? [hashKey] : [hashKey, sortKey];
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: attributes.map((name) => ({ AttributeName: name, AttributeType: "S" })),
      KeySchema: attributes.map((name, i) => ({ AttributeName: name, KeyType: i === 0 ? "HASH" : "RANGE" })),
    }),
  );
  // The emulators are ready within milliseconds: asking again at once is quicker than the SDK's waiter.
  while (!(await isActive(client, table)));
  return table;
}

export function withDefaults({ hashKey = "pk", sortKey = "sk" }: KeyNames) {
  return { hashKey, sortKey };
}

async function isActive(client: DynamoDBClient, table: string): Promise<boolean> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  return Table?.TableStatus === "ACTIVE";
}
