// Reads that wait together travel together: which loads share a request, what one caller's bad luck is to the others, and
// when nobody waits for a request any more.
import { AsyncLocalStorage } from "node:async_hooks";
import { BatchGetItemCommand, type BatchGetItemCommandInput } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import type { SessionEngine } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import {
  type Decide,
  denied,
  dropBefore,
  hang,
  internalError,
  startFaultProxy,
  throttled,
} from "../support/fault-proxy.js";
import { putRow, testClient } from "../support/tables.js";
import { holdDeadlines, makeSignal } from "../support/time.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

/** Sessions in the table, each with its number as data, and their ids. */
async function sessions(count: number, fill = ""): Promise<string[]> {
  const { engine } = bench.engine();
  const ids = Array.from({ length: count }, newId);
  for (const [n, id] of ids.entries()) await engine.save(engine.create(id), { n, fill });
  return ids;
}

async function numbers(engine: SessionEngine, ids: readonly string[]): Promise<unknown[]> {
  const loaded = await Promise.all(ids.map((id) => engine.load(id)));
  return loaded.map((session) => session?.data.n);
}

/** An engine behind a proxy, which is asked about each of its requests. */
async function proxied(options: Parameters<Bench["engine"]>[0] = {}, maxAttempts = 1) {
  const proxy = await startFaultProxy(inject("endpoint"));
  onTestFinished(() => proxy.close());
  const client = testClient({ endpoint: proxy.endpoint, maxAttempts });
  onTestFinished(() => client.destroy());
  return { ...bench.engine({ client, ...options }), proxy };
}

const forBatches =
  (answer: Awaited<ReturnType<Decide>>): Decide =>
  (action) =>
    action === "BatchGetItem" ? answer : undefined;

/** A turn of the event loop that is over, with what leaves at its end. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function keysOf(input: BatchGetItemCommandInput): string[] {
  const Keys = Object.values(input.RequestItems ?? {})[0]?.Keys ?? [];
  return Keys.map((key) => String(key.pk?.S));
}

describe("loads of one turn", () => {
  it("travel in one request, and each caller has its own session, or none", async () => {
    const ids = await sessions(5);
    const { engine, actions, events } = bench.engine();
    expect(await numbers(engine, [...ids, newId()])).toEqual([0, 1, 2, 3, 4, undefined]);
    expect(actions()).toEqual(["BatchGetItem"]);
    expect(events).toMatchObject([
      ...Array(5).fill({ type: "load", found: true, keys: 6 }),
      { type: "load", found: false, keys: 6 },
    ]);
  });

  it("ask for one session once, and give each caller a copy of its own", async () => {
    const [id, other] = await sessions(2);
    if (!id || !other) throw new Error("not saved");
    const { engine, sent } = bench.engine();
    const [first, second, third] = await Promise.all([engine.load(id), engine.load(other), engine.load(id)]);
    expect(sent.calls.map(({ input }) => keysOf(input).length)).toEqual([2]);
    if (!first || !third) throw new Error("not loaded");
    first.data.n = "changed";
    expect([second?.data.n, third.data.n]).toEqual([1, 0]);
  });

  it("travel a hundred keys at a time", async () => {
    const ids = await sessions(3);
    const { engine, sent } = bench.engine();
    const absent = Array.from({ length: 200 }, newId);
    expect((await numbers(engine, [...absent, ...ids])).slice(-3)).toEqual([0, 1, 2]);
    expect(sent.calls.map(({ input }) => keysOf(input).length)).toEqual([100, 100, 3]);
  });

  it("are told the units of their request in equal parts", async () => {
    const ids = await sessions(4);
    const { engine, events } = bench.engine();
    await numbers(engine, ids);
    expect(events.map((event) => "capacityUnits" in event && event.capacityUnits)).toEqual([1, 1, 1, 1]);
  });

  it.each([true, false])("are read as the option consistentRead says: %s", async (consistentRead) => {
    const ids = await sessions(2);
    const { engine, sent } = bench.engine({ consistentRead });
    expect(await numbers(engine, ids)).toEqual([0, 1]);
    expect(sent.calls).toMatchObject([
      {
        action: "BatchGetItem",
        input: { RequestItems: { [bench.table]: { ConsistentRead: consistentRead } } },
      },
    ]);
  });

  it("read sessions of tables without a sort key, and of another's table", async () => {
    const own = await makeBench({ hashKey: "id", sortKey: null });
    const { engine, actions } = own.engine({ table: { hashPrefix: "sess:" } });
    const ids = [newId(), newId()];
    for (const [n, id] of ids.entries()) {
      await putRow(own.client, own.table, {
        id: { S: `sess:${id}` },
        expires: { N: "1900000000" },
        sess: { S: JSON.stringify({ n }) },
      });
    }
    expect(await numbers(engine, ids)).toEqual([0, 1]);
    expect(actions()).toEqual(["BatchGetItem"]);
  });

  it("continue each in the async context of its own caller", async () => {
    const ids = await sessions(3);
    const context = new AsyncLocalStorage<number>();
    const told: unknown[] = [];
    const { engine } = bench.engine({ onEvent: () => told.push(context.getStore()) });
    const continued = ids.map((id, n) =>
      context.run(n, async () => {
        await engine.load(id);
        return context.getStore();
      }),
    );
    expect(await Promise.all(continued)).toEqual([0, 1, 2]);
    expect(told).toEqual([0, 1, 2]);
  });

  it("that are more than an answer holds are all read: 17 MB", async () => {
    const ids = await sessions(48, "x".repeat(370_000));
    const { engine, actions } = bench.engine();
    expect(await numbers(engine, ids)).toEqual(ids.map((_, n) => n));
    expect(actions().slice(0, 2)).toEqual(["BatchGetItem", "BatchGetItem"]);
  });
});

describe("a load alone", () => {
  it("is a plain read", async () => {
    const [id = ""] = await sessions(1);
    const { engine, actions } = bench.engine();
    for (let request = 0; request < 3; request++) expect((await engine.load(id))?.data.n).toBe(0);
    expect(actions()).toEqual(["GetItem", "GetItem", "GetItem"]);
  });

  it("joins no request that is on its way, so that it sees what was written since", async () => {
    const [id = ""] = await sessions(1);
    const { engine, sent } = bench.engine();
    const [isRead, isReleased] = [makeSignal(), makeSignal()];
    sent.afterNext("GetItem", () => {
      isRead.give();
      return isReleased.given;
    });
    const early = engine.load(id);
    await isRead.given;
    await bench.engine().engine.update(id, () => ({ n: "new" }));
    expect((await engine.load(id))?.data.n).toBe("new");
    isReleased.give();
    expect((await early)?.data.n).toBe(0);
  });
});

describe("while several requests are on their way", () => {
  /** An engine with four loads on their way, whose requests wait; and moments that wait until the test lets them come. */
  async function busy() {
    const ids = await sessions(9);
    const isReleased = makeSignal();
    const waits: ((failure?: Error) => void)[] = [];
    const timeout = 1234;
    const sleep = (ms: number) =>
      new Promise<void>((resolve, reject) => {
        if (ms !== timeout) waits.push((failure) => (failure ? reject(failure) : resolve()));
      });
    const made = await proxied({ timeout, sleep });
    const { engine, proxy } = made;
    let held = 0;
    proxy.decide = async () => {
      if (held++ < 4) await isReleased.given;
      return undefined;
    };
    const first: ReturnType<SessionEngine["load"]>[] = [];
    for (const id of ids.slice(0, 4)) {
      first.push(engine.load(id));
      await turn();
    }
    await expect.poll(() => proxy.requests).toEqual(Array(4).fill("GetItem"));
    const later: ReturnType<SessionEngine["load"]>[] = [];
    for (const id of ids.slice(4)) {
      later.push(engine.load(id));
      await turn();
    }
    const read = async (loads: readonly ReturnType<SessionEngine["load"]>[]) =>
      (await Promise.all(loads)).map((session) => session?.data.n);
    return { proxy, isReleased, waits, first: () => read(first), later: () => read(later) };
  }

  it("further loads gather, and leave together when one of them has come back", async () => {
    const { proxy, isReleased, first, later } = await busy();
    expect(proxy.requests).toHaveLength(4);
    isReleased.give();
    expect(await first()).toEqual([0, 1, 2, 3]);
    expect(await later()).toEqual([4, 5, 6, 7, 8]);
    expect(proxy.requests).toEqual([...Array(4).fill("GetItem"), "BatchGetItem"]);
  });

  it.each([
    ["after a moment", undefined],
    ["at once where the option sleep fails", new Error("no sleep")],
  ])("that do not come back, further loads leave %s", async (_, failure) => {
    const { proxy, isReleased, waits, first, later } = await busy();
    expect(waits).toHaveLength(1);
    waits[0]?.(failure);
    expect(await later()).toEqual([4, 5, 6, 7, 8]);
    expect(proxy.requests).toEqual([...Array(4).fill("GetItem"), "BatchGetItem"]);
    isReleased.give();
    expect(await first()).toEqual([0, 1, 2, 3]);
  });
});

describe("one caller's bad luck fails no other's load", () => {
  /** What DynamoDB answers when it has processed only some of the keys. */
  async function leaving(
    isLeft: (key: string) => boolean,
    body: unknown,
  ): Promise<Awaited<ReturnType<Decide>>> {
    const [[table, { Keys }]] = Object.entries((body as BatchGetItemCommandInput).RequestItems ?? {}) as [
      [string, { Keys: Record<string, { S: string }>[] }],
    ];
    const left = Keys.filter(({ pk }) => isLeft(String(pk?.S)));
    const kept = Keys.filter((key) => !left.includes(key));
    const command = new BatchGetItemCommand({
      RequestItems: { [table]: { Keys: kept, ConsistentRead: true } },
    });
    const Responses = kept.length > 0 ? (await bench.client.send(command)).Responses : {};
    return { status: 200, body: { Responses, UnprocessedKeys: { [table]: { Keys: left } } } };
  }

  it("where DynamoDB leaves keys unprocessed: they are asked for again, together, after a wait", async () => {
    const ids = await sessions(4);
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      if (ms === 5000) return new Promise<void>(() => {});
      waits.push(ms);
    };
    const { engine, proxy } = await proxied({ sleep, timeout: 5000 });
    const asked: string[][] = [];
    proxy.decide = (_, body) => {
      asked.push(keysOf(body as BatchGetItemCommandInput));
      const isFirst = asked.length === 1;
      return isFirst
        ? leaving((key) => key.endsWith(ids[1] ?? "") || key.endsWith(ids[3] ?? ""), body)
        : undefined;
    };
    expect(await numbers(engine, ids)).toEqual([0, 1, 2, 3]);
    expect(asked.map((keys) => keys.length)).toEqual([4, 2]);
    expect(waits).toHaveLength(1);
  });

  it("where it does so and the option sleep fails: no longer is waited then", async () => {
    const ids = await sessions(2);
    const sleep = (ms: number) => (ms === 5000 ? new Promise<void>(() => {}) : Promise.reject(new Error()));
    const { engine, proxy } = await proxied({ sleep, timeout: 5000 });
    let batches = 0;
    proxy.decide = (_, body) => (batches++ === 0 ? leaving(() => true, body) : undefined);
    expect(await numbers(engine, ids)).toEqual([0, 1]);
  });

  it("where it leaves one unprocessed for good: that is read alone in the end, and fails alone", async () => {
    const ids = await sessions(3);
    const isHot = (key: string) => key.endsWith(ids[1] ?? "");
    const { engine, proxy } = await proxied();
    proxy.decide = (action, body) => {
      if (action === "BatchGetItem") return leaving(isHot, body);
      return action === "GetItem" ? throttled() : undefined;
    };
    const loads = await Promise.allSettled(ids.map((id) => engine.load(id)));
    expect(loads).toMatchObject([
      { status: "fulfilled", value: { data: { n: 0 } } },
      { status: "rejected", reason: { code: "ERR_SESSION_THROTTLED" } },
      { status: "fulfilled", value: { data: { n: 2 } } },
    ]);
    expect(proxy.requests.at(-1)).toBe("GetItem");
  });

  it("but where DynamoDB throttles all of them none is asked for by itself: that would be a hundred requests more", async () => {
    const ids = await sessions(3);
    const { engine, proxy } = await proxied();
    proxy.decide = () => throttled();
    const loads = await Promise.allSettled(ids.map((id) => engine.load(id)));
    const failed = { status: "rejected", reason: { code: "ERR_SESSION_THROTTLED" } };
    expect(loads).toMatchObject([failed, failed, failed]);
    expect(new Set(proxy.requests)).toEqual(new Set(["BatchGetItem"]));
    proxy.decide = () => undefined;
    expect(await numbers(engine, ids)).toEqual([0, 1, 2]);
  });

  it.each([
    ["fails", internalError()],
    ["is cut off", dropBefore],
  ])("where their request %s: each is read alone, and fails by itself or not at all", async (_, answer) => {
    const ids = await sessions(3);
    const { engine, proxy } = await proxied();
    proxy.decide = (action, body) =>
      action === "BatchGetItem" || JSON.stringify(body).includes(ids[2] ?? "") ? answer : undefined;
    const loads = await Promise.allSettled(ids.map((id) => engine.load(id)));
    expect(loads).toMatchObject([
      { status: "fulfilled", value: { data: { n: 0 } } },
      { status: "fulfilled", value: { data: { n: 1 } } },
      { status: "rejected", reason: { message: expect.stringContaining("dynamodb:GetItem") } },
    ]);
    proxy.decide = () => undefined;
    proxy.requests.length = 0;
    expect(await numbers(engine, ids)).toEqual([0, 1, 2]);
    expect(proxy.requests).toEqual(["BatchGetItem"]);
  });

  it("where a row cannot be read: its own load fails", async () => {
    const ids = await sessions(3);
    const row = await bench.row(ids[1] ?? "");
    await putRow(bench.client, bench.table, { ...row, sess: { S: '{"n":' } });
    const { engine, actions } = bench.engine();
    const loads = await Promise.allSettled(ids.map((id) => engine.load(id)));
    expect(loads).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "ERR_SESSION_CORRUPT" } },
      { status: "fulfilled" },
    ]);
    expect(actions()).toEqual(["BatchGetItem"]);
  });

  it.each([
    ["these credentials may not read several rows", denied("BatchGetItem")],
    ["the API knows no such action", { status: 400, body: { __type: "UnknownOperationException" } }],
  ])("where %s: single reads are used from then on", async (_, answer) => {
    const ids = await sessions(3);
    const { engine, proxy, events } = await proxied();
    proxy.decide = forBatches(answer);
    expect(await numbers(engine, ids)).toEqual([0, 1, 2]);
    expect(await numbers(engine, ids)).toEqual([0, 1, 2]);
    expect(proxy.requests).toEqual(["BatchGetItem", ...Array(6).fill("GetItem")]);
    expect(events).toMatchObject(Array(6).fill({ type: "load", keys: 1 }));
  });

  it("where nothing may be read for a while: they travel together again after that", async () => {
    const ids = await sessions(2);
    const { engine, proxy } = await proxied();
    proxy.decide = (action) => denied(action);
    await Promise.allSettled(ids.map((id) => engine.load(id)));
    proxy.decide = () => undefined;
    proxy.requests.length = 0;
    expect(await numbers(engine, ids)).toEqual([0, 1]);
    expect(proxy.requests).toEqual(["BatchGetItem"]);
  });

  it("where their request hangs: loads that come later do not wait for it", async () => {
    const ids = await sessions(4);
    const { options, deadlines } = holdDeadlines();
    const { engine, proxy } = await proxied(options);
    proxy.decide = (_, body) => (JSON.stringify(body).includes(ids[0] ?? "") ? hang : undefined);
    const hanging = Promise.allSettled(ids.slice(0, 2).map((id) => engine.load(id)));
    await expect.poll(() => proxy.requests).toEqual(["BatchGetItem"]);
    expect(await numbers(engine, ids.slice(2))).toEqual([2, 3]);
    for (const comes of deadlines) comes();
    const timedOut = { status: "rejected", reason: { code: "ERR_SESSION_TIMEOUT" } };
    expect(await hanging).toMatchObject([timedOut, timedOut]);
  });
});

describe("who gives up", () => {
  it("is answered at its own deadline, and the others have what they asked for", async () => {
    const ids = await sessions(2);
    const { options, deadlines } = holdDeadlines();
    const { engine, proxy, events } = await proxied(options);
    const isReleased = makeSignal();
    proxy.decide = async () => void (await isReleased.given);
    const [first, second] = ids.map((id) => engine.load(id));
    await expect.poll(() => proxy.requests).toEqual(["BatchGetItem"]);
    deadlines[0]?.();
    await expect(first).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    isReleased.give();
    expect((await second)?.data.n).toBe(1);
    await turn();
    // Nothing more is told of it when the answer comes after all.
    expect(events.map(({ type }) => type)).toEqual(["error", "load"]);
  });

  it("is not read for any more, and when all have, their request is aborted", async () => {
    const { options, deadlines } = holdDeadlines();
    const signals: AbortSignal[] = [];
    const asked: string[][] = [];
    const client = {
      config: {},
      send(command: BatchGetItemCommand, { abortSignal }: { abortSignal: AbortSignal }) {
        signals.push(abortSignal);
        asked.push(keysOf(command.input));
        return new Promise((_, reject) => {
          abortSignal.addEventListener("abort", () => reject(new Error("aborted")));
        });
      },
    };
    const { engine } = bench.engine({ client, ...options });
    const ids = [newId(), newId(), newId()];
    const loads = Promise.allSettled(ids.map((id) => engine.load(id)));
    deadlines[0]?.();
    await expect.poll(() => asked.map((keys) => keys.length)).toEqual([2]);
    deadlines[1]?.();
    await turn();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    deadlines[2]?.();
    await loads;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await turn();
    expect(asked).toHaveLength(1);
  });
});
