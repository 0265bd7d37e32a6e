// One operation from its call to its one answer.
import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../../src/core/events.js";
import { Operation, OperationRunner } from "../../src/core/operation.js";
import { resolveOptions } from "../../src/core/options.js";
import { MOST_WAITING, Traffic } from "../../src/core/traffic.js";
import { holdPromise } from "../support/time.js";
import { unhandledDuring } from "../support/unhandled.js";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Operations whose deadlines come when a test says so. */
function runner() {
  const events: SessionEvent[] = [];
  const deadlines: (() => void)[] = [];
  const looks: (() => void)[] = [];
  let time = 1000;
  const options = resolveOptions({
    table: { name: "sessions" },
    timeout: 1234,
    now: () => time,
    sleep: (ms) => new Promise((resolve) => (ms === 1234 ? deadlines : looks).push(resolve)),
    onEvent: (event) => events.push(event),
  });
  const traffic = new Traffic(500, true);
  const pass = (ms: number) => {
    time += ms;
  };
  return {
    operations: new OperationRunner(options, traffic),
    options,
    traffic,
    events,
    deadlines,
    looks,
    pass,
  };
}

const ID = "0123456789abcdef";

describe("an operation", () => {
  it("is known by its name, the beginning of its session's id and when it began", async () => {
    const { operations } = runner();
    const seen: unknown[] = [];
    const given = await operations.run("save", ID, async (operation) => {
      const { name, session, startedAt, capacityUnits, keys, isOver } = operation;
      seen.push({ name, session, startedAt, capacityUnits, keys, isOver });
      return 5;
    });
    expect(given).toBe(5);
    expect(seen).toEqual([
      { name: "save", session: "0123…", startedAt: 1000, capacityUnits: 0, keys: 1, isOver: false },
    ]);
  });

  it("that fails is reported with how long it took, and rejects", async () => {
    const { operations, events, pass } = runner();
    const error = new Error("the network");
    const failing = operations.run("load", ID, async () => {
      pass(70);
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(events).toEqual([{ type: "error", operation: "load", session: "0123…", error, durationMs: 70 }]);
  });

  it("that fails may be answered in another way", async () => {
    const { operations, events } = runner();
    const error = new Error("the network");
    const failing = operations.run(
      "touch",
      ID,
      () => Promise.reject(error),
      (reason) => ({ outcome: "failed", reason }),
    );
    expect(await failing).toEqual({ outcome: "failed", reason: error });
    expect(events).toHaveLength(1);
  });

  it("that nobody looks at fails without an unhandled rejection", async () => {
    const { operations } = runner();
    const unhandled = await unhandledDuring(async () => {
      void operations.run("load", ID, () => Promise.reject(new Error("the network")));
      await nextTurn();
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  });

  it("ends at its deadline, whatever its work does then", async () => {
    const { operations, events, deadlines } = runner();
    const work = holdPromise<number>();
    const seen: Operation[] = [];
    const asked = operations.run("save", ID, (operation) => {
      seen.push(operation);
      return work.promise;
    });
    const [operation] = seen;
    deadlines[0]?.();
    await expect(asked).rejects.toMatchObject({
      code: "ERR_SESSION_TIMEOUT",
      message:
        'save on the table "sessions" did not end within 1234 ms (option timeout); what was sent may still take effect',
    });
    expect(operation?.isOver).toBe(true);
    expect(() => operation?.throwIfOver()).toThrow(expect.objectContaining({ name: "AbortError" }));
    work.resolve(5);
    await nextTurn();
    expect(events).toHaveLength(1);
  });

  it("is over when its work has ended, well or not: its deadline does not come any more", async () => {
    const { operations, events, deadlines } = runner();
    const seen: Operation[] = [];
    const note = (work: Promise<number>) => (operation: Operation) => {
      seen.push(operation);
      return work;
    };
    await operations.run("load", ID, note(Promise.resolve(5)));
    await operations.run("load", ID, note(Promise.reject(new Error("the network")))).catch(() => {});
    expect(seen.map(({ isOver }) => isOver)).toEqual([true, true]);
    for (const reach of deadlines) reach();
    await nextTurn();
    expect(events).toHaveLength(1);
  });

  it("tells those who asked that it is over, once, in the order of asking, and those who ask later at once", () => {
    const operation = new Operation("load", "0123…", 0);
    const told: string[] = [];
    const { signal } = operation;
    expect(signal.aborted).toBe(false);
    expect(operation.signal).toBe(signal);
    signal.addEventListener("abort", () => told.push("signal"));
    operation.afterwards(() => told.push("first"));
    operation.afterwards(() => told.push("second"));
    operation.throwIfOver();
    operation.end();
    operation.end();
    expect(told).toEqual(["signal", "first", "second"]);
    expect(signal.reason).toMatchObject({ name: "AbortError", message: "the operation has been answered" });
    const late = new Operation("load", "0123…", 0);
    late.end();
    expect(late.signal.aborted).toBe(true);
    expect(late.signal.reason).toBe(signal.reason);
  });

  it("waits for its table until it is answered", async () => {
    const { operations, traffic } = runner();
    const work = holdPromise<number>();
    const all = Array.from({ length: MOST_WAITING }, () => operations.run("load", ID, () => work.promise));
    let looks = 0;
    const look = async () => {
      looks += 1;
      await new Promise(() => {});
    };
    work.reject(new Error("the network"));
    await Promise.allSettled(all);
    traffic.isJammed(look);
    expect(looks).toBe(0);
    for (let i = 0; i < MOST_WAITING; i++) operations.run("load", ID, () => new Promise(() => {}));
    traffic.isJammed(look);
    expect(looks).toBe(1);
  });

  it("is not begun on a table that a hundred wait for in vain", async () => {
    const { operations, looks } = runner();
    for (let i = 0; i <= MOST_WAITING; i++) operations.run("load", ID, () => new Promise(() => {}));
    for (let look = 0; look < 4; look++) {
      looks[look]?.();
      await nextTurn();
    }
    await expect(operations.run("save", ID, async () => 5)).rejects.toMatchObject({
      code: "ERR_SESSION_UNAVAILABLE",
      message:
        'save on the table "sessions" was not tried: 100 operations wait, and the table has answered nothing since; see that the network and the endpoint are there',
    });
  });
});

describe("after the end", () => {
  const closed = {
    code: "ERR_SESSION_CLOSED",
    message: "the session store was closed; make a new one to go on",
  };

  it("no operation begins, also with other options, and what had begun is waited for", async () => {
    const { operations, options, traffic, events } = runner();
    const work = holdPromise<number>();
    const asked = operations.run("load", ID, () => work.promise);
    let isClosed = false;
    const closing = traffic.close().then(() => {
      isClosed = true;
    });
    for (const one of [operations, operations.withOptions(options)]) {
      await expect(one.run("save", ID, async () => 5)).rejects.toMatchObject(closed);
    }
    expect(events).toMatchObject([{ type: "error", error: closed }, { type: "error" }]);
    expect(isClosed).toBe(false);
    work.resolve(5);
    expect(await asked).toBe(5);
    await closing;
  });

  it("what counts as one goes on, and begins no more once it was closed", async () => {
    const { operations, options, traffic } = runner();
    const step = holdPromise<void>();
    const whole = operations.asOne(async (one) => {
      const first = await one.run("load", ID, async () => 1);
      await step.promise;
      return [
        first,
        await one.run("save", ID, async () => 2),
        await one.withOptions(options).run("save", ID, async () => 3),
      ];
    });
    await nextTurn();
    const closing = traffic.close();
    step.resolve();
    expect(await whole).toEqual([1, 2, 3]);
    await closing;
    await expect(operations.asOne((one) => one.run("save", ID, async () => 2))).rejects.toMatchObject(closed);
  });
});
