// What sealed bytes promise whoever reads or alters them, without a table: what opens, what does not, what keys may be.
import { createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compress, type SealOptions, seal } from "../../src/codecs/index.js";
import { Codecs } from "../../src/core/codec.js";
import { type CodecRow, type SessionCodec, SessionStoreError } from "../../src/core/index.js";

const ROW: CodecRow = { key: "session-store#id", gen: "abcdefgh", tags: [], otherBytes: 200 };
const KEY = randomBytes(32);
const OTHER_KEY = randomBytes(32);
const DATA = new TextEncoder().encode('{"user":"ada"}');

async function sealed(codec: SessionCodec, row = ROW): Promise<Uint8Array> {
  const bytes = await codec.encode(DATA, row);
  if (bytes === undefined) throw new Error("it was left as it is");
  return bytes;
}

const opens = async (codec: SessionCodec, bytes: Uint8Array, row = ROW) =>
  expect(await codec.decode(bytes, row)).toEqual(DATA);
const staysShut = (codec: SessionCodec, bytes: Uint8Array, row = ROW) =>
  expect((async () => codec.decode(bytes, row))()).rejects.toThrow();

/** What a JavaScript caller may pass, whatever the types say. */
function refusalOf(options: unknown): Error {
  try {
    seal(JSON.parse("{}").none ?? options);
  } catch (error) {
    expect(error).toBeInstanceOf(SessionStoreError);
    expect(error).toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    if (error instanceof Error) return error;
  }
  throw new Error("it was not refused");
}

describe("seal", () => {
  const text = KEY.toString("base64");

  it.each([
    { what: "nothing", options: undefined, says: /^codec: seal: expected an object/ },
    { what: "a key in the place of options", options: text, says: /^codec: seal: expected an object/ },
    { what: "no keys", options: {}, says: /^codec: seal: keys: expected a list.*environment variable/ },
    { what: "an empty list", options: { keys: [] }, says: /^codec: seal: keys: expected a list/ },
    {
      what: "a text in the place of a list",
      options: { keys: text },
      says: /^codec: seal: keys: expected a list/,
    },
    {
      what: "a key in the place of a list",
      options: { keys: KEY },
      says: /^codec: seal: keys: expected a list/,
    },
    { what: "a list in the place of options", options: [text], says: /^codec: seal: / },
    {
      what: "a variable that is not set",
      options: { keys: [text, process.env.NO_SUCH_VARIABLE] },
      says: /^codec: seal: keys\[1\]: expected 32 bytes.*environment variable.*type undefined/,
    },
    { what: "an empty text", options: { keys: [""] }, says: /^codec: seal: keys\[0\]: .*type string/ },
    {
      what: "16 bytes",
      options: { keys: [randomBytes(16)] },
      says: /^codec: seal: keys\[0\]: .*got 16 bytes/,
    },
    {
      what: "33 bytes",
      options: { keys: [KEY, randomBytes(33)] },
      says: /^codec: seal: keys\[1\]: .*got 33 bytes/,
    },
    { what: "33 bytes as text", options: { keys: [`${text}AA`] }, says: /^codec: seal: keys\[0\]: / },
    {
      what: "31 bytes as text",
      options: { keys: [KEY.subarray(1).toString("base64")] },
      says: /^codec: seal: keys\[0\]: /,
    },
    { what: "hexadecimal text", options: { keys: [KEY.toString("hex")] }, says: /^codec: seal: keys\[0\]: / },
    {
      what: "a passphrase",
      options: { keys: ["correct horse battery staple"] },
      says: /^codec: seal: keys\[0\]: /,
    },
    { what: "text with a line's end", options: { keys: [`${text}\n`] }, says: /^codec: seal: keys\[0\]: / },
    {
      what: "an array of numbers",
      options: { keys: [[...KEY]] },
      says: /^codec: seal: keys\[0\]: .*type object/,
    },
    {
      what: "a key twice",
      options: { keys: [OTHER_KEY, KEY, KEY] },
      says: /^codec: seal: keys\[2\]: is the same/,
    },
    {
      what: "a key and its text",
      options: { keys: [KEY, text] },
      says: /^codec: seal: keys\[1\]: is the same/,
    },
    {
      what: "another option",
      options: { keys: [KEY], key: 1 },
      says: /^codec: seal: key: no such option.*acceptPlain/,
    },
    {
      what: "no answer",
      options: { keys: [KEY], acceptPlain: "no" },
      says: /^codec: seal: acceptPlain: .*true or false/,
    },
  ])("refuses $what by name", ({ options, says }) => {
    expect(refusalOf(options).message).toMatch(says);
  });

  it.each([
    { what: "a text in the place of options", of: (key: string) => key },
    { what: "a list in the place of options", of: (key: string) => [key] },
    { what: "a text in the place of a list", of: (key: string) => ({ keys: key }) },
    { what: "a list within a list", of: (key: string) => ({ keys: [[key]] }) },
    { what: "a key that is too long", of: (key: string) => ({ keys: [`${key}${key}`] }) },
    { what: "a key that is too short", of: (key: string) => ({ keys: [key.slice(4)] }) },
    { what: "the same key twice", of: (key: string) => ({ keys: [key, key] }) },
    { what: "bytes of a wrong length", of: (key: string) => ({ keys: [Buffer.from(key)] }) },
    { what: "an object", of: (key: string) => ({ keys: [{ key }] }) },
  ])("shows nothing of a key: $what", ({ of }) => {
    for (const key of [text, KEY.toString("hex"), "hunter2 hunter2"]) {
      const error = refusalOf(of(key));
      // Not even a part of it, nor where nobody looks.
      const told = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
      for (let at = 0; at + 8 <= key.length; at++) expect(told).not.toContain(key.slice(at, at + 8));
    }
  });

  it.each([
    { what: "base64", as: (key: Buffer) => key.toString("base64") },
    { what: "base64 without its padding", as: (key: Buffer) => key.toString("base64").replace("=", "") },
    { what: "base64url", as: (key: Buffer) => key.toString("base64url") },
    { what: "base64url with padding", as: (key: Buffer) => `${key.toString("base64url")}=` },
    { what: "a Uint8Array", as: (key: Buffer) => new Uint8Array(key) },
    { what: "a part of a larger buffer", as: (key: Buffer) => Buffer.concat([KEY, key]).subarray(32) },
  ])("takes a key as $what", async ({ as }) => {
    // With every character that the two alphabets have and differ in.
    for (const key of [KEY, Buffer.alloc(32, 0xfb), Buffer.alloc(32, 0xff), Buffer.alloc(32)]) {
      await opens(seal({ keys: [as(key)] }), await sealed(seal({ keys: [key] })));
    }
  });

  it("has its own copy of a key, which its owner may overwrite before the first session", async () => {
    const key = Buffer.from(KEY);
    const codec = seal({ keys: [key] });
    key.fill(0);
    await opens(seal({ keys: [KEY] }), await sealed(codec));
  });

  it("is the documented algorithm: HKDF-SHA-256, AES-256-GCM, nonce and tag around the data, the row authenticated", async () => {
    const bytes = Buffer.from(await sealed(seal({ keys: [KEY] }), ROW));
    expect(bytes).toHaveLength(12 + DATA.length + 16);
    const context = "@cyclic.sh/session-store seal 1";
    const derived = Buffer.from(hkdfSync("sha256", KEY, "", context, 32));
    const decipher = createDecipheriv("aes-256-gcm", derived, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(JSON.stringify([context, ROW.tags, ROW.key, ROW.gen])));
    decipher.setAuthTag(bytes.subarray(-16));
    expect(decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8")).toBe(
      '{"user":"ada"}',
    );
    // Not under the key itself.
    const direct = createDecipheriv("aes-256-gcm", KEY, bytes.subarray(0, 12));
    expect(direct.update(bytes.subarray(12, -16)).toString()).not.toBe('{"user":"ada"}');
  });

  it("never uses a nonce twice, for the same data in the same row", async () => {
    const codec = seal({ keys: [KEY] });
    const all = await Promise.all(Array.from({ length: 500 }, () => sealed(codec)));
    expect(new Set(all.map((bytes) => Buffer.from(bytes.subarray(0, 12)).toString("hex"))).size).toBe(500);
    expect(new Set(all.map((bytes) => Buffer.from(bytes.subarray(12)).toString("hex"))).size).toBe(500);
  });

  it("says truly how many bytes it adds", async () => {
    const codec = seal({ keys: [KEY] });
    expect((await sealed(codec)).length - DATA.length).toBe(codec.addedBytes);
  });

  it("does not open with any bit of it changed, cut anywhere, or with anything behind it", async () => {
    const codec = seal({ keys: [OTHER_KEY, KEY] });
    const bytes = await sealed(seal({ keys: [KEY] }));
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      await staysShut(codec, changed);
    }
    for (let length = 0; length < bytes.length; length++) await staysShut(codec, bytes.subarray(0, length));
    for (let from = 1; from < bytes.length; from++) await staysShut(codec, bytes.subarray(from));
    await staysShut(codec, Uint8Array.from([...bytes, 0]));
    await opens(codec, bytes);
  });

  it.each([
    { what: "another row", row: { ...ROW, key: "session-store#ie" } },
    { what: "a row of another prefix", row: { ...ROW, key: "id" } },
    { what: "a session created anew", row: { ...ROW, gen: "abcdefgi" } },
    { what: "a row without gen", row: { ...ROW, gen: "" } },
    { what: "a row whose key goes on in gen", row: { ...ROW, key: `${ROW.key}a`, gen: "bcdefgh" } },
    { what: "data that went through something else before", row: { ...ROW, tags: [1] } },
  ])("does not open in $what", async ({ row }) => {
    const codec = seal({ keys: [KEY] });
    await staysShut(codec, await sealed(codec), row);
  });

  it("does not open as what had been compressed, or had not, where its frame is changed", async () => {
    const codecs = new Codecs([compress(), seal({ keys: [KEY] })]);
    const row = { key: ROW.key, gen: ROW.gen, otherBytes: 200 };
    const text = JSON.stringify({ long: "x".repeat(3000) });
    const { B: stored = new Uint8Array() } = await codecs.encode(text, row);
    expect([...stored.subarray(0, 4)]).toEqual([1, 1, 2, 0]);
    expect(await codecs.decode(stored, row)).toBe(text);
    const body = stored.subarray(4);
    for (const frame of [
      [1, 2, 0],
      [1, 2, 1, 0],
      [1, 1, 0],
      [1, 0],
      [2, 1, 2, 0],
      [1, 1, 1, 2, 0],
      [1, 2, 2, 0],
    ])
      await expect(codecs.decode(Uint8Array.from([...frame, ...body]), row)).rejects.toThrow();
  });

  it("opens with any of its keys, and seals with the first", async () => {
    const old = seal({ keys: [OTHER_KEY] });
    const both = seal({ keys: [KEY, OTHER_KEY] });
    await opens(both, await sealed(old));
    await opens(seal({ keys: [KEY] }), await sealed(both));
    await staysShut(old, await sealed(both));
    const many = [...Array.from({ length: 20 }, () => randomBytes(32)), OTHER_KEY];
    await opens(seal({ keys: many }), await sealed(old));
  });

  it("seals and opens whatever bytes there are, as many at once as there are, with keys that are derived meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 }), async (all) => {
        const codec = seal({ keys: [KEY, OTHER_KEY] });
        const sealedAll = await Promise.all(all.map((bytes) => codec.encode(bytes, ROW)));
        const opened = await Promise.all(
          sealedAll.map((bytes) => codec.decode(bytes ?? new Uint8Array(), ROW)),
        );
        expect(opened).toEqual(all);
      }),
      { numRuns: 100 },
    );
  });

  it("insists on being the one that encoded a row, unless it is told otherwise", () => {
    const of = (options: Partial<SealOptions>) => seal({ keys: [KEY], ...options }).refusesOthers;
    expect(of({})).toMatch(/acceptPlain: true/);
    expect(of({ acceptPlain: false })).toMatch(/acceptPlain: true/);
    expect(of({ acceptPlain: true })).toBeUndefined();
  });
});
