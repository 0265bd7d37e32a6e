// Requests that their user did not make, such as a page's polling: they may read and write a session, and keep none
// alive. And the grace that a row has beyond its cookie.
import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow } from "../support/tables.js";

const HOUR = 3_600_000;
const passive = { renew: false };

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

/** A session half an hour old, at an engine whose sessions live for an hour. */
async function halfAnHourOld(format: "json" | "map" = "json") {
  const made = bench.engine({ ttl: HOUR, format });
  const id = newId();
  await made.engine.save(made.engine.create(id), { n: 1 });
  const end = made.clock.time + HOUR;
  made.clock.pass(HOUR / 2);
  const session = await made.engine.load(id);
  if (session === undefined) throw new Error("the session was not found");
  made.actions();
  return { ...made, id, end, session };
}

describe.each(["json", "map"] as const)("a passive request, format %s", (format) => {
  it("that only read writes nothing", async () => {
    const { engine, session, actions } = await halfAnHourOld(format);
    expect(await engine.touch(session, passive)).toEqual({ outcome: "throttled" });
    expect(await engine.save(session, { n: 1 }, passive)).toEqual({ outcome: "saved" });
    expect(actions()).toEqual([]);
  });

  it("that changed data leaves the session's end where it was", async () => {
    const { engine, clock, id, end, session } = await halfAnHourOld(format);
    const before = await bench.row(id);
    expect(await engine.save(session, { n: 2 }, passive)).toEqual({ outcome: "saved" });
    const { until, expires, updated } = (await bench.row(id)) ?? {};
    expect({ until, expires, updated }).toEqual({
      until: { N: String(end) },
      expires: before?.expires,
      updated: before?.updated,
    });
    expect((await engine.load(id))?.data).toEqual({ n: 2 });
    clock.time = end;
    expect(await engine.load(id)).toBeUndefined();
  });

  it("does not take back a touch that came between", async () => {
    const { engine, clock, id, session } = await halfAnHourOld(format);
    const other = bench.engine({ ttl: HOUR, now: clock.now });
    await other.engine.touch(id);
    await engine.save(session, { n: 2 }, passive);
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + HOUR) });
  });

  it("may end its session sooner", async () => {
    const { engine, clock } = bench.engine({ format });
    const id = newId();
    await engine.save(engine.create(id), { n: 1 }, { maxAge: HOUR });
    clock.pass(1);
    const session = await engine.load(id);
    await engine.save(session ?? id, { n: 2 }, { ...passive, maxAge: 60_000 });
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + 60_000) });
  });

  it("that updates the session leaves its end as well", async () => {
    const { engine, id, end } = await halfAnHourOld(format);
    await engine.update(id, (data) => ({ n: Number(data.n) + 1 }), passive);
    expect(await bench.row(id)).toMatchObject({ until: { N: String(end) }, rev: { N: "2" } });
  });

  it("finds a session gone that has ended", async () => {
    const { engine, clock, end, session } = await halfAnHourOld(format);
    clock.time = end;
    expect(await engine.save(session, { n: 2 }, passive)).toEqual({ outcome: "gone" });
    expect(await engine.touch(session, passive)).toEqual({ outcome: "gone" });
  });

  it("that makes a session gives it a whole life", async () => {
    const { engine, clock } = bench.engine({ ttl: HOUR, format });
    const id = newId();
    await engine.save(engine.create(id), { n: 1 }, passive);
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + HOUR) });
  });
});

it("leaves a row of another package to end when that said", async () => {
  const { engine, clock } = bench.engine({ ttl: HOUR });
  const id = newId();
  await engine.save(engine.create(id), { n: 1 });
  const row = await bench.row(id);
  const { gen: _gen, rev: _rev, writes: _writes, until: _until, ...foreign } = row ?? {};
  await putRow(bench.client, bench.table, foreign);
  clock.pass(HOUR / 2);
  await engine.save((await engine.load(id)) ?? id, { n: 2 }, passive);
  expect(await bench.row(id)).toMatchObject({ expires: row?.expires, rev: { N: "1" } });
  expect(await bench.row(id)).not.toHaveProperty("until");
});

describe("the grace of a cookie's row", () => {
  const cookie = { maxAge: 10_000, grace: 10_000 };

  it("is added to the cookie's lifetime, and to no ttl", async () => {
    const { engine, clock } = bench.engine();
    const id = newId();
    await engine.save(engine.create(id), {}, cookie);
    expect((await bench.row(id))?.until).toEqual({ N: String(clock.time + 20_000) });
    const withTtl = bench.engine({ ttl: HOUR });
    const other = newId();
    await withTtl.engine.save(withTtl.engine.create(other), {}, cookie);
    expect((await bench.row(other))?.until).toEqual({ N: String(withTtl.clock.time + HOUR) });
  });

  it("does not space touches: half of the cookie's own life does", async () => {
    const { engine, clock } = bench.engine();
    const session = engine.create(newId());
    await engine.save(session, {}, cookie);
    clock.pass(4_999);
    expect(await engine.touch(session, cookie)).toEqual({ outcome: "throttled" });
    clock.pass(1);
    expect(await engine.touch(session, cookie)).toEqual({ outcome: "touched" });
  });
});
