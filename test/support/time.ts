// Time that passes when a test says so, and moments that a test chooses.
import { afterEach, beforeEach, vi } from "vitest";

/** Time that stands, for stores and frameworks alike, until a test lets it pass. */
export interface StandingTime {
  now(): number;
  pass(ms: number): void;
}

/** Stops the clock for the tests of this file or `describe`. Timers run on. */
export function stopTheClock(): StandingTime {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return {
    now: () => Date.now(),
    pass: (ms) => void vi.setSystemTime(Date.now() + ms),
  };
}

/** Something that happens once, and can be waited for. */
export interface Signal {
  readonly given: Promise<void>;
  give(): void;
}

export function makeSignal(): Signal {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

/** Deadlines of operations that a test lets come, in the order in which the operations began. */
export interface HeldDeadlines {
  /** Of the engine whose operations they are. Whatever else waits there waits no time. */
  readonly options: { readonly timeout: number; sleep(ms: number): Promise<void> };
  readonly deadlines: (() => void)[];
}

export function holdDeadlines(): HeldDeadlines {
  const timeout = 1234;
  const deadlines: (() => void)[] = [];
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => (ms === timeout ? deadlines.push(resolve) : resolve()));
  return { options: { timeout, sleep }, deadlines };
}

/** A promise that a test settles as it likes. */
export interface Held<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export function holdPromise<T>(): Held<T> {
  let [resolve, reject]: [(value: T) => void, (error: Error) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve: (value) => resolve(value), reject: (error) => reject(error) };
}
