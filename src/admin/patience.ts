// How long work on a whole table bears one that throttles or does not answer: it is in no hurry, and one
// session's trouble must not end the work on a million.
import { type Inventory, SessionStoreError } from "../core/doors.js";

const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

const TRANSIENT = ["ERR_SESSION_THROTTLED", "ERR_SESSION_TIMEOUT", "ERR_SESSION_UNAVAILABLE"];
/** What is wrong with one session, and not with the table. */
const ONE_SESSIONS = [
  "ERR_SESSION_CORRUPT",
  "ERR_SESSION_TOO_LARGE",
  "ERR_SESSION_UNSERIALIZABLE",
  "ERR_SESSION_ID",
  "ERR_SESSION_OPTIONS",
];

/** Whether a failure passes by itself, so that the same call can be made again and goes on. */
export function isTransient(error: unknown): error is SessionStoreError {
  return error instanceof SessionStoreError && TRANSIENT.includes(error.code);
}

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
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      // Where nothing has answered yet it may be an endpoint that nobody is at.
      const passes = isTransient(error) && (hasAnswered || error.code !== "ERR_SESSION_UNAVAILABLE");
      if (!passes || attempt === ATTEMPTS) throw error;
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
      // Two operators who were throttled together part.
      await sleep(longest * (0.5 + randomId(1).charCodeAt(0) / 256), signal);
    }
  }
}
