// Whether a touch is due, and what a process remembers of touches.
import { describe, expect, it, vi } from "vitest";
import type { StorageKey } from "../../src/core/keys.js";
import { isStorageKey } from "../../src/core/keys.js";
import type { SessionRow } from "../../src/core/record.js";
import { isTouchDue, RecentTouches, type Touch, type TouchOutcome } from "../../src/core/touches.js";

const keys = { hashKey: "pk", sortKey: "sk", hashPrefix: "", hashIds: false };
const place = { tableName: "sessions", keys, absoluteTtl: undefined };

function key(id: string): StorageKey {
  if (!isStorageKey(id, keys)) throw new Error(`no key: ${id}`);
  return id;
}

const LIFETIME = 100_000;

function row(id: string, gen: string | undefined, updated: number | undefined): SessionRow {
  const until = (updated ?? 0) + LIFETIME;
  const numbers = { rev: 1, until, expires: Math.ceil(until / 1000), created: 0 };
  const item = { sess: { S: "{}" } };
  const nobodys = { place, ownership: undefined };
  return { key: key(id), text: "{}", gen, writes: [], updated, item, ...nobodys, ...numbers };
}

describe("whether a touch is due", () => {
  const day = 86_400_000;
  it.each([
    {
      last: [0, day],
      now: 29_999,
      interval: 30_000,
      lifetime: day,
      due: false,
      why: "not within the interval",
    },
    { last: [0, day], now: 30_000, interval: 30_000, lifetime: day, due: true, why: "after the interval" },
    {
      last: [0, 2000],
      now: 999,
      interval: 30_000,
      lifetime: 2000,
      due: false,
      why: "not before half of a life",
    },
    {
      last: [0, 2000],
      now: 1000,
      interval: 30_000,
      lifetime: 2000,
      due: true,
      why: "never later than half of it",
    },
    {
      last: [0, 10_000],
      now: 4999,
      interval: 30_000,
      lifetime: day,
      due: false,
      why: "not before half of the old",
    },
    {
      last: [0, 10_000],
      now: 5000,
      interval: 30_000,
      lifetime: day,
      due: true,
      why: "nor later, for a longer one",
    },
    {
      last: [0, day],
      now: 500,
      interval: 30_000,
      lifetime: 1000,
      due: true,
      why: "nor later, for a shorter one",
    },
    {
      last: [0, 2000],
      now: 1,
      interval: 0,
      lifetime: 2000,
      due: true,
      why: "on every request with an interval of 0",
    },
    { last: [5, 2005], now: 5, interval: 0, lifetime: 2000, due: false, why: "not twice in one millisecond" },
    {
      last: [9, 2009],
      now: 5,
      interval: 0,
      lifetime: 2000,
      due: false,
      why: "not when another clock is ahead",
    },
    {
      last: [undefined, day],
      now: 5,
      interval: 30_000,
      lifetime: day,
      due: true,
      why: "when nobody wrote when",
    },
    {
      last: [9 * day, day],
      now: 5,
      interval: 30_000,
      lifetime: day,
      due: true,
      why: "when the clock is beyond the end",
    },
    {
      last: [day, day],
      now: day,
      interval: 30_000,
      lifetime: day,
      due: true,
      why: "when a session ends with its last move",
    },
    {
      last: [0, undefined],
      now: 5,
      interval: 30_000,
      lifetime: day,
      due: true,
      why: "when nobody wrote when the session ends",
    },
  ])("$why", ({ last: [updated, end], now, interval, lifetime, due }) => {
    expect(isTouchDue({ updated, end }, now, interval, lifetime)).toBe(due);
  });
});

describe("what is remembered of touches", () => {
  it("is of a touch that came after the row was read", () => {
    const touches = new RecentTouches(true);
    touches.remember(row("a", "g1", 500));
    expect(touches.lastMove(row("a", "g1", 100))).toMatchObject({ updated: 500, end: 500 + LIFETIME });
    expect(touches.lastMove(row("a", "g1", 900))).toMatchObject({ updated: 900, end: 900 + LIFETIME });
  });

  it("is less than what a row says of the same moment: another may have moved its end", () => {
    const touches = new RecentTouches(true);
    touches.remember(row("a", "g1", 500));
    const shortened = { ...row("a", "g1", 500), until: undefined, expires: 7 };
    expect(touches.lastMove(shortened)).toEqual({ updated: 500, end: 7000 });
  });

  it("is not less than it was, where a row turns up that was read before", () => {
    const touches = new RecentTouches(true);
    touches.remember(row("a", "g1", 500));
    touches.remember(row("a", "g1", 300));
    expect(touches.lastMove(row("a", "g1", 100)).updated).toBe(500);
  });

  it("is what the row says where nothing else is known, also of another package's", () => {
    const touches = new RecentTouches(true);
    expect(touches.lastMove(row("a", undefined, 100))).toEqual({ updated: 100, end: 100 + LIFETIME });
  });

  it("is nothing of a session created anew under the same id", () => {
    const touches = new RecentTouches(true);
    touches.remember(row("a", "g1", 500));
    expect(touches.lastMove(row("a", "g2", 100)).updated).toBe(100);
  });

  it("is of the last ten thousand sessions", () => {
    const touches = new RecentTouches(true);
    for (let i = 0; i <= 10_000; i++) touches.remember(row(`s${i}`, "g", 500));
    expect(touches.lastMove(row("s0", "g", 100)).updated).toBe(100);
    expect(touches.lastMove(row("s1", "g", 100)).updated).toBe(500);
  });
});

describe("touches that come together", () => {
  function sender() {
    const answers: ((outcome: TouchOutcome) => void)[] = [];
    const failures: ((error: Error) => void)[] = [];
    const send = () =>
      new Promise<TouchOutcome>((resolve, reject) => {
        answers.push(resolve);
        failures.push(reject);
      });
    return { answers, failures, send };
  }

  function touchBy(
    send: () => Promise<TouchOutcome>,
    lifetimeMs = LIFETIME,
    touchInterval = 30_000,
    time = 1000,
  ): Touch {
    return {
      lifetimeMs,
      isDue: (last) => isTouchDue(last, time, touchInterval, lifetimeMs),
      send(moves) {
        moves({ updated: time, end: time + lifetimeMs });
        return send();
      },
    };
  }

  it("are sent as one, and the next one afterwards", async () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    const session = row("a", "g1", 100);
    const together = [1, 2, 3].map(() => touches.share(session, touchBy(send)));
    expect(answers).toHaveLength(1);
    answers[0]?.("touched");
    expect(await Promise.all(together)).toEqual(["touched", "touched", "touched"]);
    void touches.share(session, touchBy(send));
    expect(answers).toHaveLength(2);
  });

  it("are apart where they mean another lifetime or another session", () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    void touches.share(row("a", "g1", 100), touchBy(send));
    void touches.share(row("a", "g1", 100), touchBy(send, 2 * LIFETIME));
    void touches.share(row("a", "g2", 100), touchBy(send));
    void touches.share(row("b", "g1", 100), touchBy(send));
    expect(answers).toHaveLength(4);
  });

  it("are apart where a session was created anew under the same id", () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    void touches.share(row("a", "g1", 100), touchBy(send));
    void touches.share(row("a", "g2", 100), touchBy(send));
    expect(answers).toHaveLength(2);
  });

  it("mean another lifetime where that differs by a second", () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    void touches.share(row("a", "g1", 100), touchBy(send));
    void touches.share(row("a", "g1", 100), touchBy(send, LIFETIME + 999));
    expect(answers).toHaveLength(1);
    void touches.share(row("a", "g1", 100), touchBy(send, LIFETIME + 1000));
    expect(answers).toHaveLength(2);
  });

  it("are shared while they last, though one of another lifetime ends before", async () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    const session = row("a", "g1", 100);
    const short = touches.share(session, touchBy(send));
    void touches.share(session, touchBy(send, 2 * LIFETIME));
    answers[0]?.("touched");
    await short;
    void touches.share(session, touchBy(send, 2 * LIFETIME));
    expect(answers).toHaveLength(2);
  });

  it("share the one that was sent last, also where that is sent for the second time", () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    const session = row("a", "g1", 100);
    let again = () => {};
    const repeated: Touch = {
      ...touchBy(send),
      send(moves) {
        again = () => moves({ updated: 1000, end: 1000 + LIFETIME });
        return send();
      },
    };
    void touches.share(session, repeated);
    void touches.share(session, touchBy(send, 2 * LIFETIME));
    again();
    void touches.share(session, touchBy(send));
    expect(answers).toHaveLength(2);
  });

  it("do not end with the deadline of the one that was sent, but share its failure", async () => {
    const touches = new RecentTouches(true);
    const { answers, failures, send } = sender();
    const session = row("a", "g1", 100);
    const first = touches.share(session, touchBy(send));
    const others = [touches.share(session, touchBy(send)), touches.share(session, touchBy(send))];
    failures[0]?.(new DOMException("the first one's deadline", "AbortError"));
    await expect(first).rejects.toThrow("deadline");
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    failures[1]?.(new Error("throttled"));
    for (const other of others) await expect(other).rejects.toThrow("throttled");
    expect(answers).toHaveLength(2);
    void touches.share(session, touchBy(send));
    expect(answers).toHaveLength(3);
  });

  it("are sent again where another is due by then: at once, and not in the same millisecond, with an interval of 0", () => {
    const touches = new RecentTouches(true);
    const { answers, send } = sender();
    const session = row("a", "g1", 100);
    let time = 1000;
    for (const passed of [0, 0, 1, 0, 5]) {
      time += passed;
      void touches.share(session, touchBy(send, LIFETIME, 0, time));
    }
    expect(answers).toHaveLength(3);
  });

  it("are sent each for itself where the runtime binds I/O to a request", () => {
    const touches = new RecentTouches(false);
    const { answers, send } = sender();
    void touches.share(row("a", "g1", 100), touchBy(send));
    void touches.share(row("a", "g1", 100), touchBy(send));
    expect(answers).toHaveLength(2);
  });
});
