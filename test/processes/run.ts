// One run: the plan of a seed, sent to four processes over a table of its own, and the audit of what came of it.
import { inject } from "vitest";
import { createTable, readRows, testClient } from "../support/tables.js";
import { type Audit, audit } from "./audit.js";
import { drive, readEverywhere, type Visit } from "./drive.js";
import { type Fleet, PROCESSES } from "./fleet.js";
import { makePlan, type Size } from "./plan.js";
import type { Bill, Concurrency, Data, Settings } from "./protocol.js";

export const SIZE: Size = { requests: 5_000, sessions: 50, processes: PROCESSES };

export interface Run {
  readonly concurrency: Concurrency;
  readonly audit: Audit;
  readonly bill: Bill;
  /** What reached the frameworks' error handling, or the listener. */
  readonly errors: readonly string[];
  readonly visits: readonly Visit[];
  readonly seconds: number;
}

export async function run(fleet: Fleet, concurrency: Concurrency, seed: number): Promise<Run> {
  const client = testClient();
  const settings: Settings = { endpoint: inject("endpoint"), table: await createTable(client), concurrency };
  const applications = await fleet.start(settings);
  const startedAt = performance.now();
  const visits = await drive(makePlan(seed, SIZE), applications.origins);
  const seconds = (performance.now() - startedAt) / 1000;
  const { bill, errors } = await applications.close();

  // By stores that remember nothing of the run. And whoever comes by an old cookie then brings nothing back.
  const later = await fleet.start(settings);
  const readings = await readEverywhere(idsOf(visits), later.origins);
  errors.push(...(await later.close()).errors);
  const rows = new Map(
    (await readRows(client, settings.table)).map((row): [string, Data] => [
      String(row.pk?.S).replace("session-store#", ""),
      JSON.parse(String(row.sess?.S)),
    ]),
  );
  client.destroy();
  const last = Math.max(...visits.map(({ endedAt }) => endedAt));
  const afterwards = readings.map((visit) => ({
    ...visit,
    startedAt: last + visit.startedAt,
    endedAt: last + visit.endedAt,
  }));
  return { concurrency, audit: audit([...visits, ...afterwards], rows), bill, errors, visits, seconds };
}

function idsOf(visits: readonly Visit[]): Set<string> {
  return new Set(visits.flatMap(({ sent, given }) => [sent, given]).filter((id) => id !== undefined));
}
