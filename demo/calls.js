// The record of the DynamoDB calls that each action on the page costs. Calls are seen in the SDK's own middleware and
// find their action by the asynchronous context that they were made in; what 0.0.19 would have spent is reckoned from
// what the store tells.
import { AsyncLocalStorage } from "node:async_hooks";
import { RequestBefore, rowBefore } from "./before.js";
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
 * @property {number} merged saves that met changes of other requests, and left them in
 * @property {number} gone saves that found the session ended, and wrote nothing
 * @property {number} unitsBefore capacity units that 0.0.19 would have spent
 * @property {Call[]} calls
 */

/**
 * @typedef {object} Totals
 * @property {number} requests
 * @property {number} reads
 * @property {number} writes
 * @property {number} readUnits
 * @property {number} writeUnits
 * @property {import("./before.js").Units} before what 0.0.19 would have spent
 */

/**
 * What is known of a visitor.
 *
 * @typedef {object} VisitorRecord
 * @property {Action[]} actions the newest first
 * @property {Totals} totals
 * @property {import("./before.js").RowBefore} [row] the session's, as last seen, as 0.0.19 would have written it
 */

/** @typedef {{ action: Action, record: VisitorRecord, before: RequestBefore }} Request */

const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];
const KEPT_ACTIONS = 40;
const KEPT_VISITORS = 100;

export class CallRecord {
  /** @type {AsyncLocalStorage<Request>} */
  #current = new AsyncLocalStorage();
  /** @type {Map<string, VisitorRecord>} */
  #visitors = new Map();
  #touchInterval;

  /** @param {number} touchInterval of the stores, in milliseconds */
  constructor(touchInterval) {
    this.#touchInterval = touchInterval;
  }

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
      const nothing = { requests: 0, touchesSpared: 0, merged: 0, gone: 0, unitsBefore: 0, calls: [] };
      action = { ...named, at: Date.now(), ...nothing };
      record.actions.unshift(action);
      record.actions.splice(KEPT_ACTIONS);
    }
    action.requests += 1;
    record.totals.requests += 1;
    const before = new RequestBefore(this.#touchInterval);
    return this.#current.run({ action, record, before }, work);
  }

  /** For the stores' option `onEvent`. */
  onEvent = (/** @type {import("@cyclic.sh/session-store/core").SessionEvent} */ event) => {
    const current = this.#current.getStore();
    if (current === undefined) return;
    const { action, record } = current;
    if (event.type === "throttle") action.touchesSpared += 1;
    if (event.type === "merge") action.merged += 1;
    if (event.type === "gone" && event.operation === "save") action.gone += 1;
    const units = current.before.unitsFor(event, record.row);
    action.unitsBefore += units.readUnits + units.writeUnits;
    record.totals.before.readUnits += units.readUnits;
    record.totals.before.writeUnits += units.writeUnits;
  };

  /**
   * A visitor's actions, the newest first, and the totals of all of them, forgotten ones included.
   *
   * @param {string | undefined} visitor undefined for one who has no name
   * @returns {{ actions: Action[], totals: Totals }}
   */
  of(visitor) {
    const { actions, totals } = this.#visitors.get(visitor) ?? newRecord();
    return { actions, totals };
  }

  async #send(next, context, args) {
    const current = this.#current.getStore();
    const command = (context.commandName ?? "").replace(/Command$/, "");
    const kind = READS.includes(command) ? "read" : "write";
    const begun = performance.now();
    try {
      const answer = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } });
      put(current, { command, kind, outcome: "done", units: reportedUnits(answer.output), begun });
      if (current !== undefined) current.record.row = rowAfter(current.record.row, args.input, answer.output);
      return answer;
    } catch (error) {
      const isRefused = error?.name === "ConditionalCheckFailedException";
      // A refused write reports no capacity, and costs what it would have cost.
      const units = isRefused ? writeUnits(error.Item) : 0;
      put(current, { command, kind, outcome: isRefused ? "refused" : "failed", units, begun });
      if (current !== undefined && error?.Item) current.record.row = rowOf(error.Item);
      throw error;
    }
  }

  #recordOf(visitor) {
    const record = this.#visitors.get(visitor) ?? newRecord();
    // The last one seen stands last, so that the first is the one to forget.
    this.#visitors.delete(visitor);
    this.#visitors.set(visitor, record);
    if (this.#visitors.size > KEPT_VISITORS) this.#visitors.delete(this.#visitors.keys().next().value);
    return record;
  }
}

/**
 * @param {Request | undefined} current undefined for a call that no action caused
 * @param {Omit<Call, "durationMs"> & { begun: number }} seen
 */
function put(current, { begun, ...call }) {
  if (current === undefined) return;
  const { action, record } = current;
  action.calls.push({ ...call, durationMs: Math.round((performance.now() - begun) * 10) / 10 });
  record.totals[call.kind === "read" ? "reads" : "writes"] += 1;
  record.totals[call.kind === "read" ? "readUnits" : "writeUnits"] += call.units;
}

/** The session's row as this command read it or left it; as it was, where the command says nothing of it. */
function rowAfter(before, input, output) {
  const read = [output?.Item ?? Object.values(output?.Responses ?? {})].flat(2);
  // Of several rows that were read together, it is not known which is this visitor's.
  if (read.length === 1) return rowOf(read[0]);
  const written = input.Item?.sess ?? input.ExpressionAttributeValues?.[":sess"];
  if (written?.S !== undefined) return rowBefore(written.S, Date.now());
  const isTouch = input.UpdateExpression !== undefined && before !== undefined;
  return isTouch ? { ...before, updated: Date.now() } : before;
}

/** @param {import("./capacity.js").Item} item */
function rowOf({ sess, updated }) {
  return sess?.S === undefined ? undefined : rowBefore(sess.S, Number(updated?.N));
}

/** A batch reports its capacity as a list, one entry for each table. */
function reportedUnits(output) {
  const reported = [output?.ConsumedCapacity ?? []].flat();
  return reported.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

/** @returns {VisitorRecord} */
function newRecord() {
  const before = { readUnits: 0, writeUnits: 0 };
  return {
    actions: [],
    totals: { requests: 0, reads: 0, writes: 0, readUnits: 0, writeUnits: 0, before },
  };
}
