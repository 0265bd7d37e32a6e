// Commands by which an action can be tried: whatever they meet, they read no session, and write and remove
// nothing.
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Place, refusalIn, SessionStoreError } from "../core/doors.js";
import type { TableCommands } from "./table-commands.js";

/** The actions that can be tried, as IAM names them. */
export type TriedAction =
  | "GetItem"
  | "BatchGetItem"
  | "UpdateItem"
  | "DeleteItem"
  | "PutItem"
  | "Query"
  | "Scan";

/**
 * Tries an action on a place's table: resolves where it is allowed.
 *
 * @throws {SessionStoreError} why it did not come so far.
 */
export async function tryAction(action: TriedAction, place: Place, commands: TableCommands): Promise<void> {
  const { TableName, Key, refused } = nothingIn(place);
  const [send, name] = [commands, place.tableName];
  const attempts: Record<TriedAction, () => Promise<unknown>> = {
    GetItem: () => send.send(action, new GetItemCommand({ TableName, Key }), name),
    BatchGetItem() {
      const RequestItems = { [TableName]: { Keys: [Key] } };
      return send.send(action, new BatchGetItemCommand({ RequestItems }), name);
    },
    UpdateItem: () => send.send(action, new UpdateItemCommand({ TableName, Key, ...refused }), name),
    DeleteItem: () => send.send(action, new DeleteItemCommand({ TableName, Key, ...refused }), name),
    PutItem: () => send.send(action, new PutItemCommand({ TableName, Item: Key, ...refused }), name),
    Query() {
      const ExpressionAttributeValues = { ":key": { S: keyOfNobody(place) } };
      const { ExpressionAttributeNames } = refused;
      const KeyConditionExpression = "#hashKey = :key";
      const query = { KeyConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues };
      return send.send(action, new QueryCommand({ TableName, ...query, Select: "COUNT", Limit: 1 }), name);
    },
    Scan: () => send.send(action, new ScanCommand({ TableName, Select: "COUNT", Limit: 1 }), name),
  };
  await unlessRefused(attempts[action]());
}

/** Tries whether the API has transactions: as `tryAction` does, by one that updates. */
export async function tryTransaction(place: Place, commands: TableCommands): Promise<void> {
  const { TableName, Key, refused } = nothingIn(place);
  const Update = {
    TableName,
    Key,
    ...refused,
    UpdateExpression: "REMOVE #nothing",
    ExpressionAttributeNames: { ...refused.ExpressionAttributeNames, "#nothing": "check-table" },
  };
  const command = new TransactWriteItemsCommand({ TransactItems: [{ Update }] });
  await unlessRefused(commands.send("UpdateItem (in a transaction)", command));
}

/** A write that a condition refuses was let. */
async function unlessRefused(attempt: Promise<unknown>): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    const isRefused = error instanceof SessionStoreError && refusalIn(error.cause) !== undefined;
    if (!isRefused) throw error;
  }
}

/** Begins as all keys that are asked for do, which a policy may demand. */
function keyOfNobody({ keys }: Place): string {
  return `${keys.hashPrefix}check-table`;
}

/**
 * A key that is no session's where those have two, and a condition that refuses a write whatever is there: a row
 * that is, and is not.
 */
function nothingIn(place: Place) {
  const { hashKey, sortKey } = place.keys;
  const key = { [hashKey]: { S: keyOfNobody(place) } };
  return {
    TableName: place.tableName,
    Key: sortKey === null ? key : { ...key, [sortKey]: { S: "-" } },
    refused: {
      ConditionExpression: "attribute_exists(#hashKey) AND attribute_not_exists(#hashKey)",
      ExpressionAttributeNames: { "#hashKey": hashKey },
    },
  };
}
