// The plain model of promise 4: what a save makes of a row, said by the changes that its request made. Session data in
// histories keeps to a few shapes (a name holds plain values, or objects, or lists, from beginning to end).

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

type Path = readonly string[];

/** One thing that a request did to the data it had. */
export type Change =
  | { readonly kind: "set"; readonly path: Path; readonly value: Json }
  | { readonly kind: "remove"; readonly path: Path }
  | {
      readonly kind: "append";
      readonly path: Path;
      readonly elements: readonly Json[];
      readonly to: readonly Json[];
    };

/** What was done to `before`, to become `after`. */
export function changesBetween(before: JsonObject, after: JsonObject, above: Path = []): Change[] {
  const changes: Change[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const path = [...above, name];
    const now = at(after, [name]);
    const there = at(before, [name]);
    // A list that was not there is one to which all was appended.
    const old = there === undefined && isList(now) ? [] : there;
    if (now === undefined) changes.push({ kind: "remove", path });
    else if (isObject(now) && (old === undefined || isObject(old))) {
      if (old === undefined) changes.push({ kind: "set", path, value: {} });
      changes.push(...changesBetween(old ?? {}, now, path));
    } else if (isList(now) && isBeginning(old, now)) {
      changes.push({ kind: "append", path, elements: now.slice(old.length), to: old });
    } else if (!isSame(old, now)) changes.push({ kind: "set", path, value: now });
  }
  return changes;
}

/** What a row holds when these changes, made by someone who had `base`, have been made to it as well. */
export function withChanges(row: JsonObject, changes: readonly Change[], base: JsonObject): JsonObject {
  let result = row;
  for (const change of changes) if (!wasRemoved(change.path, base, row)) result = withChange(result, change);
  return result;
}

/** Whether something at or above this path was in `base` and is in the row no more: a removal beats a change. */
export function wasRemoved(path: Path, base: JsonObject, row: JsonObject): boolean {
  return path.some((_, depth) => {
    const place = path.slice(0, depth + 1);
    return at(base, place) !== undefined && at(row, place) === undefined;
  });
}

export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return (
    one === other || (one !== undefined && other !== undefined && differenceOf(one, other) === undefined)
  );
}

/** The first place where two documents are not the same. */
export function differenceOf(
  one: Json | undefined,
  other: Json | undefined,
  above: Path = [],
): Path | undefined {
  if (one === other) return undefined;
  if (isObject(one) && isObject(other)) {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const found = differenceOf(at(one, [name]), at(other, [name]), [...above, name]);
      if (found) return found;
    }
    return undefined;
  }
  if (isList(one) && isList(other)) {
    const isEqual = one.length === other.length && one.every((element, i) => isSame(element, other[i]));
    return isEqual ? undefined : above;
  }
  return above;
}

export function at(document: JsonObject, path: Path): Json | undefined {
  let value: Json | undefined = document;
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isList(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function toJson(data: unknown): JsonObject {
  return JSON.parse(JSON.stringify(data));
}

function withChange(document: JsonObject, change: Change): JsonObject {
  const { path } = change;
  const there = at(document, path);
  if (change.kind === "remove") return there === undefined ? document : withValue(document, path, undefined);
  if (change.kind === "append")
    return withValue(document, path, appended(there ?? [], change.to, change.elements));
  // An object that both made is one object.
  const isMade = isObject(change.value) && Object.keys(change.value).length === 0 && isObject(there);
  return isMade ? document : withValue(document, path, change.value);
}

/** Theirs first. Where they did more than add, the later writer's list stands; what ends theirs already stays once. */
function appended(there: Json, to: readonly Json[], elements: readonly Json[]): Json {
  if (!isList(there)) return [...to, ...elements];
  const added = [...there];
  for (const element of to) {
    const place = added.findIndex((other) => isSame(element, other));
    if (place === -1) return [...to, ...elements];
    added.splice(place, 1);
  }
  const isThere =
    added.length >= elements.length && isSame(added.slice(added.length - elements.length), elements);
  return isThere ? there : [...there, ...elements];
}

/** Whether a list is longer than this, and begins with it. */
function isBeginning(beginning: Json | undefined, list: readonly Json[]): beginning is readonly Json[] {
  if (!isList(beginning) || beginning.length >= list.length) return false;
  return beginning.every((element, i) => isSame(element, list[i]));
}

function withValue(document: JsonObject, path: Path, value: Json | undefined): JsonObject {
  const [name, ...below] = path;
  if (name === undefined) return document;
  const { [name]: there, ...others } = document;
  if (below.length > 0) return { ...document, [name]: withValue(isObject(there) ? there : {}, below, value) };
  return value === undefined ? others : { ...document, [name]: value };
}
