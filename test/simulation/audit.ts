// What is checked when a history is over, and nothing is on its way any more.
import type { Call } from "./calls.js";
import { at, isObject, isSame } from "./documents.js";
import { hitsOf } from "./effects.js";
import { type Evidence, nameOf, shown } from "./evidence.js";
import { ownName } from "./promises.js";

/** Checks what is left. `tokens` are what sign-ins wrote, and the ids of the sessions that each has lived in. */
export function audit(evidence: Evidence, tokens: ReadonlyMap<string, readonly string[]>): void {
  for (const call of evidence.calls) {
    evidence.check("settles", call.settledAt !== undefined, () => `${nameOf(call)} never settled`);
    if (call.name === "load" && call.lastRead) checkOwnWrites(evidence, call, call.lastRead.order);
  }
  checkLedger(evidence);
  checkRegenerated(evidence, tokens);
}

function checkOwnWrites(evidence: Evidence, load: Call, order: number): void {
  if (load.outcome !== "found" && load.outcome !== "nothing") return;
  for (const before of load.behind) {
    const effect = before.outcome === "saved" ? before.writes[0]?.order : before.removals[0];
    const isAcknowledged = before.outcome === "saved" || before.outcome === "destroyed";
    if (!isAcknowledged || effect === undefined) continue;
    evidence.check(
      "ownWrites",
      order > effect,
      () => `${nameOf(load)} read before ${nameOf(before)} took effect`,
    );
  }
}

function checkLedger(evidence: Evidence): void {
  const hits = new Map<string, { acknowledged: number; written: number; id: string }>();
  for (const call of evidence.calls) {
    const row = evidence.rowOf(call.id);
    const write = call.writes.at(-1);
    if (row === undefined || write?.gen !== row.gen || evidence.overwritten.has(row.gen)) continue;
    if (!isObject(row.data)) continue;
    if (call.name === "update") {
      const counted = hits.get(row.gen) ?? { acknowledged: 0, written: 0, id: call.id };
      hits.set(row.gen, counted);
      if (call.change && at(call.change({}), ["hits"]) === undefined) continue;
      counted.written += 1;
      if (call.outcome === "saved") counted.acknowledged += 1;
    } else if (call.outcome === "saved" && call.hand && call.given && call.hand.base === call.given) {
      const name = ownName(call.by);
      const own = call.given[name];
      if (own === undefined) continue;
      evidence.check(
        "ledger",
        isSame(own, row.data[name]),
        () => `${nameOf(call)} was saved with ${name}, and there is ${shown(row)}`,
      );
    }
  }
  for (const [gen, { acknowledged, written, id }] of hits) {
    const row = evidence.rowOf(id);
    const count = (row ? hitsOf(row) : 0) - (evidence.hitsAtFirst.get(gen) ?? 0);
    evidence.check(
      "ledger",
      count >= acknowledged && count <= written,
      () => `${acknowledged} updates were acknowledged, ${written} written, and there is ${shown(row)}`,
    );
  }
}

function checkRegenerated(evidence: Evidence, tokens: ReadonlyMap<string, readonly string[]>): void {
  const now = Math.max(...evidence.servers.map(({ clock }) => clock.now()));
  for (const [token, ids] of tokens) {
    if (ids.length < 2) continue;
    const isUnclear = evidence.calls.some(
      ({ hand, id }) => ids.includes(id) && (hand?.removal === "unclear" || hand?.isAdopted),
    );
    if (isUnclear) continue;
    const live = ids.filter((id) => {
      const row = evidence.rowOf(id);
      if (row === undefined || evidence.overwritten.has(row.gen) || evidence.madeAgain.has(id)) return false;
      return row.until > now && isObject(row.data) && row.data.user === token;
    });
    evidence.check("regenerated", live.length <= 1, () => `${token} lives in ${live.join(" and ")}`);
  }
}
