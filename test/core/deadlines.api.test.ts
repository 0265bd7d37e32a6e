// What a deadline frees: the request is aborted, over all its attempts, and its socket closed. And how often is tried what
// may succeed, and what may not.
import type { Socket } from "node:net";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { createSessionEngine, type SessionEngine, type SessionInHand } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import {
  type Answer,
  denied,
  dropBefore,
  hang,
  internalError,
  startFaultProxy,
  throttled,
} from "../support/fault-proxy.js";
import { answering } from "../support/raw-servers.js";
import { testClient, testClientConfig } from "../support/tables.js";
import { holdDeadlines, makeSignal } from "../support/time.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const JSON_TYPE = { "content-type": "application/x-amz-json-1.0" };
const CLIENTS = ["the store's own client", "a client of the caller's"] as const;

/** The options that say whose client it is; one that gives up no attempt by itself, so that only the deadline does. */
function clientOptions(whose: (typeof CLIENTS)[number], endpoint: string, config = {}) {
  const whole = { endpoint, requestHandler: {}, ...config };
  if (whose === "the store's own client") return { clientConfig: testClientConfig(whole) };
  const client = testClient(whole);
  onTestFinished(() => client.destroy());
  return { client };
}

interface Asked {
  readonly name: string;
  /** The request that is left without an answer. */
  readonly stallsAt: string;
  ask(engine: SessionEngine, session: SessionInHand): Promise<unknown>;
}

const OPERATIONS: readonly Asked[] = [
  { name: "load", stallsAt: "GetItem", ask: (engine) => engine.load(newId()) },
  {
    name: "loads that travel together",
    stallsAt: "BatchGetItem",
    ask: (engine) => Promise.all([engine.load(newId()), engine.load(newId())]),
  },
  { name: "save", stallsAt: "UpdateItem", ask: (engine, session) => engine.save(session, { n: 2 }) },
  {
    name: "touch",
    stallsAt: "UpdateItem",
    // It fails nobody's request: the failure stands in its outcome.
    ask: async (engine, session) => {
      const result = await engine.touch(session);
      if (result.outcome === "failed") throw result.error;
    },
  },
  { name: "destroy", stallsAt: "DeleteItem", ask: (engine, session) => engine.destroy(session) },
  {
    name: "update",
    stallsAt: "UpdateItem",
    ask: (engine, session) => engine.update(session, () => ({ n: 2 })),
  },
  { name: "all", stallsAt: "Scan", ask: (engine) => engine.all().next() },
];

describe.each(CLIENTS)("at its deadline, over %s", (whose) => {
  describe.each(["before the headers", "in mid-body"])("an operation that stalls %s", (where) => {
    it.each(OPERATIONS)("is answered, and its socket is closed: $name", async ({ stallsAt, ask }) => {
      const id = newId();
      await bench.engine().engine.save(id, { n: 1 });
      const Item: Record<string, AttributeValue> | undefined = await bench.row(id);
      const isStalled = makeSignal();
      const stalled: (Socket | null)[] = [];
      const server = await answering((outgoing, action) => {
        if (action !== stallsAt) {
          outgoing.writeHead(200, JSON_TYPE).end(JSON.stringify(action === "GetItem" ? { Item } : {}));
          return;
        }
        if (where === "in mid-body") {
          outgoing.writeHead(200, { ...JSON_TYPE, "content-length": 100 }).write('{"Item":');
        }
        stalled.push(outgoing.socket);
        isStalled.give();
      });
      const { options, deadlines } = holdDeadlines();
      const { engine, clock } = bench.engine({
        client: undefined,
        ...clientOptions(whose, server.endpoint),
        ...options,
      });
      const session = await loadedBy(engine, stallsAt, id);
      clock.pass(40_000);
      const asked = ask(engine, session);
      await isStalled.given;
      for (const comes of deadlines) comes();
      await expect(asked).rejects.toMatchObject({
        code: "ERR_SESSION_TIMEOUT",
        message: expect.stringContaining("1234 ms (option timeout)"),
      });
      const isOpen = () => stalled.some((socket) => socket !== null && server.sockets.has(socket));
      await expect.poll(isOpen, { timeout: 10_000 }).toBe(false);
    });
  });

  it("no further attempt is made", async () => {
    const [isSecond, isOver] = [makeSignal(), makeSignal()];
    const server = await answering((outgoing) => {
      if (server.requests > 2) return void outgoing.writeHead(200, JSON_TYPE).end("{}");
      if (server.requests === 2) isSecond.give();
      // The first attempt fails at once, and the second when nobody waits for it any more.
      const fail = () => void outgoing.writeHead(500, JSON_TYPE).end("{}");
      if (server.requests === 1) fail();
      else void isOver.given.then(fail);
    });
    const { options, deadlines } = holdDeadlines();
    const retryStrategy = retryingAtOnce();
    const { engine } = bench.engine({
      client: undefined,
      ...clientOptions(whose, server.endpoint, { retryStrategy }),
      ...options,
    });
    const asked = engine.destroy(newId());
    await isSecond.given;
    deadlines[0]?.();
    await expect(asked).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    isOver.give();
    // Whoever comes next is served; a third attempt, which would not wait, would have been there before.
    await engine.destroy(newId());
    expect(server.requests).toBe(3);
  });

  it("comes in real time, over as many attempts as there are, and a queue of one session's writes", async () => {
    const proxy = await startFaultProxy(inject("endpoint"), () => internalError());
    onTestFinished(() => proxy.close());
    const engine = createSessionEngine({
      table: { name: bench.table },
      timeout: 100,
      ...clientOptions(whose, proxy.endpoint, { maxAttempts: 1_000 }),
    });
    onTestFinished(() => engine.close());
    const id = newId();
    const saves = [1, 2, 3].map((n) => engine.save(engine.create(id), { n }));
    for (const saved of saves) await expect(saved).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
  });
});

/** A session that is in hand before anything stalls. */
async function loadedBy(engine: SessionEngine, stallsAt: string, id: string): Promise<SessionInHand> {
  if (stallsAt === "GetItem") return engine.create(id);
  const session = await engine.load(id);
  if (session === undefined) throw new Error("the session was not there");
  return session;
}

/** Tries again, without a wait, what the SDK finds worth it. */
function retryingAtOnce() {
  const token = { getRetryCount: () => 0, getRetryDelay: () => 0 };
  return {
    mode: "at once",
    acquireInitialRetryToken: async () => token,
    async refreshRetryTokenForRetry(_: object, { errorType }: { errorType: string }) {
      if (!["TRANSIENT", "SERVER_ERROR", "THROTTLING"].includes(errorType)) throw new Error("not worth it");
      return token;
    },
    recordSuccess() {},
  };
}

describe("how often a request is sent", () => {
  const refused = (name: string): Answer => ({
    status: 400,
    body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "of the test" },
  });
  const ONCE = { from: 1, to: 1 };
  // What the SDK makes by default, by its version.
  const SEVERAL = { from: 2, to: 4 };

  it.each<{ what: string; answer: Answer; code: string; times: { from: number; to: number } }>([
    { what: "denied", answer: denied("DeleteItem"), code: "ERR_SESSION_ACCESS", times: ONCE },
    {
      what: "invalid",
      answer: refused("ValidationException"),
      code: "ERR_SESSION_UNAVAILABLE",
      times: ONCE,
    },
    {
      what: "for a table that is not there",
      answer: refused("ResourceNotFoundException"),
      code: "ERR_SESSION_TABLE",
      times: ONCE,
    },
    { what: "throttled", answer: throttled(), code: "ERR_SESSION_THROTTLED", times: SEVERAL },
    {
      what: "failed by the service",
      answer: internalError(),
      code: "ERR_SESSION_UNAVAILABLE",
      times: SEVERAL,
    },
    { what: "cut off", answer: dropBefore, code: "ERR_SESSION_UNAVAILABLE", times: SEVERAL },
  ])(
    "that is $what: $times.from to $times.to times, whosever client it is",
    async ({ answer, code, times }) => {
      // Side by side, for the SDK takes its time.
      const sent = CLIENTS.map(async (whose) => {
        const proxy = await startFaultProxy(inject("endpoint"), () => answer);
        onTestFinished(() => proxy.close());
        const { engine } = bench.engine({
          client: undefined,
          timeout: 60_000,
          ...clientOptions(whose, proxy.endpoint),
        });
        await expect(engine.destroy(newId())).rejects.toMatchObject({ code });
        return proxy.requests.length;
      });
      for (const count of await Promise.all(sent)) {
        expect(count).toBeGreaterThanOrEqual(times.from);
        expect(count).toBeLessThanOrEqual(times.to);
      }
    },
  );

  it.each(CLIENTS)("that its condition refuses: once, where the session is gone, over %s", async (whose) => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const { engine } = bench.engine({ client: undefined, ...clientOptions(whose, proxy.endpoint) });
    const id = newId();
    await bench.engine().engine.save(id, { n: 1 });
    const session = await engine.load(id);
    if (session === undefined) throw new Error("the session was not there");
    await bench.engine().engine.destroy(id);
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "gone" });
    expect(proxy.requests.filter((action) => action === "UpdateItem")).toHaveLength(1);
  });

  it.each(CLIENTS)("that hangs: again, where the client gives it up in time, over %s", async (whose) => {
    let sent = 0;
    const proxy = await startFaultProxy(inject("endpoint"), () => (sent++ === 0 ? hang : undefined));
    onTestFinished(() => proxy.close());
    const requestHandler = { requestTimeout: 1_000, throwOnRequestTimeout: true };
    const { engine } = bench.engine({
      client: undefined,
      timeout: 60_000,
      ...clientOptions(whose, proxy.endpoint, { requestHandler }),
    });
    await engine.destroy(newId());
    expect(proxy.requests.length).toBeGreaterThan(1);
  });
});

describe("waits before another attempt", () => {
  it("are by chance, so that those who failed together do not come back together", async () => {
    const arrivals = new Map<string, number[]>();
    const proxy = await startFaultProxy(inject("endpoint"), (_, body) => {
      const key = JSON.stringify(body);
      const times = arrivals.get(key) ?? [];
      arrivals.set(key, [...times, performance.now()]);
      return times.length === 0 ? throttled() : undefined;
    });
    onTestFinished(() => proxy.close());
    const { engine } = bench.engine({
      client: undefined,
      timeout: 60_000,
      clientConfig: testClientConfig({ endpoint: proxy.endpoint }),
    });
    await Promise.all(Array.from({ length: 20 }, () => engine.destroy(newId())));
    const waits = [...arrivals.values()].map(([first = 0, second = 0]) => second - first);
    expect(waits).toHaveLength(20);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(100);
  });

  it("are short and by chance where another's transaction holds the row, which the SDK does not wait for", async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      if (ms === 1234) return new Promise<void>(() => {});
      waits.push(ms);
    };
    let conflicts = 10;
    const proxy = await startFaultProxy(inject("endpoint"), () =>
      conflicts-- > 0
        ? {
            status: 400,
            body: { __type: "com.amazonaws.dynamodb.v20120810#TransactionConflictException", message: "" },
          }
        : undefined,
    );
    onTestFinished(() => proxy.close());
    const { engine } = bench.engine({
      client: testClient({ endpoint: proxy.endpoint }),
      timeout: 1234,
      sleep,
    });
    await engine.destroy(newId());
    expect(proxy.requests).toHaveLength(11);
    expect(waits).toHaveLength(10);
    expect(new Set(waits).size).toBeGreaterThan(1);
    expect(Math.max(...waits)).toBeLessThan(50);
  });
});
