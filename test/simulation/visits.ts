// One request to an application: what it does with its session, in the engine's words. Every call is shown to the
// witness, before and after.
import type { SessionEngine, SessionInHand } from "../../src/core/index.js";
import type { Call, Hand, OperationName, Server, Settings } from "./calls.js";
import { type JsonObject, toJson } from "./documents.js";
import type { Evidence } from "./evidence.js";
import type { Network } from "./network.js";
import type { Random } from "./random.js";
import type { Witness } from "./witness.js";
import type { World } from "./world.js";

/** What all requests of a history share. */
export interface Scene {
  readonly world: World;
  readonly network: Network;
  readonly evidence: Evidence;
  readonly witness: Witness;
  readonly settings: Settings;
  /** Which sessions each sign-in has lived in, by what it wrote into them. */
  readonly tokens: Map<string, string[]>;
  /** When a load of a server last gave a session out, by server and id. */
  readonly handedOut: Map<string, number>;
}

/** A visitor's cookie: the id of the session, as the last answer said. */
export interface Cookie {
  id: string;
}

/** What an update does: at once, or after some waiting. */
export interface Change {
  readonly apply: (data: JsonObject) => JsonObject;
  /** Waits and does other things, each time before it is applied. */
  readonly meanwhile?: (() => Promise<unknown>) | undefined;
  readonly isOwnFault?: boolean;
}

interface Asked<T> {
  readonly id: string;
  readonly hand?: Hand | undefined;
  readonly given?: JsonObject;
  readonly change?: Change;
  readonly start: () => Promise<T>;
}

/** The result of a call, or that it failed. */
export type Answered<T> = { readonly failed: false; readonly result: T } | { readonly failed: true };

// As long does an engine remember which sessions it gave out.
const HANDED_OUT_MS = 60_000;

export class Visit {
  readonly name: string;
  readonly server: Server;
  readonly scene: Scene;
  readonly random: Random;
  readonly #network: Random;
  /** `false` for a page's polling. */
  renews = true;
  /** Counts what it changed, so that every value is another one. */
  changes = 0;

  constructor(name: string, server: Server, scene: Scene, random: Random) {
    this.name = name;
    this.server = server;
    this.scene = scene;
    this.random = random;
    this.#network = random.fork("network");
  }

  get engine(): SessionEngine {
    return this.server.engine;
  }

  think(most: number): Promise<void> {
    return this.scene.world.sleep(this.random.whole(0, most));
  }

  /** A session to be made under this id. */
  create(id: string, predecessor?: Hand): Hand {
    return handOf(this.engine.create(id, predecessor?.session), { predecessor, mayCreate: true });
  }

  async load(id: string): Promise<Hand | undefined> {
    const { witness, handedOut } = this.scene;
    const call = this.#begin("load", { id });
    const answered = await this.#answer(call, () => this.engine.load(id));
    if (answered.failed) return undefined;
    const session = answered.result;
    const base = session && toJson(session.data);
    witness.loaded(call, base);
    if (session === undefined) return undefined;
    handedOut.set(`${this.server.name} ${id}`, this.engine.now());
    const row = call.lastRead?.row;
    return handOf(session, { base, gen: row?.gen, baseRev: row?.rev });
  }

  /** Saves what a request holds of a session, or, of a session by its id, whatever it likes. */
  async save(target: Hand | string, data: Record<string, unknown>): Promise<string> {
    const given = toJson(data);
    const id = typeof target === "string" ? target : target.id;
    const hand = typeof target === "string" ? this.#adopted(target) : target;
    const start = () =>
      this.engine.save(typeof target === "string" ? target : target.session, data, this.#lifetime());
    const answered = await this.#settle("save", { id, hand, given, start }, ({ outcome }) => outcome);
    return answered.failed ? "failed" : answered.result.outcome;
  }

  async touch(target: Hand | string): Promise<void> {
    const { id, hand, session } = targetOf(target);
    const start = () => this.engine.touch(session, this.#lifetime());
    const call = this.#begin("touch", { id, hand });
    const answered = await this.#answer(call, start);
    if (answered.failed) return;
    const { outcome } = answered.result;
    const isFailure = outcome === "failed";
    this.scene.witness.settled(call, isFailure ? codeOf(answered.result.error) : outcome, isFailure);
  }

  async destroy(target: Hand | string): Promise<boolean> {
    const { id, hand, session } = targetOf(target);
    const start = () => this.engine.destroy(session);
    return !(await this.#settle("destroy", { id, hand, start }, () => "destroyed")).failed;
  }

  /** Gives the session as the update left it. */
  async update(
    target: Hand | string,
    change: Change,
  ): Promise<{ hand: Hand; data: Record<string, unknown> } | undefined> {
    const { id, hand, session } = targetOf(target);
    const run = async (data: Record<string, unknown>) => {
      await change.meanwhile?.();
      return change.apply(toJson(data));
    };
    const start = () => this.engine.update(session, run, this.#lifetime());
    const call = this.#begin("update", { id, hand, change });
    const answered = await this.#answer(call, start);
    if (answered.failed) return undefined;
    const { result } = answered;
    this.scene.witness.settled(call, result.outcome, false);
    if (result.outcome === "gone") return undefined;
    const write = call.writes.at(-1) ?? call.lastRead?.row;
    const base = toJson(result.data);
    return {
      hand: handOf(result.session, { base, gen: write?.gen, baseRev: write?.rev }),
      data: result.data,
    };
  }

  #adopted(id: string): Hand {
    const at = this.scene.handedOut.get(`${this.server.name} ${id}`);
    const mayCreate = at === undefined || this.engine.now() - at > HANDED_OUT_MS;
    return { ...handOf(this.engine.create(id), { mayCreate }) };
  }

  async #settle<T>(
    name: OperationName,
    asked: Asked<T>,
    outcomeOf: (result: T) => string,
  ): Promise<Answered<T>> {
    const call = this.#begin(name, asked);
    const answered = await this.#answer(call, asked.start);
    if (!answered.failed) this.scene.witness.settled(call, outcomeOf(answered.result), false);
    return answered;
  }

  #begin(name: OperationName, { id, hand, given, change }: Omit<Asked<unknown>, "start">): Call {
    const { evidence, witness, world } = this.scene;
    const call: Call = {
      number: evidence.calls.length,
      name,
      by: this.name,
      server: this.server,
      id,
      hand,
      given,
      change: change?.apply,
      renews: this.renews,
      random: this.#network,
      startedAt: world.time,
      rowAtStart: evidence.rowOf(id),
      behind: name === "load" ? evidence.calls.filter((other) => isAhead(other, id, this.server)) : [],
      settledAt: undefined,
      outcome: undefined,
      isOwnFault: change?.isOwnFault === true,
      gen: undefined,
      lastRead: undefined,
      lastSeen: undefined,
      wasAbsent: evidence.rowOf(id) === undefined,
      writes: [],
      removals: [],
    };
    witness.called(call);
    return call;
  }

  async #answer<T>(call: Call, start: () => Promise<T>): Promise<Answered<T>> {
    try {
      return { failed: false, result: await this.scene.network.begin(call, start) };
    } catch (error) {
      this.scene.witness.settled(call, codeOf(error), true);
      return { failed: true };
    }
  }

  #lifetime() {
    const { livesBy, lifetime, grace } = this.scene.settings;
    const renew = this.renews ? {} : { renew: false };
    return livesBy === "maxAge" ? { maxAge: lifetime, grace, ...renew } : renew;
  }
}

function handOf(session: SessionInHand, known: Partial<Hand>): Hand {
  return {
    id: session.id,
    session,
    base: undefined,
    loaded: known.base,
    baseRev: 0,
    isInDoubt: false,
    isAdopted: false,
    gen: undefined,
    mayCreate: false,
    predecessor: undefined,
    removal: undefined,
    isKnownGone: false,
    removed: undefined,
    without: undefined,
    ...known,
  };
}

function targetOf(target: Hand | string) {
  return typeof target === "string"
    ? { id: target, hand: undefined, session: target }
    : { id: target.id, hand: target, session: target.session };
}

function isAhead(call: Call, id: string, server: Server): boolean {
  const isWaitedFor = call.name === "save" || call.name === "destroy";
  return isWaitedFor && call.id === id && call.server === server && call.settledAt === undefined;
}

function codeOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code);
  return String(error);
}
