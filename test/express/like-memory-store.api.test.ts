// What an Express application sees of its sessions is the same with this store as with express-session's own
// MemoryStore: every test here runs with both.
import session from "express-session";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  answerOf,
  cookieFor,
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  sessionData,
  startApp,
} from "../support/express-apps.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

/** A store whose sessions no other test sees. */
const stores = [
  { name: "express-session's MemoryStore", makeStore: () => new session.MemoryStore() },
  {
    name: "CyclicSessionStore",
    // MemoryStore moves the expiry with every touch.
    makeStore: () => bench.store({ touchInterval: 0, table: { hashPrefix: `${newId()}#` } }).store,
  },
];

const everyWayToSave: AppOptions[] = [
  { resave: false },
  { resave: true },
  { resave: false, rolling: true },
  { resave: true, rolling: true, saveUninitialized: true },
];

const count: Handler = (req) => {
  req.session.n = Number(req.session.n ?? 0) + 1;
  return req.session.n;
};
const look: Handler = (req) => req.session.n;
const signIn: Handler = (req) => {
  req.session.user = "ada";
};
const whoAmI: Handler = (req) => req.session.user;

describe.each(stores)("with $name, a session", ({ makeStore }) => {
  const start = (options: AppOptions = {}) => startApp({ store: makeStore(), ...options });

  it.each(everyWayToSave)("keeps from request to request what it was given: %o", async (options) => {
    const app = await start(options);
    const [ada, grace] = [app.visitor(), app.visitor()];
    expect((await ada.visit(count)).said).toBe(1);
    expect((await ada.visit(count)).said).toBe(2);
    expect((await grace.visit(look)).said).toBeUndefined();
    expect((await ada.visit(look)).said).toBe(2);
    expect((await ada.visit(count)).said).toBe(3);
    expect(app.errors).toEqual([]);
  });

  it("keeps its id, and forgets what was deleted", async () => {
    const app = await start();
    const visitor = app.visitor();
    const { id } = await visitor.visit(signIn);
    const later = await visitor.visit((req) => {
      delete req.session.user;
    });
    expect(later.id).toBe(id);
    const last = await visitor.visit((req) => Object.keys(req.session));
    expect(last).toMatchObject({ id, said: ["cookie"] });
  });

  it("holds what JSON holds of the data", async () => {
    const app = await start();
    const visitor = app.visitor();
    const when = new Date("2026-01-02T03:04:05.678Z");
    await visitor.visit((req) => {
      Object.assign(req.session, {
        when,
        nothing: undefined,
        empty: "",
        none: null,
        list: [1, [], {}],
        "ключ ✓": "🎉",
      });
    });
    const seen = await visitor.visit(({ session: { cookie: _, ...fields } }) => fields);
    expect(seen.said).toEqual({
      when: when.toISOString(),
      empty: "",
      none: null,
      list: [1, [], {}],
      "ключ ✓": "🎉",
    });
  });

  it("is not made for a visitor for whom nothing is kept, unless saveUninitialized says so", async () => {
    const app = await start();
    const visitor = app.visitor();
    expect((await visitor.visit(look)).setCookie).toBeUndefined();

    const store = makeStore();
    const eager = await startApp({ store, saveUninitialized: true });
    const greeted = eager.visitor();
    const first = await greeted.visit(look);
    expect(first.setCookie).toContain("connect.sid=");
    expect((await greeted.visit(look)).id).toBe(first.id);
    expect(await answerOf((callback) => store.length(callback))).toEqual([null, 1]);
  });

  it("has its cookie sent again only when it changed, and with every response when rolling", async () => {
    const cookie = { maxAge: 60_000 };
    const app = await start({ cookie });
    const visitor = app.visitor();
    expect((await visitor.visit(count)).setCookie).toBeDefined();
    expect((await visitor.visit(look)).setCookie).toBeUndefined();
    expect((await visitor.visit(count)).setCookie).toBeDefined();

    const rolling = await start({ cookie, rolling: true });
    const other = rolling.visitor();
    await other.visit(count);
    time.pass(5_000);
    expect((await other.visit(look)).setCookie).toContain(new Date(time.now() + 60_000).toUTCString());
  });

  it("that is unset is destroyed, or kept as it was, as the option says", async () => {
    const unset: Handler = (req) => {
      req.session.user = "lost";
      Object.assign(req, { session: null });
    };
    const destroying = await start({ unset: "destroy" });
    const gone = destroying.visitor();
    const { id } = await gone.visit(signIn);
    await gone.visit(unset);
    const after = await gone.visit(whoAmI);
    expect(after.said).toBeUndefined();
    expect(after.id).not.toBe(id);

    const keeping = await start({ unset: "keep" });
    const kept = keeping.visitor();
    await kept.visit(signIn);
    await kept.visit(unset);
    expect((await kept.visit(whoAmI)).said).toBe("ada");
  });

  it("that nobody knows gets a new id: a stranger cannot choose it", async () => {
    const app = await start();
    const chosen = newId();
    const visitor = app.visitor(cookieFor(chosen));
    const first = await visitor.visit(signIn);
    expect(first.id).not.toBe(chosen);
    expect(await visitor.visit(whoAmI)).toMatchObject({ id: first.id, said: "ada" });
    expect((await app.visitor(cookieFor(chosen)).visit(whoAmI)).said).toBeUndefined();
  });

  describe("ends", () => {
    it.each([1, 2, 50, 999, 1000, 60_001])(
      "%i ms after the last visit, to the millisecond, by maxAge",
      async (maxAge) => {
        const app = await start({ cookie: { maxAge } });
        const [early, late] = [app.visitor(), app.visitor()];
        await Promise.all([early.visit(count), late.visit(count)]);
        time.pass(maxAge - 1);
        expect((await early.visit(look)).said).toBe(1);
        time.pass(1);
        expect((await late.visit(look)).said).toBeUndefined();
      },
    );

    it.each(everyWayToSave)("not while it is visited, though nothing changes: %o", async (options) => {
      const app = await start({ ...options, cookie: { maxAge: 50 } });
      const visitor = app.visitor();
      await visitor.visit(count);
      for (let visits = 0; visits < 4; visits++) {
        time.pass(49);
        expect((await visitor.visit(look)).said).toBe(1);
      }
      time.pass(50);
      expect((await visitor.visit(look)).said).toBeUndefined();
    });

    it("when the cookie says, which each visit moves: the application can read how long is left", async () => {
      const app = await start({ cookie: { maxAge: 10_000 } });
      const visitor = app.visitor();
      await visitor.visit(count);
      const end = time.now() + 10_000;
      const left: Handler = (req) => [req.session.cookie.maxAge, req.session.cookie.expires?.getTime()];
      time.pass(4000);
      expect((await visitor.visit(left)).said).toEqual([6000, end]);
      time.pass(3000);
      expect((await visitor.visit(left)).said).toEqual([7000, end + 4000]);
    });

    it("by the maxAge that a request gave it, and keeps that in later ones", async () => {
      const app = await start({ cookie: { maxAge: 1000 } });
      const visitor = app.visitor();
      await visitor.visit(signIn);
      await visitor.visit((req) => {
        req.session.cookie.maxAge = 60_000;
      });
      time.pass(59_000);
      const later = await visitor.visit((req) => [
        req.session.user,
        req.session.cookie.maxAge,
        req.session.cookie.originalMaxAge,
      ]);
      expect(later.said).toEqual(["ada", 1000, 60_000]);
      time.pass(59_999);
      expect((await visitor.visit(whoAmI)).said).toBe("ada");
      time.pass(60_000);
      expect((await visitor.visit(whoAmI)).said).toBeUndefined();
    });

    it("by a shorter maxAge too", async () => {
      const app = await start({ cookie: { maxAge: 60_000 } });
      const visitor = app.visitor();
      await visitor.visit(signIn);
      await visitor.visit((req) => {
        req.session.cookie.maxAge = 100;
      });
      time.pass(100);
      expect((await visitor.visit(whoAmI)).said).toBeUndefined();
    });

    it("at the moment that a request set as cookie.expires", async () => {
      const app = await start();
      const [early, late] = [app.visitor(), app.visitor()];
      const setEnd: Handler = (req) => {
        req.session.cookie.expires = new Date(time.now() + 5000);
        req.session.user = "ada";
      };
      await early.visit(setEnd);
      await late.visit(setEnd);
      time.pass(4999);
      expect((await early.visit(whoAmI)).said).toBe("ada");
      time.pass(1);
      expect((await late.visit(whoAmI)).said).toBeUndefined();
    });

    it("with the browser once its maxAge is taken away", async () => {
      const app = await start({ cookie: { maxAge: 1000 } });
      const visitor = app.visitor();
      await visitor.visit(signIn);
      await visitor.visit((req) => {
        req.session.cookie.expires = null;
      });
      time.pass(60_000);
      const later = await visitor.visit((req) => [req.session.user, req.session.cookie.expires]);
      expect(later.said).toEqual(["ada", null]);
    });

    it("later where the application touches it by hand", async () => {
      const app = await start({ cookie: { maxAge: 1000 } });
      const visitor = app.visitor();
      await visitor.visit(signIn);
      time.pass(600);
      const touched = await visitor.visit((req) => {
        const before = req.session.cookie.maxAge;
        req.session.touch();
        return [before, req.session.cookie.maxAge];
      });
      expect(touched.said).toEqual([400, 1000]);
      time.pass(999);
      expect((await visitor.visit(whoAmI)).said).toBe("ada");
    });
  });

  describe("in a request", () => {
    it("can be saved several times, and every change is kept", async () => {
      const app = await start();
      const visitor = app.visitor();
      const saveThrice: Handler = async (req) => {
        for (const name of ["a", "b", "c"]) {
          req.session[name] = Number(req.session[name] ?? 0) + 1;
          await done((callback) => req.session.save(callback));
        }
        req.session.d = Number(req.session.d ?? 0) + 1;
      };
      await visitor.visit(saveThrice);
      await visitor.visit(saveThrice);
      const seen = await visitor.visit(({ session: { cookie: _, ...fields } }) => fields);
      expect(seen.said).toEqual({ a: 2, b: 2, c: 2, d: 2 });
      expect(app.errors).toEqual([]);
    });

    it("can be reloaded: what was not saved is undone, what another saved is seen, and changes are kept", async () => {
      const app = await start();
      const visitor = app.visitor();
      await visitor.visit((req) => Object.assign(req.session, { mine: 0, theirs: 0 }));
      const reloaded = await visitor.visit(async (req) => {
        req.session.mine = "not saved";
        await visitor.visit((other) => {
          other.session.theirs = 1;
        });
        await done((callback) => req.session.reload(callback));
        const seen = [req.session.mine, req.session.theirs];
        req.session.mine = 2;
        return seen;
      });
      expect(reloaded.said).toEqual([0, 1]);
      expect((await visitor.visit((req) => [req.session.mine, req.session.theirs])).said).toEqual([2, 1]);
    });

    it("cannot be reloaded once another has destroyed it", async () => {
      const app = await start();
      const visitor = app.visitor();
      await visitor.visit(signIn);
      const reloaded = await visitor.visit(async (req) => {
        await visitor.visit((other) => done((callback) => other.session.destroy(callback)));
        return done((callback) => req.session.reload(callback)).catch((error) => error.message);
      });
      expect(reloaded.said).toBe("failed to load session");
    });

    it("can be regenerated: another id, nothing of the old data, and the old id is worthless", async () => {
      const store = makeStore();
      const app = await startApp({ store });
      const visitor = app.visitor();
      const { id } = await visitor.visit(signIn);
      const old = visitor.cookie;
      const renewed = await visitor.visit(async (req) => {
        await done((callback) => req.session.regenerate(callback));
        const carriedOver = req.session.user;
        req.session.user = "grace";
        return carriedOver;
      });
      expect(renewed.said).toBeUndefined();
      expect(renewed.id).not.toBe(id);
      expect((await visitor.visit(whoAmI)).said).toBe("grace");
      expect((await app.visitor(old).visit(whoAmI)).said).toBeUndefined();
      expect((await answerOf((callback) => store.get(id, callback))).map(orNull)).toEqual([null, null]);
      expect(await answerOf((callback) => store.length(callback))).toEqual([null, 1]);
    });

    it("can be regenerated and saved at once, before the response", async () => {
      const app = await start();
      const visitor = app.visitor();
      await visitor.visit(signIn);
      await visitor.visit(async (req) => {
        await done((callback) => req.session.regenerate(callback));
        req.session.user = "grace";
        await done((callback) => req.session.save(callback));
        req.session.n = 1;
      });
      expect((await visitor.visit((req) => [req.session.user, req.session.n])).said).toEqual(["grace", 1]);
    });

    it("can be destroyed: nothing is left, and the next visit begins anew", async () => {
      const store = makeStore();
      const app = await startApp({ store });
      const visitor = app.visitor();
      const { id } = await visitor.visit(signIn);
      await visitor.visit((req) => done((callback) => req.session.destroy(callback)));
      expect(await answerOf((callback) => store.length(callback))).toEqual([null, 0]);
      const next = await visitor.visit(whoAmI);
      expect(next.said).toBeUndefined();
      expect(next.id).not.toBe(id);
    });
  });

  describe("under ids of the application's own", () => {
    it("is kept under what genid gives", async () => {
      let made = 0;
      const app = await start({ genid: () => `visitor ${++made}/🎉 #` });
      const visitor = app.visitor();
      expect((await visitor.visit(signIn)).id).toBe("visitor 1/🎉 #");
      expect(await visitor.visit(whoAmI)).toMatchObject({ said: "ada", id: "visitor 1/🎉 #" });
    });

    it("that are always the same is one for all, anew after it was regenerated or destroyed", async () => {
      const app = await start({ genid: () => "the only one" });
      const [ada, grace] = [app.visitor(), app.visitor()];
      await ada.visit(count);
      // A visitor without a cookie gets a new session, which takes the place of the one under this id.
      await grace.visit(signIn);
      expect((await ada.visit((req) => [req.session.n, req.session.user])).said).toEqual([undefined, "ada"]);
      await ada.visit(async (req) => {
        await done((callback) => req.session.regenerate(callback));
        req.session.n = 10;
      });
      expect((await grace.visit((req) => [req.session.n, req.session.user])).said).toEqual([10, undefined]);
      await grace.visit((req) => done((callback) => req.session.destroy(callback)));
      expect((await ada.visit(look)).said).toBeUndefined();
      await ada.visit(count);
      expect((await grace.visit(look)).said).toBe(1);
      expect(app.errors).toEqual([]);
    });
  });

  describe("has a cookie", () => {
    it("whose secure and sameSite follow the connection with 'auto'", async () => {
      const app = await start({ proxy: true, cookie: { secure: "auto" } });
      const [plain, encrypted] = [app.visitor(), app.visitor()];
      encrypted.headers["x-forwarded-proto"] = "https";
      expect((await plain.visit(signIn)).setCookie).not.toContain("Secure");
      expect((await encrypted.visit(signIn)).setCookie).toContain("Secure");
      expect((await encrypted.visit((req) => req.session.cookie.secure)).said).toBe(true);
      expect((await plain.visit((req) => req.session.cookie.secure)).said).toBe(false);
    });

    it("with the options of the application, in the first request and in later ones", async () => {
      const cookie = { path: "/", httpOnly: false, sameSite: "strict", domain: "localhost" } as const;
      const app = await start({ cookie: () => ({ ...cookie, maxAge: 5000 }) });
      const visitor = app.visitor();
      const first = await visitor.visit(signIn);
      expect(first.setCookie).toContain("Domain=localhost");
      const later = await visitor.visit((req) => {
        req.session.changed = true;
        return { ...req.session.cookie };
      });
      expect(later.said).toMatchObject({ ...cookie, originalMaxAge: 5000 });
      expect(later.setCookie?.replace(/.*?;/, "")).toBe(first.setCookie?.replace(/.*?;/, ""));
    });
  });
});

const orNull = (value: unknown) => value ?? null;

describe.each(stores)("$name, asked directly,", ({ makeStore }) => {
  it("gives what was set, with its cookie, until it is destroyed", async () => {
    const store = makeStore();
    const ask = {
      get: (id: string) => answerOf((callback) => store.get(id, callback)),
      set: (id: string, fields: Record<string, unknown>) =>
        answerOf((callback) => store.set(id, sessionData(fields), callback)),
      destroy: (id: string) => answerOf((callback) => store.destroy(id, callback)),
    };
    expect((await ask.get("a")).map(orNull)).toEqual([null, null]);
    expect((await ask.set("a", { n: 1 }))[0]).toBeNull();
    expect(await ask.get("a")).toEqual([
      null,
      { n: 1, cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: "/" } },
    ]);
    await ask.set("a", { m: 2 });
    expect((await ask.get("a"))[1]).toMatchObject({ m: 2 });
    expect((await ask.get("a"))[1]).not.toHaveProperty("n");
    expect((await ask.destroy("a"))[0]).toBeNull();
    expect((await ask.destroy("a"))[0]).toBeNull();
    expect((await ask.get("a")).map(orNull)).toEqual([null, null]);
  });

  it("gives each asker a copy", async () => {
    const store = makeStore();
    await answerOf((callback) => store.set("a", sessionData({ list: [1] }), callback));
    const [, first] = await answerOf((callback) => store.get("a", callback));
    first.list.push(2);
    expect((await answerOf((callback) => store.get("a", callback)))[1].list).toEqual([1]);
  });

  it("moves the end of a session by a touch, and neither its data nor what is not there", async () => {
    const store = makeStore();
    const cookie = (ms: number) => ({
      originalMaxAge: 1000,
      expires: new Date(time.now() + ms),
      httpOnly: true,
      path: "/",
    });
    await answerOf((callback) => store.set("a", sessionData({ n: 1, cookie: cookie(1000) }), callback));
    time.pass(900);
    const touched = sessionData({ n: 2, cookie: cookie(1000) });
    expect((await answerOf((callback) => store.touch("a", touched, () => callback())))[0]).toBeNull();
    expect((await answerOf((callback) => store.touch("b", touched, () => callback())))[0]).toBeNull();
    time.pass(999);
    expect((await answerOf((callback) => store.get("a", callback)))[1]).toMatchObject({ n: 1 });
    expect((await answerOf((callback) => store.get("b", callback)))[1]).toBeFalsy();
    time.pass(1);
    expect((await answerOf((callback) => store.get("a", callback)))[1]).toBeFalsy();
  });

  it("lists, counts and clears the sessions that live", async () => {
    const store = makeStore();
    const expires = new Date(time.now() + 1000);
    const cookie = { originalMaxAge: 1000, expires, httpOnly: true, path: "/" };
    for (const id of ["a", "b", "__proto__"]) {
      await answerOf((callback) => store.set(id, sessionData({ id_was: id }), callback));
    }
    await answerOf((callback) => store.set("short", sessionData({ cookie }), callback));
    expect(await answerOf((callback) => store.length(callback))).toEqual([null, 4]);
    time.pass(1000);
    expect(await answerOf((callback) => store.length(callback))).toEqual([null, 3]);
    const [error, all] = await answerOf((callback) => store.all(callback));
    expect(error).toBeNull();
    expect(Object.keys(all).sort()).toEqual(["__proto__", "a", "b"]);
    for (const id of Object.keys(all)) expect(all[id].id_was).toBe(id);
    expect((await answerOf((callback) => store.clear(callback)))[0]).toBeNull();
    expect(await answerOf((callback) => store.length(callback))).toEqual([null, 0]);
    expect((await answerOf((callback) => store.get("a", callback)))[1]).toBeFalsy();
  });
});
