// What the processes of a load run say to each other.

/** The application's argument, as JSON. */
export interface AppSettings {
  readonly endpoint: string;
  readonly table: string;
}

/** What the application is asked for by IPC, one thing at a time; it answers each by a {@link Told}. */
export type Asked = "measure" | "close";

export interface Told {
  /** Where it listens. */
  readonly origin: string;
  /** Bytes of the heap that are in use after a forced collection. */
  readonly heapBytes: number;
  /** Errors that reached the application's error handler or a save's callback, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** What nobody handled, and warnings of Node's: of listeners that gather, of timers. */
  readonly unhandled: readonly string[];
}

/** What the driver reads, as JSON. */
export interface DriverSettings {
  readonly origin: string;
  /** The session's cookie of each connection. */
  readonly cookies: readonly string[];
  readonly seconds: number;
}

/** What the driver prints when every connection has had its last answer. */
export interface Driven {
  readonly sent: number;
  readonly answered: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Connections that broke, and requests that were given up. */
  readonly broken: number;
  /** From a request's sending to its answer, without its pause. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of each connection, in the order of its cookie: the number that was written last and acknowledged, and the last sent. */
  readonly visitors: readonly { readonly acknowledged: number; readonly sent: number }[];
  /** Answers that did not show what had been acknowledged before, or showed what nobody wrote. */
  readonly wrong: readonly string[];
}

/** The header by which a request asks for a number to be written into its session. */
export const WRITE_HEADER = "x-write";

/**
 * The header that says for how many milliseconds a visitor pauses before this request: the application waits for it, before
 * anything of the session's, as autocannon cannot.
 */
export const PAUSE_HEADER = "x-pause";

export const SECRET = "of the tests";
