// Ids hashed at rest: what the key is made of, that everything that goes by an id still does, and that nothing that is listed
// can be used to come in.
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { makeStoreBench, sessionData } from "../support/express-apps.js";
import { putRow, readRows } from "../support/tables.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const prefix = "session-store#";
const hashOf = (id: string) => createHash("sha256").update(id).digest("base64url");

describe("with hashIds", () => {
  it.each([
    { what: "an id of ours", id: newId() },
    { what: "a text of any script", id: `${newId()}-ключ-鍵-🔑` },
    { what: "the longest id", id: newId().padEnd(1024 - prefix.length, "x") },
    { what: "a single character", id: "x" },
  ])("the key is the prefix and base64url(SHA-256(id)): $what", async ({ id }) => {
    const { engine } = bench.engine({ hashIds: true });
    await engine.save(engine.create(id), { n: 1 });
    const row = await bench.row(hashOf(id));
    expect(row).toMatchObject({ idHash: { S: "sha256" }, sess: { S: '{"n":1}' } });
    expect(await engine.load(id)).toMatchObject({ id, data: { n: 1 } });
    await engine.destroy(id);
    expect(await bench.row(hashOf(id))).toBeUndefined();
  });

  it.each([
    { what: "empty", id: "" },
    { what: "too long without a hash", id: "x".repeat(1025 - prefix.length) },
    { what: "no Unicode", id: "\ud800" },
  ])("the same ids are none: $what", async ({ id }) => {
    const { engine, actions } = bench.engine({ hashIds: true });
    expect(await engine.load(id)).toBeUndefined();
    await expect(engine.save(id, { n: 1 })).rejects.toMatchObject({ code: "ERR_SESSION_ID" });
    expect(actions()).toEqual([]);
  });

  it("operations on a session keep the order in which they were asked for, first hash or not", async () => {
    const { engine } = bench.engine({ hashIds: true });
    const id = newId();
    const session = engine.create(id);
    const saving = engine.save(session, { n: 1 });
    const destroying = engine.destroy(id);
    const loading = engine.load(id);
    await Promise.all([saving, destroying]);
    expect(await loading).toBeUndefined();
    expect(await bench.row(hashOf(id))).toBeUndefined();
  });

  it("writes of two requests are merged, and an update counts", async () => {
    const { engine } = bench.engine({ hashIds: true });
    const id = newId();
    await engine.save(engine.create(id), { n: 0 });
    const [one, other] = await Promise.all([engine.load(id), engine.load(id)]);
    if (!one || !other) throw new Error("not found");
    await Promise.all([
      engine.save(one, { n: 0, a: 1 }),
      engine.save(other, { n: 0, b: 1 }),
      engine.update(id, (data) => ({ ...data, n: Number(data.n) + 1 })),
    ]);
    expect((await engine.load(id))?.data).toEqual({ n: 1, a: 1, b: 1 });
  });

  it("a row of a plain id is none of its sessions, nor the other way round", async () => {
    const id = newId();
    const { engine } = bench.engine({ hashIds: true });
    await bench.engine().engine.save(id, { n: 1 });
    expect(await engine.load(id)).toBeUndefined();
    await engine.save(engine.create(id), { n: 2 });
    expect((await bench.engine().engine.load(id))?.data).toEqual({ n: 1 });
    expect(await bench.engine().engine.load(hashOf(id))).toBeUndefined();
    // Not even one who can write to the table makes a plain row a session of this layout.
    const plain = await bench.row(id);
    const forged = newId();
    const key = { S: prefix + hashOf(forged) };
    await putRow(bench.client, bench.table, { ...plain, pk: key, sk: key });
    expect(await engine.load(forged)).toBeUndefined();
  });

  it("a row that cannot be read is named by neither its id nor its whole hash", async () => {
    const id = newId();
    const { engine } = bench.engine({ hashIds: true });
    await engine.save(engine.create(id), { n: 1 });
    const row = await bench.row(hashOf(id));
    await putRow(bench.client, bench.table, { ...row, sess: { S: "{" } });
    const error = await engine.load(id).catch((refused: unknown) => refused);
    expect(error).toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    expect(String(error)).not.toContain(id);
    expect(String(error)).not.toContain(hashOf(id).slice(4));
  });
});

describe("what lists sessions, where ids are hashed,", () => {
  it("gives no id, and what it gives can be read and destroyed", async () => {
    const own = await makeBench();
    const { engine } = own.engine({ hashIds: true });
    const id = newId();
    await engine.save(engine.create(id), { n: 1 });
    for await (const session of engine.all()) {
      expect(session).toMatchObject({ id: "", data: { n: 1 } });
      expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
      expect((await engine.load(id))?.data).toEqual({ n: 2 });
      await engine.destroy(session);
    }
    expect(await engine.load(id)).toBeUndefined();
    expect(await readRows(own.client, own.table)).toEqual([]);
  });

  it("counts and clears for Express, and does not name sessions by what is no id", async () => {
    const own = await makeStoreBench();
    const { store, actions } = own.store({ hashIds: true });
    await store.set(newId(), sessionData({ n: 1 }));
    await store.set(newId(), sessionData({ n: 2 }));
    expect(await store.length()).toBe(2);
    actions();
    const refused = { code: "ERR_SESSION_OPTIONS", message: expect.stringMatching(/^hashIds: all\(\)/) };
    await expect(store.all()).rejects.toMatchObject(refused);
    expect(actions()).toEqual([]);
    await store.clear();
    expect(await store.length()).toBe(0);
    expect(await readRows(own.client, own.table)).toEqual([]);
  });
});
