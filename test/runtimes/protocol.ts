// What the suite says to a process of test applications, and what it is told: one JSON text each way, by POST.
import type { AppSettings, Question, Seen } from "../conformance/protocol.js";

export interface Asked {
  /** The suite's time, from now on that of the process. */
  readonly now: number;
  readonly command:
    | { readonly do: "start"; readonly door: string; readonly settings: AppSettings }
    | { readonly do: "ask"; readonly app: number; readonly question: Question }
    | { readonly do: "close"; readonly app: number };
}

export interface Told {
  readonly app?: number;
  readonly origin?: string;
  /** What the application's runtime says it is. */
  readonly agent?: string;
  readonly seen?: Seen;
  /** Why the command could not be carried out. */
  readonly problem?: string;
}

/** The first line that a process prints: where its control listens. */
export interface Ready {
  readonly control: string;
  readonly pid: number;
}
