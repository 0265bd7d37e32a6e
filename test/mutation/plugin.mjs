// What Stryker is given besides its own: a reporter that writes down at once what came of a mutant, so that a run that is
// ended in its midst has told what it found; and a sample, which lets only some mutants be tested.
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { isSame, nameOf, SURVIVORS } from "./survivors.mjs";

class Told {
  static inject = ["options"];
  #file;

  constructor({ told }) {
    this.#file = told;
  }

  onMutantTested({ replacement, location, mutatorName, status }) {
    appendFileSync(this.#file, `${JSON.stringify({ replacement, location, mutatorName, status })}\n`);
  }
}

/**
 * Stryker has no word for some of the mutants, but one for those that a checker takes out: they do not compile. Drawn by lot
 * are those that are no explained survivors, or those that are named.
 */
class Sample {
  static inject = ["options"];
  #options;
  #drawn = new Set();

  constructor({ sample }) {
    this.#options = sample;
  }

  async init() {}

  /** Of all mutants at once, which is the first that Stryker asks. */
  async group(mutants) {
    const { file, seed, most, named } = this.#options;
    const source = readFileSync(file, "utf8");
    const stands = (list) => (mutant) => list.some((one) => isSame(one, nameOf(reported(mutant), source)));
    const isKnown = stands(SURVIVORS[file] ?? []);
    const lot = ({ id }) => createHash("sha256").update(`${seed} ${file} ${id}`).digest("hex");
    const drawn = named
      ? mutants.filter(stands(named))
      : mutants
          .filter((mutant) => !isKnown(mutant))
          .toSorted((one, other) => (lot(one) < lot(other) ? -1 : 1))
          .slice(0, most);
    this.#drawn = new Set(drawn.map(({ id }) => id));
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants) {
    return Object.fromEntries(mutants.map(({ id }) => [id, this.#verdict(id)]));
  }

  #verdict(id) {
    return this.#drawn.has(id) ? { status: "passed" } : { status: "compileError", reason: "not drawn" };
  }
}

/** A mutant's place as reports have it: within, Stryker counts from 0. */
function reported({ location: { start, end }, replacement }) {
  const next = ({ line, column }) => ({ line: line + 1, column: column + 1 });
  return { location: { start: next(start), end: next(end) }, replacement };
}

export const strykerPlugins = [
  { kind: "Reporter", name: "told", injectableClass: Told },
  { kind: "Checker", name: "sample", injectableClass: Sample },
];
