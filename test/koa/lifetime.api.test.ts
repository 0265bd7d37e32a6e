// How long a session of a Koa application lives, what moves its end, and what that costs.
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  cookiesFor,
  endOf,
  type Handler,
  makeContext,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  signIn,
  startApp,
  whoAmI,
} from "../support/koa-apps.js";
import { makeSignal, stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// By this much a row outlives a cookie of koa-session's.
const GRACE = 10_000;

/** An application, a visitor who has signed in, and what the store writes from then on. */
async function startWithVisitor(
  options: AppOptions = {},
  storeOptions: StoreOptions = {},
  begin: Handler = signIn,
) {
  const { store, writes } = bench.store(storeOptions);
  const app = await startApp({ store, ...options });
  const visitor = app.visitor();
  const { id } = await visitor.visit(begin);
  writes();
  const timeLeft = async () => Number((await bench.row(id))?.until?.N) - time.now();
  return { app, store, visitor, id, writes, timeLeft };
}

/** What reading renews. */
const renewedByReading: { options: AppOptions; storeOptions: StoreOptions; ms: number }[] = [
  { options: {}, storeOptions: { ttl: HOUR }, ms: HOUR },
  { options: { maxAge: DAY }, storeOptions: { ttl: HOUR }, ms: HOUR },
  { options: { maxAge: 2 * HOUR, rolling: true }, storeOptions: { ttl: HOUR }, ms: HOUR },
  { options: { maxAge: DAY }, storeOptions: { ttl: () => HOUR }, ms: HOUR },
  { options: { maxAge: "session" }, storeOptions: { ttl: HOUR }, ms: HOUR },
  { options: { maxAge: "session" }, storeOptions: {}, ms: DAY },
  { options: { maxAge: "session", rolling: true }, storeOptions: {}, ms: DAY },
];

describe.each(renewedByReading)(
  "with $options and a store with $storeOptions, requests that only read",
  ({ options, storeOptions, ms }) => {
    it("write nothing for half a minute, and renew the session once then", async () => {
      const { app, visitor, id, writes, timeLeft } = await startWithVisitor(options, storeOptions);
      const before = await bench.row(id);
      for (const passed of [0, 1, 9_999, 10_000, 9_999]) {
        time.pass(passed);
        expect((await visitor.visit(whoAmI)).said).toBe("ada");
      }
      expect(writes()).toEqual([]);
      expect(await bench.row(id)).toEqual(before);
      time.pass(1);
      await visitor.visit(whoAmI);
      await visitor.visit(whoAmI);
      expect(writes()).toEqual(["UpdateItem"]);
      expect(await bench.row(id)).toMatchObject({ rev: before?.rev, sess: before?.sess });
      expect(await timeLeft()).toBe(ms);
      expect(app.errors).toEqual([]);
    });

    it("renew it every time where touchInterval is 0, and once a request", async () => {
      const { visitor, writes, timeLeft } = await startWithVisitor(options, {
        ...storeOptions,
        touchInterval: 0,
      });
      for (let visits = 0; visits < 3; visits++) {
        time.pass(7);
        await visitor.visit(whoAmI);
        expect(await timeLeft()).toBe(ms);
      }
      expect(writes()).toEqual(["UpdateItem", "UpdateItem", "UpdateItem"]);
    });

    it("write once when six of them come together", async () => {
      const { app, visitor, writes } = await startWithVisitor(options, storeOptions);
      time.pass(30_000);
      // None ends before all have loaded their session.
      const allAreThere = makeSignal();
      let there = 0;
      const lookTogether: Handler = async (ctx) => {
        there += 1;
        if (there === 6) allAreThere.give();
        await allAreThere.given;
        return ctx.session.user;
      };
      const seen = await Promise.all(Array.from({ length: 6 }, () => visitor.visit(lookTogether)));
      expect(seen.map((visit) => visit.said)).toEqual(Array(6).fill("ada"));
      expect(writes()).toEqual(["UpdateItem"]);
      expect(app.errors).toEqual([]);
    });

    it("keep it alive for as long as they come, and not longer", async () => {
      const { app, visitor } = await startWithVisitor(options, storeOptions);
      for (let visits = 0; visits < 12; visits++) {
        time.pass(ms - MINUTE);
        expect((await visitor.visit(whoAmI)).said).toBe("ada");
      }
      time.pass(ms - 1);
      expect((await visitor.visit(whoAmI)).said).toBe("ada");
      time.pass(ms);
      expect((await visitor.visit(whoAmI)).said).toBeUndefined();
      expect(app.errors).toEqual([]);
    });
  },
);

describe.each<AppOptions>([{}, { maxAge: DAY }, { maxAge: DAY, renew: true }])(
  "with %o and a store without ttl, requests that only read",
  (options) => {
    it("write nothing, and the session ends with its cookie", async () => {
      const { app, visitor, writes, timeLeft } = await startWithVisitor(options, { touchInterval: 0 });
      expect(await timeLeft()).toBe(DAY + GRACE);
      for (let visits = 0; visits < 5; visits++) {
        time.pass(DAY / 10);
        expect((await visitor.visit(whoAmI)).said).toBe("ada");
      }
      expect(writes()).toEqual([]);
      expect(await timeLeft()).toBe(DAY / 2 + GRACE);
      time.pass(DAY / 2 + 1);
      expect((await app.visitor(visitor.cookies).visit(whoAmI)).said).toBeUndefined();
      time.pass(GRACE);
      expect((await app.visitor(visitor.cookies).visit(whoAmI)).said).toBeUndefined();
      expect(app.events.map(({ name }) => name)).toEqual(["expired", "missed"]);
    });
  },
);

describe("an active user is never logged out", () => {
  it.each<{ options: AppOptions; storeOptions: StoreOptions; every: number }>([
    { options: { maxAge: HOUR, rolling: true }, storeOptions: {}, every: HOUR / 4 },
    { options: { maxAge: HOUR, rolling: true }, storeOptions: {}, every: HOUR },
    { options: { maxAge: HOUR, rolling: true }, storeOptions: { touchInterval: 0 }, every: HOUR },
    { options: { rolling: true }, storeOptions: {}, every: DAY },
    { options: { maxAge: 2000, rolling: true }, storeOptions: { touchInterval: HOUR }, every: 999 },
    { options: { maxAge: HOUR, renew: true }, storeOptions: {}, every: HOUR / 2 },
    { options: { maxAge: HOUR, renew: true }, storeOptions: {}, every: 0.7 * HOUR },
    { options: { maxAge: HOUR, renew: true }, storeOptions: { touchInterval: HOUR }, every: HOUR / 3 },
    { options: { maxAge: HOUR, renew: true }, storeOptions: { ttl: HOUR / 4 }, every: HOUR / 5 },
    { options: { maxAge: HOUR, rolling: true }, storeOptions: { ttl: DAY }, every: 0.9 * HOUR },
    { options: { maxAge: HOUR, rolling: true }, storeOptions: { ttl: MINUTE }, every: 0.6 * MINUTE },
  ])(
    "with $options and a store with $storeOptions, coming every $every ms",
    async ({ options, storeOptions, every }) => {
      const { app, visitor } = await startWithVisitor(options, storeOptions, (ctx) => {
        signIn(ctx);
        // As koa-session does with a session of one day from the second request on.
        ctx.session.maxAge = options.maxAge ?? DAY;
      });
      let cookieEnd = time.now() + Number(options.maxAge ?? DAY);
      for (let visits = 0; visits < 20; visits++) {
        time.pass(every);
        expect(cookieEnd).toBeGreaterThanOrEqual(time.now());
        const { said, setCookie } = await visitor.visit(whoAmI);
        expect(said).toBe("ada");
        cookieEnd = endOf(setCookie) ?? cookieEnd;
      }
      expect(app.errors).toEqual([]);
      expect(app.events).toEqual([]);
    },
  );
});

describe("with rolling, requests that change nothing", () => {
  it("write as often as touchInterval allows, and move the row ten seconds past the cookie", async () => {
    const { visitor, id, writes, timeLeft } = await startWithVisitor({ maxAge: HOUR, rolling: true });
    const before = await bench.row(id);
    time.pass(29_999);
    await visitor.visit(whoAmI);
    expect(writes()).toEqual([]);
    time.pass(1);
    await visitor.visit(whoAmI);
    await visitor.visit(whoAmI);
    expect(writes()).toEqual(["UpdateItem"]);
    expect(await timeLeft()).toBe(HOUR + GRACE);
    expect(await bench.row(id)).toMatchObject({ rev: before?.rev, sess: before?.sess });
  });
});

describe("_expire", () => {
  it.each<{ options: AppOptions; storeOptions: StoreOptions; ms: number | undefined }>([
    { options: { maxAge: HOUR }, storeOptions: {}, ms: HOUR },
    { options: {}, storeOptions: {}, ms: DAY },
    { options: { maxAge: HOUR }, storeOptions: { ttl: DAY }, ms: DAY },
    { options: { maxAge: HOUR }, storeOptions: { ttl: () => MINUTE }, ms: MINUTE },
    { options: { maxAge: "session" }, storeOptions: {}, ms: undefined },
    { options: { maxAge: "session" }, storeOptions: { ttl: HOUR }, ms: undefined },
  ])(
    "is handed out as the row says, and stands in none: $options, $storeOptions",
    async ({ options, storeOptions, ms }) => {
      const { store, id } = await startWithVisitor(options, storeOptions);
      const expire = async () => (await store.get(id, options.maxAge, { ctx: makeContext() }))?._expire;
      const begun = time.now();
      expect(await expire()).toBe(ms && begun + ms);
      expect(await bench.data(id)).not.toHaveProperty("_expire");
      time.pass(40_000);
      // With the store's ttl reading has renewed the session.
      expect(await expire()).toBe(ms && (storeOptions.ttl ? time.now() : begun) + ms);
    },
  );

  it("follows a row that a save without a change has moved", async () => {
    const { store, visitor, id } = await startWithVisitor({ maxAge: HOUR, rolling: true });
    time.pass(40_000);
    await visitor.visit(whoAmI);
    expect((await store.get(id))?._expire).toBe(time.now() + HOUR);
  });

  it("is no change of the data", async () => {
    const { store, writes } = bench.store();
    const [id, ctx] = [newId(), makeContext()];
    const save = () =>
      store.set(id, { n: 1, _expire: time.now() + HOUR, _maxAge: HOUR }, HOUR + GRACE, { ctx });
    await save();
    time.pass(1000);
    await save();
    expect(writes()).toEqual(["UpdateItem"]);
  });

  it("tells koa-session's renew of a session that another framework made", async () => {
    const { engine } = bench.engine({ now: time.now });
    const id = newId();
    await engine.save(id, { user: "ada" }, { maxAge: HOUR });
    const { store, writes } = bench.store();
    const app = await startApp({ store, maxAge: HOUR, renew: true });
    const visitor = app.visitor(cookiesFor(id));
    time.pass(HOUR / 2);
    expect((await visitor.visit(whoAmI)).setCookie).toBeUndefined();
    time.pass(1);
    expect(await visitor.visit(whoAmI)).toMatchObject({ said: "ada", setCookie: expect.anything() });
    expect(writes()).toEqual(["UpdateItem"]);
    time.pass(HOUR);
    expect((await visitor.visit(whoAmI)).said).toBe("ada");
  });
});

describe("a changed lifetime", () => {
  const changes: {
    from: AppOptions["maxAge"];
    to: number | "session";
    written: object;
    ms: number;
  }[] = [
    { from: HOUR, to: 2 * HOUR, written: { _maxAge: 2 * HOUR }, ms: 2 * HOUR + GRACE },
    { from: HOUR, to: MINUTE, written: { _maxAge: MINUTE }, ms: MINUTE + GRACE },
    { from: undefined, to: HOUR, written: { _maxAge: HOUR }, ms: HOUR + GRACE },
    { from: "session", to: HOUR, written: { _maxAge: HOUR }, ms: HOUR + GRACE },
    { from: HOUR, to: "session", written: { _session: true }, ms: DAY },
  ];

  it.each(changes)(
    "from $from to $to is written at once, and once, and stays",
    async ({ from, to, written, ms }) => {
      const { app, visitor, id, writes, timeLeft } = await startWithVisitor({ maxAge: from });
      time.pass(1);
      const changed = await visitor.visit((ctx) => {
        ctx.session.maxAge = to;
      });
      expect(writes()).toEqual(["UpdateItem"]);
      expect(await timeLeft()).toBe(ms);
      expect(await bench.data(id)).toEqual({ user: "ada", ...written });
      expect(endOf(changed.setCookie) === undefined).toBe(to === "session");
      time.pass(1);
      expect((await visitor.visit((ctx) => ctx.session.maxAge)).said).toBe(to);
      expect(writes()).toEqual([]);
      await visitor.visit((ctx) => Object.assign(ctx.session, { n: 1 }));
      expect(await bench.data(id)).toEqual({ user: "ada", n: 1, ...written });
      expect(await timeLeft()).toBe(ms);
      expect(app.errors).toEqual([]);
    },
  );

  it.each(changes)(
    "from $from to $to is written by a second save of one request as well",
    async ({ from, to, written, ms }) => {
      const { visitor, id, timeLeft } = await startWithVisitor({ maxAge: from });
      await visitor.visit(async ({ session }) => {
        session.n = 1;
        await session.save();
        session.maxAge = to;
        await session.save();
        session.n = 2;
      });
      expect(await bench.data(id)).toEqual({ user: "ada", n: 2, ...written });
      expect(await timeLeft()).toBe(ms);
    },
  );

  it("where the store's ttl governs is kept for the cookie", async () => {
    const { visitor, id, timeLeft } = await startWithVisitor({ maxAge: HOUR }, { ttl: DAY });
    await visitor.visit((ctx) => {
      ctx.session.maxAge = MINUTE;
    });
    expect(await bench.data(id)).toEqual({ user: "ada", _maxAge: MINUTE });
    expect(await timeLeft()).toBe(DAY);
  });
});

describe.each<{ storeOptions: StoreOptions; ms: number }>([
  { storeOptions: {}, ms: DAY },
  { storeOptions: { ttl: HOUR }, ms: HOUR },
])("a session that lasts until the browser is closed, with $storeOptions,", ({ storeOptions, ms }) => {
  const start = (begin?: Handler) => startWithVisitor({ maxAge: "session" }, storeOptions, begin);
  const saveThrice: Handler = async ({ session }) => {
    const n = Number(session.n ?? 0);
    session.n = n + 1;
    await session.save();
    session.n = n + 2;
    await session.save();
    session.n = n + 3;
  };

  it("stays one over several saves of the request that began it", async () => {
    const { id, visitor, timeLeft } = await start(saveThrice);
    expect(await bench.data(id)).toEqual({ n: 3, _session: true });
    expect(await timeLeft()).toBe(ms);
    expect((await visitor.visit(({ session }) => [session.n, session.maxAge])).said).toEqual([3, "session"]);
  });

  it("stays one over several saves of several requests, each with a cookie without an end", async () => {
    const { id, visitor, timeLeft } = await start();
    for (const n of [3, 6, 9]) {
      time.pass(1000);
      const { setCookie } = await visitor.visit(saveThrice);
      expect(setCookie).toBeDefined();
      expect(endOf(setCookie)).toBeUndefined();
      expect(await bench.data(id)).toEqual({ user: "ada", n, _session: true });
      expect(await timeLeft()).toBe(ms);
    }
  });

  it.each<{ how: string; regenerate: Handler }>([
    { how: "as it was loaded", regenerate: ({ session }) => session.regenerate() },
    {
      how: "after a save, and saved again",
      regenerate: async ({ session }) => {
        session.n = 1;
        await session.save();
        await session.regenerate();
        session.n = 2;
        await session.save();
      },
    },
  ])("stays one when it is regenerated, $how", async ({ regenerate }) => {
    const { id, visitor } = await start();
    expect(endOf((await visitor.visit(regenerate)).setCookie)).toBeUndefined();
    const changed = visitor.cookies.get("koa.sess") ?? "";
    expect(changed).not.toBe(id);
    expect(await bench.data(changed)).toMatchObject({ user: "ada", _session: true });
    expect(await bench.data(changed)).not.toHaveProperty("_maxAge");
    expect(Number((await bench.row(changed))?.until?.N)).toBe(time.now() + ms);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("is one though the application's new sessions live for an hour", async () => {
    const { id, visitor, store } = await start();
    const app = await startApp({ store, maxAge: HOUR });
    const later = await app.visitor(visitor.cookies).visit(saveThrice);
    expect(endOf(later.setCookie)).toBeUndefined();
    expect(await bench.data(id)).toEqual({ user: "ada", n: 3, _session: true });
    expect(await bench.data((await app.visitor().visit(saveThrice)).id)).toEqual({ n: 3, _maxAge: HOUR });
  });
});

describe("of sessions that are older than the application's maxAge", () => {
  it("one that lasts until the browser is closed is renewed by reading, though new ones live for an hour", async () => {
    const { id, visitor, store, writes, timeLeft } = await startWithVisitor({ maxAge: "session" });
    const app = await startApp({ store, maxAge: HOUR });
    time.pass(HOUR + 1);
    expect((await app.visitor(visitor.cookies).visit(whoAmI)).said).toBe("ada");
    expect(writes()).toEqual(["UpdateItem"]);
    expect(await timeLeft()).toBe(DAY);
    expect(await store.get(id, HOUR)).toEqual({ user: "ada", _session: true });
  });

  it("one that lives for an hour is not renewed by reading, though new ones last until the browser is closed", async () => {
    const { id, visitor, store, writes } = await startWithVisitor({ maxAge: HOUR });
    const app = await startApp({ store, maxAge: "session" });
    const end = time.now() + HOUR;
    time.pass(HOUR);
    expect((await app.visitor(visitor.cookies).visit(whoAmI)).said).toBe("ada");
    expect(writes()).toEqual([]);
    expect(await store.get(id, "session")).toEqual({ user: "ada", _maxAge: HOUR, _expire: end });
    time.pass(1);
    expect((await app.visitor(visitor.cookies).visit(whoAmI)).said).toBeUndefined();
  });
});

describe("a session that another framework made", () => {
  it("is renewed by reading where the application's last until the browser is closed", async () => {
    const { engine } = bench.engine({ now: time.now });
    const id = newId();
    await engine.save(id, { user: "ada" });
    const { store, writes } = bench.store();
    const visitor = (await startApp({ store, maxAge: "session" })).visitor(cookiesFor(id));
    for (let visits = 0; visits < 3; visits++) {
      time.pass(DAY - 1);
      expect((await visitor.visit(whoAmI)).said).toBe("ada");
    }
    expect(writes()).toEqual(["UpdateItem", "UpdateItem", "UpdateItem"]);
    expect(await bench.data(id)).toEqual({ user: "ada" });
  });

  it("ends when that said where the application's have a maxAge", async () => {
    const { engine } = bench.engine({ now: time.now });
    const id = newId();
    await engine.save(id, { user: "ada" }, { maxAge: HOUR });
    const { store, writes } = bench.store();
    const visitor = (await startApp({ store, maxAge: DAY })).visitor(cookiesFor(id));
    time.pass(HOUR - 1);
    expect((await visitor.visit(whoAmI)).said).toBe("ada");
    time.pass(1);
    expect((await visitor.visit(whoAmI)).said).toBeUndefined();
    expect(writes()).toEqual([]);
  });
});
