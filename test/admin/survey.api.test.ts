// What a survey says of rows whose sizes, times and owners are known.
import { beforeEach, describe, expect, it } from "vitest";
import { type Histogram, PRICES, surveySessions } from "../../src/admin/index.js";
import { seal } from "../../src/codecs/index.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { sizeOf } from "../../src/core/record.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow, type Row, testClientConfig } from "../support/tables.js";

const NOW = 1_800_000_000_000;
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const MONTH_SECONDS = 30 * 86_400;

// Whole tables are read: each test has one to itself.
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});

interface Known {
  readonly age?: number;
  readonly idle?: number;
  readonly left?: number;
  readonly dataBytes?: number;
  readonly owner?: string;
  readonly prefix?: string;
}

/** A session's row as this package writes it, and its size. */
async function put(known: Known = {}): Promise<number> {
  const { age = HOUR, idle = HOUR, left = DAY, dataBytes = 2, owner, prefix = "session-store#" } = known;
  const key = { S: prefix + newId() };
  const row: Row = {
    pk: key,
    sk: key,
    gen: { S: "abcdefgh" },
    rev: { N: "1" },
    writes: { S: "ijklmnop" },
    created: { N: String(NOW - age) },
    updated: { N: String(NOW - idle) },
    until: { N: String(NOW + left) },
    expires: { N: String(Math.ceil((NOW + left) / 1000)) },
    sess: { S: dataBytes === 2 ? "{}" : JSON.stringify({ a: "x".repeat(dataBytes - 8) }) },
  };
  if (owner !== undefined) Object.assign(row, { owner: { S: owner }, listedUntil: { N: "1900000000" } });
  await putRow(bench.client, bench.table, row);
  return sizeOf(row);
}

function survey(options: Partial<SessionStoreOptions> = {}) {
  return surveySessions({
    now: () => NOW,
    clientConfig: testClientConfig(),
    ...options,
    table: { name: bench.table },
  });
}

/** The buckets that hold anything. */
function filled({ buckets }: Histogram): (readonly [number | null, number])[] {
  return buckets.filter(({ count }) => count > 0).map(({ upTo, count }) => [upTo, count]);
}

it("says how many are live, expired and unreadable, in previous places too, and looks at no other row", async () => {
  await put();
  await put({ prefix: "before#" });
  await put({ left: -SECOND });
  const [orders, stub, bad] = ["session-store#orders", "session-store#stub", "session-store#bad"];
  const others: Row[] = [
    { pk: { S: "order#1" }, sk: { S: "order#1" }, sess: { S: "{}" } },
    { pk: { S: orders }, sk: { S: "another" }, sess: { S: "{}" } },
    { pk: { S: stub }, sk: { S: stub }, expires: { N: "1900000000" } },
    { pk: { S: "session-store#owner#ann" }, sk: { S: "#1" }, gen: { S: "abcdefgh" } },
    { pk: { S: bad }, sk: { S: bad }, sess: { S: "{}" }, expires: { S: "tomorrow" } },
  ];
  for (const row of others) await putRow(bench.client, bench.table, row);
  expect(await survey()).toMatchObject({ live: 1, expired: 1, unreadable: 1, scanned: 8 });
  const both = await survey({ previous: [{ hashPrefix: "before#" }] });
  expect(both).toMatchObject({ live: 2, expired: 1, unreadable: 1, scanned: 16 });
  expect(both.units).toBeGreaterThan(0);
});

it("sorts live sessions by age, idleness, size and the time they have left", async () => {
  let bytes = await put({ age: 30 * SECOND, idle: 10 * SECOND, left: 5 * MINUTE });
  bytes += await put({ age: 2 * DAY, idle: 2 * HOUR, left: 20 * MINUTE, dataBytes: 1500 });
  bytes += await put({ age: 40 * DAY, idle: 3 * DAY, left: 60 * DAY, dataBytes: 3000 });
  bytes += await put({ left: -HOUR, dataBytes: 5000 });
  const key = { S: "session-store#of-another-package" };
  const foreign: Row = { pk: key, sk: key, sess: { S: "{}" }, expires: { N: "1800000100" } };
  await putRow(bench.client, bench.table, foreign);
  const { ages, idle, sizes, timeToExpiry, bytes: all } = await survey();
  expect(filled(ages)).toEqual([
    [MINUTE, 1],
    [7 * DAY, 1],
    [null, 1],
  ]);
  expect(filled(idle)).toEqual([
    [MINUTE, 1],
    [6 * HOUR, 1],
    [7 * DAY, 1],
  ]);
  expect([ages.unknown, idle.unknown, sizes.unknown, timeToExpiry.unknown]).toEqual([1, 1, 0, 0]);
  expect(filled(sizes)).toEqual([
    [512, 2],
    [2048, 1],
    [4096, 1],
  ]);
  expect(filled(timeToExpiry)).toEqual([
    [10 * MINUTE, 2],
    [HOUR, 1],
    [null, 1],
  ]);
  expect(all).toBe(bytes + sizeOf(foreign));
});

it("counts each owner's sessions, and those of nobody", async () => {
  for (const owner of ["hash-of-ann", "hash-of-ann", "hash-of-ann", "hash-of-bob", undefined, undefined])
    await put({ owner });
  await put({ owner: "hash-of-bob", left: -HOUR });
  const { owners } = await survey();
  expect(owners).toMatchObject({ owned: 4, nobodys: 2, distinct: 2, isCut: false });
  expect(filled(owners.perOwner)).toEqual([
    [1, 1],
    [3, 1],
  ]);
  expect(owners.top).toEqual([
    { owner: "hash-of-ann", sessions: 3 },
    { owner: "hash-of-bob", sessions: 1 },
  ]);
});

describe("the rate of touches", () => {
  it("is that of the rows that were written within the last interval, each at its size", async () => {
    await put({ idle: 5 * SECOND });
    await put({ idle: 29 * SECOND, dataBytes: 3000 });
    await put({ idle: 31 * SECOND });
    // By a clock that is ahead: a later moment's, and counted then.
    await put({ idle: -5 * SECOND });
    await put({ idle: SECOND, left: -1 });
    const { touches } = await survey();
    expect(touches.perSecond).toBeCloseTo(2 / 30, 9);
    expect(touches.writeUnitsPerSecond).toBeCloseTo((1 + 4) / 30, 9);
  });

  it("is by the interval of the options, and by half of a life that is shorter", async () => {
    await put({ idle: 9 * SECOND });
    // These live for ten seconds, and are touched after five.
    for (let i = 0; i < 3; i++) await put({ idle: 4 * SECOND, left: 6 * SECOND });
    await put({ idle: 6 * SECOND, left: 4 * SECOND });
    const { touches } = await survey({ touchInterval: 10 * SECOND });
    expect(touches.perSecond).toBeCloseTo(1 / 10 + 3 / 5, 9);
  });

  it("is that of the last second where every request is a touch", async () => {
    await put({ idle: 900 });
    await put({ idle: 1100 });
    expect((await survey({ touchInterval: 0 })).touches.perSecond).toBe(1);
  });
});

it("says what a month costs, and a million loads", async () => {
  const bytes = (await put({ idle: SECOND })) + (await put({ idle: SECOND, dataBytes: 5000 }));
  const stored = bytes + (await put({ left: -HOUR, idle: SECOND })) + 3 * 100;
  const { cost } = await survey();
  const writeUnits = (MONTH_SECONDS * (1 + 6)) / 30;
  expect(cost.writesPerMonth).toBeCloseTo((writeUnits / 1e6) * PRICES.perMillionWriteUnits, 9);
  expect(cost.storagePerMonth).toBeCloseTo((stored / 1e9) * PRICES.perGigabyteMonth, 12);
  expect(cost.perMonth).toBe(cost.writesPerMonth + cost.storagePerMonth);
  expect(cost.perMillionLoads).toBeCloseTo(((1 + 2) / 2) * PRICES.perMillionReadUnits, 9);
  const relaxed = await survey({ consistentRead: false });
  expect(relaxed.cost.perMillionLoads).toBe(cost.perMillionLoads / 2);
  expect(cost.leftOut.join()).toMatch(/reads/);
});

it("needs no keys where the data is sealed, and no ids where they are hashed", async () => {
  const { engine } = bench.engine({ hashIds: true, codec: seal({ keys: [new Uint8Array(32)] }) });
  await engine.save(engine.create(newId()), { n: 1 });
  expect(await survey({ hashIds: true })).toMatchObject({ live: 1, unreadable: 0 });
});

it("of an empty table is all zeros", async () => {
  const { live, expired, touches, cost, owners } = await survey();
  expect({ live, expired, ...touches }).toEqual({
    live: 0,
    expired: 0,
    perSecond: 0,
    writeUnitsPerSecond: 0,
  });
  expect([cost.perMonth, cost.perMillionLoads, owners.distinct]).toEqual([0, 0, 0]);
});

it("refuses options that there are not", async () => {
  await expect(surveySessions({ table: { name: bench.table } }, { segments: 0 })).rejects.toMatchObject({
    code: "ERR_SESSION_OPTIONS",
    message: expect.stringMatching(/^segments: /),
  });
});
