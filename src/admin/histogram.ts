// How figures are spread, in a memory that does not grow with how many there are.

/** How many figures are larger than the bucket before, and at most `upTo`. */
export interface Bucket {
  /** `null` for the last bucket of figures that know no bounds. */
  readonly upTo: number | null;
  /** How many figures are in it. */
  readonly count: number;
}

/** How figures are spread. */
export interface Histogram {
  /** Ascending, and the empty ones too: the bounds are the same each time. */
  readonly buckets: readonly Bucket[];
  /** How many have no figure. */
  readonly unknown: number;
}

/** Counts figures into buckets. */
export class Tally {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #unknown = 0;

  /** @param bounds ascending. What is larger than the last has a bucket of its own. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(figure: number | undefined): void {
    if (figure === undefined) {
      this.#unknown += 1;
      return;
    }
    const bucket = this.#bounds.findIndex((bound) => figure <= bound);
    const index = bucket === -1 ? this.#bounds.length : bucket;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  histogram(): Histogram {
    const buckets = this.#counts.map((count, i) => ({ upTo: this.#bounds[i] ?? null, count }));
    return { buckets, unknown: this.#unknown };
  }
}
