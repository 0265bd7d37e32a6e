// What is known of a history so far, beside its table: what the checks of promises lean on, and where they say what they
// found.
import type { Call, JsonRow, Sending, Server, Settings } from "./calls.js";
import type { Item } from "./expressions.js";
import { type Counts, type PromiseName, Violation } from "./promises.js";
import { readRow } from "./rows.js";
import type { ModelTable, RowChange } from "./table.js";
import type { World } from "./world.js";

/** What became of a session's row. */
export interface SessionChange {
  readonly before: Readonly<Item> | undefined;
  readonly after: Readonly<Item> | undefined;
  /** Whether it stands in another place now. */
  readonly isMove: boolean;
}

export class Evidence {
  readonly counts: Counts = {};
  readonly calls: Call[] = [];
  readonly world: World;
  readonly settings: Settings;
  readonly servers: readonly Server[];
  /** Of the last command that moved the expiry, by server and generation. */
  readonly moves = new Map<string, Sending>();
  readonly touchesOf = new Map<Call, Sending>();
  readonly gens = new Set<string>();
  /** How long the last command that moved the expiry was on its way, by generation: it tells when it was sent. */
  readonly transits = new Map<string, number>();
  /** How often a session had been counted when it was made, by generation: another's place comes with its data. */
  readonly hitsAtFirst = new Map<string, number>();
  /** Generations that someone wrote over who had loaded nothing: what was in them may be lost. */
  readonly overwritten = new Set<string>();
  /** Sessions that were made twice, for the first time was not known to have come to anything. */
  readonly madeAgain = new Set<string>();
  readonly #table: ModelTable;
  readonly #placesOf: (id: string) => readonly string[];
  /** When a command on a session was last hindered, by server and id. */
  readonly #hindrances = new Map<string, number>();
  #isBlind = false;

  constructor(
    world: World,
    table: ModelTable,
    settings: Settings,
    servers: readonly Server[],
    placesOf: (id: string) => readonly string[],
  ) {
    this.world = world;
    this.#table = table;
    this.settings = settings;
    this.servers = servers;
    this.#placesOf = placesOf;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Fails the history for a promise that was not kept. */
  check(promise: PromiseName, isKept: boolean, what: () => string): void {
    if (this.#isBlind) return;
    this.count(`promise ${promise}`);
    if (isKept || this.world.failure !== undefined) return;
    this.world.failure = new Violation(promise, what());
    this.world.log(() => `NOT AS PROMISED: ${this.world.failure?.message}`);
  }

  /** The row of a session, as it is now. */
  rowOf(id: string): JsonRow | undefined {
    const item = firstOf(this.#placesOf(id), (key) => this.#table.row(key))?.item;
    return item && readRow(item);
  }

  /** What a command that has just been carried out did to a session, wherever its row is. */
  changeOf(id: string, changes: readonly RowChange[]): SessionChange {
    const places = this.#placesOf(id);
    const was = firstOf(places, (key) => {
      const change = changes.find((one) => one.key === key);
      return change ? change.before : this.#table.row(key);
    });
    const is = firstOf(places, (key) => this.#table.row(key));
    return {
      before: was?.item,
      after: is?.item,
      isMove: was !== undefined && is !== undefined && was.key !== is.key,
    };
  }

  /** A command on a session was hindered on its way. */
  hinder(call: Call): void {
    this.#hindrances.set(`${call.server.name} ${call.id}`, this.world.time);
  }

  /** Whether anything that its server sent for its session since then was hindered. */
  isHindered(call: Call, since: number): boolean {
    return (this.#hindrances.get(`${call.server.name} ${call.id}`) ?? 0) >= since;
  }

  /**
   * A limit of the protocol: a creation that arrives once more when its session has been destroyed makes it again, as it
   * was when it was made. What comes of that in this history says nothing.
   */
  goBlind(): void {
    this.count("limit: a creation arrives after a destroy");
    this.#isBlind = true;
  }

  /** Milliseconds that a row lives. */
  get lifetime(): number {
    const { lifetime, livesBy, grace } = this.settings;
    return lifetime + (livesBy === "maxAge" ? grace : 0);
  }

  /** How far the clocks of all servers were ever apart, and the fraction that they do not show. */
  get clockSpread(): number {
    const offsets = this.servers.flatMap(({ clock }) => clock.offsets);
    return Math.max(...offsets) - Math.min(...offsets) + 1;
  }
}

/** The first of these places in which there is a row. */
function firstOf(keys: readonly string[], rowAt: (key: string) => Readonly<Item> | undefined) {
  for (const key of keys) {
    const item = rowAt(key);
    if (item) return { key, item };
  }
  return undefined;
}

/** A call, as the log names it. */
export function nameOf({ number, name, by, server, id }: Call): string {
  return `${by}, ${server.name}: #${number} ${name} ${id.slice(0, 6)}`;
}

/** A row, as the log shows it. */
export function shown(row: JsonRow | undefined): string {
  if (row === undefined) return "no row";
  const { gen, rev, until, updated, data } = row;
  return `row ${gen}@${rev} until ${until} updated ${updated} ${JSON.stringify(data)}`;
}
