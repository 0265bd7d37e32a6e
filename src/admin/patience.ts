// How long work on a whole table bears one that throttles or does not answer: it is in no hurry, and one
// session's trouble must not end the work on a million.
import { type Inventory, SessionStoreError } from "../core/doors.js";

const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** What passes by itself. */
const PASSING = ["ERR_SESSION_THROTTLED", "ERR_SESSION_TIMEOUT"];
/** What passes where the table has answered before; else it may be an endpoint that nobody is at. */
const PASSING_LATER = [...PASSING, "ERR_SESSION_UNAVAILABLE"];
/** What is wrong with one session, and not with the table. */
const ONE_SESSIONS = [
  "ERR_SESSION_CORRUPT",
  "ERR_SESSION_TOO_LARGE",
  "ERR_SESSION_UNSERIALIZABLE",
  "ERR_SESSION_ID",
  "ERR_SESSION_OPTIONS",
];

/** Whether only the session that was worked on is to blame. */
export function isOneSessions(error: unknown): error is SessionStoreError {
  return error instanceof SessionStoreError && ONE_SESSIONS.includes(error.code);
}

/**
 * Does something again, with growing pauses, as long as it fails for what passes; some 20 seconds in all,
 * besides what each attempt takes.
 *
 * @param hasAnswered whether the table is known to be there.
 * @throws the last attempt's failure, or the signal's reason.
 */
export async function patiently<T>(
  inventory: Inventory,
  signal: AbortSignal,
  hasAnswered: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { sleep, randomId } = inventory.options;
  const passing = hasAnswered ? PASSING_LATER : PASSING;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof SessionStoreError && passing.includes(error.code);
      if (!passes || attempt === ATTEMPTS) throw error;
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      // Two operators who were throttled together part.
      await sleep(longest * (0.5 + randomId(1).charCodeAt(0) / 256), signal);
    }
  }
}
