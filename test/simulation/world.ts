// The world of one history: time that passes from event to event, and nothing else. Whatever waits, waits for an event
// of this world; all that an event sets off has run its course before the next one.

/** Something that is going to happen, unless it is called off. */
export interface Appointment {
  callOff(): void;
}

interface Event extends Appointment {
  readonly time: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
  isOff: boolean;
}

/** 15 January 2027, 8:00:00 UTC, in epoch milliseconds. */
const START = 1_800_000_000_000;

// No history comes near it; one that does goes in circles.
const MOST_EVENTS = 50_000;

export class World {
  #time = START;
  #order = 0;
  #events = 0;
  readonly #queue: Event[] = [];
  readonly #lines: string[] | undefined;
  /** Why the history ends here: the first thing that was not as promised. */
  failure: Error | undefined;

  constructor(isLogged: boolean) {
    this.#lines = isLogged ? [] : undefined;
  }

  /** Epoch milliseconds, with fractions. */
  get time(): number {
    return this.#time;
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }

  /** A line of the log, where one is kept. */
  log(line: () => string): void {
    this.#lines?.push(`${(this.#time - START).toFixed(1).padStart(10)}  ${line()}`);
  }

  /** Has something happen `ms` from now. */
  after(ms: number, run: () => void | Promise<void>): Appointment {
    const event: Event = {
      time: this.#time + ms,
      order: this.#order++,
      run,
      isOff: false,
      callOff() {
        event.isOff = true;
      },
    };
    this.#put(event);
    return event;
  }

  /** Resolves in `ms`, or when `signal` is aborted: the option `sleep`. */
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const appointment = this.after(ms, () => end());
      const end = () => {
        signal?.removeEventListener("abort", end);
        appointment.callOff();
        resolve();
      };
      if (signal?.aborted) end();
      else signal?.addEventListener("abort", end);
    });

  /** Lets all happen that is going to, or all until the first failure. */
  async run(): Promise<void> {
    await turn();
    for (let event = this.#take(); event && this.failure === undefined; event = this.#take()) {
      if (event.isOff) continue;
      if (this.#events++ === MOST_EVENTS) throw new Error("a history without an end");
      this.#time = event.time;
      await event.run();
      await turn();
    }
  }

  // A binary heap: the earliest first, and of one moment what was asked for first.
  #put(event: Event): void {
    const queue = this.#queue;
    let at = queue.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = queue[parent];
      if (above === undefined || isBefore(above, event)) break;
      queue[at] = above;
      at = parent;
    }
    queue[at] = event;
  }

  #take(): Event | undefined {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = queue[child];
      const right = queue[child + 1];
      if (right && below && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (below === undefined || isBefore(last, below)) break;
      queue[at] = below;
      at = child;
    }
    queue[at] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}

/**
 * Resolves when every microtask has run that is waiting now, and every one that these set off; and so for what an engine
 * does at the end of the turn.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** A server's clock: the world's time, and how far it is off. Steps are those that NTP makes. */
export class Clock {
  readonly #world: World;
  #offset: number;
  // The clock was set at these moments of the world's time, the last one last.
  readonly #settings: { readonly from: number; readonly offset: number }[];

  constructor(world: World, offset: number) {
    this.#world = world;
    this.#offset = offset;
    this.#settings = [{ from: Number.NEGATIVE_INFINITY, offset }];
  }

  readonly now = (): number => Math.floor(this.#world.time + this.#offset);

  set(offset: number): void {
    this.#offset = offset;
    this.#settings.push({ from: this.#world.time, offset });
  }

  /** How far it was ever off. */
  get offsets(): number[] {
    return this.#settings.map(({ offset }) => offset);
  }

  /** The least and the most that it has said since `from`, in the world's time. */
  since(from: number): { readonly least: number; readonly most: number } {
    let least = this.now();
    let most = least;
    this.#settings.forEach((setting, i) => {
      const until = this.#settings[i + 1]?.from ?? this.#world.time;
      if (until < from) return;
      least = Math.min(least, Math.floor(Math.max(from, setting.from) + setting.offset));
      most = Math.max(most, Math.floor(until + setting.offset));
    });
    return { least, most };
  }
}
