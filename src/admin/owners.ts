// How many sessions each owner has, in a memory that is bounded: a table may have more owners than fit.
import { type Histogram, Tally } from "./histogram.js";

/** Whose the live sessions are. */
export interface OwnerSurvey {
  /** Live sessions that have an owner. */
  readonly owned: number;
  /** Live sessions that have none. */
  readonly nobodys: number;
  /** Owners with a live session: all of them, or where `isCut` the 100 000 that were met first. */
  readonly distinct: number;
  /** Sessions of each of those owners. */
  readonly perOwner: Histogram;
  /** Those of them with the most sessions, ten at most, by the hashes of their names (`hashOfOwner`). */
  readonly top: readonly {
    /** The hash of the owner's name. */
    readonly owner: string;
    /** How many live sessions are theirs. */
    readonly sessions: number;
  }[];
  /** Whether there are more owners than were counted apart. What was counted is exact. */
  readonly isCut: boolean;
}

const MOST_OWNERS = 100_000;
const TOP = 10;
const SESSIONS_PER_OWNER = [1, 2, 3, 5, 10, 20, 50, 100];

/** Counts the sessions of owners. */
export class OwnerTally {
  readonly #most: number;
  readonly #sessions = new Map<string, number>();
  #owned = 0;
  #nobodys = 0;
  #isCut = false;

  /** @param most how many owners are counted apart. */
  constructor(most = MOST_OWNERS) {
    this.#most = most;
  }

  add(owner: string | undefined): void {
    if (owner === undefined) {
      this.#nobodys += 1;
      return;
    }
    this.#owned += 1;
    const before = this.#sessions.get(owner);
    if (before === undefined && this.#sessions.size === this.#most) this.#isCut = true;
    else this.#sessions.set(owner, (before ?? 0) + 1);
  }

  survey(): OwnerSurvey {
    const perOwner = new Tally(SESSIONS_PER_OWNER);
    for (const sessions of this.#sessions.values()) perOwner.add(sessions);
    return {
      owned: this.#owned,
      nobodys: this.#nobodys,
      distinct: this.#sessions.size,
      perOwner: perOwner.histogram(),
      top: this.#top(),
      isCut: this.#isCut,
    };
  }

  #top(): OwnerSurvey["top"] {
    const top: { owner: string; sessions: number }[] = [];
    for (const [owner, sessions] of this.#sessions) {
      if (top.length === TOP && sessions <= (top[TOP - 1]?.sessions ?? 0)) continue;
      top.push({ owner, sessions });
      top.sort((one, other) => other.sessions - one.sessions);
      top.length = Math.min(top.length, TOP);
    }
    return top;
  }
}
