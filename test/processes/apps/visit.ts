// Which visitor's request something is done for: known wherever it is done, as the framework keeps the async context.
import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { VISIT_HEADER } from "../protocol.js";

const visits = new AsyncLocalStorage<number>();

/** The number of the request that is being served. */
export function currentVisit(): number | undefined {
  return visits.getStore();
}

export function inVisit(
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => unknown,
): RequestListener {
  return (incoming, outgoing) =>
    visits.run(Number(incoming.headers[VISIT_HEADER]), () => void listener(incoming, outgoing));
}
