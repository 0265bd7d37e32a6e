// When a table that many wait for is held to be down, by ticks that a test makes.
import { describe, expect, it } from "vitest";
import { Operation } from "../../src/core/operation.js";
import { MOST_WAITING, Traffic } from "../../src/core/traffic.js";
import { holdPromise } from "../support/time.js";

const SILENCE_MS = 800;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Traffic on which so many wait, and the ticks by which it is watched. */
function traffic(waiting: number, requestsShare = true) {
  const table = new Traffic(SILENCE_MS, requestsShare);
  const operations = Array.from({ length: waiting }, (_, i) => new Operation("load", String(i), 0));
  for (const operation of operations) table.enter(operation);
  const ticks: { ms: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  const sleep = (ms: number) =>
    new Promise<void>((resolve, reject) => {
      ticks.push({ ms, resolve, reject });
    });
  const tick = async (times: number) => {
    for (let i = 0; i < times; i++) {
      ticks.at(-1)?.resolve();
      await nextTurn();
    }
  };
  return { table, operations, ticks, tick, isJammed: () => table.isJammed(sleep) };
}

describe("one more may wait", () => {
  it("where less than a hundred do, without a look at the table", () => {
    const { isJammed, ticks } = traffic(MOST_WAITING - 1);
    expect(MOST_WAITING).toBe(100);
    expect(isJammed()).toBe(false);
    expect(ticks).toEqual([]);
  });

  it("of a hundred and more until the table has answered nothing at four looks", async () => {
    const { isJammed, ticks, tick } = traffic(MOST_WAITING);
    expect(isJammed()).toBe(false);
    expect(isJammed()).toBe(false);
    expect(ticks).toMatchObject([{ ms: SILENCE_MS / 4 }]);
    await tick(3);
    expect(isJammed()).toBe(false);
    await tick(1);
    expect(ticks).toHaveLength(4);
    expect(isJammed()).toBe(true);
    expect(ticks).toHaveLength(4);
  });

  it("where an answer came between two looks; the next one begins anew", async () => {
    const { table, isJammed, ticks, tick } = traffic(MOST_WAITING);
    isJammed();
    await tick(3);
    table.answered();
    await tick(1);
    expect(isJammed()).toBe(false);
    expect(ticks).toHaveLength(5);
    await tick(4);
    expect(isJammed()).toBe(true);
  });

  it("where less than a hundred wait at a look", async () => {
    const { table, operations, isJammed, ticks, tick } = traffic(MOST_WAITING);
    isJammed();
    const [first] = operations;
    if (first) table.leave(first);
    await tick(1);
    expect(ticks).toHaveLength(1);
    if (first) table.enter(first);
    expect(isJammed()).toBe(false);
    expect(ticks).toHaveLength(2);
  });

  it("once the table has answered, or nobody waits any more", async () => {
    const one = traffic(MOST_WAITING);
    one.isJammed();
    await one.tick(4);
    one.table.answered();
    expect(one.isJammed()).toBe(false);
    const other = traffic(MOST_WAITING);
    other.isJammed();
    await other.tick(4);
    for (const operation of other.operations.slice(1)) other.table.leave(operation);
    for (const operation of other.operations) other.table.enter(operation);
    expect(other.isJammed()).toBe(true);
    for (const operation of other.operations) other.table.leave(operation);
    for (const operation of other.operations) other.table.enter(operation);
    expect(other.isJammed()).toBe(false);
  });

  it("where a look fails, until the next one", async () => {
    const { isJammed, ticks, tick } = traffic(MOST_WAITING);
    isJammed();
    ticks[0]?.reject(new Error("the option sleep"));
    await nextTurn();
    expect(isJammed()).toBe(false);
    await tick(4);
    expect(isJammed()).toBe(true);
  });

  it("always where requests share nothing", () => {
    const { isJammed, ticks } = traffic(MOST_WAITING, false);
    expect(isJammed()).toBe(false);
    expect(ticks).toEqual([]);
  });
});

describe("an operation", () => {
  it("does not wait for the table while it waits for the application", async () => {
    const { table, operations, isJammed, ticks } = traffic(MOST_WAITING);
    const { promise, resolve } = holdPromise<string>();
    const [first] = operations;
    if (!first) throw new Error("none");
    const outside = table.outside(first, promise);
    isJammed();
    expect(ticks).toEqual([]);
    resolve("the application's");
    expect(await outside).toBe("the application's");
    isJammed();
    expect(ticks).toHaveLength(1);
  });

  it("that is over by then waits no more", async () => {
    const { table, operations, isJammed, ticks } = traffic(MOST_WAITING);
    const [first] = operations;
    if (!first) throw new Error("none");
    const outside = table.outside(first, Promise.reject(new Error("the application's")));
    first.end();
    await expect(outside).rejects.toThrow("the application's");
    isJammed();
    expect(ticks).toEqual([]);
  });
});

it("the end comes when all that is on its way has settled, however it settles", async () => {
  const table = new Traffic(SILENCE_MS, true);
  expect(table.isClosed).toBe(false);
  const [one, other] = [holdPromise<number>(), holdPromise<number>()];
  expect(table.follow(one.promise)).toBe(one.promise);
  table.follow(other.promise);
  let isClosed = false;
  const closing = table.close().then(() => {
    isClosed = true;
  });
  expect(table.isClosed).toBe(true);
  one.reject(new Error("failed"));
  await nextTurn();
  expect(isClosed).toBe(false);
  other.resolve(1);
  await closing;
});
