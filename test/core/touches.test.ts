// Whether a touch is due, and what a process remembers of touches.
import { describe, expect, it } from "vitest";
import type { StorageKey } from "../../src/core/keys.js";
import { storageKeyOf } from "../../src/core/keys.js";
import type { SessionRow } from "../../src/core/record.js";
import { isTouchDue, RecentTouches } from "../../src/core/touches.js";

const layout = { hashKey: "pk", sortKey: "sk", hashPrefix: "" };

function key(id: string): StorageKey {
  const made = storageKeyOf(id, layout);
  if (made === undefined) throw new Error(`no key: ${id}`);
  return made;
}

function row(id: string, gen: string | undefined, updated: number | undefined): SessionRow {
  const numbers = { rev: 1, until: 0, expires: 0, created: 0 };
  return { key: key(id), text: "{}", gen, writes: [], updated, item: { sess: { S: "{}" } }, ...numbers };
}

describe("whether a touch is due", () => {
  it.each([
    {
      updated: 0,
      now: 29_999,
      interval: 30_000,
      lifetime: 86_400_000,
      due: false,
      why: "within the interval",
    },
    { updated: 0, now: 30_000, interval: 30_000, lifetime: 86_400_000, due: true, why: "after the interval" },
    {
      updated: 0,
      now: 999,
      interval: 30_000,
      lifetime: 2000,
      due: false,
      why: "before half of a short life",
    },
    {
      updated: 0,
      now: 1000,
      interval: 30_000,
      lifetime: 2000,
      due: true,
      why: "never later than half of its life",
    },
    {
      updated: 0,
      now: 1,
      interval: 0,
      lifetime: 2000,
      due: true,
      why: "an interval of 0 moves it on every request",
    },
    { updated: 5, now: 5, interval: 0, lifetime: 2000, due: false, why: "not twice in one millisecond" },
    { updated: 9, now: 5, interval: 0, lifetime: 2000, due: false, why: "another clock is ahead" },
    { updated: undefined, now: 5, interval: 30_000, lifetime: 2000, due: true, why: "nobody wrote when" },
  ])("$why", ({ updated, now, interval, lifetime, due }) => {
    expect(isTouchDue(updated, now, interval, lifetime)).toBe(due);
  });
});

describe("what is remembered of touches", () => {
  it("knows of a touch that came after the row was read", () => {
    const touches = new RecentTouches(true);
    touches.remember(row("a", "g1", 500));
    expect(touches.lastMoved(row("a", "g1", 100))).toBe(500);
    expect(touches.lastMoved(row("a", "g1", 900))).toBe(900);
  });

  it("says nothing of a session created anew under the same id", () => {
    const touches = new RecentTouches(true);
    touches.remember(row("a", "g1", 500));
    expect(touches.lastMoved(row("a", "g2", 100))).toBe(100);
  });

  it("forgets the oldest of more than ten thousand", () => {
    const touches = new RecentTouches(true);
    for (let i = 0; i <= 10_000; i++) touches.remember(row(`s${i}`, "g", 500));
    expect(touches.lastMoved(row("s0", "g", 100))).toBe(100);
    expect(touches.lastMoved(row("s1", "g", 100))).toBe(500);
  });

  it("sends one touch for those that come together, and the next one afterwards", async () => {
    const touches = new RecentTouches(true);
    let sent = 0;
    const send = async () => {
      sent += 1;
      return "touched" as const;
    };
    const session = row("a", "g1", 100);
    await Promise.all([
      touches.share(session, send),
      touches.share(session, send),
      touches.share(session, send),
    ]);
    expect(sent).toBe(1);
    await touches.share(session, send);
    expect(sent).toBe(2);
  });

  it("shares nothing where the runtime binds I/O to a request", async () => {
    const touches = new RecentTouches(false);
    let sent = 0;
    const send = async () => {
      sent += 1;
      return "touched" as const;
    };
    const session = row("a", "g1", 100);
    await Promise.all([touches.share(session, send), touches.share(session, send)]);
    expect(sent).toBe(2);
  });
});
