// Where the processor time of one GetItem goes: the SDK's call as it is by default, with what it offers to make it leaner,
// and two of its own parts, the signer and the HTTP handler, without the rest.
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { startTable } from "./processes.js";
import { alternate, ratioOf, showSpread, spreadOf } from "./rounds.js";
import { clientConfigOf } from "./stores.js";

// The SDK's own, wherever it has them.
const require = createRequire(import.meta.resolve("@aws-sdk/client-dynamodb"));
const { SignatureV4 } = require("@smithy/signature-v4");
const { NodeHttpHandler } = require("@smithy/node-http-handler");

const KEY = { pk: { S: "session-store#one" }, sk: { S: "session-store#one" } };
const INPUT = { TableName: "bench", Key: KEY, ConsistentRead: true };
const CALLS = { long: 1500, short: 200 };

/** @type {import("./main.js").Part} */
export default {
  name: "sdk",
  title: "processor time of one GetItem, by how it is sent",
  async run({ isShort, rounds }) {
    const table = await startTable();
    try {
      const ways = waysTo(table.endpoint);
      const calls = isShort ? CALLS.short : CALLS.long;
      for (const { send } of ways) await repeat(send, calls);
      const figures = await alternate(ways, rounds, ({ send }) => microsecondsOf(send, calls));
      const ofDefault = figures.get(ways[0]);
      const rows = ways.map((way) => ({
        name: way.name,
        microseconds: spreadOf(figures.get(way)),
        ratio: ratioOf(figures.get(way), ofDefault),
      }));
      return {
        tables: [
          {
            title: `one GetItem, ${rounds} rounds`,
            columns: ["sent by", "microseconds", "of the SDK's by default"],
            rows: rows.map(({ name, microseconds, ratio }) => [
              name,
              showSpread(microseconds),
              showSpread(ratio),
            ]),
          },
        ],
        figures: { rows },
      };
    } finally {
      await table.end();
    }
  },
};

/** @param {string} endpoint */
function waysTo(endpoint) {
  const config = clientConfigOf({ endpoint });
  const clientWith = (more, leaveOut = []) => {
    const client = new DynamoDBClient({ ...config, ...more });
    for (const name of leaveOut) client.middlewareStack.remove(name);
    return client;
  };
  const plain = clientWith({});
  const cached = clientWith({ cacheMiddleware: true });
  const quiet = clientWith({ cacheMiddleware: true }, ["loggerMiddleware"]);
  const { signal } = new AbortController();
  return [
    { name: "the SDK, by default", send: () => plain.send(new GetItemCommand(INPUT)) },
    {
      name: "cacheMiddleware, and an abortSignal",
      send: () => cached.send(new GetItemCommand(INPUT), { abortSignal: signal }),
    },
    { name: "cacheMiddleware", send: () => cached.send(new GetItemCommand(INPUT)) },
    { name: "the same, without its logger", send: () => quiet.send(new GetItemCommand(INPUT)) },
    { name: "its signer and its HTTP handler alone", send: byPartsTo(endpoint, config) },
  ];
}

/** No credentials are looked up, no endpoint is resolved, nothing is tried again: what that saves is a limit, not an offer. */
function byPartsTo(endpoint, { region, credentials }) {
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

async function repeat(send, times) {
  for (let call = 0; call < times; call++) await send();
}

async function microsecondsOf(send, times) {
  const before = process.cpuUsage();
  await repeat(send, times);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
