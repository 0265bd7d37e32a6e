// Bad input is harmless: a clear error or "not found", before anything is sent, and nothing is lost.
import { beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { createTable, putRow } from "../support/tables.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

// What a JavaScript caller may pass where an id is meant.
function badIds(): { name: string; id: string }[] {
  const notStrings = [undefined, null, 5, 123456789, 98765432101234567890n, true, {}, [], Symbol.iterator];
  return [
    { name: "empty", id: "" },
    { name: "5 000 bytes long", id: "x".repeat(5000) },
    { name: "too long in UTF-8 alone", id: "é".repeat(600) },
    { name: "a lone high surrogate", id: "abc\ud800" },
    { name: "a lone low surrogate", id: "\udc00abc" },
    ...notStrings.map((value) => ({ name: `no string: ${String(value)}`, id: JSON.parse("{}").id ?? value })),
  ];
}

describe("a session id that cannot be a key", () => {
  it.each(badIds())("is not found and asks for nothing: $name", async ({ id }) => {
    const { engine, actions } = bench.engine();
    expect(await engine.load(id)).toBeUndefined();
    expect(await engine.touch(id)).toEqual({ outcome: "gone" });
    await expect(engine.destroy(id)).resolves.toBeUndefined();
    expect(actions()).toEqual([]);
  });

  it.each(badIds())("is an error when saved, and nothing is sent: $name", async ({ id }) => {
    const { engine, actions } = bench.engine();
    const refused = { code: "ERR_SESSION_ID", message: expect.not.stringMatching(/xxxxx|123456|987654/) };
    await expect(engine.save(id, { n: 1 })).rejects.toMatchObject(refused);
    await expect(engine.save(engine.create(id), { n: 1 })).rejects.toMatchObject(refused);
    await expect(engine.update(id, () => ({ n: 1 }))).rejects.toMatchObject(refused);
    expect(actions()).toEqual([]);
  });

  it.each(["a b", "a#b", "../x", "päev", "🍵", "a\u0000b", "\n", "__proto__", "%00", "session-store#x"])(
    "any other character is allowed: %j",
    async (id) => {
      const { engine } = bench.engine();
      await engine.save(engine.create(id), { whose: id });
      expect((await engine.load(id))?.data).toEqual({ whose: id });
      await engine.destroy(id);
      expect(await engine.load(id)).toBeUndefined();
    },
  );

  it("may be twice as long where the table has no sort key", async () => {
    const table = await createTable(bench.client, { sortKey: null });
    const { engine } = bench.engine({ table: { name: table, sortKey: null } });
    const longest = "x".repeat(2048 - "session-store#".length);
    expect(await engine.save(longest, { n: 1 })).toEqual({ outcome: "saved" });
    expect((await engine.load(longest))?.data).toEqual({ n: 1 });
    expect(await engine.load(`${longest}x`)).toBeUndefined();
    const composite = bench.engine().engine;
    expect(await composite.save("x".repeat(1024 - "session-store#".length), { n: 1 })).toEqual({
      outcome: "saved",
    });
  });
});

describe("data that cannot be stored", () => {
  const cycle: Record<string, unknown> = { user: { name: "ada" } };
  Object.assign(cycle.user ?? {}, { self: cycle });
  let deep: Record<string, unknown> = {};
  for (let i = 0; i < 100_000; i++) deep = { deep };

  it.each([
    {
      name: "a BigInt",
      data: { cart: { total: 10n } },
      code: "ERR_SESSION_UNSERIALIZABLE",
      says: '"cart.total"',
    },
    { name: "a cycle", data: cycle, code: "ERR_SESSION_UNSERIALIZABLE", says: '"user.self"' },
    { name: "endless nesting", data: deep, code: "ERR_SESSION_UNSERIALIZABLE", says: "nesting" },
    {
      name: "a BigInt beside a cycle that toJSON hides",
      data: { user: { toJSON: () => "ada", cycle }, total: 10n },
      code: "ERR_SESSION_UNSERIALIZABLE",
      says: 'a BigInt at "total"',
    },
    {
      name: "a getter that throws",
      data: {
        get secret() {
          throw new Error("no");
        },
      },
      code: "ERR_SESSION_UNSERIALIZABLE",
      says: "cannot be turned into JSON",
    },
    { name: "nothing", data: undefined, code: "ERR_SESSION_UNSERIALIZABLE", says: "must be an object" },
    { name: "null", data: null, code: "ERR_SESSION_UNSERIALIZABLE", says: "must be an object" },
    { name: "an array", data: [1], code: "ERR_SESSION_UNSERIALIZABLE", says: "must be an object" },
    { name: "a text", data: "{}", code: "ERR_SESSION_UNSERIALIZABLE", says: "must be an object" },
    {
      name: "more than 400 KB",
      data: { secret: "s3cr3t".repeat(70_000) },
      code: "ERR_SESSION_TOO_LARGE",
      says: "411 KB",
    },
    {
      name: "more than 400 KB in UTF-8",
      data: { text: "é".repeat(210_000) },
      code: "ERR_SESSION_TOO_LARGE",
      says: "411 KB",
    },
  ])(
    "is an error before anything is sent, and the stored session is untouched: $name",
    async ({ data, code, says }) => {
      const { engine, actions } = bench.engine();
      const id = newId();
      await engine.save(id, { n: 1 });
      const session = await engine.load(id);
      if (!session) throw new Error("not loaded");
      const row = await bench.row(id);
      actions();
      const refused = { code, message: expect.stringContaining(says) };
      await expect(engine.save(session, data)).rejects.toMatchObject(refused);
      await expect(engine.save(newId(), data)).rejects.toMatchObject(refused);
      await expect(engine.save(session, data)).rejects.not.toMatchObject({
        message: expect.stringContaining("s3cr3t"),
      });
      expect(actions()).toEqual([]);
      expect(await bench.row(id)).toEqual(row);
    },
  );

  it("nested deep is written, and compared, without a fault", async () => {
    const { engine } = bench.engine();
    const id = newId();
    const nested = (depth: number, core: unknown) =>
      JSON.parse(`${'{"a":'.repeat(depth)}${core}${"}".repeat(depth)}`);
    await engine.save(id, nested(3000, 1));
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    expect(await engine.save(session, nested(3000, 2))).toEqual({ outcome: "saved" });
  });

  it("in a native map counts its numbers as DynamoDB does", async () => {
    const { engine } = bench.engine({ format: "map" });
    const id = newId();
    const numbers = Array.from({ length: 110_000 }, () => 1000);
    expect(await engine.save(id, { numbers })).toEqual({ outcome: "saved" });
  });

  it("fits up to DynamoDB's own limit", async () => {
    const { engine } = bench.engine();
    const id = newId();
    await engine.save(id, { n: 1 });
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    const text = "x".repeat(400 * 1024 - 400);
    expect(await engine.save(session, { text })).toEqual({ outcome: "saved" });
    expect((await engine.load(id))?.data).toEqual({ text });
  });

  it.each([
    { name: "a number beyond DynamoDB's", data: { n: 1e300 } },
    { name: "a number just beyond DynamoDB's", data: { n: 1e126 } },
    { name: "a number too near to nothing", data: { n: 1e-200 } },
    { name: "text that is not Unicode", data: { text: "\ud800" } },
    { name: "a field without a name", data: { in: { "": 1 } } },
    { name: "a field of 0.0.19's own", data: { updated: "yesterday" } },
    { name: "nesting beyond 32 levels", data: JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`) },
  ])("in a native map is refused with advice, and fits in JSON: $name", async ({ data }) => {
    const map = bench.engine({ format: "map" });
    await expect(map.engine.save(newId(), data)).rejects.toMatchObject({
      code: "ERR_SESSION_UNSERIALIZABLE",
      message: expect.stringContaining('format: "json"'),
    });
    expect(map.actions()).toEqual([]);
    const json = bench.engine();
    const id = newId();
    await json.engine.save(id, data);
    expect((await json.engine.load(id))?.data).toEqual(data);
  });

  it("in a native map nests as deep as DynamoDB allows", async () => {
    const { engine } = bench.engine({ format: "map" });
    const id = newId();
    const data = JSON.parse(`${'{"a":'.repeat(31)}1${"}".repeat(31)}`);
    await engine.save(id, data);
    expect((await engine.load(id))?.data).toEqual(data);
  });
});

describe("a row that cannot be read", () => {
  const base = (id: string, now: number) => ({
    pk: { S: `session-store#${id}` },
    sk: { S: `session-store#${id}` },
    gen: { S: "generate" },
    rev: { N: "1" },
    until: { N: String(now + 60_000) },
    expires: { N: String((now + 60_000) / 1000) },
  });

  it.each([
    { name: "no JSON", sess: { S: "top secret" } },
    { name: "JSON of no object", sess: { S: '"top secret"' } },
    { name: "a number", sess: { N: "1" } },
    { name: "bytes", sess: { B: new Uint8Array([1, 2, 3]) } },
    { name: "a list", sess: { L: [{ S: "top secret" }] } },
  ])("is an error that names the row and stays in the table: $name", async ({ sess }) => {
    const { engine, clock, events } = bench.engine();
    const id = newId();
    const row = { ...base(id, clock.time), sess };
    await putRow(bench.client, bench.table, row);
    const error = await engine.load(id).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    expect(error.message).toContain(`session-store#${id.slice(0, 4)}…`);
    expect(JSON.stringify([error.message, String(error.cause), events])).not.toMatch(
      new RegExp(`${id}|top secret`),
    );
    await expect(engine.save(id, { n: 1 })).rejects.toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    await expect(engine.save(engine.create(id), { n: 1 })).rejects.toMatchObject({
      code: "ERR_SESSION_CORRUPT",
    });
    expect(await bench.row(id)).toEqual(row);
    await engine.destroy(id);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("stays in the table after its end too, and is not written over", async () => {
    const { engine, clock, events } = bench.engine();
    const id = newId();
    const row = { ...base(id, clock.time), sess: { S: "top secret" } };
    await putRow(bench.client, bench.table, row);
    clock.pass(3_600_000);
    expect(await engine.load(id)).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "expire", removed: false }));
    await expect(engine.save(id, { n: 1 })).rejects.toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    expect(await bench.row(id)).toEqual(row);
  });

  it.each([
    { name: "rev", value: { S: "one" } },
    { name: "rev", value: { S: "1" } },
    { name: "gen", value: { M: {} } },
    { name: "gen", value: { N: "1" } },
    { name: "created", value: { N: `9.${"9".repeat(37)}e125` } },
    { name: "rev", value: { N: "1e30" } },
  ])("with another type or range in $name is one too: $value", async ({ name, value }) => {
    const { engine, clock } = bench.engine();
    const id = newId();
    const row = { ...base(id, clock.time), [name]: value, sess: { S: "{}" } };
    await putRow(bench.client, bench.table, row);
    // Numbers come back in another notation.
    const before = await bench.row(id);
    const refused = { code: "ERR_SESSION_CORRUPT", message: expect.stringContaining(`"${name}"`) };
    await expect(engine.load(id)).rejects.toMatchObject(refused);
    await expect(engine.save(id, { n: 1 })).rejects.toMatchObject(refused);
    expect(await bench.row(id)).toEqual(before);
  });
});
