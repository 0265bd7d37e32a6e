// Sessions whose ids nobody was given: of requests that failed, whose writes took effect even so.

import { valueAt } from "../processes/apps/act.js";
import { isOk } from "../processes/audit.js";
import type { Visit } from "../processes/drive.js";
import type { Data } from "../processes/protocol.js";

/**
 * The visits, those that failed with the ids of the sessions that they are seen to have made: by the values that they
 * alone set. A session that no such request can have made stays nobody's.
 */
export function withOrphans(visits: readonly Visit[], rows: ReadonlyMap<string, Data>): Visit[] {
  const known = new Set(visits.flatMap(({ sent, given }) => [sent, given]));
  const makers = new Map<Visit, string>();
  const mayHaveMade = visits.filter((visit) => visit.given === undefined && !isOk(visit));
  for (const [id, data] of rows) {
    if (known.has(id)) continue;
    const maker = mayHaveMade.find((visit) => !makers.has(visit) && isMadeBy(data, visit));
    if (maker) makers.set(maker, id);
  }
  return visits.map((visit) => ({ ...visit, given: makers.get(visit) ?? visit.given }));
}

function isMadeBy(data: Data, { ask, door }: Visit): boolean {
  switch (ask.do) {
    case "set":
    case "sign in":
      return valueAt(data, ask.path) === ask.value;
    case "set twice":
      return ask.paths.some((path) => valueAt(data, path) === ask.value);
    case "append": {
      const list = valueAt(data, ask.path);
      return Array.isArray(list) && list.includes(ask.value);
    }
    case "count":
      // Hono's update makes a session where there is none.
      return door === "hono" && valueAt(data, ask.path) === 1;
    default:
      return false;
  }
}
