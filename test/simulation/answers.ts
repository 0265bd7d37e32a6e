// What is checked when a call begins to touch a session, and when it has been answered.
import { type Call, type Hand, intervalInForce, type Sending } from "./calls.js";
import { changesBetween, isObject, isSame, type Json, type JsonObject, withChanges } from "./documents.js";
import { without } from "./effects.js";
import { type Evidence, nameOf, shown } from "./evidence.js";
import { REMEMBERED_WRITES } from "./promises.js";

/** A touch is sent: not while another is on its way, and not soon after one. */
export function checkThrottle(evidence: Evidence, sending: Sending): void {
  const { call } = sending;
  // A touch that was refused is decided upon again, and waits for a moment before it goes out.
  const refused = evidence.touchesOf.get(call)?.endedAtTime;
  evidence.touchesOf.set(call, sending);
  const gen = call.hand?.gen ?? call.gen;
  const last = evidence.moves.get(`${call.server.name} ${gen}`);
  evidence.moves.set(`${call.server.name} ${gen}`, sending);
  evidence.check("passive", call.renews, () => `${nameOf(call)} sends a touch`);
  if (last === undefined) return;
  const passed = sending.sentAt - last.sentAt;
  const isDue = passed < 0 || passed >= intervalInForce(evidence.settings);
  if (last.kind === "touch") {
    evidence.check(
      "throttled",
      last.end !== undefined || isDue || refused !== undefined,
      () => `${nameOf(call)} sends a touch while that of ${nameOf(last.call)} is on its way`,
    );
  }
  if (last.end !== "answered" || evidence.rowOf(call.id)?.gen !== gen) return;
  if (refused !== undefined && (last.endedAtTime ?? 0) > refused) return;
  evidence.check(
    "throttled",
    isDue,
    () => `${nameOf(call)} sends a touch ${passed} ms after ${nameOf(last.call)} moved the expiry`,
  );
}

/** What a load gave: the session's data, or nothing. */
export function checkLoaded(evidence: Evidence, call: Call, data: JsonObject | undefined): void {
  const row = call.lastRead?.row;
  const { clock } = call.server;
  if (data === undefined) {
    const isOver = row === undefined ? call.wasAbsent : row.until <= clock.since(call.startedAt).most;
    const hasLooked = call.lastRead !== undefined;
    evidence.check(
      "found",
      hasLooked && isOver,
      () => `${nameOf(call)} gave nothing, and read ${shown(row)}`,
    );
    return;
  }
  evidence.check(
    "found",
    isSame(data, row?.data),
    () => `${nameOf(call)} gave ${JSON.stringify(data)}, and read ${shown(row)}`,
  );
  evidence.check(
    "unexpired",
    (row?.until ?? 0) > clock.now(),
    () => `${nameOf(call)} gave ${shown(row)} at ${clock.now()}`,
  );
}

/** A call failed: there must have been a reason. */
export function checkFailure(evidence: Evidence, call: Call, code: string): void {
  if (call.hand && call.name === "save") call.hand.isInDoubt = true;
  if (call.isOwnFault) return;
  const isOfTheTable = ["ERR_SESSION_TIMEOUT", "ERR_SESSION_UNAVAILABLE", "ERR_SESSION_THROTTLED"].includes(
    code,
  );
  const isHindered = evidence.isHindered(call, call.startedAt - evidence.settings.timeout);
  evidence.check("unhindered", isOfTheTable && isHindered, () => `${nameOf(call)} failed with ${code}`);
}

/** A call found its session gone: then it was, and has nothing of it. */
export function checkGone(evidence: Evidence, call: Call): void {
  const wasKnown = call.hand?.isKnownGone === true;
  if (call.hand && call.name === "save") call.hand.isKnownGone = true;
  const row = evidence.rowOf(call.id);
  const isLive = row !== undefined && row.until > call.server.clock.now();
  const stands =
    isLive && call.writes.some(({ gen, rev }) => gen === row.gen && row.rev - rev < REMEMBERED_WRITES);
  evidence.check("gone", !stands, () => `${nameOf(call)} is gone, and wrote ${shown(row)}`);
  // For one who was told so it stays gone, though another, by whose clock it lives, may have renewed it since.
  if (wasKnown || call.hand?.predecessor !== undefined) return;
  const gen = call.hand?.gen ?? call.rowAtStart?.gen;
  if (gen === undefined || row?.gen !== gen || call.rowAtStart?.gen !== gen) return;
  const { most } = call.server.clock.since(call.startedAt);
  // It is judged by what it was shown, which may have been renewed while the answer was on its way.
  const ends = [row.until, call.rowAtStart.until, call.lastSeen?.until ?? row.until];
  const what = () => `${nameOf(call)} found its session gone, and there is ${shown(row)}`;
  evidence.check("unhindered", Math.min(...ends) <= most, what);
}

/** A save or an update is acknowledged: then it took effect, if there was anything to write. */
export function checkSaved(evidence: Evidence, call: Call): void {
  const { hand, given, writes } = call;
  const [write] = writes;
  if (write === undefined) {
    const row = call.lastRead?.row ?? evidence.rowOf(call.id);
    const data = isObject(row?.data) ? row.data : {};
    const isNothing = call.change
      ? isSame(call.change(data), data)
      : given !== undefined &&
        (isSame(given, hand?.base) || saysNothing(given, hand, evidence.rowOf(call.id)?.data));
    evidence.check(
      "acknowledged",
      isNothing,
      () => `${nameOf(call)} is saved, and there is ${shown(evidence.rowOf(call.id))}`,
    );
  } else {
    evidence.check("acknowledged", true, () => "");
    const isCertain = hand !== undefined && !hand.isInDoubt && write.base !== undefined;
    if (isCertain) {
      evidence.check(
        "silent",
        !isSame(given, write.base),
        () => `${nameOf(call)} wrote data that did not change`,
      );
    }
  }
  if (hand && call.name === "save") {
    hand.mayCreate = false;
    if (write) hand.isInDoubt = false;
  }
}

/** A call that keeps its session alive was answered: then it lives long enough. */
export function checkAlive(evidence: Evidence, call: Call): void {
  const row = evidence.rowOf(call.id);
  if (row === undefined || row.gen !== (call.hand?.gen ?? call.gen)) return;
  const least = call.server.clock.since(call.startedAt).least;
  const end = least + evidence.lifetime - intervalInForce(evidence.settings) - evidence.clockSpread;
  const underway = evidence.transits.get(row.gen) ?? 0;
  evidence.check(
    "alive",
    row.until >= end - underway,
    () => `${nameOf(call)} was ${call.outcome} at ${least}, and there is ${shown(row)}`,
  );
}

/** Whether the changes of a save are those that stand in the row already. */
function saysNothing(given: JsonObject, hand: Hand | undefined, row: Json | undefined): boolean {
  if (hand?.base === undefined || !isObject(row)) return false;
  const [base, now] = [without(hand.base, hand.without), without(given, hand.without)];
  return isSame(withChanges(row, changesBetween(base, now), base), row);
}
