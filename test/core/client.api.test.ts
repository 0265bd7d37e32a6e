// The client that a store makes for itself: what becomes of attempts that hang, and of requests that nobody waits for.
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { makeBench, newId } from "../support/engines.js";
import { hang, startFaultProxy } from "../support/fault-proxy.js";
import { testClientConfig } from "../support/tables.js";
import { holdDeadlines } from "../support/time.js";

describe("a store's own client", () => {
  it.each([
    { action: "GetItem", count: 1 },
    { action: "BatchGetItem", count: 2 },
    { action: "UpdateItem", count: 1 },
  ])(
    "makes another attempt when one hangs, within the operation's deadline: $action",
    async ({ action, count }) => {
      const bench = await makeBench();
      const proxy = await startFaultProxy(inject("endpoint"));
      onTestFinished(() => proxy.close());
      const clientConfig = testClientConfig({ endpoint: proxy.endpoint });
      const engine = createSessionEngine({ table: { name: bench.table }, clientConfig, timeout: 1500 });
      onTestFinished(() => engine.close());
      let isFirst = true;
      proxy.decide = (asked) => {
        if (asked !== action || !isFirst) return undefined;
        isFirst = false;
        return hang;
      };
      const ids = Array.from({ length: count }, newId);
      for (const id of ids) await engine.save(engine.create(id), { n: 1 });
      const loaded = await Promise.all(ids.map((id) => engine.load(id)));
      expect(loaded.map((session) => session?.data)).toEqual(ids.map(() => ({ n: 1 })));
      expect(proxy.requests.filter((asked) => asked === action).length).toBeGreaterThan(1);
    },
  );

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
