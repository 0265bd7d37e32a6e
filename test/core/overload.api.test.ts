// A table that is down does not gather all requests of an application behind it: a hundred wait, and find out when it is
// back; the others are told at once. Where answers come, however slowly, everybody waits.
import { afterEach, beforeAll, beforeEach, expect, inject, it } from "vitest";
import { type Bench, makeBench, newId, type TestEngine } from "../support/engines.js";
import { type FaultProxy, hang, startFaultProxy } from "../support/fault-proxy.js";
import { testClient } from "../support/tables.js";

const MOST_WAITING = 100;
// Silence is two attempts' time, and looked at four times.
const TIMEOUT_MS = 1200;
const TICK_MS = 200;

let bench: Bench;
let proxy: FaultProxy;
beforeAll(async () => {
  bench = await makeBench();
});
beforeEach(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
});
afterEach(() => proxy.close());

const unavailable = { code: "ERR_SESSION_UNAVAILABLE" };

/** An engine whose deadlines and looks at the table come when a test says so. */
function heldEngine() {
  const deadlines: (() => void)[] = [];
  const ticks: (() => void)[] = [];
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (ms !== TIMEOUT_MS && ms !== TICK_MS) return resolve();
      signal?.addEventListener("abort", () => resolve());
      (ms === TIMEOUT_MS ? deadlines : ticks).push(resolve);
    });
  const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
  const test = bench.engine({ client, timeout: TIMEOUT_MS, sleep });
  const tick = async () => {
    await expect.poll(() => ticks.length).toBeGreaterThan(0);
    ticks.shift()?.();
    await nextTurn();
  };
  return { ...test, deadlines, ticks, tick };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function loads({ engine }: Pick<TestEngine, "engine">, count: number): Promise<unknown>[] {
  const asked = Array.from({ length: count }, () => engine.load(newId()));
  for (const one of asked) one.catch(() => {});
  return asked;
}

async function expectAllToEnd({ deadlines }: { deadlines: (() => void)[] }, waiting: Promise<unknown>[]) {
  for (const reach of deadlines) reach();
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
}

it("a hundred wait for a table that answers nothing, and the rest are told at once", async () => {
  proxy.decide = () => hang;
  const test = heldEngine();
  const waiting = loads(test, MOST_WAITING);
  // Nobody knows yet that it is down.
  waiting.push(...loads(test, 1));
  for (let look = 0; look < 4; look++) await test.tick();
  const before = test.deadlines.length;
  await expect(test.engine.load(newId())).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining(`table "${bench.table}"`),
  });
  await expect(test.engine.save(newId(), { n: 1 })).rejects.toMatchObject(unavailable);
  await expect(test.engine.destroy(newId())).rejects.toMatchObject(unavailable);
  expect(await test.engine.touch(newId())).toMatchObject({ outcome: "failed", error: unavailable });
  expect(test.deadlines).toHaveLength(before);
  await expectAllToEnd(test, waiting);
  // That it was down says nothing of those who come when nobody waits any more.
  const later = loads(test, MOST_WAITING + 2);
  await expectAllToEnd(test, later);
});

it("the first answer lets all of them in again", async () => {
  proxy.decide = () => hang;
  const test = heldEngine();
  const waiting = loads(test, MOST_WAITING + 1);
  for (let look = 0; look < 4; look++) await test.tick();
  await expect(test.engine.load(newId())).rejects.toMatchObject(unavailable);
  // Two gave up: one more may find out.
  for (const reach of test.deadlines.slice(0, 2)) reach();
  await Promise.allSettled(waiting.slice(0, 2));
  await nextTurn();
  proxy.decide = () => undefined;
  expect(await test.engine.load(newId())).toBeUndefined();
  expect(await Promise.all([test.engine.load(newId()), test.engine.load(newId())])).toEqual([
    undefined,
    undefined,
  ]);
  for (const reach of test.deadlines) reach();
  await Promise.allSettled(waiting);
});

it("a table that is slow, and answers some, turns nobody away", async () => {
  proxy.decide = () => hang;
  const test = heldEngine();
  const waiting = loads(test, MOST_WAITING);
  await expect.poll(() => proxy.requests).toHaveLength(1);
  for (let round = 0; round < 3; round++) {
    waiting.push(...loads(test, 1));
    await expect.poll(() => proxy.requests).toHaveLength(2 + 2 * round);
    for (let look = 0; look < 3; look++) await test.tick();
    proxy.decide = () => undefined;
    expect(await test.engine.load(newId())).toBeUndefined();
    proxy.decide = () => hang;
    await test.tick();
  }
  waiting.push(...loads(test, 1));
  expect(test.deadlines.length).toBeGreaterThan(MOST_WAITING);
  await expectAllToEnd(test, waiting);
});

it("fewer than a hundred wait without being looked at", async () => {
  proxy.decide = () => hang;
  const test = heldEngine();
  const waiting = loads(test, MOST_WAITING);
  await nextTurn();
  expect(test.ticks).toHaveLength(0);
  await expectAllToEnd(test, waiting);
});

it("a save of what did not change survives that it is not even tried, as a touch does", async () => {
  const test = heldEngine();
  const session = test.engine.create(newId());
  await test.engine.save(session, { n: 1 });
  proxy.decide = () => hang;
  const waiting = loads(test, MOST_WAITING + 1);
  for (let look = 0; look < 4; look++) await test.tick();
  expect(await test.engine.save(session, { n: 1 })).toEqual({ outcome: "saved" });
  expect(test.events.at(-1)).toMatchObject({ type: "error", operation: "save", error: unavailable });
  await expect(test.engine.save(session, { n: 2 })).rejects.toMatchObject(unavailable);
  await expect(test.engine.save(newId(), { n: 1 })).rejects.toMatchObject(unavailable);
  await expectAllToEnd(test, waiting);
});

it("changes that take their time wait for the application, and are not counted as waiting for the table", async () => {
  const test = heldEngine();
  const id = newId();
  await test.engine.save(test.engine.create(id), { n: 0 });
  const begun: (() => void)[] = [];
  const updates = Array.from({ length: MOST_WAITING }, () =>
    test.engine.update(id, async (data) => {
      await new Promise<void>((resolve) => begun.push(resolve));
      return data;
    }),
  );
  await expect.poll(() => begun.length).toBe(MOST_WAITING);
  proxy.decide = () => hang;
  const waiting = loads(test, MOST_WAITING);
  await nextTurn();
  expect(test.ticks).toHaveLength(0);
  proxy.decide = () => undefined;
  for (const go of begun) go();
  await Promise.all(updates);
  await expectAllToEnd(test, waiting);
});

it("what is one for closing, and holds operations, is not counted beside them", async () => {
  proxy.decide = () => hang;
  const test = heldEngine();
  // A promise of its own, not the load's: what is followed twice is one.
  const waiting = Array.from({ length: MOST_WAITING / 2 + 1 }, () =>
    test.engine.asOne(async (engine) => engine.load(newId())),
  );
  for (const one of waiting) one.catch(() => {});
  waiting.push(test.engine.load(newId()));
  await nextTurn();
  expect(test.ticks).toHaveLength(0);
  await expectAllToEnd(test, waiting);
});
