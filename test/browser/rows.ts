// Time that passes for the sessions of a table, without anybody waiting: their rows say that they have ended.
import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { readRows } from "../support/tables.js";

const AN_HOUR_MS = 60 * 60 * 1000;

/** Ends every session of the table an hour ago, and leaves the rows, as DynamoDB's time to live does for a while. */
export async function expireAll(client: DynamoDBClient, table: string): Promise<void> {
  const until = Date.now() - AN_HOUR_MS;
  for (const { pk, sk } of await readRows(client, table)) {
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: pk ?? { S: "" }, sk: sk ?? { S: "" } },
        UpdateExpression: "SET #until = :until, expires = :expires",
        ExpressionAttributeNames: { "#until": "until" },
        ExpressionAttributeValues: {
          ":until": { N: String(until) },
          ":expires": { N: String(Math.ceil(until / 1000)) },
        },
      }),
    );
  }
}
