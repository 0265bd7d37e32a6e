// What compression promises, without a table: when it is worth it, what it reads back, and what a malicious row cannot do.
import { createHash } from "node:crypto";
import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CompressOptions, compress, seal } from "../../src/codecs/index.js";
import { Codecs } from "../../src/core/codec.js";
import { type CodecRow, SessionStoreError } from "../../src/core/index.js";

const UNIT = 1024;
const MEGABYTE = 1024 * 1024;
const ROW: CodecRow = { key: "session-store#id", gen: "abcdefgh", tags: [], otherBytes: 200 };

/** Bytes that deflate well, and bytes that do not. */
const flat = (length: number) => new Uint8Array(length).fill(97);
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 32)
    bytes.set(
      createHash("sha256")
        .update(String(at))
        .digest()
        .subarray(0, length - at),
      at,
    );
  return bytes;
}

/** What `compress` stores of what was deflated elsewhere. */
function stored(deflated: Uint8Array): Uint8Array {
  const check = createHash("sha256").update(deflated).digest().subarray(0, 4);
  return new Uint8Array(Buffer.concat([check, deflated]));
}

/** So many megabytes of zeros, deflated: one megabyte once, and again and again. */
function bomb(megabytes: number): Uint8Array {
  const megabyte = deflateRawSync(Buffer.alloc(MEGABYTE), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const end = deflateRawSync(Buffer.alloc(0));
  return stored(Buffer.concat([...Array.from({ length: megabytes }, () => megabyte), end]));
}

const unitsOf = (bytes: number) => Math.ceil(bytes / UNIT);
const unreadable = (bytes: Uint8Array, options?: CompressOptions) =>
  expect((async () => compress(options).decode(bytes, ROW))()).rejects.toThrow();

describe("compress", () => {
  it.each([
    { options: null, says: /^codec: compress: expected an object/ },
    { options: 9, says: /^codec: compress: expected an object/ },
    { options: { level: 9 }, says: /^codec: compress: level: no such option.*maxBytes/ },
    { options: { maxBytes: 0 }, says: /^codec: compress: maxBytes: .*1 024 or more.*got 0/ },
    { options: { maxBytes: 1023 }, says: /^codec: compress: maxBytes: / },
    { options: { maxBytes: 2048.5 }, says: /^codec: compress: maxBytes: / },
    { options: { maxBytes: Number.POSITIVE_INFINITY }, says: /^codec: compress: maxBytes: .*got Infinity/ },
    { options: { maxBytes: "4 MB" }, says: /^codec: compress: maxBytes: .*got "4 MB"/ },
  ])("refuses by name: $options", ({ options, says }) => {
    const make = () => compress(JSON.parse("{}").none ?? options);
    expect(make).toThrow(says);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_SESSION_OPTIONS" }));
  });

  it("reads back whatever it has made, in the row of any size", async () => {
    const codec = compress();
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 3 * UNIT }),
      fc.integer({ min: 0, max: 200 * UNIT }).map(flat),
      fc.integer({ min: 0, max: 60 * UNIT }).map(noise),
      fc.json({ maxDepth: 6 }).map((text) => new TextEncoder().encode(text.repeat(50))),
    );
    let made = 0;
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 50, max: 3000 }), async (given, otherBytes) => {
        const encoded = await codec.encode(given, { ...ROW, otherBytes });
        if (encoded === undefined) return;
        made += 1;
        expect(unitsOf(otherBytes + encoded.length)).toBeLessThan(unitsOf(otherBytes - 1 + given.length));
        expect(Buffer.compare(await codec.decode(encoded, ROW), given)).toBe(0);
      }),
      { numRuns: 300 },
    );
    expect(made).toBeGreaterThan(50);
  });

  it("is left alone exactly where it saves no write unit", async () => {
    const encoded = async (length: number, otherBytes: number) =>
      compress().encode(flat(length), { ...ROW, otherBytes });
    // One that is left as it is has no byte for the tag: up to the unit, and a byte over it.
    for (const units of [1, 2, 5]) {
      const others = 300;
      const most = units * UNIT - (others - 1);
      expect((await encoded(most, others)) === undefined, `${units} units`).toBe(units === 1);
      expect(await encoded(most + 1, others), `a byte over ${units} units`).toBeDefined();
    }
    // Which other bytes there are decides, however well the data is deflated.
    const { length } = (await encoded(UNIT, 500)) ?? {};
    if (length === undefined) throw new Error("not compressed");
    expect(await encoded(UNIT, UNIT - length)).toHaveLength(length);
    expect(await encoded(UNIT, UNIT - length + 1)).toBeUndefined();
    expect(await compress().encode(noise(10 * UNIT), ROW)).toBeUndefined();
    expect(await encoded(0, 5000)).toBeUndefined();
  });

  it("reckons with what is put around it: a sealed row is never a unit more, and one is saved where that can be", async () => {
    const [key, acceptPlain] = [noise(32), true];
    const row = { key: ROW.key, gen: ROW.gen };
    const sizeBy = async (codecs: Codecs, text: string, otherBytes: number) => {
      const { B, S } = await codecs.encode(text, { ...row, otherBytes });
      return { bytes: otherBytes + (B ?? new TextEncoder().encode(S)).length, isCompressed: B?.[1] === 1 };
    };
    const sealing = new Codecs([seal({ keys: [key], acceptPlain })]);
    const both = new Codecs([compress(), seal({ keys: [key], acceptPlain })]);
    const text = JSON.stringify({ long: "x".repeat(1500) });
    let compressed = 0;
    for (let otherBytes = 480; otherBytes < 520; otherBytes++) {
      const plain = await sizeBy(sealing, text, otherBytes);
      const { bytes, isCompressed } = await sizeBy(both, text, otherBytes);
      expect(unitsOf(plain.bytes)).toBe(plain.bytes > 2 * UNIT ? 3 : 2);
      expect(unitsOf(bytes)).toBe(1);
      compressed += Number(isCompressed);
    }
    expect(compressed).toBe(40);
    // To the byte: of data that deflates to a little less, but not into one unit less.
    const hard = Buffer.from(noise(1400))
      .toString("latin1")
      .replace(/[^\x20-\x7e]/g, "e");
    const deflated = deflateRawSync(hard).length + 4;
    for (const over of [-1, 0, 1, 2]) {
      const otherBytes = 2 * UNIT - hard.length - 3 - 28 + over;
      const { bytes, isCompressed } = await sizeBy(both, hard, otherBytes);
      expect(isCompressed, `${over} over`).toBe(over > 0);
      expect(bytes).toBe(otherBytes + 28 + (over > 0 ? 4 + deflated : 3 + hard.length));
    }
  });

  it("bounds what is saved by what could be read again", async () => {
    const codec = compress({ maxBytes: 5000 });
    const encoded = await codec.encode(flat(5000), ROW);
    expect(await codec.decode(encoded ?? new Uint8Array(), ROW)).toEqual(flat(5000));
    const refused = await Promise.resolve()
      .then(() => codec.encode(flat(5001), ROW))
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SessionStoreError);
    expect(refused).toMatchObject({
      code: "ERR_SESSION_TOO_LARGE",
      message: expect.stringMatching(/5001 bytes.*maxBytes of compress/),
    });
    await unreadable(stored(deflateRawSync(flat(5001))), { maxBytes: 5000 });
    expect(await compress().decode(stored(deflateRawSync(flat(5001))), ROW)).toEqual(flat(5001));
  });

  it("reads what another deflated, however that was cut into blocks, to the last byte of the bound", async () => {
    for (const deflated of [
      deflateRawSync(flat(4 * MEGABYTE)),
      deflateRawSync(noise(90_000), { level: 0 }),
      deflateRawSync(noise(390_000), { strategy: constants.Z_FIXED }),
      bomb(4).subarray(4),
    ])
      expect((await compress().decode(stored(deflated), ROW)).length).toBeGreaterThanOrEqual(90_000);
  });

  it("ends a bomb once the bound is passed: gigabytes cost the memory of some megabytes", async () => {
    const row = bomb(390);
    expect(row.length).toBeLessThanOrEqual(400 * UNIT);
    // As no row is: two gigabytes, and sixteen.
    const largest = [row, bomb(2048), bomb(16_384)];
    await unreadable(bomb(5));
    const before = process.resourceUsage().maxRSS;
    for (const bytes of largest) await unreadable(bytes);
    const grownMegabytes = (process.resourceUsage().maxRSS - before) / 1024;
    expect(grownMegabytes).toBeLessThan(200);
  });

  it("inflates no more of a bomb than the first pieces of it: what comes after is not even looked at", async () => {
    const [row, end] = [bomb(390), 50_000];
    // Nothing that could be inflated, behind far more than the bound.
    const broken = Uint8Array.from(row.subarray(4), (byte, at) => (at < end ? byte : 0xff));
    const refusal = await Promise.resolve()
      .then(() => compress().decode(stored(broken), ROW))
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RangeError);
  });

  it("does not read what is cut, changed by a bit, or followed by anything", async () => {
    const encoded = await compress().encode(
      new TextEncoder().encode(JSON.stringify({ a: "xyz".repeat(700) })),
      ROW,
    );
    if (encoded === undefined) throw new Error("not compressed");
    for (let length = 0; length < encoded.length; length++) await unreadable(encoded.subarray(0, length));
    for (let bit = 0; bit < 8 * encoded.length; bit++)
      await unreadable(
        Uint8Array.from(encoded, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
      );
    for (const tail of [[0], [3, 0], [...encoded]]) await unreadable(Uint8Array.from([...encoded, ...tail]));
    // Nor what never was deflated, or never ends.
    await unreadable(stored(Buffer.from('{"a":1}')));
    await unreadable(stored(deflateRawSync(flat(3000), { finishFlush: constants.Z_SYNC_FLUSH })));
    await unreadable(stored(Buffer.alloc(0)));
  });
});
