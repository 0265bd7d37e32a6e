// Which fault strikes which request, decided by a seed: the same requests in the same order meet the same faults.
import { Random } from "../simulation/random.js";
import type { Answer, Decide } from "../support/fault-proxy.js";
import type { Asked, FaultKind } from "./kinds.js";

const FRESH_FIRST = 0.3;

/** The proxy's decisions of one run. */
export class FaultPlan {
  /** Faults by kind, as they were injected. */
  readonly injected = new Map<string, number>();
  readonly #kinds: readonly FaultKind[];
  readonly #random: Random;
  #isAtWork = false;

  constructor(kinds: readonly FaultKind[], seed: number) {
    this.#kinds = kinds;
    this.#random = new Random(seed).fork("faults");
  }

  begin(): void {
    this.#isAtWork = true;
  }

  /** What comes from now on passes. */
  end(): void {
    this.#isAtWork = false;
  }

  readonly decide: Decide = (action, body, attempt) =>
    this.#isAtWork ? this.#strike({ action, body, attempt }) : undefined;

  #strike(asked: Asked): Answer | undefined {
    const able = this.#kinds.filter((kind) => kind.strikes?.(asked) ?? true);
    // Each has its turn, also one that strikes little or seldom can.
    const fresh = able.filter(({ name }) => !this.injected.has(name));
    const isTurn = fresh.length > 0 && this.#random.chance(FRESH_FIRST);
    const kinds = isTurn ? fresh : able;
    const kind = kinds[this.#random.whole(0, kinds.length - 1)];
    if (kind === undefined || !(isTurn || this.#random.chance(kind.rate))) return undefined;
    this.injected.set(kind.name, (this.injected.get(kind.name) ?? 0) + 1);
    return kind.answer(asked, this.#random);
  }
}
