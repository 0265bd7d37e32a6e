// The audit of a run: what its requests were told, held against what they found and against the rows that are left.
//
// A change is acknowledged by a 2xx that was read to its last byte. It belongs to the session whose id the visitor's
// cookie says afterwards. Where two requests overlapped, both orders are right: what must be there, and what may be. What
// was not acknowledged may take effect at any time, or never.
import { valueAt } from "./apps/act.js";
import type { Visit } from "./drive.js";
import type { Data, Path } from "./protocol.js";

/** Something that a promise does not allow. */
export interface Finding {
  readonly what:
    | "lost"
    | "doubled"
    | "undone"
    | "miscounted"
    | "from nowhere"
    | "alive"
    | "given back"
    | "failed";
  /** How many changes it is about. */
  readonly changes: number;
  readonly says: string;
}

export interface Audit {
  /** Changes that were acknowledged. */
  readonly acknowledged: number;
  /** Of these, changes of sessions that live at the end. */
  readonly living: number;
  /** Acknowledged changes that the table does not have. */
  readonly lost: number;
  /** Requests that did not find what was acknowledged before. */
  readonly misled: number;
  /** What requests found that they must not, or did not find, and were answered that they must not be. */
  readonly byRequests: readonly Finding[];
  readonly inTable: readonly Finding[];
}

/** A session's change, by one request or by one whose data it took over. */
type Change = {
  readonly path: Path;
  readonly startedAt: number;
  /** Infinite where nobody was told that it is made. */
  readonly endedAt: number;
  /** False where it overlapped with what took it over. */
  readonly isCertain: boolean;
} & ({ readonly kind: "set" | "append"; readonly value: number } | { readonly kind: "remove" | "count" });

/** The moments between which something was seen. */
interface Span {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The end of a session by one of its requests. */
interface Ending extends Span {
  readonly visit: Visit;
}

const AT_THE_END: Span = { startedAt: Number.POSITIVE_INFINITY, endedAt: Number.POSITIVE_INFINITY };

/** Holds the visits of a run against each other, and against the data of the rows that are left, by session id. */
export function audit(visits: readonly Visit[], rows: ReadonlyMap<string, Data>): Audit {
  const sessions = new Sessions(visits);
  const found = visits.map((visit) => ofFound(visit, sessions));
  const told = visits.flatMap((visit) => [...ofAnswer(visit), ...ofCookie(visit, sessions)]);
  const inTable: Finding[] = [];
  let living = 0;
  for (const id of sessions.ids()) {
    const data = rows.get(id);
    const endings = sessions.endingsOf(id);
    if (endings.some(isCertain)) {
      if (data)
        inTable.push(finding("alive", `${id} was ended, and is in the table: ${JSON.stringify(data)}`));
      continue;
    }
    if (endings.length > 0 && data === undefined) continue;
    living += sessions.changesOf(id).filter(isAcknowledged).length;
    inTable.push(...compare(id, data ?? {}, sessions.changesOf(id), AT_THE_END));
  }
  for (const [id, data] of rows) {
    const isKnown = sessions.ids().has(id);
    if (!isKnown) inTable.push(finding("from nowhere", `nobody was given ${id}: ${JSON.stringify(data)}`));
  }
  const lost = inTable.filter(({ what }) => what === "lost" || what === "undone" || what === "miscounted");
  return {
    acknowledged: visits.flatMap(changesBy).filter(isAcknowledged).length,
    living,
    lost: lost.reduce((sum, { changes }) => sum + changes, 0),
    misled: found.filter((findings) => findings.length > 0).length,
    byRequests: [...told, ...found.flat()],
    inTable,
  };
}

/** What the visits say of each session. */
class Sessions {
  readonly #own = new Map<string, Change[]>();
  readonly #endings = new Map<string, Ending[]>();
  readonly #madeBy = new Map<string, Visit>();
  readonly #all = new Map<string, readonly Change[]>();

  constructor(visits: readonly Visit[]) {
    for (const visit of visits) {
      const left = idAfter(visit);
      if (left !== undefined) add(this.#own, left, ...changesBy(visit));
      // Nobody knows in which of the two it took effect, if it did.
      if (!isOk(visit) && visit.sent !== undefined && visit.sent !== left)
        add(this.#own, visit.sent, ...changesBy(visit));
      if (visit.sent === undefined) continue;
      add(this.#own, visit.sent);
      if (visit.ask.do === "sign out" || visit.ask.do === "sign in")
        add(this.#endings, visit.sent, { visit, ...spanOf(visit) });
      // One that failed may have left the visitor with what it came with.
      if (visit.ask.do === "sign in" && left !== undefined && left !== visit.sent)
        this.#madeBy.set(left, visit);
    }
  }

  ids(): Pick<ReadonlyMap<string, unknown>, "has"> & Iterable<string> {
    return new Set(this.#own.keys());
  }

  /** The requests that ended it. */
  endingsOf(id: string): readonly Ending[] {
    return this.#endings.get(id) ?? [];
  }

  /** Its own changes, and those that it took over from a session whose place it took. */
  changesOf(id: string): readonly Change[] {
    const known = this.#all.get(id);
    if (known) return known;
    const own = this.#own.get(id) ?? [];
    const all = [...own, ...this.#takenOver(this.#madeBy.get(id))];
    this.#all.set(id, all);
    return all;
  }

  #takenOver(signIn: Visit | undefined): Change[] {
    // express-session empties a session that gets a new id.
    if (signIn?.sent === undefined || signIn.door === "express") return [];
    const isAlone = this.endingsOf(signIn.sent).every(
      (other) => other.visit === signIn || other.startedAt > signIn.endedAt,
    );
    return this.changesOf(signIn.sent)
      .filter((change) => change.startedAt < signIn.endedAt)
      .map((change) => ({
        ...change,
        isCertain: change.isCertain && isAlone && isOk(signIn) && change.endedAt < signIn.startedAt,
      }));
  }
}

function add<T>(lists: Map<string, T[]>, id: string, ...values: T[]): void {
  const list = lists.get(id) ?? [];
  list.push(...values);
  lists.set(id, list);
}

/** The session that the visitor is left with. */
function idAfter({ ask, given, sent }: Visit): string | undefined {
  return ask.do === "sign out" ? undefined : (given ?? sent);
}

function changesBy(visit: Visit): Change[] {
  const { ask, answer } = visit;
  const when = { ...spanOf(visit), isCertain: true };
  switch (ask.do) {
    case "set":
    case "sign in":
      return [{ kind: "set", path: ask.path, value: ask.value, ...when }];
    case "set twice":
      return ask.paths.map((path) => ({ kind: "set", path, value: ask.value, ...when }));
    case "append":
      return [{ kind: "append", path: ask.path, value: ask.value, ...when }];
    case "remove":
      return [{ kind: "remove", path: ask.path, ...when }];
    case "count":
      return answer?.outcome === "gone" && !visit.failed ? [] : [{ kind: "count", path: ask.path, ...when }];
    default:
      return [];
  }
}

/** Whether the visitor was told that it is done. */
export function isOk({ status, failed }: Visit): boolean {
  return status >= 200 && status < 300 && !failed;
}

/** When it takes effect: at any time from its beginning, where nobody was told. */
function spanOf(visit: Visit): Span {
  return { startedAt: visit.startedAt, endedAt: isOk(visit) ? visit.endedAt : Number.POSITIVE_INFINITY };
}

function isAcknowledged(change: Change): boolean {
  return change.isCertain && isCertain(change);
}

function isCertain({ endedAt }: Span): boolean {
  return endedAt < Number.POSITIVE_INFINITY;
}

function ofAnswer(visit: Visit): Finding[] {
  if (isOk(visit)) return [];
  return [
    finding("failed", `${nameOf(visit)} was answered ${visit.status}${visit.failed ? ", and failed" : ""}`),
  ];
}

/** An ended session's id is not to be given out again. */
function ofCookie(visit: Visit, sessions: Sessions): Finding[] {
  const { given, sent, door, startedAt, endedAt } = visit;
  if (given === undefined || given !== sent) return [];
  // koa-session sets its cookie whatever came of the save, and express-session before it: there it holds of requests that
  // came after the end alone.
  const cannotWithhold = door === "koa" || door === "express";
  const isEnded = sessions
    .endingsOf(given)
    .filter(isCertain)
    .some((ending) => (cannotWithhold ? ending.endedAt < startedAt : ending.startedAt < endedAt));
  return isEnded ? [finding("given back", `${nameOf(visit)} was given the id that had ended`)] : [];
}

/** What a request found is what was acknowledged before it was sent; what overlapped with it, it may have found. */
function ofFound(visit: Visit, sessions: Sessions): Finding[] {
  const { sent, answer, startedAt, endedAt } = visit;
  if (answer === undefined) return [];
  const isEmpty = leavesOf(answer.found).length === 0;
  const endings = sent === undefined ? [] : sessions.endingsOf(sent);
  const wasOver = sent === undefined || endings.some((ending) => ending.endedAt < startedAt);
  if (wasOver) {
    return isEmpty ? [] : [finding("alive", `${nameOf(visit)} found a session that had ended`)];
  }
  if (endings.some((ending) => ending.startedAt < endedAt) && (isEmpty || answer.outcome === "gone"))
    return [];
  const changes = sessions.changesOf(sent);
  // Who was to make it may have failed.
  const mayNeverHaveBeen = !changes.every(isCertain) && !changes.some((change) => isBefore(change, visit));
  if (answer.outcome === "gone" && !mayNeverHaveBeen)
    return [finding("lost", `${nameOf(visit)} was told that its session is gone`)];
  return compare(nameOf(visit), answer.found, changes, { startedAt, endedAt });
}

/** What data lacks that was acknowledged before the span, or has that was not begun before its end. */
function compare(where: string, data: Data, changes: readonly Change[], span: Span): Finding[] {
  const findings: Finding[] = [];
  const mayBe = new Set<string>();
  const find = (what: Finding["what"], path: Path, by: string, count = 1) =>
    void findings.push(finding(what, `${where}: ${path.join(".")} ${by}`, count));

  const removals = changes.filter(({ kind }) => kind === "remove");
  for (const change of changes) {
    const { path } = change;
    if (change.kind === "set") {
      const ofThis = removals.filter((removal) => isWithin(path, removal.path));
      // Begun when the change was there already: it is not to come back.
      const isRemoved = ofThis.some(
        (removal) => isBefore(removal, span) && removal.startedAt > change.endedAt,
      );
      const value = valueAt(data, path);
      mayBe.add(path.join());
      if (isRemoved && value !== undefined) find("undone", path, "is there, and was removed");
      // A removal beats a change beneath it that it overlaps with.
      const mayBeRemoved = ofThis.some(
        (removal) => removal.startedAt < span.endedAt && removal.endedAt > change.startedAt,
      );
      const mustBe = isBefore(change, span) && !mayBeRemoved;
      if (mustBe && value !== change.value) find("lost", path, `is ${value}, and was set to ${change.value}`);
    }
    if (change.kind === "append" || change.kind === "count") mayBe.add(path.join());
  }
  for (const [path, counts] of grouped(changes, "count")) {
    const value = Number(valueAt(data, path) ?? 0);
    const least = counts.filter((change) => isBefore(change, span)).length;
    const most = counts.filter(({ startedAt }) => startedAt < span.endedAt).length;
    if (value < least) find("miscounted", path, `is ${value}, and was counted to ${least}`, least - value);
    if (value > most) find("miscounted", path, `is ${value}, and was counted to ${most}`, value - most);
  }
  for (const [path, appended] of grouped(changes, "append")) {
    const list = elementsAt(data, path);
    for (const change of appended) {
      const times = list.filter((element) => element === change.value).length;
      if (times === 0 && isBefore(change, span)) find("lost", path, `lacks ${change.value}`);
      if (times > 1) find("doubled", path, `has ${change.value} ${times} times`);
    }
    const values = new Set<unknown>(
      appended.filter((change) => change.startedAt < span.endedAt).map(({ value }) => value),
    );
    const others = list.filter((element) => !values.has(element));
    if (others.length > 0) find("from nowhere", path, `has ${others.join()}`);
  }
  for (const path of leavesOf(data)) {
    if (!mayBe.has(path.join())) find("from nowhere", path, "is nobody's");
  }
  return findings;
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((name, i) => path[i] === name);
}

function isBefore({ isCertain, endedAt }: Change, { startedAt }: Span): boolean {
  return isCertain && endedAt < startedAt;
}

function grouped<K extends "append" | "count">(
  changes: readonly Change[],
  kind: K,
): [Path, (Change & { kind: K })[]][] {
  const groups = new Map<string, [Path, (Change & { kind: K })[]]>();
  for (const change of changes) {
    if (!isOf(change, kind)) continue;
    const group = groups.get(change.path.join()) ?? [change.path, []];
    group[1].push(change);
    groups.set(change.path.join(), group);
  }
  return [...groups.values()];
}

function isOf<K extends Change["kind"]>(change: Change, kind: K): change is Change & { kind: K } {
  return change.kind === kind;
}

function elementsAt(data: Data, path: Path): readonly unknown[] {
  const list = valueAt(data, path);
  return Array.isArray(list) ? list : [];
}

// What the frameworks keep in the data for themselves.
const OF_FRAMEWORKS = ["cookie", "_maxAge", "_expire", "_session"];

/** The paths of the application's values. */
export function leavesOf(data: Data): Path[] {
  return Object.entries(data)
    .filter(([name]) => !OF_FRAMEWORKS.includes(name))
    .flatMap(([name, value]) => leavesBelow([name], value));
}

function leavesBelow(path: Path, value: unknown): Path[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leavesBelow([...path, name], inner));
}

function nameOf({ n, door, ask, sent }: Visit): string {
  return `request ${n} (${ask.do}, ${door}, of ${sent ?? "nobody yet"})`;
}

function finding(what: Finding["what"], says: string, changes = 1): Finding {
  return { what, says, changes };
}
