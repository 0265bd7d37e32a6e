// A request's session as its handlers have it: loaded when it is looked at, changed in memory, written once at the end.
// When a row is written, and how, is the engine's business.
import {
  type CookieLifetime,
  copyOfData,
  type SaveResult,
  type SessionData,
  type SessionEngine,
  type SessionInHand,
  SessionStoreError,
} from "../core/doors.js";

/**
 * A session, at `c.var.session`. A request that does not look at it costs nothing. What is changed is written once,
 * before the response leaves; a new session is written, and has an id and a cookie, only when it was given data.
 *
 * Every method that returns a promise rejects with the engine's `SessionStoreError`s; see its codes.
 */
export interface Session<Data extends object = Record<string, unknown>> {
  /** The id; `undefined` for a new session without data. @throws `ERR_SESSION_NOT_LOADED` before the first `get()`. */
  readonly id: string | undefined;
  /** Whether the request came without a session. @throws `ERR_SESSION_NOT_LOADED` before the first `get()`. */
  readonly isNew: boolean;
  /** What `get()` gives. @throws `ERR_SESSION_NOT_LOADED` before the first `get()`. */
  readonly data: Readonly<Partial<Data>>;
  /** The data, with this request's changes; empty for a new session. Deeply frozen: change it by `set`. */
  get(): Promise<Readonly<Partial<Data>>>;
  /** One field of the data. */
  get<Key extends keyof Data & string>(key: Key): Promise<Readonly<Partial<Data>>[Key]>;
  /**
   * Changes fields; `undefined` removes one. The values are copied at once, as JSON has them, and written at the end
   * of the request. @throws `ERR_SESSION_UNSERIALIZABLE`, `ERR_SESSION_COMMITTED` after the response has left.
   */
  set(patch: Partial<Data>): void;
  set<Key extends keyof Data & string>(key: Key, value: Data[Key] | undefined): void;
  /** Removes fields. @throws `ERR_SESSION_COMMITTED`. */
  unset(...keys: (keyof Data & string)[]): void;
  /** Puts other data in the place of all fields. @throws as `set`. */
  replace(data: Partial<Data>): void;
  /** Keeps a value until it is read once, by this request or a later one. @throws as `set`. */
  flash(key: string, value: unknown): void;
  /** Reads such a value, and removes it; `undefined` where there is none. @throws also `ERR_SESSION_COMMITTED`. */
  flash(key: string): Promise<unknown>;
  /**
   * Changes the session on the newest data, at once: `change` is given a copy, and returns the new data, or changes
   * what it was given. It runs again when another request wrote meanwhile, so that a counter counts, and must have no
   * other effects. Changes made before are written first. @throws also what `change` throws.
   */
  update(change: (data: Partial<Data>) => Updated<Data> | Promise<Updated<Data>>): Promise<SaveResult>;
  /** Writes the changes at once. `gone` where another request destroyed the session: nothing was written. */
  save(): Promise<SaveResult>;
  /**
   * Gives the session a new id, as after a sign-in: the old one is destroyed. The data stays, or is replaced by `data`.
   * @throws also `ERR_SESSION_COMMITTED`: a new id needs a cookie.
   */
  regenerate(data?: Partial<Data>): Promise<void>;
  /** Destroys the session, and what was changed. What is set afterwards is a new session's. */
  destroy(): Promise<void>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has changed what it was given.
type Updated<Data> = Partial<Data> | undefined | void;

/** What a session needs of its request. */
export interface SessionRequest {
  readonly engine: SessionEngine;
  readonly lifetime: CookieLifetime;
  /** The id that the request's cookie says, if it says one. */
  sentId(): Promise<string | undefined>;
}

/** What came of a request's session, for its cookie. */
export interface Committed {
  /** Of the session that was used and is in the table; `undefined` where there is none. */
  readonly id: string | undefined;
  /** Whether the browser cannot know that id yet. */
  readonly isNewId: boolean;
  readonly isWritten: boolean;
  /** Whether the session that the browser knows was destroyed by this request. */
  readonly isEnded: boolean;
}

type Change = (data: SessionData) => SessionData;

// The door's own field in the data. What `get()` gives does not show it.
const FLASH = "_flash";

/** The session of one request. */
export class RequestSession implements Session {
  readonly #request: SessionRequest;
  #loading: Promise<void> | undefined;
  #isLoaded = false;
  #isNew = true;
  #session: SessionInHand | undefined;
  /** The data as it was loaded or last written. */
  #base: SessionData = {};
  /** What was changed since, in order. */
  #changes: Change[] = [];
  /** The data with the changes, until there are others. */
  #current: SessionData | undefined;
  #isNewId = false;
  #isWritten = false;
  #isEnded = false;
  #isGone = false;
  #isCommitted = false;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(request: SessionRequest) {
    this.#request = request;
  }

  get id(): string | undefined {
    this.#wantLoaded("id");
    if (hasFields(this.#now())) this.#session ??= this.#create();
    return this.#session?.id;
  }

  get isNew(): boolean {
    this.#wantLoaded("isNew");
    return this.#isNew;
  }

  get data(): SessionData {
    this.#wantLoaded("data");
    return this.#shown();
  }

  get(): Promise<SessionData>;
  get(key: string): Promise<unknown>;
  get(...keys: string[]): Promise<unknown> {
    return answer(this.#get(keys));
  }

  set(patch: SessionData): void;
  set(key: string, value: unknown): void;
  set(given: SessionData | string, value?: unknown): void {
    const patch = typeof given === "string" ? { [given]: value } : given;
    const copy = copyOfFields(patch);
    const removed = Object.keys(patch).filter((key) => !Object.hasOwn(copy, key));
    this.#change((data) => ({ ...without(data, removed), ...copy }));
  }

  unset(...keys: string[]): void {
    const removed = keys.filter((key) => key !== FLASH);
    this.#change((data) => without(data, removed));
  }

  replace(data: SessionData): void {
    const copy = copyOfFields(data);
    this.#change((before) => ({ ...copy, ...flashIn(before) }));
  }

  flash(key: string, value: unknown): void;
  flash(key: string): Promise<unknown>;
  flash(key: string, ...values: unknown[]): unknown {
    if (values.length === 0) return answer(this.#takeFlash(key));
    const copy = copyOfFields({ [key]: values[0] });
    this.#change((data) => ({ ...data, [FLASH]: { ...Object(data[FLASH]), ...copy } }));
    return undefined;
  }

  update(change: (data: SessionData) => unknown): Promise<SaveResult> {
    return answer(this.#update(change));
  }

  save(): Promise<SaveResult> {
    return answer(this.#inTurn(() => this.#write()));
  }

  regenerate(data?: SessionData): Promise<void> {
    const copy = data === undefined ? undefined : copyOfFields(data);
    return answer(this.#inTurn(() => this.#regenerate(copy)));
  }

  destroy(): Promise<void> {
    return answer(this.#inTurn(() => this.#destroy()));
  }

  /** The end of the request: writes what is left to write, or keeps alive what was only read. */
  commit(): Promise<Committed> {
    // From now on a change would not be written, nor a cookie set.
    this.#isCommitted = true;
    return this.#inTurn(async () => {
      if (this.#changes.length > 0) await this.#write();
      else if (!this.#isWritten) await this.#touch();
      const id = this.#isGone ? undefined : this.#stored()?.id;
      return { id, isNewId: this.#isNewId, isWritten: this.#isWritten, isEnded: this.#isEnded };
    });
  }

  async #get(keys: readonly string[]): Promise<unknown> {
    await this.#load();
    const data = this.#shown();
    const [key] = keys;
    if (key === undefined) return data;
    return Object.hasOwn(data, key) ? data[key] : undefined;
  }

  async #takeFlash(key: string): Promise<unknown> {
    if (this.#isCommitted) throw committed();
    await this.#load();
    const flashes: SessionData = Object(this.#now()[FLASH]);
    if (!Object.hasOwn(flashes, key)) return undefined;
    this.#change((data) => {
      const left = without(Object(data[FLASH]), [key]);
      return hasFields(left) ? { ...data, [FLASH]: left } : without(data, [FLASH]);
    });
    return flashes[key];
  }

  async #update(change: (data: SessionData) => unknown): Promise<SaveResult> {
    await this.#inTurn(async () => {
      await this.#load();
      if (this.#changes.length > 0) await this.#write();
    });
    const changed = async (data: SessionData): Promise<SessionData> => {
      const fields = without(data, [FLASH]);
      return { ...copyOfFields((await change(fields)) ?? fields), ...flashIn(data) };
    };
    if (this.#stored() === undefined) {
      if (this.#isCommitted) throw committed();
      const data = await changed({});
      const made = await this.#inTurn(() => this.#writeFirst(data));
      if (made) return made;
    }
    const session = this.#stored();
    if (session === undefined) return { outcome: "gone" };
    const result = await this.#request.engine.update(session, changed, this.#request.lifetime);
    if (result.outcome === "gone") {
      this.#isGone = true;
      return result;
    }
    this.#isWritten = true;
    // Of two updates that overlapped, the one that wrote later holds what both did.
    if ((result.session.row?.rev ?? 0) >= (this.#session?.row?.rev ?? 0)) {
      this.#session = result.session;
      this.#restBase(result.data);
    }
    return { outcome: result.outcome };
  }

  /** Writes a session that an update made, unless another has made it meanwhile. */
  async #writeFirst(data: SessionData): Promise<SaveResult | undefined> {
    if (this.#stored() !== undefined) return undefined;
    if (this.#isCommitted) throw committed();
    this.#changes.unshift(() => data);
    this.#current = undefined;
    return this.#write();
  }

  /** Writes the changes. A new session without data is nothing to write. */
  async #write(): Promise<SaveResult> {
    await this.#load();
    const data = this.#now();
    if (this.#stored() === undefined && !hasFields(data)) return { outcome: "saved" };
    const session = this.#session ?? this.#create();
    this.#session = session;
    const isFirst = session.row === undefined;
    const count = this.#changes.length;
    const result = await this.#request.engine.save(session, data, this.#request.lifetime);
    this.#changes.splice(0, count);
    this.#restBase(data);
    if (result.outcome === "gone") this.#isGone = true;
    else this.#isWritten = true;
    this.#isNewId ||= isFirst;
    return result;
  }

  async #touch(): Promise<void> {
    const session = this.#stored();
    if (session === undefined || this.#isGone) return;
    const { outcome } = await this.#request.engine.touch(session, this.#request.lifetime);
    if (outcome === "gone") this.#isGone = true;
  }

  async #regenerate(given: SessionData | undefined): Promise<void> {
    if (this.#isCommitted) throw committed();
    await this.#load();
    const before = this.#now();
    const data = given === undefined ? before : { ...given, ...flashIn(before) };
    const count = this.#changes.length;
    const old = this.#stored();
    if (old) await this.#request.engine.destroy(old);
    this.#isEnded ||= old !== undefined;
    this.#changes.splice(0, count, () => data);
    this.#hold(undefined);
    await this.#write();
  }

  async #destroy(): Promise<void> {
    await this.#loading?.catch(() => {});
    const sentId = await this.#request.sentId();
    const id = this.#isLoaded ? this.#stored()?.id : sentId;
    if (id !== undefined) await this.#request.engine.destroy(id);
    this.#isEnded ||= id !== undefined || sentId !== undefined;
    this.#changes = [];
    this.#isNew = true;
    this.#hold(undefined);
  }

  #load(): Promise<void> {
    this.#loading ??= this.#loadOnce().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #loadOnce(): Promise<void> {
    if (this.#isLoaded) return;
    const id = await this.#request.sentId();
    const session = id === undefined ? undefined : await this.#request.engine.load(id);
    this.#isNew = session === undefined;
    this.#hold(session);
  }

  /** The request's session is this one from now on; `undefined` for a new one. */
  #hold(session: SessionInHand | undefined): void {
    this.#session = session;
    this.#isLoaded = true;
    this.#isGone = false;
    this.#isNewId = false;
    this.#restBase(session?.data ?? {});
  }

  #restBase(data: SessionData): void {
    this.#base = frozen(data);
    this.#current = undefined;
  }

  #create(): SessionInHand {
    return this.#request.engine.create(this.#request.engine.newId());
  }

  /** The session in hand, if it is in the table. */
  #stored(): SessionInHand | undefined {
    return this.#session?.row && this.#session;
  }

  #change(change: Change): void {
    if (this.#isCommitted) throw committed();
    this.#changes.push(change);
    this.#current = undefined;
  }

  #now(): SessionData {
    this.#current ??= frozen(this.#changes.reduce((data, change) => change(data), this.#base));
    return this.#current;
  }

  #shown(): SessionData {
    const data = this.#now();
    return Object.hasOwn(data, FLASH) ? Object.freeze(without(data, [FLASH])) : data;
  }

  #wantLoaded(what: string): void {
    if (this.#isLoaded) return;
    throw new SessionStoreError(
      "ERR_SESSION_NOT_LOADED",
      `session.${what}: the session is not loaded yet; await session.get() first`,
    );
  }

  /** One write after another. What a caller gives us to run never runs in a turn. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }
}

/** A promise that its caller may leave alone: the engine reports failures, and unwritten changes are tried again. */
function answer<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function committed(): SessionStoreError {
  return new SessionStoreError(
    "ERR_SESSION_COMMITTED",
    "the response has left: the session's changes are written, and no cookie can be set any more; change it before, or by session.update",
  );
}

/** A copy of fields as JSON has them. */
function copyOfFields(fields: unknown): SessionData {
  const copy = copyOfData(fields);
  for (const [name, value] of Object.entries(Object(fields))) {
    if (typeof value === "function" || typeof value === "symbol") refuseField(name, `is a ${typeof value}`);
  }
  if (Object.hasOwn(copy, FLASH)) refuseField(FLASH, "is where flash() keeps its values");
  return copy;
}

function refuseField(name: string, why: string): never {
  const text = `session data cannot be stored: the field ${JSON.stringify(name)} ${why}; nothing was written`;
  throw new SessionStoreError("ERR_SESSION_UNSERIALIZABLE", text);
}

function flashIn(data: SessionData): SessionData {
  return Object.hasOwn(data, FLASH) ? { [FLASH]: data[FLASH] } : {};
}

function without(data: SessionData, names: readonly string[]): SessionData {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)));
}

function hasFields(data: SessionData): boolean {
  return Object.keys(data).length > 0;
}

/** The same data, that nobody can change any more. Not by recursion: its depth is a visitor's to choose. */
function frozen(data: SessionData): SessionData {
  const left: unknown[] = [data];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null || Object.isFrozen(value)) continue;
    Object.freeze(value);
    left.push(...Object.values(value));
  }
  return data;
}
