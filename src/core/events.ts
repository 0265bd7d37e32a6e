// What a listener is told. Small plain objects: no session data, and of a session's id no more than its
// beginning.

import type { Operation } from "./operation.js";
import type { ResolvedOptions } from "./options.js";

/** The operations that a caller asks for. */
export type OperationName =
  | "load"
  | "save"
  | "touch"
  | "destroy"
  | "update"
  | "all"
  | "sessionsOf"
  | "destroyAllOf";

/**
 * What every event says.
 * @inline
 */
interface Common {
  /** The beginning of the session's id, to tell lines of a log apart; `…` for a short one. */
  readonly session: string;
}

/**
 * What is said of an operation that was carried out.
 * @inline
 */
interface Done extends Common {
  /** Milliseconds from the call to the answer, waiting included. */
  readonly durationMs: number;
  /** Capacity units that DynamoDB reported. A refused write reports none, though it is billed. */
  readonly capacityUnits: number;
}

/** One thing that happened; told to the option `onEvent`. */
export type SessionEvent =
  /**
   * A session was asked for; `keys` is how many rows the request that read it asked for: one for loads of one
   * session.
   */
  | (Done & {
      readonly type: "load";
      /** Whether there was one. */
      readonly found: boolean;
      /** How many rows the request asked for that read it. */
      readonly keys: number;
    })
  /** Data was written, after `attempts` conditional writes. */
  | (Done & {
      readonly type: "save";
      /** Conditional writes that were sent. */
      readonly attempts: number;
    })
  /**
   * A save met changes that another request had written since this one loaded or last saved, and left them
   * in: told beside `save`. `paths` are names of fields, as `cart.items`: where both had changed the same
   * thing, and one change was left out; at most twenty.
   */
  | (Done & {
      readonly type: "merge";
      /** Names of fields, as `cart.items`: at most twenty. */
      readonly paths: readonly string[];
    })
  /** A session's expiry was moved. */
  | (Done & { readonly type: "touch" })
  /** A session was destroyed on request. */
  | (Done & { readonly type: "destroy" })
  /** An expired row was met; `removed` says whether it was taken out of the table. */
  | (Common & {
      readonly type: "expire";
      /** Whether it was taken out of the table. */
      readonly removed: boolean;
    })
  /** A touch was not due, or another had just made it, or the request was passive: nothing was written. */
  | (Done & { readonly type: "throttle" })
  /** A save, touch or update found its session destroyed or expired, and wrote nothing. */
  | (Common & {
      readonly type: "gone";
      /** Which one it was. */
      readonly operation: OperationName;
    })
  /**
   * An operation failed. Also told where the caller asked for no answer, or where the failure was not passed
   * on.
   */
  | (Common & {
      readonly type: "error";
      /** Which one it was. */
      readonly operation: OperationName;
      /** A `SessionStoreError`, or what a function of the caller's threw. */
      readonly error: unknown;
      /** Milliseconds from the call to the failure, waiting included. */
      readonly durationMs: number;
    });

/** The option `onEvent`. What it throws is ignored, and what it returns. */
export type SessionEventListener = (event: SessionEvent) => void;

type WithoutDone<Event> = Event extends Done ? Omit<Event, keyof Done> : never;

/** Tells the listener what came of an operation that was carried out. */
export function tellOf(
  { onEvent, now }: Pick<ResolvedOptions, "onEvent" | "now">,
  { session, startedAt, capacityUnits }: Operation,
  event: WithoutDone<SessionEvent>,
): void {
  if (onEvent === undefined) return;
  tell(onEvent, { ...event, session, durationMs: now() - startedAt, capacityUnits });
}

/** Tells the listener, if there is one; a listener that throws, or rejects, harms nothing. */
export function tell(listener: SessionEventListener | undefined, event: SessionEvent): void {
  try {
    const returned: unknown = listener?.(event);
    if (returned instanceof Promise) returned.catch(() => {});
  } catch {
    // The listener's own failure has nowhere to go: it must not become the request's.
  }
}
