// A request's session as its handlers have it: loaded when it is looked at, changed in memory, written once
// at the end. When a row is written, and how, is the engine's business.
import {
  apart,
  copyOfData,
  FLASH,
  isReserved,
  lifetimeIn,
  refuseReserved,
  type SaveResult,
  type SessionData,
  type SessionEngine,
  type SessionInHand,
  type SessionLifetime,
  SessionStoreError,
} from "../core/doors.js";

/**
 * A session, at `c.var.session`. A request that does not look at it costs nothing. What is changed is written
 * once, before the response leaves; a new session is written, and has an id and a cookie, only when it was
 * given data.
 *
 * Every method that returns a promise rejects with the engine's `SessionStoreError`s; see its codes.
 */
export interface Session<Data extends object = Record<string, unknown>> {
  /**
   * The id; `undefined` for a new session without data. @throws `ERR_SESSION_NOT_LOADED` before the first
   * `get()`.
   */
  readonly id: string | undefined;
  /**
   * Whether the request came without a session. @throws `ERR_SESSION_NOT_LOADED` before the first `get()`.
   */
  readonly isNew: boolean;
  /** What `get()` gives. @throws `ERR_SESSION_NOT_LOADED` before the first `get()`. */
  readonly data: Readonly<Partial<Data>>;
  /** The data, with this request's changes; empty for a new session. Deeply frozen: change it by `set`. */
  get(): Promise<Readonly<Partial<Data>>>;
  /** One field of the data. */
  get<Key extends keyof Data & string>(key: Key): Promise<Readonly<Partial<Data>>[Key]>;
  /**
   * Changes fields; `undefined` removes one. The values are copied at once, as JSON has them, and written at
   * the end of the request. @throws `ERR_SESSION_UNSERIALIZABLE`, `ERR_SESSION_COMMITTED` after the response
   * has left.
   */
  set(patch: Partial<Data>): void;
  /** Changes one field, as above. */
  set<Key extends keyof Data & string>(key: Key, value: Data[Key] | undefined): void;
  /** Removes fields. @throws `ERR_SESSION_COMMITTED`. */
  unset(...keys: (keyof Data & string)[]): void;
  /** Puts other data in the place of all fields. @throws as `set`. */
  replace(data: Partial<Data>): void;
  /** Keeps a value until it is read once, by this request or a later one. @throws as `set`. */
  flash(key: string, value: unknown): void;
  /**
   * Reads such a value, and removes it; `undefined` where there is none. @throws also
   * `ERR_SESSION_COMMITTED`.
   */
  flash(key: string): Promise<unknown>;
  /**
   * Changes the session on the newest data, at once: `change` is given a copy, and returns the new data, or
   * changes what it was given. It runs again when another request wrote meanwhile, so that a counter counts,
   * and must have no other effects. Changes made before are written first. @throws also what `change` throws.
   */
  update(change: (data: Partial<Data>) => Updated<Data> | Promise<Updated<Data>>): Promise<SaveResult>;
  /** Writes the changes at once. `gone` where another request destroyed the session: nothing was written. */
  save(): Promise<SaveResult>;
  /**
   * Gives the session a new id, as after a sign-in: the old one is destroyed. The data stays, or is replaced
   * by `data`. Call it whenever the user gains rights: whoever had planted the old id, or knew it, gains
   * nothing.
   *
   * @throws also `ERR_SESSION_COMMITTED`: a new id needs a cookie.
   * @example
   * app.post("/sign-in", async (c) => {
   *   const user = await userOf(await c.req.parseBody());
   *   await c.var.session.regenerate({ user: user.id, signedInAt: Date.now() });
   *   return c.redirect("/", 303);
   * });
   */
  regenerate(data?: Partial<Data>): Promise<void>;
  /** Destroys the session, and what was changed. What is set afterwards is a new session's. */
  destroy(): Promise<void>;
}

/** @inline */
// biome-ignore lint/suspicious/noConfusingVoidType: who returns nothing has changed what was given.
type Updated<Data> = Partial<Data> | undefined | void;

/** What a session needs of its request. */
export interface SessionRequest {
  readonly engine: SessionEngine;
  readonly lifetime: SessionLifetime;
  /** The fields by which a new session's data says how long it lives; none where it does not. */
  fieldsOfNew(): SessionData;
  /** The id that the request's cookie says, if it says one. */
  sentId(): Promise<string | undefined>;
}

/** What came of a request's session, for its cookie. */
export interface Committed {
  /** Of the session that was used and is in the table; `undefined` where there is none. */
  readonly id: string | undefined;
  /** All of it, what frameworks keep there included. */
  readonly data: SessionData;
  readonly isWritten: boolean;
  /** Whether the request was rid of the session that it came with. */
  readonly isEnded: boolean;
}

type Change = (data: SessionData) => SessionData;

// Each value of flash() is a field of its own in the data, `_flash.xxxxx.key`, with characters of chance:
// that it was read removes this very value, and none that another request keeps under the key meanwhile.
const CHANCE = 5;

/** The session of one request. */
export class RequestSession implements Session {
  readonly #request: SessionRequest;
  #loading: Promise<void> | undefined;
  /**
   * What the request works on: `undefined` before it is loaded, and for a new session until that needs an id.
   */
  #session: SessionInHand | undefined;
  /** What the next session takes the place of. */
  #left: SessionInHand | undefined;
  /** The data as it was loaded or last written; `undefined` before. */
  #base: SessionData | undefined;
  /** What was changed since, in order. */
  #changes = new Set<Change>();
  /** The data with the changes, until there are others. */
  #current: SessionData | undefined;
  /** What is to become of the session in hand, before the changes are written under another id. */
  #ending: "regenerated" | "destroyed" | undefined;
  #isNew = true;
  #isWritten = false;
  #isEnded = false;
  #isGone = false;
  #isCommitted = false;
  #lastTurn: Promise<unknown> = Promise.resolve();
  /** Settles with everything that was asked for so far. */
  #started: Promise<unknown> = Promise.resolve();

  constructor(request: SessionRequest) {
    this.#request = request;
  }

  get id(): string | undefined {
    const data = this.#loaded("id");
    return this.#stored()?.id ?? (hasFields(data) ? this.#inHand().id : undefined);
  }

  get isNew(): boolean {
    this.#loaded("isNew");
    return this.#isNew;
  }

  get data(): SessionData {
    return shown(this.#loaded("data"));
  }

  get(): Promise<SessionData>;
  get(key: string): Promise<unknown>;
  get(...keys: string[]): Promise<unknown> {
    return this.#start(this.#get(keys));
  }

  set(patch: SessionData): void;
  set(key: string, value: unknown): void;
  set(given: SessionData | string, value?: unknown): void {
    const patch = typeof given === "string" ? { [given]: value } : given;
    const copy = copyOfFields(patch);
    const removed = Object.keys(patch).filter((key) => !Object.hasOwn(copy, key));
    this.#change((data) => ({ ...withoutFields(data, removed), ...copy }));
  }

  unset(...keys: string[]): void {
    this.#change((data) => withoutFields(data, keys));
  }

  replace(data: SessionData): void {
    const copy = copyOfFields(data);
    this.#change((before) => ({ ...apart(before, isReserved)[0], ...copy }));
  }

  flash(key: string, value: unknown): void;
  flash(key: string): Promise<unknown>;
  flash(key: string, ...values: unknown[]): unknown {
    if (values.length === 0) return this.#start(this.#takeFlash(key));
    const { value } = copyOfFields({ value: values[0] });
    const name = `${FLASH + this.#request.engine.newId().slice(0, CHANCE)}.${key}`;
    this.#change((data) => ({
      ...without(data, flashesOf(data, key)),
      ...(value !== undefined && { [name]: value }),
    }));
    return undefined;
  }

  update(change: (data: SessionData) => unknown): Promise<SaveResult> {
    return this.#start(this.#update(change));
  }

  save(): Promise<SaveResult> {
    return this.#start(this.#inTurn(() => this.#write()));
  }

  regenerate(data?: SessionData): Promise<void> {
    return this.#start(this.#regenerate(data));
  }

  destroy(): Promise<void> {
    return this.#start(this.#end("destroyed", () => ({})));
  }

  /** The end of the request: writes what is left to write, or keeps alive what was only read. */
  async commit(): Promise<Committed> {
    // From now on a change would not be written, nor a cookie set.
    this.#isCommitted = true;
    await this.#started;
    return this.#inTurn(async () => {
      if (this.#changes.size > 0) await this.#write();
      else if (!this.#isWritten) await this.#touch();
      const id = this.#isGone ? undefined : this.#stored()?.id;
      return { id, data: this.#base ?? {}, isWritten: this.#isWritten, isEnded: this.#isEnded };
    });
  }

  async #get([key]: readonly string[]): Promise<unknown> {
    await this.#load();
    const data = shown(this.#now());
    if (key === undefined) return data;
    return Object.hasOwn(data, key) ? data[key] : undefined;
  }

  async #takeFlash(key: string): Promise<unknown> {
    this.#refuseIfCommitted();
    await this.#load();
    const data = this.#now();
    const names = flashesOf(data, key);
    const last = names.at(-1);
    if (last === undefined) return undefined;
    this.#addChange((before) => without(before, names));
    return data[last];
  }

  async #update(change: (data: SessionData) => unknown): Promise<SaveResult> {
    const mayCreate = !this.#isCommitted;
    await this.#inTurn<unknown>(() => (this.#changes.size > 0 ? this.#write() : this.#load()));
    const checked = (fields: unknown) => {
      const copy = copyOfFields(fields);
      refuseTaken(copy, this.#base ?? {});
      return copy;
    };
    const changed = (data: SessionData): SessionData | Promise<SessionData> => {
      const given = change(data);
      return given instanceof Promise ? given.then((late) => checked(late ?? data)) : checked(given ?? data);
    };
    if (this.#stored() === undefined) {
      if (!mayCreate) throw committed();
      const data = await this.#request.engine.changeOfNothing(changed);
      const made = await this.#inTurn(() => this.#writeFirst(data));
      if (made) return made;
    }
    const session = this.#stored();
    if (session === undefined) return { outcome: "gone" };
    const result = await this.#request.engine.update(session, changed, this.#request.lifetime);
    if (result.outcome === "gone") this.#wrote(session, result);
    else this.#wrote(result.session, result, result.data);
    return { outcome: result.outcome };
  }

  /** Writes a session that an update made, unless another has made it meanwhile. */
  async #writeFirst(data: SessionData): Promise<SaveResult | undefined> {
    if (this.#stored() !== undefined) return undefined;
    const make = () => data;
    this.#changes = new Set([make, ...this.#changes]);
    this.#current = undefined;
    try {
      return await this.#write();
    } finally {
      // An update that fails is not tried again, as other changes are: its caller may.
      if (this.#changes.delete(make)) this.#current = undefined;
    }
  }

  async #regenerate(data: SessionData | undefined): Promise<void> {
    this.#refuseIfCommitted();
    const copy = data && copyOfFields(data);
    await this.#end("regenerated", (before) =>
      copy ? { ...apart(before, isReserved)[0], ...copy } : before,
    );
  }

  async #end(ending: "regenerated" | "destroyed", change: Change): Promise<void> {
    // What is to be destroyed has no successor, though a new id is asked for before that is done.
    this.#ending = this.#ending === "destroyed" ? "destroyed" : ending;
    this.#addChange(change);
    await this.#inTurn(() => this.#write());
  }

  /** Writes the changes. A new session without data is nothing to write. */
  async #write(): Promise<SaveResult> {
    await (this.#ending ? this.#leave() : this.#load());
    if (this.#ending) return this.#write();
    const given = this.#now();
    const written = [...this.#changes];
    const { engine, lifetime } = this.#request;
    const session = this.#stored() || hasFields(given) ? this.#inHand() : undefined;
    const isSaid = session?.row !== undefined || lifetimeIn(given, 0) !== undefined;
    const fieldsOfNew = isSaid ? {} : this.#request.fieldsOfNew();
    refuseTaken(given, { ...this.#base, ...fieldsOfNew });
    const data = { ...given, ...fieldsOfNew };
    const result: SaveResult = session ? await engine.save(session, data, lifetime) : { outcome: "saved" };
    for (const change of written) this.#changes.delete(change);
    if (session) this.#wrote(session, result, data);
    else this.#rest(data);
    return result;
  }

  /** Destroys the session in hand. What is written next is under another id. */
  async #leave(): Promise<void> {
    const { engine } = this.#request;
    const ending = this.#ending;
    const isDestroyed = ending === "destroyed";
    if (isDestroyed) {
      await this.#loading?.catch(() => {});
      // Nothing of it is wanted: it need not be read.
      this.#loading ??= this.#open((id) => engine.create(id));
    }
    await this.#load();
    // What is refused ends no session.
    if (!isDestroyed) refuseTaken(this.#now(), this.#base ?? {});
    if (this.#session) await engine.destroy(this.#session);
    const isLost = this.#session?.lost !== undefined;
    // What another request wrote meanwhile is taken along. What one destroyed does not come back under
    // another id.
    if (isDestroyed || isLost) this.#rest({});
    this.#isNew ||= isDestroyed;
    this.#left = isDestroyed ? undefined : (this.#session ?? this.#left);
    this.#session = undefined;
    this.#isEnded ||= isDestroyed || !isLost;
    this.#isGone = false;
    // Another may have been asked for meanwhile.
    if (this.#ending === ending) this.#ending = undefined;
  }

  async #touch(): Promise<void> {
    const session = this.#stored();
    if (session === undefined) return;
    const { outcome } = await this.#request.engine.touch(session, this.#request.lifetime);
    if (outcome === "gone") this.#isGone = true;
  }

  #load(): Promise<void> {
    this.#loading ??= this.#open((id) => this.#request.engine.load(id)).catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #open(read: (id: string) => SessionInHand | Promise<SessionInHand | undefined>): Promise<void> {
    const id = await this.#request.sentId();
    this.#session = id === undefined ? undefined : await read(id);
    this.#isNew = this.#session === undefined;
    this.#rest(this.#session?.data ?? {});
  }

  /** What came of a write. Meanwhile the request may have left that session, or written it once more. */
  #wrote(session: SessionInHand, { outcome }: SaveResult, data?: SessionData): void {
    if (session.id !== this.#session?.id) return;
    if (outcome === "gone") this.#isGone = true;
    else this.#isWritten = true;
    if (data === undefined || revOf(session) < revOf(this.#session)) return;
    // What was set while an update ran was made of what had been read before.
    if (session !== this.#session && this.#changes.size > 0) return;
    this.#session = session;
    this.#rest(data);
  }

  /** The data from which changes are counted. */
  #rest(data: SessionData): void {
    this.#base = frozen(data);
    this.#current = undefined;
  }

  #inHand(): SessionInHand {
    const { engine } = this.#request;
    this.#session ??= engine.create(engine.newId(), this.#left);
    return this.#session;
  }

  /** The session in hand, if it is in the table. */
  #stored(): SessionInHand | undefined {
    return this.#session?.row && this.#session;
  }

  #change(change: Change): void {
    this.#refuseIfCommitted();
    this.#addChange(change);
  }

  #addChange(change: Change): void {
    this.#changes.add(change);
    this.#current = undefined;
  }

  #refuseIfCommitted(): void {
    if (this.#isCommitted) throw committed();
  }

  #now(): SessionData {
    this.#current ??= frozen([...this.#changes].reduce((data, change) => change(data), this.#base ?? {}));
    return this.#current;
  }

  /** The data, for what cannot wait until it is loaded. */
  #loaded(what: string): SessionData {
    if (this.#base) return this.#now();
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

  /**
   * Work that its caller may leave alone: the response waits for it, the engine reports its failure, and
   * changes that it did not write are tried again.
   */
  #start<T>(work: Promise<T>): Promise<T> {
    const before = this.#started;
    const settled = work.catch(() => {});
    this.#started = before.then(() => settled);
    return work;
  }
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
  refuseReserved(fields);
  for (const [name, value] of Object.entries(Object(fields))) {
    if (typeof value === "function" || typeof value === "symbol") refuseField(name, `is a ${typeof value}`);
  }
  return copy;
}

/** Refuses data by which another framework would lose what it keeps in the session, or is to find there. */
function refuseTaken(data: SessionData, kept: SessionData): void {
  const isLost = (name: string, value: unknown) =>
    Object.hasOwn(kept, name) && isReserved(name, kept[name]) && !isFlash(name) && value !== kept[name];
  refuseReserved(apart(data, isLost)[0], () => true);
}

function refuseField(name: string, why: string): never {
  const text = `session data cannot be stored: the field ${JSON.stringify(name)} ${why}; nothing was written`;
  throw new SessionStoreError("ERR_SESSION_UNSERIALIZABLE", text);
}

/**
 * The fields that hold what was flashed under a key: several where requests did it at once, the last one
 * last.
 */
function flashesOf(data: SessionData, key: string): string[] {
  return Object.keys(data).filter((name) => isFlash(name) && name.slice(FLASH.length + CHANCE + 1) === key);
}

/** What `get()` gives of the data. */
function shown(data: SessionData): SessionData {
  const [reserved, fields] = apart(data, isReserved);
  return hasFields(reserved) ? Object.freeze(fields) : data;
}

function isFlash(name: string): boolean {
  return name.startsWith(FLASH);
}

function revOf(session: SessionInHand): number {
  return session.row?.rev ?? 0;
}

/** The data without these fields of the application's. */
function withoutFields(data: SessionData, names: readonly string[]): SessionData {
  return apart(data, (name, value) => names.includes(name) && !isReserved(name, value))[1];
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
    for (const below of Object.values(value)) left.push(below);
  }
  return data;
}
