// What the driver asks of the processes: their visitors' requests, and beside those a control that starts applications
// and says what they have cost. Plain JSON, over HTTP.

/** Whose applications every process serves: the frameworks, and the core by itself. */
export const DOORS = ["express", "koa", "hono", "core"] as const;
export type Door = (typeof DOORS)[number];

export type Concurrency = "merge" | "last-write-wins";

/** How the applications of a run keep their sessions. */
export interface Settings {
  /** Of the DynamoDB API. */
  readonly endpoint: string;
  readonly table: string;
  readonly concurrency: Concurrency;
  /** Whether sessions are their users' (`ownerByUser`), ids are hashed, and every request moves a session's end. */
  readonly isOwned?: boolean;
}

export const USERS = 6;

/**
 * Whose a session is in such a run: its field `user` is a number, another for each sign-in, that says one of so many users. What is the
 * same as in a session that was lost would be lost with it.
 */
export function ownerByUser({ user }: Data): string | undefined {
  return user === undefined ? undefined : `user ${Number(user) % USERS}`;
}

/** Where something stands in a session's data: the names of a field, and of what is inside. */
export type Path = readonly [string, ...string[]];

/** What one request does with its session. */
export type Ask =
  | { readonly do: "read" }
  /** Puts a value of its own at a path that is its own, making the objects on the way where there are none. */
  | { readonly do: "set"; readonly path: Path; readonly value: number; readonly redirects?: true }
  /** The same at two paths, with a save after the first. */
  | { readonly do: "set twice"; readonly paths: readonly [Path, Path]; readonly value: number }
  /** Adds a value of its own to the end of a list. */
  | { readonly do: "append"; readonly path: Path; readonly value: number }
  | { readonly do: "remove"; readonly path: Path }
  /** Adds one to a counter, by the store's or the session's `update`. */
  | { readonly do: "count"; readonly path: Path }
  /** Gives the session a new id, and then sets as above. */
  | { readonly do: "sign in"; readonly path: Path; readonly value: number }
  | { readonly do: "sign out" };

/** The ask travels in this header: the body is for requests that wait for its end after they have loaded. */
export const ASK_HEADER = "x-ask";
/** The number of the request, in the plan. */
export const VISIT_HEADER = "x-visit";
/** The cookie of the application without a framework. */
export const CORE_COOKIE = "sid";

export type Data = Readonly<Record<string, unknown>>;

export interface Answer {
  /** The session's data as the request found it. */
  readonly found: Data;
  /** What came of an update. */
  readonly outcome?: "saved" | "gone";
}

/** What a process asked of the table. Every attempt counts, the SDK's own retries too. */
export interface Bill {
  readonly reads: number;
  readonly writes: number;
  /** Of the writes, those that their condition refused. */
  readonly refused: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

export type Command =
  | { readonly do: "start"; readonly settings: Settings }
  /** Closes what was started, and says what it has cost. */
  | { readonly do: "close" };

export interface Told {
  readonly origins?: Readonly<Record<Door, string>>;
  readonly bill?: Bill;
  /** What reached the frameworks' error handling. */
  readonly errors?: readonly string[];
  /** Why the command could not be carried out. */
  readonly problem?: string;
}
