// What a framework has to say of itself to be put under the conformance suite, and how the suite starts its application
// in this process. Another framework's adapter is proved by writing one of these.
import { vi } from "vitest";
import type { SessionEvent } from "../../src/core/index.js";
import { SessionStoreError } from "../../src/core/index.js";
import { type Answer, type AppSettings, type Lab, lifetimeByData } from "./protocol.js";

/** An application that listens. */
export interface Served {
  readonly origin: string;
  close(): Promise<void>;
}

export interface Driver {
  readonly name: string;
  /** Starts the framework's application at a free port of 127.0.0.1. */
  start(lab: Lab): Promise<Served>;
  /** The session's id, as the browser's cookies say it; `undefined` where they say none. */
  idIn(cookies: ReadonlyMap<string, string>): string | undefined;
  /** Milliseconds that a row outlives the cookie, where the cookie says how long a session lives. */
  readonly rowOutlivesCookieBy: number;
  /**
   * What the framework does not let a store promise, and why. The suite leaves these assertions out, and prints the
   * reasons.
   */
  readonly cannot: {
    /** A session's own cookie lifetime, changed by a handler. */
    readonly changeLifetime?: string;
    /** What the error handler makes of a failed write is the response. */
    readonly answerFailedSave?: string;
    /** Data that JSON refuses reaches the store. */
    readonly saveUnserializable?: string;
    /** A request that keeps no session alive. */
    readonly bePassive?: string;
  };
}

/** An application under test, as the suite reaches it. */
export interface App extends Served {
  /** The codes of the errors that reached the framework's error handling. */
  readonly errors: string[];
  readonly messages: string[];
  readonly events: SessionEvent[];
  /** Resolves when an error has reached the framework's error handling; the response may be there before. */
  failure(): Promise<void>;
  /** Resolves when so many requests wait at the gate. */
  reached(gate: string, count: number): Promise<void>;
  open(gate: string): void;
  now(): number;
  pass(ms: number): void;
}

/** Starts a driver's application in this process. Its clock is the process's, which stands. */
export async function startHere(driver: Driver, settings: AppSettings): Promise<App> {
  const errors: string[] = [];
  const messages: string[] = [];
  const events: SessionEvent[] = [];
  const watching: (() => void)[] = [];
  const gates = new Map<string, Gate>();
  const gate = (name: string) => {
    const known = gates.get(name) ?? new Gate();
    gates.set(name, known);
    return known;
  };
  const { endpoint, table, format, ttl, touchInterval, keepExpired, timeout } = settings;
  const lab: Lab = {
    settings,
    options: {
      table: { ...table },
      format,
      ttl: ttl === "by data" ? lifetimeByData : ttl,
      touchInterval,
      keepExpired,
      timeout,
      clientConfig: {
        endpoint,
        region: "us-east-1",
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
        // Retries are the SDK's, and held elsewhere.
        maxAttempts: 1,
      },
      onEvent: (event) => events.push(event),
    },
    wait: (name) => gate(name).pass(),
    failed(error): Answer {
      const code = error instanceof SessionStoreError ? error.code : String(error);
      errors.push(code);
      messages.push(String(error));
      for (const tell of watching.splice(0)) tell();
      return { error: code };
    },
  };
  const served = await driver.start(lab);
  return {
    ...served,
    errors,
    messages,
    events,
    failure: () => (errors.length > 0 ? Promise.resolve() : new Promise((tell) => watching.push(tell))),
    reached: (name, count) => gate(name).reached(count),
    open: (name) => gate(name).open(),
    now: () => Date.now(),
    pass: (ms) => void vi.setSystemTime(Date.now() + ms),
  };
}

/** Where requests wait until the suite lets them go on. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  readonly #watching: { readonly count: number; readonly tell: () => void }[] = [];

  pass(): Promise<void> {
    const passed = new Promise<void>((resolve) => this.#waiting.push(resolve));
    for (const { count, tell } of this.#watching) if (this.#waiting.length >= count) tell();
    return passed;
  }

  reached(count: number): Promise<void> {
    if (this.#waiting.length >= count) return Promise.resolve();
    return new Promise((tell) => this.#watching.push({ count, tell }));
  }

  open(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
