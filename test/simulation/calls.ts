// What a history is made of: servers with an engine each, sessions in a request's hand, and calls of the engine, with all
// that is remembered of them until the history has ended.
import type { SessionEngine, SessionInHand } from "../../src/core/index.js";
import type { Json, JsonObject } from "./documents.js";
import type { Random } from "./random.js";
import type { Clock } from "./world.js";

/** The engine's options, as far as histories vary them. The same for every server of a history. */
export interface Settings {
  /** Milliseconds that a session lives, by the option `ttl` or by the cookie's `maxAge`. */
  readonly lifetime: number;
  readonly livesBy: "ttl" | "maxAge";
  /** Milliseconds that a row outlives its cookie. */
  readonly grace: number;
  readonly touchInterval: number;
  readonly timeout: number;
  readonly format: "json" | "map";
  readonly keepExpired: boolean;
  /** Whether the first sessions are in a previous place, which servers know by the option `previous`. */
  readonly isMoving: boolean;
}

/** Milliseconds between two touches that are in force, for sessions that all have the same lifetime. */
export function intervalInForce({ touchInterval, lifetime }: Settings): number {
  return Math.max(1, Math.min(touchInterval, lifetime / 2));
}

/** One process: an engine, and a clock of its own. */
export interface Server {
  readonly name: string;
  readonly clock: Clock;
  readonly engine: SessionEngine;
}

export type OperationName = "load" | "save" | "touch" | "destroy" | "update";

/** A session as one request has it. */
export interface Hand {
  readonly id: string;
  readonly session: SessionInHand;
  /** What the request loaded, or what it last wrote as far as that is in the table; nothing is known otherwise. */
  base: JsonObject | undefined;
  readonly loaded: JsonObject | undefined;
  /** The revision that it last wrote. */
  baseRev: number;
  /** Whether a save of it failed, and none was acknowledged since. */
  isInDoubt: boolean;
  /** Whether it stands for what was there when it was saved, for a caller who cannot say what it loaded. */
  isAdopted: boolean;
  /** The generation of the row that it stands for. */
  gen: string | undefined;
  /** Whether a save of it may make a row: for what was never loaded, and never said to be saved. */
  mayCreate: boolean;
  /** The session whose place it takes. */
  readonly predecessor: Hand | undefined;
  /** What its own destroy found, once that was carried out: the session, or that it was gone before. */
  removal: "own" | "lost" | "unclear" | undefined;
  /** Whether a save of it was told that its session is gone. */
  isKnownGone: boolean;
  /** The row that its own destroy removed. */
  removed: JsonRow | undefined;
  /** What is not to come back with it: what its predecessor held, which was gone. */
  without: JsonObject | undefined;
}

/** One call of an engine's operation. */
export interface Call {
  readonly number: number;
  readonly name: OperationName;
  /** Such as `request 2`. */
  readonly by: string;
  readonly server: Server;
  readonly id: string;
  readonly hand: Hand | undefined;
  /** The data that is saved, as JSON has it. */
  readonly given: JsonObject | undefined;
  /** What an update does, without its waiting. */
  readonly change: ((data: JsonObject) => JsonObject) | undefined;
  /** Whether the request means to keep its session alive. */
  readonly renews: boolean;
  readonly random: Random;
  /** In the world's time. */
  readonly startedAt: number;
  readonly rowAtStart: JsonRow | undefined;
  /** Saves and destroys of this session that were on their way in this process when it began. */
  readonly behind: readonly Call[];
  settledAt: number | undefined;
  outcome: string | undefined;
  /** The function of an update threw, or waited beyond the deadline. */
  isOwnFault: boolean;
  /** The generation that an update by id read first. */
  gen: string | undefined;
  /** The row that it read last, and when that was in the order of all commands. */
  lastRead: { readonly row: JsonRow | undefined; readonly order: number } | undefined;
  /** The row that it was last shown in any answer, also in a refusal. */
  lastSeen: JsonRow | undefined;
  /** Whether its session was not there at some moment since it began. */
  wasAbsent: boolean;
  /** What of it took effect; reads and removals by their order among all commands. */
  readonly writes: Write[];
  readonly removals: number[];
}

/** A command of a call that changed data in the table. */
export interface Write {
  readonly order: number;
  readonly sending: Sending;
  readonly gen: string;
  readonly rev: number;
  /** The base of its hand before. */
  readonly base: JsonObject | undefined;
}

/** A row's figures and data. */
export interface JsonRow {
  readonly gen: string;
  readonly rev: number;
  readonly until: number;
  readonly updated: number;
  readonly created: number;
  readonly data: Json;
}

/** A command that an engine sends, over all attempts of the SDK. */
export interface Sending {
  readonly number: number;
  readonly call: Call;
  /** The calls that wait for the same request. */
  readonly beside: readonly Call[];
  readonly action: string;
  /** By the clock of its server. */
  readonly sentAt: number;
  /** In the world's time. */
  readonly sentAtTime: number;
  /** Whether it writes data, moves an expiry, or removes or reads a row. */
  readonly kind: "read" | "write" | "touch" | "destroy" | "expire";
  /** Whether the same command was sent before, and met a conflict. */
  readonly isAgain: boolean;
  /** Whether it is about a row in a previous place. */
  readonly isPrevious: boolean;
  /** Whether its session was one to be made when it was sent. */
  readonly mayCreate: boolean;
  attempts: number;
  /** How it ended for the engine. */
  end: "answered" | "refused" | "failed" | "aborted" | undefined;
  endedAtTime: number | undefined;
}
