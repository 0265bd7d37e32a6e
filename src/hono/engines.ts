// Engines for options that are given anew with every request, as a Worker's are: one for each table and
// client, however many objects the options come in.
import {
  BoundedMap,
  checkOptions,
  engineForDoor,
  type SessionEngine,
  type SessionStoreOptions,
} from "../core/doors.js";

// A client keeps connections open. One that is forgotten is closed by nobody, for requests may still use it.
const MOST_ENGINES = 100;
// Whoever may use a secret has the id that stands beside it.
const SECRETS = ["secretAccessKey", "sessionToken"];

/** The engines that were made last, by what their options say. */
export class SessionEngines {
  readonly #engines = new BoundedMap<string, SessionEngine>(MOST_ENGINES);
  readonly #identities = new WeakMap<object, number>();
  #identified = 0;

  /**
   * The engine of these options: one that is there where their plain values are the same, and `client`, and
   * what `clientConfig` holds besides plain values (a function, an instance of a class). The functions among
   * the options, and codecs, are those given here.
   *
   * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, naming the option.
   */
  of(options: SessionStoreOptions): SessionEngine {
    checkOptions(options);
    const functions = Object.entries(options).filter(
      ([option, value]) => typeof value === "function" || option === "codec",
    );
    const marked = Object.fromEntries(functions.map(([option]) => [option, "a function"]));
    const name = JSON.stringify(this.#plain({ ...options, ...marked }));
    const known = this.#engines.get(name) ?? engineForDoor(options);
    this.#engines.set(name, known);
    return known.withFunctions(Object.fromEntries(functions));
  }

  #plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((element) => this.#plain(element));
    if (typeof value === "function") return this.#identity(value);
    if (typeof value !== "object" || value === null) return value;
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return this.#identity(value);
    const entries = Object.entries(value).filter(([name]) => !SECRETS.includes(name));
    // By their names alone: a value without a prototype compares with nothing.
    entries.sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(entries.map(([name, field]) => [name, this.#plain(field)]));
  }

  #identity(value: object): { identity: number } {
    const identity = this.#identities.get(value) ?? ++this.#identified;
    this.#identities.set(value, identity);
    return { identity };
  }
}
