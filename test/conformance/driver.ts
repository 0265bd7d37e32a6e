// What a framework has to say of itself to be put under the conformance suite. Another framework's adapter is proved by
// writing one of these.
import type { Lab } from "./protocol.js";

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
  /** The cookies of a browser that was given this id, signed as the application signs them. */
  cookiesFor(id: string): ReadonlyMap<string, string>;
  /**
   * Milliseconds that a row outlives the cookie, where the cookie says how long a session lives: one of these, as the
   * framework that the session began at has it.
   */
  readonly rowOutlivesCookieBy: readonly number[];
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
    /** A new id for the same visitor is told as such. */
    readonly keepBeginning?: string;
    /** A request that keeps no session alive. */
    readonly bePassive?: string;
    /** Requests that come together share one touch. */
    readonly shareTouches?: string;
    /** A request waits for a save of its session that another has on its way. */
    readonly waitForSaves?: string;
    /** The response of a request whose session another has destroyed sets no cookie. */
    readonly withholdCookie?: string;
  };
}
