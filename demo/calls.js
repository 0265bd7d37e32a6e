// The record of the DynamoDB calls that each action on the page costs. Calls are seen in the SDK's own middleware and
// find their action by the asynchronous context that they were made in.
import { AsyncLocalStorage } from "node:async_hooks";
import { writeUnits } from "./capacity.js";

/**
 * @typedef {object} Call
 * @property {string} command such as `GetItem`
 * @property {"read" | "write"} kind
 * @property {"done" | "refused" | "failed"} outcome refused: its condition did not hold, and nothing was written
 * @property {number} units capacity units, as DynamoDB reports them; for a refused write, by the rule
 * @property {number} durationMs
 */

/**
 * @typedef {object} Action what a user did, and what it came to
 * @property {string} id
 * @property {string} label
 * @property {number} at epoch milliseconds
 * @property {number} requests HTTP requests that it took
 * @property {number} touchesSpared touches that were not due, or that another had just made
 * @property {Call[]} calls
 */

/** @typedef {{ requests: number, reads: number, writes: number, readUnits: number, writeUnits: number }} Totals */

const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];
const KEPT_ACTIONS = 40;
const KEPT_VISITORS = 100;

export class CallRecord {
  /** @type {AsyncLocalStorage<{ action: Action, totals: Totals }>} */
  #current = new AsyncLocalStorage();
  /** @type {Map<string, { actions: Action[], totals: Totals }>} */
  #visitors = new Map();

  /**
   * Records every call of this client.
   *
   * @param {import("@aws-sdk/client-dynamodb").DynamoDBClient} client
   */
  watch(client) {
    client.middlewareStack.add((next, context) => (args) => this.#send(next, context, args), {
      name: "demoRecordOfCalls",
      step: "initialize",
    });
  }

  /**
   * Runs what an HTTP request causes; the calls made meanwhile are put down to this visitor's action. Requests of one
   * action share its id.
   *
   * @template T
   * @param {string} visitor
   * @param {{ id: string, label: string }} named
   * @param {() => T} work
   * @returns {T}
   */
  attribute(visitor, named, work) {
    const record = this.#recordOf(visitor);
    let action = record.actions.find(({ id }) => id === named.id);
    if (action === undefined) {
      action = { ...named, at: Date.now(), requests: 0, touchesSpared: 0, calls: [] };
      record.actions.unshift(action);
      record.actions.splice(KEPT_ACTIONS);
    }
    action.requests += 1;
    record.totals.requests += 1;
    return this.#current.run({ action, totals: record.totals }, work);
  }

  /** For the store's option `onEvent`: counts the touches that cost nothing. */
  onEvent = (/** @type {{ type: string }} */ event) => {
    const current = this.#current.getStore();
    if (current !== undefined && event.type === "throttle") current.action.touchesSpared += 1;
  };

  /**
   * A visitor's actions, the newest first, and the totals of all of them, forgotten ones included.
   *
   * @param {string | undefined} visitor undefined for one who has no name
   * @returns {{ actions: Action[], totals: Totals }}
   */
  of(visitor) {
    return this.#visitors.get(visitor) ?? { actions: [], totals: newTotals() };
  }

  async #send(next, context, args) {
    const current = this.#current.getStore();
    const command = (context.commandName ?? "").replace(/Command$/, "");
    const kind = READS.includes(command) ? "read" : "write";
    const begun = performance.now();
    try {
      const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } });
      put(current, { command, kind, outcome: "done", units: reportedUnits(answer.output), begun });
      return answer;
    } catch (error) {
      const isRefused = error?.name === "ConditionalCheckFailedException";
      // A refused write reports no capacity, and costs what it would have cost.
      const units = isRefused ? writeUnits(error.Item) : 0;
      put(current, { command, kind, outcome: isRefused ? "refused" : "failed", units, begun });
      throw error;
    }
  }

  #recordOf(visitor) {
    const record = this.#visitors.get(visitor) ?? { actions: [], totals: newTotals() };
    // The last one seen stands last, so that the first is the one to forget.
    this.#visitors.delete(visitor);
    this.#visitors.set(visitor, record);
    if (this.#visitors.size > KEPT_VISITORS) this.#visitors.delete(this.#visitors.keys().next().value);
    return record;
  }
}

/**
 * @param {{ action: Action, totals: Totals } | undefined} current undefined for a call that no action caused
 * @param {Omit<Call, "durationMs"> & { begun: number }} seen
 */
function put(current, { begun, ...call }) {
  if (current === undefined) return;
  current.action.calls.push({ ...call, durationMs: Math.round((performance.now() - begun) * 10) / 10 });
  current.totals[call.kind === "read" ? "reads" : "writes"] += 1;
  current.totals[call.kind === "read" ? "readUnits" : "writeUnits"] += call.units;
}

/** A batch reports its capacity as a list, one entry for each table. */
function reportedUnits(output) {
  const reported = [output?.ConsumedCapacity ?? []].flat();
  return reported.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

/** @returns {Totals} */
function newTotals() {
  return { requests: 0, reads: 0, writes: 0, readUnits: 0, writeUnits: 0 };
}
