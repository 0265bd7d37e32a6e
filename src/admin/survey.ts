// What sessions there are and what they cost, by one pass over the table: what the command `stats` draws.
import type { FoundSession, SessionStoreOptions } from "../core/doors.js";
import { type Histogram, Tally } from "./histogram.js";
import { type OwnerSurvey, OwnerTally } from "./owners.js";
import { DAYS_A_MONTH, PRICES, STORED_BYTES_PER_ROW } from "./prices.js";
import { checkWork, Work, type WorkOptions } from "./work.js";

/** What a store's sessions are like. */
export interface SessionSurvey {
  /** Sessions that are not over. */
  readonly live: number;
  /** Over, and not removed yet. */
  readonly expired: number;
  /** Rows of sessions of which the times cannot be read. */
  readonly unreadable: number;
  /** Rows read, whosever they are. */
  readonly scanned: number;
  /** Capacity units that the survey cost. */
  readonly units: number;
  /** Milliseconds since live sessions began. Unknown of those that another package wrote. */
  readonly ages: Histogram;
  /** Milliseconds since a request last moved the end of live sessions. */
  readonly idle: Histogram;
  /** Bytes of the rows of live sessions, as DynamoDB counts them. */
  readonly sizes: Histogram;
  /** Milliseconds that live sessions have left. */
  readonly timeToExpiry: Histogram;
  /** Bytes of all rows of sessions, live and expired. */
  readonly bytes: number;
  /** Whose they are. */
  readonly owners: OwnerSurvey;
  /** How often requests move their ends. */
  readonly touches: TouchRate;
  /** What they cost a month. */
  readonly cost: MonthlyCost;
}

/**
 * How often sessions are written, estimated from the rows that were written within the last `touchInterval`: in
 * that time a session's end is moved once at most. A write of data that leaves the end as it is does not show.
 */
export interface TouchRate {
  /** Touches a second, of all live sessions together. */
  readonly perSecond: number;
  /** A write costs a unit for each begun KB of the row. */
  readonly writeUnitsPerSecond: number;
}

/** What the sessions cost in a month of 30 days at the present rate, in US dollars by {@link PRICES}. */
export interface MonthlyCost {
  /** US dollars for the touches. */
  readonly writesPerMonth: number;
  /** US dollars for the rows, expired ones among them. */
  readonly storagePerMonth: number;
  /** Of both. */
  readonly perMonth: number;
  /** What a million loads cost, of sessions as large as the live ones; how many there are cannot be seen in a table. */
  readonly perMillionLoads: number;
  /** What is in none of these, in words. */
  readonly leftOut: readonly string[];
}

const LEFT_OUT = [
  "reads, which leave no trace in the table: what a million loads cost is said apart",
  "writes that come more often than touchInterval to one session, logouts, and the rows that list owners' sessions",
  "indexes, streams, backups, replicas, data transfer and taxes; no free tier is taken off",
];

const [KB, SECOND] = [1024, 1000];
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3600 * SECOND, 86_400 * SECOND];
const TIMES = [MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY];
// By the steps in which reads and writes are billed.
const SIZES = [KB / 2, KB, 2 * KB, 4 * KB, 8 * KB, 16 * KB, 64 * KB];

/**
 * Counts a store's sessions, those in previous places among them, and says how old, large and idle they are,
 * whose, and what they cost. Reads, and is billed for, the whole table; the sessions' data is read and not
 * decoded, so that no codec's keys are needed. The memory that it takes does not grow with the table. Of a call
 * that goes on from a cursor, the rest from there on.
 *
 * @param store the options that the application gives to its store; `touchInterval` and `consistentRead` say
 * what touches and loads cost.
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`; as every read of the store. Or the reason of `signal`.
 * @example
 * const { live, cost } = await surveySessions({ table: { name: "sessions" } });
 */
export async function surveySessions(
  store: SessionStoreOptions,
  options: WorkOptions = {},
): Promise<SessionSurvey> {
  checkWork(options);
  return Work.run(store, options, async (work) => {
    const { now, touchInterval, consistentRead } = work.inventory.options;
    const [ages, idle, timeToExpiry] = [new Tally(TIMES), new Tally(TIMES), new Tally(TIMES)];
    const sizes = new Tally(SIZES);
    const owners = new OwnerTally();
    let [live, expired, unreadable, bytes] = [0, 0, 0, 0];
    let [touchesPerSecond, writeUnitsPerSecond, readUnitsOfLive] = [0, 0, 0];
    for await (const page of work.pages({ attributes: "sizes" })) {
      const time = now();
      unreadable += page.unreadable.length;
      work.count(page.sessions.length);
      for (const session of page.sessions) {
        bytes += session.bytes;
        if (session.isExpired) {
          expired += 1;
          continue;
        }
        live += 1;
        ages.add(since(session.created, time));
        idle.add(since(session.updated, time));
        sizes.add(session.bytes);
        timeToExpiry.add(session.endsAt === undefined ? undefined : session.endsAt - time);
        owners.add(session.owner);
        const rate = touchRateOf(session, time, touchInterval);
        touchesPerSecond += rate;
        writeUnitsPerSecond += rate * Math.ceil(session.bytes / KB);
        readUnitsOfLive += Math.ceil(session.bytes / (4 * KB)) * (consistentRead ? 1 : 0.5);
      }
    }
    const rows = live + expired;
    return {
      ...{ live, expired, unreadable, scanned: work.scanned, units: work.units },
      ...{ ages: ages.histogram(), idle: idle.histogram(), sizes: sizes.histogram() },
      ...{ timeToExpiry: timeToExpiry.histogram(), bytes, owners: owners.survey() },
      touches: { perSecond: touchesPerSecond, writeUnitsPerSecond },
      cost: costOf({
        writeUnitsPerSecond,
        storedBytes: bytes + rows * STORED_BYTES_PER_ROW,
        readUnitsPerLoad: live === 0 ? 0 : readUnitsOfLive / live,
      }),
    };
  });
}

function since(moment: number | undefined, time: number): number | undefined {
  return moment === undefined ? undefined : time - moment;
}

/**
 * How many touches a second a row stands for: of many that were touched once in their interval, as many are seen
 * within it.
 */
function touchRateOf({ updated, endsAt }: FoundSession, time: number, touchInterval: number): number {
  if (updated === undefined || endsAt === undefined) return 0;
  // As it is in force: at most half of a session's life. With 0 every request is a touch; one a second is seen.
  const interval = Math.max(SECOND, Math.min(touchInterval, (endsAt - updated) / 2));
  const isWithin = updated <= time && time - updated < interval;
  return isWithin ? SECOND / interval : 0;
}

interface Rates {
  readonly writeUnitsPerSecond: number;
  readonly storedBytes: number;
  readonly readUnitsPerLoad: number;
}

function costOf({ writeUnitsPerSecond, storedBytes, readUnitsPerLoad }: Rates): MonthlyCost {
  const writeUnits = (writeUnitsPerSecond * DAYS_A_MONTH * DAY) / SECOND;
  const writesPerMonth = (writeUnits / 1e6) * PRICES.perMillionWriteUnits;
  const storagePerMonth = (storedBytes / 1e9) * PRICES.perGigabyteMonth;
  return {
    writesPerMonth,
    storagePerMonth,
    perMonth: writesPerMonth + storagePerMonth,
    perMillionLoads: readUnitsPerLoad * PRICES.perMillionReadUnits,
    leftOut: LEFT_OUT,
  };
}
