// Clients, tables and rows for tests of the DynamoDB API, at whichever emulator the vitest project has chosen.
import {
  type AttributeValue,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { inject } from "vitest";
import { createTable, type KeyNames, withDefaults } from "./create-table.js";

export { createTable, type KeyNames };

export type Row = Record<string, AttributeValue>;

/** What every client of the tests is made from: the emulator's endpoint, and a region and credentials of no worth. */
export function testClientConfig(overrides: DynamoDBClientConfig = {}): DynamoDBClientConfig {
  return {
    endpoint: inject("endpoint"),
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    ...overrides,
  };
}

export function testClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient(testClientConfig(overrides));
}

/** The row whose keys both hold `key`, as DynamoDB stores it, or undefined. */
export async function readRow(
  client: DynamoDBClient,
  table: string,
  key: string,
  keys: KeyNames = {},
): Promise<Row | undefined> {
  const { hashKey, sortKey } = withDefaults(keys);
  const Key: Row = { [hashKey]: { S: key } };
  if (sortKey !== null) Key[sortKey] = { S: key };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item;
}

export async function putRow(client: DynamoDBClient, table: string, row: Row): Promise<void> {
  await client.send(new PutItemCommand({ TableName: table, Item: row }));
}

/** Every row of a table. */
export async function readRows(client: DynamoDBClient, table: string): Promise<Row[]> {
  const rows: Row[] = [];
  let from: Row | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: from }),
    );
    rows.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return rows;
}

export async function countRows(client: DynamoDBClient, table: string): Promise<number> {
  return (await readRows(client, table)).length;
}

export interface Call {
  /** The action, such as `GetItem`. */
  action: string;
  /** The command's input, as the sender gave it. */
  // biome-ignore lint/suspicious/noExplicitAny: each action has an input of another type, and tests look into them.
  input: any;
}

/** Whether an action changes nothing. */
export function isRead(action: string): boolean {
  return action === "GetItem" || action === "BatchGetItem";
}

export interface CallRecord {
  /** Every command sent since the start or the last reset, in order; the SDK's own retries are not counted. */
  calls: Call[];
  reset(): void;
  /** Runs `work` once, before the next command of this name goes out: what another request does in that moment. */
  beforeNext(action: string, work: () => Promise<void>): void;
  /** Runs `work` once, when the next command of this name has been carried out and before its sender has the answer. */
  afterNext(action: string, work: () => Promise<void>): void;
}

/** Records every command that is sent through the client from now on. */
export function recordCalls(client: Pick<DynamoDBClient, "middlewareStack">): CallRecord {
  const calls: Call[] = [];
  const before = new Map<string, () => Promise<void>>();
  const after = new Map<string, () => Promise<void>>();
  const runOnce = (interludes: typeof before, action: string) => {
    const interlude = interludes.get(action);
    interludes.delete(action);
    return interlude?.();
  };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const action = String(context.commandName).replace(/Command$/, "");
      calls.push({ action, input: args.input });
      await runOnce(before, action);
      const answer = await next(args);
      await runOnce(after, action);
      return answer;
    },
    { step: "initialize", name: "recordCalls", priority: "high" },
  );
  return {
    calls,
    reset() {
      calls.length = 0;
    },
    beforeNext(action, work) {
      before.set(action, work);
    },
    afterNext(action, work) {
      after.set(action, work);
    },
  };
}

/**
 * Loses one answer: the next command of this name is carried out, and its sender sees the connection cut, as the SDK does
 * before it sends it again. `meanwhile` runs in between.
 */
export function loseNextAnswer(
  client: Pick<DynamoDBClient, "middlewareStack">,
  action: string,
  meanwhile?: () => Promise<unknown>,
): void {
  let isLost = false;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const answer = await next(args);
        if (commandName !== `${action}Command` || isLost) return answer;
        isLost = true;
        await meanwhile?.();
        throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      },
    { step: "deserialize", priority: "low" },
  );
}
