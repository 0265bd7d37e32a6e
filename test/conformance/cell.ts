// One cell of the matrix: a driver, a format, a runtime and an emulator, with a table of its own, and the proxy that
// counts what reaches it.
import { createHash } from "node:crypto";
import { inject, onTestFinished } from "vitest";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import {
  countRows,
  createTable,
  type KeyNames,
  putRow,
  type Row,
  readRow,
  readRows,
  testClient,
} from "../support/tables.js";
import type { Driver } from "./driver.js";
import { type App, type Place, startApp } from "./place.js";
import type { AppSettings } from "./protocol.js";
import { Visitor } from "./visitor.js";

export type Format = AppSettings["format"];

/** What the promises are asserted of. */
export interface Subject {
  readonly driver: Driver;
  readonly format: Format;
  /** What the framework, or the runtime, does not let a store promise. */
  readonly cannot: Driver["cannot"];
  /** Made before the first test. */
  cell(): Cell;
}

export interface Cell {
  readonly proxy: FaultProxy;
  readonly table: string;
  /** Starts the driver's application, until the test ends. */
  start(settings?: Partial<AppSettings>): Promise<App>;
  /** A new visitor of an application. */
  visitor(app: App): Visitor;
  /** The id that a visitor's cookies say. */
  id(visitor: Visitor): string;
  row(visitor: Visitor): Promise<Row | undefined>;
  rowOf(id: string, table?: string, keys?: KeyNames, prefix?: string): Promise<Row | undefined>;
  put(row: Row): Promise<void>;
  tableWith(keys: KeyNames): Promise<string>;
  /** How many rows there are in a table. */
  count(table: string): Promise<number>;
  rows(table: string): Promise<Row[]>;
  /** The writes that reached the table since the last look. */
  writes(): string[];
  close(): Promise<void>;
}

export async function makeCell(driver: Driver, format: Format, place: Place): Promise<Cell> {
  const client = testClient();
  const table = await createTable(client);
  const proxy = await startFaultProxy(inject("endpoint"));
  const id = (visitor: Visitor) => {
    const found = driver.idIn(visitor.cookies);
    if (found === undefined) throw new Error("the visitor has no session's cookie");
    return found;
  };
  const rowOf: Cell["rowOf"] = (of, from = table, keys = {}, prefix = "session-store#") =>
    readRow(client, from, prefix + (format === "sealed" ? hashOf(of) : of), keys);
  return {
    proxy,
    table,
    async start(settings = {}) {
      const app = await startApp(place, driver, {
        endpoint: proxy.endpoint,
        table: { name: table },
        format,
        ...settings,
      });
      onTestFinished(() => app.close());
      return app;
    },
    visitor: (app) => new Visitor(app.origin),
    id,
    row: (visitor) => rowOf(id(visitor)),
    rowOf,
    put: (row) => putRow(client, table, row),
    tableWith: (keys) => createTable(client, keys),
    count: (of) => countRows(client, of),
    rows: (of) => readRows(client, of),
    writes: () => proxy.requests.splice(0).filter((action) => !/^(Get|BatchGet|Describe)/.test(action)),
    async close() {
      await proxy.close();
      client.destroy();
    },
  };
}

/** What `hashIds` stores in the place of an id. */
function hashOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
