// All rows of a store's sessions as administration meets them: found page by page, brought over and in, removed.
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { type FoundSession, Inventory, type InventoryPage } from "../../src/core/inventory.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow, readRows, testClient } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

const NOW = 1_800_000_000_000;
const PREVIOUS = [{ hashPrefix: "before#" }];

// Whole tables are read: each test has one to itself.
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});

function inventoryOf(options: Partial<SessionStoreOptions> = {}, time = NOW) {
  const client = testClient();
  const { table, ...rest } = options;
  const inventory = new Inventory({
    now: () => time,
    client,
    ...rest,
    table: { name: bench.table, ...table },
  });
  onTestFinished(async () => {
    await inventory.close();
    client.destroy();
  });
  return inventory;
}

/** Every session of a place. */
async function all(inventory: Inventory, place = 0, segments = 1): Promise<FoundSession[]> {
  const found: FoundSession[] = [];
  for (let segment = 0; segment < segments; segment++) {
    let from: InventoryPage["next"];
    do {
      const page = await inventory.page({ place, attributes: "all", from, segment, segments, limit: 7 });
      found.push(...page.sessions);
      from = page.next;
    } while (from !== undefined);
  }
  return found;
}

const idsOf = (found: FoundSession[]) => found.map(({ id }) => id).sort();

it("every session of a table is met once, by any number of segments, and nothing that is none", async () => {
  const { engine } = bench.engine();
  const ids = Array.from({ length: 20 }, newId);
  for (const [i, id] of ids.entries()) await engine.save(engine.create(id), { i });
  for (const [pk, sk] of [
    ["order#1", "order#1"],
    ["session-store#x", "other"],
    ["session-store#stub", "session-store#stub"],
  ] as const)
    await putRow(bench.client, bench.table, { pk: { S: pk }, sk: { S: sk }, expires: { N: "1" } });
  const inventory = inventoryOf();
  expect(idsOf(await all(inventory))).toEqual([...ids].sort());
  expect(idsOf(await all(inventory, 0, 3))).toEqual([...ids].sort());
});

it("a page says what it cost and read, what is expired, and what cannot be read", async () => {
  const { engine } = bench.engine();
  const live = newId();
  const over = newId();
  await engine.save(engine.create(live), { n: 1 });
  await engine.save(engine.create(over), { n: 2 }, { maxAge: 50 });
  await putRow(bench.client, bench.table, {
    pk: { S: "session-store#bad" },
    sk: { S: "session-store#bad" },
    sess: { N: "1" },
  });
  const page = await inventoryOf({}, NOW + 100).page({ attributes: "all", from: undefined });
  expect(page).toMatchObject({ scanned: 3, next: undefined });
  expect(page.units).toBeGreaterThan(0);
  expect(new Map(page.sessions.map(({ id, isExpired }) => [id, isExpired]))).toEqual(
    new Map([
      [live, false],
      [over, true],
    ]),
  );
  expect(page.unreadable.map(({ code }) => code)).toEqual(["ERR_SESSION_CORRUPT"]);
  const found = page.sessions.find(({ id }) => id === live);
  expect(found).toMatchObject({ created: NOW, updated: NOW, endsAt: NOW + 86_400_000, owner: undefined });
});

it("a session that was found is removed", async () => {
  const { engine } = bench.engine();
  const id = newId();
  await engine.save(engine.create(id), { n: 1 });
  const inventory = inventoryOf();
  const [found] = await all(inventory);
  if (!found) throw new Error("not found");
  expect((await inventory.remove(found)).units).toBeGreaterThan(0);
  expect(await readRows(bench.client, bench.table)).toEqual([]);
});

it("a session from elsewhere is made once, and never over one that is there", async () => {
  const inventory = inventoryOf();
  const id = newId();
  const made = await inventory.bringIn({ id, data: { n: 1 }, endsAt: NOW + 5000, created: NOW - 5000 });
  expect(made.outcome).toBe("created");
  expect((await inventory.bringIn({ id, data: { n: 2 }, endsAt: NOW + 5000 })).outcome).toBe("exists");
  const [found] = await all(inventory);
  expect(found).toMatchObject({ id, created: NOW - 5000, endsAt: NOW + 5000 });
  expect(found?.row && inventory.dataOf(found.row)).toEqual({ n: 1 });
  // Of one whose end nobody has moved here, a touch is due.
  const { engine, actions } = bench.engine();
  expect((await engine.load(id))?.data).toEqual({ n: 1 });
  actions();
  expect(await engine.touch(id)).toEqual({ outcome: "touched" });
});

describeTransactions("bringing over from a previous place", () => {
  /** A session in the previous place, as found there. */
  async function before(options: Partial<SessionStoreOptions> = {}, data: object = { n: 1 }) {
    const old = bench.engine({ table: { hashPrefix: "before#" } });
    const id = newId();
    await old.engine.save(old.engine.create(id), data, { maxAge: 60_000 });
    const inventory = inventoryOf({ previous: PREVIOUS, ...options });
    const [found] = await all(inventory, 1);
    if (!found) throw new Error("not found");
    return { id, inventory, found, old };
  }

  it.each([{}, { hashIds: true, previous: [{ ...PREVIOUS[0], hashIds: false }] }])(
    "a session is as it was, and in the new place alone: %o",
    async (options) => {
      const { id, inventory, found } = await before(options);
      const { outcome, row, units } = await inventory.bringOver(found);
      expect({ outcome, end: row?.until }).toEqual({ outcome: "moved", end: NOW + 60_000 });
      expect(units).toBeGreaterThan(0);
      expect(await all(inventory, 1)).toEqual([]);
      const there = await inventory.read(found, "table");
      expect(there.row).toMatchObject({
        text: '{"n":1}',
        created: NOW,
        updated: NOW,
        until: NOW + 60_000,
        expires: (NOW + 60_000) / 1000,
      });
      const { engine } = bench.engine({ hashIds: options.hashIds });
      expect((await engine.load(id))?.data).toEqual({ n: 1 });
    },
  );

  it("what a request changed after it was found is brought over, not undone", async () => {
    const { id, inventory, found, old } = await before();
    await old.engine.update(id, (data) => ({ ...data, n: 2 }));
    const { outcome, row } = await inventory.bringOver(found);
    expect({ outcome, text: row?.text }).toEqual({ outcome: "moved", text: '{"n":2}' });
  });

  it("what a request brought over itself is left as it is", async () => {
    const { id, inventory, found } = await before();
    await inventory.engine.update(id, (data) => ({ ...data, n: 3 }));
    const { outcome, row } = await inventory.bringOver(found);
    expect({ outcome, text: row?.text }).toEqual({ outcome: "elsewhere", text: '{"n":3}' });
  });

  it("what was logged out after it was found stays so", async () => {
    const { id, inventory, found } = await before();
    await inventory.engine.destroy(id);
    expect((await inventory.bringOver(found)).outcome).toBe("gone");
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("a request that had it in hand saves and touches it afterwards", async () => {
    const { id, inventory, found } = await before();
    const session = await inventory.engine.load(id);
    if (!session) throw new Error("not found");
    await inventory.bringOver(found);
    expect(await inventory.engine.save(session, { n: 1, more: true })).toEqual({ outcome: "saved" });
    expect((await inventory.read(found, "table")).row?.text).toBe('{"n":1,"more":true}');
    expect(await all(inventory, 1)).toEqual([]);
  });

  it("two who bring one over do so once", async () => {
    const { inventory, found } = await before();
    const other = inventoryOf({ previous: PREVIOUS });
    const outcomes = await Promise.all([inventory.bringOver(found), other.bringOver(found)]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["elsewhere", "moved"]);
    expect(await readRows(bench.client, bench.table)).toHaveLength(1);
  });

  it("its owner's list comes along", async () => {
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    const { id, inventory, found } = await before({ owner }, { user: "ada" });
    await inventory.bringOver(found);
    expect((await inventory.engine.sessionsOf("ada")).map((session) => session.id)).toEqual([id]);
    const [there] = await all(inventory);
    if (there) await inventory.remove(there);
    expect(await readRows(bench.client, bench.table)).toEqual([]);
  });

  it("what is written with a session from elsewhere can refuse it", async () => {
    const inventory = inventoryOf();
    const Key = { pk: { S: "session-store#import#1" }, sk: { S: "#import" } };
    const mark = (line: number) => ({
      Update: {
        TableName: bench.table,
        Key,
        UpdateExpression: "SET line = :line",
        ConditionExpression: "attribute_not_exists(line) OR line < :line",
        ExpressionAttributeValues: { ":line": { N: String(line) } },
      },
    });
    const bringIn = (line: number) =>
      inventory.bringIn({ id: newId(), data: { line }, endsAt: NOW + 5000, also: [mark(line)] });
    expect((await bringIn(1)).outcome).toBe("created");
    expect((await bringIn(1)).outcome).toBe("refused");
    expect((await bringIn(2)).outcome).toBe("created");
    expect(await all(inventory)).toHaveLength(2);
  });
});
