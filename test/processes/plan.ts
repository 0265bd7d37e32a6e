// What the visitors of a run do, decided before it begins by a seed alone: with the same seed, two runs are asked for the
// same. Which requests overlap, and who comes first, is up to the processes.
import { DOORS, type Door } from "./protocol.js";

/** One request, as it was planned. */
export interface Planned {
  /** From 1; it names what is the request's own. */
  readonly n: number;
  /** Which of the sessions: whoever holds that place when the request is sent. */
  readonly place: number;
  readonly process: number;
  readonly door: Door;
  readonly kind: Kind;
  /** How many other requests end between its load and its change. */
  readonly waits: number;
}

export type Kind = (typeof KINDS)[number][0];

// Of a hundred requests, about so many.
const KINDS = [
  ["read", 26],
  ["set", 20],
  ["set within", 14],
  ["append", 12],
  ["remove", 7],
  /** An object that others set in, whole. */
  ["remove all", 1],
  ["count", 11],
  ["set twice", 6],
  ["sign in", 1],
  ["sign out", 1],
  /** Sets, by the cookie of a session that had ended before. */
  ["set late", 1],
] as const;

// A page sends its requests together.
const LARGEST_BURST = 6;
const WAITING = 0.12;
const LONGEST_WAIT = 12;

export interface Size {
  readonly requests: number;
  readonly sessions: number;
  readonly processes: number;
  /** How often something is done, where that is another share than usual. */
  readonly weights?: Partial<Record<Kind, number>>;
}

export function makePlan(seed: number, { requests, sessions, processes, weights = {} }: Size): Planned[] {
  const random = randomBy(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const planned: Planned[] = [];
  while (planned.length < requests) {
    const place = below(sessions);
    const burst = Math.min(1 + below(LARGEST_BURST), requests - planned.length);
    for (let i = 0; i < burst; i++) {
      planned.push({
        n: planned.length + 1,
        place,
        process: below(processes),
        door: DOORS[below(DOORS.length)] ?? "express",
        kind: kindAt(random(), weights),
        waits: random() < WAITING ? 1 + below(LONGEST_WAIT) : 0,
      });
    }
  }
  return planned;
}

function kindAt(fraction: number, weights: NonNullable<Size["weights"]>): Kind {
  const weightOf = ([kind, weight]: (typeof KINDS)[number]) => weights[kind] ?? weight;
  let left = fraction * KINDS.reduce((sum, entry) => sum + weightOf(entry), 0);
  for (const entry of KINDS) {
    const [kind] = entry;
    left -= weightOf(entry);
    if (left < 0) return kind;
  }
  return "read";
}

/** Numbers from 0 to below 1, by the seed: a counter, its bits mixed as in MurmurHash3's end. */
function randomBy(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
