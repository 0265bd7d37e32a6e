// One run of the campaign: visitors of all doors while faults strike the way to the table, then, when all is calm, the audit
// of what was promised to them.
import { setTimeout as delay } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { inject } from "vitest";
import { SessionStoreError, type SessionStoreOptions } from "../../src/core/index.js";
import { type Doors, startDoors } from "../processes/apps/doors.js";
import { currentVisit } from "../processes/apps/visit.js";
import { audit, isOk } from "../processes/audit.js";
import { drive, type Origins, readEverywhere, type Visit } from "../processes/drive.js";
import { makePlan, type Planned } from "../processes/plan.js";
import { type Data, DOORS } from "../processes/protocol.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { createTable, type Row, readRows, testClient, testClientConfig } from "../support/tables.js";
import { unhandledDuring } from "../support/unhandled.js";
import { outlive } from "./expiry.js";
import { holdings, leakedSince, look } from "./holdings.js";
import type { FaultKind } from "./kinds.js";
import { LateCreations } from "./late-creations.js";
import { withOrphans } from "./orphans.js";
import { FaultPlan } from "./plan.js";
import { codeOf, type Operation, Watch } from "./watch.js";

const TIMEOUT_MS = 250;
/** What an operation may take beyond its timeout and the event loop's largest delay. */
const MARGIN_MS = 50;
const TTL_MS = 3_600_000;
// Short, so that touches are sent; and shared.
const TOUCH_INTERVAL_MS = 20;

const SESSIONS = 40;
// What ends is what may come back.
const WEIGHTS = { "sign in": 3, "sign out": 4, "set late": 3 };
// An emulator that many ask at once takes longer than an attempt may.
const IN_FLIGHT = 10;
// Nobody sends so many: a run ends when it has had its operations.
const MOST_VISITS = 10_000;
// After this a request, of several operations, hangs.
const ENDED_WITHIN_MS = 3_000;

/** What a run did, and what of it no promise allows. */
export interface Report {
  readonly name: string;
  readonly seed: number;
  /** How often each kind struck. */
  readonly faults: ReadonlyMap<string, number>;
  readonly visits: number;
  /** By name. */
  readonly operations: ReadonlyMap<string, number>;
  /** Refused operations, by code. */
  readonly errors: ReadonlyMap<string, number>;
  /** Touches that failed, which their sessions survive. */
  readonly survived: number;
  /** Sessions that were judged no further. */
  readonly lateCreations: number;
  /** Changes that were acknowledged, and those of them that the table had to have. */
  readonly acknowledged: number;
  readonly living: number;
  readonly slowestMs: number;
  readonly delayMs: number;
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** Has visitors come until so many operations have ended, while these faults strike. */
export async function campaign(
  name: string,
  kinds: readonly FaultKind[],
  seed: number,
  operations: number,
): Promise<Report> {
  const violations: string[] = [];
  const startedAt = performance.now();
  const held = holdings();
  const seenBy = look(TIMEOUT_MS);
  let report: Omit<Report, "violations" | "seconds"> | undefined;
  const { exceptions, rejections } = await unhandledDuring(async () => {
    const run = await Run.start(kinds, seed);
    try {
      await run.drive(operations);
      const { delayMs, warnings } = seenBy();
      violations.push(...warnings, ...run.settling(delayMs));
      const { acknowledged, living, found } = await run.audit();
      violations.push(...found);
      report = { name, seed, acknowledged, living, delayMs, ...run.figures() };
    } finally {
      violations.push(...(await run.end()));
    }
  });
  violations.push(...exceptions.map((error) => `uncaught: ${error}`));
  violations.push(...rejections.map((error) => `unhandled: ${error}`));
  violations.push(...(await leakedSince(held)).map((leak) => `leaked: ${leak}`));
  if (report === undefined) throw new Error("the run did not come to its report");
  return { ...report, seconds: (performance.now() - startedAt) / 1000, violations };
}

class Run {
  readonly #plan: FaultPlan;
  readonly #proxy: FaultProxy;
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #watch = new Watch();
  readonly #doors: Doors;
  /** What reached the frameworks' error handling, by the request. */
  readonly #errors: Map<number | undefined, unknown[]>;
  readonly #clock: { ahead: number };
  readonly #seed: number;
  readonly #inFlight: number;
  readonly #late = new LateCreations();
  #visits: Visit[] = [];
  #operations: readonly Operation[] = [];

  private constructor(kinds: readonly FaultKind[], seed: number, plan: FaultPlan, parts: Parts) {
    this.#seed = seed;
    this.#inFlight = Math.max(...kinds.map(({ inFlight = IN_FLIGHT }) => inFlight));
    this.#plan = plan;
    this.#proxy = parts.proxy;
    this.#client = parts.client;
    this.#table = parts.table;
    this.#doors = parts.doors;
    this.#errors = parts.errors;
    this.#clock = parts.clock;
    this.#proxy.decide = (action, body, attempt) => {
      this.#late.arrives(body, attempt.call);
      return plan.decide(action, body, attempt);
    };
    this.#proxy.carriedOut = (action, body) => this.#late.see(action, body);
  }

  static async start(kinds: readonly FaultKind[], seed: number): Promise<Run> {
    const plan = new FaultPlan(kinds, seed);
    const client = testClient();
    const table = await createTable(client);
    const proxy = await startFaultProxy(inject("endpoint"));
    const errors: Parts["errors"] = new Map();
    const clock = { ahead: 0 };
    const doors = await startDoors(optionsFor(proxy.endpoint, table, clock), (error) => {
      const visit = currentVisit();
      errors.set(visit, [...(errors.get(visit) ?? []), error]);
    });
    return new Run(kinds, seed, plan, { client, table, proxy, doors, errors, clock });
  }

  /** Visitors come while faults strike; then nothing strikes, and all that is on its way ends. */
  async drive(operations: number): Promise<void> {
    const watch = this.#watch;
    const planned = makePlan(this.#seed, {
      requests: MOST_VISITS,
      sessions: SESSIONS,
      processes: 1,
      weights: WEIGHTS,
    });
    function* untilEnough(): Iterable<Planned> {
      for (const next of planned) {
        if (watch.operations.length >= operations) return;
        yield next;
      }
    }
    this.#plan.begin();
    const visits = await drive(untilEnough(), [this.#doors.origins], this.#inFlight);
    await this.#calm();
    this.#visits = visits.map((visit) => this.#judged(visit));
    this.#operations = [...watch.operations];
  }

  /** What is to be said of the operations: that each was answered in time, once, by an error of this package. */
  settling(delayMs: number): string[] {
    const within = TIMEOUT_MS + delayMs + MARGIN_MS;
    const found = [...this.#watch.repeated];
    if (this.#watch.waiting > 0) found.push(`${this.#watch.waiting} operations or callbacks have no answer`);
    if (this.#proxy.waiting > 0) found.push(`${this.#proxy.waiting} requests still wait for the table`);
    for (const { name, durationMs, error } of this.#operations) {
      if (durationMs > within) found.push(`a ${name} took ${ms(durationMs)} of ${ms(within)}`);
      if (error !== undefined && !(error instanceof SessionStoreError))
        found.push(`a ${name} was refused with ${String(error)}`);
    }
    found.push(...this.#visits.flatMap((visit) => this.#unreported(visit)));
    return found;
  }

  /** What was promised to the visitors, held against the table. */
  async audit(): Promise<{ acknowledged: number; living: number; found: string[] }> {
    const all = await readRows(this.#client, this.#table);
    const rows = dataOf(all.filter(({ sess }) => sess));
    const stubs = all.filter(({ sess }) => !sess).map(idOf);
    const visits = withOrphans(this.#visits, rows.keys(), this.#operations);
    const readings = await this.#readAll(visits);
    const { inTable, byRequests, acknowledged, living } = audit([...visits, ...readings], rows);
    const found = [...inTable, ...byRequests]
      // Faults let requests fail. How they say so is judged elsewhere.
      .filter(({ what }) => what !== "failed")
      .filter(({ says }) => ![...this.#late.ids].some((id) => says.includes(id)))
      .map(({ what, says }) => `${what}: ${says}`);
    for (const reading of readings) {
      if (!isOk(reading))
        found.push(`when all was calm a reading by ${reading.door} was answered ${reading.status}`);
    }
    found.push(...stubs.map((id) => `revived: of ${id} there is a row without data`));
    found.push(...(await this.#outlive(rows)));
    return { acknowledged, living, found };
  }

  figures() {
    const refused = this.#operations.filter(({ error }) => error !== undefined);
    return {
      faults: new Map(this.#plan.injected),
      visits: this.#visits.length,
      operations: counted(this.#operations.map(({ name }) => name)),
      errors: counted(refused.map(({ error }) => codeOf(error))),
      lateCreations: this.#late.ids.size,
      survived: this.#watch.survived.length,
      slowestMs: Math.max(...this.#operations.map(({ durationMs }) => durationMs)),
    };
  }

  async end(): Promise<string[]> {
    this.#plan.end();
    this.#watch.end();
    // One that waits for its answer for ever would keep its store from closing.
    const closed = await within(ENDED_WITHIN_MS, this.#doors.close());
    await this.#proxy.close();
    this.#client.destroy();
    return closed ? [] : ["the stores did not close"];
  }

  async #calm(): Promise<void> {
    this.#plan.end();
    await this.#proxy.calm();
    await until(ENDED_WITHIN_MS, () => this.#watch.waiting === 0 && this.#proxy.waiting === 0);
    // express-session tells the error handler in a later turn than the response.
    await delay(1);
  }

  /**
   * A request of Express has failed when its error handler was told so, whatever it had answered. And an update that found
   * its session gone may have been made: where the answer to its write was lost, and a sign-in took the data to another
   * session before the write was sent again.
   */
  #judged(visit: Visit): Visit {
    return { ...visit, failed: this.#errors.has(visit.n) || visit.answer?.outcome === "gone" };
  }

  /** What failed for a request, and was not said. */
  #unreported(visit: Visit): string[] {
    const refused = this.#operations.filter((operation) => operation.visit === visit.n && operation.error);
    const told = this.#errors.get(visit.n) ?? [];
    const says = `request ${visit.n} (${visit.ask.do}, ${visit.door})`;
    const found = told
      .filter((error) => !refused.some((operation) => operation.error === error))
      .map((error) => `${says} failed with what no operation did: ${error}`);
    if (visit.status === 0) return [...found, `${says} was not answered`];
    if (refused.length === 0) return found;
    const isSaid = visit.door === "express" ? told.length > 0 : visit.status >= 500 && told.length > 0;
    if (isSaid) return found;
    const names = refused.map(({ name, error }) => `${name}: ${codeOf(error)}`).join(", ");
    return [...found, `unreported: ${says} was answered ${visit.status}, and had failed (${names})`];
  }

  /** Each session by one of the doors, whose stores remember nothing of the run and meet no faults. */
  async #readAll(visits: readonly Visit[]): Promise<Visit[]> {
    const ids = new Set(visits.flatMap(({ sent, given }) => [sent, given]).filter((id) => id !== undefined));
    const options = optionsFor(inject("endpoint"), this.#table, this.#clock);
    // No test is to depend on a fast machine.
    const doors = await startDoors({ ...options, timeout: 30_000 }, () => {});
    const readings = await readEverywhere(ids, [doors.origins], IN_FLIGHT, (i) =>
      DOORS.slice(i % DOORS.length).slice(0, 1),
    );
    await doors.close();
    const last = Math.max(...visits.map(({ endedAt }) => endedAt));
    return readings.map((visit) => ({
      ...visit,
      startedAt: last + visit.startedAt,
      endedAt: last + visit.endedAt,
    }));
  }

  async #outlive(rows: ReadonlyMap<string, Data>): Promise<string[]> {
    const origins: Origins = [this.#doors.origins];
    this.#plan.begin();
    const { found, expired } = await outlive(
      [...rows.keys()].filter((id) => !this.#late.ids.has(id)),
      origins,
      this.#seed,
      {
        ttl: TTL_MS,
        pass: (ms) => {
          this.#clock.ahead += ms;
        },
        judged: (visit) => this.#judged(visit),
      },
    );
    await this.#calm();
    for (const row of await readRows(this.#client, this.#table)) {
      const isOver = Number(row.until?.N) <= Date.now() + this.#clock.ahead;
      if (!isOver && expired.has(idOf(row))) found.push(`revived: ${idOf(row)} had expired`);
    }
    return found;
  }
}

interface Parts {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly proxy: FaultProxy;
  readonly doors: Doors;
  readonly errors: Map<number | undefined, unknown[]>;
  readonly clock: { ahead: number };
}

function optionsFor(endpoint: string, table: string, clock: { ahead: number }): SessionStoreOptions {
  return {
    table: { name: table },
    // A client of each store's own, with its limit for an attempt: a third of the timeout.
    clientConfig: testClientConfig({ endpoint }),
    timeout: TIMEOUT_MS,
    ttl: TTL_MS,
    touchInterval: TOUCH_INTERVAL_MS,
    now: () => Date.now() + clock.ahead,
  };
}

function dataOf(rows: readonly Row[]): Map<string, Data> {
  return new Map(rows.map((row): [string, Data] => [idOf(row), JSON.parse(String(row.sess?.S))]));
}

function idOf(row: Row): string {
  return String(row.pk?.S).replace("session-store#", "");
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function ms(duration: number): string {
  return `${duration.toFixed(0)} ms`;
}

async function until(limitMs: number, isReached: () => boolean): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isReached() && performance.now() < end) await delay(1);
}

/** Whether it settles in this time. */
async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let hasEnded = false;
  const ended = work.then(() => {
    hasEnded = true;
  });
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([ended, limit]);
  clearTimeout(timer);
  return hasEnded;
}
