// Requests of an Express application that change one session at once: what express-session itself moves in the cookie is
// nobody's change, a counter counts by `update`, and the option `concurrency` has its say.
import { beforeAll, describe, expect, it } from "vitest";
import type { CyclicSessionStore } from "../../src/express/index.js";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  answerOf,
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  startApp,
} from "../support/express-apps.js";
import { putRow } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";

declare module "express-session" {
  interface SessionData {
    n?: number;
  }
}

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const assign =
  (fields: object): Handler =>
  (req) =>
    void Object.assign(req.session, fields);
const signOut: Handler = (req) => done((callback) => req.session.destroy(callback));
const live =
  (ms: number): Handler =>
  (req) => {
    req.session.cookie.maxAge = ms;
  };

/** An application, a visitor with a session, and another of the same browser. */
async function startWithVisitor(
  data: object,
  { app: options = {}, store: storeOptions = {} }: { app?: AppOptions; store?: StoreOptions } = {},
) {
  const { store, events, actions } = bench.store(storeOptions);
  const app = await startApp({ store, ...options });
  const visitor = app.visitor();
  const { id } = await visitor.visit(assign(data));
  actions();
  return {
    app,
    store,
    visitor,
    other: app.visitor(visitor.cookie),
    id,
    events,
    actions,
    /** A request that has loaded its session when `meanwhile` happens, and does its own work then. */
    slow: (meanwhile: () => unknown, work: Handler) =>
      visitor.visit(async (req, res) => {
        await meanwhile();
        return work(req, res);
      }),
    fields: async () => {
      const { cookie, ...fields } = await bench.data(id);
      return fields;
    },
    cookie: async () => (await bench.data(id)).cookie,
    timeLeft: async () => Number((await bench.row(id))?.until?.N) - time.now(),
    overridden: () => events.flatMap((event) => (event.type === "merge" ? [event.paths] : [])),
  };
}

const count = (data: object) => ({ ...data, n: Number(Reflect.get(data, "n") ?? 0) + 1 });

describe("update", () => {
  const ways: [string, (store: CyclicSessionStore, id: string, change: typeof count) => Promise<unknown>][] =
    [
      ["by promise", (store, id, change) => store.update(id, change)],
      [
        "by callback",
        async (store, id, change) => {
          const [error, result] = await answerOf((callback) => store.update(id, change, callback));
          if (error !== null) throw error;
          return result;
        },
      ],
    ];

  describe.each(ways)("%s", (_, update) => {
    it("changes the newest data at once, and says what was written, without the cookie", async () => {
      const { store, id, other, slow, fields } = await startWithVisitor({ n: 1 });
      const visit = await slow(
        () => other.visit(assign({ n: 10, more: true })),
        async (req) => [await update(store, req.sessionID, count), await fields(), req.session.n],
      );
      const written = { n: 11, more: true };
      expect(visit.said).toEqual([{ outcome: "saved", data: written }, written, 1]);
      // Saving what the request itself holds undid nothing.
      expect(await fields()).toEqual(written);
      expect(await bench.data(id)).toHaveProperty("cookie.path", "/");
    });

    it("gives the function no cookie, and lets it change none", async () => {
      const { store, id, fields } = await startWithVisitor({ n: 1 }, { app: { cookie: { maxAge: HOUR } } });
      const before = await bench.data(id);
      const given: unknown[] = [];
      await update(store, id, (data) => {
        given.push(structuredClone(data));
        return Object.assign(data, { n: 2, cookie: { originalMaxAge: 1, path: "/elsewhere" } });
      });
      expect(given).toEqual([{ n: 1 }]);
      expect(await fields()).toEqual({ n: 2 });
      expect((await bench.data(id)).cookie).toEqual(before.cookie);
    });

    it("says of a session that is not there that it is gone, and makes none", async () => {
      const { store, id, events, slow, other } = await startWithVisitor({ n: 1 });
      const unsaved = newId();
      expect(await update(store, unsaved, count)).toEqual({ outcome: "gone" });
      expect(await bench.row(unsaved)).toBeUndefined();
      const visit = await slow(
        () => other.visit(signOut),
        (req) => update(store, req.sessionID, count),
      );
      expect(visit).toMatchObject({ status: 200, said: { outcome: "gone" }, setCookie: undefined });
      expect(await bench.row(id)).toBeUndefined();
      expect(events).toContainEqual(expect.objectContaining({ type: "gone", operation: "update" }));
    });

    it("passes on what the function throws, and writes nothing", async () => {
      const { store, id, actions } = await startWithVisitor({ n: 1 });
      const mistake = new Error("of the function");
      const failing = update(store, id, () => {
        throw mistake;
      });
      await expect(failing).rejects.toBe(mistake);
      expect(actions()).toEqual(["GetItem"]);
    });
  });

  it("waits for a function that takes its time, and takes what that changed in place", async () => {
    const { store, id, fields } = await startWithVisitor({ n: 1 });
    const result = await store.update(id, async (data) => {
      await Promise.resolve();
      Object.assign(data, { later: true });
    });
    expect(result).toEqual({ outcome: "saved", data: { n: 1, later: true } });
    expect(await fields()).toEqual({ n: 1, later: true });
  });

  it("is seen by req.session.reload, and the request goes on from there", async () => {
    const { store, visitor, fields } = await startWithVisitor({ n: 1 });
    const visit = await visitor.visit(async (req) => {
      await store.update(req.sessionID, count);
      const before = req.session.n;
      await done((callback) => req.session.reload(callback));
      // Another object: the old one was the request's view until now.
      const after = req.session.n;
      req.session.n = Number(after) + 1;
      return [before, after];
    });
    expect(visit.said).toEqual([1, 2]);
    expect(await fields()).toEqual({ n: 3 });
  });

  it.each<{ how: string; app: AppOptions; store?: StoreOptions; change?: Handler; ms: number }>([
    { how: "its cookie's maxAge", app: { cookie: { maxAge: HOUR } }, ms: HOUR },
    { how: "a maxAge of its own", app: { cookie: { maxAge: HOUR } }, change: live(5 * HOUR), ms: 5 * HOUR },
    { how: "a day where its cookie has no end", app: {}, ms: DAY },
    { how: "the ttl", app: { cookie: { maxAge: HOUR } }, store: { ttl: 2 * HOUR }, ms: 2 * HOUR },
  ])("renews the session for $how", async ({ app, store: storeOptions = {}, change, ms }) => {
    const { store, id, visitor, timeLeft } = await startWithVisitor({ n: 1 }, { app, store: storeOptions });
    if (change) await visitor.visit(change);
    time.pass(10 * MINUTE);
    await store.update(id, count);
    expect(await timeLeft()).toBe(ms);
    // And its cookie with it.
    const expires = (await visitor.visit((req) => req.session.cookie.expires)).said;
    if (app.cookie) expect(Number(expires)).toBe(time.now() + (change ? ms : HOUR));
    else expect(expires).toBeNull();
  });
});

describe("update of a session that another framework wrote, and that says nothing of its lifetime", () => {
  it.each<[string, StoreOptions, number]>([
    ["leaves its end where it was", {}, 29 * DAY],
    ["renews it for the ttl, where there is one", { ttl: 2 * HOUR }, 2 * HOUR],
  ])("%s", async (_, storeOptions, ms) => {
    const { store } = bench.store(storeOptions);
    const id = newId();
    const key = { S: `session-store#${id}` };
    const end = time.now() + 30 * DAY;
    const expires = { N: String(end / 1000) };
    await putRow(bench.client, bench.table, { pk: key, sk: key, sess: { S: '{"n":1}' }, expires });
    time.pass(DAY);
    expect(await store.update(id, count)).toEqual({ outcome: "saved", data: { n: 2 } });
    expect(await bench.data(id)).toEqual({ n: 2 });
    expect(await store.get(id)).toMatchObject({ n: 2 });
    expect(Number((await bench.row(id))?.expires?.N) * 1000).toBe(time.now() + ms);
  });
});

const everyWayToSave: AppOptions[] = [
  { resave: false },
  { resave: true },
  { resave: false, rolling: true },
  { resave: true, rolling: true },
];

describe.each(everyWayToSave)("two requests that overlap, with %o,", (options) => {
  const app = { ...options, cookie: { maxAge: HOUR } };

  it("see no change in what the cookie's end moves by itself, and contend for what they both changed", async () => {
    const { other, slow, fields, timeLeft, overridden, id } = await startWithVisitor({ n: 1 }, { app });
    time.pass(MINUTE);
    await slow(
      async () => {
        time.pass(1234);
        await other.visit(assign({ n: 2, quick: true }));
        time.pass(4321);
      },
      (req) => {
        // As express-session resets it from what is left, a little less each time.
        req.session.cookie.originalMaxAge = HOUR - 313;
        Object.assign(req.session, { n: 3, slow: true });
      },
    );
    expect(await fields()).toEqual({ n: 3, quick: true, slow: true });
    expect(overridden()).toEqual([["n"]]);
    expect((await bench.data(id)).cookie.originalMaxAge).toBe(HOUR);
    expect(await timeLeft()).toBeGreaterThan(HOUR - 10_000);
  });

  it("have nothing to contend for where one of them changed nothing", async () => {
    const { other, slow, fields, overridden } = await startWithVisitor({ n: 1 }, { app });
    time.pass(MINUTE);
    await slow(
      () => other.visit(assign({ n: 2 })),
      () => {},
    );
    expect(await fields()).toEqual({ n: 2 });
    expect(overridden().flat()).toEqual([]);
  });

  it.each([
    ["quick", live(5 * HOUR), assign({ n: 2 })],
    ["slow", assign({ n: 2 }), live(5 * HOUR)],
  ])("keep the lifetime that the %s one changed, and the data of the other", async (_, quick, work) => {
    const { other, visitor, slow, fields, timeLeft, overridden } = await startWithVisitor({ n: 1 }, { app });
    await slow(async () => {
      await other.visit(quick);
      time.pass(1000);
    }, work);
    expect(await fields()).toEqual({ n: 2 });
    expect(await timeLeft()).toBe(5 * HOUR);
    expect(overridden().flat()).toEqual([]);
    expect((await visitor.visit((req) => req.session.cookie.maxAge)).said).toBe(5 * HOUR);
  });

  it.each([
    ["", 0],
    [", and express-session let its maxAge drift", 313],
  ])("have nothing to contend for where they changed different things of the cookie%s", async (_, drift) => {
    const { other, slow, cookie, timeLeft, overridden } = await startWithVisitor(
      { n: 1 },
      { app: { cookie: { maxAge: HOUR } } },
    );
    await slow(
      async () => {
        time.pass(1000);
        await other.visit((req) => {
          req.session.n = 2;
          req.session.cookie.maxAge = 5 * HOUR;
        });
      },
      (req) => {
        Object.assign(req.session, { late: true });
        req.session.cookie.sameSite = "strict";
        req.session.cookie.originalMaxAge = HOUR - drift;
      },
    );
    expect(await cookie()).toMatchObject({ originalMaxAge: 5 * HOUR, sameSite: "strict" });
    expect(await timeLeft()).toBe(5 * HOUR);
    expect(overridden()).toEqual([[]]);
  });

  it("leave a session without a row where one of them destroyed it, and give nobody an error", async () => {
    const { app: running, other, slow, id, events } = await startWithVisitor({ n: 1 }, { app: options });
    const visit = await slow(() => other.visit(signOut), assign({ n: 2 }));
    expect(visit.status).toBe(200);
    expect(await bench.row(id)).toBeUndefined();
    expect(running.errors).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: "gone", operation: "save" }));
    // With `rolling` express-session sets the cookie before it saves.
    if (!options.rolling) expect(visit.setCookie).toBeUndefined();
  });
});

describe("the option concurrency", () => {
  it("'last-write-wins' writes over what another wrote", async () => {
    const { other, slow, fields, events } = await startWithVisitor(
      { n: 1 },
      { store: { concurrency: "last-write-wins" } },
    );
    await slow(() => other.visit(assign({ quick: true })), assign({ slow: true }));
    expect(await fields()).toEqual({ n: 1, slow: true });
    expect(events.map(({ type }) => type)).not.toContain("merge");
  });

  it("'last-write-wins' brings back no session that another destroyed", async () => {
    const { other, slow, id } = await startWithVisitor(
      { n: 1 },
      { store: { concurrency: "last-write-wins" } },
    );
    await slow(() => other.visit(signOut), assign({ slow: true }));
    expect(await bench.row(id)).toBeUndefined();
  });

  it("as a function decides over copies of the application's data, the cookie apart", async () => {
    const given: unknown[] = [];
    const { other, slow, fields, timeLeft, id } = await startWithVisitor(
      { n: 1, list: ["a"] },
      {
        app: { cookie: { maxAge: HOUR } },
        store: {
          concurrency: (base, ours, theirs) => {
            given.push(structuredClone([base, ours, theirs]));
            Object(ours.list).push("not the request's");
            return { n: Number(ours.n) + Number(theirs.n), cookie: { path: "/elsewhere" } };
          },
        },
      },
    );
    const cookie = (await bench.data(id)).cookie;
    const visit = await slow(
      () =>
        other.visit((req) => {
          req.session.n = 2;
          req.session.cookie.maxAge = 5 * HOUR;
        }),
      async (req) => {
        req.session.n = 3;
        await done((callback) => req.session.save(callback));
        return req.session.list;
      },
    );
    expect(visit.said).toEqual(["a"]);
    const [list, n] = [["a"], [1, 3, 2]];
    expect(given).toEqual([n.map((value) => ({ n: value, list }))]);
    expect(await fields()).toEqual({ n: 5 });
    // The cookie is merged by rule.
    expect((await bench.data(id)).cookie).toMatchObject({
      ...cookie,
      originalMaxAge: 5 * HOUR,
      expires: expect.anything(),
    });
    expect(await timeLeft()).toBe(5 * HOUR);
  });

  it("as a function that throws is an error for the application, and nothing is lost of what was there", async () => {
    const mistake = new Error("of the function");
    const { app, other, slow, fields, actions } = await startWithVisitor(
      { n: 1 },
      {
        store: {
          concurrency() {
            throw mistake;
          },
        },
      },
    );
    const quick = () => other.visit(assign({ n: 2 }));
    const conflict = expect.objectContaining({ code: "ERR_SESSION_CONFLICT", cause: mistake });
    // In the callback of a save that is asked for, where there still is an answer to give.
    const asked = await slow(quick, async (req, res) => {
      actions();
      req.session.n = 3;
      const failure = await done((callback) => req.session.save(callback)).catch((error) => error);
      Object.assign(req, { session: undefined });
      res.status(409).send("conflict");
      return failure;
    });
    expect(asked).toMatchObject({ status: 409, said: conflict });
    expect(await fields()).toEqual({ n: 2 });
    // In the error handler of the request whose session express-session saves itself.
    await slow(() => other.visit(assign({ n: 4 })), assign({ n: 5 }));
    await expect.poll(() => app.errors).toEqual([conflict]);
    expect(await fields()).toEqual({ n: 4 });
  });

  it("as a function is not asked for the cookie alone", async () => {
    const concurrency = () => {
      throw new Error("asked");
    };
    const options = { app: { cookie: { maxAge: HOUR } }, store: { concurrency } };
    const { other, slow, fields, cookie } = await startWithVisitor({ n: 1 }, options);
    await slow(() => other.visit(live(5 * HOUR)), assign({ n: 2 }));
    expect([await fields(), await cookie()]).toMatchObject([{ n: 2 }, { originalMaxAge: 5 * HOUR }]);
  });

  it("has no part in an update", async () => {
    const { store, other, slow, fields } = await startWithVisitor(
      { n: 1 },
      {
        store: {
          concurrency() {
            throw new Error("asked");
          },
        },
      },
    );
    const visit = await slow(
      () => other.visit(assign({ n: 2 })),
      (req) => store.update(req.sessionID, count),
    );
    expect(visit.said).toEqual({ outcome: "saved", data: { n: 3 } });
    expect(await fields()).toEqual({ n: 3 });
  });
});
