// Waiting that is called off, and deadlines.
import { describe, expect, it } from "vitest";
import { deadline, sleep } from "../../src/core/waiting.js";
import { holdPromise } from "../support/time.js";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const AGES = 600_000;

describe("waiting", () => {
  it("ends when it is called off, also before it began", async () => {
    const stop = new AbortController();
    const waits = sleep(AGES, stop.signal);
    stop.abort();
    expect(await waits).toBeUndefined();
    expect(await sleep(AGES, stop.signal)).toBeUndefined();
  });

  it("ends after its time, with a signal or without, and leaves nothing on the signal", async () => {
    const [added, removed]: [unknown[], unknown[]] = [[], []];
    const signal = Object.create(new AbortController().signal, {
      aborted: { value: false },
      addEventListener: { value: (...listener: unknown[]) => added.push(listener) },
      removeEventListener: { value: (...listener: unknown[]) => removed.push(listener) },
    });
    await sleep(1);
    await sleep(1, signal);
    expect(added).toEqual([["abort", expect.any(Function)]]);
    expect(removed).toEqual(added);
  });

  it("keeps no process alive once it was called off", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const stop = new AbortController();
    const before = timers();
    const waits = sleep(AGES, stop.signal);
    expect(timers()).toBe(before + 1);
    stop.abort();
    await waits;
    expect(timers()).toBe(before);
  });
});

describe("a deadline", () => {
  const open = { signal: new AbortController().signal };

  it("comes after its time", async () => {
    await new Promise<void>((resolve) => deadline(sleep, 1, open, resolve));
  });

  it("is called off without a trace", () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const callOff = deadline(sleep, AGES, open, () => {});
    expect(timers()).toBe(before + 1);
    callOff();
    expect(timers()).toBe(before);
  });

  it("comes by the option `sleep`, which is given its time and told when nobody waits any more", async () => {
    const waits = holdPromise<void>();
    const given: unknown[] = [];
    let hasCome = false;
    const callOff = deadline(
      (...told) => {
        given.push(told);
        return waits.promise;
      },
      1234,
      open,
      () => {
        hasCome = true;
      },
    );
    expect(given).toEqual([[1234, open.signal]]);
    callOff();
    await nextTurn();
    expect(hasCome).toBe(false);
    waits.resolve();
    await nextTurn();
    expect(hasCome).toBe(true);
  });

  it("comes where the option `sleep` fails", async () => {
    await new Promise<void>((resolve) =>
      deadline(() => Promise.reject(new Error("the application's")), 1234, open, resolve),
    );
  });

  it("does not come for what is over", async () => {
    let hasCome = false;
    const over = { signal: AbortSignal.abort() };
    deadline(
      async () => {},
      1234,
      over,
      () => {
        hasCome = true;
      },
    );
    await nextTurn();
    expect(hasCome).toBe(false);
  });
});
