// The absolute limit: counted from the first write of a session, whatever moves its end, whoever began it.
import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow } from "../support/tables.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const HOUR = 3_600_000;

async function present<T>(found: Promise<T | undefined>): Promise<T> {
  const session = await found;
  if (session === undefined) throw new Error("there is no session");
  return session;
}

async function figures(id: string): Promise<{ until: number; expires: number; created: number }> {
  const row = await bench.row(id);
  return { until: Number(row?.until?.N), expires: Number(row?.expires?.N), created: Number(row?.created?.N) };
}

describe("absoluteTtl", () => {
  it.each([
    { what: "a longer ttl", options: { ttl: 9 * HOUR } },
    { what: "a function ttl", options: { ttl: () => 9 * HOUR } },
    { what: "the cookie", options: {}, cookie: { maxAge: 9 * HOUR } },
    { what: "a cookie that the row outlives", options: {}, cookie: { maxAge: HOUR, grace: HOUR } },
    { what: "the default", options: {} },
  ])("bounds what $what says, with the first write and each later one", async ({ options, cookie }) => {
    const { engine, clock } = bench.engine({ ...options, absoluteTtl: HOUR + 1, touchInterval: 0 });
    const id = newId();
    const ends = clock.time + HOUR + 1;
    const expected = { until: ends, expires: Math.ceil(ends / 1000), created: clock.time };
    const session = engine.create(id);
    await engine.save(session, { n: 1 }, cookie);
    expect(await figures(id)).toEqual(expected);
    clock.pass(HOUR / 2);
    await engine.save(session, { n: 2 }, cookie);
    await engine.update(id, () => ({ n: 3 }), cookie);
    expect(await figures(id)).toEqual(expected);
    clock.pass(HOUR / 2 + 1);
    expect(await engine.save(session, { n: 4 }, cookie)).toEqual({ outcome: "gone" });
    expect(await engine.touch(id, cookie)).toEqual({ outcome: "gone" });
    expect(await engine.update(id, () => ({ n: 4 }))).toEqual({ outcome: "gone" });
    expect(await engine.load(id)).toBeUndefined();
  });

  it("costs no touch once a session's end is its limit", async () => {
    const { engine, clock, actions } = bench.engine({ ttl: HOUR, absoluteTtl: 2 * HOUR, touchInterval: 0 });
    const session = engine.create(newId());
    await engine.save(session, { n: 1 });
    clock.pass(HOUR - 1);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    clock.pass(HOUR / 2);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    actions();
    clock.pass(1000);
    expect(await engine.touch(session)).toEqual({ outcome: "throttled" });
    expect(actions()).toEqual([]);
  });

  it("counts from the first write of ours where nobody wrote when a session began: a touch is one", async () => {
    const { engine, clock } = bench.engine({ ttl: HOUR, absoluteTtl: 2 * HOUR });
    const [id, S] = [newId(), "session-store#"];
    const key = { S: S + id };
    const seconds = String(Math.ceil((clock.time + HOUR) / 1000));
    // As 0.0.19 writes them.
    await putRow(bench.client, bench.table, {
      pk: key,
      sk: key,
      expires: { N: seconds },
      sess: { M: { n: { N: "1" }, updated: { N: String(clock.time) } } },
    });
    clock.pass(60_000);
    const began = clock.time;
    const session = await present(engine.load(id));
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect((await figures(id)).created).toBe(began);
    clock.pass(HOUR - 1);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect((await figures(id)).until).toBe(began + 2 * HOUR - 1);
    clock.pass(HOUR - 1);
    await engine.touch(session);
    expect((await figures(id)).until).toBe(began + 2 * HOUR);
    expect((await engine.load(id))?.data).toEqual({ n: 1 });
  });

  it("is not lifted by a request that keeps nothing alive", async () => {
    const old = bench.engine({ ttl: 9 * HOUR });
    const id = newId();
    await old.engine.save(old.engine.create(id), { n: 1 });
    const { engine, clock } = bench.engine({ ttl: 9 * HOUR, absoluteTtl: HOUR });
    const session = await present(engine.load(id));
    clock.pass(HOUR - 1);
    await engine.save(session, { n: 2 }, { renew: false });
    expect((await engine.load(id))?.data).toEqual({ n: 2 });
    clock.pass(1);
    expect(await engine.load(id)).toBeUndefined();
  });

  it("goes on under another id, through any number of them, and begins anew with another session", async () => {
    const { engine, clock } = bench.engine({ ttl: HOUR, absoluteTtl: 2 * HOUR });
    const first = engine.create(newId());
    await engine.save(first, { n: 1 });
    const began = clock.time;
    clock.pass(HOUR / 2);
    await engine.destroy(first);
    const second = engine.create(newId(), first);
    const third = engine.create(newId(), second);
    await engine.save(third, { n: 1 });
    expect(third.createdAt).toBe(began);
    const stands = engine.create(newId(), undefined, third.createdAt);
    await engine.save(stands, { other: "data" });
    clock.pass(HOUR / 2);
    await engine.save(stands, { other: "data", n: 2 });
    expect(stands.endsAt).toBe(began + 2 * HOUR);
    // The id of one that is over, given to a new session.
    clock.pass(HOUR);
    const again = engine.create(stands.id);
    await engine.save(again, { n: 5 });
    expect(again.createdAt).toBe(clock.time);
    expect(again.endsAt).toBe(clock.time + HOUR);
  });

  it("is what lists judge by, also where the option came later", async () => {
    const own = await makeBench();
    const old = own.engine({ ttl: 9 * HOUR });
    const id = newId();
    await old.engine.save(id, { n: 1 });
    const { engine, clock } = own.engine({ absoluteTtl: HOUR });
    const count = async (sessions: AsyncIterable<unknown>) => {
      let n = 0;
      for await (const _ of sessions) n += 1;
      return n;
    };
    expect([await count(engine.all()), await count(engine.list())]).toEqual([1, 1]);
    clock.pass(HOUR);
    expect([await count(engine.all()), await count(engine.list())]).toEqual([0, 0]);
    expect(await engine.load(id)).toBeUndefined();
    // Other servers, by their clocks, may still have it.
    expect(await own.row(id)).toBeDefined();
    clock.pass(1000);
    expect(await engine.load(id)).toBeUndefined();
    expect(await own.row(id)).toBeUndefined();
  });
});
