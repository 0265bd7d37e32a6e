// An answer, once: every operation settles within its timeout, whatever the network does; what nobody looks at harms
// nobody. What a deadline frees is in deadlines.api.test.ts, what a closed engine says in test/ending.
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { SessionEngine } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { dropAfter, dropBefore, type FaultProxy, hang, startFaultProxy } from "../support/fault-proxy.js";
import { testClient } from "../support/tables.js";
import { unhandledDuring } from "../support/unhandled.js";

let bench: Bench;
let proxy: FaultProxy;
beforeAll(async () => {
  bench = await makeBench();
});
beforeEach(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
});
afterEach(() => proxy.close());

const proxied = (maxAttempts = 1) => testClient({ endpoint: proxy.endpoint, maxAttempts });

type Ask = (engine: SessionEngine, id: string) => Promise<unknown>;
const operations: { name: string; ask: Ask }[] = [
  { name: "load", ask: (engine, id) => engine.load(id) },
  { name: "save", ask: (engine, id) => engine.save(id, { n: 2 }) },
  { name: "destroy", ask: (engine, id) => engine.destroy(id) },
  { name: "update", ask: (engine, id) => engine.update(id, () => ({ n: 3 })) },
  { name: "all", ask: (engine) => engine.all().next() },
];

describe("a table that gives no answer", () => {
  it.each(operations)("ends $name at the timeout, with an error that says so", async ({ ask }) => {
    // Time is the test's: the deadline comes when it is said to.
    let reachDeadline = () => {};
    const sleep = (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
        if (ms === 1234) reachDeadline = resolve;
      });
    proxy.decide = () => hang;
    const { engine, events } = bench.engine({ client: proxied(), timeout: 1234, sleep });
    const asked = ask(engine, newId());
    reachDeadline();
    await expect(asked).rejects.toMatchObject({
      code: "ERR_SESSION_TIMEOUT",
      message: expect.stringContaining("1234 ms"),
    });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "error",
        error: expect.objectContaining({ code: "ERR_SESSION_TIMEOUT" }),
      }),
    );
  });

  it("does not let a save that waits behind another take effect after its own deadline", async () => {
    const deadlines: (() => void)[] = [];
    const sleep = (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
        if (ms === 1234) deadlines.push(resolve);
      });
    const { engine } = bench.engine({ client: proxied(), timeout: 1234, sleep });
    const id = newId();
    proxy.decide = () => hang;
    const first = engine.save(id, { n: 1 });
    const second = engine.save(id, { n: 2 });
    deadlines[1]?.();
    await expect(second).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    proxy.decide = () => undefined;
    deadlines[0]?.();
    await expect(first).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    // Whoever comes next is not held up by either.
    expect(await engine.save(id, { n: 3 })).toEqual({ outcome: "saved" });
    expect((await engine.load(id))?.data).toEqual({ n: 3 });
    expect((await bench.row(id))?.rev).toEqual({ N: "1" });
  });

  it("bounds real time too", async () => {
    proxy.decide = () => hang;
    const { engine } = bench.engine({ client: proxied(), timeout: 50 });
    await expect(engine.load(newId())).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
  });
});

describe("a write whose answer was lost", () => {
  it.each([
    { name: "a creation", known: false },
    { name: "a save of a loaded session", known: true },
  ])("is recognised when it is sent again: $name", async ({ known }) => {
    const { engine } = bench.engine({ client: proxied(3) });
    const id = newId();
    const session = engine.create(id);
    if (known) await engine.save(session, { n: 0 });
    let lost = 0;
    proxy.decide = (action) => {
      if (action === "GetItem" || lost > 0) return undefined;
      lost += 1;
      return dropAfter;
    };
    expect(await engine.save(session, { n: 1 })).toEqual({ outcome: "saved" });
    expect(lost).toBe(1);
    const row = await bench.row(id);
    expect(row?.rev).toEqual({ N: known ? "2" : "1" });
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
    expect((await bench.row(id))?.gen).toEqual(row?.gen);
  });

  it("that never arrived is sent again by the SDK", async () => {
    const { engine } = bench.engine({ client: proxied(3) });
    let cut = 0;
    proxy.decide = () => (cut++ === 0 ? dropBefore : undefined);
    const id = newId();
    expect(await engine.save(id, { n: 1 })).toEqual({ outcome: "saved" });
    expect((await bench.row(id))?.rev).toEqual({ N: "1" });
  });
});

describe("a promise that nobody looks at", () => {
  it("is no unhandled rejection, and its failure is reported", async () => {
    const { engine, events } = bench.engine({ table: { name: "no-such-table" } });
    const unhandled = await unhandledDuring(async () => {
      void engine.load(newId());
      void engine.save(newId(), { n: 1 });
      void engine.save(newId(), { n: 1n });
      void engine.touch(newId());
      void engine.destroy(newId());
      void engine.update(newId(), () => {});
      await engine.close();
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
    const failed = events.filter((event) => event.type === "error").map((event) => event.operation);
    expect(failed.sort()).toEqual(["destroy", "load", "save", "save", "touch", "update"]);
  });

  it.each([
    {
      how: "throws",
      onEvent: () => {
        throw new Error("the listener's own");
      },
    },
    { how: "rejects", onEvent: () => Promise.reject(new Error("the listener's own")) },
  ])("nor is a listener that $how anybody's", async ({ onEvent }) => {
    const { engine } = bench.engine({ onEvent });
    const id = newId();
    const unhandled = await unhandledDuring(async () => {
      expect(await engine.save(id, { n: 1 })).toEqual({ outcome: "saved" });
      expect((await engine.load(id))?.data).toEqual({ n: 1 });
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  });
});
