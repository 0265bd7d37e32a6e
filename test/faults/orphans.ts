// Sessions whose ids nobody was given: of requests that failed, whose writes took effect even so.
import { valueAt } from "../processes/apps/act.js";
import { isOk, leavesOf } from "../processes/audit.js";
import type { Visit } from "../processes/drive.js";
import type { Data } from "../processes/protocol.js";

/**
 * The visits, those that failed with the ids of the sessions that they are seen to have made: by the values that they
 * alone set, or that the session held whose place the new one took. A session that no such request can have made stays
 * nobody's.
 */
export function withOrphans(visits: readonly Visit[], rows: ReadonlyMap<string, Data>): Visit[] {
  const known = new Set(visits.flatMap(({ sent, given }) => [sent, given]));
  const makers = new Map<Visit, string>();
  const mayHaveMade = visits.filter((visit) => visit.given === undefined && !isOk(visit));
  const places = new Places(visits);
  for (const [id, data] of rows) {
    if (known.has(id)) continue;
    const may = mayHaveMade.filter((visit) => !makers.has(visit));
    // A session that took another's place also has what failed there, and took effect.
    const signIns = may.filter(({ ask }) => ask.do === "sign in");
    const maker =
      signIns.find((visit) => isMadeBy(data, visit)) ??
      signIns.find((visit) => places.isTaken(data, visit)) ??
      may.find((visit) => isMadeBy(data, visit));
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
    case "append":
      return valuesIn(data).has(ask.value);
    case "count":
      // Hono's update makes a session where there is none.
      return door === "hono" && valueAt(data, ask.path) === 1;
    default:
      return false;
  }
}

/** Which sessions took the place of which, and held what they had held. */
class Places {
  readonly #before = new Map<string, string>();
  readonly #setIn = new Map<unknown, string>();

  constructor(visits: readonly Visit[]) {
    for (const { n, ask, sent, given } of visits) {
      const id = given ?? sent;
      // What a request sets is its own number.
      if (id !== undefined) this.#setIn.set(n, id);
      if (ask.do === "sign in" && sent !== undefined && given !== undefined && given !== sent)
        this.#before.set(given, sent);
    }
  }

  /** Whether the data is of the session that this request was to give another id. */
  isTaken(data: Data, { sent }: Visit): boolean {
    const values = valuesIn(data);
    // It says nothing of whose it was.
    if (values.size === 0) return true;
    const held = new Set([...values].map((value) => this.#setIn.get(value)));
    for (let id = sent; id !== undefined; id = this.#before.get(id)) if (held.has(id)) return true;
    return false;
  }
}

/** What requests set and appended. */
function valuesIn(data: Data): Set<unknown> {
  const paths = leavesOf(data).filter(([name]) => name !== "hits");
  return new Set(paths.flatMap((path) => valueAt(data, path)));
}
