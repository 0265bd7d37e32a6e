// Turns what a session store tells its option `onEvent` into OpenTelemetry metrics and spans. Names are those of
// OpenTelemetry's semantic conventions 1.44.0 for database clients, and `session_store.*` where these have none.
import type { OperationName, SessionEvent, SessionEventListener } from "@cyclic.sh/session-store/core";
import { type Attributes, type Meter, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";

export interface Telemetry {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** The name of the table, as the store's option `table.name` says it. */
  readonly table: string;
}

/** The events that tell how long an operation took. */
type Timed = Extract<SessionEvent, { durationMs: number }>;

/** Makes a listener for the store's option `onEvent`. */
export function sessionTelemetry({ meter, tracer, table }: Telemetry): SessionEventListener {
  const database = { "db.system.name": "aws.dynamodb", "db.collection.name": table };

  const duration = meter.createHistogram("db.client.operation.duration", {
    unit: "s",
    description: "Duration of database client operations.",
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
  });
  const count = (name: string, unit: string, description: string) => {
    const counter = meter.createCounter(`session_store.${name}`, { unit, description });
    return (attributes: Attributes = {}, value = 1) => counter.add(value, { ...database, ...attributes });
  };
  const loads = count("loads", "{load}", "Sessions that were asked for.");
  const capacity = count("consumed_capacity", "{capacity_unit}", "Capacity units that DynamoDB reported.");
  const refusals = count(
    "refused_writes",
    "{write}",
    "Writes of saves that met a newer row, and were made again.",
  );
  const merges = count("merges", "{merge}", "Saves that met another request's changes, and left them in.");
  const throttles = count("throttled_touches", "{touch}", "Touches that were not due.");
  const expiries = count("expired_rows", "{row}", "Rows of expired sessions that a load met.");
  const gone = count("gone", "{operation}", "Operations that found their session destroyed or expired.");

  /** An operation that has ended: its capacity, its duration, and a span that ends now, in whatever span is active. */
  function ended(operation: OperationName, event: Timed, own: Attributes = {}): void {
    const error = event.type === "error" ? failureOf(event.error) : undefined;
    const named = { ...database, "db.operation.name": operation };
    const outcome = error === undefined ? named : { ...named, "error.type": error.type };
    duration.record(event.durationMs / 1000, outcome);

    const endTime = Date.now();
    const span = tracer.startSpan(`${operation} ${table}`, {
      kind: SpanKind.CLIENT,
      startTime: endTime - event.durationMs,
      attributes: { ...outcome, "session_store.session": event.session, ...own },
    });
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, ...error.description });
    span.end(endTime);
  }

  function spent(operation: OperationName, units: number): Attributes {
    capacity({ "db.operation.name": operation }, units);
    return { "session_store.consumed_capacity": units };
  }

  return (event) => {
    switch (event.type) {
      case "load": {
        const { found, keys } = event;
        loads({ "session_store.found": found });
        const own = { "session_store.found": found, "session_store.keys": keys };
        return ended("load", event, { ...own, ...spent("load", event.capacityUnits) });
      }
      case "save":
        refusals({}, event.attempts - 1);
        return ended("save", event, {
          "session_store.attempts": event.attempts,
          ...spent("save", event.capacityUnits),
        });
      case "touch":
      case "destroy":
        return ended(event.type, event, spent(event.type, event.capacityUnits));
      case "error":
        return ended(event.operation, event);
      case "throttle":
        // Nothing was written, and mostly nothing sent: no operation of the database's. A read may have come before.
        throttles();
        spent("touch", event.capacityUnits);
        return;
      case "merge":
        // Its duration and capacity are in the `save` that comes with it. Names of fields can be a visitor's own words.
        return merges({ "session_store.conflict": event.paths.length > 0 });
      case "expire":
        return expiries({ "session_store.removed": event.removed });
      case "gone":
        return gone({ "db.operation.name": event.operation });
    }
  };
}

/** What is said of an error: a type of which there are few, and a description where it can hold nothing secret. */
function failureOf(error: unknown): { type: string; description?: { message: string } } {
  // By its name: a program may have the package's class twice, as a module of each format.
  if (error instanceof Error && error.name === "SessionStoreError" && "code" in error)
    return { type: String(error.code), description: { message: error.message } };
  // What a function of the application's threw may say anything.
  return { type: error instanceof Error ? error.name : "_OTHER" };
}
