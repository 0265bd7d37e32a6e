// What is checked when a command takes effect: what it made of the row, and whether it might.
import { type Call, type Hand, intervalInForce, type JsonRow, type Sending } from "./calls.js";
import {
  at,
  changesBetween,
  differenceOf,
  isList,
  isObject,
  isSame,
  type Json,
  type JsonObject,
  wasRemoved,
  withChanges,
} from "./documents.js";
import { type Evidence, nameOf, shown } from "./evidence.js";
import { CLOCK_DIFFERENCE_MS, REMEMBERED_WRITES } from "./promises.js";

/** A request's own destroy took effect: notes what it found of the session in hand. */
export function noteRemoval(hand: Hand, sending: Sending, before: JsonRow | undefined): void {
  const { least, most } = sending.call.server.clock.since(sending.sentAtTime);
  const isAnother = before === undefined || (hand.gen !== undefined && before.gen !== hand.gen);
  const found = isAnother || before.until <= least ? "lost" : before.until > most ? "own" : "unclear";
  const isKnown = hand.gen === undefined ? "own" : found;
  // The SDK's second attempt cannot know what became of its first. Who was told before need not.
  const isUnknown = isKnown === "lost" && sending.attempts > 1 && !hand.isKnownGone;
  const now = isUnknown ? "unclear" : isKnown;
  hand.removal = hand.removal === undefined || hand.removal === now ? now : "unclear";
  if (before && !isAnother) hand.removed ??= before;
}

/** The removal of an expired row. */
export function checkExpire(evidence: Evidence, sending: Sending, before: JsonRow): void {
  const named = () => `${nameOf(sending.call)}, which had read ${shown(read)}, removed ${shown(before)}`;
  const read = sending.call.lastRead?.row;
  evidence.check("spared", read !== undefined && isSameLife(read, before), named);
  evidence.check("spared", before.until + CLOCK_DIFFERENCE_MS <= sending.sentAt, named);
  // Of clocks that are further apart no more is promised than that.
  if (evidence.clockSpread > CLOCK_DIFFERENCE_MS) return;
  const clocks = evidence.servers.map(({ clock }) => clock.now());
  evidence.check("spared", before.until <= Math.min(...clocks), () => `${named()} at ${clocks.join(", ")}`);
}

/** A write that only moves an expiry. */
export function checkTouch(
  evidence: Evidence,
  sending: Sending,
  before: JsonRow | undefined,
  after: JsonRow,
  isMove: boolean,
): void {
  const { call, sentAt } = sending;
  const named = () => `the touch of ${nameOf(call)} made ${shown(after)} of ${shown(before)}`;
  evidence.check("destroyed", before !== undefined, named);
  if (before === undefined) return;
  checkIdentity(evidence, call, before, named);
  evidence.check("unrevived", before.until > sentAt, named);
  const stands = ["gen", "created"] as const;
  const isSameRow = stands.every((name) => before[name] === after[name]) && isSame(before.data, after.data);
  evidence.check("revision", after.rev === before.rev + (isMove ? 1 : 0), named);
  evidence.check("revision", isSameRow, named);
  checkEnd(evidence, before, after, sending, named);
}

/** A write of data: a creation, or a change of what was there. */
export function checkWrite(
  evidence: Evidence,
  sending: Sending,
  order: number,
  before: JsonRow | undefined,
  after: JsonRow,
): void {
  const { call, sentAt } = sending;
  const { hand } = call;
  const named = () => `${nameOf(call)} made ${shown(after)} of ${shown(before)}`;
  const last = call.writes.at(-1);
  const isForgotten = last?.gen === after.gen && after.rev - last.rev > REMEMBERED_WRITES;
  // A creation that was made or given up, destroyed, and arrives once more: nothing in the table tells.
  const isLateCreation =
    before === undefined && sending.mayCreate && (last !== undefined || !hand?.mayCreate);
  // One that is not known to have been made is made again, though another may have met and destroyed it.
  const isMadeAgain = hand?.mayCreate === true && last?.gen !== before?.gen;
  evidence.check("once", last === undefined || isForgotten || isLateCreation || isMadeAgain, named);
  const base = hand?.base;
  call.writes.push({ order, sending, gen: after.gen, rev: after.rev, base });

  if (before === undefined || before.until <= sentAt) {
    if (isLateCreation) {
      evidence.goBlind();
      return;
    }
    const may = call.name === "save" && hand?.mayCreate === true;
    evidence.check(before ? "unrevived" : "destroyed", may, named);
    evidence.check("identity", !evidence.gens.has(after.gen), named);
    evidence.gens.add(after.gen);
    evidence.hitsAtFirst.set(after.gen, hitsOf(after));
    evidence.check("revision", after.rev === 1, named);
    if (hand?.gen !== undefined) evidence.madeAgain.add(call.id);
    // What is lost in one goes on to be lost in what takes its place.
    if (evidence.overwritten.has(hand?.predecessor?.gen ?? "")) evidence.overwritten.add(after.gen);
    if (hand && call.given) checkCreation(evidence, hand, call.given, after, named);
    evidence.count("effect creation");
  } else {
    evidence.check("revision", isNext(before, after), named);
    if (call.name === "update") {
      checkIdentity(evidence, call, before, named);
      const expected = call.change && isObject(before.data) ? call.change(before.data) : undefined;
      evidence.check(
        "counted",
        isSame(expected, after.data),
        () => `${named()}, expected ${JSON.stringify(expected)}`,
      );
    } else if (hand && call.given && !isForgotten)
      checkSave(evidence, hand, call.given, before, after, named);
    checkEnd(evidence, before, after, sending, named);
  }
  if (hand && call.given) {
    hand.base = call.given;
    hand.baseRev = after.rev;
    hand.gen = after.gen;
  }
}

function checkIdentity(evidence: Evidence, call: Call, before: JsonRow, named: () => string): void {
  const gen = call.name === "save" || call.hand?.gen ? call.hand?.gen : call.gen;
  evidence.check("identity", gen === before.gen, named);
}

function checkCreation(
  evidence: Evidence,
  hand: Hand,
  given: JsonObject,
  after: JsonRow,
  named: () => string,
): void {
  const before = hand.predecessor;
  if (before?.removal === undefined || hand.base !== undefined) {
    evidence.check("own", isSame(given, after.data), () => `${named()} for ${JSON.stringify(given)}`);
    return;
  }
  const loaded = before.base ?? {};
  // What others wrote comes with it.
  const over = isObject(before.removed?.data) ? before.removed.data : loaded;
  const isWhole = isSame(withChanges(over, changesBetween(loaded, given), loaded), after.data);
  // Of what it saved before, it may not know whether that arrived.
  const lost = [loaded, before.loaded ?? {}].find((data) => hasNothingOf(after.data, data));
  // Where the removal's answer did not say what was removed, whatever was known of it by then may come along.
  const isKept = before.removal === "own" ? isWhole : before.removal === "lost" ? lost !== undefined : true;
  if (!isWhole) hand.without = lost;
  evidence.check(
    "regenerated",
    isKept,
    () => `${named()}, in the place of one that was ${before.removal}: ${JSON.stringify(loaded)}`,
  );
}

function checkSave(
  evidence: Evidence,
  hand: Hand,
  given: JsonObject,
  before: JsonRow,
  after: JsonRow,
  named: () => string,
): void {
  const isOver = hand.gen === undefined || (hand.mayCreate && hand.gen !== before.gen);
  const base = hand.base && without(hand.base, hand.without);
  if (isOver || base === undefined || !isObject(before.data)) {
    evidence.overwritten.add(before.gen);
    evidence.count("effect written over");
    evidence.check("own", isSame(given, after.data), named);
    return;
  }
  evidence.check("identity", hand.gen === before.gen, named);
  if (hand.isAdopted) evidence.overwritten.add(before.gen);
  // What is not among the row's last writes cannot be known to have arrived.
  if (hand.isInDoubt && before.rev - hand.baseRev >= REMEMBERED_WRITES) return;
  const changes = changesBetween(base, without(given, hand.without));
  const expected = withChanges(before.data, changes, base);
  const theirs = changesBetween(base, before.data);
  if (theirs.length > 0) evidence.count("effect merged");
  const place = differenceOf(expected, after.data);
  const wrong = place && promiseOf(place, expected, after.data, changes);
  const why = () =>
    `${named()}; its request made ${JSON.stringify(given)} of ${JSON.stringify(base)}, expected ${JSON.stringify(expected)}`;
  const checks: Record<string, boolean> = {
    own: changes.length > 0,
    others: theirs.length > 0,
    lists: changes.some(({ kind }) => kind === "append") && theirs.some(({ kind }) => kind === "append"),
    removals: changes.some(
      ({ kind, path }) => kind === "remove" || wasRemoved(path, base, before.data as JsonObject),
    ),
    values: changes.some((change) => change.kind === "set" && change.path.at(-1)?.startsWith("odd") === true),
  };
  for (const promise of ["own", "others", "lists", "removals", "values"] as const) {
    if (checks[promise] || promise === wrong) evidence.check(promise, promise !== wrong, why);
  }
}

/** Which promise it is that a place in the data is not as expected. */
function promiseOf(
  place: readonly string[],
  expected: JsonObject,
  found: Json,
  changes: ReturnType<typeof changesBetween>,
): "own" | "others" | "lists" | "removals" {
  const wanted = at(expected, place);
  if (wanted === undefined) return "removals";
  if (isList(wanted) && isObject(found) && isList(at(found, place))) return "lists";
  const isOwn = changes.some(({ path }) => path.every((name, i) => i >= place.length || place[i] === name));
  return isOwn ? "own" : "others";
}

/** A session's end is its lifetime from when the write was sent, and is moved back by no more than what may be. */
function checkEnd(
  evidence: Evidence,
  before: JsonRow,
  after: JsonRow,
  { call, sentAtTime }: Sending,
  named: () => string,
): void {
  if (!call.renews) {
    evidence.check("passive", after.until <= before.until, named);
    return;
  }
  evidence.transits.set(after.gen, evidence.world.time - sentAtTime);
  evidence.check("alive", after.until === after.updated + evidence.lifetime, named);
  const underway = evidence.world.time - sentAtTime;
  const allowed = evidence.clockSpread + intervalInForce(evidence.settings) + underway;
  evidence.check("alive", after.until >= before.until - allowed, named);
}

function isSameLife(one: JsonRow, other: JsonRow): boolean {
  return one.gen === other.gen && one.rev === other.rev && one.until === other.until;
}

function isNext(before: JsonRow, after: JsonRow): boolean {
  return after.rev === before.rev + 1 && after.gen === before.gen && after.created === before.created;
}

/** How often a session was counted. */
export function hitsOf({ data }: JsonRow): number {
  return isObject(data) ? Number(data.hits ?? 0) : 0;
}

/** Without the fields that are as they were in what is lost, and those that hold something of it. */
export function without(data: JsonObject, lost: JsonObject | undefined): JsonObject {
  if (lost === undefined) return data;
  return Object.fromEntries(Object.entries(data).filter((field) => isNew(field, lost)));
}

function hasNothingOf(data: Json, lost: JsonObject): boolean {
  return isObject(data) && Object.entries(data).every((field) => isNew(field, lost));
}

/** Fields count as a whole: what is left in one that was changed would come with it. */
function isNew([name, value]: [string, Json], lost: JsonObject): boolean {
  const was = at(lost, [name]);
  const isChangedBeneath =
    typeof value === "object" && typeof was === "object" && value !== null && was !== null;
  return !isChangedBeneath && !isSame(value, was);
}
