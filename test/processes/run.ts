// One run: what was planned, sent to four processes over a table of its own, and the audit of what came of it.
import { inject } from "vitest";
import { createTable, readRows, testClient } from "../support/tables.js";
import { type Audit, audit } from "./audit.js";
import { drive, readEverywhere, type Visit } from "./drive.js";
import { type Fleet, PROCESSES } from "./fleet.js";
import type { Planned, Size } from "./plan.js";
import type { Bill, Concurrency, Data, Settings } from "./protocol.js";

export const SIZE: Size = { requests: 5_000, sessions: 50, processes: PROCESSES };

// The mix hangs on it alone: a run that failed can be asked for again, though who comes first is not decided by it.
export const SEED = Number(process.env.SESSION_STORE_SEED ?? Math.floor(Math.random() * 2 ** 31));

// A run takes about half a minute on two cores. One that takes this long hangs.
export const ENDS_WITHIN_MS = 150_000;

export interface Run {
  readonly concurrency: Concurrency;
  readonly visits: readonly Visit[];
  /** The data of the sessions that are left, by id. */
  readonly rows: ReadonlyMap<string, Data>;
  readonly audit: Audit;
  /** Of the requests themselves, not of the reading afterwards. */
  readonly bill: Bill;
  /** What reached the frameworks' error handling, or the listener. */
  readonly errors: readonly string[];
  readonly seconds: number;
}

export async function run(
  fleet: Fleet,
  concurrency: Concurrency,
  plan: readonly Planned[],
  inFlight = 48,
): Promise<Run> {
  const client = testClient();
  const settings: Settings = { endpoint: inject("endpoint"), table: await createTable(client), concurrency };
  const applications = await fleet.start(settings);
  const startedAt = performance.now();
  const visits = await drive(plan, applications.origins, inFlight);
  const seconds = (performance.now() - startedAt) / 1000;
  const { bill, errors } = await applications.close();

  // By stores that remember nothing of the run. And whoever comes by an old cookie then brings nothing back.
  const later = await fleet.start(settings);
  const readings = await readEverywhere(idsOf(visits), later.origins, inFlight);
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
  return { concurrency, visits, rows, audit: audit([...visits, ...afterwards], rows), bill, errors, seconds };
}

// As many as somebody will read.
const SHOWN = 20;

/** What a run did that no promise allows, in words. */
export function problemsOf({ audit, errors }: Run): string[] {
  const found = [...audit.inTable, ...audit.byRequests].map(({ what, says }) => `${what}: ${says}`);
  const problems = [...errors, ...found];
  return problems.length > SHOWN ? [`${problems.length} problems`, ...problems.slice(0, SHOWN)] : problems;
}

function idsOf(visits: readonly Visit[]): Set<string> {
  return new Set(visits.flatMap(({ sent, given }) => [sent, given]).filter((id) => id !== undefined));
}
