// How codecs are run over data, and how what they give is framed.
import { describe, expect, it } from "vitest";
import { type CodecRow, Codecs, type SessionCodec, Unreadable } from "../../src/core/codec.js";
import { SessionStoreError } from "../../src/core/errors.js";

/** A codec that puts its tag before the bytes, and notes what it is told. */
function marking(tag: number, more: Partial<SessionCodec> = {}) {
  const told: CodecRow[] = [];
  const codec: SessionCodec = {
    name: `mark ${tag}`,
    tag,
    encode(bytes, row) {
      told.push(row);
      return new Uint8Array([tag, ...bytes]);
    },
    decode(bytes, row) {
      told.push(row);
      if (bytes[0] !== tag) throw new Error("not encoded here");
      return bytes.subarray(1);
    },
    ...more,
  };
  return { codec, told };
}

const row = { key: "sess:ada-id", gen: "generate", otherBytes: 100 };
const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));

describe("data is encoded", () => {
  it("by each codec in its order, framed by a version and their tags", async () => {
    const codecs = new Codecs([marking(40).codec, marking(41).codec]);
    const encoded = await codecs.encode('{"a":"é"}', row);
    expect(encoded.B).toEqual(
      new Uint8Array([1, 40, 41, 0, 41, 40, ...ascii('{"a":"'), 0xc3, 0xa9, ...ascii('"}')]),
    );
    expect(await codecs.decode(encoded.B ?? new Uint8Array(), row)).toBe('{"a":"é"}');
  });

  it("as text where no codec changes it", async () => {
    const leaving = marking(40, { encode: () => undefined }).codec;
    expect(await new Codecs([leaving]).encode("{}", row)).toEqual({ S: "{}" });
    expect(await new Codecs([]).encode("{}", row)).toEqual({ S: "{}" });
  });

  it("without the tag of a codec that leaves it as it is", async () => {
    const leaving = marking(40, { encode: async () => undefined }).codec;
    const encoded = await new Codecs([leaving, marking(41).codec]).encode("{}", row);
    expect(encoded.B).toEqual(new Uint8Array([1, 41, 0, 41, ...ascii("{}")]));
  });

  it("each codec being told which came before it, and how many bytes come besides its own", async () => {
    const codecs = [
      marking(40, { addedBytes: 7 }),
      marking(41, { encode: () => undefined, addedBytes: 20 }),
      marking(42, { addedBytes: undefined }),
      marking(43, { addedBytes: 300 }),
    ];
    await new Codecs(codecs.map(({ codec }) => codec)).encode("{}", row);
    const { otherBytes: _, ...rest } = row;
    // The row's own, the frame with all four, and what the later ones add.
    const besides = 100 + 6;
    expect(codecs[0]?.told).toEqual([{ ...rest, tags: [], otherBytes: besides + 320 }]);
    expect(codecs[2]?.told).toEqual([{ ...rest, tags: [40], otherBytes: besides + 300 }]);
    expect(codecs[3]?.told).toEqual([{ ...rest, tags: [40, 42], otherBytes: besides }]);
  });

  it.each([
    { what: "throws", encode: () => Promise.reject(new Error("ada's secret")) },
    { what: "gives no bytes", encode: () => JSON.parse('"text"') },
  ])("or refused without a word of why, where a codec $what", async ({ encode }) => {
    const error = await new Codecs([marking(40, { encode }).codec])
      .encode("{}", row)
      .catch((reason) => reason);
    expect(error).toMatchObject({
      code: "ERR_SESSION_UNSERIALIZABLE",
      message:
        'session data cannot be stored: the codec "mark 40" did not make bytes of it; nothing was written',
    });
    expect(error.cause).toBeUndefined();
  });

  it("or refused by a codec's own error", async () => {
    const own = new SessionStoreError("ERR_SESSION_TOO_LARGE", "too large");
    const encode = () => {
      throw own;
    };
    await expect(new Codecs([marking(40, { encode }).codec]).encode("{}", row)).rejects.toBe(own);
  });
});

describe("encoded data is decoded", () => {
  it("by the codecs that its frame names, the last one first, each being told which came before it", async () => {
    const [first, second] = [marking(40), marking(41)];
    const codecs = new Codecs([second.codec, marking(50).codec, first.codec]);
    const stored = new Uint8Array([1, 40, 41, 0, 41, 40, ...ascii("{}")]);
    expect(await codecs.decode(stored, row)).toBe("{}");
    expect(second.told).toMatchObject([{ key: "sess:ada-id", gen: "generate", tags: [40] }]);
    expect(first.told).toMatchObject([{ tags: [] }]);
  });

  it("to the text as it was, a byte order mark too", async () => {
    const codecs = new Codecs([marking(40).codec]);
    expect(await codecs.decode(new Uint8Array([1, 40, 0, 40, 0xef, 0xbb, 0xbf, 123, 125]), row)).toBe(
      "\ufeff{}",
    );
  });

  it.each([
    { what: "another version", bytes: [2, 40, 0, 40, 123], says: "its data is of no known version" },
    { what: "no end of a frame", bytes: [1, 40, 40, 123], says: "its data is of no known version" },
    { what: "no byte", bytes: [], says: "its data is of no known version" },
    { what: "a codec twice", bytes: [1, 40, 40, 0, 40, 40, 123], says: "its data names a codec twice" },
    {
      what: "another codec",
      bytes: [1, 99, 0, 123],
      says: "its data was encoded by a codec (tag 99) that the option codec lacks",
    },
    { what: "no text in it", bytes: [1, 40, 0, 40, 0xff], says: "its decoded data is no text" },
  ])("or told to be unreadable, with $what", async ({ bytes, says }) => {
    const decoding = new Codecs([marking(40).codec]).decode(new Uint8Array(bytes), row);
    await expect(decoding).rejects.toThrow(Unreadable);
    await expect(decoding).rejects.toThrow(says);
  });

  it.each([
    {
      what: "throws",
      decode: () => Promise.reject(new Error("ada's secret")),
      more: {},
      says: 'the codec "mark 40" cannot decode it',
    },
    {
      what: "gives no bytes",
      decode: () => JSON.parse('"text"'),
      more: {},
      says: 'the codec "mark 40" cannot decode it',
    },
    {
      what: "fails, and says what to do",
      decode: () => JSON.parse("null"),
      more: { whenUnreadable: "see the key" },
      says: 'the codec "mark 40" cannot decode it: see the key',
    },
  ])("or told to be unreadable, where a codec $what", async ({ decode, more, says }) => {
    const { codec } = marking(40, { decode, ...more });
    const error = await new Codecs([codec])
      .decode(new Uint8Array([1, 40, 0, 40]), row)
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(Unreadable);
    expect(error.message).toBe(says);
    expect(error.cause).toBeUndefined();
  });

  it("only where every codec that insists on it had encoded it", async () => {
    const insisting = marking(40, { refusesOthers: "it is not sealed" }).codec;
    const codecs = new Codecs([marking(41).codec, insisting]);
    await expect(codecs.decode(new Uint8Array([1, 41, 0, 41, 123]), row)).rejects.toThrow("it is not sealed");
    expect(() => codecs.check([])).toThrow(Unreadable);
    expect(() => codecs.check([41, 40])).not.toThrow();
  });
});
