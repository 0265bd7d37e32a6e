// How fast a table is read and written, where its capacity is to be left to the application: capacity units a
// second, of all that a call does side by side.
import type { Costed, ResolvedOptions } from "../core/doors.js";

/** Lets work begin as often as its units allow. */
export class Pace {
  readonly #options: Pick<ResolvedOptions, "now" | "sleep">;
  readonly #unitsPerMs: number;
  /** One waits at a time: a signal that many listen to is taken for a leak by Node. */
  #turn: Promise<void> = Promise.resolve();
  /** When all that has begun is paid for. */
  #paidAt: number;

  /** @param maxUnitsPerSecond `undefined`: as fast as it goes. */
  constructor(maxUnitsPerSecond: number | undefined, options: Pick<ResolvedOptions, "now" | "sleep">) {
    this.#options = options;
    this.#unitsPerMs = (maxUnitsPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
    this.#paidAt = options.now();
  }

  /**
   * Does something once what began before is paid for.
   *
   * @param cost what it is taken to cost until that is known, and what it costs at least whatever it says.
   * @throws the signal's reason, and what the work throws.
   */
  async take<Result extends Costed>(
    { expectedUnits, leastUnits }: { expectedUnits: number; leastUnits: number },
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const turn = this.#turn.then(() => this.#begin(expectedUnits, signal));
    this.#turn = turn.catch(() => {});
    await turn;
    const result = await work();
    this.#pay(this.#paidAt, Math.max(result.units, leastUnits) - expectedUnits);
    return result;
  }

  async #begin(expectedUnits: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { now, sleep } = this.#options;
    const beginsAt = Math.max(now(), this.#paidAt);
    this.#pay(beginsAt, expectedUnits);
    if (beginsAt <= now()) return;
    await sleep(beginsAt - now(), signal);
    signal.throwIfAborted();
  }

  #pay(from: number, units: number): void {
    this.#paidAt = from + units / this.#unitsPerMs;
  }
}
