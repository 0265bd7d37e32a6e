// Rows as they are found: what an `expires` that somebody else wrote is taken for, and which numbers of ours are none.
import { describe, expect, it } from "vitest";
import { isStorageKey } from "../../src/core/keys.js";
import {
  addWrite,
  checkSize,
  decodeExpiry,
  decodeRow,
  encodeContent,
  encodeExpiry,
  type Item,
  isHashed,
  isSessionItem,
  type Ownership,
  ownershipIn,
  ROW_ATTRIBUTES,
  type SessionItem,
  sizeOf,
} from "../../src/core/record.js";

const keys = { hashKey: "id", sortKey: null, hashPrefix: "sess:", hashIds: false };
const rules = { tableName: "sessions", keys, absoluteTtl: undefined };
const key = "sess:an-id-of-some-length";
if (!isStorageKey(key, keys)) throw new Error("no key");

describe("an expires that another store wrote", () => {
  it.each([
    { name: "whole seconds", expires: { N: "1800000000" }, seconds: 1_800_000_000 },
    { name: "with a fraction", expires: { N: "1800000000.25" }, seconds: 1_800_000_000.25 },
    { name: "milliseconds", expires: { N: "1800000000250" }, seconds: 1_800_000_000.25 },
    { name: "a string of seconds", expires: { S: "1800000000" }, seconds: 1_800_000_000 },
    { name: "a string of milliseconds", expires: { S: " 1800000000250 " }, seconds: 1_800_000_000.25 },
    { name: "nothing at all", expires: { N: "0" }, seconds: 0 },
    {
      name: "the year 5138, which is a moment in 1973",
      expires: { N: "100000000000" },
      seconds: 100_000_000,
    },
    { name: "far away", expires: { N: "99999999999" }, seconds: 99_999_999_999 },
    { name: "not there", expires: undefined, seconds: undefined },
  ])("is read as what it plainly means: $name", ({ expires, seconds }) => {
    expect(decodeExpiry(expires ? { expires } : {}, key, rules).expires).toBe(seconds);
  });

  it.each([
    { name: "negative", expires: { N: "-1" } },
    { name: "microseconds", expires: { N: "1800000000250000" } },
    { name: "a date's text", expires: { S: "2027-01-15T08:00:00Z" } },
    { name: "an empty text", expires: { S: "" } },
    { name: "a blank text", expires: { S: "  " } },
    { name: "beyond both", expires: { N: "100000000000000" } },
    { name: "true", expires: { BOOL: true } },
    { name: "null", expires: { NULL: true as const } },
    { name: "a list", expires: { L: [{ N: "1800000000" }] } },
  ])("is an error that names the row where it means nothing: $name", ({ expires }) => {
    const corrupt = expect.objectContaining({
      code: "ERR_SESSION_CORRUPT",
      message: expect.stringContaining('"expires"'),
    });
    expect(() => decodeExpiry({ expires }, key, rules)).toThrow(corrupt);
    expect(() => decodeRow({ expires, sess: { S: "{}" } }, key, rules)).toThrow(corrupt);
  });
});

describe("a number of ours", () => {
  // As a double the first is 1e126, which DynamoDB refuses to take back.
  const largest = `9.${"9".repeat(37)}e125`;
  const read = (item: Record<string, { N: string }>) => decodeRow({ ...item, sess: { S: "{}" } }, key, rules);

  it.each(["rev", "until", "updated", "created"])(
    "that could not be written back is an error: %s",
    (name) => {
      for (const N of [largest, `-${largest}`]) {
        expect(() => read({ [name]: { N } })).toThrow(
          expect.objectContaining({
            code: "ERR_SESSION_CORRUPT",
            message: expect.stringContaining(`"${name}"`),
          }),
        );
      }
    },
  );

  it("that says when is read up to the largest that can be", () => {
    expect(read({ created: { N: "9.9e125" }, updated: { N: "-9.9e125" } })).toMatchObject({
      created: 9.9e125,
      updated: -9.9e125,
    });
  });

  it("that counts writes is an error where it can grow no more", () => {
    expect(read({ rev: { N: "9007199254740990" } }).rev).toBe(9_007_199_254_740_990);
    const corrupt = expect.objectContaining({ code: "ERR_SESSION_CORRUPT" });
    expect(() => read({ rev: { N: "9007199254740993" } })).toThrow(corrupt);
    expect(() => read({ rev: { N: "1e30" } })).toThrow(corrupt);
  });
});

describe("a row", () => {
  const sess = { S: '{"n":1}' };
  const item = {
    sess,
    gen: { S: "generate" },
    rev: { N: "3" },
    writes: { S: "first second" },
    until: { N: "1800000000500" },
    expires: { N: "1800000001" },
    updated: { N: "1799999999000" },
    created: { N: "1700000000000" },
    owner: { S: "hash" },
    listedUntil: { N: "1800000600" },
  };

  it("is read with all that it says", () => {
    expect(decodeRow(item, key, { ...rules, absoluteTtl: 1000 })).toEqual({
      key,
      place: { ...rules, absoluteTtl: 1000 },
      text: '{"n":1}',
      gen: "generate",
      rev: 3,
      writes: ["first", "second"],
      until: 1_800_000_000_500,
      expires: 1_800_000_001,
      limit: 1_700_000_001_000,
      updated: 1_799_999_999_000,
      created: 1_700_000_000_000,
      ownership: { owner: "hash", listedUntil: 1_800_000_600 },
      item,
    });
  });

  it("of another package says less, and is read as well", () => {
    expect(decodeRow({ sess }, key, rules)).toEqual({
      key,
      place: rules,
      text: '{"n":1}',
      gen: undefined,
      rev: undefined,
      writes: [],
      until: undefined,
      expires: undefined,
      limit: undefined,
      updated: undefined,
      created: undefined,
      ownership: undefined,
      item: { sess },
    });
  });

  it("of ours has no other clock in its map than `updated`, and one of @pwrdrvr's has that for a field", () => {
    const map = { M: { updated: { N: "5" }, lastModified: { N: "6" } } };
    expect(decodeRow({ sess: map }, key, rules).text).toBe('{"updated":5,"lastModified":6}');
    expect(decodeRow({ sess: map, rev: { N: "1" } }, key, rules).text).toBe('{"lastModified":6}');
  });

  it("remembers no writes where another package means something else by them", () => {
    expect(decodeRow({ sess, writes: { N: "5" } }, key, rules).writes).toEqual([]);
  });

  it("has the text that was decoded of it before", () => {
    expect(decodeRow({ sess: { B: new Uint8Array([1]) } }, key, rules, "{}").text).toBe("{}");
  });

  it.each([
    { updated: "5", clock: "7", is: 7 },
    { updated: "7", clock: "5", is: 7 },
    { updated: undefined, clock: "5", is: 5 },
    { updated: "7", clock: undefined, is: 7 },
  ])("was last moved at the later of its two clocks: $updated and $clock", ({ updated, clock, is }) => {
    const stamp = (N: string | undefined): Item => (N === undefined ? {} : { updated: { N } });
    const found = { ...stamp(updated), sess: { M: stamp(clock) } };
    expect(decodeRow(found, key, rules).updated).toBe(is);
  });

  it.each<{ name: string; found: SessionItem; says: string }>([
    { name: "sess", found: { sess: { N: "1" } }, says: "neither JSON text nor a map, and no codec is given" },
    { name: "gen", found: { sess, gen: { N: "1" } }, says: "is no text" },
    { name: "rev", found: { sess, rev: { S: "1" } }, says: "is no number" },
    { name: "updated", found: { sess, updated: { N: "soon" } }, says: "is no number" },
    { name: "created", found: { sess, created: { N: "1e126" } }, says: "cannot be written back" },
    {
      name: "rev",
      found: { sess, rev: { N: "9007199254740991" } },
      says: "is no number that can grow by one",
    },
    {
      name: "rev",
      found: { sess, rev: { N: "-9007199254740991" } },
      says: "is no number that can grow by one",
    },
  ])("that cannot be read is named, with what is wrong, and left: $name $says", ({ name, found, says }) => {
    const message = expect.stringMatching(
      new RegExp(`^the row "sess:an-i…" cannot be read: its attribute "${name}" .*${says}.*; it was left`),
    );
    expect(() => decodeRow(found, key, rules)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_CORRUPT", message }),
    );
  });

  it("is a session's where it has data, under an id or a hash as the layout has it", () => {
    const hashed = { sess, idHash: { S: "sha256" } };
    const layout = (hashIds: boolean) => ({ ...keys, hashIds });
    expect(isSessionItem(undefined, layout(false))).toBe(false);
    expect(isSessionItem({ gen: { S: "g" } }, layout(false))).toBe(false);
    expect([isSessionItem({ sess }, layout(false)), isSessionItem({ sess }, layout(true))]).toEqual([
      true,
      false,
    ]);
    expect([isSessionItem(hashed, layout(false)), isSessionItem(hashed, layout(true))]).toEqual([
      false,
      true,
    ]);
    expect(isHashed({ sess, idHash: { S: "md5" } })).toBe(false);
  });

  it.each<{ found: Item; is: Ownership | undefined }>([
    { found: { owner: { S: "hash" }, listedUntil: { N: "5" } }, is: { owner: "hash", listedUntil: 5 } },
    { found: { owner: { S: "hash" } }, is: undefined },
    { found: { listedUntil: { N: "5" } }, is: undefined },
    { found: { owner: { N: "1" }, listedUntil: { N: "5" } }, is: undefined },
    { found: { owner: { S: "hash" }, listedUntil: { S: "soon" } }, is: undefined },
    { found: { owner: { S: "hash" }, listedUntil: { N: "1e126" } }, is: undefined },
    { found: { owner: { S: "hash" }, listedUntil: { N: "-1e126" } }, is: undefined },
  ])(
    "is an owner's where it says so and until when, and of others' attributes is made nothing: $found",
    ({ found, is }) => {
      expect(ownershipIn(found)).toEqual(is);
    },
  );

  const content = { key, text: "{}", gen: "generate", rev: 2, writes: ["first", "second"], created: 5 };

  it("is written with all that is known of it, and no more", () => {
    const written = {
      gen: { S: "generate" },
      rev: { N: "2" },
      writes: { S: "first second" },
      created: { N: "5" },
    };
    expect(encodeContent({ ...content, ownership: undefined }, keys)).toEqual(written);
    const ownership = { owner: "hash", listedUntil: 7 };
    expect(encodeContent({ ...content, ownership }, { ...keys, hashIds: true })).toEqual({
      ...written,
      idHash: { S: "sha256" },
      owner: { S: "hash" },
      listedUntil: { N: "7" },
    });
    expect(encodeExpiry({ until: 1500, expires: 2, updated: 500 })).toEqual({
      until: { N: "1500" },
      expires: { N: "2" },
      updated: { N: "500" },
    });
  });

  it("has these attributes, which keys cannot be named", () => {
    const ownership = { owner: "hash", listedUntil: 7 };
    const written = encodeContent({ ...content, ownership }, { ...keys, hashIds: true });
    const all = { ...written, ...encodeExpiry({ until: 1, expires: 1, updated: 1 }), sess };
    expect([...ROW_ATTRIBUTES].sort()).toEqual(Object.keys(all).sort());
  });

  it("remembers its last eight writes, the newest last", () => {
    const seven = ["1", "2", "3", "4", "5", "6", "7"];
    expect(addWrite([], "1")).toEqual(["1"]);
    expect(addWrite(seven, "8")).toEqual([...seven, "8"]);
    expect(addWrite([...seven, "8"], "9")).toEqual([...seven.slice(1), "8", "9"]);
  });
});

describe("a row's size is what DynamoDB counts", () => {
  it.each<{ what: string; item: Item; bytes: number }>([
    { what: "text in UTF-8, and its name", item: { né: { S: "é" } }, bytes: 3 + 2 },
    { what: "two digits of a number in a byte, and one more", item: { n: { N: "12345" } }, bytes: 1 + 4 },
    { what: "no zeros before or behind", item: { n: { N: "0.001200" } }, bytes: 1 + 2 },
    { what: "the zeros within", item: { n: { N: "100001" } }, bytes: 1 + 4 },
    { what: "no exponent", item: { n: { N: "-1.5e+125" } }, bytes: 1 + 2 },
    { what: "no exponent, however it is written", item: { n: { N: "15E99" } }, bytes: 1 + 2 },
    { what: "bytes", item: { n: { B: new Uint8Array(7) } }, bytes: 1 + 7 },
    {
      what: "a byte for true, false and null",
      item: { a: { BOOL: true }, b: { NULL: true as const } },
      bytes: 2 + 2,
    },
    {
      what: "three of a map, and one for each entry",
      item: { m: { M: { ab: { S: "c" }, d: { S: "" } } } },
      bytes: 1 + 3 + 2 + 4,
    },
    {
      what: "three of a list, and one for each element",
      item: { l: { L: [{ S: "a" }, { S: "bc" }] } },
      bytes: 1 + 3 + 2 + 3,
    },
  ])("$what", ({ item, bytes }) => {
    expect(sizeOf(item)).toBe(bytes);
  });

  it.each([
    { text: "x".repeat(400 * 1024 - 4), what: "up to 400 KB" },
    { text: "鍵".repeat((400 * 1024 - 4) / 3), what: "of many bytes a character, up to 400 KB" },
  ])("and fits $what", ({ text }) => {
    expect(() => checkSize({ sess: { S: text } })).not.toThrow();
  });

  it.each([
    { text: "x".repeat(400 * 1024 - 3), kilobytes: 401 },
    { text: "é".repeat(205 * 1024), kilobytes: 411 },
  ])("and is refused beyond: $kilobytes KB", ({ text, kilobytes }) => {
    expect(() => checkSize({ sess: { S: text } })).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_TOO_LARGE",
        message: expect.stringContaining(
          `the session's row would be ${kilobytes} KB. DynamoDB holds at most 400 KB`,
        ),
      }),
    );
  });
});
