// Which session ids were handed out by a load of this process lately. A framework that copies what it was given saves
// an object that nothing links to its load; by this memory such a save revives nothing.

const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** The ids that were handed out within the last minute, the latest 10 000 of them. */
export class Handouts {
  readonly #at = new Map<string, number>();

  add(id: string, now: number): void {
    this.#at.delete(id);
    this.#at.set(id, now);
    // Insertion order is the order of time: the oldest come first.
    for (const [oldest, at] of this.#at) {
      if (this.#at.size <= MAX_REMEMBERED && now - at <= REMEMBERED_MS) return;
      this.#at.delete(oldest);
    }
  }

  has(id: string, now: number): boolean {
    const at = this.#at.get(id);
    return at !== undefined && now - at <= REMEMBERED_MS;
  }
}
