// Who waits for whom within a process, by promises that a test holds in its hands.
import { describe, expect, it } from "vitest";
import type { StorageKey } from "../../src/core/keys.js";
import { isStorageKey } from "../../src/core/keys.js";
import { type Line, Turns } from "../../src/core/turns.js";
import { holdPromise } from "../support/time.js";

const keys = { hashKey: "pk", sortKey: "sk", hashPrefix: "", hashIds: false };

function key(id: string): StorageKey {
  if (!isStorageKey(id, keys)) throw new Error(`no key: ${id}`);
  return id;
}

/** Work that ends when a test says so, and tells when it began. */
function work() {
  const { promise, resolve, reject } = holdPromise<string>();
  const lines: Line<number>[] = [];
  return {
    lines,
    end: () => resolve("ended"),
    fail: () => reject(new Error("failed")),
    run: (line: Line<number>) => {
      lines.push(line);
      return promise;
    },
  };
}

const never = new AbortController().signal;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("work on one session", () => {
  it("begins at once where nobody is before it, and else after them, in the order of asking", async () => {
    const turns = new Turns<number>(true);
    const [first, second, third] = [work(), work(), work()];
    const asked = [first, second, third].map((one) => turns.take(key("a"), never, one.run));
    expect(first.lines).toHaveLength(1);
    await nextTurn();
    expect([second.lines, third.lines]).toEqual([[], []]);
    first.end();
    await nextTurn();
    expect([second.lines.length, third.lines.length]).toEqual([1, 0]);
    second.fail();
    await nextTurn();
    expect(third.lines).toHaveLength(1);
    third.end();
    expect(await Promise.allSettled(asked)).toMatchObject([
      { value: "ended" },
      { reason: { message: "failed" } },
      { value: "ended" },
    ]);
  });

  it("waits for whoever is before it, though others have ended by then", async () => {
    const turns = new Turns<number>(true);
    const [first, second, third] = [work(), work(), work()];
    void turns.take(key("a"), never, first.run);
    void turns.take(key("a"), never, second.run);
    first.end();
    await nextTurn();
    void turns.take(key("a"), never, third.run);
    await nextTurn();
    expect([second.lines.length, third.lines.length]).toEqual([1, 0]);
    second.end();
    await nextTurn();
    expect(third.lines).toHaveLength(1);
  });

  it("waits for none on another session", () => {
    const turns = new Turns<number>(true);
    const [one, other] = [work(), work()];
    void turns.take(key("a"), never, one.run);
    void turns.take(key("b"), never, other.run);
    expect(other.lines).toHaveLength(1);
  });

  it("gives up its turn when it is aborted, though it hangs", async () => {
    const turns = new Turns<number>(true);
    const [hanging, next] = [work(), work()];
    const stop = new AbortController();
    void turns.take(key("a"), stop.signal, hanging.run);
    void turns.take(key("a"), never, next.run);
    stop.abort();
    await nextTurn();
    expect(next.lines).toHaveLength(1);
  });

  it("is not begun when it was aborted while it waited, and holds up nobody", async () => {
    const turns = new Turns<number>(true);
    const [first, aborted, next] = [work(), work(), work()];
    const stop = new AbortController();
    void turns.take(key("a"), never, first.run);
    const given = turns.take(key("a"), stop.signal, aborted.run);
    void turns.take(key("a"), never, next.run);
    stop.abort();
    first.end();
    await expect(given).rejects.toMatchObject({ name: "AbortError" });
    await nextTurn();
    expect(aborted.lines).toEqual([]);
    expect(next.lines).toHaveLength(1);
  });

  it("waits for those before it though another in between was aborted", async () => {
    const turns = new Turns<number>(true);
    const [first, aborted, next] = [work(), work(), work()];
    const stop = new AbortController();
    void turns.take(key("a"), never, first.run);
    turns.take(key("a"), stop.signal, aborted.run).catch(() => {});
    void turns.take(key("a"), never, next.run);
    stop.abort();
    await nextTurn();
    expect(next.lines).toEqual([]);
    first.end();
    await nextTurn();
    expect(next.lines).toHaveLength(1);
  });

  it("leaves no listener on a signal that outlives it", async () => {
    const turns = new Turns<number>(true);
    const { signal } = new AbortController();
    const [added, removed]: [unknown[], unknown[]] = [[], []];
    const watched = Object.create(signal, {
      aborted: { value: false },
      throwIfAborted: { value: () => {} },
      addEventListener: { value: (...listener: unknown[]) => added.push(listener) },
      removeEventListener: { value: (...listener: unknown[]) => removed.push(listener) },
    });
    const only = work();
    const taken = turns.take(key("a"), watched, only.run);
    only.end();
    await taken;
    await nextTurn();
    expect(added).toHaveLength(1);
    expect(removed).toEqual(added);
  });

  it("can be waited for while it is on its way", async () => {
    const turns = new Turns<number>(true);
    const [first, second] = [work(), work()];
    expect(turns.pending(key("a"))).toBeUndefined();
    void turns.take(key("a"), never, first.run);
    void turns.take(key("a"), never, second.run);
    let hasEnded = false;
    const pending = turns.pending(key("a"));
    if (pending === undefined) throw new Error("nothing is on its way");
    const all = pending.then(() => {
      hasEnded = true;
    });
    first.end();
    await nextTurn();
    expect(hasEnded).toBe(false);
    second.end();
    await all;
    expect(turns.pending(key("a"))).toBeUndefined();
  });

  it("waits for nobody where requests share nothing", () => {
    const turns = new Turns<number>(false);
    const [one, other] = [work(), work()];
    void turns.take(key("a"), never, one.run);
    void turns.take(key("a"), never, other.run);
    expect(other.lines).toEqual([{}]);
    expect(turns.pending(key("a"))).toBeUndefined();
    turns.approach(key("a"))();
  });
});

describe("what one leaves in the line", () => {
  it("is there for who stands in it or comes to it, and forgotten when nobody does", async () => {
    const turns = new Turns<number>(true);
    const [first, second, approaching, last] = [work(), work(), work(), work()];
    void turns.take(key("a"), never, first.run);
    void turns.take(key("a"), never, second.run);
    const leave = turns.approach(key("a"));
    const [line] = first.lines;
    if (line) line.latest = 7;
    first.end();
    await nextTurn();
    expect(second.lines[0]?.latest).toBe(7);
    second.end();
    await nextTurn();
    expect(turns.pending(key("a"))).toBeUndefined();
    void turns.take(key("a"), never, approaching.run);
    expect(approaching.lines[0]?.latest).toBe(7);
    leave();
    approaching.end();
    await nextTurn();
    void turns.take(key("a"), never, last.run);
    expect(last.lines[0]?.latest).toBeUndefined();
    last.end();
  });

  it("is kept while work hangs on, for whoever comes behind it", async () => {
    const turns = new Turns<number>(true);
    const [first, second] = [work(), work()];
    void turns.take(key("a"), never, first.run);
    turns.approach(key("a"))();
    const [line] = first.lines;
    if (line) line.latest = 7;
    void turns.take(key("a"), never, second.run);
    first.end();
    await nextTurn();
    expect(second.lines[0]?.latest).toBe(7);
  });
});
