// How a save meets what another request wrote since its caller loaded: the option `concurrency`. Decides over data
// alone; when a save is tried again is the protocol's business.
import { describe, isObject } from "./checks.js";
import { encodeData, isSameData, parseData } from "./data.js";
import { SessionStoreError } from "./errors.js";
import { hiddenFields, type Merged, merge, type Path } from "./merge.js";
import type { Concurrency, SessionData } from "./options.js";
import type { SessionInHand } from "./session.js";

/** What a save writes. */
export interface Written {
  readonly text: string;
  /** Where it met changes of another request's: the places where one change was left out. */
  readonly overridden: readonly Path[] | undefined;
}

/**
 * What a save of `ours` writes over a row that holds `theirs`, both JSON text.
 *
 * @param doorFields the names of fields that are a door's own: merged by rule, never shown to a function.
 * @throws {SessionStoreError} `ERR_SESSION_CONFLICT`, `ERR_SESSION_UNSERIALIZABLE`.
 */
export function writtenOver(
  theirs: string,
  ours: string,
  { base, holds }: Pick<SessionInHand, "base" | "holds">,
  concurrency: Concurrency,
  doorFields: readonly string[],
): Written {
  // What the caller read is what is there: the usual case, which costs no parsing.
  if (base === theirs) return { text: ours, overridden: undefined };
  const row = parseData(theirs) ?? {};
  const hidden = hiddenFields(row, holds) ?? {};
  const seen = without(row, Object.keys(hidden));
  const held = base === undefined ? seen : (parseData(base) ?? {});
  const mine = parseData(ours) ?? {};
  if (concurrency === "last-write-wins" || isSameData(held, seen))
    return { text: encodeData({ ...hidden, ...mine }), overridden: undefined };
  const { data, overridden } =
    concurrency === "merge" ? merge(held, mine, seen) : settle(concurrency, [held, mine, seen], doorFields);
  return { text: encodeData({ ...hidden, ...data }), overridden };
}

/** Data without these fields. */
export function without(data: SessionData, names: readonly string[]): SessionData {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)));
}

/** These fields of data alone. */
export function only(data: SessionData, names: readonly string[]): SessionData {
  return Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name)));
}

/** What a function makes of the three, with the door's own fields merged beside it. */
function settle(
  concurrency: Exclude<Concurrency, string>,
  [base, ours, theirs]: readonly [SessionData, SessionData, SessionData],
  doorFields: readonly string[],
): Merged {
  const part = (side: SessionData) => without(side, doorFields);
  const own = (side: SessionData) => only(side, doorFields);
  const { data, overridden } = merge(own(base), own(ours), own(theirs));
  let given: unknown;
  try {
    given = concurrency(part(base), part(ours), part(theirs));
  } catch (cause) {
    throw conflict("threw; see the cause", cause);
  }
  if (given instanceof Promise) given.catch(() => {});
  else if (isObject(given)) return { data: { ...part(given), ...data }, overridden };
  throw conflict(`must return the session's data, and gave ${describe(given)}`);
}

function conflict(what: string, cause?: unknown): SessionStoreError {
  const text = `another request has changed the session meanwhile, and the function "concurrency" ${what}. Nothing was written`;
  return new SessionStoreError("ERR_SESSION_CONFLICT", text, { cause });
}
