// Sessions whose ids nobody was given: of requests that failed, whose writes took effect even so.
import { isOk } from "../processes/audit.js";
import type { Visit } from "../processes/drive.js";
import type { Operation } from "./watch.js";

/**
 * The visits, those that failed with the ids of the sessions that they made: which a save for them was of. A session that
 * no such request made stays nobody's.
 */
export function withOrphans(
  visits: readonly Visit[],
  ids: Iterable<string>,
  operations: readonly Pick<Operation, "name" | "session" | "visit">[],
): Visit[] {
  const known = new Set(visits.flatMap(({ sent, given }) => [sent, given]));
  const orphans = new Set([...ids].filter((id) => !known.has(id)));
  const made = new Map<number | undefined, string>();
  for (const { name, session, visit } of operations) {
    if (name === "save" && orphans.has(session)) made.set(visit, session);
  }
  return visits.map((visit) => {
    const mayHaveMade = visit.given === undefined && !isOk(visit);
    return mayHaveMade ? { ...visit, given: made.get(visit.n) } : visit;
  });
}
