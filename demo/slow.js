// Requests that are slow on purpose: each goes on when its visitor's sign-out has been answered, as one does that waited
// for something else meanwhile.

const LONGEST_MS = 5000;

export class SlowRequests {
  /** @type {Map<string, Set<() => void>>} by visitor, those that wait */
  #waiting = new Map();
  #longest;

  /** @param {number} [longest] milliseconds after which a request goes on though nobody has signed out */
  constructor(longest = LONGEST_MS) {
    this.#longest = longest;
  }

  /** @param {string} visitor */
  untilSignedOut(visitor) {
    const waiting = this.#waiting.get(visitor) ?? new Set();
    this.#waiting.set(visitor, waiting);
    return new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        waiting.delete(goOn);
        if (waiting.size === 0) this.#waiting.delete(visitor);
        resolve();
      };
      const timer = setTimeout(goOn, this.#longest);
      waiting.add(goOn);
    });
  }

  /** @param {string} visitor whose sign-out has been answered */
  signedOut(visitor) {
    for (const goOn of [...(this.#waiting.get(visitor) ?? [])]) goOn();
  }

  /** Lets all go on. */
  close() {
    for (const visitor of [...this.#waiting.keys()]) this.signedOut(visitor);
  }
}
