// The same store under @fastify/session, which takes Express stores: what is promised to Express applications holds
// here as well, though nothing but a copy links a save to its load.
import { inspect } from "node:util";
import type { FastifySessionOptions } from "@fastify/session";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { newId } from "../support/engines.js";
import { makeStoreBench, type StoreBench } from "../support/express-apps.js";
import { type Handler, startFastify } from "../support/fastify-apps.js";
import { isRead, testClient } from "../support/tables.js";
import { makeSignal, stopTheClock } from "../support/time.js";

const HOUR = 3_600_000;
const time = stopTheClock();

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});

const read: Handler = ({ session }) => ({ n: session.n, user: session.user });
const write =
  (n: number): Handler =>
  ({ session }) => {
    session.n = n;
  };

async function signedIn(options: Partial<FastifySessionOptions> = {}, storeOptions = {}) {
  const made = bench.store(storeOptions);
  const app = await startFastify({ store: made.store, ...options });
  const visitor = app.visitor();
  const { id } = await visitor.visit(({ session }) => {
    Object.assign(session, { n: 1, user: { name: "ada" } });
  });
  const writes = () => made.actions().filter((action) => !isRead(action));
  writes();
  return { ...made, app, visitor, id: String(id), writes };
}

describe("a session of a Fastify application", () => {
  it("comes back, also after a restart", async () => {
    const { visitor, id } = await signedIn();
    expect(await visitor.visit(read)).toMatchObject({ id, said: { n: 1, user: { name: "ada" } } });
    const restarted = await startFastify({ store: bench.store().store });
    expect(await restarted.visitor(visitor.cookie).visit(read)).toMatchObject({ id, said: { n: 1 } });
  });

  it("holds in its row what the application put there, and nothing else", async () => {
    const { id } = await signedIn();
    const { cookie, ...own } = await bench.data(id);
    expect(cookie).toBeTypeOf("object");
    expect(own).toEqual({ n: 1, user: { name: "ada" } });
  });

  it.each([{ rolling: true }, { rolling: false }])(
    "is written no more than once in the touch interval by requests that only read: %o",
    async (options) => {
      const { visitor, id, writes } = await signedIn({ ...options, cookie: { maxAge: HOUR } });
      for (let request = 0; request < 3; request++) {
        time.pass(9000);
        await visitor.visit(read);
      }
      expect(writes()).toEqual([]);
      time.pass(3000);
      await Promise.all(Array.from({ length: 6 }, () => visitor.visit(read)));
      if (options.rolling) {
        expect(writes()).toEqual(["UpdateItem"]);
        expect((await bench.row(id))?.until).toEqual({ N: String(time.now() + HOUR) });
      }
      expect((await bench.row(id))?.rev).toEqual({ N: "1" });
    },
  );

  it("lives while it is used, and ends to the millisecond when it is not", async () => {
    const { visitor, id } = await signedIn({ cookie: { maxAge: 10_000 } });
    for (let request = 0; request < 5; request++) {
      time.pass(6000);
      expect((await visitor.visit(read)).id).toBe(id);
    }
    time.pass(9999);
    expect((await visitor.visit(read)).id).toBe(id);
    time.pass(10_000);
    expect((await visitor.visit(read)).said).toEqual({});
  });

  it("stays destroyed, against a slow request that had loaded it", async () => {
    const { visitor, id, app, events } = await signedIn();
    const loaded = makeSignal();
    const goOn = makeSignal();
    const slow = app.visitor(visitor.cookie).visit(async ({ session }) => {
      loaded.give();
      await goOn.given;
      session.n = 2;
    });
    await loaded.given;
    await app.visitor(visitor.cookie).visit(({ session }) => session.destroy());
    // Longer than an id is remembered as handed out: it is the link that tells.
    time.pass(2 * 60_000);
    goOn.give();
    expect((await slow).status).toBe(200);
    expect(await bench.row(id)).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "gone", operation: "save" }));
  });

  it.each([{ rolling: true }, { rolling: false }])(
    "keeps what two requests change at once, of which only copies say what they loaded, with %o",
    async (options) => {
      const { app, visitor, id, events } = await signedIn({ ...options, cookie: { maxAge: HOUR } });
      const [loaded, goOn] = [makeSignal(), makeSignal()];
      const slow = app.visitor(visitor.cookie).visit(async ({ session }) => {
        loaded.give();
        await goOn.given;
        session.field = { slow: true };
        if (session.user) session.user.name = "grace";
      });
      await loaded.given;
      time.pass(1234);
      await visitor.visit(({ session }) => Object.assign(session, { n: 2, field: { quick: true } }));
      time.pass(4321);
      goOn.give();
      expect((await slow).status).toBe(200);
      const { cookie, ...data } = await bench.data(id);
      expect(data).toEqual({ n: 2, user: { name: "grace" }, field: { quick: true, slow: true } });
      expect(cookie.originalMaxAge).toBe(HOUR);
      expect(events.flatMap((event) => (event.type === "merge" ? event.paths : []))).toEqual([]);
      expect(app.errors).toEqual([]);
    },
  );

  it("is counted in by update, which is given neither the cookie nor names that the session has for itself", async () => {
    const { store, visitor, id, app } = await signedIn({ cookie: { maxAge: HOUR } });
    const engine = createSessionEngine({ table: { name: bench.table }, client: bench.client });
    await engine.update(id, (data) => ({ ...data, save: "of another framework" }));
    const { cookie } = await bench.data(id);
    const given: unknown[] = [];
    const visit = await visitor.visit(async ({ session }) => {
      const result = await store.update(session.sessionId, (data) => {
        given.push(structuredClone(data));
        return { n: Number(Reflect.get(data, "n")) + 1 };
      });
      return [result, session.n];
    });
    expect(given).toEqual([{ n: 1, user: { name: "ada" } }]);
    expect(visit.said).toEqual([{ outcome: "saved", data: { n: 2 } }, 1]);
    // The save with which @fastify/session ends the request undid nothing.
    expect(await bench.data(id)).toEqual({ n: 2, cookie, save: "of another framework" });
    expect(app.errors).toEqual([]);
  });

  it("is another after a regenerate, and the old one is gone", async () => {
    const { visitor, id, app } = await signedIn();
    const old = app.visitor(visitor.cookie);
    await visitor.visit(async ({ session }) => session.regenerate(["user"]));
    const renewed = await visitor.visit(read);
    expect(renewed.id).not.toBe(id);
    expect(renewed.said).toEqual({ user: { name: "ada" } });
    expect(await bench.row(id)).toBeUndefined();
    expect((await old.visit(read)).said).toEqual({});
  });

  it("is saved as often as a request says", async () => {
    const { visitor, id, writes } = await signedIn();
    await visitor.visit(async ({ session }) => {
      for (const n of [2, 3, 3]) {
        session.n = n;
        await session.save();
      }
    });
    expect(writes()).toEqual(["UpdateItem", "UpdateItem"]);
    expect((await bench.row(id))?.rev).toEqual({ N: "3" });
    expect((await visitor.visit(read)).said.n).toBe(3);
  });

  it("is reloaded with what another request wrote, and goes on from there", async () => {
    const { visitor, app } = await signedIn();
    const seen = await visitor.visit(async (request) => {
      await app.visitor(visitor.cookie).visit(write(5));
      await request.session.reload();
      const { n } = request.session;
      request.session.n = Number(n) + 1;
      return n;
    });
    expect(seen.said).toBe(5);
    expect((await visitor.visit(read)).said.n).toBe(6);
  });

  it("is not disturbed by fields that bear its own names, which survive in the row", async () => {
    const client = testClient();
    const engine = createSessionEngine({ table: { name: bench.table }, client });
    onTestFinished(() => client.destroy());
    const { visitor, id } = await signedIn();
    const { cookie } = await bench.data(id);
    const theirs = { save: "theirs", get: 1, sessionId: "theirs", isModified: null };
    await engine.update(id, () => ({ cookie, n: 1, ...theirs }));
    await visitor.visit(write(2));
    expect(await bench.data(id)).toMatchObject({ ...theirs, n: 2 });
    expect((await visitor.visit(read)).id).toBe(id);
  });

  it("gets along without a cookie in its data, as another framework makes it", async () => {
    const client = testClient();
    const engine = createSessionEngine({ table: { name: bench.table }, client });
    onTestFinished(() => client.destroy());
    const { visitor, id } = await signedIn();
    await engine.update(id, () => ({ n: 7 }));
    expect((await visitor.visit(read)).said.n).toBe(7);
    await visitor.visit(write(8));
    expect((await bench.data(id)).n).toBe(8);
  });

  it("that cannot be loaded or saved is an error of the request, once", async () => {
    const { store } = bench.store({ table: { name: "no-such-table" } });
    const app = await startFastify({ store });
    const failed = await app.visitor().visit(write(1));
    expect(failed.status).toBe(500);
    expect(app.errors).toEqual([expect.objectContaining({ code: "ERR_SESSION_TABLE" })]);
  });

  it("copied into another store is that one's own, and shows nothing of its link", async () => {
    const { store, id } = await signedIn();
    const { store: other } = bench.store({ table: { hashPrefix: "other#" } });
    // Made by no express-session: what it hands out is tagged.
    const plain = bench.store().store;
    const data = await plain.get(id);
    if (!data) throw new Error("not loaded");
    await other.set(id, data);
    expect(await other.get(id)).toMatchObject({ n: 1, user: { name: "ada" } });
    const copy: Record<string, unknown> = {};
    for (const name in data) copy[name] = Reflect.get(data, name);
    expect(inspect(copy, { depth: 9 })).not.toContain(id);
    expect(JSON.stringify(structuredClone(copy))).not.toContain(id);
    await store.close();
  });

  it("of an id that nobody gave is never adopted", async () => {
    const { app } = await signedIn();
    const forged = app.visitor(`sessionId=${newId()}.forged`);
    await forged.visit(write(1));
    expect((await forged.visit(read)).said.n).toBe(1);
  });
});
