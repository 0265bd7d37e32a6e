// How long a session of an Express application lives, what moves its end, and what that costs: a touch is written at
// most once in `touchInterval`, a changed cookie at once.
import type { SessionData } from "express-session";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
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
import { denied, startFaultProxy } from "../support/fault-proxy.js";
import { isRead, testClient } from "../support/tables.js";
import { makeSignal, stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const signIn: Handler = (req) => {
  req.session.user = "ada";
};
const whoAmI: Handler = (req) => req.session.user;

/** An application, a visitor who has signed in, and what the store writes from then on. */
async function startWithVisitor(options: AppOptions = {}, storeOptions: StoreOptions = {}) {
  const { store, actions, events } = bench.store(storeOptions);
  const app = await startApp({ store, ...options });
  const visitor = app.visitor();
  const { id } = await visitor.visit(signIn);
  actions();
  const writes = () => actions().filter((action) => !isRead(action));
  const timeLeft = async () => Number((await bench.row(id))?.until?.N) - time.now();
  return { app, store, visitor, id, writes, events, timeLeft };
}

/** The session's store reaches its table through this. */
async function startProxy() {
  const proxy = await startFaultProxy(inject("endpoint"));
  onTestFinished(() => proxy.close());
  return { proxy, client: testClient({ endpoint: proxy.endpoint, maxAttempts: 1 }) };
}

const everyWayToSave: AppOptions[] = [
  { resave: false },
  { resave: true },
  { resave: false, rolling: true },
  { resave: true, rolling: true },
  { resave: false, cookie: { maxAge: HOUR } },
  { resave: true, cookie: { maxAge: HOUR } },
  { resave: false, rolling: true, cookie: { maxAge: HOUR } },
  { resave: true, rolling: true, cookie: { maxAge: HOUR } },
];

describe.each(everyWayToSave)("requests that change nothing, with %o,", (options) => {
  it("write nothing for half a minute, and once then", async () => {
    const { app, visitor, id, writes } = await startWithVisitor(options);
    const before = await bench.row(id);
    for (const ms of [0, 1, 9_999, 10_000, 9_999]) {
      time.pass(ms);
      expect((await visitor.visit(whoAmI)).said).toBe("ada");
    }
    expect(writes()).toEqual([]);
    expect(await bench.row(id)).toEqual(before);
    time.pass(1);
    await visitor.visit(whoAmI);
    await visitor.visit(whoAmI);
    expect(writes()).toEqual(["UpdateItem"]);
    const after = await bench.row(id);
    expect(after).toMatchObject({ rev: before?.rev, sess: before?.sess });
    expect(Number(after?.until?.N) - Number(before?.until?.N)).toBe(30_000);
    expect(app.errors).toEqual([]);
  });

  it("write once when six of them come together", async () => {
    const { app, visitor, writes } = await startWithVisitor(options);
    time.pass(30_000);
    // None ends before all have loaded their session.
    const allAreThere = makeSignal();
    let there = 0;
    const lookTogether: Handler = async (req) => {
      there += 1;
      if (there === 6) allAreThere.give();
      await allAreThere.given;
      return req.session.user;
    };
    const seen = await Promise.all(Array.from({ length: 6 }, () => visitor.visit(lookTogether)));
    expect(seen.map((visit) => visit.said)).toEqual(Array(6).fill("ada"));
    expect(writes()).toEqual(["UpdateItem"]);
    expect(app.errors).toEqual([]);
  });

  it("write nothing by saving, late or not", async () => {
    const { app, visitor, writes } = await startWithVisitor(options);
    for (const ms of [1, 20_000, 5_000]) {
      time.pass(ms);
      await visitor.visit((req) => done((callback) => req.session.save(callback)));
    }
    expect(writes()).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it("write each time with touchInterval 0, so that the end is exact", async () => {
    const { visitor, writes, timeLeft } = await startWithVisitor(options, { touchInterval: 0 });
    for (let visits = 0; visits < 3; visits++) {
      time.pass(7);
      await visitor.visit(whoAmI);
      expect(await timeLeft()).toBe(options.cookie ? HOUR : DAY);
    }
    expect(writes()).toEqual(["UpdateItem", "UpdateItem", "UpdateItem"]);
  });
});

describe("a touch", () => {
  it("is not put off beyond half of the session's life, however long the interval", async () => {
    const { visitor, writes } = await startWithVisitor(
      { cookie: { maxAge: 20_000 } },
      { touchInterval: DAY },
    );
    time.pass(9_999);
    await visitor.visit(whoAmI);
    expect(writes()).toEqual([]);
    time.pass(1);
    await visitor.visit(whoAmI);
    expect(writes()).toEqual(["UpdateItem"]);
  });

  it("renews the cookie that the store hands out, though not the one in the row", async () => {
    const { store, visitor, id } = await startWithVisitor({ cookie: { maxAge: HOUR } });
    const signedInAt = time.now();
    const expires = async () =>
      Date.parse((await answerOf((callback) => store.get(id, callback)))[1].cookie.expires);
    time.pass(29_999);
    await visitor.visit(whoAmI);
    expect(await expires()).toBe(signedInAt + HOUR);
    time.pass(1);
    await visitor.visit(whoAmI);
    expect(await expires()).toBe(signedInAt + 30_000 + HOUR);
    expect(Date.parse((await bench.data(id)).cookie.expires)).toBe(signedInAt + HOUR);
  });

  it.each<AppOptions>([
    { resave: false },
    { resave: true },
    { resave: true, rolling: true, cookie: { maxAge: HOUR } },
  ])(
    "that the table refuses fails no request that only read, and is told to onEvent: %o",
    async (options) => {
      const { proxy, client } = await startProxy();
      const { app, visitor, events } = await startWithVisitor(options, { client });
      proxy.decide = (action) => (action === "UpdateItem" ? denied(action) : undefined);
      time.pass(30_000);
      expect(await visitor.visit(whoAmI)).toMatchObject({ status: 200, said: "ada" });
      expect(proxy.requests).toContain("UpdateItem");
      expect(app.errors).toEqual([]);
      expect(events.filter((event) => event.type === "error")).toEqual([
        expect.objectContaining({ error: expect.objectContaining({ code: "ERR_SESSION_ACCESS" }) }),
      ]);
    },
  );

  it("of a session that was destroyed meanwhile is no error, and brings nothing back", async () => {
    const { app, visitor, id, events } = await startWithVisitor({}, { touchInterval: 0 });
    time.pass(10);
    await visitor.visit(async () => {
      await visitor.visit((other) => done((callback) => other.session.destroy(callback)));
    });
    expect(await bench.row(id)).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "gone", operation: "touch" }));
    expect(app.errors).toEqual([]);
  });

  it("is not made by a request that saved, however often", async () => {
    const { app, visitor, writes } = await startWithVisitor({ cookie: { maxAge: HOUR } });
    await visitor.visit(async (req) => {
      for (const n of [1, 2]) {
        req.session.n = n;
        time.pass(1);
        await done((callback) => req.session.save(callback));
      }
      time.pass(1);
    });
    expect(writes()).toEqual(["UpdateItem", "UpdateItem"]);
    expect(app.errors).toEqual([]);
  });

  it("is not made by the request that began the session and saved it", async () => {
    const { store, actions } = bench.store();
    const app = await startApp({ store, cookie: { maxAge: HOUR } });
    const visitor = app.visitor();
    await visitor.visit(async (req) => {
      req.session.n = 1;
      await done((callback) => req.session.save(callback));
      time.pass(1);
      req.session.touch();
      await done((callback) => req.session.save(callback));
      time.pass(1);
    });
    expect(actions()).toEqual(["UpdateItem"]);
  });
});

describe.each([{ resave: false }, { resave: true }])("with %o", (options) => {
  it.each<{ what: string; change: Handler; written: object }>([
    {
      what: "a longer maxAge",
      change: (req) => {
        req.session.cookie.maxAge = 2 * HOUR;
      },
      written: { originalMaxAge: 2 * HOUR },
    },
    {
      what: "a shorter maxAge",
      change: (req) => {
        req.session.cookie.maxAge = 60_000;
      },
      written: { originalMaxAge: 60_000 },
    },
    {
      what: "no maxAge any more",
      change: (req) => {
        req.session.cookie.expires = null;
      },
      written: { originalMaxAge: null, expires: null },
    },
    {
      what: "sameSite",
      change: (req) => {
        req.session.cookie.sameSite = "strict";
      },
      written: { originalMaxAge: HOUR, sameSite: "strict" },
    },
  ])("a change of the cookie alone ($what) is written at once, and once", async ({ change, written }) => {
    const { app, visitor, id, writes } = await startWithVisitor({ ...options, cookie: { maxAge: HOUR } });
    time.pass(1);
    await visitor.visit(change);
    expect(writes()).toEqual(["UpdateItem"]);
    expect(await bench.data(id)).toMatchObject({ user: "ada", cookie: written });
    time.pass(1);
    const { expires: _, ...lasting } = { expires: 0, ...written };
    const later = await visitor.visit((req) => [req.session.user, { ...req.session.cookie }]);
    expect(later.said).toEqual(["ada", expect.objectContaining(lasting)]);
    expect(writes()).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it("a changed lifetime moves the session's end at once", async () => {
    const { visitor, timeLeft } = await startWithVisitor({ ...options, cookie: { maxAge: HOUR } });
    await visitor.visit((req) => {
      req.session.cookie.maxAge = 60_000;
    });
    expect(await timeLeft()).toBe(60_000);
  });

  it("a changed cookie that was written by a touch is known by the next one", async () => {
    const { store, id, writes } = await startWithVisitor({ ...options, cookie: { maxAge: HOUR } });
    const session = await new Promise<SessionData | undefined>((resolve) => {
      store.load(id, (_error, loaded) => resolve(loaded));
    });
    if (!session) throw new Error("not loaded");
    for (const _touch of [1, 2, 3]) {
      session.cookie.maxAge = 60_000;
      await store.touch(id, session);
      time.pass(1);
    }
    expect(writes()).toEqual(["UpdateItem"]);
  });

  it("the drift of originalMaxAge is no change", async () => {
    const { visitor, id, writes } = await startWithVisitor({ ...options, cookie: { maxAge: 60_000 } });
    // As many resets do, each of which takes a moment.
    const drift: Handler = (req) => {
      req.session.cookie.originalMaxAge = 59_687;
    };
    await visitor.visit(drift);
    time.pass(1);
    await visitor.visit(drift);
    expect(writes()).toEqual([]);
    await visitor.visit((req) => {
      req.session.n = 1;
      return drift(req, {} as never);
    });
    expect(writes()).toEqual(["UpdateItem"]);
    expect((await bench.data(id)).cookie.originalMaxAge).toBe(60_000);
  });

  it("a change of the cookie that cannot be written is an error of the request", async () => {
    const { proxy, client } = await startProxy();
    const { app, visitor } = await startWithVisitor({ ...options, cookie: { maxAge: HOUR } }, { client });
    proxy.decide = (action) => (action === "UpdateItem" ? denied(action) : undefined);
    await visitor.visit((req) => {
      req.session.cookie.maxAge = 60_000;
    });
    expect(app.errors).toEqual([expect.objectContaining({ code: "ERR_SESSION_ACCESS" })]);
  });
});

describe("a session lives", () => {
  it.each<{ how: string; storeOptions: StoreOptions; options: AppOptions; ms: number }>([
    { how: "for a day", storeOptions: {}, options: {}, ms: DAY },
    { how: "as long as its cookie", storeOptions: {}, options: { cookie: { maxAge: 1234 } }, ms: 1234 },
    { how: "for the store's ttl", storeOptions: { ttl: 5000 }, options: {}, ms: 5000 },
    {
      how: "for the store's ttl, which wins over a longer cookie",
      storeOptions: { ttl: 5000 },
      options: { cookie: { maxAge: HOUR } },
      ms: 5000,
    },
    {
      how: "for the store's ttl, which wins over a shorter cookie",
      storeOptions: { ttl: HOUR },
      options: { cookie: { maxAge: 5000 } },
      ms: HOUR,
    },
  ])("$how, after it was made and after each touch", async ({ storeOptions, options, ms }) => {
    const { visitor, timeLeft } = await startWithVisitor(options, { touchInterval: 0, ...storeOptions });
    expect(await timeLeft()).toBe(ms);
    time.pass(ms - 1);
    expect((await visitor.visit(whoAmI)).said).toBe("ada");
    expect(await timeLeft()).toBe(ms);
    time.pass(ms);
    expect((await visitor.visit(whoAmI)).said).toBeUndefined();
  });

  it("as long as a function ttl says of its data, by whichever request changes or touches it", async () => {
    const ttl = (data: Record<string, unknown>) => (data.remember ? DAY : HOUR);
    const { visitor, timeLeft } = await startWithVisitor(
      { cookie: { maxAge: 5000 } },
      { ttl, touchInterval: 0 },
    );
    expect(await timeLeft()).toBe(HOUR);
    await visitor.visit((req) => {
      req.session.remember = true;
    });
    expect(await timeLeft()).toBe(DAY);
    time.pass(DAY - 1);
    await visitor.visit(whoAmI);
    expect(await timeLeft()).toBe(DAY);
  });
});
