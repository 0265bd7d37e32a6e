// Requests of a Koa application that change one session at once: koa-session's own fields are merged, and shown to nobody;
// a counter counts by `update`, and the option `concurrency` has its say.
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../support/engines.js";
import {
  type AppOptions,
  fields,
  type Handler,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  signOut,
  startApp,
} from "../support/koa-apps.js";
import { putRow } from "../support/tables.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GRACE = 10_000;

const assign =
  (data: object): Handler =>
  (ctx) =>
    void Object.assign(ctx.session, data);
const live =
  (maxAge: number | "session"): Handler =>
  (ctx) => {
    ctx.session.maxAge = maxAge;
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
    other: app.visitor(visitor.cookies),
    id,
    events,
    actions,
    /** A request that has loaded its session when `meanwhile` happens, and does its own work then. */
    slow: (meanwhile: () => unknown, work: Handler) =>
      visitor.visit(async (ctx) => {
        ctx.session.isNew;
        await meanwhile();
        return work(ctx);
      }),
    timeLeft: async () => Number((await bench.row(id))?.until?.N) - time.now(),
    overridden: () => events.flatMap((event) => (event.type === "merge" ? [event.paths] : [])),
  };
}

const count = (data: Record<string, unknown>) => ({ ...data, n: Number(data.n ?? 0) + 1 });

describe("update", () => {
  it("changes the newest data at once, and ctx.session stays what it was and undoes nothing", async () => {
    const { store, other, slow, id } = await startWithVisitor({ n: 1 });
    const visit = await slow(
      () => other.visit(assign({ n: 10, more: true })),
      async ({ session }) => {
        const result = await store.update(String(session.externalKey), count);
        session.own = true;
        return [result, session.n];
      },
    );
    expect(visit.said).toEqual([{ outcome: "saved", data: { n: 11, more: true } }, 1]);
    expect(await bench.data(id)).toEqual({ n: 11, more: true, own: true, _maxAge: DAY });
  });

  it.each<{ app: AppOptions; store?: StoreOptions; change?: Handler; own: object; ms: number }>([
    { app: {}, own: { _maxAge: DAY }, ms: DAY + GRACE },
    { app: { maxAge: HOUR, rolling: true }, own: { _maxAge: HOUR }, ms: HOUR + GRACE },
    { app: { maxAge: "session" }, own: { _session: true }, ms: DAY },
    { app: { maxAge: HOUR }, change: live(5 * HOUR), own: { _maxAge: 5 * HOUR }, ms: 5 * HOUR + GRACE },
    { app: { maxAge: HOUR }, change: live("session"), own: { _session: true }, ms: DAY },
    { app: { maxAge: HOUR }, store: { ttl: 2 * HOUR }, own: { _maxAge: HOUR }, ms: 2 * HOUR },
  ])(
    "shows nobody what koa-session keeps for itself, keeps that, and renews the session by it: $app, $store, $own",
    async ({ app, store: storeOptions = {}, change, own, ms }) => {
      const { store, id, visitor, timeLeft } = await startWithVisitor({ n: 1 }, { app, store: storeOptions });
      if (change) await visitor.visit(change);
      time.pass(10 * MINUTE);
      const given: unknown[] = [];
      const result = await store.update(id, (data) => {
        given.push(structuredClone(data));
        return { ...count(data), _maxAge: 1, _session: true, _expire: 1 };
      });
      expect(given).toEqual([{ n: 1 }]);
      expect(result).toMatchObject({ outcome: "saved", data: { n: 2 } });
      expect(Object.keys(result.outcome === "saved" ? result.data : {})).not.toContain("_maxAge");
      expect(await bench.data(id)).toMatchObject({ n: 2, ...own });
      for (const name of ["_maxAge", "_session"]) {
        expect(name in (await bench.data(id))).toBe(name in own);
      }
      expect(await timeLeft()).toBe(ms);
      expect((await visitor.visit(fields)).said).toEqual({ n: 2 });
    },
  );

  it("leaves a session that lasts as the browser one, also when the request saves it afterwards", async () => {
    const { store, visitor, id } = await startWithVisitor({ n: 1 }, { app: { maxAge: "session" } });
    await visitor.visit(async ({ session }) => {
      await store.update(String(session.externalKey), count);
      session.own = 1;
      await session.save();
      await store.update(String(session.externalKey), count);
      session.own = 2;
    });
    expect(await bench.data(id)).toEqual({ n: 3, own: 2, _session: true });
  });

  it("says of a session that is not there that it is gone, and makes none", async () => {
    const { store, other, slow, id, events } = await startWithVisitor({ n: 1 });
    const unsaved = newId();
    expect(await store.update(unsaved, count)).toEqual({ outcome: "gone" });
    expect(await bench.row(unsaved)).toBeUndefined();
    const visit = await slow(
      () => other.visit(signOut),
      ({ session }) => store.update(String(session.externalKey), count),
    );
    expect(visit).toMatchObject({ status: 200, said: { outcome: "gone" }, setCookie: undefined });
    expect(await bench.row(id)).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "gone", operation: "update" }));
  });

  it("passes on what its function throws, and writes nothing", async () => {
    const { store, id, actions } = await startWithVisitor({ n: 1 });
    const mistake = new Error("of the function");
    const failing = store.update(id, () => {
      throw mistake;
    });
    await expect(failing).rejects.toBe(mistake);
    expect(actions()).toEqual(["GetItem"]);
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

describe("regenerate", () => {
  it("takes along what another request saved meanwhile, merged with what this one changed", async () => {
    const { visitor, other, slow, id } = await startWithVisitor({ user: "ada", cart: {}, list: ["a"] });
    await slow(
      () => other.visit(assign({ cart: { tea: 1 }, list: ["a", "theirs"], theirs: 1 })),
      async ({ session }) => {
        Object.assign(session, { cart: { milk: 1 }, list: ["a", "ours"], fresh: 1 });
        await session.regenerate();
      },
    );
    expect(await bench.row(id)).toBeUndefined();
    expect((await visitor.visit(fields)).said).toEqual({
      user: "ada",
      cart: { tea: 1, milk: 1 },
      list: ["a", "theirs", "ours"],
      theirs: 1,
      fresh: 1,
    });
  });

  it("twice in one request takes it along too", async () => {
    const { visitor, other, slow } = await startWithVisitor({ user: "ada" });
    await slow(
      () => other.visit(assign({ theirs: 1 })),
      async ({ session }) => {
        session.fresh = 1;
        await session.regenerate();
        await session.regenerate();
      },
    );
    expect((await visitor.visit(fields)).said).toEqual({ user: "ada", theirs: 1, fresh: 1 });
  });
});

describe("two requests that overlap", () => {
  it.each<{ app: AppOptions; store?: StoreOptions }>([
    { app: {} },
    { app: { maxAge: HOUR, rolling: true } },
    { app: { maxAge: HOUR, renew: true } },
    { app: { maxAge: "session" } },
    { app: { maxAge: "session", rolling: true } },
    { app: { maxAge: HOUR }, store: { ttl: 2 * HOUR } },
  ])(
    "contend for what they both changed, and for nothing of koa-session's: $app, $store",
    async (options) => {
      const { id, visitor, other, slow, overridden } = await startWithVisitor({ n: 1 }, options);
      const before = await bench.data(id);
      time.pass(40 * MINUTE);
      await slow(
        async () => {
          time.pass(1234);
          await other.visit(assign({ n: 2, quick: true }));
          time.pass(4321);
        },
        async ({ session }) => {
          Object.assign(session, { n: 3, slow: true });
          await session.save();
          session.last = true;
        },
      );
      const data = { n: 3, quick: true, slow: true, last: true };
      expect(await bench.data(id)).toEqual({ ...before, ...data });
      expect(overridden().flat()).toEqual(["n"]);
      expect((await visitor.visit(fields)).said).toEqual(data);
    },
  );

  const lifetimes: [number | "session", object, number][] = [
    [5 * HOUR, { _maxAge: 5 * HOUR }, 5 * HOUR + GRACE],
    ["session", { _session: true }, DAY],
  ];
  it.each(
    lifetimes.flatMap(([to, own, ms]) =>
      [true, false].map((isQuick) => ({ to, own, ms, who: isQuick ? "quick" : "slow", isQuick })),
    ),
  )("keep the lifetime $to that the $who one changed, and the data of the other", async (change) => {
    const { to, own, ms, isQuick } = change;
    const { id, visitor, other, slow, timeLeft, overridden } = await startWithVisitor(
      { n: 1 },
      { app: { maxAge: HOUR } },
    );
    const [quick, work] = isQuick ? [live(to), assign({ n: 2 })] : [assign({ n: 2 }), live(to)];
    await slow(async () => {
      await other.visit(quick);
      time.pass(1000);
    }, work);
    expect(await bench.data(id)).toEqual({ n: 2, ...own });
    expect(await timeLeft()).toBe(ms);
    expect(overridden().flat()).toEqual([]);
    expect((await visitor.visit(({ session }) => session.maxAge)).said).toBe(to);
  });

  it.each<[number | "session", number | "session"]>([
    [2 * HOUR, 5 * HOUR],
    ["session", 5 * HOUR],
    [5 * HOUR, "session"],
  ])("leave one lifetime, where one sets %s and the slower one %s", async (quick, late) => {
    const { id, visitor, other, slow } = await startWithVisitor({ n: 1 }, { app: { maxAge: HOUR } });
    await slow(() => other.visit(live(quick)), live(late));
    const { n, ...own } = await bench.data(id);
    expect(n).toBe(1);
    expect(Object.keys(own)).toHaveLength(1);
    expect([quick, late]).toContain((await visitor.visit(({ session }) => session.maxAge)).said);
  });
});

describe("the option concurrency", () => {
  it("'last-write-wins' writes over what another wrote", async () => {
    const { other, slow, id, events } = await startWithVisitor(
      { n: 1 },
      { store: { concurrency: "last-write-wins" } },
    );
    await slow(() => other.visit(assign({ quick: true })), assign({ slow: true }));
    expect(await bench.data(id)).toEqual({ n: 1, slow: true, _maxAge: DAY });
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

  it("as a function decides over copies of the application's data, koa-session's own apart", async () => {
    const given: unknown[] = [];
    const { other, slow, id, timeLeft } = await startWithVisitor(
      { n: 1, list: ["a"] },
      {
        app: { maxAge: HOUR },
        store: {
          concurrency: (base, ours, theirs) => {
            given.push(structuredClone([base, ours, theirs]));
            Object(ours.list).push("not the request's");
            return { n: Number(ours.n) + Number(theirs.n), _maxAge: 1 };
          },
        },
      },
    );
    const visit = await slow(
      () =>
        other.visit(({ session }) => {
          session.n = 2;
          session.maxAge = 5 * HOUR;
        }),
      async ({ session }) => {
        session.n = 3;
        await session.save();
        return session.list;
      },
    );
    expect(visit.said).toEqual(["a"]);
    expect(given).toEqual([[1, 3, 2].map((n) => ({ n, list: ["a"] }))]);
    expect(await bench.data(id)).toEqual({ n: 5, _maxAge: 5 * HOUR });
    expect(await timeLeft()).toBe(5 * HOUR + GRACE);
  });

  it("as a function that throws is the error of the request, and nothing is lost of what was there", async () => {
    const mistake = new Error("of the function");
    const { app, other, slow, id } = await startWithVisitor(
      { n: 1 },
      {
        store: {
          concurrency() {
            throw mistake;
          },
        },
      },
    );
    const visit = await slow(() => other.visit(assign({ n: 2 })), assign({ n: 3 }));
    expect(visit).toMatchObject({ status: 500, setCookie: undefined });
    expect(app.errors).toEqual([expect.objectContaining({ code: "ERR_SESSION_CONFLICT", cause: mistake })]);
    expect(await bench.data(id)).toMatchObject({ n: 2 });
  });
});
