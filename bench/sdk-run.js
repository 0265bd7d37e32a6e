// The ways of sending one GetItem, in a process of their own: tells their names, the SDK's default first. Asked by sdk.js
// for the processor time of each.
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { sessionData } from "./page-workload.js";
import { answerParent, microsecondsOf } from "./processes.js";
import { clientConfigOf } from "./stores.js";

// The SDK's own, wherever it has them.
const require = createRequire(import.meta.resolve("@aws-sdk/client-dynamodb"));
const { SignatureV4 } = require("@smithy/signature-v4");
const { NodeHttpHandler } = require("@smithy/node-http-handler");

const TABLE = "bench";
const KEY = { pk: { S: "session-store#one" }, sk: { S: "session-store#one" } };
const INPUT = { TableName: TABLE, Key: KEY, ConsistentRead: true };

/** What the signer asks for, of Node's own. */
class Sha256 {
  #hash;

  constructor(secret) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }

  update(data) {
    this.#hash.update(data);
  }

  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
}

const { endpoint, bytes } = JSON.parse(process.argv[2]);
const config = clientConfigOf({ endpoint });
const plain = new DynamoDBClient(config);
const sess = { S: JSON.stringify(sessionData(bytes)) };
await plain.send(new PutItemCommand({ TableName: TABLE, Item: { ...KEY, sess } }));

const WAYS = waysToSend();
answerParent(async ({ way, calls }) => ({
  microseconds:
    (await microsecondsOf(async () => {
      for (let call = 0; call < calls; call++) await WAYS[way]();
    })) / calls,
}));
process.send({ ways: Object.keys(WAYS) });

function waysToSend() {
  const cached = new DynamoDBClient({ ...config, cacheMiddleware: true });
  const quiet = new DynamoDBClient({ ...config, cacheMiddleware: true });
  quiet.middlewareStack.remove("loggerMiddleware");
  const { signal } = new AbortController();
  const sendByParts = senderByParts();
  const found = async (answer) => {
    const { Item } = await answer;
    if (Item?.sess.S !== sess.S) throw new Error("the row that was put is not what was read");
  };
  return {
    "the SDK, by default": () => found(plain.send(new GetItemCommand(INPUT))),
    "cacheMiddleware, and an abortSignal": () =>
      found(cached.send(new GetItemCommand(INPUT), { abortSignal: signal })),
    cacheMiddleware: () => found(cached.send(new GetItemCommand(INPUT))),
    "the same, without its logger": () => found(quiet.send(new GetItemCommand(INPUT))),
    "its signer and its HTTP handler alone": () => found(sendByParts()),
  };
}

/** No credentials are looked up, no endpoint is resolved, nothing is tried again: what that saves is a limit, not an offer. */
function senderByParts() {
  const { region, credentials } = config;
  const { hostname, port } = new URL(endpoint);
  const handler = new NodeHttpHandler();
  const signer = new SignatureV4({ service: "dynamodb", region, credentials, sha256: Sha256 });
  return async () => {
    const request = {
      method: "POST",
      protocol: "http:",
      hostname,
      port: Number(port),
      path: "/",
      headers: {
        host: `${hostname}:${port}`,
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.GetItem",
      },
      body: JSON.stringify(INPUT),
    };
    const { response } = await handler.handle(await signer.sign(request));
    let text = "";
    for await (const chunk of response.body.setEncoding("utf8")) text += chunk;
    return JSON.parse(text);
  };
}
