// Which session in hand a framework's session object stands for, and what its cookie was when it was last
// loaded or saved. Nothing is kept of objects that nobody holds any more.
import type { CookieLifetime, SessionInHand, StoredCookie } from "../core/doors.js";

/** What is remembered of a session object. */
export interface Link {
  readonly session: SessionInHand;
  readonly cookie: StoredCookie | undefined;
  /** False where the row has none, as those of other frameworks, and one was supplied in its place. */
  readonly isCookieStored: boolean;
  /** How long the session lives by another framework, where the row has no cookie that says it. */
  readonly lifetime: CookieLifetime | undefined;
}

// Under this name a link travels with the fields of an object that a framework copies. It stands in no JSON.
const TAG = "@cyclic.sh/session-store";

class Tag {
  // Private, so that neither a log nor a clone of the copy shows what it links to.
  readonly #owner: Links;
  readonly #link: Link;

  constructor(owner: Links, link: Link) {
    this.#owner = owner;
    this.#link = link;
  }

  /** The link, for the store that made it: what another store handed out is nothing to this one. */
  linkFor(links: Links): Link | undefined {
    return this.#owner === links ? this.#link : undefined;
  }

  toJSON(): undefined {
    return undefined;
  }
}

/** The links of one store. */
export class Links {
  readonly #links = new WeakMap<object, Link>();

  of(data: unknown): Link | undefined {
    if (typeof data !== "object" || data === null) return undefined;
    const tag: unknown = Reflect.get(data, TAG);
    return this.#links.get(data) ?? (tag instanceof Tag ? tag.linkFor(this) : undefined);
  }

  /**
   * The link of an object that stands for the session of this id: one that is saved under another id stands
   * for its own.
   */
  to(sid: string, data: unknown): Link | undefined {
    const link = this.of(data);
    return link?.session.id === sid ? link : undefined;
  }

  /** Links an object, unless it stands for another session. */
  set(data: object, link: Link): void {
    const known = this.#links.get(data);
    if (known === undefined || known.session.id === link.session.id) this.#links.set(data, link);
  }

  /**
   * Lets the link survive a copy of all that `for (… in …)` finds, which is how @fastify/session makes its
   * session. It stands on the prototype: the data's own fields are the application's alone.
   */
  tag(data: object): void {
    const link = this.of(data);
    if (link === undefined) return;
    const tag = { value: new Tag(this, link), enumerable: true };
    Object.setPrototypeOf(data, Object.create(Object.prototype, { [TAG]: tag }));
  }
}
