// A table that sessions share with other data, and the command line over it.
import { inject } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow, type Row, readRows } from "../support/tables.js";

const key = (hash: string, range = hash): Row => ({ pk: { S: hash }, sk: { S: range } });
const SOON = { N: "4000000000" };

/** Rows that are no session of this store, as near to one as they come. */
const OTHERS: readonly Row[] = [
  { ...key("order#1"), sess: { S: '{"secret":"of an order"}' }, expires: SOON },
  { ...key("order#2", "line#1"), total: { N: "5" } },
  { ...key("session-store#of-nobody"), expires: SOON },
  { ...key("session-store#profile", "another"), sess: { S: '{"secret":"of a profile"}' }, expires: SOON },
  { ...key("session-store"), sess: { S: "{}" }, expires: SOON },
  { ...key("session-store#hashed"), sess: { S: "{}" }, idHash: { S: "sha256" }, expires: SOON },
];

/** Ids by which somebody might take some of them for sessions. */
export const IDS_OF_OTHERS = ["of-nobody", "profile", "hashed"];

export interface SharedTable {
  readonly bench: Bench;
  /** Says to the command line which table is meant. */
  readonly flags: readonly string[];
  /** Saves a session, and gives its id. */
  save(data: object, options?: Partial<SaveOptions>): Promise<string>;
  /** How many rows there are besides those of others, and how many of these are missing or changed. */
  left(): Promise<{ rows: number; others: number }>;
}

interface SaveOptions extends Omit<SessionStoreOptions, "table"> {
  readonly id: string;
  /** Milliseconds; one below zero makes a session that is over. */
  readonly maxAge: number;
  readonly prefix: string;
}

const DAY = 86_400_000;

/** A table with the rows of others, and a row of a session that cannot be read where that is asked for. */
export async function makeSharedTable({ hasUnreadable = false } = {}): Promise<SharedTable> {
  const bench = await makeBench();
  const others = [...OTHERS];
  const bad = key("session-store#cannot-be-read-by-anyone");
  if (hasUnreadable) others.push({ ...bad, sess: { S: "{}" }, expires: { S: "tomorrow" } });
  for (const row of others) await putRow(bench.client, bench.table, row);
  return {
    bench,
    flags: ["--table", bench.table, "--endpoint", inject("endpoint")],
    async save(data, { id = newId(), maxAge = DAY, prefix = "session-store#", ...options } = {}) {
      const now = maxAge < 0 ? Date.now() - 2 * DAY : Date.now();
      const table = { name: bench.table, hashPrefix: prefix };
      const { client } = bench;
      const engine = createSessionEngine({ now: () => now, client, ...options, table });
      await engine.save(engine.create(id), data, { maxAge: maxAge < 0 ? 2 * DAY + maxAge : maxAge });
      await engine.close();
      return id;
    },
    async left() {
      const texts = (await readRows(bench.client, bench.table)).map(textOf);
      const isOthers = new Set(others.map(textOf));
      const theirs = texts.filter((text) => isOthers.has(text)).length;
      return { rows: texts.length - theirs, others: others.length - theirs };
    },
  };
}

function textOf(row: Row): string {
  return JSON.stringify(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)));
}
