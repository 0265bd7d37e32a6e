// The client that a store makes for itself: what becomes of attempts that hang, and of requests that nobody waits for.
import { Agent } from "node:http";
import type { DynamoDBClient, DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { makeBench, newId } from "../support/engines.js";
import { hang, stall, startFaultProxy } from "../support/fault-proxy.js";
import { readRow, testClient, testClientConfig } from "../support/tables.js";
import { holdDeadlines, makeSignal } from "../support/time.js";

const AT_ONCE = { getRetryCount: () => 0, getRetryDelay: () => 0 };

let agent: Agent;
beforeEach(() => {
  agent = new Agent({ keepAlive: true });
});
afterEach(() => agent.destroy());

describe("a store's own client", () => {
  it.each([
    { action: "GetItem", count: 1, answer: hang },
    { action: "BatchGetItem", count: 2, answer: hang },
    { action: "UpdateItem", count: 1, answer: hang },
    { action: "BatchGetItem", count: 2, answer: stall },
    { action: "UpdateItem", count: 1, answer: stall },
    { action: "UpdateItem", count: 1, answer: stall, requestHandler: { connectionTimeout: 900 } },
  ])(
    "makes another attempt, within the operation's deadline, where one has this answer: $action, $answer, $requestHandler",
    async ({ action, count, answer, requestHandler }) => {
      const bench = await makeBench();
      const proxy = await startFaultProxy(inject("endpoint"));
      onTestFinished(() => proxy.close());
      const clientConfig = testClientConfig({ endpoint: proxy.endpoint, requestHandler });
      const engine = createSessionEngine({ table: { name: bench.table }, clientConfig, timeout: 1500 });
      onTestFinished(() => engine.close());
      let isFirst = true;
      proxy.decide = (asked) => {
        if (asked !== action || !isFirst) return undefined;
        isFirst = false;
        return answer;
      };
      const ids = Array.from({ length: count }, newId);
      for (const id of ids) await engine.save(engine.create(id), { n: 1 });
      const loaded = await Promise.all(ids.map((id) => engine.load(id)));
      expect(loaded.map((session) => session?.data)).toEqual(ids.map(() => ({ n: 1 })));
      expect(proxy.requests.filter((asked) => asked === action).length).toBeGreaterThan(1);
    },
  );

  it.each([undefined, { connectionTimeout: 900 }])(
    "has all requests on their way at once: none waits for a connection, and meets the end of an attempt there: %o",
    async (requestHandler) => {
      const proxy = await startFaultProxy(inject("endpoint"));
      onTestFinished(() => proxy.close());
      const clientConfig = testClientConfig({ endpoint: proxy.endpoint, maxAttempts: 1, requestHandler });
      const engine = createSessionEngine({ table: { name: "sessions" }, clientConfig });
      onTestFinished(() => engine.close());
      // More than the fifty connections of the SDK's own choice.
      const count = 60;
      const haveArrived = makeSignal();
      proxy.decide = async () => {
        if (proxy.requests.length === count) haveArrived.give();
        await haveArrived.given;
        // No emulator is asked: how long it takes for sixty is no matter here.
        return { status: 200, body: {} };
      };
      const saves = Array.from({ length: count }, (_, n) => engine.save(engine.create(newId()), { n }));
      expect(await Promise.all(saves)).toEqual(Array(count).fill({ outcome: "saved" }));
    },
  );

  it("outlives a pause that holds up a hundred writes, more than the SDK retries after a timeout", async () => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const clientConfig = testClientConfig({ endpoint: proxy.endpoint });
    const engine = createSessionEngine({ table: { name: "sessions" }, clientConfig, timeout: 3000 });
    onTestFinished(() => engine.close());
    const count = 100;
    proxy.decide = () => (proxy.requests.length <= count ? hang : { status: 200, body: {} });
    const saves = Array.from({ length: count }, (_, n) => engine.save(engine.create(newId()), { n }));
    expect(await Promise.all(saves)).toEqual(Array(count).fill({ outcome: "saved" }));
  });

  it("gives up an attempt that hangs also where the caller says how its requests are made", async () => {
    const bench = await makeBench();
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const clientConfig = testClientConfig({
      endpoint: proxy.endpoint,
      requestHandler: { connectionTimeout: 900 },
    });
    const engine = createSessionEngine({ table: { name: bench.table }, clientConfig, timeout: 1500 });
    onTestFinished(() => engine.close());
    proxy.decide = () => (proxy.requests.length === 1 ? hang : undefined);
    expect(await engine.load(newId())).toBeUndefined();
  });

  it.each<[string, (other: DynamoDBClient) => DynamoDBClientConfig["requestHandler"]]>([
    ["a handler of requests", (other) => other.config.requestHandler],
    ["an agent", () => ({ httpAgent: agent })],
  ])("leaves %s open that other clients have as well, when it is closed", async (_, shared) => {
    const proxy = await startFaultProxy(inject("endpoint"));
    const other = testClient({ endpoint: proxy.endpoint, requestHandler: { httpAgent: agent } });
    onTestFinished(async () => {
      other.destroy();
      await proxy.close();
    });
    const clientConfig = testClientConfig({ endpoint: proxy.endpoint, requestHandler: shared(other) });
    const engine = createSessionEngine({ table: { name: "sessions" }, clientConfig });
    proxy.decide = () => ({ status: 200, body: {} });
    await engine.load(newId());
    await engine.close();
    await readRow(other, "sessions", "one");
    // The connection that the engine had made.
    expect(proxy.connections).toBe(1);
  });

  it("does not take a removal whose first attempt hung for another request's", async () => {
    const bench = await makeBench();
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const clientConfig = testClientConfig({ endpoint: proxy.endpoint });
    const engine = createSessionEngine({ table: { name: bench.table }, clientConfig, timeout: 3000 });
    onTestFinished(() => engine.close());
    const session = engine.create(newId());
    await engine.save(session, { cart: 1 });
    // The emulator carries it out; its answer never comes.
    let isFirst = true;
    proxy.decide = async (action) => {
      if (action !== "DeleteItem" || !isFirst) return undefined;
      isFirst = false;
      await bench.engine().engine.destroy(session.id);
      return hang;
    };
    await engine.destroy(session);
    const successor = engine.create(newId(), session);
    await engine.save(successor, { cart: 1 });
    expect((await engine.load(successor.id))?.data).toEqual({ cart: 1 });
  });

  it("calls off the request of an operation that met its deadline, and no other's", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const requestHandler = {
      handle: (_: unknown, { abortSignal }: { abortSignal?: AbortSignal }) => {
        signals.push(abortSignal);
        return new Promise<never>((_, reject) => {
          abortSignal?.addEventListener("abort", () => reject(abortSignal.reason));
        });
      },
      updateHttpClientConfig() {},
      httpHandlerConfigs: () => ({}),
    };
    const { options, deadlines } = holdDeadlines();
    const clientConfig = testClientConfig({ requestHandler });
    const engine = createSessionEngine({ table: { name: "sessions" }, clientConfig, ...options });
    onTestFinished(() => engine.close());
    const saves = [1, 2].map((n) => engine.save(engine.create(newId()), { n }));
    await expect.poll(() => signals).toHaveLength(2);
    deadlines[0]?.();
    await expect(saves[0]).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
    deadlines[1]?.();
    await expect(saves[1]).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  it("leaves no warning of a leak behind, however often the SDK tries", async () => {
    const bench = await makeBench();
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const clientConfig = testClientConfig({
      endpoint: proxy.endpoint,
      retryStrategy: {
        acquireInitialRetryToken: async () => AT_ONCE,
        refreshRetryTokenForRetry: async () => AT_ONCE,
        recordSuccess() {},
      },
    });
    const engine = createSessionEngine({ table: { name: bench.table }, clientConfig });
    onTestFinished(() => engine.close());
    const warnings: string[] = [];
    const warn = ({ name }: Error) => void warnings.push(name);
    process.on("warning", warn);
    onTestFinished(() => void process.off("warning", warn));
    proxy.decide = (_action, _body, { number }) =>
      number > 15 ? undefined : { status: 500, body: { __type: "InternalServerError" } };
    await engine.save(engine.create(newId()), { n: 1 });
    expect(proxy.requests).toHaveLength(16);
    // Warnings come in a turn of their own.
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it("tells a logger that it is given", async () => {
    const bench = await makeBench();
    const told: object[] = [];
    const ignore = () => {};
    const logger = { info: (line: object) => told.push(line), debug: ignore, warn: ignore, error: ignore };
    const engine = createSessionEngine({
      table: { name: bench.table },
      clientConfig: testClientConfig({ logger }),
    });
    onTestFinished(() => engine.close());
    await engine.load(newId());
    expect(told).toMatchObject([{ commandName: "GetItemCommand" }]);
  });
});

it("an operation that has been answered leaves no timer behind, which would keep a process alive", async () => {
  const { engine } = (await makeBench()).engine();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  await engine.load(newId());
  const before = timers();
  for (let operation = 0; operation < 20; operation++) await engine.load(newId());
  expect(timers()).toBeLessThan(before + 10);
});
