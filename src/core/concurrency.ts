// How a save meets what another request wrote since its caller loaded: the option `concurrency`. Decides over
// data alone; when a save is tried again is the protocol's business.
import { describe, isObject } from "./checks.js";
import { apart, encodeData, isSameData, parseData } from "./data.js";
import { SessionStoreError } from "./errors.js";
import { type Merged, merge, type Path } from "./merge.js";
import type { Concurrency, SessionData } from "./options.js";
import type { SessionInHand } from "./session.js";

/** Whether a field is a framework's own, in data that is else the application's. */
export type IsReserved = (name: string, value: unknown) => boolean;

/** What a save writes. */
export interface Written {
  readonly text: string;
  /** Where it met changes of another request's: the places where one change was left out. */
  readonly overridden: readonly Path[] | undefined;
}

/** What a save finds where it is to write. */
export interface Theirs {
  readonly text: string;
  /** Parses that, and throws where it is no data. */
  read(): SessionData;
}

/**
 * What a save of `ours`, JSON text, writes over what a row holds.
 *
 * @param isReserved of which fields a function is not asked, nor is the last writer's word the last: they are
 * merged by rule.
 * @throws {SessionStoreError} `ERR_SESSION_CONFLICT`, `ERR_SESSION_UNSERIALIZABLE`, `ERR_SESSION_CORRUPT`.
 */
export function writtenOver(
  theirs: Theirs,
  ours: string,
  { base, holds }: Pick<SessionInHand, "base" | "holds">,
  concurrency: Concurrency,
  isReserved: IsReserved,
): Written {
  // What the caller read is what is there: the usual case, which costs no parsing.
  if (base === theirs.text) return { text: ours, overridden: undefined };
  const row = theirs.read();
  const [seen, hidden] = holds ? apart(row, holds) : [row, {}];
  const held = base === undefined ? seen : (parseData(base) ?? {});
  const mine = parseData(ours) ?? {};
  if (isSameData(held, seen)) return { text: encodeData({ ...hidden, ...mine }), overridden: undefined };
  if (concurrency === "last-write-wins") {
    const reserved = (data: SessionData) => apart(data, isReserved)[0];
    const kept = merge(reserved(held), reserved(mine), reserved(seen)).data;
    return { text: encodeData({ ...hidden, ...apart(mine, isReserved)[1], ...kept }), overridden: undefined };
  }
  const { data, overridden } =
    concurrency === "merge"
      ? merge(held, mine, seen)
      : byFunction(concurrency, [held, mine, seen], isReserved);
  return { text: encodeData({ ...hidden, ...data }), overridden };
}

/** What a function makes of the three, with the frameworks' fields merged beside it. */
function byFunction(
  concurrency: Exclude<Concurrency, string>,
  [base, ours, theirs]: readonly [SessionData, SessionData, SessionData],
  isReserved: IsReserved,
): Merged {
  const [ownBase, partBase] = apart(base, isReserved);
  const [ownOurs, partOurs] = apart(ours, isReserved);
  const [ownTheirs, partTheirs] = apart(theirs, isReserved);
  const { data, overridden } = merge(ownBase, ownOurs, ownTheirs);
  if (isSameData(partOurs, partBase)) return { data: { ...partTheirs, ...data }, overridden };
  if (isSameData(partTheirs, partBase)) return { data: { ...partOurs, ...data }, overridden };
  let given: unknown;
  try {
    given = concurrency(partBase, partOurs, partTheirs);
  } catch (cause) {
    throw conflict("threw; see the cause", cause);
  }
  if (given instanceof Promise) given.catch(() => {});
  else if (isObject(given)) return { data: { ...apart(given, isReserved)[1], ...data }, overridden };
  throw conflict(`must return the session's data, and gave ${describe(given)}`);
}

function conflict(what: string, cause?: unknown): SessionStoreError {
  const text = `another request has changed the session meanwhile, and the function "concurrency" ${what}. Nothing was written`;
  return new SessionStoreError("ERR_SESSION_CONFLICT", text, { cause });
}
