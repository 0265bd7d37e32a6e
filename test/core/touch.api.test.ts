// No write that says nothing: what a touch costs, when it is sent, and what it does not break.
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { hang, startFaultProxy, throttled } from "../support/fault-proxy.js";
import { putRow, testClient } from "../support/tables.js";
import { holdDeadlines, makeSignal } from "../support/time.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

async function loadedSession(options: Parameters<Bench["engine"]>[0] = {}) {
  const made = bench.engine(options);
  const id = newId();
  await made.engine.save(id, { n: 1 });
  const load = async () => {
    const session = await made.engine.load(id);
    if (!session) throw new Error("not loaded");
    return session;
  };
  const session = await load();
  made.actions();
  return { ...made, id, session, load };
}

describe("a touch", () => {
  it("moves the expiry to the millisecond, and neither data nor revision", async () => {
    const { engine, clock, id, session } = await loadedSession({ ttl: 100_000 });
    const before = await bench.row(id);
    clock.pass(30_000);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(await bench.row(id)).toEqual({
      ...before,
      until: { N: String(clock.time + 100_000) },
      expires: { N: String(Math.ceil((clock.time + 100_000) / 1000)) },
      updated: { N: String(clock.time) },
    });
  });

  it("is sent at most once in touchInterval, for one request after another", async () => {
    const { engine, clock, load, actions } = await loadedSession();
    const outcomes: string[] = [];
    for (let request = 0; request < 7; request++) {
      outcomes.push((await engine.touch(await load())).outcome);
      clock.pass(10_000);
    }
    expect(outcomes).toEqual([
      "throttled",
      "throttled",
      "throttled",
      "touched",
      "throttled",
      "throttled",
      "touched",
    ]);
    expect(actions().filter((action) => action === "UpdateItem")).toHaveLength(2);
  });

  it("is sent once for six requests that come together", async () => {
    const { engine, clock, load, actions } = await loadedSession();
    clock.pass(30_000);
    const sessions = await Promise.all(Array.from({ length: 6 }, load));
    actions();
    const results = await Promise.all(sessions.map((session) => engine.touch(session)));
    expect(results).toEqual(Array(6).fill({ outcome: "touched" }));
    expect(actions()).toEqual(["UpdateItem"]);
  });

  it("is sent once for six requests that loaded together and end one after another", async () => {
    const { engine, clock, load, actions } = await loadedSession();
    clock.pass(30_000);
    const sessions = await Promise.all(Array.from({ length: 6 }, load));
    actions();
    for (const session of sessions) await engine.touch(session);
    expect(actions()).toEqual(["UpdateItem"]);
  });

  it("is sent on every request with touchInterval 0", async () => {
    const { engine, clock, load, actions } = await loadedSession({ touchInterval: 0 });
    for (let request = 0; request < 3; request++) {
      clock.pass(1);
      expect(await engine.touch(await load())).toEqual({ outcome: "touched" });
    }
    expect(actions().filter((action) => action === "UpdateItem")).toHaveLength(3);
  });

  it("is never throttled for longer than half of the session's life, so that an active one does not end", async () => {
    const { engine, clock, load, id } = await loadedSession({ ttl: 10_000 });
    for (let request = 0; request < 20; request++) {
      clock.pass(5000);
      expect(await engine.touch(await load())).toEqual({ outcome: "touched" });
    }
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + 10_000) });
  });

  it("does not undo a later one: it is dropped when the row was renewed meanwhile", async () => {
    const { engine, clock, session, id } = await loadedSession();
    const other = bench.engine();
    other.clock.pass(40_000);
    clock.pass(30_000);
    const seen = await other.engine.load(id);
    if (!seen) throw new Error("not loaded");
    expect(await other.engine.touch(seen)).toEqual({ outcome: "touched" });
    const row = await bench.row(id);
    expect(await engine.touch(session)).toEqual({ outcome: "throttled" });
    expect(await bench.row(id)).toEqual(row);
  });

  it("is dropped when the data was written meanwhile, which has renewed the session", async () => {
    const { engine, clock, session, id } = await loadedSession();
    const other = bench.engine();
    other.clock.pass(25_000);
    await other.engine.update(id, () => ({ n: 2 }));
    const row = await bench.row(id);
    clock.pass(30_000);
    expect(await engine.touch(session)).toEqual({ outcome: "throttled" });
    expect(await bench.row(id)).toEqual(row);
  });

  it("is sent again when what was written meanwhile was long ago", async () => {
    const { engine, clock, session, id } = await loadedSession({ ttl: 100_000 });
    const other = bench.engine({ ttl: 100_000 });
    other.clock.pass(1000);
    await other.engine.update(id, () => ({ n: 2 }));
    clock.pass(90_000);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + 100_000) });
    expect((await bench.row(id))?.sess).toEqual({ S: '{"n":2}' });
  });

  it("is not throttled for longer than half of the life that the row has, when it is to have a longer one", async () => {
    const { engine, clock, id } = await loadedSession({ ttl: 10_000 });
    const deployed = bench.engine({ ttl: 86_400_000, now: clock.now });
    for (let second = 0; second < 12; second++) {
      clock.pass(1000);
      expect(await engine.load(id)).toBeDefined();
      await deployed.engine.touch(id);
    }
    expect(deployed.actions().filter((action) => action === "UpdateItem")).toHaveLength(1);
  });

  it("is sent once over a clock that cannot be believed", async () => {
    const { engine, clock, id, actions } = await loadedSession({ ttl: 60_000 });
    const row = { ...(await bench.row(id)), updated: { N: String(clock.time + 70_000) } };
    await putRow(bench.client, bench.table, row);
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    clock.pass(1000);
    actions();
    const other = bench.engine({ ttl: 60_000, now: clock.now });
    expect(await other.engine.touch(id)).toEqual({ outcome: "touched" });
    expect(other.actions()).toEqual(["GetItem", "UpdateItem"]);
    expect((await bench.row(id))?.updated).toEqual({ N: String(clock.time) });
  });

  it("of an id reads the row first", async () => {
    const { engine, clock, id, actions } = await loadedSession();
    clock.pass(30_000);
    expect(await engine.touch(id)).toEqual({ outcome: "touched" });
    expect(actions()).toEqual(["GetItem", "UpdateItem"]);
    expect(await engine.touch(newId())).toEqual({ outcome: "gone" });
  });

  it("of a session that was never saved finds none, and leaves it to be saved", async () => {
    const { engine } = bench.engine();
    const session = engine.create(newId());
    expect(await engine.touch(session)).toEqual({ outcome: "gone" });
    expect(await engine.save(session, { n: 1 })).toEqual({ outcome: "saved" });
    expect((await engine.load(session.id))?.data).toEqual({ n: 1 });
  });

  it("of a session that a slow request holds looks whether it was renewed, before it is called gone", async () => {
    const { engine, clock, session, load } = await loadedSession({ ttl: 10_000 });
    clock.pass(5000);
    expect(await engine.touch(await load())).toEqual({ outcome: "touched" });
    clock.pass(6000);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
  });

  it("whose answer took longer than the life that it gave is no end: others may have renewed the session since", async () => {
    const { engine, clock, id, session, sent } = await loadedSession({ ttl: 10_000 });
    clock.pass(5000);
    const other = bench.engine({ ttl: 60_000, now: clock.now });
    sent.afterNext("UpdateItem", async () => {
      clock.pass(9000);
      await other.engine.touch(id);
      clock.pass(2000);
    });
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
  });

  it("with touchInterval 0 joins none that was sent before, so that the session ends when it should", async () => {
    const { engine, clock, id, session, load, sent } = await loadedSession({
      ttl: 100_000,
      touchInterval: 0,
    });
    clock.pass(10);
    const [isSent, isReleased] = [makeSignal(), makeSignal()];
    sent.beforeNext("UpdateItem", () => {
      isSent.give();
      return isReleased.given;
    });
    const early = engine.touch(session);
    await isSent.given;
    clock.pass(9);
    const later = await engine.touch(await load());
    isReleased.give();
    expect([await early, later]).toEqual([{ outcome: "throttled" }, { outcome: "touched" }]);
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + 100_000) });
  });

  it("is not sent by those who waited for one that met its deadline, where a save has renewed the session by then", async () => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    const { options, deadlines } = holdDeadlines();
    const { engine, clock, load } = await loadedSession({ client, ...options });
    clock.pass(30_000);
    const [first, second, third] = await Promise.all([load(), load(), load()]);
    const isSent = makeSignal();
    proxy.decide = (action) => {
      if (action !== "UpdateItem") return undefined;
      isSent.give();
      proxy.decide = () => undefined;
      return hang;
    };
    deadlines.length = 0;
    proxy.requests.length = 0;
    const sender = engine.touch(first);
    const waiting = engine.touch(second);
    await isSent.given;
    await engine.save(third, { n: 2 });
    deadlines[0]?.();
    expect(await sender).toMatchObject({ outcome: "failed" });
    expect(await waiting).toEqual({ outcome: "throttled" });
    expect(proxy.requests).toEqual(["UpdateItem", "UpdateItem"]);
  });

  it.each([
    { name: "DynamoDB throttles", answer: throttled(), code: "ERR_SESSION_THROTTLED" },
    { name: "DynamoDB gives no answer", answer: hang, code: "ERR_SESSION_TIMEOUT" },
  ])("that fails since $name fails no one: it is told and reported", async ({ answer, code }) => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
    const { engine, clock, session, events } = await loadedSession({ client, timeout: 1000 });
    clock.pass(30_000);
    proxy.decide = (action) => (action === "UpdateItem" ? answer : undefined);
    const failed = { outcome: "failed", error: expect.objectContaining({ code }) };
    expect(await engine.touch(session)).toEqual(failed);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "error",
        operation: "touch",
        error: expect.objectContaining({ code }),
      }),
    );
    // A save of data that did not change is a touch, and fails as little; and so does an update.
    expect(await engine.save(session, { n: 1 })).toEqual({ outcome: "saved" });
    expect(await engine.update(session, () => {})).toMatchObject({ outcome: "saved", data: { n: 1 } });
    await expect(engine.save(session, { n: 2 })).rejects.toMatchObject({ code });
  });
});

describe("a save of data that did not change", () => {
  it("is a touch, and throttled", async () => {
    const { engine, clock, session, actions, events } = await loadedSession();
    expect(await engine.save(session, { n: 1 })).toEqual({ outcome: "saved" });
    expect(actions()).toEqual([]);
    clock.pass(30_000);
    expect(await engine.save(session, { n: 1 })).toEqual({ outcome: "saved" });
    expect(actions()).toEqual(["UpdateItem"]);
    expect(events.filter((event) => event.type === "save")).toHaveLength(1);
    expect(events.filter((event) => event.type === "throttle")).toHaveLength(1);
  });

  it("also when its fields come in another order", async () => {
    const { engine, actions } = bench.engine();
    const id = newId();
    await engine.save(id, { a: 1, b: { c: 2, d: [3, { e: 4 }] } });
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    actions();
    expect(await engine.save(session, { b: { d: [3, { e: 4 }], c: 2 }, a: 1 })).toEqual({ outcome: "saved" });
    expect(actions()).toEqual([]);
    expect(await engine.save(session, { b: { d: [{ e: 4 }, 3], c: 2 }, a: 1 })).toEqual({ outcome: "saved" });
    expect(actions()).toEqual(["UpdateItem"]);
  });

  it("after one that changed it counts from that", async () => {
    const { engine, session, actions } = await loadedSession();
    await engine.save(session, { n: 2 });
    await engine.save(session, { n: 2 });
    await engine.save(session, { n: 1 });
    expect(actions()).toEqual(["UpdateItem", "UpdateItem"]);
  });
});

describe("how long a session lives", () => {
  it.each([
    { ttl: 5000, maxAge: 60_000, lives: 5000, why: "ttl wins over maxAge" },
    { ttl: undefined, maxAge: 60_000, lives: 60_000, why: "maxAge alone" },
    { ttl: undefined, maxAge: undefined, lives: 86_400_000, why: "one day when nobody says" },
    {
      ttl: (data: { n?: unknown }) => Number(data.n) * 1000,
      maxAge: 1,
      lives: 7000,
      why: "ttl as a function of the data",
    },
  ])("$why", async ({ ttl, maxAge, lives }) => {
    const { engine, clock } = bench.engine({ ttl });
    const id = newId();
    await engine.save(id, { n: 7 }, { maxAge });
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + lives) });
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    clock.pass(Math.min(lives - 1, 30_000));
    await engine.touch(session, { maxAge });
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + lives) });
  });

  it.each<{ gives: string; ttl: () => unknown }>([
    { gives: "NaN", ttl: () => Number.NaN },
    { gives: "-1", ttl: () => -1 },
    { gives: "0", ttl: () => 0 },
    { gives: "0.5", ttl: () => 0.5 },
    { gives: "too much", ttl: () => 1e15 },
    { gives: "Infinity", ttl: () => Number.POSITIVE_INFINITY },
    { gives: "a string", ttl: () => "1000" },
    { gives: "a promise", ttl: () => Promise.reject(new Error("late")) },
  ])("a function that gives $gives is an error, and nothing is written", async ({ ttl }) => {
    // @ts-expect-error what a caller in JavaScript may give
    const { engine, actions } = bench.engine({ ttl });
    await expect(engine.save(newId(), { n: 1 })).rejects.toMatchObject({
      code: "ERR_SESSION_OPTIONS",
      message: expect.stringContaining("ttl"),
    });
    expect(actions()).toEqual([]);
  });
});
