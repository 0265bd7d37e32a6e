// A table in this process behind the SDK's whole client, in the place of its HTTP handler: for long runs of the real store
// that must not wait for sockets, and for counting what it sends. Carried out by the tests' model of a table.
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { itemBytes, writeUnits } from "../demo/capacity.js";
import { fromTests } from "./from-tests.js";
import { textOf } from "./metered-network.js";

/**
 * @typedef {object} Seen one command that was carried out
 * @property {number} readUnits
 * @property {number} writeUnits
 * @property {string} [written] the key of the row that it changed
 * @property {import("../demo/capacity.js").Item} [row] as that is now, if there is one
 */

/** @typedef {"throttled" | "failed" | "hangs" | undefined} Fault */

const ERRORS = {
  throttled: { status: 400, type: "ProvisionedThroughputExceededException" },
  failed: { status: 500, type: "InternalServerError" },
};

const READ_UNIT_BYTES = 4096;

export class TableInProcess {
  #model;
  /** @type {(seen: Seen) => void} */
  onCommand = () => {};
  beforeCommand = () => {};
  /** Of real time, until a command is carried out and answered. */
  latencyMs = 0;
  /** Decides what goes wrong with a command. @type {() => Fault} */
  fault = () => undefined;

  static async make() {
    const { ModelTable } = await fromTests();
    return new TableInProcess(new ModelTable());
  }

  /** @param {InstanceType<typeof import("../test/simulation/table.js").ModelTable>} model */
  constructor(model) {
    this.#model = model;
  }

  /** The row under a key, as it is now. */
  row(key) {
    return this.#model.row(key);
  }

  /** Puts a row in the place of whatever stands under its keys; `undefined` removes that. */
  force(key, row) {
    const Key = { pk: { S: key }, sk: { S: key } };
    this.#model.apply({ action: "DeleteItem", input: { Key } });
    if (row === undefined) return;
    const attributes = Object.entries(row).filter(([name]) => !(name in Key));
    this.#model.apply({
      action: "UpdateItem",
      input: {
        Key,
        UpdateExpression: `SET ${attributes.map((_, i) => `#n${i} = :v${i}`).join(", ")}`,
        ExpressionAttributeNames: Object.fromEntries(attributes.map(([name], i) => [`#n${i}`, name])),
        ExpressionAttributeValues: Object.fromEntries(attributes.map(([, value], i) => [`:v${i}`, value])),
      },
    });
  }

  /** A `requestHandler` for the SDK's client. */
  get requestHandler() {
    return {
      metadata: { handlerProtocol: "http/1.1" },
      handle: async ({ headers, body }, { abortSignal } = {}) => {
        const fault = this.fault();
        if (fault === "hangs") await aborted(abortSignal);
        if (fault !== undefined) return responseOf(ERRORS[fault].status, errorOf(ERRORS[fault].type));
        // An answer never comes within the turn in which it was asked for.
        await (this.latencyMs === 0 ? turn() : delay(this.latencyMs));
        this.beforeCommand();
        return this.#answer(headers["x-amz-target"].split(".")[1], JSON.parse(textOf(body)));
      },
      destroy() {},
      updateHttpClientConfig() {},
      httpHandlerConfigs: () => ({}),
    };
  }

  #answer(action, input) {
    if (action === "BatchGetItem") return responseOf(200, this.#batch(input));
    const { changes, answer } = this.#model.apply({ action, input });
    const [{ before, after }] = changes;
    if (action === "GetItem") {
      this.#read([before]);
    } else {
      const units = Math.max(writeUnits(before), writeUnits(after));
      // A write that is refused changes nothing.
      const written = after === before ? undefined : input.Key.pk.S;
      this.onCommand({ readUnits: 0, writeUnits: units, written, row: after });
    }
    if (answer.ok) return responseOf(200, answer.output);
    return responseOf(400, { ...errorOf(answer.error.name), Item: answer.error.Item });
  }

  #batch({ RequestItems }) {
    const Responses = {};
    const read = [];
    for (const [table, { Keys }] of Object.entries(RequestItems)) {
      const rows = Keys.map(
        (Key) => this.#model.apply({ action: "GetItem", input: { Key } }).changes[0].before,
      );
      read.push(...rows);
      Responses[table] = rows.filter((row) => row !== undefined);
    }
    this.#read(read);
    return { Responses, UnprocessedKeys: {} };
  }

  #read(rows) {
    const units = rows.reduce((sum, row) => sum + readUnits(row), 0);
    this.onCommand({ readUnits: units, writeUnits: 0 });
  }
}

/** What a strong read of a row costs. */
export function readUnits(row) {
  return row === undefined ? 1 : Math.max(1, Math.ceil(itemBytes(row) / READ_UNIT_BYTES));
}

function errorOf(type) {
  return { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: type };
}

function responseOf(statusCode, output) {
  const body = new TextEncoder().encode(JSON.stringify(output));
  return {
    response: { statusCode, headers: { "content-type": "application/x-amz-json-1.0" }, body },
  };
}

/** Rejects when nobody waits for the answer any more. */
function aborted(signal) {
  return new Promise((_, reject) => {
    const end = () => reject(Object.assign(new Error("Request aborted"), { name: "AbortError" }));
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end, { once: true });
  });
}
