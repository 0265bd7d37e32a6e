// One promise tried on one store: applications over it, visitors who send requests as the conformance suite does, time, and
// the means of the storage. What has no answer and what is cut are answers too.
import { setTimeout as delay } from "node:timers/promises";
import { Ended } from "./store-process.js";

/**
 * @typedef {object} Outcome
 * @property {"holds" | "to the second" | "does not hold" | "does not apply"} came
 * @property {string} [note] in what way it does not hold, or why it does not apply
 *
 * @typedef {{ status?: number, data?: Record<string, any>, outcomes?: string[], problem?: string }} Visit
 */

const ANSWER_WITHIN_MS = 10_000;
/** What was thrown and not caught ends a process some turns later. */
const BREATH_MS = 100;

/** What every session of the comparison holds, and nothing that is printed may. */
export const SECRET_TEXT = "of the visitor's own, 7c1f";

export const HOLDS = { came: "holds" };
export const doesNotHold = (note) => ({ came: "does not hold", note });
export const doesNotApply = (note) => ({ came: "does not apply", note });
/** @returns {Outcome} */
export const holdsIf = (condition, note) => (condition ? HOLDS : doesNotHold(note));

function unlessEnded(error) {
  if (!(error instanceof Ended)) throw error;
}

export class Trial {
  #process;
  #means;
  #now;
  /** The ids that visitors were given. */
  ids = new Set();
  /** @type {App[]} */
  #apps = [];

  /**
   * @param {import("./store-process.js").StoreProcess} process
   * @param {import("./columns.js").Column} column
   * @param {import("../from-tests.js").Conformance} conformance
   */
  constructor(process, column, conformance) {
    this.#process = process;
    this.column = column;
    this.conformance = conformance;
  }

  async begin() {
    // What the trial before has left may have ended it only now.
    await this.#process.start();
    await this.lives();
    await this.#process.start();
    this.#means = (await this.#process.ask({ do: "means" })).means;
    await this.storage("mend");
    // In the middle of a second, where cutting to whole ones shows.
    this.#now = Math.floor(Date.now() / 1000) * 1000 + 500;
    await this.pass(0);
  }

  /** Ends what it started; the process stays, if it lives. */
  async end() {
    for (const app of this.#apps) if (app.isThere) await app.close().catch(unlessEnded);
  }

  /** What has reached error handlers, as far as their processes live. */
  async messages() {
    const all = [];
    for (const app of this.#apps) {
      const seen = app.isThere ? await app.seen().catch(unlessEnded) : undefined;
      all.push(...(seen?.messages ?? []));
    }
    return all;
  }

  /** @returns {Promise<App>} */
  async start(settings = {}) {
    const { app, origin } = await this.#process.ask({ do: "start", settings });
    const started = new App(this, this.#process, app, origin);
    this.#apps.push(started);
    return started;
  }

  /** A visitor of an application who has a session, with `data` beside what every session holds. */
  async signedIn(app, data = {}) {
    const visitor = app.visitor();
    const all = Object.entries({ secret: SECRET_TEXT, ...data });
    const visit = await visitor.visit(...all.map(([key, value]) => ({ do: "set", key, value })));
    if (visit.problem !== undefined) throw new Error(`no session was made: ${visit.problem}`);
    return visitor;
  }

  /** Milliseconds, of a clock that stands or of a real one. */
  time({ standing, real }) {
    return this.column.isByRealTime ? real : standing;
  }

  async pass(ms) {
    if (this.column.isByRealTime) return void (await delay(ms));
    this.#now += ms;
    await this.#process.ask({ do: "clock", now: this.#now });
  }

  has(mean) {
    return this.#means.includes(mean);
  }

  async storage(mean) {
    return (await this.#process.ask({ do: "storage", mean })).given;
  }

  /** Has so many requests wait for each other before they look at their sessions. */
  async gather(count) {
    await this.#process.ask({ do: "gather", count });
  }

  /** Whether the process still lives, a moment after the last answer: nobody has caught what was thrown by then. */
  async lives() {
    await delay(BREATH_MS);
    return this.#process.ask({ do: "means" }).then(
      () => true,
      () => false,
    );
  }
}

/** An application of the tried store. */
class App {
  #trial;
  #process;
  #number;
  #life;

  constructor(trial, process, number, origin) {
    this.#trial = trial;
    this.#process = process;
    this.#number = number;
    this.#life = process.life;
    this.origin = origin;
  }

  /** Whether the process that it was started in lives. */
  get isThere() {
    return this.#process.isAlive && this.#process.life === this.#life;
  }

  seen() {
    return this.#process.ask({ do: "look", app: this.#number });
  }

  /** What has reached the error handling, a moment after the last answer. */
  async errors() {
    return (await this.#process.ask({ do: "failed", app: this.#number })).errors;
  }

  async reached(gate, count) {
    const { waiting } = await this.#process.ask({ do: "reached", app: this.#number, gate, count });
    if ((waiting[gate] ?? 0) < count) throw new Error("no request came to the gate");
  }

  open(gate) {
    return this.#process.ask({ do: "open", app: this.#number, gate });
  }

  close() {
    return this.#process.ask({ do: "close", app: this.#number });
  }

  /** Someone with these cookies. */
  visitor(cookies = new Map()) {
    return new Guest(this.#trial, new this.#trial.conformance.Visitor(this.origin, cookies));
  }

  /** Sends a request that loads its session and waits; `goOn` lets it take its other steps, and gives the visit. */
  async hold(visitor, ...steps) {
    held += 1;
    const gate = `held ${held}`;
    const visit = visitor.visit({ do: "read" }, { do: "wait", gate }, ...steps);
    await this.reached(gate, 1);
    return async () => {
      await this.open(gate);
      return visit;
    };
  }
}

let held = 0;

/** The suite's visitor, whose ids are noted, and to whom anything may happen. */
class Guest {
  #trial;
  #visitor;

  constructor(trial, visitor) {
    this.#trial = trial;
    this.#visitor = visitor;
  }

  get cookies() {
    return this.#visitor.cookies;
  }

  get id() {
    return this.#trial.conformance.idInCookie(this.cookies);
  }

  read() {
    return this.visit({ do: "read" });
  }

  /** @returns {Promise<Visit>} */
  async visit(...steps) {
    return this.within(ANSWER_WITHIN_MS, ...steps);
  }

  /** @returns {Promise<Visit>} */
  async within(ms, ...steps) {
    try {
      return await this.#visitor.leave(AbortSignal.timeout(ms), ...steps);
    } catch (error) {
      return {
        problem: error.name === "TimeoutError" ? "no answer came" : "the connection was cut",
      };
    } finally {
      if (this.id !== undefined) this.#trial.ids.add(this.id);
    }
  }
}
