// The entries `@cyclic.sh/session-store` and `@cyclic.sh/session-store/express`: express-session's contract
// for a store, translated to the engine's. What to write and when is decided there.
import session, { type SessionData } from "express-session";
import {
  apart,
  cookieIn,
  isObject,
  isReserved,
  type LifetimeOfData,
  type ListingEngine,
  lifetimeIn,
  listingEngineForDoor,
  readOf,
  refuseOption,
  refuseReserved,
  type SessionInHand,
  type SessionStoreOptions,
  type StoredCookie,
  withMaxAge,
} from "../core/doors.js";
import {
  cookieOf,
  expiresOf,
  isOfSameMake,
  isSameCookie,
  maxAgeOf,
  PLAIN_COOKIE,
  settledCookie,
} from "./cookie.js";
import { type Link, Links } from "./links.js";

/** The options of {@link CyclicSessionStore}: those that every door shares. */
export type CyclicSessionStoreOptions = SessionStoreOptions;

/** How express-session is answered: the error first, `null` for none. */
type Callback<T> = (error: unknown, result?: T) => void;

type Request = Parameters<session.Store["createSession"]>[0];

/** What came of an update: the application's data as it was written, or that the session is not there. */
export type UpdateResult =
  | { readonly outcome: "saved"; readonly data: Fields }
  | { readonly outcome: "gone" };

/**
 * A session's data without its cookie.
 * @inline
 */
type Fields = Partial<Omit<SessionData, "cookie">>;

/** @inline */
type Change = (data: Fields) => Changed | Promise<Changed>;
/** @inline */
// biome-ignore lint/suspicious/noConfusingVoidType: who returns nothing has changed what was given.
type Changed = Fields | undefined | void;

/**
 * An express-session store over a DynamoDB table.
 *
 * Every method takes a callback, or returns a promise where none is given. Errors are `SessionStoreError`s;
 * see its codes. Nothing is asked of the table before the first request.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS`, from the constructor, naming the option.
 * @example
 * app.use(session({
 *   store: new CyclicSessionStore({ table: { name: "sessions" } }),
 *   secret: process.env.SESSION_SECRET ?? "", resave: false, saveUninitialized: false,
 * }));
 */
export class CyclicSessionStore extends session.Store {
  readonly #engine: ListingEngine;
  readonly #links = new Links();
  readonly #hashIds: boolean;
  #generate: Generate | undefined;
  #usableCookie: StoredCookie = PLAIN_COOKIE;

  constructor(options: CyclicSessionStoreOptions) {
    super();
    this.#engine = listingEngineForDoor(options);
    this.#hashIds = options.hashIds === true;
    this.#linkWhatIsGenerated();
  }

  /** The session's data, or `null` where there is none. @throws also `ERR_SESSION_CORRUPT`. */
  override get(sid: string): Promise<SessionData | null>;
  override get(sid: string, callback: (error: unknown, data?: SessionData | null) => void): void;
  override get(
    sid: string,
    callback?: Callback<SessionData | null>,
  ): Promise<SessionData | null> | undefined {
    return answer(this.#get(sid), callback);
  }

  /**
   * Saves a session. What was loaded by this store is written only while it still exists: a session that
   * another request destroyed stays destroyed, without an error. @throws also `ERR_SESSION_UNSERIALIZABLE`,
   * `ERR_SESSION_TOO_LARGE`, `ERR_SESSION_ID`.
   */
  override set(sid: string, data: SessionData): Promise<void>;
  override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void;
  override set(sid: string, data: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#set(sid, data), callback);
  }

  /**
   * Moves a session's expiry, at most once in `touchInterval`; a changed cookie is saved at once. The failure
   * of a mere touch is told to `onEvent` and is no error here: the session lives.
   */
  override touch(sid: string, data: SessionData): Promise<void>;
  override touch(sid: string, data: SessionData, callback?: () => void): void;
  override touch(sid: string, data: SessionData, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#touch(sid, data), callback);
  }

  /**
   * Changes a session on the newest data, at once: `change` is given a copy without the cookie, and returns
   * the new data, or changes what it was given. It runs again when another request wrote meanwhile, so that a
   * counter counts, and must have no other effects. A session that was not saved yet is `gone`. `req.session`
   * stays what it was; `req.session.reload` gets what was written. With the option `owner`, sign users in and
   * out by `req.session`: after an update that changes the owner, a save of what was loaded before it is
   * `gone`, this request's own as well. @throws as `set`, and what `change` throws.
   *
   * @example
   * await store.update(req.sessionID, (data) => ({ ...data, visits: (data.visits ?? 0) + 1 }));
   */
  update(sid: string, change: Change): Promise<UpdateResult>;
  update(sid: string, change: Change, callback: (error: unknown, result?: UpdateResult) => void): void;
  update(sid: string, change: Change, callback?: Callback<UpdateResult>): Promise<UpdateResult> | undefined {
    return answer(this.#update(sid, change), callback);
  }

  /** Destroys a session; none being there is no error. */
  override destroy(sid: string): Promise<void>;
  override destroy(sid: string, callback?: (error?: unknown) => void): void;
  override destroy(sid: string, callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#engine.destroy(sid), callback);
  }

  /**
   * All live sessions under `table.hashPrefix`, by their ids. A scan: DynamoDB reads, and bills, the whole
   * table (1 unit per 4 KB, half with `consistentRead: false`). @throws also `ERR_SESSION_CORRUPT`;
   * `ERR_SESSION_OPTIONS` with `hashIds`, for the table does not have the ids.
   */
  override all(): Promise<Record<string, SessionData>>;
  override all(callback: (error: unknown, sessions?: Record<string, SessionData> | null) => void): void;
  override all(
    callback?: Callback<Record<string, SessionData>>,
  ): Promise<Record<string, SessionData>> | undefined {
    return answer(this.#all(), callback);
  }

  /** How many live sessions there are under `table.hashPrefix`. A scan, at the price of `all`. */
  override length(): Promise<number>;
  override length(callback: (error: unknown, length?: number) => void): void;
  override length(callback?: Callback<number>): Promise<number> | undefined {
    return answer(this.#count(), callback);
  }

  /**
   * Destroys all live sessions under `table.hashPrefix`. A scan, at the price of `all`, and one write for
   * each.
   */
  override clear(): Promise<void>;
  override clear(callback?: (error?: unknown) => void): void;
  override clear(callback?: Callback<void>): Promise<void> | undefined {
    return answer(this.#clear(), callback);
  }

  /**
   * Makes the session object of a request from loaded data, and links it to the row. Called by
   * express-session.
   */
  override createSession(req: Request, data: SessionData): session.Session & SessionData {
    const link = this.#links.of(data);
    link?.session.narrow(canHold);
    const isSound = link === undefined || (link.isCookieStored && this.#isUsable(link.cookie));
    const supplied = isSound ? undefined : this.#supplied(link, this.#newCookie(req) ?? PLAIN_COOKIE);
    // An application's own begins now; the row's goes on.
    if (supplied) Object.assign(data, { cookie: link?.lifetime ? withExpires(supplied, link) : supplied });
    const created = super.createSession(req, data);
    if (link) this.#links.set(created, supplied ? { ...link, cookie: supplied } : link);
    return created;
  }

  /** Lets what is on its way finish, refuses what comes after, and closes the client unless it was given. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  async #get(sid: string): Promise<SessionData | null> {
    const loaded = await this.#engine.load(sid);
    if (loaded === undefined) return null;
    const isExpressSession = this.#generate !== undefined;
    const data = this.#handOut(loaded, isExpressSession ? isShown : canFastifyHold);
    if (!isExpressSession) this.#links.tag(data);
    return data;
  }

  async #set(sid: string, data: SessionData): Promise<void> {
    const { link, settled, lifetime, fields } = readOf(() => {
      const link = this.#linkOf(sid, data);
      const cookie = cookieOf(data);
      const settled = cookie && link?.cookie ? settledCookie(link.cookie, cookie) : cookie;
      return { link, settled, lifetime: this.#lifetimeBy(cookie, settled), fields: withoutCookie(data) };
    });
    if (link === undefined) {
      await this.#engine.save(sid, data, lifetime);
      return;
    }
    const isSupplied = !link.isCookieStored && settled === link.cookie;
    refuseReserved(isSupplied ? fields : { ...fields, cookie: null }, (name) => link.session.hides(name));
    await this.#engine.save(link.session, withCookie(data, isSupplied ? undefined : settled), lifetime);
    if (!isSupplied) this.#links.set(data, { ...link, cookie: settled, isCookieStored: true });
  }

  async #touch(sid: string, data: SessionData): Promise<void> {
    const { link, settled, lifetime } = readOf(() => {
      const link = this.#links.to(sid, data);
      const cookie = cookieOf(data);
      const settled = cookie && link?.cookie ? settledCookie(link.cookie, cookie) : undefined;
      return { link, settled, lifetime: this.#lifetimeBy(cookie, settled) };
    });
    const held = link?.session.held;
    if (link === undefined || held === undefined || settled === undefined || settled === link.cookie) {
      await this.#engine.touch(link?.session ?? sid, lifetime);
      return;
    }
    // express-session does not see a change of the cookie, and sends a touch: a changed lifetime is data.
    refuseReserved({ cookie: null }, (name) => link.session.hides(name));
    await this.#engine.save(link.session, { ...JSON.parse(held), cookie: settled }, lifetime);
    this.#links.set(data, { ...link, cookie: settled, isCookieStored: true });
  }

  async #update(sid: string, change: Change): Promise<UpdateResult> {
    const session = this.#engine.adopt(sid);
    session.narrow(this.#generate === undefined ? canFastifyHold : canHold);
    const now = this.#engine.now();
    const result = await this.#engine.update(session, change, (data) => lifetimeIn(data, now));
    if (result.outcome === "gone") return result;
    const [, data] = apart(result.data, isReserved);
    return { outcome: "saved", data };
  }

  /**
   * How long a session lives by the cookie that is written: this request's own, of which `settled` is what is
   * written; or another request's, where that has changed it meanwhile. Where none is written, another
   * framework may say it in its own way.
   */
  #lifetimeBy(live: StoredCookie | undefined, settled: StoredCookie | undefined): LifetimeOfData {
    const now = this.#engine.now();
    const own = { maxAge: maxAgeOf(live, now) };
    return (data) => {
      const written = cookieIn(data);
      if (settled === undefined || (written && isSameCookie(written, settled))) return own;
      return lifetimeIn(data, now) ?? own;
    };
  }

  async #all(): Promise<Record<string, SessionData>> {
    // By a hash no session can be read or destroyed: whoever logs users out by these ids would not notice.
    if (this.#hashIds)
      refuseOption(
        "hashIds: all() names sessions by their ids, and the table has only hashes of those; use all() of an engine (createSessionEngine), whose sessions it can destroy, or the option owner",
      );
    const sessions: Record<string, SessionData> = Object.create(null);
    await this.#engine.asOne(async (engine) => {
      for await (const loaded of engine.all()) sessions[loaded.id] = this.#handOut(loaded, isShown);
    });
    return sessions;
  }

  async #count(): Promise<number> {
    let count = 0;
    await this.#engine.asOne(async (engine) => {
      for await (const _session of engine.list()) count += 1;
    });
    return count;
  }

  #clear(): Promise<void> {
    return this.#engine.asOne(async (engine) => {
      const batch: Promise<void>[] = [];
      for await (const session of engine.list()) {
        batch.push(engine.destroy(session));
        if (batch.length >= CLEARED_TOGETHER) await Promise.all(batch.splice(0));
      }
      await Promise.all(batch);
    });
  }

  /** The data as express-session wants it, linked to the session in hand. */
  #handOut(session: SessionInHand, isHeld: (name: string, value: unknown) => boolean): SessionData {
    const { data } = session;
    const stored = cookieIn(data);
    const lifetime = stored ? undefined : lifetimeIn(data, this.#engine.now());
    session.narrow(isHeld);
    const link = { session, lifetime, cookie: stored ?? PLAIN_COOKIE, isCookieStored: stored !== undefined };
    const cookie = this.#supplied(link, link.cookie);
    data.cookie = withExpires(cookie, link);
    this.#links.set(data, { ...link, cookie });
    return asSaved(data);
  }

  /** The cookie that is given to a session whose row has none, saying what another framework said of its life. */
  #supplied(link: Link | undefined, cookie: StoredCookie): StoredCookie {
    return link?.lifetime ? withMaxAge(cookie, link.lifetime.maxAge, this.#engine.now()) : cookie;
  }

  /** The link of a session object; one that nothing links is adopted, and linked from now on. */
  #linkOf(sid: string, data: SessionData): Link | undefined {
    const known = this.#links.to(sid, data);
    if (known) return known;
    if (!isObject(data)) return undefined;
    const session = this.#engine.adopt(sid);
    session.narrow(this.#generate === undefined ? canFastifyHold : isShown);
    const adopted = { session, cookie: undefined, lifetime: undefined, isCookieStored: false };
    this.#links.set(data, adopted);
    return adopted;
  }

  /**
   * `session()` assigns `store.generate`, and an application may put its own around what it finds there: what
   * they make is linked as a new session.
   */
  #linkWhatIsGenerated(): void {
    let linked: Generate | undefined;
    Object.defineProperty(this, "generate", {
      configurable: true,
      enumerable: true,
      get: () => linked,
      set: (generate: Generate | undefined) => {
        this.#generate = generate;
        linked = generate && ((req) => this.#linkAsNew(generate, req));
      },
    });
  }

  #linkAsNew(generate: Generate, req: Request): void {
    // What the request had until now is what it is to have another in the place of, as by
    // `req.session.regenerate`.
    const began = this.#links.of(req.session)?.session.createdAt;
    generate.call(this, req);
    if (this.#links.of(req.session)) return;
    const session = this.#engine.create(req.sessionID, undefined, began);
    this.#links.set(req.session, { session, cookie: undefined, lifetime: undefined, isCookieStored: false });
  }

  /** Whether express-session can use a stored cookie. Hardly one is of another make than the last. */
  #isUsable(stored: StoredCookie | undefined): boolean {
    if (stored === undefined) return false;
    if (isOfSameMake(stored, this.#usableCookie)) return true;
    if (!isUsable(stored)) return false;
    this.#usableCookie = stored;
    return true;
  }

  /** The cookie that the application gives its new sessions, made for this request without touching it. */
  #newCookie(req: Request): StoredCookie | undefined {
    const probe: Request = Object.create(req);
    try {
      this.#generate?.(probe);
    } catch {
      // A `genid` of the application's may throw, or want a whole request.
    }
    return Object.hasOwn(probe, "session") ? cookieOf(probe.session) : undefined;
  }
}

type Generate = (req: Request) => void;

/** The cookie as it ends by the last touch, which does not rewrite the data. */
function withExpires(cookie: StoredCookie, link: Link | undefined): StoredCookie {
  const expires = expiresOf(cookie, link?.session.row?.updated);
  return expires ? { ...cookie, expires } : cookie;
}

// How many sessions `clear` destroys at once.
const CLEARED_TOGETHER = 25;

/** Answers the callback, once, or gives the promise back where there is none. */
function answer<T>(settled: Promise<T>, callback: Callback<T> | undefined): Promise<T> | undefined {
  if (typeof callback !== "function") {
    settled.catch(() => {});
    return settled;
  }
  // In a task of its own: what a callback throws is its caller's, and is not answered a second time.
  settled.then(
    (result) => queueMicrotask(() => callback(null, result)),
    (error) => queueMicrotask(() => callback(error)),
  );
  return undefined;
}

/** express-session's cookie, by what its types leave out. */
interface SentCookie {
  expires: unknown;
  maxAge: unknown;
  serialize(name: string, value: string): string;
}

/**
 * Whether express-session can make a cookie of what a row says, and send it. Where it cannot it fails when
 * the headers leave, which may be in a callback of the store's: that ends the process.
 */
function isUsable(stored: StoredCookie): boolean {
  try {
    const cookie: SentCookie = Reflect.construct(session.Cookie, [stored]);
    if (typeof cookie.expires === "string") cookie.expires = new Date(cookie.expires);
    cookie.serialize("name", "value");
    // As every touch does.
    cookie.maxAge = stored.originalMaxAge;
    cookie.serialize("name", "value");
    return true;
  } catch {
    return false;
  }
}

/** Which fields express-session sees: its own, and none that is another framework's. */
function isShown(name: string, value: unknown): boolean {
  return isReserved(name, value) === (name === "cookie");
}

/** Which fields express-session's object holds: it drops those whose names stand on its prototype. */
function canHold(name: string, value: unknown): boolean {
  return isShown(name, value) && name !== "id" && name !== "req" && !(name in session.Session.prototype);
}

// What @fastify/session's object has for itself, and would lose to a field of the same name.
const FASTIFY_NAMES =
  "sessionId encryptedSessionId get set options touch regenerate destroy reload save isModified isSaved".split(
    " ",
  );

function canFastifyHold(name: string, value: unknown): boolean {
  return isShown(name, value) && !FASTIFY_NAMES.includes(name);
}

function withoutCookie(data: object): object {
  const { cookie, ...fields }: Fields & { cookie?: unknown } = { ...data };
  return fields;
}

/** The object's own fields, with this cookie in the place of its own. */
function withCookie(data: SessionData, cookie: StoredCookie | undefined): object {
  // In a toJSON of ours, so that one of the application's that throws is the engine's to report.
  const toJSON = (): unknown => {
    const fields: unknown = "toJSON" in data && typeof data.toJSON === "function" ? data.toJSON() : data;
    return isObject(fields) ? { ...fields, cookie } : fields;
  };
  return { toJSON };
}

/** What was saved was the application's session data, and comes back as JSON has it. */
function asSaved(data: Record<string, unknown>): SessionData {
  return Object(data);
}
