// `close()`: what is on its way finishes, what comes after is refused, and no socket of the store's own stays open.
import { beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { createSessionEngine, type SessionEngine } from "../../src/core/index.js";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { answering } from "../support/raw-servers.js";
import { countRows, testClient, testClientConfig } from "../support/tables.js";
import { makeSignal, type Signal } from "../support/time.js";

let bench: Bench;
let proxy: FaultProxy;
let isHeld: Signal;
let hasCome: Signal;
beforeAll(async () => {
  bench = await makeBench();
});
/** A proxy that holds every request until the test lets them go on. */
beforeEach(async () => {
  [isHeld, hasCome] = [makeSignal(), makeSignal()];
  proxy = await startFaultProxy(inject("endpoint"), async () => {
    hasCome.give();
    await isHeld.given;
    return undefined;
  });
  onTestFinished(() => proxy.close());
});

const storeOptions = (table = bench.table) => ({
  table: { name: table },
  clientConfig: testClientConfig({ endpoint: proxy.endpoint }),
  // No deadline is to come on a slow machine; nor is an attempt to be given up.
  timeout: 60_000,
});

/** Closes while `asked` is on its way, and gives what came of that. */
async function closingDuring<T>(store: { close(): Promise<void> }, asked: Promise<T>): Promise<T> {
  await hasCome.given;
  let isClosed = false;
  const closed = store.close().then(() => {
    isClosed = true;
  });
  // Some turns of the event loop later, too.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  isHeld.give();
  const result = await asked;
  await closed;
  return result;
}

describe("an operation that is on its way when the store is closed finishes, and none begins after", () => {
  const saved = { outcome: "saved" };
  it.each<{
    name: string;
    ask: (engine: SessionEngine, id: string) => Promise<unknown>;
    gives: object | undefined;
  }>([
    { name: "load", ask: (engine, id) => engine.load(id), gives: { data: { n: 1 } } },
    { name: "save", ask: (engine, id) => engine.save(id, { n: 2 }), gives: saved },
    { name: "touch", ask: (engine, id) => engine.touch(id), gives: { outcome: "touched" } },
    { name: "update", ask: (engine, id) => engine.update(id, () => ({ n: 2 })), gives: saved },
    { name: "destroy", ask: (engine, id) => engine.destroy(id), gives: undefined },
    { name: "all, to its next session", ask: (engine) => engine.all().next(), gives: { done: false } },
    { name: "list, to its next session", ask: (engine) => engine.list().next(), gives: { done: false } },
  ])("$name", async ({ ask, gives }) => {
    const id = newId();
    await bench.engine({ now: undefined }).engine.save(id, { n: 1 });
    // Later than any touch interval, so that a touch is a write.
    const now = () => Date.now() + 60_000;
    const engine = createSessionEngine({ ...storeOptions(), now });
    const result = await closingDuring(engine, ask(engine, id));
    if (gives === undefined) expect(result).toBeUndefined();
    else expect(result).toMatchObject(gives);
    await expect(ask(engine, id)).rejects.toMatchObject({ code: "ERR_SESSION_CLOSED" });
  });

  it("also one of an engine with other functions, as Hono has one for each request", async () => {
    const engine = createSessionEngine(storeOptions());
    const ofRequest = engine.withFunctions({ now: () => Date.now() });
    const id = newId();
    expect(await closingDuring(engine, ofRequest.save(id, { n: 1 }))).toEqual(saved);
    expect(await bench.row(id)).toBeDefined();
    await expect(ofRequest.load(id)).rejects.toMatchObject({ code: "ERR_SESSION_CLOSED" });
  });
});

describe("what takes several requests finishes as a whole", () => {
  const COUNT = 4;
  let own: Bench;
  let ids: string[];
  beforeEach(async () => {
    own = await makeBench();
    ids = Array.from({ length: COUNT }, newId);
    const { engine } = own.engine({ now: undefined });
    // More than a page of a scan, which holds 1 MB.
    const cookie = { originalMaxAge: null, path: "/" };
    for (const id of ids) await engine.save(engine.create(id), { cookie, n: "x".repeat(380_000) });
  });

  it.each<{ name: string; ask: (store: ExpressStore) => Promise<unknown>; left: number }>([
    { name: "all", ask: async (store) => Object.keys(await store.all()).sort(), left: COUNT },
    { name: "length", ask: (store) => store.length(), left: COUNT },
    { name: "clear", ask: (store) => store.clear(), left: 0 },
  ])("at Express: $name", async ({ name, ask, left }) => {
    const store = new ExpressStore(storeOptions(own.table));
    const result = await closingDuring(store, ask(store));
    expect(result).toEqual({ all: [...ids].sort(), length: COUNT, clear: undefined }[name]);
    expect(proxy.requests.filter((action) => action === "Scan").length).toBeGreaterThan(1);
    expect(await countRows(own.client, own.table)).toBe(left);
    await expect(ask(store)).rejects.toMatchObject({ code: "ERR_SESSION_CLOSED" });
  });

  it("at Koa: get, which reads and renews", async () => {
    const store = new KoaStore({ ...storeOptions(own.table), ttl: 60_000, now: () => Date.now() + 40_000 });
    const [id = ""] = ids;
    expect(await closingDuring(store, store.get(id))).toMatchObject({ n: expect.any(String) });
    expect(proxy.requests).toEqual(["GetItem", "UpdateItem"]);
    await expect(store.get(id)).rejects.toMatchObject({ code: "ERR_SESSION_CLOSED" });
  });
});

describe("the sockets to DynamoDB", () => {
  const found = JSON.stringify({});
  const server = () =>
    answering((outgoing) =>
      outgoing.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(found),
    );

  it("are closed with a client of the store's own", async () => {
    const { endpoint, sockets } = await server();
    const clientConfig = testClientConfig({ endpoint });
    const engine = createSessionEngine({ table: { name: "sessions" }, clientConfig });
    await Promise.all([engine.load(newId()), engine.destroy(newId())]);
    expect(sockets.size).toBeGreaterThan(0);
    await engine.close();
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("stay open with a client of the caller's, which goes on working over them", async () => {
    const { endpoint, sockets } = await server();
    const client = testClient({ endpoint });
    onTestFinished(() => client.destroy());
    const engines = [1, 2].map(() => createSessionEngine({ table: { name: "sessions" }, client }));
    await engines[0]?.load(newId());
    const before = [...sockets];
    expect(before).toHaveLength(1);
    await engines[0]?.close();
    await engines[1]?.load(newId());
    expect([...sockets]).toEqual(before);
  });
});
