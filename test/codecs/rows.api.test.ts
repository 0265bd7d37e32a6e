// Rows whose data went through codecs, at the API: that sessions work on them as on others, that what does not open is an
// error and stays in the table, and what a caller's own codec may do wrong.
import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compress, seal } from "../../src/codecs/index.js";
import type { CodecRow, SessionCodec, SessionStoreOptions } from "../../src/core/index.js";
import { sizeOf } from "../../src/core/record.js";
import { type Bench, makeBench, newId, type TestEngine } from "../support/engines.js";
import { putRow, type Row } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const PREFIX = "session-store#";
const KEY = randomBytes(32);
const OLD_KEY = randomBytes(32);
const LONG = { long: "to be compressed ".repeat(200) };

const sealing = () => bench.engine({ codec: seal({ keys: [KEY] }) });

async function present<T>(found: Promise<T | undefined>): Promise<T> {
  const value = await found;
  if (value === undefined) throw new Error("there is none");
  return value;
}

const rowOf = (id: string): Promise<Row> => present(bench.row(id));

/** The bytes of a row's data. */
function bytesOf({ sess }: Row): Uint8Array {
  if (sess?.B === undefined) throw new Error("its data is not encoded");
  return sess.B;
}

const withData = (row: Row, B: Uint8Array): Row => ({ ...row, sess: { B } });
const put = (row: Row) => putRow(bench.client, bench.table, row);

/** A session that was just made, its id. */
async function saved(
  { engine }: Pick<TestEngine, "engine">,
  data: object = { user: "ada" },
): Promise<string> {
  const id = newId();
  expect(await engine.save(engine.create(id), data)).toEqual({ outcome: "saved" });
  return id;
}

const load = async ({ engine }: Pick<TestEngine, "engine">, id: string) => (await engine.load(id))?.data;

/** What is said of a row that cannot be read: no id, no data. */
function corruptRow(id: string, why: RegExp) {
  const isSafe = (text: string) => !text.includes(id) && !text.includes("ada");
  return expect.objectContaining({
    code: "ERR_SESSION_CORRUPT",
    message: expect.toSatisfy((text: string) => why.test(text) && isSafe(text)),
  });
}

const UNSEALABLE = /the codec "seal" cannot decode it: the key .* altered, or copied.*left as it is/;

/** Puts a row, and asserts that nothing reads it, brings it back or changes it. */
async function expectCorrupt(using: Pick<TestEngine, "engine">, id: string, row: Row, why: RegExp) {
  const { engine } = using;
  await put(row);
  const corrupt = corruptRow(id, why);
  const error = await engine.load(id).catch((refused: unknown) => refused);
  expect(error).toEqual(corrupt);
  expect(error).not.toHaveProperty("cause");
  await expect(engine.update(id, () => ({ n: 1 }))).rejects.toEqual(corrupt);
  await expect(engine.save(id, { n: 1 })).rejects.toEqual(corrupt);
  await expect(engine.save(engine.create(id), { n: 1 })).rejects.toEqual(corrupt);
  expect(await engine.touch(id)).toEqual({ outcome: "failed", error: corrupt });
  expect(await bench.row(id)).toEqual(row);
}

describe("a sealed row", () => {
  it.each([
    { what: "sealed", codec: seal({ keys: [KEY] }), data: { user: "ada" }, frame: [1, 2, 0] },
    { what: "compressed", codec: [compress()], data: LONG, frame: [1, 1, 0] },
    { what: "both", codec: [compress(), seal({ keys: [KEY] })], data: LONG, frame: [1, 1, 2, 0] },
    {
      what: "sealed, and too small to be compressed",
      codec: [compress(), seal({ keys: [KEY] })],
      data: {},
      frame: [1, 2, 0],
    },
  ])(
    "is loaded, saved, touched, updated and destroyed as any other: $what",
    async ({ codec, data, frame }) => {
      const { engine, clock, actions } = bench.engine({ codec, ttl: 1000, touchInterval: 0 });
      const id = await saved({ engine }, data);
      expect([...bytesOf(await rowOf(id)).subarray(0, frame.length)]).toEqual(frame);
      const session = await present(engine.load(id));
      expect(session.data).toEqual(data);
      const before = await rowOf(id);
      clock.pass(400);
      expect(await engine.touch(session)).toEqual({ outcome: "touched" });
      expect(await engine.save(session, { ...data })).toEqual({ outcome: "saved" });
      // A touch moves the expiry alone.
      const touched = await rowOf(id);
      expect(touched).toMatchObject({
        sess: before.sess,
        rev: { N: "1" },
        until: { N: String(clock.time + 1000) },
      });
      actions();
      expect(await engine.save(session, { ...data, n: 1 })).toEqual({ outcome: "saved" });
      expect(await engine.update(id, (now) => ({ ...now, n: Number(now.n) + 1 }))).toMatchObject({
        data: { ...data, n: 2 },
      });
      expect(actions()).toEqual(["UpdateItem", "GetItem", "UpdateItem"]);
      expect(await rowOf(id)).toMatchObject({ rev: { N: "3" }, gen: before.gen });
      expect(await load({ engine }, id)).toEqual({ ...data, n: 2 });
      clock.pass(1000);
      expect(await load({ engine }, id)).toBeUndefined();
      await engine.destroy(id);
      expect(await bench.row(id)).toBeUndefined();
    },
  );

  it("takes the changes of two processes, merged, and counts their updates", async () => {
    const options = { codec: [compress(), seal({ keys: [KEY] })] };
    const [one, other] = [bench.engine(options), bench.engine(options)];
    const id = await saved(one, { ...LONG, n: 0, list: ["a"] });
    const [ours, theirs] = [await present(one.engine.load(id)), await present(other.engine.load(id))];
    await Promise.all([
      one.engine.save(ours, { ...ours.data, one: 1, list: ["a", "b"] }),
      other.engine.save(theirs, { ...theirs.data, other: 1, list: ["a", "c"] }),
      ...[one, other, one, other].map(({ engine }) =>
        engine.update(id, (data) => ({ ...data, n: Number(data.n) + 1 })),
      ),
    ]);
    const data = await present(load(one, id));
    expect(data).toEqual({ ...LONG, n: 4, one: 1, other: 1, list: expect.arrayContaining(["a", "b", "c"]) });
    expect(data.list).toHaveLength(3);
    expect(await rowOf(id)).toMatchObject({ rev: { N: "7" } });
  });

  it("does not open with a bit of any of its bytes changed, and stays as it is", async () => {
    const using = sealing();
    const id = await saved(using);
    const row = await rowOf(id);
    const bytes = bytesOf(row);
    // Of the frame every bit, of what follows one in each byte: seal.test.ts changes the others.
    const bits = Array.from({ length: 24 + bytes.length - 3 }, (_, n) =>
      n < 24 ? n : 8 * (n - 21) + (n % 8),
    );
    for (const bit of bits) {
      const changed = withData(
        row,
        Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
      );
      await put(changed);
      const error = await using.engine.load(id).catch((refused: unknown) => refused);
      expect(error, `bit ${bit}`).toEqual(corruptRow(id, /cannot be read/));
      expect(await bench.row(id)).toEqual(changed);
    }
    await put(row);
    expect(await load(using, id)).toEqual({ user: "ada" });
  });

  it("does not open cut at any length", async () => {
    const using = sealing();
    const id = await saved(using);
    const row = await rowOf(id);
    const bytes = bytesOf(row);
    for (let length = 0; length < bytes.length; length++) {
      const cut = withData(row, bytes.subarray(0, length));
      await put(cut);
      await expect(using.engine.load(id), `${length} bytes`).rejects.toEqual(
        corruptRow(id, /cannot be read/),
      );
      expect(bytesOf(await rowOf(id))).toHaveLength(length);
    }
  });

  it("is an error to every operation, which leaves it as it is; a destroy removes it", async () => {
    const using = sealing();
    const id = await saved(using);
    const row = await rowOf(id);
    const bytes = bytesOf(row);
    await expectCorrupt(
      using,
      id,
      withData(
        row,
        bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
      ),
      UNSEALABLE,
    );
    await using.engine.destroy(id);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("does not open in another session's row, with its data alone or as a whole", async () => {
    const using = sealing();
    const [admin, visitor] = [await saved(using, { user: "admin" }), await saved(using, { user: "visitor" })];
    const [adminRow, visitorRow] = [await rowOf(admin), await rowOf(visitor)];
    await expectCorrupt(using, visitor, withData(visitorRow, bytesOf(adminRow)), UNSEALABLE);
    const key = { S: PREFIX + visitor };
    await expectCorrupt(using, visitor, { ...adminRow, pk: key, sk: key }, UNSEALABLE);
    expect(await load(using, admin)).toEqual({ user: "admin" });
  });

  it("does not open in a session that was created anew under its id", async () => {
    const using = sealing();
    const id = await saved(using, { user: "admin" });
    const before = await rowOf(id);
    await using.engine.destroy(id);
    await using.engine.save(using.engine.create(id), { user: "visitor" });
    const anew = await rowOf(id);
    expect(anew.gen).not.toEqual(before.gen);
    await expectCorrupt(using, id, withData(anew, bytesOf(before)), UNSEALABLE);
  });

  it("opens as an older revision of itself, as a whole or its data alone: that is not detected", async () => {
    const using = sealing();
    const id = await saved(using, { credit: 100 });
    const before = await rowOf(id);
    await using.engine.update(id, () => ({ credit: 0 }));
    await put(withData(await rowOf(id), bytesOf(before)));
    expect(await load(using, id)).toEqual({ credit: 100 });
    // Nor that a whole row comes back after its session was destroyed.
    await using.engine.destroy(id);
    await put(before);
    expect(await load(using, id)).toEqual({ credit: 100 });
  });

  it("is read with every key, and sealed by the first with its next write: nobody is logged out", async () => {
    const before = bench.engine({ codec: seal({ keys: [OLD_KEY] }) });
    const during = bench.engine({ codec: seal({ keys: [KEY, OLD_KEY] }), touchInterval: 0 });
    const after = bench.engine({ codec: seal({ keys: [KEY] }) });
    const [written, idle] = [await saved(before), await saved(before)];
    for (const id of [written, idle]) expect(await load(during, id)).toEqual({ user: "ada" });
    // A touch writes no data.
    during.clock.pass(1);
    expect(await during.engine.touch(idle)).toEqual({ outcome: "touched" });
    expect(await load(before, idle)).toEqual({ user: "ada" });
    await during.engine.update(written, (data) => ({ ...data, n: 1 }));
    expect(await load(after, written)).toEqual({ user: "ada", n: 1 });
    await expectCorrupt(before, written, await rowOf(written), UNSEALABLE);
    await expectCorrupt(after, idle, await rowOf(idle), UNSEALABLE);
  });

  it("is not found once it has expired, though nothing opens it any more: the key may be gone with its last session", async () => {
    const before = bench.engine({ codec: seal({ keys: [OLD_KEY] }), ttl: 1000 });
    const after = bench.engine({ codec: seal({ keys: [KEY] }) });
    const id = await saved(before);
    after.clock.pass(999);
    await expect(after.engine.load(id)).rejects.toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    after.clock.pass(1);
    const { engine } = after;
    expect(await engine.load(id)).toBeUndefined();
    expect(await engine.touch(id)).toEqual({ outcome: "gone" });
    expect(await engine.update(id, () => ({ n: 1 }))).toEqual({ outcome: "gone" });
    // What cannot be read is not removed, by nobody but the table's TTL.
    after.clock.pass(5000);
    expect(await engine.load(id)).toBeUndefined();
    expect(await bench.row(id)).toBeDefined();
  });

  it("is read in a previous place, and opens in no other by being put there", async () => {
    const codec = seal({ keys: [KEY] });
    const before = bench.engine({ codec, table: { hashPrefix: "old#" } });
    const id = await saved(before);
    const moved = await present(bench.row(id, "old#"));
    const key = { S: PREFIX + id };
    await expectCorrupt(sealing(), id, { ...moved, pk: key, sk: key }, UNSEALABLE);
    await sealing().engine.destroy(id);
    const during = bench.engine({ codec, previous: [{ hashPrefix: "old#" }] });
    expect(await load(during, id)).toEqual({ user: "ada" });
  });
});

describeTransactions("a sealed row in a previous place", () => {
  it("is moved with its next write, and sealed anew for its new place", async () => {
    const codec = [compress(), seal({ keys: [KEY] })];
    const before = bench.engine({
      codec: [compress(), seal({ keys: [OLD_KEY] })],
      table: { hashPrefix: "old#" },
    });
    const id = await saved(before, LONG);
    const during = bench.engine({
      codec: [compress(), seal({ keys: [KEY, OLD_KEY] })],
      previous: [{ hashPrefix: "old#" }],
      touchInterval: 0,
    });
    during.clock.pass(1);
    expect(await during.engine.touch(id)).toEqual({ outcome: "touched" });
    expect(await bench.row(id, "old#")).toBeUndefined();
    expect(await load(bench.engine({ codec }), id)).toEqual(LONG);
  });
});

describe("a row that is not sealed", () => {
  const plainEngines = (): [string, TestEngine][] => [
    ["as JSON text", bench.engine()],
    ["as a native map", bench.engine({ format: "map" })],
    ["compressed", bench.engine({ codec: compress() })],
  ];

  it("is an error that names acceptPlain, and stays as it is", async () => {
    const using = bench.engine({ codec: [compress(), seal({ keys: [KEY] })] });
    for (const [, plain] of plainEngines()) {
      const id = await saved(plain, LONG);
      await expectCorrupt(using, id, await rowOf(id), /it is not sealed.*acceptPlain: true.*left as it is/);
    }
  });

  it("is read with acceptPlain, and sealed with its next write", async () => {
    const using = bench.engine({ codec: [compress(), seal({ keys: [KEY], acceptPlain: true })] });
    for (const [what, plain] of plainEngines()) {
      const id = await saved(plain, LONG);
      expect(await load(using, id), what).toEqual(LONG);
      const row = await rowOf(id);
      await using.engine.update(id, (data) => ({ ...data, n: 1 }));
      expect(bytesOf(await rowOf(id))[2], what).toBe(2);
      const strict = bench.engine({ codec: [compress(), seal({ keys: [KEY] })] });
      expect(await load(strict, id), what).toEqual({ ...LONG, n: 1 });
      await expectCorrupt(strict, id, row, /acceptPlain/);
    }
  });

  it("is no way in for what was sealed: acceptPlain opens nothing that another key sealed, or nobody did", async () => {
    const using = bench.engine({ codec: seal({ keys: [KEY], acceptPlain: true }) });
    const id = await saved(bench.engine({ codec: seal({ keys: [OLD_KEY] }) }));
    const row = await rowOf(id);
    await expectCorrupt(using, id, row, UNSEALABLE);
    // Without the tag, it is read as what it looks like.
    await expectCorrupt(
      using,
      id,
      withData(row, Uint8Array.from([1, 0, ...bytesOf(row).subarray(3)])),
      /is no text/,
    );
  });

  it("is not found once it has expired, where the option codec is gone with the last session that needed it", async () => {
    const id = await saved(sealing());
    const { engine, clock } = bench.engine();
    clock.pass(2 * 86_400_000);
    expect(await engine.load(id)).toBeUndefined();
    expect(await engine.touch(id)).toEqual({ outcome: "gone" });
    expect(await bench.row(id)).toBeDefined();
  });

  it("nor read where no codec is given, or not the one that it needs", async () => {
    const id = await saved(bench.engine({ codec: [compress(), seal({ keys: [KEY] })] }), LONG);
    const row = await rowOf(id);
    await expectCorrupt(bench.engine(), id, row, /no codec is given/);
    await expectCorrupt(sealing(), id, row, /a codec \(tag 1\) that the option codec lacks/);
    await expectCorrupt(
      bench.engine({ codec: compress() }),
      id,
      row,
      /a codec \(tag 2\) that the option codec lacks/,
    );
  });
});

describe("compressed rows", () => {
  it("cost a write unit less, or are as they were: by their size in the table", async () => {
    const units = (row: Row) => Math.ceil(sizeOf(row) / 1024);
    for (const codecs of [[], [seal({ keys: [KEY] })]]) {
      const without = bench.engine({ codec: codecs });
      const using = bench.engine({ codec: [compress(), ...codecs] });
      const made = new Set<boolean>();
      for (let length = 720; length < 860; length += 5) {
        const data = { long: "ab".repeat(length / 2) };
        const [one, other] = [await rowOf(await saved(without, data)), await rowOf(await saved(using, data))];
        const isCompressed = other.sess?.B?.[1] === 1;
        made.add(isCompressed);
        // Three bytes say by which codecs data is encoded; where none is, even they are saved.
        const isNearBoundary = 1024 * units(one) - sizeOf(one) < 3;
        if (!isNearBoundary) expect(isCompressed, `${length}`).toBe(units(other) < units(one));
        expect(units(other)).toBe(1);
      }
      expect(made.size).toBe(2);
    }
  });

  it("that inflate to hundreds of megabytes are an error, and stay as they are", async () => {
    const using = bench.engine({ codec: compress() });
    const id = await saved(using, LONG);
    const row = await rowOf(id);
    const deflated = deflateRawSync(Buffer.alloc(380 * 1024 * 1024), { level: 9 });
    const check = Buffer.from(await crypto.subtle.digest("SHA-256", deflated)).subarray(0, 4);
    const bomb = withData(row, Buffer.concat([Buffer.from([1, 1, 0]), check, deflated]));
    expect(sizeOf(bomb)).toBeLessThan(400 * 1024);
    await put(bomb);
    await expect(using.engine.load(id)).rejects.toEqual(
      corruptRow(id, /compress.*4194304 bytes \(option maxBytes\)/),
    );
    expect(Buffer.compare(bytesOf(await rowOf(id)), bytesOf(bomb))).toBe(0);
    await using.engine.destroy(id);
  });

  it("hold what is too large without, and nothing is written of what is too large with it", async () => {
    const using = bench.engine({ codec: [compress({ maxBytes: 1_000_000 }), seal({ keys: [KEY] })] });
    const { engine, actions } = using;
    const large = { long: "x".repeat(900_000) };
    const id = await saved(using, large);
    expect(await load(using, id)).toEqual(large);
    actions();
    const tooLarge = { code: "ERR_SESSION_TOO_LARGE" };
    await expect(engine.save(newId(), { long: "x".repeat(1_000_000) })).rejects.toMatchObject({
      ...tooLarge,
      message: expect.stringContaining("maxBytes of compress()"),
    });
    const noise = { noise: randomBytes(450_000).toString("base64") };
    await expect(engine.save(newId(), noise)).rejects.toMatchObject({
      ...tooLarge,
      message: expect.stringMatching(/\d{3} KB\. DynamoDB holds at most 400 KB/),
    });
    expect(actions()).toEqual([]);
  });
});

describe("any data that JSON has", () => {
  it.each([
    { what: "sealed", codec: seal({ keys: [KEY] }) },
    { what: "compressed and sealed", codec: [compress(), seal({ keys: [KEY] })] },
  ])("comes back as it was saved: $what", async ({ codec }) => {
    const { engine } = bench.engine({ codec });
    const longer = (data: object) => ({ data, again: Array.from({ length: 12 }, () => data) });
    const documents = fc
      .dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }))
      .chain((data) => fc.constantFrom(data, longer(data)));
    await fc.assert(
      fc.asyncProperty(documents, async (given) => {
        const data = JSON.parse(JSON.stringify(given));
        const id = await saved({ engine }, data);
        expect(await load({ engine }, id)).toEqual(data);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a codec of the caller's", () => {
  const SECRET = "ada's secret";
  const upside: SessionCodec = {
    name: "upside down",
    tag: 32,
    encode: (bytes) => bytes.toReversed(),
    decode: (bytes) => bytes.toReversed(),
  };
  const own = (changes: Partial<SessionCodec>): SessionStoreOptions["codec"] => ({ ...upside, ...changes });
  const promised = async () => {
    throw new Error(SECRET);
  };
  const thrown = () => {
    throw new Error(SECRET);
  };
  // What a JavaScript codec may give, whatever the types say.
  const gives = (value: unknown) => () => JSON.parse("{}").none ?? value;

  it("works alone, and between ours, and is told of the row", async () => {
    const told: CodecRow[] = [];
    const listening = {
      ...upside,
      encode(bytes: Uint8Array, row: CodecRow) {
        told.push(row);
        return upside.encode(bytes, row);
      },
      decode(bytes: Uint8Array, row: CodecRow) {
        told.push(row);
        return upside.decode(bytes, row);
      },
    };
    for (const [codec, frame] of [
      [listening, [1, 32, 0]],
      [
        [compress(), listening, seal({ keys: [KEY] })],
        [1, 1, 32, 2, 0],
      ],
    ] as const) {
      const using = bench.engine({ codec });
      const id = await saved(using, LONG);
      const row = await rowOf(id);
      expect([...bytesOf(row).subarray(0, frame.length)]).toEqual(frame);
      expect(await load(using, id)).toEqual(LONG);
      const [encoded, decoded] = told.splice(0);
      const tags = frame.slice(1, frame.indexOf(32));
      expect(encoded).toMatchObject({ key: PREFIX + id, gen: row.gen?.S, tags });
      expect(decoded).toMatchObject({ key: PREFIX + id, gen: row.gen?.S, tags });
    }
  });

  it("is told to the byte what else is in the row, with the first write and with later ones", async () => {
    let told = { otherBytes: 0, made: 0 };
    const codec = {
      ...upside,
      encode(bytes: Uint8Array, { otherBytes }: CodecRow) {
        told = { otherBytes, made: bytes.length };
        return bytes.toReversed();
      },
    };
    for (const codecs of [[codec], [codec, seal({ keys: [KEY] })]]) {
      const using = bench.engine({ codec: codecs });
      const id = await saved(using, { n: 1 });
      expect(sizeOf(await rowOf(id))).toBe(told.otherBytes + told.made);
      await using.engine.update(id, () => ({ n: 1, more: "more" }));
      expect(sizeOf(await rowOf(id))).toBe(told.otherBytes + told.made);
    }
  });

  it.each([
    { what: "throws", encode: thrown },
    { what: "gives a promise that rejects", encode: promised },
    { what: "gives text", encode: gives(SECRET) },
    { what: "gives null", encode: gives(null) },
    { what: "gives an array", encode: gives([1, 2]) },
    { what: "gives bytes of another kind", encode: gives(new Uint16Array(4)) },
    { what: "gives a promise of none", encode: gives(Promise.resolve(null)) },
  ])("that $what for bytes stores nothing, and is named without what it said", async ({ encode }) => {
    const { engine, actions } = bench.engine({ codec: own({ encode }) });
    const id = newId();
    const error = await engine.save(engine.create(id), { user: SECRET }).catch((refused: unknown) => refused);
    expect(error).not.toHaveProperty("cause");
    expect(error).toMatchObject({
      code: "ERR_SESSION_UNSERIALIZABLE",
      message: expect.stringMatching(/the codec "upside down" did not make bytes of it; nothing was written/),
    });
    expect(String(error)).not.toContain(SECRET);
    expect(actions()).toEqual([]);
  });

  it.each([
    { what: "throws", decode: thrown, why: /the codec "upside down" cannot decode it;/ },
    {
      what: "gives a promise that rejects",
      decode: promised,
      why: /the codec "upside down" cannot decode it;/,
    },
    { what: "gives text", decode: gives('{"n":1}'), why: /the codec "upside down" cannot decode it;/ },
    { what: "gives nothing", decode: gives(undefined), why: /the codec "upside down" cannot decode it;/ },
    {
      what: "gives what is no UTF-8",
      decode: gives(Uint8Array.of(0x22, 0xff, 0x22)),
      why: /its decoded data is no text/,
    },
    { what: "gives no JSON", decode: gives(Uint8Array.of(0x7b)), why: /its data is not a JSON object/ },
    { what: "gives no object", decode: gives(Uint8Array.of(0x31)), why: /its data is not a JSON object/ },
  ])("that $what for a row makes it an error, and the row stays", async ({ decode, why }) => {
    const id = await saved(bench.engine({ codec: upside }));
    await expectCorrupt(bench.engine({ codec: own({ decode }) }), id, await rowOf(id), why);
  });

  it("that gives another object's JSON is believed: what it decodes is its own to prove", async () => {
    const id = await saved(bench.engine({ codec: upside }));
    const other = own({ decode: gives(new TextEncoder().encode('{"user":"eve"}')) });
    expect(await load(bench.engine({ codec: other }), id)).toEqual({ user: "eve" });
  });

  it("may leave data as it is, and insist on nothing", async () => {
    const using = bench.engine({ codec: own({ encode: () => undefined }) });
    const id = await saved(using);
    expect((await rowOf(id)).sess).toEqual({ S: '{"user":"ada"}' });
    expect(await load(using, id)).toEqual({ user: "ada" });
  });

  it("may say why it reads no other's rows, and what is wrong with its own", async () => {
    const strict = own({ refusesOthers: "it was not turned", whenUnreadable: "turn it", decode: thrown });
    const using = bench.engine({ codec: strict });
    const plain = await saved(bench.engine());
    await expectCorrupt(using, plain, await rowOf(plain), /it was not turned/);
    const turned = await saved(bench.engine({ codec: upside }));
    await expectCorrupt(using, turned, await rowOf(turned), /cannot decode it: turn it/);
  });

  it("that never ends holds an operation no longer than its timeout", async () => {
    const never = () => new Promise<Uint8Array>(() => {});
    const id = await saved(bench.engine({ codec: upside }));
    const timeout = { code: "ERR_SESSION_TIMEOUT" };
    const reading = bench.engine({ codec: own({ decode: never }), timeout: 50 });
    await expect(reading.engine.load(id)).rejects.toMatchObject(timeout);
    const writing = bench.engine({ codec: own({ encode: never }), timeout: 50 });
    await expect(writing.engine.save(newId(), { n: 1 })).rejects.toMatchObject(timeout);
    expect(writing.actions()).toEqual([]);
  });
});
