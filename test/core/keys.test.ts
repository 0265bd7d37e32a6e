// Keys as tables: which ids can be keys, what stands in a key, and when two places are one.
import { describe, expect, it } from "vitest";
import {
  Addresses,
  afterPrefix,
  hashOf,
  hasLoneSurrogate,
  isSamePlace,
  isStorageKey,
  type KeyLayout,
  type StorageKey,
  sessionIdOf,
  shortId,
  utf8Length,
} from "../../src/core/keys.js";

const plain: KeyLayout = { hashKey: "pk", sortKey: "sk", hashPrefix: "sess:", hashIds: false };
const hashed: KeyLayout = { ...plain, hashPrefix: "hash:", hashIds: true };
const place = (keys: KeyLayout, tableName = "sessions") => ({ tableName, keys });

function key(text: string, layout = plain): StorageKey {
  if (!isStorageKey(text, layout)) throw new Error(`no key: ${text}`);
  return text;
}

describe("two places are one", () => {
  it.each([
    {
      why: "by the same layout, which one engine gives to another",
      one: place(plain),
      other: place(plain),
      is: true,
    },
    { why: "by an equal layout of the same table", one: place(plain), other: place({ ...plain }), is: true },
    { why: "not in another table", one: place(plain), other: place({ ...plain }, "old"), is: false },
    {
      why: "not by another hash key",
      one: place(plain),
      other: place({ ...plain, hashKey: "id" }),
      is: false,
    },
    {
      why: "not by another sort key",
      one: place(plain),
      other: place({ ...plain, sortKey: null }),
      is: false,
    },
    {
      why: "not by another prefix",
      one: place(plain),
      other: place({ ...plain, hashPrefix: "s:" }),
      is: false,
    },
    {
      why: "not where one hashes ids",
      one: place(plain),
      other: place({ ...plain, hashIds: true }),
      is: false,
    },
  ])("$why", ({ one, other, is }) => {
    expect(isSamePlace(one, other)).toBe(is);
  });
});

describe("an id can be a key", () => {
  const composite = new Addresses({ ...plain, hashPrefix: "" }, [], true);
  const alone = new Addresses({ ...plain, hashPrefix: "", sortKey: null }, [], true);

  it.each([
    {
      what: "of 1 024 bytes, which a sort key holds",
      id: "x".repeat(1024),
      withSortKey: true,
      without: true,
    },
    {
      what: "of one byte more, in a table without a sort key",
      id: "x".repeat(1025),
      withSortKey: false,
      without: true,
    },
    {
      what: "of 2 048 bytes, which a hash key holds",
      id: "x".repeat(2048),
      withSortKey: false,
      without: true,
    },
    { what: "of one byte more, nowhere", id: "x".repeat(2049), withSortKey: false, without: false },
    {
      what: "of three bytes for each character, up to the limit",
      id: "鍵".repeat(341),
      withSortKey: true,
      without: true,
    },
    {
      what: "of three bytes for each character, and no further",
      id: "鍵".repeat(342),
      withSortKey: false,
      without: true,
    },
    {
      what: "of two bytes for each character, up to the limit",
      id: "é".repeat(512),
      withSortKey: true,
      without: true,
    },
    {
      what: "of two bytes for each character, and no further",
      id: "é".repeat(513),
      withSortKey: false,
      without: true,
    },
    { what: "that is empty: never", id: "", withSortKey: false, without: false },
    { what: "that is no text: never", id: 5, withSortKey: false, without: false },
    { what: "that is a list of them: never", id: ["x"], withSortKey: false, without: false },
    { what: "that is no Unicode: never", id: "a\ud800", withSortKey: false, without: false },
  ])("$what", ({ id, withSortKey, without }) => {
    expect(composite.canHave(id)).toBe(withSortKey);
    expect(alone.canHave(id)).toBe(without);
  });

  it("with its prefix, which counts in bytes as well", () => {
    const prefixed = new Addresses({ ...plain, hashPrefix: "é".repeat(12) }, [], true);
    expect(prefixed.canHave("x".repeat(1000))).toBe(true);
    expect(prefixed.canHave("x".repeat(1001))).toBe(false);
  });
});

describe("a session's address", () => {
  it("is its key and those in previous places, each where it can be", () => {
    const narrow = { ...plain, hashPrefix: "y".repeat(1020) };
    const addresses = new Addresses(plain, [place(narrow), place({ ...plain, hashPrefix: "old:" })], true);
    expect(addresses.of("ada-id")).toEqual({ key: "sess:ada-id", previous: [undefined, "old:ada-id"] });
    for (const one of [addresses, new Addresses(hashed, [], true)]) expect(one.of("")).toBeUndefined();
  });

  it("has no previous places where there are none", () => {
    expect(new Addresses(plain, [], true).of("ada-id")).toEqual({ key: "sess:ada-id", previous: [] });
  });

  it("holds the hash of the id where one of the places does, and is made once for those who ask together", async () => {
    const addresses = new Addresses(hashed, [place(plain)], true);
    const hash = await hashOf("ada-id");
    const first = addresses.of("ada-id");
    expect(first).toBeInstanceOf(Promise);
    expect(addresses.of("ada-id")).toBe(first);
    const address = await first;
    expect(address).toEqual({ key: `hash:${hash}`, previous: ["sess:ada-id"] });
    expect(addresses.of("ada-id")).toBe(address);
    expect(await new Addresses(plain, [place(hashed)], true).of("ada-id")).toEqual({
      key: "sess:ada-id",
      previous: [`hash:${hash}`],
    });
  });

  it("is hashed by each request for itself where requests share nothing", async () => {
    const addresses = new Addresses(hashed, [], false);
    const first = addresses.of("ada-id");
    expect(addresses.of("ada-id")).not.toBe(first);
    const address = await first;
    expect(address?.key).toBe(`hash:${await hashOf("ada-id")}`);
    await Promise.resolve();
    expect(addresses.of("ada-id")).toEqual(address);
  });

  it("is found by a key of one of its places", async () => {
    const addresses = new Addresses(plain, [place({ ...plain, hashPrefix: "old:" })], true);
    expect(
      addresses.ofKey(key("old:ada-id", { ...plain, hashPrefix: "old:" }), { ...plain, hashPrefix: "old:" }),
    ).toEqual({
      key: "sess:ada-id",
      previous: ["old:ada-id"],
    });
    const hash = await hashOf("ada-id");
    const older = { ...hashed, hashPrefix: "older:" };
    const hashes = new Addresses(hashed, [place(older), place(plain)], true);
    // Of a hash the id is not known: in a place of plain ids it is not looked for.
    const expected = { key: `hash:${hash}`, previous: [`older:${hash}`, undefined] };
    expect(hashes.ofKey(key(`older:${hash}`, older), older)).toEqual(expected);
    expect(
      new Addresses(plain, [place(hashed)], true).ofKey(key(`hash:${hash}`, hashed), hashed),
    ).toBeUndefined();
  });
});

describe("a stored key", () => {
  it.each([
    { text: "sess:x", is: true, why: "begins with the prefix" },
    { text: "sess:", is: false, why: "is more than the prefix" },
    { text: "other:x", is: false, why: "has no other prefix" },
  ])("$why: $text", ({ text, is }) => {
    expect(isStorageKey(text, plain)).toBe(is);
  });

  it("holds a session's id, or the hash of one, which is nobody's id", () => {
    expect(sessionIdOf(key("sess:ada-id"), plain)).toBe("ada-id");
    expect(sessionIdOf(key("hash:ungWv48B", hashed), hashed)).toBe("");
    expect(afterPrefix(key("hash:ungWv48B", hashed), hashed)).toBe("ungWv48B");
  });

  it("is hashed by SHA-256, in base64url", async () => {
    // The example of FIPS 180-2.
    expect(await hashOf("abc")).toBe("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  });
});

describe("an id in a log", () => {
  it.each([
    { id: "0123456789abcdef", shown: "0123…" },
    { id: "0123456789abcde", shown: "…" },
    { id: undefined, shown: "…" },
    { id: Array.from("0123456789abcdef"), shown: "…" },
  ])("is its first four characters where it is long, and none else: $id", ({ id, shown }) => {
    expect(shortId(id)).toBe(shown);
  });
});

it.each([
  { text: "ada", bytes: 3, lone: false },
  { text: "é", bytes: 2, lone: false },
  { text: "🍵", bytes: 4, lone: false },
  { text: "a\ud83c", bytes: 4, lone: true },
])("a text is as long as DynamoDB counts it, and Unicode or not: $text", ({ text, bytes, lone }) => {
  expect(utf8Length(text)).toBe(bytes);
  expect(hasLoneSurrogate(text)).toBe(lone);
});
