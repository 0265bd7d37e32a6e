// Listing: live sessions under this prefix and nothing else, in tables of any size.
import { beforeAll, describe, expect, it } from "vitest";
import type { SessionEngine } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { createTable, putRow } from "../support/tables.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function idsOf(engine: SessionEngine): Promise<string[]> {
  return (await collect(engine.list())).map(({ id }) => id);
}

describe("listing", () => {
  it("sees live sessions under its own prefix, of either format, and nothing else of the table", async () => {
    const { engine, clock } = bench.engine({ ttl: 1000, table: { hashPrefix: "list#" } });
    const other = bench.engine({ table: { hashPrefix: "other#" } });
    const maps = bench.engine({ format: "map", table: { hashPrefix: "list#" } });
    await engine.save("over", { n: 0 });
    clock.pass(1000);
    await engine.save("live", { n: 1 });
    await maps.engine.save("map", { n: 2 });
    await other.engine.save("foreign", { n: 3 });
    const later = { N: String(clock.time / 1000 + 60) };
    await putRow(bench.client, bench.table, {
      pk: { S: "list#stub" },
      sk: { S: "list#stub" },
      expires: later,
    });
    await putRow(bench.client, bench.table, {
      pk: { S: "list#order" },
      sk: { S: "line#1" },
      sess: { S: "{}" },
      expires: later,
    });
    const sessions = await collect(engine.all());
    expect(Object.fromEntries(sessions.map(({ id, data }) => [id, data]))).toEqual({
      live: { n: 1 },
      map: { n: 2 },
    });
    expect((await idsOf(engine)).sort()).toEqual(["live", "map"]);
    expect(await idsOf(other.engine)).toEqual(["foreign"]);
  });

  it("pages through more than a scan's megabyte", async () => {
    const { engine, actions } = bench.engine({ table: { hashPrefix: "large#" } });
    const text = "x".repeat(300 * 1024);
    const ids = Array.from({ length: 5 }, newId).sort();
    await Promise.all(ids.map((id) => engine.save(engine.create(id), { text })));
    actions();
    expect((await idsOf(engine)).sort()).toEqual(ids);
    expect(actions().length).toBeGreaterThan(1);
    expect((await collect(engine.all())).map(({ id }) => id).sort()).toEqual(ids);
  });

  it("gives sessions in hand, which a destroy takes away for good", async () => {
    const { engine } = bench.engine({ table: { hashPrefix: "held#" } });
    await engine.save("a", { n: 1 });
    const [session] = await collect(engine.all());
    if (!session) throw new Error("nothing listed");
    await engine.destroy("a");
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "gone" });
  });

  it("sees everything where there is no prefix", async () => {
    const alone = await makeBench({ hashKey: "id", sortKey: null });
    const { engine } = alone.engine({ table: { hashPrefix: "" } });
    await engine.save("a", { n: 1 });
    expect(await idsOf(engine)).toEqual(["a"]);
    expect((await collect(engine.all())).map(({ data }) => data)).toEqual([{ n: 1 }]);
  });

  it("of a table with other keys is an error, not nothing", async () => {
    const name = await createTable(bench.client, { hashKey: "id", sortKey: null });
    const { engine } = bench.engine({ table: { name } });
    await expect(idsOf(engine)).rejects.toMatchObject({ code: "ERR_SESSION_TABLE" });
    await expect(collect(engine.all())).rejects.toMatchObject({ code: "ERR_SESSION_TABLE" });
  });

  it("counts past a row whose expiry cannot be read, and reports that", async () => {
    const { engine, events } = bench.engine({ table: { hashPrefix: "broken#" } });
    await engine.save("good", { n: 1 });
    const id = newId();
    const key = { S: `broken#${id}` };
    await putRow(bench.client, bench.table, { pk: key, sk: key, sess: { S: "{}" }, expires: { S: "soon" } });
    expect(await idsOf(engine)).toEqual(["good"]);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "error",
        error: expect.objectContaining({ code: "ERR_SESSION_CORRUPT" }),
      }),
    );
    expect(JSON.stringify(events)).not.toContain(id);
    await expect(collect(engine.all())).rejects.toMatchObject({ code: "ERR_SESSION_CORRUPT" });
  });
});
