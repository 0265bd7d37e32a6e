// The network between a store and DynamoDB Local for measurements that must come out the same each time: it carries out
// one command after the other, each when the process has nothing else to do, and keeps the bill of what they consume.
// Commands that are asked for together thus all are on their way before the first is answered, as on a real network.
import { EventEmitter } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { writeUnits } from "../demo/capacity.js";

/**
 * @typedef {object} Bill
 * @property {number} readUnits as DynamoDB Local reports them
 * @property {number} writeUnits as DynamoDB Local reports them; of a refused write, by the rule
 * @property {number} reads calls that read
 * @property {number} writes calls that write, refused ones among them
 * @property {number} refused calls whose condition was not met
 */

/** @typedef {{ status: number, headers: Record<string, string>, body: Buffer }} Answer */

const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];
const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
// Promises, ticks and streams of a store need a few turns from an answer to its next command, and no time.
const QUIET_TURNS = 15;
const STUCK_AFTER_TURNS = 1_000_000;

export class MeteredNetwork {
  /** @type {Bill} */
  bill = emptyBill();
  #endpoint;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** @type {{ action: string, body: string, headers: object, answer: (answer: Answer) => void }[]} */
  #waiting = [];

  /** @param {string} endpoint */
  constructor(endpoint) {
    this.#endpoint = endpoint;
  }

  /** A `requestHandler` for clients of the AWS SDK 3, of any age. */
  get requestHandler() {
    return {
      metadata: { handlerProtocol: "http/1.1" },
      handle: async ({ headers, body }) => {
        const { status, ...answer } = await this.#send(headers, textOf(body));
        return { response: { statusCode: status, ...answer } };
      },
      destroy() {},
      updateHttpClientConfig() {},
      httpHandlerConfigs: () => ({}),
    };
  }

  /** A `HttpClient` for the AWS SDK 2. */
  get httpClient() {
    return {
      handleRequest: ({ headers, body }, _options, callback) => {
        this.#send(headers, textOf(body)).then(({ status, headers, body }) => {
          const response = Readable.from([body]);
          callback(response);
          response.emit("headers", status, headers, "");
        });
        return Object.assign(new EventEmitter(), { didCallback: false, abort() {} });
      },
    };
  }

  /**
   * Carries out what `work` sends, until it has ended.
   *
   * @template T
   * @param {Promise<T>} work
   * @returns {Promise<T>}
   */
  async settle(work) {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    for (let idle = 0; !isOver; idle++) {
      await this.#quiet();
      const next = this.#waiting.shift();
      if (next !== undefined) {
        next.answer(await this.#carryOut(next));
        idle = 0;
      }
      if (idle > STUCK_AFTER_TURNS) throw new Error("nothing is on its way, and the work does not end");
    }
    return work;
  }

  /** Starts a new bill, and gives the one before. */
  newBill() {
    const before = this.bill;
    this.bill = emptyBill();
    return before;
  }

  close() {
    this.#agent.destroy();
  }

  async #quiet() {
    let seen = this.#waiting.length;
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      await turn();
      if (this.#waiting.length !== seen) turns = 0;
      seen = this.#waiting.length;
    }
  }

  /** @returns {Promise<Answer>} */
  #send(headers, body) {
    const target = headers["x-amz-target"] ?? headers["X-Amz-Target"];
    const action = target.split(".")[1];
    return new Promise((answer) => {
      this.#waiting.push({ action, body, headers, answer });
    });
  }

  /** @returns {Promise<Answer>} */
  async #carryOut({ action, body, headers }) {
    const isItems = READS.includes(action) || WRITES.includes(action);
    const input = isItems ? JSON.stringify({ ...JSON.parse(body), ReturnConsumedCapacity: "TOTAL" }) : body;
    // The signature no longer fits the body, and DynamoDB Local looks at its form alone.
    const { "content-length": _, "Content-Length": __, host: ___, ...others } = headers;
    const answer = await post(this.#endpoint, this.#agent, others, input);
    if (isItems) this.#put(action, answer);
    // DynamoDB Local has the real time. The SDK would find its clock wrong, and send a refused command once more.
    return { ...answer, headers: { ...answer.headers, date: new Date().toUTCString() } };
  }

  #put(action, { status, body }) {
    const output = JSON.parse(body.toString());
    const isRefused = String(output.__type).endsWith("ConditionalCheckFailedException");
    if (status !== 200 && !isRefused) throw new Error(`${action} failed: ${body}`);
    const isRead = READS.includes(action);
    this.bill[isRead ? "reads" : "writes"] += 1;
    this.bill[isRead ? "readUnits" : "writeUnits"] += isRefused
      ? writeUnits(output.Item)
      : reportedUnits(output);
    if (isRefused) this.bill.refused += 1;
  }
}

/** What a request to DynamoDB says: the SDK has it as text or as bytes. */
export function textOf(body) {
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}

/** A batch reports its capacity as a list, one entry for each table. */
function reportedUnits({ ConsumedCapacity }) {
  return [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}

/** @returns {Promise<Answer>} */
function post(endpoint, agent, headers, body) {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(endpoint, { method: "POST", agent, headers }, async (response) => {
      const chunks = await response.toArray();
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** @returns {Bill} */
function emptyBill() {
  return { readUnits: 0, writeUnits: 0, reads: 0, writes: 0, refused: 0 };
}
