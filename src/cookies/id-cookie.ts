// What a middleware has of the cookie that carries a session's id, whoever's cookie it is: read from a
// request's header `Cookie`, written as headers `Set-Cookie`. Knows nothing of requests, sessions or stores.
import type { SessionData } from "../core/doors.js";

/** What a cookie said: a session's id, and whether the secret that signed it is the one that signs now. */
export interface SentId {
  /** The session's id. */
  readonly id: string;
  /** Whether the secret that signed it signs now. */
  readonly isCurrent: boolean;
}

/** A cookie that carries a session's id. Another framework's is made by `expressCookie` or `koaCookie`. */
export interface SessionIdCookie {
  /** As the browser knows it, prefix included. */
  readonly fullName: string;
  /** Milliseconds that the browser keeps it where no session's data says; `undefined`: until it is closed. */
  readonly maxAge: number | undefined;
  /** Whether every response to a request that used its session sets it anew. */
  readonly rolling: boolean;
  /** What a header `Cookie` says; `undefined` where it has none, or none that was signed with these secrets. */
  read(header: string): Promise<SentId | undefined>;
  /** The headers `Set-Cookie` that give it to the browser, for so many milliseconds. */
  write(id: string, maxAge: number | undefined, data: SessionData): Promise<string[]>;
  /** The headers `Set-Cookie` that take it from the browser. */
  clear(data: SessionData): Promise<string[]>;
  /**
   * The fields by which its framework says in a new session's data how long that lives. With it, what data
   * says is what counts; without it, data says nothing.
   */
  fieldsOfNew?(now: number): SessionData;
}
