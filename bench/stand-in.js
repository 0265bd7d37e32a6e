// A DynamoDB stand-in for timing runs, in a process of its own. It is no emulator: it keeps rows, checks no signature and no
// condition, and counts nothing. It is there because DynamoDB Local and dynalite need longer for one answer than a store
// does, and would be what is measured; it answers from memory, with answers made once for each row. The real table's
// latency is added by a timer for each answer. What capacity a store uses is measured against DynamoDB Local instead.
//
// Started by `processes.js`: it tells its parent its port, and is told the latency.
import { createServer } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const TARGET = /\r\nx-amz-target: *DynamoDB_\d+\.(\w+)/i;
const CLOSE = /\r\nconnection: *close/i;

/** Rows by table and key. @type {Map<string, Map<string, Row>>} */
const tables = new Map();
let latencyMs = 0;

/** A row, and the bytes that answer for it, made when it is first asked for. */
class Row {
  #item;
  #bytes;
  #answer;

  constructor(item) {
    this.#item = item;
  }

  get item() {
    return this.#item;
  }

  /** The item as JSON. */
  get bytes() {
    this.#bytes ??= Buffer.from(JSON.stringify(this.#item));
    return this.#bytes;
  }

  /** The whole answer to a GetItem. */
  get answer() {
    this.#answer ??= answerOf(Buffer.concat([Buffer.from('{"Item":'), this.bytes, Buffer.from("}")]));
    return this.#answer;
  }
}

const NOTHING = answerOf(Buffer.from("{}"));

const ACTIONS = {
  GetItem: ({ TableName, Key }) => rowsOf(TableName).get(keyOf(Key))?.answer ?? NOTHING,

  BatchGetItem({ RequestItems }) {
    const perTable = Object.entries(RequestItems).map(([table, { Keys }]) => {
      const rows = Keys.map((key) => rowsOf(table).get(keyOf(key))?.bytes).filter(Boolean);
      const joined = rows.flatMap((bytes, i) => (i === 0 ? [bytes] : [COMMA, bytes]));
      return [Buffer.from(`${JSON.stringify(table)}:[`), ...joined, Buffer.from("]")];
    });
    const all = perTable.flatMap((parts, i) => (i === 0 ? parts : [COMMA, ...parts]));
    return answerOf(Buffer.concat([RESPONSES, ...all, UNPROCESSED]));
  },

  PutItem({ TableName, Item }) {
    rowsOf(TableName).set(keyOf(Item), new Row(Item));
    return NOTHING;
  },

  UpdateItem(input) {
    const key = keyOf(input.Key);
    const item = { ...input.Key, ...rowsOf(input.TableName).get(key)?.item };
    const updated = {};
    for (const [path, value] of assignments(input)) {
      assign(item, path, value);
      assign(updated, path, value);
    }
    rowsOf(input.TableName).set(key, new Row(item));
    if (input.ReturnValues !== "UPDATED_NEW") return NOTHING;
    return answerOf(Buffer.from(JSON.stringify({ Attributes: updated })));
  },

  DeleteItem({ TableName, Key }) {
    rowsOf(TableName).delete(keyOf(Key));
    return NOTHING;
  },

  TransactWriteItems({ TransactItems }) {
    for (const item of TransactItems)
      for (const [kind, input] of Object.entries(item)) ACTIONS[`${kind}Item`](input);
    return NOTHING;
  },

  DescribeTable: ({ TableName }) =>
    answerOf(Buffer.from(JSON.stringify({ Table: { TableName, TableStatus: "ACTIVE" } }))),
};

const COMMA = Buffer.from(",");
const RESPONSES = Buffer.from('{"Responses":{');
const UNPROCESSED = Buffer.from('},"UnprocessedKeys":{}}');

const server = createServer({ noDelay: true }, (socket) => {
  let received = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    for (;;) {
      const headEnd = received.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const head = received.toString("latin1", 0, headEnd);
      const bodyStart = headEnd + HEAD_END.length;
      const end = bodyStart + Number(LENGTH.exec(head)?.[1] ?? 0);
      if (received.length < end) return;
      const body = received.toString("utf8", bodyStart, end);
      received = received.subarray(end);
      respond(socket, head, body);
    }
  });
});

server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", (asked) => {
  latencyMs = asked.latencyMs;
  process.send({ latencyMs });
});
process.on("disconnect", () => process.exit());

function respond(socket, head, body) {
  const answer = answerTo(TARGET.exec(head)?.[1], body);
  const send = () => {
    socket.write(answer);
    if (CLOSE.test(head)) socket.end();
  };
  if (latencyMs === 0) send();
  else setTimeout(send, latencyMs);
}

function answerTo(action, body) {
  if (!Object.hasOwn(ACTIONS, action)) return refusal(`the stand-in does not know ${action}`);
  try {
    return ACTIONS[action](JSON.parse(body));
  } catch (error) {
    return refusal(error.message);
  }
}

function refusal(message) {
  const body = { __type: "com.amazon.coral.validate#ValidationException", message };
  return answerOf(Buffer.from(JSON.stringify(body)), "400 Bad Request");
}

function answerOf(body, status = "200 OK") {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: 0\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function rowsOf(table) {
  if (!tables.has(table)) tables.set(table, new Map());
  return tables.get(table);
}

/** Where there are two key attributes, both hold the same. */
function keyOf({ pk, id, sessionId }) {
  return (pk ?? id ?? sessionId).S;
}

/** What an update sets, by path: the stores measured write no other expressions. */
function assignments({ UpdateExpression, ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }) {
  // What is removed here was never there.
  const [, list] = /^\s*set\s+(.*?)(?:\s+remove\s.*)?$/is.exec(UpdateExpression);
  return list.split(",").map((assignment) => {
    const [path, value] = assignment.split("=").map((part) => part.trim());
    const names = path.split(".").map((name) => ExpressionAttributeNames[name] ?? name);
    return [names, ExpressionAttributeValues[value]];
  });
}

function assign(item, [name, inner], value) {
  if (inner === undefined) item[name] = value;
  else item[name] = { M: { ...item[name]?.M, [inner]: value } };
}
