// Where applications run, and how the suite reaches one: in this process, or, by the same questions asked over HTTP, in
// another (test/runtimes).
import { setTimeout as delay } from "node:timers/promises";
import { vi } from "vitest";
import type { Driver, Served } from "./driver.js";
import { makeLab } from "./lab.js";
import type { AppSettings, Question, Seen } from "./protocol.js";

export interface Place {
  /** The runtime; `undefined` in this process. */
  readonly runtime?: string;
  /** What the runtime does not let a store promise, beside what the framework does not. */
  readonly cannot?: Driver["cannot"];
  /** Starts a driver's application. */
  start(driver: Driver, settings: AppSettings): Promise<Started>;
}

/** An application that listens, and answers the suite's questions. */
export interface Started extends Served {
  ask(question: Question): Promise<Seen>;
}

/** An application under test, as the suite reaches it. */
export interface App extends Served {
  /** What it has seen so far. */
  seen(): Promise<Seen>;
  /** Resolves when an error has reached the framework's error handling; the response may be there before. */
  failure(): Promise<void>;
  /** Resolves when so many requests wait at the gate. */
  reached(gate: string, count: number): Promise<void>;
  open(gate: string): Promise<void>;
  now(): number;
  pass(ms: number): Promise<void>;
}

/** Applications in this process. Their clock is the process's, which stands. */
export const here: Place = {
  async start(driver, settings) {
    const { lab, answer } = makeLab(settings);
    return { ...(await driver.start(lab)), ask: async (question) => answer(question) };
  },
};

// How often an application is asked what it has seen, while the suite waits for something.
const LOOK_EVERY_MS = 2;
// What has not come by then does not come. Not by `Date`, which stands.
const COMES_WITHIN_MS = 10_000;

export async function startApp(place: Place, driver: Driver, settings: AppSettings): Promise<App> {
  const { origin, close, ask } = await place.start(driver, settings);
  const seen = () => ask({ do: "look" });
  const until = async (holds: (seen: Seen) => boolean) => {
    const startedAt = performance.now();
    while (!holds(await seen())) {
      if (performance.now() - startedAt > COMES_WITHIN_MS) throw new Error("the application never saw it");
      await delay(LOOK_EVERY_MS);
    }
  };
  return {
    origin,
    close,
    seen,
    failure: () => until(({ errors }) => errors.length > 0),
    reached: (gate, count) => until(({ waiting }) => (waiting[gate] ?? 0) >= count),
    async open(gate) {
      await ask({ do: "open", gate });
    },
    now: () => Date.now(),
    async pass(ms) {
      vi.setSystemTime(Date.now() + ms);
      // Every question tells an application in another process what time it is.
      await seen();
    },
  };
}
