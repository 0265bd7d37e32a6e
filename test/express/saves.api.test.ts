// What becomes of a session that several requests have in hand at once: a destroyed one stays destroyed, a load sees the
// save that is on its way, and an object that nothing links to a load revives nothing.
import type { SessionData } from "express-session";
import { beforeAll, describe, expect, it } from "vitest";
import type { CyclicSessionStore } from "../../src/express/index.js";
import { newId } from "../support/engines.js";
import {
  type AppRequest,
  answerOf,
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  sessionData,
  startApp,
  type Visitor,
} from "../support/express-apps.js";
import { countRows } from "../support/tables.js";
import { makeSignal, stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const signIn: Handler = (req) => {
  req.session.user = "ada";
};
const whoAmI: Handler = (req) => req.session.user;
const signOut: Handler = (req) => done((callback) => req.session.destroy(callback));

/** A request that has loaded its session, and does the rest of its work when it is told to. */
async function beginSlowly(visitor: Visitor, work: (req: AppRequest) => unknown) {
  const [loaded, goOn] = [makeSignal(), makeSignal()];
  const visited = visitor.visit(async (req) => {
    loaded.give();
    await goOn.given;
    return work(req);
  });
  await loaded.given;
  return {
    end() {
      goOn.give();
      return visited;
    },
  };
}

async function load(store: CyclicSessionStore, id: string): Promise<SessionData> {
  const data = await store.get(id);
  if (data === null) throw new Error("not loaded");
  return data;
}

describe.each([
  { resave: false },
  { resave: true },
  { resave: true, rolling: true, cookie: { maxAge: 5000 } },
])("a session that another request destroyed, with %o,", (options) => {
  const works: { what: string; work: Handler }[] = [
    { what: "changes it", work: (req) => void Object.assign(req.session, { n: 1 }) },
    {
      what: "saves it twice",
      work: async (req) => {
        for (const n of [1, 2]) {
          req.session.n = n;
          await done((callback) => req.session.save(callback));
        }
      },
    },
    { what: "only reads it", work: () => {} },
    {
      what: "changes its cookie",
      work: (req) => {
        req.session.cookie.maxAge = 60_000;
      },
    },
  ];

  it.each(works)("is not brought back by a slow one that $what", async ({ work }) => {
    const { store } = bench.store({ touchInterval: 0 });
    const app = await startApp({ store, ...options });
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const slow = await beginSlowly(visitor, (req) => work(req, {} as never));
    await visitor.visit(signOut);
    // Longer than the store remembers which ids it handed out.
    time.pass(61_000);
    expect((await slow.end()).status).toBe(200);
    expect(await bench.row(id)).toBeUndefined();
    expect((await visitor.visit(whoAmI)).said).toBeUndefined();
    expect(app.errors).toEqual([]);
  });

  it("is not brought back under its old id once it was regenerated", async () => {
    const { store } = bench.store();
    const app = await startApp({ store, ...options });
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const stolen = app.visitor(visitor.cookie);
    const slow = await beginSlowly(stolen, (req) => void Object.assign(req.session, { n: 1 }));
    await visitor.visit(async (req) => {
      await done((callback) => req.session.regenerate(callback));
      req.session.user = "ada";
    });
    await slow.end();
    expect(await bench.row(id)).toBeUndefined();
    expect((await visitor.visit(whoAmI)).said).toBe("ada");
  });

  it.each(works)(
    "does not change what was made anew under its id, by a slow one that $what",
    async ({ work }) => {
      const id = newId();
      const { store } = bench.store({ touchInterval: 0 });
      const app = await startApp({ store, ...options, genid: () => id });
      const visitor = app.visitor();
      await visitor.visit(signIn);
      const slow = await beginSlowly(visitor, (req) => work(req, {} as never));
      await visitor.visit(async (req) => {
        await done((callback) => req.session.regenerate(callback));
        req.session.user = "grace";
      });
      const made = await bench.row(id);
      expect(made).toBeDefined();
      time.pass(1);
      await slow.end();
      expect(await bench.row(id)).toEqual(made);
      expect((await visitor.visit(whoAmI)).said).toBe("grace");
      expect(app.errors).toEqual([]);
    },
  );

  it("is not brought back by the request that began it, and saves it again", async () => {
    const { store } = bench.store();
    const app = await startApp({ store, ...options });
    const visited = await app.visitor().visit(async (req) => {
      req.session.n = 1;
      await done((callback) => req.session.save(callback));
      await bench.store().store.destroy(req.sessionID);
      req.session.n = 2;
    });
    expect(await bench.row(visited.id)).toBeUndefined();
    expect(app.errors).toEqual([]);
  });

  it("is not brought back by what was reloaded before", async () => {
    const { store } = bench.store();
    const app = await startApp({ store, ...options });
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const slow = await beginSlowly(visitor, async (req) => {
      await done((callback) => req.session.reload(callback));
      await bench.store().store.destroy(id);
      req.session.n = 1;
    });
    await slow.end();
    expect(await bench.row(id)).toBeUndefined();
  });
});

/** Runs `work` when the store has been asked for a session, and has begun to look for it. */
function afterNextLoad(store: CyclicSessionStore, work: () => void) {
  const get = store.get.bind(store);
  Object.assign(store, {
    get(...args: Parameters<typeof get>) {
      get(...args);
      setImmediate(work);
    },
  });
}

describe("a load", () => {
  it("right after a response's headers sees the save that is on its way", async () => {
    const { store, sent } = bench.store();
    const app = await startApp({ store });
    const visitor = app.visitor();
    await visitor.visit(signIn);
    // The save is held until the next request has asked for the session.
    const asked = makeSignal();
    sent.beforeNext("UpdateItem", () => asked.given);
    const redirected = await visitor.begin((req, res) => {
      req.session.user = "grace";
      res.redirect("/welcome");
    });
    expect(redirected.status).toBe(302);
    afterNextLoad(store, asked.give);
    expect((await visitor.visit(whoAmI)).said).toBe("grace");
    await redirected.end();
  });

  it("right after a response's headers sees the destroy that is on its way", async () => {
    const { store, sent } = bench.store();
    const app = await startApp({ store, unset: "destroy" });
    const visitor = app.visitor();
    await visitor.visit(signIn);
    const asked = makeSignal();
    sent.beforeNext("DeleteItem", () => asked.given);
    const redirected = await visitor.begin((req, res) => {
      Object.assign(req, { session: null });
      res.redirect("/bye");
    });
    afterNextLoad(store, asked.give);
    expect((await visitor.visit(whoAmI)).said).toBeUndefined();
    await redirected.end();
  });

  it("sees it 200 times of 200, over redirects of ten visitors that save nothing by themselves", async () => {
    const { store } = bench.store();
    const app = await startApp({ store });
    const seen: boolean[] = [];
    const comeBack = async (visitor: Visitor) => {
      for (let n = 1; n <= 20; n++) {
        const redirected = await visitor.begin((req, res) => {
          req.session.n = n;
          res.redirect("/welcome");
        });
        const { said } = await visitor.visit((req) => req.session.n);
        await redirected.end();
        seen.push(said === n);
      }
    };
    await Promise.all(Array.from({ length: 10 }, () => comeBack(app.visitor())));
    expect(seen.filter(Boolean)).toHaveLength(200);
    expect(app.errors).toEqual([]);
  });
});

describe("a session", () => {
  it("survives a restart of the application", async () => {
    const first = await startApp({ store: bench.store().store, cookie: { maxAge: 60_000 } });
    const before = first.visitor();
    const { id } = await before.visit(signIn);
    await first.close();
    time.pass(40_000);
    const second = await startApp({ store: bench.store().store, cookie: { maxAge: 60_000 } });
    const after = await second
      .visitor(before.cookie)
      .visit((req) => [whoAmI(req, {} as never), req.sessionID]);
    expect(after.said).toEqual(["ada", id]);
  });

  it.each(["made", "loaded"])(
    "that was %s is saved as it is when that is asked for, whatever the handler goes on to do with it",
    async (how) => {
      const { store } = bench.store();
      const app = await startApp({ store });
      const visitor = app.visitor();
      if (how === "loaded") await visitor.visit(signIn);
      const visited = await visitor.visit(async (req) => {
        const cart = ["tea"];
        req.session.cart = cart;
        const saved = done((callback) => req.session.save(callback));
        cart.push("not bought");
        await saved;
        return (await bench.data(req.sessionID)).cart;
      });
      expect(visited.said).toEqual(["tea"]);
    },
  );

  it("whose nested data changed is saved: what was loaded is remembered apart from it", async () => {
    const { store } = bench.store();
    const app = await startApp({ store });
    const visitor = app.visitor();
    await visitor.visit((req) => void Object.assign(req.session, { cart: { items: ["tea"] } }));
    await visitor.visit((req) => {
      (req.session.cart as { items: string[] }).items.push("milk");
    });
    expect((await visitor.visit((req) => req.session.cart)).said).toEqual({ items: ["tea", "milk"] });
  });
});

describe("a set of an object that nothing links to a load", () => {
  it("makes a session, or takes the place of the one that is there", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, sessionData({ a: 1 }));
    expect(await store.get(id)).toMatchObject({ a: 1 });
    const other = bench.store().store;
    await other.set(id, sessionData({ b: 2 }));
    const { cookie: _, ...fields } = await load(store, id);
    expect(fields).toEqual({ b: 2 });
  });

  it("brings nothing back for a minute after a load of its id", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, sessionData({ n: 1 }));
    const copy = { ...(await load(store, id)), n: 2 };
    await store.destroy(id);
    time.pass(60_000);
    expect(await answerOf((callback) => store.set(id, copy, callback))).toEqual([null, undefined]);
    expect(await bench.row(id)).toBeUndefined();
    time.pass(1);
    await store.set(id, sessionData({ n: 3 }));
    expect(await store.get(id)).toMatchObject({ n: 3 });
  });

  it("writes over a session that still lives after such a load", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, sessionData({ n: 1 }));
    const copy = { ...(await load(store, id)), n: 2 };
    await store.set(id, copy);
    expect(await store.get(id)).toMatchObject({ n: 2 });
  });

  it.each([
    { how: "with a cookie", object: () => sessionData({ n: 1 }) },
    { how: "without a cookie, as JavaScript allows", object: () => ({ n: 1 }) as unknown as SessionData },
  ])("links it from then on, $how: it does not outlive a destroy", async (given) => {
    const { store, actions } = bench.store();
    const id = newId();
    const object = given.object();
    await store.set(id, object);
    Object.assign(object, { n: 2 });
    await store.set(id, object);
    await store.set(id, object);
    await store.touch(id, object);
    // Made, changed, and then unchanged: a touch, which is not due. Nothing was read.
    expect(actions()).toEqual(["UpdateItem", "UpdateItem"]);
    await bench.store().store.destroy(id);
    Object.assign(object, { n: 3 });
    await store.set(id, object);
    expect(await bench.row(id)).toBeUndefined();
  });
});

describe("a set of an object that the store handed out", () => {
  it("by get brings nothing back, however late", async () => {
    const { store } = bench.store();
    const id = newId();
    await store.set(id, sessionData({ n: 1 }));
    const loaded = await load(store, id);
    await bench.store().store.destroy(id);
    time.pass(3_600_000);
    Object.assign(loaded, { n: 2 });
    await store.set(id, loaded);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("by all brings nothing back either, and writes what was changed", async () => {
    const own = await makeStoreBench();
    const { store, actions } = own.store();
    await Promise.all(["a", "b"].map((id) => store.set(id, sessionData({ n: 1 }))));
    const { a, b } = await store.all();
    if (!a || !b) throw new Error("not listed");
    await own.store().store.destroy("a");
    time.pass(3_600_000);
    Object.assign(a, { n: 2 });
    Object.assign(b, { n: 2 });
    await store.set("a", a);
    actions();
    await store.set("b", b);
    expect(actions()).toEqual(["UpdateItem"]);
    expect(await countRows(own.client, own.table)).toBe(1);
    expect(await store.get("b")).toMatchObject({ n: 2 });
  });

  it("under another id makes another session, and leaves the first", async () => {
    const { store } = bench.store();
    const [id, otherId] = [newId(), newId()];
    await store.set(id, sessionData({ n: 1 }));
    const loaded = await load(store, id);
    Object.assign(loaded, { n: 2 });
    await store.set(otherId, loaded);
    expect(await store.get(id)).toMatchObject({ n: 1 });
    expect(await store.get(otherId)).toMatchObject({ n: 2 });
  });

  it("under another id as well stays linked to its own: what others write there is not undone", async () => {
    const { store } = bench.store();
    const [id, copyId] = [newId(), newId()];
    await store.set(id, sessionData({ n: 1 }));
    const loaded = await load(store, id);
    await store.set(copyId, loaded);
    await store.touch(copyId, loaded);
    await bench.store().store.update(id, (data) => ({ ...data, theirs: 1 }));
    Object.assign(loaded, { n: 2 });
    await store.set(id, loaded);
    expect(await store.get(id)).toMatchObject({ n: 2, theirs: 1 });
    await bench.store().store.destroy(id);
    await store.set(id, loaded);
    expect(await bench.row(id)).toBeUndefined();
    expect(await store.get(copyId)).toMatchObject({ n: 1 });
  });

  it("unchanged, or with a cookie whose end alone moved, writes nothing", async () => {
    const { store, actions } = bench.store();
    const id = newId();
    const cookie = { originalMaxAge: 60_000, expires: new Date(time.now() + 60_000) };
    await store.set(id, sessionData({ n: 1, cookie }));
    actions();
    time.pass(1000);
    const loaded = await load(store, id);
    await store.set(id, loaded);
    Object.assign(loaded.cookie, { expires: new Date(time.now() + 60_000) });
    await store.set(id, loaded);
    expect(actions()).toEqual(["GetItem"]);
  });
});

describe("a session made anew in the place of an expired row", () => {
  it("has nothing of the old one, whatever its fields were called", async () => {
    const { store } = bench.store({ keepExpired: true, ttl: 1000 });
    const id = newId();
    await store.set(id, sessionData({ options: "the old one's", n: 1 }));
    time.pass(5000);
    await store.set(id, sessionData({ n: 2 }));
    expect(await bench.data(id)).toEqual({ cookie: expect.anything(), n: 2 });
  });
});
