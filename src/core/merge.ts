// What a save writes, given what the caller held, what it has now, and what the row holds.
//
// Fields that the caller's object cannot hold (a framework's session drops some names) were never its own to remove:
// they stay as the row has them. All else is the caller's: until changes are merged (promise 4), a save that another
// request got before is written over it.
import { isSameData, parseData } from "./data.js";
import type { SessionData } from "./options.js";

/** Whether a caller's session object can hold a field of this name. */
export type Holds = (name: string) => boolean;

/** The fields of a row's data that the caller's object cannot hold, if there are any. */
export function hiddenFields(text: string, holds: Holds | undefined): SessionData | undefined {
  if (holds === undefined) return undefined;
  const hidden = Object.entries(parseData(text) ?? {}).filter(([name]) => !holds(name));
  return hidden.length === 0 ? undefined : Object.fromEntries(hidden);
}

/** The text to write: the caller's, with the row's hidden fields beside it. */
export function mergeText(ours: string, theirs: string | undefined, holds: Holds | undefined): string {
  const hidden = theirs === undefined ? undefined : hiddenFields(theirs, holds);
  return hidden === undefined ? ours : JSON.stringify({ ...hidden, ...parseData(ours) });
}

/** What the caller changed since it read what was lost; `undefined` where that is nothing. */
export function withoutLost(ours: string, lost: string): string | undefined {
  const before = parseData(lost) ?? {};
  const own = Object.entries(parseData(ours) ?? {}).filter(
    ([name, value]) => !isSameData(value, before[name]),
  );
  return own.length === 0 ? undefined : JSON.stringify(Object.fromEntries(own));
}
