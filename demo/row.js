// A session's row as it stands in the table, for people to look at: read past the store. Its key has the hash of the
// session's id, by which nobody comes in.
import { createHash } from "node:crypto";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { itemBytes } from "./capacity.js";

const SHOWN_OF_A_HASH = 6;

/**
 * @typedef {object} ShownRow
 * @property {string} key the beginning of the row's key
 * @property {string} gen
 * @property {number} rev
 * @property {number} writes how many of its last writes the row remembers
 * @property {number} bytes
 * @property {number} created epoch milliseconds
 * @property {number} updated epoch milliseconds
 * @property {number} until epoch milliseconds
 * @property {number} expires epoch seconds
 * @property {unknown} sess
 */

/**
 * @param {import("@aws-sdk/client-dynamodb").DynamoDBClient} client
 * @param {string} tableName
 * @param {string} hashPrefix
 * @param {string} sessionId
 * @returns {Promise<ShownRow | null>}
 */
export async function readRow(client, tableName, hashPrefix, sessionId) {
  const hash = createHash("sha256").update(sessionId).digest("base64url");
  const key = { S: hashPrefix + hash };
  const command = new GetItemCommand({
    TableName: tableName,
    Key: { pk: key, sk: key },
    ConsistentRead: true,
  });
  const { Item: item } = await client.send(command);
  return item ? show(item, hashPrefix + hash.slice(0, SHOWN_OF_A_HASH)) : null;
}

/**
 * @param {Record<string, import("@aws-sdk/client-dynamodb").AttributeValue>} item
 * @param {string} beginning of its key
 */
function show(item, beginning) {
  return {
    key: `${beginning}…`,
    gen: item.gen?.S ?? "",
    rev: Number(item.rev?.N),
    writes: item.writes?.S?.split(" ").length ?? 0,
    bytes: itemBytes(item),
    created: Number(item.created?.N),
    updated: Number(item.updated?.N),
    until: Number(item.until?.N),
    expires: Number(item.expires?.N),
    sess: JSON.parse(item.sess?.S ?? "null"),
  };
}
