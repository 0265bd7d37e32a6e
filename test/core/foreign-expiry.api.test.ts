// Rows whose expiry somebody else wrote in a way of their own: believed, renewed and saved like any other.
import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow } from "../support/tables.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const LIFE = 100_000;

describe.each([
  { name: "a fraction", write: (ms: number) => ({ N: String(ms / 1000 + 0.5) }), later: 500 },
  { name: "milliseconds", write: (ms: number) => ({ N: String(ms) }), later: 0 },
  { name: "a string", write: (ms: number) => ({ S: String(ms / 1000) }), later: 0 },
])("a row whose expires is $name", ({ write, later }) => {
  async function found(options: Parameters<Bench["engine"]>[0] = {}) {
    const made = bench.engine({ ttl: LIFE, ...options });
    const id = newId();
    const key = { S: `session-store#${id}` };
    const expires = write(made.clock.time + LIFE);
    await putRow(bench.client, bench.table, { pk: key, sk: key, sess: { S: '{"n":1}' }, expires });
    return { ...made, id };
  }

  it("lives until then, and no longer", async () => {
    const { engine, clock, id } = await found({ keepExpired: true });
    clock.pass(LIFE + later - 1);
    expect((await engine.load(id))?.data).toEqual({ n: 1 });
    clock.pass(1);
    expect(await engine.load(id)).toBeUndefined();
  });

  it("is renewed and saved", async () => {
    const { engine, clock, id } = await found();
    clock.pass(LIFE / 2);
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(await bench.row(id)).toMatchObject({
      until: { N: String(clock.time + LIFE) },
      expires: { N: String((clock.time + LIFE) / 1000) },
    });
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
  });

  it("is saved without being renewed before", async () => {
    const { engine, id } = await found();
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
    expect((await engine.load(id))?.data).toEqual({ n: 2 });
  });

  it("is believed on a row of ours too, which another wrote to", async () => {
    const { engine, clock } = bench.engine({ ttl: LIFE });
    const id = newId();
    await engine.save(id, { n: 1 });
    const row = { ...(await bench.row(id)), expires: write(clock.time + LIFE) };
    await putRow(bench.client, bench.table, row);
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
  });

  it("is removed when it is asked for after its end", async () => {
    const { engine, clock, id } = await found();
    clock.pass(LIFE + 2000);
    expect(await engine.load(id)).toBeUndefined();
    expect(await bench.row(id)).toBeUndefined();
  });
});
