// The listener of the OpenTelemetry example, with OpenTelemetry's own SDK: what comes of a real store's work, and in
// whose span.
import { join } from "node:path";
import { context, type Meter, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { SessionStoreError } from "../../src/core/errors.js";
import type { SessionEvent, SessionEventListener } from "../../src/core/events.js";
import { type SessionEnv, session } from "../../src/hono/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { codeIn, readPage, rowsOf, sectionOf } from "../docs/pages.js";
import { ROOT } from "../packaging/consumer.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { makeStoreBench, sessionData } from "../support/express-apps.js";
import { denied, hang, startFaultProxy } from "../support/fault-proxy.js";
import { answer, SECRET, visitorOf } from "../support/hono-apps.js";
import { startApp } from "../support/koa-apps.js";
import { createTable, testClient } from "../support/tables.js";
import { Browser } from "./browser.js";
import { dynamoDbAt, makeProject } from "./project.js";

type MakeListener = (telemetry: { meter: Meter; tracer: Tracer; table: string }) => SessionEventListener;

const { sessionTelemetry }: { sessionTelemetry: MakeListener } = await import(
  join(ROOT, "examples", "opentelemetry", "telemetry.ts")
);

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
});
afterAll(() => {
  context.disable();
  bench?.client.destroy();
});

/** What a listener has emitted, in an SDK of its own. */
function listen(table = bench.table, sampler?: Sampler) {
  const spans = new InMemorySpanExporter();
  const tracing = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
    ...(sampler && { sampler }),
  });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const metering = new MeterProvider({ readers: [reader] });
  onTestFinished(() => metering.shutdown());
  const tracer = tracing.getTracer("tests");

  async function instruments() {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  }
  return {
    onEvent: sessionTelemetry({ meter: metering.getMeter("tests"), tracer, table }),
    tracer,
    instruments,
    spans: () => spans.getFinishedSpans(),
    /** What a counter has counted, or how much a histogram was told, by its attributes without the table's. */
    async values(name: string): Promise<[Record<string, unknown>, number][]> {
      const instrument = (await instruments()).find(({ descriptor }) => descriptor.name === name);
      return (instrument?.dataPoints ?? []).map(({ attributes, value }) => {
        const { "db.system.name": system, "db.collection.name": collection, ...rest } = attributes;
        expect([system, collection]).toEqual(["aws.dynamodb", table]);
        return [rest, typeof value === "number" ? value : "count" in value ? value.count : Number.NaN];
      });
    },
    /** Works as a request does: in a span of its own. Gives the span's id. */
    async request(work: () => Promise<unknown>): Promise<string> {
      return tracer.startActiveSpan("request", async (span) => {
        await work();
        span.end();
        return span.spanContext().spanId;
      });
    },
    /** The names of the spans that were made in a span. */
    within: (spanId: string) =>
      spans
        .getFinishedSpans()
        .filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId)
        .map(({ name }) => name.replace(` ${table}`, "")),
  };
}

describe("an operation", () => {
  it("is a span and a duration, by the names of OpenTelemetry's conventions", async () => {
    const heard = listen();
    const { engine } = bench.engine({ onEvent: heard.onEvent });
    const id = newId();
    await engine.save(engine.create(id), { user: "Ada" });
    await engine.load(id);
    await engine.load(newId());
    await engine.destroy(id);
    const common = {
      "db.system.name": "aws.dynamodb",
      "db.collection.name": bench.table,
      "session_store.session": `${id.slice(0, 4)}…`,
      "session_store.consumed_capacity": 1,
    };
    const found = { "session_store.found": true, "session_store.keys": 1 };
    expect(
      heard.spans().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status })),
    ).toEqual(
      [
        { operation: "save", own: { "session_store.attempts": 1 } },
        { operation: "load", own: found },
        {
          operation: "load",
          own: { ...found, "session_store.found": false, "session_store.session": expect.any(String) },
        },
        { operation: "destroy", own: {} },
      ].map(({ operation, own }) => ({
        name: `${operation} ${bench.table}`,
        kind: SpanKind.CLIENT,
        attributes: { ...common, "db.operation.name": operation, ...own },
        status: { code: SpanStatusCode.UNSET },
      })),
    );
    expect(await heard.values("db.client.operation.duration")).toEqual([
      [{ "db.operation.name": "save" }, 1],
      [{ "db.operation.name": "load" }, 2],
      [{ "db.operation.name": "destroy" }, 1],
    ]);
    expect(await heard.values("session_store.loads")).toEqual([
      [{ "session_store.found": true }, 1],
      [{ "session_store.found": false }, 1],
    ]);
  });

  it("has the duration that its event tells, in seconds, and a span that began so long ago", async () => {
    const heard = listen();
    const before = Date.now();
    heard.onEvent({ type: "touch", session: "abcd…", durationMs: 1_500, capacityUnits: 1 });
    const [span] = heard.spans();
    expect(span?.duration).toEqual([1, 500_000_000]);
    const [seconds = 0, nanoseconds = 0] = span?.endTime ?? [];
    expect(seconds * 1_000 + nanoseconds / 1e6).toBeGreaterThanOrEqual(before);
    expect(seconds * 1_000 + nanoseconds / 1e6).toBeLessThanOrEqual(Date.now());
    const [duration] = (await heard.instruments()).filter(
      ({ dataPointType }) => dataPointType === DataPointType.HISTOGRAM,
    );
    expect(duration?.descriptor).toMatchObject({ name: "db.client.operation.duration", unit: "s" });
    expect(duration?.dataPoints[0]?.value).toMatchObject({
      sum: 1.5,
      buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    });
  });

  it("that fails has the error's code as its type, and the error's message in the span", async () => {
    const heard = listen();
    const proxy = await startFaultProxy(inject("endpoint"), denied);
    onTestFinished(() => proxy.close());
    const client = testClient({ endpoint: proxy.endpoint });
    onTestFinished(() => client.destroy());
    const { engine } = bench.engine({ client, onEvent: heard.onEvent });
    const error = await engine.load(newId()).catch((error: unknown) => error);
    const failed = { "db.operation.name": "load", "error.type": "ERR_SESSION_ACCESS" };
    expect(heard.spans()[0]).toMatchObject({
      attributes: failed,
      status: { code: SpanStatusCode.ERROR, message: (error as Error).message },
    });
    expect(await heard.values("db.client.operation.duration")).toEqual([[failed, 1]]);
    expect(await heard.values("session_store.loads")).toEqual([]);
  });
});

describe("the metrics of a session store", () => {
  it("count writes that were made again, merges, and merges that left a change out", async () => {
    const heard = listen();
    const { engine } = bench.engine({ onEvent: heard.onEvent });
    const id = newId();
    await engine.save(engine.create(id), { cart: 1 });
    const [one, other, third] = [await engine.load(id), await engine.load(id), await engine.load(id)];
    if (!one || !other || !third) throw new Error("it was saved");
    await engine.save(one, { cart: 1, name: "Ada" });
    await engine.save(other, { cart: 2 });
    await engine.save(third, { cart: 3 });
    expect(await heard.values("session_store.merges")).toEqual([
      [{ "session_store.conflict": false }, 1],
      [{ "session_store.conflict": true }, 1],
    ]);
    const saves = heard.spans().filter(({ name }) => name.startsWith("save"));
    const attempts = saves.map(({ attributes }) => Number(attributes["session_store.attempts"]));
    const again = attempts.reduce((sum, each) => sum + each - 1, 0);
    expect(await heard.values("session_store.refused_writes")).toEqual([[{}, again]]);
    expect(again).toBeGreaterThan(0);
  });

  it("count touches that were not due, which are no operations of the database's", async () => {
    const heard = listen();
    const { engine } = bench.engine({ onEvent: heard.onEvent });
    const session = engine.create(newId());
    await engine.save(session, {});
    await engine.touch(session);
    expect(await heard.values("session_store.throttled_touches")).toEqual([[{}, 1]]);
    expect(heard.spans().map(({ name }) => name)).toEqual([`save ${bench.table}`]);
  });

  it("count rows that have expired, and operations that found their session gone", async () => {
    const heard = listen();
    const { engine, clock } = bench.engine({ onEvent: heard.onEvent });
    const session = engine.create(newId());
    await engine.save(session, {});
    clock.pass(365 * 24 * 60 * 60 * 1_000);
    await engine.touch(session);
    await engine.load(session.id);
    expect(await heard.values("session_store.gone")).toEqual([[{ "db.operation.name": "touch" }, 1]]);
    expect(await heard.values("session_store.expired_rows")).toEqual([
      [{ "session_store.removed": true }, 1],
    ]);
  });

  it("count each capacity unit that DynamoDB reported once, also of a save that merges", async () => {
    const heard = listen();
    const client = testClient();
    onTestFinished(() => client.destroy());
    let reported = 0;
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { ConsumedCapacity } = Object(answer.output);
        for (const { CapacityUnits } of [ConsumedCapacity ?? []].flat()) reported += CapacityUnits;
        return answer;
      },
      { step: "initialize" },
    );
    const { engine } = bench.engine({ client, onEvent: heard.onEvent });
    const ids = [newId(), newId(), newId()];
    await Promise.all(ids.map((id) => engine.save(engine.create(id), { padding: "x".repeat(5_000) })));
    await Promise.all(ids.map((id) => engine.load(id)));
    const [one, other] = [await engine.load(String(ids[0])), await engine.load(String(ids[0]))];
    if (!one || !other) throw new Error("it was saved");
    await engine.save(one, { ...one.data, a: 1 });
    await engine.save(other, { ...other.data, b: 1 });
    await engine.update(String(ids[1]), (data) => ({ ...data, c: 1 }));
    await engine.touch(String(ids[2]));
    await engine.destroy(String(ids[2]));
    const counted = await heard.values("session_store.consumed_capacity");
    expect(counted.reduce((sum, [, units]) => sum + units, 0)).toBeCloseTo(reported, 6);
    expect(counted.map(([attributes]) => attributes["db.operation.name"]).sort()).toEqual([
      "destroy",
      "load",
      "save",
      "touch",
    ]);
  });
});

describe("what a store does is within the span of the request that it does it for", () => {
  it("when requests come together, and their reads travel together", async () => {
    const heard = listen();
    const { engine, actions } = bench.engine({ onEvent: heard.onEvent });
    const sessions = ["Ada", "Grace", "Hedy"].map((user) => ({ session: engine.create(newId()), user }));
    const each = (work: (one: (typeof sessions)[number]) => Promise<unknown>) =>
      Promise.all(sessions.map((one) => heard.request(() => work(one))));
    const saving = await each(({ session, user }) => engine.save(session, { user }));
    actions();
    const loading = await each(({ session }) => engine.load(session.id));
    expect(actions()).toEqual(["BatchGetItem"]);
    const writing = await each(({ session }) => engine.update(session.id, () => ({ user: "" })));
    const leaving = await each(({ session }) => engine.destroy(session.id));
    for (const [requests, names] of [
      [saving, ["save"]],
      [loading, ["load"]],
      [writing, ["save"]],
      [leaving, ["destroy"]],
    ] as const) {
      expect(requests.map(heard.within)).toEqual([names, names, names]);
    }
  });

  it("when they wait for each other, write one session and meet the changes of the others", async () => {
    const heard = listen();
    const { engine } = bench.engine({ onEvent: heard.onEvent });
    const id = newId();
    await engine.save(engine.create(id), { visits: 0 });
    const requests = await Promise.all(
      ["a", "b", "c"].map((name) =>
        heard.request(async () => {
          const session = await engine.load(id);
          if (session) await engine.save(session, { ...session.data, [name]: true });
        }),
      ),
    );
    expect(requests.map(heard.within)).toEqual(requests.map(() => ["load", "save"]));
  });

  it("when their deadline comes", async () => {
    const heard = listen();
    const proxy = await startFaultProxy(inject("endpoint"), () => hang);
    onTestFinished(() => proxy.close());
    const client = testClient({ endpoint: proxy.endpoint });
    onTestFinished(() => client.destroy());
    const { engine } = bench.engine({ client, timeout: 20, onEvent: heard.onEvent });
    const requests = await Promise.all(
      [1, 2].map(() => heard.request(() => engine.load(newId()).catch(() => {}))),
    );
    expect(requests.map(heard.within)).toEqual([["load"], ["load"]]);
    const types = heard.spans().map(({ attributes }) => attributes["error.type"]);
    expect(types.filter(Boolean)).toEqual(["ERR_SESSION_TIMEOUT", "ERR_SESSION_TIMEOUT"]);
  });

  it("at the store of express-session, whose answer is a callback", async () => {
    const stores = await makeStoreBench();
    onTestFinished(() => stores.client.destroy());
    const heard = listen(stores.table);
    const { store } = stores.store({ onEvent: heard.onEvent });
    const id = newId();
    const done = (work: (callback: (error?: unknown) => void) => void) =>
      new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
    const request = await heard.request(async () => {
      await done((callback) => store.set(id, sessionData({ user: "Ada" }), callback));
      await done((callback) => store.get(id, callback));
      await done((callback) => store.destroy(id, callback));
    });
    expect(heard.within(request)).toEqual(["save", "load", "destroy"]);
  });

  it("in a Koa application", async () => {
    const heard = listen();
    const store = new KoaStore({
      table: { name: bench.table },
      client: bench.client,
      onEvent: heard.onEvent,
    });
    const requests: string[] = [];
    const app = await startApp({ store }, async (_, next) => {
      requests.push(await heard.request(next));
    });
    const visitor = app.visitor();
    await visitor.visit((ctx) => Object.assign(ctx.session, { user: "Ada" }));
    await visitor.visit((ctx) => ctx.session.user);
    expect(requests.map(heard.within)).toEqual([["save"], ["load"]]);
  });

  it("in a Hono application", async () => {
    const heard = listen();
    const requests: string[] = [];
    const app = new Hono<SessionEnv>();
    app.use(async (_, next) => {
      requests.push(await heard.request(next));
    });
    const { table, client } = bench;
    app.use(session({ table: { name: table }, client, secret: SECRET, onEvent: heard.onEvent }));
    app.get("/", answer);
    const visitor = visitorOf(app);
    await visitor.visit((c) => c.var.session.set("user", "Ada"));
    await visitor.visit((c) => c.var.session.get("user"));
    expect(requests.map(heard.within)).toEqual([["save"], ["load"]]);
  });
});

it("nothing of a session's data, and no whole id, is in a span or metric, whatever fails", async () => {
  const heard = listen();
  const { engine } = bench.engine({ onEvent: heard.onEvent });
  const SECRET_WORD = "known-to-the-visitor";
  const id = newId();
  await engine.save(engine.create(id), { [SECRET_WORD]: 0, other: SECRET_WORD });
  const [one, other] = [await engine.load(id), await engine.load(id)];
  if (!one || !other) throw new Error("it was saved");
  await engine.save(one, { ...one.data, [SECRET_WORD]: 1 });
  await engine.save(other, { ...other.data, [SECRET_WORD]: 2 });
  const threw = await engine
    .update(id, () => {
      throw new RangeError(SECRET_WORD);
    })
    .catch((error: unknown) => error);
  expect(threw).toBeInstanceOf(RangeError);
  await engine.update(id, () => Promise.reject(SECRET_WORD)).catch(() => {});
  await engine.destroy(id);

  const failed = heard.spans().filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed.map(({ attributes, status }) => [attributes["error.type"], status.message])).toEqual([
    ["RangeError", undefined],
    ["_OTHER", undefined],
  ]);
  expect(await heard.values("session_store.merges")).toEqual([[{ "session_store.conflict": true }, 1]]);
  const spans = heard
    .spans()
    .map(({ name, attributes, status, events }) => [name, attributes, status, events]);
  const all = JSON.stringify([spans, await heard.instruments()]);
  expect(all).toContain(id.slice(0, 4));
  expect(all).not.toContain(id.slice(0, 6));
  expect(all).not.toContain(SECRET_WORD);
});

describe("docs/observability.md", () => {
  const timed = { session: "Zm9v…", durationMs: 1, capacityUnits: 1 };
  const failure = new SessionStoreError("ERR_SESSION_TIMEOUT", "too late");
  // The compiler sees to it that no event is missing.
  const EVERY: { [T in SessionEvent["type"]]: Extract<SessionEvent, { type: T }> } = {
    load: { ...timed, type: "load", found: true, keys: 1 },
    save: { ...timed, type: "save", attempts: 2 },
    merge: { ...timed, type: "merge", paths: ["cart"] },
    touch: { ...timed, type: "touch" },
    throttle: { ...timed, type: "throttle" },
    destroy: { ...timed, type: "destroy" },
    expire: { ...timed, type: "expire", removed: true },
    gone: { ...timed, type: "gone", operation: "save" },
    error: { ...timed, type: "error", operation: "update", error: failure },
  };
  const COMMON = ["db.system.name", "db.collection.name"];

  it("has every metric in its table, with its unit, its attributes, and the events that it comes from", async () => {
    const told = new Map<string, { unit: string; attributes: Set<string>; events: string[] }>();
    for (const event of Object.values(EVERY)) {
      const heard = listen();
      heard.onEvent(event);
      for (const { descriptor, dataPoints } of await heard.instruments()) {
        const { name, unit } = descriptor;
        const metric = told.get(name) ?? { unit, attributes: new Set(), events: [] };
        const attributes = dataPoints.flatMap((point) => Object.keys(point.attributes));
        expect(attributes).toEqual(expect.arrayContaining(COMMON));
        for (const attribute of attributes) metric.attributes.add(attribute);
        metric.events.push(event.type);
        told.set(name, metric);
      }
    }
    const rows = rowsOf(sectionOf(await readPage("docs/observability.md"), "Metrics"));
    const sorted = (names: Iterable<string>) => [...names].sort();
    expect(
      rows.map(([name = "", kind = "", attributes = "", events = ""]) => [
        codeIn(name)[0],
        codeIn(kind)[0],
        sorted([...COMMON, ...codeIn(attributes)]),
        sorted(codeIn(events)),
      ]),
    ).toEqual(
      rows.map(([name = ""]) => {
        const metric = told.get(codeIn(name)[0] ?? "");
        return [
          codeIn(name)[0],
          metric?.unit,
          sorted(metric?.attributes ?? []),
          sorted(metric?.events ?? []),
        ];
      }),
    );
    expect(rows).toHaveLength(told.size);
  });

  it("has every attribute of spans that the histogram has not, and the operations that have it", async () => {
    const told: Record<string, string[]> = {};
    const heard = listen();
    for (const event of Object.values(EVERY)) heard.onEvent(event);
    for (const { attributes } of heard.spans()) {
      for (const name of Object.keys(attributes)) {
        const operation = attributes["error.type"] ? "error" : String(attributes["db.operation.name"]);
        if (name.startsWith("session_store.")) told[name] = [...(told[name] ?? []), operation];
      }
    }
    expect(heard.spans()).toHaveLength(5);
    const rows = rowsOf(sectionOf(await readPage("docs/observability.md"), "Spans"));
    const all = ["load", "save", "touch", "destroy", "error"];
    const documented = rows.flatMap(([names = "", of = ""]) =>
      codeIn(names).map((name) => [name, of === "all" ? all : codeIn(of)]),
    );
    expect(Object.fromEntries(documented)).toEqual(told);
  });
});

it("a request that is not sampled has no spans of the store, and is counted", async () => {
  const { NOT_RECORD, RECORD_AND_SAMPLED } = SamplingDecision;
  const root: Sampler = {
    shouldSample: (_, _trace, name) => ({ decision: name === "request" ? NOT_RECORD : RECORD_AND_SAMPLED }),
  };
  const heard = listen(bench.table, new ParentBasedSampler({ root }));
  const { engine } = bench.engine({ onEvent: heard.onEvent });
  await heard.request(() => engine.load(newId()));
  expect(heard.spans()).toEqual([]);
  expect(await heard.values("session_store.loads")).toEqual([[{ "session_store.found": false }, 1]]);
});

it("the server counts visits, and prints what its store did for each, in the visit's trace", async () => {
  const project = await makeProject();
  onTestFinished(() => project.remove());
  const { build = "", start = "" } = await project.commands("opentelemetry");
  await project.run("opentelemetry", build);
  const table = await createTable(bench.client);
  const env = { ...dynamoDbAt(inject("endpoint")), TABLE: table, SECRET: "s".repeat(32) };
  const server = await project.start("opentelemetry", start, env);
  onTestFinished(() => server.stop());
  const browser = new Browser(server.ready);
  expect((await browser.visit()).html).toBe("visit 1");
  expect((await browser.visit()).html).toBe("visit 2");
  const spans = () =>
    [...server.printed().matchAll(/traceId: '(\w+)'[\s\S]*?\n {2}name: '(.*)'/g)].map(([, trace, name]) => ({
      trace,
      name,
    }));
  await vi.waitFor(() => expect(spans().filter(({ name }) => name === "GET")).toHaveLength(2));
  const traces = [...new Set(spans().map(({ trace }) => trace))];
  const namesIn = (trace: unknown) => spans().flatMap((span) => (span.trace === trace ? [span.name] : []));
  expect(traces.map(namesIn)).toEqual([
    [`save ${table}`, "GET"],
    [`load ${table}`, `save ${table}`, "GET"],
  ]);
});
