// What a save writes: the difference between what its caller held and what it has now, put upon what the row
// holds (promise 4). Pure functions over JSON data, that cost time in proportion to it and no depth of the
// stack.
import { isObject } from "./checks.js";
import { isContainer, isSameData, parseData } from "./data.js";
import type { SessionData } from "./options.js";

/** Whether a caller's session object can hold a field. */
export type Holds = (name: string, value: unknown) => boolean;

/** What merging gave. */
export interface Merged {
  readonly data: SessionData;
  /** Where both sides had changed the same thing, and the change of one was left out. */
  readonly overridden: readonly Path[];
}

/** The names that lead to a place in data. */
export type Path = readonly string[];

/** A place in data while it is merged: what the three sides hold there, all of them objects. */
interface Place {
  readonly base: SessionData;
  readonly ours: SessionData;
  readonly theirs: SessionData;
  readonly result: SessionData;
  readonly name: string;
  readonly above: Place | undefined;
}

// An event is small: where a visitor's data lets more than this collide, the first will do.
const MOST_PATHS = 20;

/**
 * Applies what changed between `base` and `ours` to `theirs`. What is absent counts as a value like any
 * other:
 *
 * | base | ours | theirs | result |
 * | --- | --- | --- | --- |
 * | any | an object | an object | by key, each by this table |
 * | a | a | any | theirs: we changed nothing |
 * | a | any | a | ours: they changed nothing |
 * | any | a | a | that: both made the same change |
 * | a | absent | b | absent: a removal beats a change, also one beneath it |
 * | a | b | absent | absent: so does theirs |
 * | an array, or none | base, then more | base, with more anywhere | theirs, then our more; theirs, where its more ends with ours |
 * | any | a | b | ours: we write later |
 *
 * An end that is there already is not put there again, so that to merge twice gives what merging once gives:
 * by a save that is repeated after its answer was lost no array multiplies, unless another has appended
 * behind it.
 */
export function merge(base: SessionData, ours: SessionData, theirs: SessionData): Merged {
  const overridden: Path[] = [];
  const whole: Place = { base, ours, theirs, result: anyNames(), name: "", above: undefined };
  const open = [whole];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    // What both have removed is in neither.
    for (const name of new Set([...Object.keys(place.theirs), ...Object.keys(place.ours)])) {
      const [before, our, their] = [at(place.base, name), at(place.ours, name), at(place.theirs, name)];
      if (isObject(our) && isObject(their)) {
        const sides = { base: isObject(before) ? before : {}, ours: our, theirs: their };
        const below: Place = { ...sides, result: anyNames(), name, above: place };
        place.result[name] = below.result;
        open.push(below);
        continue;
      }
      const { value, isOverridden } = outcomeOf(before, our, their);
      if (value !== undefined) place.result[name] = value;
      if (isOverridden && overridden.length < MOST_PATHS) overridden.push(pathTo(place, name));
    }
  }
  return { data: whole.result, overridden };
}

/**
 * The fields that the caller added since it read what was lost, or replaced whole; `undefined` where there
 * are none. What it changed beneath a field goes with that: the rest of the field would come back by it.
 */
export function withoutLost(ours: string, lost: string): string | undefined {
  const before = parseData(lost) ?? {};
  const own = Object.entries(parseData(ours) ?? {}).filter(([name, value]) => {
    const was = at(before, name);
    return !isSameData(value, was) && !(isContainer(value) && isContainer(was));
  });
  return own.length === 0 ? undefined : JSON.stringify(Object.fromEntries(own));
}

/** The table's rows for what is not an object on both sides. `undefined` is what is absent: JSON has none. */
function outcomeOf(
  before: unknown,
  our: unknown,
  their: unknown,
): { value: unknown; isOverridden?: boolean } {
  if (isSameData(our, before)) return { value: their };
  if (isSameData(their, before) || isSameData(our, their)) return { value: our };
  if (our === undefined || their === undefined) return { value: undefined, isOverridden: true };
  const joined = join(Array.isArray(before) ? before : [], our, their);
  return joined ? { value: joined } : { value: our, isOverridden: true };
}

/**
 * An array to which we only appended, and they only added: what we ourselves have merged before stands among
 * theirs.
 */
function join(before: readonly unknown[], our: unknown, their: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(our) || !Array.isArray(their) || !startsWith(our, before)) return undefined;
  const appended = our.slice(before.length);
  const others: unknown[] = [];
  let met = 0;
  for (const element of their) {
    if (met < before.length && isSameData(element, before[met])) met += 1;
    else others.push(element);
  }
  if (met < before.length) return undefined;
  const isThere = appended.length <= others.length && startsWith(others.slice(-appended.length), appended);
  return isThere ? their : [...their, ...appended];
}

function startsWith(array: readonly unknown[], start: readonly unknown[]): boolean {
  return start.length <= array.length && start.every((element, i) => isSameData(element, array[i]));
}

function at(data: SessionData, name: string): unknown {
  return Object.hasOwn(data, name) ? data[name] : undefined;
}

/** An object without a prototype, in which `__proto__` is a name like any other. */
function anyNames(): SessionData {
  return Object.create(null);
}

function pathTo(place: Place, name: string): Path {
  const path = [name];
  for (let step = place; step.above !== undefined; step = step.above) path.push(step.name);
  return path.reverse();
}
