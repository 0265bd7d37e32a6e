// The program of one process: the applications of all doors over one table, and a control that starts them,
// closes them, and says what they have cost.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SessionStoreOptions } from "../../../src/core/index.js";
import { listen } from "../../runtimes/apps/listen.js";
import { type Bill, type Command, ownerByUser, type Settings, type Told } from "../protocol.js";
import { billOf } from "./bill.js";
import { startDoors } from "./doors.js";

interface Running {
  close(): Promise<void>;
  readonly client: DynamoDBClient;
  readonly bill: Bill;
  readonly errors: readonly string[];
}

let running: Running | undefined;

async function start({ endpoint, table, concurrency, isOwned }: Settings): Promise<Told> {
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const bill = billOf(client);
  const errors: string[] = [];
  const options: SessionStoreOptions = {
    table: { name: table },
    ttl: 3_600_000,
    // No test is to depend on a fast machine.
    timeout: 30_000,
    client,
    concurrency,
    ...(isOwned && { owner: ownerByUser, hashIds: true, touchInterval: 0 }),
    onEvent(event) {
      // Also where the framework has none of it: a touch that failed.
      if (event.type === "error") errors.push(`${event.operation}: ${event.error}`);
    },
  };
  const failed = (error: unknown) => void errors.push(String(error));
  const { origins, close } = await startDoors(options, failed);
  running = { close, client, bill, errors };
  return { origins };
}

async function close(): Promise<Told> {
  if (running === undefined) throw new Error("nothing runs here");
  const { client, bill, errors } = running;
  const closed = running.close();
  running = undefined;
  await closed;
  client.destroy();
  return { bill, errors };
}

async function carryOut(command: Command): Promise<Told> {
  return command.do === "start" ? start(command.settings) : close();
}

await listen(async (text) => {
  const told = await carryOut(JSON.parse(text)).catch((error): Told => ({ problem: String(error?.stack) }));
  return JSON.stringify(told);
});
