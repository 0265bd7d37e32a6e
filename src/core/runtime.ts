// What the runtime allows, decided by what it is, in this one place.

/**
 * Whether requests may share what is pending. On workerd I/O belongs to the request that started it: it
 * cancels whoever waits for another request's, and takes the later ones with it.
 */
export const requestsShare = !(
  typeof navigator !== "undefined" && navigator.userAgent === "Cloudflare-Workers"
);

/**
 * Runs `work` when all that waits in this turn of the event loop has run: other requests' handlers among it,
 * which no microtask waits for. Not by `setTimeout`, which takes a millisecond.
 */
export const atEndOfTurn = endOfTurnIn(globalThis);

/** How a host tells of the end of a turn: by `setImmediate`, or by a message, as every runtime has them. */
export function endOfTurnIn(host: object): (work: () => void) => void {
  const setImmediate = "setImmediate" in host ? host.setImmediate : undefined;
  return typeof setImmediate === "function" ? (work) => void setImmediate(work) : byMessage;
}

function byMessage(work: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    // An open port keeps a process alive.
    port1.close();
    work();
  };
  port2.postMessage(undefined);
}
