// Nobody is logged out by switching: a user who signed in under another package, the real one, is still signed in under
// ours, acts, stays, and signs out. What a session holds is compared with what the old package itself gives back.
import { beforeAll, describe, expect, it } from "vitest";
import {
  type App,
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  startApp,
} from "../support/express-apps.js";
import { oldStores } from "../support/old-stores.js";
import { stopTheClock } from "../support/time.js";

const time = stopTheClock();
const HOUR = 3_600_000;

/** The session's own fields: not express-session's, nor the clock that an old package keeps among them. */
const fields: Handler = ({ session }) => {
  const { cookie: _cookie, updated: _updated, ...own } = JSON.parse(JSON.stringify(session));
  return own;
};

const signIn: Handler = ({ session }) => {
  Object.assign(session, {
    user: { name: "Ada", roles: ["admin", "editor"], address: { city: "Tallinn", lines: [] } },
    cart: [{ sku: "tea", n: 2 }, { sku: "cup" }],
    visits: 3,
    price: 1.25,
    large: 9007199254740991,
    negative: -1e-7,
    "ключ ✓": "väärtus 🎉",
    flag: true,
    off: false,
    nothing: null,
    empty: {},
    since: new Date(0).toISOString(),
  });
};

describe.each(oldStores)("a user of $name", ({ keys, options, make }) => {
  let bench: StoreBench;
  beforeAll(async () => {
    bench = await makeStoreBench(keys);
  });

  const cookies = [
    { cookie: { maxAge: HOUR }, lives: HOUR },
    { cookie: {}, lives: 24 * HOUR },
  ];

  async function signedIn(app: App) {
    const visitor = app.visitor();
    await visitor.visit(signIn);
    expect(visitor.cookie).toBeDefined();
    return visitor;
  }

  describe.each(cookies)("with the cookie $cookie", ({ cookie, lives }) => {
    async function apps() {
      const old = await startApp({ store: make(bench.table), cookie });
      const { store, ...ours } = bench.store({ table: options });
      return { old, app: await startApp({ store, cookie }), store, ...ours };
    }
    const rowOf = (id: string) => bench.row(id, options.hashPrefix);

    it("is signed in under ours, with every field", async () => {
      const { old, app } = await apps();
      const visitor = await signedIn(old);
      const before = await visitor.visit(fields);
      const after = await app.visitor(visitor.cookie).visit(fields);
      expect(after.said).toEqual(before.said);
      expect(after.id).toBe(before.id);
      expect(after.setCookie).toBeUndefined();
      expect(app.errors).toEqual([]);
    });

    it("acts under ours, and keeps all else", async () => {
      const { old, app } = await apps();
      const { cookie: header } = await signedIn(old);
      const visitor = app.visitor(header);
      const before = await visitor.visit(fields);
      await visitor.visit(({ session }) => {
        session.visits = 4;
        delete session.flag;
      });
      const { flag: _flag, ...kept } = before.said;
      expect((await visitor.visit(fields)).said).toEqual({ ...kept, visits: 4 });
      const row = await rowOf(before.id);
      expect(row).toMatchObject({
        rev: { N: "1" },
        gen: { S: expect.any(String) },
        created: { N: expect.any(String) },
      });
      await visitor.visit(({ session }) => {
        session.visits = 5;
      });
      expect((await rowOf(before.id))?.rev).toEqual({ N: "2" });
      expect(app.errors).toEqual([]);
    });

    it("stays by coming back, and is gone by staying away, at the moment that the old package said", async () => {
      const { old, app } = await apps();
      const { cookie: header } = await signedIn(old);
      const visitor = app.visitor(header);
      time.pass(lives / 2);
      const { id } = await visitor.visit(fields);
      expect((await rowOf(id))?.until).toEqual({ N: String(time.now() + lives) });
      time.pass(lives - 1);
      expect((await visitor.visit(fields)).id).toBe(id);
      const idler = app.visitor((await signedIn(old)).cookie);
      time.pass(lives - 1000);
      expect((await idler.visit((req) => req.session.visits)).said).toBe(3);
      const other = app.visitor((await signedIn(old)).cookie);
      time.pass(lives);
      expect((await other.visit(fields)).said).toEqual({});
    });

    it("signs out under ours, for good and everywhere", async () => {
      const { old, app } = await apps();
      const visitor = await signedIn(old);
      const { id } = await visitor.visit(fields);
      await app.visitor(visitor.cookie).visit((req) => done((callback) => req.session.destroy(callback)));
      expect(await rowOf(id)).toBeUndefined();
      expect((await app.visitor(visitor.cookie).visit(fields)).said).toEqual({});
      expect((await old.visitor(visitor.cookie).visit(fields)).said).toEqual({});
    });

    it("is listed, counted and cleared", async () => {
      const { old, store } = await apps();
      await store.clear();
      const { id } = await (await signedIn(old)).visit(fields);
      expect(Object.keys(await store.all())).toEqual([id]);
      expect(await store.length()).toBe(1);
      await store.clear();
      expect(await rowOf(id)).toBeUndefined();
    });
  });
});
