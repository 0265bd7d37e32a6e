// What the page on observability says of events is what the types have.
import { expect, it } from "vitest";
import type { SessionEvent } from "../../src/core/events.js";
import { codeIn, readPage, rowsOf, sectionOf } from "./pages.js";

type Type = SessionEvent["type"];

/** The fields that an event has besides those of every event. */
type FieldOf<T extends Type> = Exclude<keyof Extract<SessionEvent, { type: T }>, "type" | "session">;

// The compiler refuses one too few here, and one too many.
const FIELDS: { [T in Type]: Record<FieldOf<T>, true> } = {
  load: { found: true, keys: true, durationMs: true, capacityUnits: true },
  save: { attempts: true, durationMs: true, capacityUnits: true },
  merge: { paths: true, durationMs: true, capacityUnits: true },
  touch: { durationMs: true, capacityUnits: true },
  throttle: { durationMs: true, capacityUnits: true },
  destroy: { durationMs: true, capacityUnits: true },
  expire: { removed: true },
  gone: { operation: true },
  error: { operation: true, error: true, durationMs: true },
};

it("every event stands in its table, with all of its fields and no other", async () => {
  const rows = rowsOf(sectionOf(await readPage("docs/observability.md"), "The events"));
  const documented = rows.map(([event = "", fields = ""]) => [codeIn(event)[0], codeIn(fields)]);
  const actual = Object.entries(FIELDS).map(([event, fields]) => [event, Object.keys(fields)]);
  expect(documented).toEqual(actual);
});
