// Engines for tests, over a table of their own at the emulator, with a clock that tests move by hand.
import { randomBytes } from "node:crypto";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { onTestFinished } from "vitest";
import type { SessionEvent } from "../../src/core/events.js";
import { createSessionEngine, type SessionEngine } from "../../src/core/index.js";
import type { SessionStoreOptions, TableOptions } from "../../src/core/options.js";
import {
  type CallRecord,
  createTable,
  type KeyNames,
  type Row,
  readRow,
  recordCalls,
  testClient,
} from "./tables.js";

/** Time that passes when a test says so. */
export class Clock {
  constructor(public time = 1_800_000_000_000) {}

  readonly now = (): number => this.time;

  pass(ms: number): void {
    this.time += ms;
  }
}

/** A session id that no other test uses, as long as express-session's. */
export function newId(): string {
  // A command line takes what begins with a dash for a flag.
  return randomBytes(24).toString("base64url").replace(/^-/, "_");
}

/** A table for the tests of one file, and the engines over it. */
export interface Bench {
  readonly table: string;
  readonly client: DynamoDBClient;
  row(id: string, hashPrefix?: string): Promise<Row | undefined>;
  engine(
    options?: Partial<Omit<SessionStoreOptions, "table">> & { table?: Partial<TableOptions> },
  ): TestEngine;
}

export interface TestEngine {
  readonly engine: SessionEngine;
  readonly clock: Clock;
  /** The commands that this engine sent. */
  readonly sent: CallRecord;
  readonly events: SessionEvent[];
  /** The actions sent since the last look, and forgotten with it. */
  actions(): string[];
}

export async function makeBench(keys: KeyNames = {}): Promise<Bench> {
  const client = testClient();
  const table = await createTable(client, keys);
  return {
    table,
    client,
    row: (id, hashPrefix = "session-store#") => readRow(client, table, hashPrefix + id, keys),
    engine({ table: tableOptions, ...options } = {}) {
      const clock = new Clock();
      const own = testClient();
      const sent = recordCalls(own);
      const events: SessionEvent[] = [];
      const engine = createSessionEngine({
        now: clock.now,
        client: own,
        onEvent: (event) => events.push(event),
        ...options,
        table: { name: table, ...keys, ...tableOptions },
      });
      onTestFinished(async () => {
        await engine.close();
        own.destroy();
      });
      const actions = () => sent.calls.splice(0).map((call) => call.action);
      return { engine, clock, sent, events, actions };
    },
  };
}
