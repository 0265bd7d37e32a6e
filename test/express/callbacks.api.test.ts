// An answer, once: every callback is called exactly once, with the error first; no failure ends the process, and none
// hangs a request.
import { EventEmitter } from "node:events";
import session from "express-session";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import type { CyclicSessionStore } from "../../src/express/index.js";
import { newId } from "../support/engines.js";
import {
  type AppRequest,
  answerOf,
  done,
  type Handler,
  makeStoreBench,
  type StoreBench,
  type StoreOptions,
  sessionData,
  startApp,
} from "../support/express-apps.js";
import { denied, dropBefore, hang, internalError, startFaultProxy } from "../support/fault-proxy.js";
import { putRow, testClient } from "../support/tables.js";
import { makeSignal } from "../support/time.js";
import { unhandledDuring } from "../support/unhandled.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});

const noTable = { table: { name: "there-is-no-such-table" } };

async function startProxy() {
  const proxy = await startFaultProxy(inject("endpoint"));
  onTestFinished(() => proxy.close());
  return { proxy, client: testClient({ endpoint: proxy.endpoint, maxAttempts: 1 }) };
}

/** Every method of a store, as JavaScript may call it. */
const methods = [
  { method: "get", args: ["an id"], result: null },
  { method: "set", args: ["an id", sessionData({ n: 1 })], result: undefined },
  { method: "touch", args: ["an id", sessionData({ n: 1 })], result: undefined },
  { method: "update", args: ["an id", () => ({ n: 1 })], result: { outcome: "gone" } },
  { method: "destroy", args: ["an id"], result: undefined },
  { method: "all", args: [], result: {} },
  { method: "length", args: [], result: 0 },
  { method: "clear", args: [], result: undefined },
] as const;
type Method = (typeof methods)[number]["method"];

function call(store: CyclicSessionStore, method: Method, args: readonly unknown[], callback?: unknown) {
  const asked = store[method] as (...all: unknown[]) => unknown;
  return asked.call(store, ...args, callback);
}

/** Calls with a callback, waits until the store has nothing on its way any more, and gives every answer it gave. */
async function answersOf(store: CyclicSessionStore, method: Method, args: readonly unknown[]) {
  const answers: unknown[][] = [];
  let returned: unknown;
  const unhandled = await unhandledDuring(async () => {
    const answered = makeSignal();
    returned = call(store, method, args, (...answer: unknown[]) => {
      answers.push(answer);
      answered.give();
    });
    await answered.given;
    await store.close();
  });
  expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  expect(returned).toBeUndefined();
  return answers;
}

describe("the listener for what nobody handles", () => {
  it("hears of an exception and of a rejection", async () => {
    const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
    const heard = await unhandledDuring(async () => {
      queueMicrotask(() => {
        throw thrown;
      });
      void Promise.reject(rejected);
    });
    expect(heard).toEqual({ exceptions: [thrown], rejections: [rejected] });
  });
});

describe.each(methods)("$method", ({ method, args, result }) => {
  const store = (options: StoreOptions = {}) =>
    bench.store({ table: { hashPrefix: `${newId()}#` }, ...options }).store;

  it("answers its callback once, with no error before the result", async () => {
    const [first, ...more] = await answersOf(store(), method, args);
    expect(first?.[0]).toBeNull();
    expect(first?.[1]).toEqual(result);
    expect(more).toEqual([]);
  });

  it("answers its callback once, with the error first and alone, when the table is missing", async () => {
    const [first, ...more] = await answersOf(store(noTable), method, args);
    // A touch that failed is no failure of a session that lives.
    if (method === "touch") expect(first?.[0]).toBeNull();
    else expect(first?.[0]).toMatchObject({ name: "SessionStoreError", code: "ERR_SESSION_TABLE" });
    expect(first?.[1]).toBeUndefined();
    expect(more).toEqual([]);
  });

  it("answers its callback once when the answer of the table comes after the time is over", async () => {
    const { proxy, client } = await startProxy();
    proxy.decide = () => hang;
    const isOver = makeSignal();
    const late = store({ client, sleep: () => isOver.given });
    const answers: unknown[][] = [];
    const answered = makeSignal();
    const unhandled = await unhandledDuring(async () => {
      call(late, method, args, (...answer: unknown[]) => {
        answers.push(answer);
        answered.give();
      });
      await expect.poll(() => proxy.requests.length).toBeGreaterThan(0);
      isOver.give();
      await answered.given;
      // Now the request fails as well.
      await proxy.close();
    });
    expect(answers).toHaveLength(1);
    if (method === "touch") expect(answers[0]?.[0]).toBeNull();
    else expect(answers[0]?.[0]).toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  });

  it.each([
    ["none", undefined],
    ["null", null],
    ["no function", "callback"],
  ])("gives a promise of the result when the callback is %s", async (_what, callback) => {
    expect(await call(store(), method, args, callback)).toEqual(result);
  });

  it("leaves no rejection unhandled when nobody looks at its promise, and tells onEvent", async () => {
    const { store: broken, events } = bench.store(noTable);
    const unhandled = await unhandledDuring(async () => {
      call(broken, method, args);
      await broken.close();
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "error",
        error: expect.objectContaining({ code: "ERR_SESSION_TABLE" }),
      }),
    );
  });

  it("lets who awaits its promise see the failure", async () => {
    const asked = Promise.resolve(call(store(noTable), method, args));
    const error = await asked.catch((failure: unknown) => failure);
    if (method === "touch") expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: "ERR_SESSION_TABLE" });
  });

  it.each([
    ["succeeds", {}],
    ["fails", noTable],
  ])("leaves what its callback throws to its caller when it %s", async (_how, options) => {
    const asked = store(options);
    const mistake = new Error("the callback's own");
    let calls = 0;
    const unhandled = await unhandledDuring(async () => {
      const called = makeSignal();
      call(asked, method, args, () => {
        calls += 1;
        called.give();
        throw mistake;
      });
      await called.given;
      await asked.close();
    });
    expect(unhandled).toEqual({ exceptions: [mistake], rejections: [] });
    expect(calls).toBe(1);
  });

  it("answers after it has returned, never before", async () => {
    const order: string[] = [];
    const answered = makeSignal();
    call(store(), method, args, () => {
      order.push("answered");
      answered.give();
    });
    order.push("returned");
    await answered.given;
    expect(order).toEqual(["returned", "answered"]);
  });
});

describe("a set of what cannot be stored", () => {
  const cycle: Record<string, unknown> = {};
  cycle.itself = { cycle };

  it.each([
    { what: "a BigInt", fields: { n: 1n }, code: "ERR_SESSION_UNSERIALIZABLE", says: '"n"' },
    { what: "a cycle", fields: { cycle }, code: "ERR_SESSION_UNSERIALIZABLE", says: '"cycle.itself.cycle"' },
    {
      what: "a toJSON that throws",
      fields: {
        toJSON: () => {
          throw new Error("no");
        },
      },
      code: "ERR_SESSION_UNSERIALIZABLE",
      says: "JSON",
    },
    {
      what: "a toJSON that gives no object",
      fields: { toJSON: () => "text" },
      code: "ERR_SESSION_UNSERIALIZABLE",
      says: "must be an object",
    },
    {
      what: "half a megabyte",
      fields: { text: "x".repeat(500_000) },
      code: "ERR_SESSION_TOO_LARGE",
      says: "489 KB",
    },
  ])("$what is an error that says so, for the callback, before anything is sent", async (bad) => {
    const { store, actions } = bench.store();
    const answers = await answersOf(store, "set", ["an id", sessionData(bad.fields)]);
    expect(answers).toEqual([
      [expect.objectContaining({ code: bad.code, message: expect.stringContaining(bad.says) })],
    ]);
    expect(actions()).toEqual([]);
  });

  it.each([
    { what: "null", data: null },
    { what: "undefined", data: undefined },
    { what: "a text", data: "text" },
    { what: "a number", data: 5 },
    { what: "an array", data: [1, 2] },
  ])("$what is refused, and no crash", async ({ data }) => {
    const { store, actions } = bench.store();
    expect(await answersOf(store, "set", ["an id", data])).toEqual([
      [expect.objectContaining({ code: "ERR_SESSION_UNSERIALIZABLE" })],
    ]);
    expect(actions()).toEqual([]);
  });

  it("a touch with no object at all is no crash either", async () => {
    const { store } = bench.store();
    expect(await answersOf(store, "touch", ["an id", undefined])).toEqual([[null, undefined]]);
  });
});

describe("a row that cannot be read", () => {
  it("is an error of the load, never one that express-session takes for 'no session'", async () => {
    const { store } = bench.store();
    const id = newId();
    const key = { S: `session-store#${id}` };
    await putRow(bench.client, bench.table, {
      pk: key,
      sk: key,
      sess: { S: "{broken" },
      expires: { N: String(Math.ceil(Date.now() / 1000) + 60) },
    });
    const [error] = await answerOf((callback) => store.get(id, callback));
    expect(error).toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    expect(await bench.row(id)).toBeDefined();
  });
});

describe("a store", () => {
  it("is one to express-session: a Store, an emitter of events, and open to what session() puts on it", async () => {
    const { store } = bench.store();
    expect(store).toBeInstanceOf(session.Store);
    expect(store).toBeInstanceOf(EventEmitter);
    const own = store as unknown as Record<string, unknown>;
    expect(own.generate).toBeUndefined();
    session({ store, secret: "any", resave: false, saveUninitialized: false });
    expect(own.generate).toBeTypeOf("function");
    own.more = "of the application's";
    expect(own.more).toBe("of the application's");
  });

  it("gives a new session what an application puts around the generate that session() made", async () => {
    const { store, actions } = bench.store();
    const app = await startApp({ store });
    const open = store as unknown as { generate(req: AppRequest): void };
    const { generate } = open;
    open.generate = (req) => {
      generate(req);
      req.session.cart = [];
    };
    const visitor = app.visitor();
    const visit = await visitor.visit(async (req) => {
      await done((callback) => req.session.save(callback));
      req.session.user = "ada";
    });
    expect(visit.status).toBe(200);
    expect(await bench.data(visit.id)).toMatchObject({ cart: [], user: "ada" });
    expect(actions()).toEqual(["UpdateItem", "UpdateItem"]);
    expect(app.errors).toEqual([]);
  });

  it("is never gone for express-session: it emits neither 'disconnect' nor 'connect'", async () => {
    const { store } = bench.store(noTable);
    const emitted: string[] = [];
    for (const event of ["disconnect", "connect"]) store.on(event, () => emitted.push(event));
    await store.get("an id").catch(() => {});
    await store.set("an id", sessionData({})).catch(() => {});
    await store.close();
    expect(emitted).toEqual([]);
  });
});

describe("an Express application", () => {
  const signIn: Handler = (req) => {
    req.session.user = "ada";
  };
  const whoAmI: Handler = (req) => req.session.user;

  it("is not handed a success as an error, whatever it does with its sessions", async () => {
    const { store } = bench.store({ touchInterval: 0 });
    const app = await startApp({ store, unset: "destroy" });
    const visitor = app.visitor();
    const whatEachGave: unknown[] = [];
    const keep =
      (resolve: () => void) =>
      (...answer: unknown[]) => {
        whatEachGave.push(answer[0] ?? null);
        resolve();
      };
    const statuses: number[] = [];
    const visit = async (handler: Handler) => statuses.push((await visitor.visit(handler)).status);
    await visit(signIn);
    await visit(whoAmI);
    await visit((req) => new Promise<void>((resolve) => req.session.save(keep(resolve))));
    await visit((req) => new Promise<void>((resolve) => req.session.reload(keep(resolve))));
    await visit((req) => new Promise<void>((resolve) => req.session.regenerate(keep(resolve))));
    await visit(signIn);
    await visit((req) => new Promise<void>((resolve) => req.session.destroy(keep(resolve))));
    await visit(signIn);
    await visit((req) => void Object.assign(req, { session: null }));
    expect(whatEachGave).toEqual([null, null, null, null]);
    expect(app.errors).toEqual([]);
    expect(statuses).toEqual(Array(9).fill(200));
  });

  it("has a failed save in its error handler once, its visitor is answered, and both live on", async () => {
    const { proxy, client } = await startProxy();
    const { store } = bench.store({ client });
    const app = await startApp({ store });
    const visitor = app.visitor();
    const unhandled = await unhandledDuring(async () => {
      for (const answer of [denied("UpdateItem"), internalError(), dropBefore]) {
        proxy.decide = (action) => (action === "UpdateItem" ? answer : undefined);
        // express-session has sent the headers by the time of the save.
        expect((await visitor.visit(signIn)).status).toBe(200);
      }
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
    expect(app.errors).toEqual([
      expect.objectContaining({ code: "ERR_SESSION_ACCESS" }),
      expect.objectContaining({ code: "ERR_SESSION_UNAVAILABLE" }),
      expect.objectContaining({ code: "ERR_SESSION_UNAVAILABLE" }),
    ]);
    proxy.decide = () => undefined;
    await visitor.visit(signIn);
    expect((await visitor.visit(whoAmI)).said).toBe("ada");
  });

  it("has a failed save that it asked for in its own callback, and may still answer", async () => {
    const { store } = bench.store(noTable);
    const app = await startApp({ store });
    const saved = await app.visitor().visit(async (req, res) => {
      req.session.user = "ada";
      const error = await done((callback) => req.session.save(callback)).catch((failure) => failure);
      // Nothing more to save when the response ends.
      Object.assign(req, { session: undefined });
      res.status(503).send("later");
      return error.code;
    });
    expect(saved).toMatchObject({ status: 503, said: "ERR_SESSION_TABLE" });
    expect(app.errors).toEqual([]);
  });

  it("has a failed load in its error handler once, and no handler runs", async () => {
    const { store } = bench.store(noTable);
    const working = await startApp({ store: bench.store().store });
    const visitor = working.visitor();
    await visitor.visit(signIn);
    const app = await startApp({ store });
    const refused = await app.visitor(visitor.cookie).visit(() => "ran");
    expect(refused).toMatchObject({ status: 500, said: undefined });
    expect(app.errors).toEqual([expect.objectContaining({ code: "ERR_SESSION_TABLE" })]);
  });

  it("survives a destroy without a callback that fails", async () => {
    const { store, events } = bench.store(noTable);
    const app = await startApp({ store, saveUninitialized: false });
    const unhandled = await unhandledDuring(async () => {
      const visited = await app.visitor().visit((req) => {
        (req.session.destroy as unknown as () => void).call(req.session);
      });
      expect(visited.status).toBe(200);
      await store.close();
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
    expect(app.errors).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ type: "error", operation: "destroy" }));
  });

  it("gets a failed destroy in the callback of destroy and regenerate, and where it unset the session", async () => {
    const { proxy, client } = await startProxy();
    const { store } = bench.store({ client });
    const app = await startApp({ store, unset: "destroy" });
    const visitor = app.visitor();
    await visitor.visit(signIn);
    proxy.decide = (action) => (action === "DeleteItem" ? denied(action) : undefined);
    const failures = await visitor.visit(async (req) => {
      const errors: unknown[] = [];
      await done((callback) => req.session.regenerate(callback)).catch((error) => errors.push(error));
      await done((callback) => req.session.destroy(callback)).catch((error) => errors.push(error));
      return errors;
    });
    const refused = expect.objectContaining({ code: "ERR_SESSION_ACCESS" });
    expect(failures.said).toEqual([refused, refused]);
    // The destroyed session is unset: express-session destroys it again at the end of the request.
    expect(app.errors).toEqual([refused]);
  });
});
