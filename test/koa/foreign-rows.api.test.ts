// Sessions that a Koa application shares with others: fields that koa-session's objects cannot hold are never handed out
// to it, fail no request, and survive its saves.
import { beforeAll, describe, expect, it } from "vitest";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { newId } from "../support/engines.js";
import { sessionData } from "../support/express-apps.js";
import {
  type AppOptions,
  cookiesFor,
  fields,
  type Handler,
  makeContext,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  startApp,
} from "../support/koa-apps.js";
import { stopTheClock } from "../support/time.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const time = stopTheClock();

const HOUR = 3_600_000;

/** A session that another application made, and a Koa application whose visitor has it. */
async function share(data: object, options: AppOptions = {}, storeOptions: StoreOptions = {}) {
  const id = newId();
  const { engine: neighbour } = bench.engine({ now: time.now });
  await neighbour.save(id, data);
  const { store, writes } = bench.store(storeOptions);
  const app = await startApp({ store, ...options });
  return { id, neighbour, store, app, visitor: app.visitor(cookiesFor(id)), writes };
}

const names =
  "_csrf _ _requireSave _expire isNew length populated maxAge externalKey save regenerate manuallyCommit commit toJSON __proto__";

describe.each(names.split(" "))("a field called %s, which koa-session's session cannot hold,", (name) => {
  const withField = (fields: object, value: unknown = "theirs") =>
    JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)},${JSON.stringify(fields).slice(1)}`);
  const fieldOf = (data: object) => Object.entries(data).find(([field]) => field === name)?.[1];

  it("survives the saves of a Koa application, which never sees it", async () => {
    const { app, id, visitor } = await share(withField({ n: 1, other: true }));
    const changed = await visitor.visit(async (ctx) => {
      const seen = { ...ctx.session.toJSON() };
      ctx.session.n = 2;
      await ctx.session.save();
      delete ctx.session.other;
      await ctx.session.manuallyCommit();
      ctx.session.maxAge = HOUR;
      return seen;
    });
    expect(changed).toMatchObject({ status: 200, id });
    expect(changed.said).toEqual({ n: 1, other: true });
    const data = await bench.data(id);
    expect(fieldOf(data)).toBe("theirs");
    expect(Object.keys(data).sort()).toEqual(["_maxAge", "n", name].sort());
    expect((await visitor.visit(fields)).said).toEqual({ n: 2 });
    await visitor.visit((ctx) => {
      ctx.session = { n: 3 };
    });
    expect(fieldOf(await bench.data(id))).toBe("theirs");
    expect((await visitor.visit(fields)).said).toEqual({ n: 3 });
    expect(app.errors).toEqual([]);
    expect(app.events).toEqual([]);
  });

  it("is given to no caller of the store", async () => {
    const { id, store } = await share(withField({ n: 1 }));
    for (const ctx of [undefined, makeContext()]) {
      const data = (await store.get(id, HOUR, { ctx })) ?? {};
      expect(fieldOf(data)).not.toBe("theirs");
      expect(data).toMatchObject({ n: 1 });
    }
  });

  it.each<AppOptions>([
    { maxAge: HOUR },
    { maxAge: HOUR, rolling: true },
    { maxAge: HOUR, renew: true },
    { maxAge: "session", rolling: true },
  ])("does not make a request that only reads write: %o", async (options) => {
    // As koa-session has written it, so that there is nothing to add.
    const lifetime = options.maxAge === "session" ? { _session: true } : { _maxAge: HOUR };
    const { app, visitor, writes } = await share(withField({ n: 1, ...lifetime }), options);
    for (const handler of [fields, fields, (ctx) => ctx.session.save()] satisfies Handler[]) {
      expect((await visitor.visit(handler)).status).toBe(200);
    }
    expect(writes()).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it("survives as another has changed it meanwhile", async () => {
    const { id, neighbour, visitor } = await share(withField({ n: 1 }));
    await visitor.visit(async (ctx) => {
      await neighbour.update(id, () => withField({ n: 1 }, "changed"));
      ctx.session.n = 2;
    });
    const data = await bench.data(id);
    expect(fieldOf(data)).toBe("changed");
    expect(data).toMatchObject({ n: 2 });
  });

  it("survives a set that nothing links to a load", async () => {
    const { id, store } = await share(withField({ n: 1 }));
    for (const n of [2, 3]) {
      await store.set(id, { n }, HOUR);
      const data = await bench.data(id);
      expect(fieldOf(data)).toBe("theirs");
      expect(data).toMatchObject({ n });
    }
  });

  if (name === "__proto__") return;
  it("survives where data is written as a map", async () => {
    const { id, visitor } = await share(withField({ n: 1 }), {}, { format: "map" });
    await visitor.visit((ctx) => Object.assign(ctx.session, { n: 2 }));
    expect((await bench.row(id))?.sess?.M).toMatchObject({ [name]: { S: "theirs" }, n: { N: "2" } });
    expect((await visitor.visit(fields)).said).toEqual({ n: 2 });
  });
});

describe("an _expire that another store has left in the data", () => {
  it.each([{}, { _maxAge: HOUR }, { _session: true }])(
    "ends no session before its row does, beside %o",
    async (lifetime) => {
      const { app, visitor } = await share({ n: 1, _expire: time.now() - 1, ...lifetime });
      expect((await visitor.visit(fields)).said).toEqual({ n: 1 });
      expect(app.events).toEqual([]);
    },
  );
});

describe("a session shared with an Express application", () => {
  it("is one session to both, and each keeps the other's fields", async () => {
    const express = new ExpressStore({ client: bench.client, table: { name: bench.table } });
    const id = newId();
    await express.set(id, sessionData({ user: "ada", _csrf: "theirs" }));
    const { store } = bench.store();
    const app = await startApp({ store });
    const visitor = app.visitor(cookiesFor(id));
    const seen = await visitor.visit((ctx) => {
      const { user, cookie } = ctx.session;
      ctx.session.n = 1;
      return { user, cookie };
    });
    expect(seen.said).toEqual({ user: "ada", cookie: undefined });
    const theirs = (await express.get(id)) ?? sessionData({});
    expect(theirs).toMatchObject({ user: "ada", _csrf: "theirs", n: 1, cookie: { path: "/" } });
    await express.set(id, Object.assign(theirs, { n: 2 }));
    expect((await visitor.visit((ctx) => [ctx.session.n, ctx.session.maxAge])).said).toEqual([2, "session"]);
    expect(app.errors).toEqual([]);
    await express.close();
  });
});

describe("a session made anew in the place of another", () => {
  it("has nothing of an expired one, whatever its fields were called", async () => {
    const { id, store } = await share({ _csrf: "the old one's", n: 1 }, {}, { keepExpired: true });
    time.pass(25 * HOUR);
    await store.set(id, { n: 2 }, HOUR, { ctx: makeContext() });
    expect(await bench.data(id)).toEqual({ n: 2 });
  });

  it("has nothing of a live one whose request was another", async () => {
    const { id, store } = await share({ _csrf: "the old one's", n: 1 });
    await store.set(id, { n: 2 }, HOUR, { ctx: makeContext() });
    expect(await bench.data(id)).toEqual({ n: 2 });
  });
});

describe("a session whose lifetime in the row koa-session cannot use", () => {
  it.each([{ _maxAge: "60000" }, { _maxAge: { ms: 1 } }, { _maxAge: true }, { _session: true, _expire: 1 }])(
    "is served, and saved without it: %j",
    async (lifetime) => {
      const { app, id, visitor } = await share({ user: "ada", ...lifetime });
      const visited = await visitor.visit((ctx) => {
        ctx.session.n = 1;
        return ctx.session.user;
      });
      expect(visited).toMatchObject({ status: 200, said: "ada", id });
      expect(app.errors).toEqual([]);
      expect(await bench.data(id)).toMatchObject({ user: "ada", n: 1 });
    },
  );

  it("is no reason to fail with another's error: an object that throws when it is read is refused", async () => {
    const { store, actions } = bench.store();
    const data = {
      get user() {
        throw new TypeError("the application's own");
      },
    };
    const refused = { code: "ERR_SESSION_UNSERIALIZABLE", cause: expect.any(TypeError) };
    await expect(store.set(newId(), data, HOUR)).rejects.toMatchObject(refused);
    expect(actions()).toEqual([]);
  });
});
