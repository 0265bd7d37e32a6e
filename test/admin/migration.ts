// A migration in a process of its own, for tests that kill it. Says what came of it on a line of its output.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { migrate } from "../../src/admin/migrate/migrate.js";

/** What the program is told, as JSON in its first argument. */
export interface AskedMigration {
  readonly endpoint: string;
  readonly table: string;
  /** The table of connect-dynamodb that is moved from; or the text of a file. */
  readonly old?: string;
  readonly text?: string;
}

const { endpoint, table, old, text }: AskedMigration = JSON.parse(String(process.argv[2]));
const client = new DynamoDBClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
const report = await migrate(
  { client, table: { name: table }, hashIds: true },
  old === undefined
    ? { from: "jsonl", text: String(text) }
    : { from: "connect-dynamodb", table: { name: old } },
);
client.destroy();
console.log(JSON.stringify(report));
