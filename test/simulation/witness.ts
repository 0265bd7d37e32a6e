// A witness of one history: it sees every call, every command as it takes effect, and every answer, and has each checked
// against the promises. It knows the whole table at every moment, and nothing of how an engine works.
//
// That nothing is lost is shown step by step: what is acknowledged has taken effect, once; and what takes effect does to
// the row as it was in that moment what its request did to the data it had, and nothing else.
import { checkAlive, checkFailure, checkGone, checkLoaded, checkSaved, checkThrottle } from "./answers.js";
import type { Call, JsonRow, Sending } from "./calls.js";
import { isObject, isSame, type JsonObject } from "./documents.js";
import { checkExpire, checkTouch, checkWrite, noteRemoval } from "./effects.js";
import { type Evidence, nameOf, shown } from "./evidence.js";
import type { Fate, Observer } from "./network.js";
import { readRow } from "./rows.js";
import type { Answer, Applied } from "./table.js";

export class Witness implements Observer {
  readonly #evidence: Evidence;
  readonly #shown = new WeakMap<Answer, { row: JsonRow | undefined; order: number }>();
  #order = 0;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
  }

  called(call: Call): void {
    this.#evidence.calls.push(call);
    this.#evidence.count(`call ${call.name}`);
    this.#evidence.world.log(
      () =>
        `${nameOf(call)} ${call.given ? JSON.stringify(call.given) : ""}${call.renews ? "" : " (passive)"}`,
    );
  }

  sent(sending: Sending): void {
    this.#evidence.count(`command ${sending.kind}`);
    this.#evidence.world.log(
      () => `    ${nameOf(sending.call)} sends ${commandName(sending)} at ${sending.sentAt}`,
    );
    if (sending.kind === "touch" && !sending.isAgain) checkThrottle(this.#evidence, sending);
  }

  hindered(sending: Sending, fate: Fate): void {
    this.#evidence.count(`fault ${fate}`);
    for (const call of [sending.call, ...sending.beside]) this.#evidence.hinder(call);
    this.#evidence.world.log(() => `    ${commandName(sending)} ${fate}`);
  }

  applied(sending: Sending, { changes, answer }: Applied): void {
    const order = ++this.#order;
    const { before: old, after: now, isMove } = this.#evidence.changeOf(sending.call.id, changes);
    const before = old && readRow(old);
    const after = now && readRow(now);
    const [first] = changes;
    const read = first.before && readRow(first.before);
    this.#shown.set(answer, { row: sending.kind === "read" ? read : before, order });
    if (now === undefined) this.#noteAbsence(sending.call.id);
    this.#evidence.world.log(
      () => `    ${commandName(sending)} takes effect: ${answer.ok ? shown(after) : answer.error.name}`,
    );
    const { call } = sending;
    if (sending.kind === "read") return;
    if (sending.kind === "destroy") {
      // It is in another place still.
      if (now !== undefined) return;
      call.removals.push(order);
      // In a previous place there is nothing where it was in the table, or is gone; unless an attempt before removed it.
      const isLeftover = sending.isPrevious && read === undefined && sending.attempts === 1;
      if (call.hand && !isLeftover) noteRemoval(call.hand, sending, before);
      return;
    }
    if (old === now) return;
    this.#evidence.count(`effect ${sending.kind}`);
    if (sending.kind === "expire" && before) checkExpire(this.#evidence, sending, before);
    if (after === undefined) return;
    if (isMove) this.#evidence.count("effect move");
    // A row is moved by a write of its data, though nothing be changed in it but its end.
    const isTouch = sending.kind === "touch" || (isMove && isSame(before?.data, after.data));
    if (isTouch) checkTouch(this.#evidence, sending, before, after, isMove);
    else checkWrite(this.#evidence, sending, order, before, after);
  }

  ended(sending: Sending, answer: Answer | undefined): void {
    const { call } = sending;
    const seen = answer && this.#shown.get(answer);
    this.#evidence.world.log(
      () =>
        `    ${commandName(sending)} is ${sending.end}${seen && !answer?.ok ? ` by ${shown(seen.row)}` : ""}`,
    );
    if (seen && sending.kind !== "destroy" && sending.kind !== "expire") {
      if (sending.kind === "read") this.#noteRead(call, seen);
      call.lastSeen = seen.row;
      call.gen ??= seen.row?.gen;
    }
    // Whether what was removed had lived is judged when the answer is there.
    const until = seen?.row?.until ?? call.hand?.removed?.until ?? Number.POSITIVE_INFINITY;
    const isOver = sending.kind === "destroy" && until <= call.server.clock.now();
    if (isOver && call.hand?.removal === "own") call.hand.removal = "unclear";
    const gen = call.hand?.gen ?? call.gen;
    const moves = (sending.kind === "touch" || sending.kind === "write") && call.renews;
    if (moves && sending.end === "answered" && gen !== undefined) {
      this.#evidence.moves.set(`${call.server.name} ${gen}`, sending);
    }
  }

  readTogether(calls: readonly Call[], keys: number, left: number): void {
    this.#evidence.count(`batch of ${keys > 1 ? "several rows" : "one row for several"}`);
    if (left === 0) return;
    this.#evidence.count("batch that leaves rows unprocessed");
    for (const call of calls) this.#evidence.hinder(call);
  }

  /** A call has been answered: its result, or the code of its error. */
  settled(call: Call, outcome: string, isError: boolean): void {
    call.settledAt = this.#evidence.world.time;
    call.outcome = outcome;
    this.#evidence.count(`outcome ${call.name} ${outcome}`);
    this.#evidence.world.log(() => `${nameOf(call)} → ${outcome}`);
    const took = call.settledAt - call.startedAt;
    this.#evidence.check(
      "settles",
      took <= this.#evidence.settings.timeout + 0.001,
      () => `${nameOf(call)} took ${took} ms, its timeout is ${this.#evidence.settings.timeout}`,
    );
    if (isError) {
      checkFailure(this.#evidence, call, outcome);
      return;
    }
    if (outcome === "gone") checkGone(this.#evidence, call);
    if (outcome === "saved") checkSaved(this.#evidence, call);
    if (call.name === "destroy") {
      this.#evidence.check(
        "removed",
        call.removals.length > 0,
        () => `${nameOf(call)} resolved, and removed nothing`,
      );
    }
    const renewed = outcome === "saved" || outcome === "touched" || outcome === "throttled";
    // Of what did not change the save is a touch, and a touch may fail without a word.
    const isTouch = outcome === "saved" && call.writes.length === 0;
    const since = call.startedAt - this.#evidence.settings.timeout;
    const isDropped = isTouch && this.#evidence.isHindered(call, since);
    if (renewed && call.renews && !isDropped) checkAlive(this.#evidence, call);
  }

  /** What a load gave: the session's data, or nothing. */
  loaded(call: Call, data: JsonObject | undefined): void {
    this.settled(call, data ? "found" : "nothing", false);
    checkLoaded(this.#evidence, call, data);
  }

  #noteAbsence(id: string): void {
    for (const call of this.#evidence.calls) {
      if (call.id === id && call.settledAt === undefined) call.wasAbsent = true;
    }
  }

  #noteRead(call: Call, seen: NonNullable<Call["lastRead"]>): void {
    call.lastRead = seen;
    const { hand, name } = call;
    // Who cannot say what it loaded, and may make nothing, means what is there when it saves.
    if (name !== "save" || !hand || hand.mayCreate || hand.gen !== undefined || !seen.row) return;
    hand.isAdopted = true;
    hand.gen = seen.row.gen;
    hand.base = isObject(seen.row.data) ? seen.row.data : undefined;
    hand.baseRev = seen.row.rev;
  }
}

function commandName({ action, number, kind }: Sending): string {
  return `${action} ${number} (${kind})`;
}
