// Moving between keys: sessions of another prefix, of another table, or under plain ids are served where they are, and moved
// with their next write, so that nobody is logged out and nothing comes twice.
import { beforeAll, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { createTable, readRow, readRows } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const hashed = { hashIds: true, previous: [{ hashIds: false }] } as const;

describeTransactions("a session under a plain id, where ids are hashed from now on", () => {
  it("is found, and moved with the next write of its data", async () => {
    const id = newId();
    const old = bench.engine();
    await old.engine.save(id, { user: "ada" });
    const { engine, actions } = bench.engine(hashed);
    const session = await engine.load(id);
    if (!session) throw new Error("not found");
    expect(session.data).toEqual({ user: "ada" });
    expect(actions()).toEqual(["GetItem", "GetItem"]);
    expect(await engine.save(session, { user: "ada", n: 1 })).toEqual({ outcome: "saved" });
    expect(actions()).toEqual(["TransactWriteItems"]);
    expect(await bench.row(id)).toBeUndefined();
    expect((await engine.load(id))?.data).toEqual({ user: "ada", n: 1 });
    expect(actions()).toEqual(["GetItem"]);
    const rows = await readRows(bench.client, bench.table);
    expect(JSON.stringify(rows)).not.toContain(id);
    // The old servers' next look finds nothing: to them it is gone.
    expect(await old.engine.load(id)).toBeUndefined();
  });

  it("is moved with a touch as well, and lives on under the same gen", async () => {
    const id = newId();
    await bench.engine().engine.save(id, { n: 1 });
    const gen = (await bench.row(id))?.gen;
    const { engine, actions } = bench.engine({ ...hashed, touchInterval: 0 });
    const session = await engine.load(id);
    if (!session) throw new Error("not found");
    actions();
    const { clock } = bench.engine();
    clock.pass(1000);
    const later = bench.engine({ ...hashed, touchInterval: 0, now: clock.now });
    expect(await later.engine.touch(session)).toEqual({ outcome: "touched" });
    expect(later.actions()).toEqual(["TransactWriteItems"]);
    expect(await bench.row(id)).toBeUndefined();
    const again = await engine.load(id);
    expect(again?.data).toEqual({ n: 1 });
    expect(again?.row?.gen).toBe(gen?.S);
  });

  it("is not opened by the hash that stands in the table", async () => {
    const id = newId();
    const { engine } = bench.engine(hashed);
    await engine.save(id, { user: "ada" });
    const key = (await engine.load(id))?.address?.key ?? "";
    const stolen = key.slice("session-store#".length);
    expect(stolen).toHaveLength(43);
    expect(await engine.load(stolen)).toBeUndefined();
    // Nor after somebody has switched hashing off.
    expect(await bench.engine().engine.load(stolen)).toBeUndefined();
  });

  it("is not ended either by the hash that stands in the table", async () => {
    const id = newId();
    const { engine } = bench.engine(hashed);
    await engine.save(id, { user: "ada" });
    const key = (await engine.load(id))?.address?.key ?? "";
    await engine.destroy(key.slice("session-store#".length));
    expect((await engine.load(id))?.data).toEqual({ user: "ada" });
  });

  it("is destroyed wherever it is", async () => {
    const [id, moved] = [newId(), newId()];
    const old = bench.engine();
    await old.engine.save(id, { n: 1 });
    await old.engine.save(moved, { n: 1 });
    const { engine } = bench.engine(hashed);
    await engine.update(moved, () => ({ n: 2 }));
    await engine.destroy(id);
    await engine.destroy(moved);
    expect(await engine.load(id)).toBeUndefined();
    expect(await engine.load(moved)).toBeUndefined();
    expect(await bench.row(id)).toBeUndefined();
  });

  it("is merged when two move it at once", async () => {
    const id = newId();
    await bench.engine().engine.save(id, { n: 0 });
    const { engine } = bench.engine(hashed);
    const other = bench.engine(hashed);
    const [ours, theirs] = [await engine.load(id), await other.engine.load(id)];
    if (!ours || !theirs) throw new Error("not found");
    await engine.save(ours, { n: 0, a: 1 });
    expect(await other.engine.save(theirs, { n: 0, b: 1 })).toEqual({ outcome: "saved" });
    expect((await engine.load(id))?.data).toEqual({ n: 0, a: 1, b: 1 });
  });
});

describeTransactions("while servers without the option run as well", () => {
  it("what they write before a session is moved is merged, and what they destroy is gone", async () => {
    const [id, ended] = [newId(), newId()];
    const old = bench.engine();
    await old.engine.save(id, { n: 0 });
    await old.engine.save(ended, { n: 0 });
    const { engine } = bench.engine(hashed);
    const [ours, gone] = [await engine.load(id), await engine.load(ended)];
    const theirs = await old.engine.load(id);
    if (!ours || !gone || !theirs) throw new Error("not found");
    await old.engine.save(theirs, { n: 0, theirs: 1 });
    await old.engine.destroy(ended);
    expect(await engine.save(ours, { n: 0, ours: 1 })).toEqual({ outcome: "saved" });
    expect(await engine.save(gone, { n: 1 })).toEqual({ outcome: "gone" });
    expect((await engine.load(id))?.data).toEqual({ n: 0, theirs: 1, ours: 1 });
    expect(await engine.load(ended)).toBeUndefined();
    // From then on it is gone to them, and nothing that they had loaded comes back.
    expect(await old.engine.save(theirs, { n: 0, theirs: 2 })).toEqual({ outcome: "gone" });
  });
});

describeTransactions("a request that keeps nothing alive", () => {
  it("moves a session without its end, nor what 0.0.19 takes for its last touch", async () => {
    const id = newId();
    const old = bench.engine({ format: "map" });
    await old.engine.save(id, { n: 0 });
    const before = await bench.row(id);
    const { engine, clock } = bench.engine({
      format: "map",
      previous: [{ hashPrefix: "session-store#" }],
      table: { hashPrefix: "now#" },
    });
    const session = await engine.load(id);
    if (!session) throw new Error("not found");
    clock.pass(60_000);
    await engine.save(session, { n: 1 }, { renew: false });
    const after = await bench.row(id, "now#");
    const clockOf = (row: typeof before) => row?.sess?.M?.updated;
    for (const name of ["until", "expires", "updated"]) expect(after?.[name]).toEqual(before?.[name]);
    expect(clockOf(after)).toEqual(clockOf(before));
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
  });
});

describeTransactions("a session of another table", () => {
  it("is moved into the new one, with its owner's list", async () => {
    const keys = { hashKey: "id", sortKey: null } as const;
    const table = await createTable(bench.client, keys);
    const id = newId();
    const old = bench.engine({ table: { name: table, ...keys, hashPrefix: "sess:" } });
    await old.engine.save(id, { user: "ada" });
    const previous = [{ table: { name: table, ...keys }, hashPrefix: "sess:", hashIds: false }];
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    const { engine, actions, clock } = bench.engine({ hashIds: true, previous, owner });
    const session = await engine.load(id);
    if (!session) throw new Error("not found");
    expect(await engine.sessionsOf("ada")).toEqual([]);
    clock.pass(60_000);
    actions();
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(actions()).toEqual(["TransactWriteItems"]);
    expect(await readRow(bench.client, table, `sess:${id}`, keys)).toBeUndefined();
    expect((await engine.sessionsOf("ada")).map(({ data }) => data)).toEqual([{ user: "ada" }]);
    expect(await engine.destroyAllOf("ada")).toBe(1);
    expect(await engine.load(id)).toBeUndefined();
  });
});
