// Waiting where time is simulated.

// Pauses between attempts are shorter, deadlines longer.
const LONGEST_PAUSE_MS = 1_000;

/** The option `sleep`: what waits for a moment before it tries again waits no time, and a deadline is never over. */
export function waitsInNoTime(ms, signal) {
  if (ms < LONGEST_PAUSE_MS || signal === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}
