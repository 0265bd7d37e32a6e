// Watches every operation that any door asks of an engine, and every callback that express-session gives to the store: how
// long each took, what came of it, for whose request, and that it was answered once.
import { SessionEngine } from "../../src/core/engine.js";
import { SessionStoreError } from "../../src/core/index.js";
import { SessionInHand } from "../../src/core/session.js";
import { CyclicSessionStore } from "../../src/express/index.js";
import { currentVisit } from "../processes/apps/visit.js";

const OPERATIONS = ["load", "save", "touch", "destroy", "update"] as const;
const CALLED_BACK = ["get", "set", "touch", "destroy"] as const;

/** An operation that was answered. */
export interface Operation {
  readonly name: string;
  /** The session's id. */
  readonly session: string;
  /** The request that it was done for. */
  readonly visit: number | undefined;
  readonly durationMs: number;
  /** What it was refused with. */
  readonly error: unknown;
}

export class Watch {
  readonly operations: Operation[] = [];
  /** What failed without a word to whom had asked: touches. */
  readonly survived: unknown[] = [];
  /** Answers to callbacks that were answered before, in words. */
  readonly repeated: string[] = [];
  /** Operations and callbacks that wait for their answer. */
  waiting = 0;
  readonly #restore: (() => void)[] = [];

  constructor() {
    for (const name of OPERATIONS) {
      this.#wrap(SessionEngine.prototype, name, (call, args) => this.#operation(name, call, args));
    }
    for (const name of CALLED_BACK) {
      this.#wrap(CyclicSessionStore.prototype, name, (call, args) => call(this.#countAnswers(name, args)));
    }
  }

  end(): void {
    for (const restore of this.#restore) restore();
  }

  #operation(name: string, call: Call, args: readonly unknown[]): unknown {
    const startedAt = performance.now();
    const visit = currentVisit();
    const [target] = args;
    const session = target instanceof SessionInHand ? target.id : String(target);
    this.waiting += 1;
    const settle = (error?: unknown) => {
      this.waiting -= 1;
      this.operations.push({ name, session, visit, durationMs: performance.now() - startedAt, error });
    };
    const answered = call(args);
    Promise.resolve(answered).then((result) => {
      settle();
      if (isFailedTouch(result)) this.survived.push(result.error);
    }, settle);
    return answered;
  }

  #countAnswers(name: string, args: readonly unknown[]): readonly unknown[] {
    const callback = args.at(-1);
    if (typeof callback !== "function") return args;
    let times = 0;
    this.waiting += 1;
    const counted = (...answer: unknown[]) => {
      times += 1;
      if (times === 1) this.waiting -= 1;
      else this.repeated.push(`the callback of ${name} was called for the ${times}th time`);
      return Reflect.apply(callback, undefined, answer);
    };
    return [...args.slice(0, -1), counted];
  }

  #wrap(prototype: object, name: string, around: (call: Call, args: readonly unknown[]) => unknown): void {
    const method: unknown = Reflect.get(prototype, name);
    if (typeof method !== "function") throw new Error(`there is no method ${name} to be watched`);
    Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
      return around((given) => Reflect.apply(method, this, given), args);
    });
    this.#restore.push(() => void Reflect.set(prototype, name, method));
  }
}

type Call = (args: readonly unknown[]) => unknown;

function isFailedTouch(result: unknown): result is { readonly error: unknown } {
  return typeof result === "object" && result !== null && "error" in result;
}

/** An error's code, without what all codes begin with; or what it is, where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof SessionStoreError ? error.code.replace("ERR_SESSION_", "") : String(error);
}
