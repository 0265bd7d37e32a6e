// The rows that list an owner's sessions: what they look like, and when one is written or removed with a session's row.
import { describe, expect, it } from "vitest";
import { isStorageKey, type KeyLayout, type StorageKey } from "../../src/core/keys.js";
import {
  hashOfOwner,
  listedIn,
  listedUntil,
  listingKey,
  listingWrites,
  nameOfOwner,
  partitionOf,
} from "../../src/core/owners.js";
import { decodeRow, type Ownership, type SessionRow } from "../../src/core/record.js";
import { unhandledDuring } from "../support/unhandled.js";

const keys: KeyLayout = { hashKey: "pk", sortKey: "sk", hashPrefix: "sess:", hashIds: false };
const place = { tableName: "sessions", keys };

function key(text: string, layout = keys): StorageKey {
  if (!isStorageKey(text, layout)) throw new Error(`no key: ${text}`);
  return text;
}

const own = (owner: string, until = 900): Ownership => ({ owner, listedUntil: until });

describe("the owner of a session", () => {
  it.each([
    { given: "ada", name: "ada" },
    { given: undefined, name: undefined },
  ])("is what the function gives of its data: $name", ({ given, name }) => {
    const seen: unknown[] = [];
    const owner = nameOfOwner(
      (data) => {
        seen.push(data);
        return given;
      },
      { user: 1 },
    );
    expect(owner).toBe(name);
    expect(seen).toEqual([{ user: 1 }]);
  });

  it.each([
    { what: "an empty name", give: () => "", got: "got an empty one" },
    { what: "a number", give: () => 5, got: "got a number" },
    { what: "null", give: () => null, got: "got a object" },
    { what: "a promise", give: () => Promise.resolve("ada"), got: "got a object" },
  ])("is never $what, and what it was is not said, for it is data", ({ give, got }) => {
    expect(() => nameOfOwner(() => JSON.parse("{}").none ?? give(), {})).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTIONS",
        message: `owner: expected a string that is not empty, or undefined, of the function, ${got}`,
      }),
    );
  });

  it("is no promise of the function, whose failure is nobody's", async () => {
    const late = () => JSON.parse("{}").none ?? Promise.reject(new Error("late"));
    const unhandled = await unhandledDuring(async () => {
      expect(() => nameOfOwner(late, {})).toThrow(/got a object$/);
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  });

  it("is not known where the function throws, which refuses the write", () => {
    const cause = new Error("the application's");
    const throwing = () => {
      throw cause;
    };
    expect(() => nameOfOwner(throwing, {})).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_OPTIONS",
        message: "owner: the function threw; see the cause. Nothing was written",
        cause,
      }),
    );
  });

  it("stands in the table as a hash, other than a session's id of the same text", async () => {
    // SHA-256 of "owner:ada".
    expect(await hashOfOwner("ada")).toHaveLength(43);
    const { createHash } = await import("node:crypto");
    expect(await hashOfOwner("ada")).toBe(createHash("sha256").update("owner:ada").digest("base64url"));
  });
});

describe("a session is listed", () => {
  const expiry = { until: 1_000_500, expires: 1001, updated: 0 };
  it.each([
    {
      why: "as long as it was, while it ends before",
      known: 1001,
      lifetimeMs: 5,
      limit: undefined,
      until: 1001,
    },
    { why: "a day longer than it lives", known: 1000, lifetimeMs: 5, limit: undefined, until: 87_401 },
    {
      why: "its life longer than it lives, where that is more",
      known: undefined,
      lifetimeMs: 100_000_000,
      limit: undefined,
      until: 101_001,
    },
    { why: "until its absolute limit", known: undefined, lifetimeMs: 5, limit: 2_000_000, until: 2000 },
    { why: "never less than it lives", known: undefined, lifetimeMs: 5, limit: 900_000, until: 1001 },
  ])("$why", ({ known, lifetimeMs, limit, until }) => {
    const ownership = known === undefined ? undefined : own("ada", known);
    expect(listedUntil(ownership, { expiry, lifetimeMs, limit })).toBe(until);
  });
});

describe("with a session's row", () => {
  const session = key("sess:ada-id");
  const content = (ownership: Ownership | undefined, gen = "generate") => ({
    key: session,
    text: "{}",
    gen,
    rev: 2,
    writes: [],
    created: 5,
    ownership,
  });

  function row(
    ownership: Ownership | undefined,
    { gen = "generate", at = place, of = session } = {},
  ): SessionRow {
    const item = {
      sess: { S: "{}" },
      rev: { N: "1" },
      gen: { S: gen },
      ...(ownership && { owner: { S: ownership.owner }, listedUntil: { N: String(ownership.listedUntil) } }),
    };
    return decodeRow(item, of, { ...at, absoluteTtl: undefined });
  }

  const put = (owner: string, until = "900", gen = "generate") => ({
    Put: {
      TableName: "sessions",
      Item: {
        pk: { S: `sess:owner#${owner}` },
        sk: { S: "#sess:ada-id" },
        gen: { S: gen },
        expires: { N: until },
      },
    },
  });
  const remove = (owner: string, TableName = "sessions") => ({
    Delete: { TableName, Key: { pk: { S: `sess:owner#${owner}` }, sk: { S: "#sess:ada-id" } } },
  });
  const elsewhere = { tableName: "old", keys: { ...keys } };
  const alone = { tableName: "old", keys: { ...keys, sortKey: null } };

  it.each([
    { what: "nothing of one without an owner", is: content(undefined), was: row(undefined), writes: [] },
    { what: "nothing of a new one without an owner", is: content(undefined), was: undefined, writes: [] },
    { what: "what lists a new one", is: content(own("ada")), was: undefined, writes: [put("ada")] },
    {
      what: "what lists one that has an owner from now on",
      is: content(own("ada")),
      was: row(undefined),
      writes: [put("ada")],
    },
    {
      what: "nothing of one that is listed already",
      is: content(own("ada")),
      was: row(own("ada")),
      writes: [],
    },
    {
      what: "until when, where that moves",
      is: content(own("ada", 950)),
      was: row(own("ada")),
      writes: [put("ada", "950")],
    },
    {
      what: "what lists a session that has come in another's place",
      is: content(own("ada"), "another1"),
      was: row(own("ada")),
      writes: [put("ada", "900", "another1")],
    },
    {
      what: "the end of what listed one that has no owner any more",
      is: content(undefined),
      was: row(own("ada")),
      writes: [remove("ada")],
    },
    {
      what: "both where it has another owner",
      is: content(own("bob")),
      was: row(own("ada")),
      writes: [remove("ada"), put("bob")],
    },
    {
      what: "both where it is moved from another table",
      is: content(own("ada")),
      was: row(own("ada"), { at: elsewhere }),
      writes: [remove("ada", "old"), put("ada")],
    },
    {
      what: "no removal where it is moved from a table that lists nothing",
      is: content(own("ada")),
      was: row(own("ada"), { at: alone }),
      writes: [put("ada")],
    },
  ])("is written $what", ({ is, was, writes }) => {
    expect(listingWrites(place, is, was)).toEqual(writes);
  });
});

describe("a row that lists a session", () => {
  it("has the owner's partition, and a sort key that no session has", () => {
    expect(partitionOf("ada", keys)).toBe("sess:owner#ada");
    expect(listingKey("ada", key("sess:x"), keys)).toEqual({
      pk: { S: "sess:owner#ada" },
      sk: { S: "#sess:x" },
    });
  });

  it("has room for a session's key of 1 023 bytes, and no more", () => {
    const longest = key(`sess:${"é".repeat(509)}`);
    expect(listingKey("ada", longest, keys).sk?.S).toBe(`#${longest}`);
    expect(() => listingKey("ada", key(`${longest}x`), keys)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_ID",
        message:
          "with the option owner, a session's id is at most 1 023 bytes with table.hashPrefix; use a shorter one, or hashIds. Nothing was written",
      }),
    );
  });

  it.each([
    {
      what: "a session and its generation",
      item: { sk: { S: "#sess:x" }, gen: { S: "g" } },
      is: { key: "sess:x", gen: "g" },
    },
    { what: "nothing without a generation", item: { sk: { S: "#sess:x" } }, is: undefined },
    { what: "nothing without a key", item: { gen: { S: "g" } }, is: undefined },
    { what: "nothing of others' rows", item: { sk: { S: "sess:x" }, gen: { S: "g" } }, is: undefined },
    { what: "nothing of another prefix", item: { sk: { S: "#other:x" }, gen: { S: "g" } }, is: undefined },
  ])("tells of $what", ({ item, is }) => {
    expect(listedIn(JSON.parse(JSON.stringify(item)), keys)).toEqual(is);
  });
});
