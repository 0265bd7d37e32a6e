// What requests do: small programs, whose details are drawn by the seed.
import type { Hand } from "./calls.js";
import type { JsonObject } from "./documents.js";
import { isObject, toJson } from "./documents.js";
import { ownName } from "./promises.js";
import type { Cookie, Visit } from "./visits.js";

export type Program = (visit: Visit, cookie: Cookie) => Promise<void>;

/** The programs by name, and how often each is drawn. */
export const PROGRAMS = {
  edit: 34,
  hasty: 10,
  count: 14,
  read: 8,
  "sign out": 7,
  regenerate: 8,
  "sign in again": 4,
  adopt: 5,
  "by id": 5,
  poll: 5,
} as const;

export type ProgramName = keyof typeof PROGRAMS;

/** A second try by the application, where a save failed. */
const SAVE_AGAIN = 0.6;
const MOST_SAVES = 3;

type Data = Record<string, unknown>;

export const programs: Readonly<Record<ProgramName | "sign in", Program>> = {
  async "sign in"(visit, cookie) {
    for (let attempt = 0; attempt < MOST_SAVES; attempt++) {
      const id = visit.engine.newId();
      const token = `${visit.name}.${attempt}`;
      visit.scene.tokens.set(token, [id]);
      const outcome = await visit.save(visit.create(id), { ...blank(), user: token });
      if (outcome === "saved") {
        cookie.id = id;
        return;
      }
    }
  },

  async edit(visit, cookie) {
    const hand = await loadOrSignIn(visit, cookie);
    if (hand === undefined) return;
    const data: Data = hand.session.data;
    for (let saves = visit.random.whole(1, 2); saves > 0; saves--) {
      await visit.think(visit.random.pick([0, 5, 50, 300]));
      if (visit.random.chance(0.9)) change(visit, data);
      if ((await saved(visit, hand, data)) === "gone") return;
    }
    if (visit.random.chance(0.2)) await visit.touch(hand);
  },

  /** Saves that nobody waits for, and the page that was redirected to. */
  async hasty(visit, cookie) {
    const hand = await visit.load(cookie.id);
    if (hand === undefined) return;
    const data: Data = hand.session.data;
    const loaded: Data = { ...toJson(data) };
    const saves: Promise<string>[] = [];
    for (let count = visit.random.whole(1, 3); count > 0; count--) {
      change(visit, data);
      saves.push(visit.save(hand, data));
      // And back again.
      if (visit.random.chance(0.2)) saves.push(visit.save(hand, loaded));
      if (visit.random.chance(0.3)) await visit.think(20);
    }
    await visit.load(cookie.id);
    await Promise.all(saves);
  },

  async count(visit, cookie) {
    const { random, scene } = visit;
    const { id } = cookie;
    const hand = random.chance(0.3) ? await visit.load(id) : undefined;
    const isSlow = random.chance(0.3);
    const isTooSlow = random.chance(0.03);
    const ms = isTooSlow ? 2 * scene.settings.timeout : random.whole(0, 300);
    const isNothing = random.chance(0.08);
    let nested = random.chance(0.08);
    const after = await visit.update(hand ?? id, {
      apply: isNothing ? (data) => data : counted(visit.name),
      // Slow and run again and again, it may meet the deadline.
      isOwnFault: isTooSlow || (isSlow && ms > scene.settings.timeout / 10),
      async meanwhile() {
        if (isSlow || isTooSlow) await scene.world.sleep(ms);
        // An update within an update, once: each time would never end.
        const isNested = nested;
        nested = false;
        if (isNested) await visit.update(id, { apply: counted(`${visit.name} within`) });
      },
    });
    if (after === undefined || random.chance(0.6)) return;
    const { hand: now, data } = after;
    change(visit, data);
    await saved(visit, now, data);
  },

  async read(visit, cookie) {
    const hand = await visit.load(cookie.id);
    await visit.think(30);
    if (hand) await visit.touch(hand);
  },

  async "sign out"(visit, cookie) {
    const hand = await visit.load(cookie.id);
    await visit.think(100);
    if (hand) await visit.destroy(hand);
  },

  async regenerate(visit, cookie) {
    const old = await visit.load(cookie.id);
    if (old === undefined) return;
    const data: Data = old.session.data;
    await visit.think(50);
    if (visit.random.chance(0.6)) change(visit, data);
    if (visit.random.chance(0.2)) await visit.save(old, data);
    if (!(await visit.destroy(old))) return;
    const id = visit.engine.newId();
    visit.scene.tokens.get(String(data.user))?.push(id);
    const hand = visit.create(id, old);
    if ((await saved(visit, hand, data)) !== "saved") return;
    cookie.id = id;
    change(visit, data);
    await saved(visit, hand, data);
  },

  /** A new session under an id that is known: what follows a logout without regenerating. */
  async "sign in again"(visit, cookie) {
    const token = `${visit.name}.again`;
    visit.scene.tokens.set(token, [cookie.id]);
    const data: Data = { ...blank(), user: token };
    const hand = visit.create(cookie.id);
    await saved(visit, hand, data);
    if (visit.random.chance(0.5)) return;
    change(visit, data);
    await saved(visit, hand, data);
  },

  /** A caller that cannot say what it loaded. */
  async adopt(visit, cookie) {
    const hand = visit.random.chance(0.7) ? await visit.load(cookie.id) : undefined;
    await visit.think(50);
    const data: Data = hand?.session.data ?? blank();
    change(visit, data);
    await visit.save(cookie.id, data);
  },

  async "by id"(visit, cookie) {
    if (visit.random.chance(0.7)) await visit.touch(cookie.id);
    else await visit.destroy(cookie.id);
  },

  async poll(visit, cookie) {
    const hand = await visit.load(cookie.id);
    if (hand === undefined) return;
    visit.renews = false;
    if (visit.random.chance(0.5)) change(visit, hand.session.data);
    await visit.save(hand, hand.session.data);
    await visit.touch(hand);
  },
};

async function loadOrSignIn(visit: Visit, cookie: Cookie): Promise<Hand | undefined> {
  const hand = await visit.load(cookie.id);
  if (hand === undefined && visit.random.chance(0.3)) await programs["sign in"](visit, cookie);
  return hand;
}

async function saved(visit: Visit, hand: Hand, data: Data): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await visit.save(hand, data);
    if (outcome !== "failed" || attempt === MOST_SAVES || !visit.random.chance(SAVE_AGAIN)) return outcome;
    if (visit.random.chance(0.5)) change(visit, data);
  }
}

function blank(): Data {
  return { hits: 0, shared: "first", cart: { deep: {} }, list: ["first"] };
}

function counted(by: string): (data: JsonObject) => JsonObject {
  return (data) => {
    const counts = isObject(data.counts) ? data.counts : {};
    return {
      ...data,
      hits: Number(data.hits ?? 0) + 1,
      counts: { ...counts, [by]: Number(counts[by] ?? 0) + 1 },
    };
  };
}

/** One or a few changes of what a request holds. Every value is another one. */
function change(visit: Visit, data: Data): void {
  const { random, name } = visit;
  for (let count = random.whole(1, 3); count > 0; count--) {
    const value = `${name}.${visit.changes++}`;
    const kind = random.weighted({
      own: 20,
      shared: 8,
      cart: 20,
      deep: 10,
      list: 18,
      odd: 6,
      remove: 9,
      rewrite: 4,
    });
    if (kind === "own") data[ownName(name)] = value;
    if (kind === "shared") data.shared = value;
    if (kind === "cart") cartOf(data)[random.chance(0.7) ? name : "same"] = value;
    if (kind === "deep") deepOf(data)[random.chance(0.7) ? name : "same"] = value;
    if (kind === "list") data.list = [...listOf(data), value];
    if (kind === "odd") data[`odd of ${name}`] = odd(visit);
    if (kind === "remove") remove(visit, data);
    if (kind === "rewrite") data.list = [value, ...listOf(data).slice(random.whole(0, 1))];
  }
}

function remove(visit: Visit, data: Data): void {
  const kind = visit.random.weighted({ cart: 2, deep: 2, list: 1, shared: 1, own: 2, item: 3, user: 1 });
  if (kind === "own") delete data[ownName(visit.name)];
  else if (kind === "deep") delete cartOf(data).deep;
  else if (kind === "item") {
    const cart = cartOf(data);
    const [name] = Object.keys(cart).filter((key) => key !== "deep");
    if (name !== undefined) delete cart[name];
  } else delete data[kind];
}

/** What JSON does something to. */
function odd(visit: Visit): unknown {
  const number = visit.random.whole(0, 9);
  return visit.random.pick<() => unknown>([
    () => new Date(number * 123_456_789_012),
    () => "",
    () => null,
    () => ({ toJSON: () => `as ${number}` }),
    () => ({ dropped: undefined, kept: number, empty: "" }),
    () => [number, undefined, "", { at: new Date(number * 123_456_789_012) }],
  ])();
}

function cartOf(data: Data): Data {
  const cart: Data = isData(data.cart) ? data.cart : {};
  data.cart = cart;
  return cart;
}

function deepOf(data: Data): Data {
  const cart = cartOf(data);
  const deep: Data = isData(cart.deep) ? cart.deep : {};
  cart.deep = deep;
  return deep;
}

function listOf(data: Data): unknown[] {
  return Array.isArray(data.list) ? data.list : [];
}

function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
