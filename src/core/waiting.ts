// Waiting, and deadlines: by the option `sleep`, which tests hold in their hands.

/**
 * Waits for `ms` milliseconds, or until `signal` is aborted, then resolves: the option `sleep`, where none is
 * given.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}

/**
 * Runs `work` in `ms`, unless that is called off before, by what is returned, or `until` is over. Each
 * operation has a deadline and hardly one is met: a timer alone costs less than one with a signal.
 */
export function deadline(
  wait: typeof sleep,
  ms: number,
  until: { readonly signal: AbortSignal },
  work: () => void,
): () => void {
  if (wait === sleep) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  }
  const end = () => {
    if (!until.signal.aborted) work();
  };
  wait(ms, until.signal).then(end, end);
  return () => {};
}
