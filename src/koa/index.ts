// The entry `@cyclic.sh/session-store/koa`: koa-session's contract for an external store, translated to the
// engine's. What to write and when is decided there.
import {
  A_FUNCTION,
  apart,
  type CookieLifetime,
  checkEach,
  cookieIn,
  engineForDoor,
  isReserved,
  KOA_GRACE_MS,
  lifetimeIn,
  readOf,
  refuseReserved,
  type SessionData,
  type SessionEngine,
  type SessionInHand,
  type SessionStoreOptions,
  type StoredCookie,
  withMaxAge,
} from "../core/doors.js";

/**
 * What the store looks at of Koa's context. A function of the application's may ask for Koa's whole
 * `Context`.
 */
export interface KoaContext {
  /** Of HTTP. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** With the query. */
  readonly url: string;
  /** A header of the request. */
  get(header: string): string;
  /** The options that koa-session has for this request. */
  readonly sessionOptions?:
    | {
        /** Milliseconds, or until the browser is closed. */
        readonly maxAge?: number | "session" | undefined;
      }
    | undefined;
}

/** The options of {@link CyclicSessionStore}: those that every door shares, and Koa's own. */
export interface CyclicSessionStoreOptions extends SessionStoreOptions {
  /**
   * Whether a request keeps its session alive. `false` for one that the user did not make, such as a page's
   * polling: it prolongs no session. Default: every request does.
   */
  renew?(ctx: KoaContext): boolean;
}

/** What koa-session says with every call. */
export interface KoaCall {
  /** The request. What it loaded is what its saves are linked to. */
  readonly ctx?: KoaContext | undefined;
  /** Whether every response sets the cookie anew. Not looked at. */
  readonly rolling?: boolean | undefined;
  /** Not believed: koa-session says `false` of every save that was asked for, whatever has changed. */
  readonly changed?: boolean | undefined;
}

/** How koa-session says how long a cookie lives: milliseconds, or until the browser is closed. */
export type KoaMaxAge = number | "session" | undefined;

/** What came of an update: the application's data as it was written, or that the session is not there. */
export type UpdateResult =
  | { readonly outcome: "saved"; readonly data: SessionData }
  | { readonly outcome: "gone" };

/**
 * A koa-session store over a DynamoDB table.
 *
 * A promise that nobody looks at is no unhandled rejection: failures are told to `onEvent` as well. Errors
 * are `SessionStoreError`s; see its codes. Nothing is asked of the table before the first request.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, from the constructor, naming the option.
 * @example
 * app.keys = [process.env.SESSION_SECRET ?? ""];
 * app.use(session({ store: new CyclicSessionStore({ table: { name: "sessions" } }) }, app));
 */
export class CyclicSessionStore {
  readonly #engine: SessionEngine;
  readonly #requests = new WeakMap<KoaContext, RequestSessions>();
  readonly #renew: ((ctx: KoaContext) => boolean) | undefined;
  readonly #hasTtl: boolean;

  constructor(options: CyclicSessionStoreOptions) {
    const { renew, ...shared } = { ...options };
    checkEach({ renew }, { renew: A_FUNCTION }, "");
    this.#engine = engineForDoor(shared);
    this.#renew = renew;
    this.#hasTtl = shared.ttl !== undefined;
  }

  /**
   * The session's data, or `undefined` where there is none. Where the store's `ttl` says how long a session
   * lives, or `maxAge: "session"` leaves it to the store, reading a session is what renews it: at most once
   * in `touchInterval`.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_CORRUPT`.
   */
  get(key: string, maxAge?: KoaMaxAge, { ctx }: KoaCall = {}): Promise<SessionData | undefined> {
    return answer(this.#engine.asOne((engine) => this.#get(engine, key, maxAge, ctx)));
  }

  /**
   * Saves a session. What this request loaded is written only while it still exists: a session that another
   * request destroyed stays destroyed, without an error. Data that did not change moves the expiry, at most
   * once in `touchInterval`.
   *
   * @throws {SessionStoreError} also `ERR_SESSION_UNSERIALIZABLE`, `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_ID`.
   */
  set(key: string, data: object, maxAge?: KoaMaxAge, { ctx }: KoaCall = {}): Promise<void> {
    return answer(this.#set(key, data, maxAge, ctx));
  }

  /**
   * Changes a session on the newest data, at once: `change` is given a copy of the application's fields, and
   * returns the new ones, or changes what it was given. It runs again when another request wrote meanwhile,
   * so that a counter counts, and must have no other effects. A session that was not saved yet is `gone`.
   * `ctx.session` stays what it was. With the option `owner`, sign users in and out by `ctx.session`: after an
   * update that changes the owner, a save of what was loaded before it is `gone`, this request's own as well.
   *
   * @throws {SessionStoreError} as `set`, and what `change` throws.
   * @example
   * await store.update(ctx.session.externalKey, (data) => ({ ...data, visits: Number(data.visits ?? 0) + 1 }));
   */
  update(key: string, change: (data: SessionData) => unknown): Promise<UpdateResult> {
    return answer(this.#update(key, change));
  }

  /** Destroys a session; none being there is no error. */
  destroy(key: string, { ctx }: KoaCall = {}): Promise<void> {
    return answer(this.#destroy(key, ctx));
  }

  /** Lets what is on its way finish, refuses what comes after, and closes the client unless it was given. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  async #get(
    engine: SessionEngine,
    key: string,
    maxAge: KoaMaxAge,
    ctx: KoaContext | undefined,
  ): Promise<SessionData | undefined> {
    const loaded = await engine.load(key);
    if (loaded === undefined) return undefined;
    const cookie = cookieIn(loaded.data);
    const said = toKoa(lifetimeIn(loaded.data, engine.now()));
    loaded.narrow(cookie ? canHoldBesideCookie : canHold);
    const data = cookie
      ? { ...apart(loaded.data, isReserved)[1], ...fieldsOf(said) }
      : withSoundFields(loaded.data);
    const lastsAsTheBrowser = data._session === true || (maxAge === "session" && !("_maxAge" in data));
    if (this.#hasTtl || lastsAsTheBrowser || cookie) {
      // With express-session every request renews.
      const { outcome } = await engine.touch(loaded, { ...(cookie && said), renew: this.#renews(ctx) });
      if (outcome === "gone") return undefined;
    }
    this.#sessionsOf(ctx)?.remember(key, { session: loaded, cookie, said });
    return lastsAsTheBrowser ? data : { ...data, _expire: this.#expireOf(said, loaded) };
  }

  async #set(key: string, data: object, maxAge: KoaMaxAge, ctx: KoaContext | undefined): Promise<void> {
    const sessions = this.#sessionsOf(ctx);
    const known = sessions?.of(key) ?? this.#unknown(key, sessions);
    const lastsAsTheBrowser = sessions?.lastsAsTheBrowser(maxAge) ?? maxAge === "session";
    const own = lastsAsTheBrowser ? {} : lifetimeOf(maxAge);
    const now = this.#engine.now();
    const saved = withLifetime(known, own, now);
    sessions?.remember(key, saved);
    const fields = readOf(() => fieldsToSave(data, saved, lastsAsTheBrowser));
    const isTaken = (name: string) =>
      saved.session.hides(name) || (name === "cookie" && saved.cookie !== undefined);
    refuseReserved(applicationsOf(data), isTaken);
    const renew = this.#renews(ctx);
    // Another request may have changed how long the session lives, which then stands in what is written.
    await this.#engine.save(saved.session, fields, (written) => ({
      ...(lifetimeIn(written, now) ?? own),
      renew,
    }));
  }

  async #update(key: string, change: (data: SessionData) => unknown): Promise<UpdateResult> {
    const now = this.#engine.now();
    const result = await this.#engine.update(this.#adopt(key), change, (data) => lifetimeIn(data, now));
    if (result.outcome === "gone") return result;
    const [, data] = apart(result.data, isReserved);
    return { outcome: "saved", data };
  }

  async #destroy(key: string, ctx: KoaContext | undefined): Promise<void> {
    const sessions = this.#sessionsOf(ctx);
    await this.#engine.destroy(sessions?.of(key)?.session ?? key);
    sessions?.leave(key);
  }

  /**
   * A session that this request did not load: a new one, maybe in the place of another; or, where the caller
   * did not say to which request it belongs, any.
   */
  #unknown(key: string, sessions: RequestSessions | undefined): KoaSession {
    if (sessions === undefined) return { session: this.#adopt(key) };
    return { ...sessions.left, session: this.#engine.create(key, sessions.left?.session) };
  }

  /** A session that nothing links to its load. */
  #adopt(key: string): SessionInHand {
    const session = this.#engine.adopt(key);
    session.narrow(canHold);
    return session;
  }

  #sessionsOf(ctx: KoaContext | undefined): RequestSessions | undefined {
    if (ctx === undefined) return undefined;
    const sessions = this.#requests.get(ctx) ?? new RequestSessions(ctx);
    this.#requests.set(ctx, sessions);
    return sessions;
  }

  #renews(ctx: KoaContext | undefined): boolean {
    return ctx === undefined || this.#renew === undefined || this.#renew(ctx);
  }

  // koa-session refuses data whose `_expire` has passed, whatever the row says, and a touch leaves the data
  // as it is.
  #expireOf(said: CookieLifetime | undefined, { endsAt = 0 }: SessionInHand): number {
    return this.#hasTtl ? endsAt : endsAt - (said?.grace ?? 0);
  }
}

/** What a request knows of a session. */
interface KoaSession {
  readonly session: SessionInHand;
  /** express-session's, where there is one. How long the session lives stands in it alone. */
  readonly cookie?: StoredCookie | undefined;
  /** How long the session lives, as koa-session was told or said last. */
  readonly said?: CookieLifetime | undefined;
}

/**
 * The sessions of one request, which is how a save is linked to what was loaded: by the context and the key.
 */
class RequestSessions {
  readonly #sessions = new Map<string, KoaSession>();
  readonly #ctx: KoaContext;
  #left: KoaSession | undefined;
  #lastsAsTheBrowser = false;

  constructor(ctx: KoaContext) {
    this.#ctx = ctx;
  }

  of(key: string): KoaSession | undefined {
    return this.#sessions.get(key);
  }

  remember(key: string, session: KoaSession): void {
    this.#sessions.set(key, session);
  }

  /** The session that was destroyed last, as koa-session does to give its data to another key. */
  get left(): KoaSession | undefined {
    return this.#left;
  }

  leave(key: string): void {
    this.#left = this.#sessions.get(key) ?? this.#left;
    this.#sessions.delete(key);
  }

  /**
   * koa-session forgets `maxAge: "session"` with a request's first commit, and then gives its default of one
   * day. An application that means another lifetime sets `session.maxAge`. (koa-session 7.0.2,
   * src/context.ts)
   */
  lastsAsTheBrowser(maxAge: KoaMaxAge): boolean {
    const isSet = typeof this.#ctx.sessionOptions?.maxAge === "number";
    this.#lastsAsTheBrowser = maxAge === "session" || (this.#lastsAsTheBrowser && !isSet);
    return this.#lastsAsTheBrowser;
  }
}

/** A promise that its caller may leave alone: the engine reports failures. */
function answer<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

// What koa-session's object has for itself, and would lose to a field of the same name.
const KOA_NAMES =
  "isNew toJSON length populated maxAge externalKey save regenerate manuallyCommit commit".split(" ");

/** What koa-session keeps for itself in what it saves. */
function isOwn(name: string): boolean {
  return name === "_expire" || name === "_maxAge" || name === "_session";
}

/**
 * Which fields koa-session's object holds: none whose names begin with `_`, but its own. Its `_expire` the
 * row says better.
 */
function canHold(name: string, value: unknown): boolean {
  return isApplications(name, value) || (isOwn(name) && name !== "_expire");
}

/** The same of a session in which express-session's cookie says how long it lives: the store puts it back. */
function canHoldBesideCookie(name: string, value: unknown): boolean {
  return name === "cookie" || isApplications(name, value);
}

function isApplications(name: string, value: unknown): boolean {
  return !(name.startsWith("_") || isReserved(name, value) || KOA_NAMES.includes(name));
}

/** What koa-session gives to be saved, without what it keeps itself. */
function applicationsOf(data: unknown): SessionData {
  return apart(Object(data), isOwn)[1];
}

/**
 * Without what koa-session cannot have written, and fails of at the end of every request; nor its `_expire`.
 */
function withSoundFields({ _expire, _maxAge, ...fields }: SessionData): SessionData {
  return typeof _maxAge === "number" ? { ...fields, _maxAge } : fields;
}

/** A lifetime that koa-session can be told: none is over. */
function toKoa(said: CookieLifetime | undefined): CookieLifetime | undefined {
  return said?.maxAge === undefined ? said : { ...said, maxAge: Math.max(1, said.maxAge) };
}

/** A lifetime in the fields of koa-session's. */
function fieldsOf(said: CookieLifetime | undefined): SessionData {
  return said?.maxAge === undefined ? { _session: true } : { _maxAge: said.maxAge };
}

/** The session, to live as koa-session says. */
function withLifetime(known: KoaSession, own: CookieLifetime, now: number): KoaSession {
  const { cookie, said } = known;
  if (cookie === undefined || said?.maxAge === own.maxAge) return known;
  return { ...known, said: own, cookie: withMaxAge(cookie, own.maxAge, now) };
}

/** What is saved of koa-session's data. */
function fieldsToSave(data: object, { cookie }: KoaSession, lastsAsTheBrowser: boolean): object {
  // What is no object is the engine's to refuse.
  if (Object(data) !== data || Array.isArray(data)) return data;
  const { _expire, _maxAge, _session, ...fields }: SessionData = { ...data };
  if (cookie) return { ...fields, cookie };
  if (lastsAsTheBrowser) return { ...fields, _session: true };
  return {
    ...fields,
    ...(_maxAge !== undefined && { _maxAge }),
    ...(_session !== undefined && { _session }),
  };
}

function lifetimeOf(maxAge: KoaMaxAge): CookieLifetime {
  return typeof maxAge === "number" ? { maxAge: maxAge - KOA_GRACE_MS, grace: KOA_GRACE_MS } : {};
}
