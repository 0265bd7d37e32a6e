// The conditions of writes, in DynamoDB's words: by what a row was read as, and what must not have changed since.
import { describe, expect, it } from "vitest";
import { isExactly, isNotHashed, isSameSession, needsComparison } from "../../src/core/conditions.js";
import { Expression } from "../../src/core/expression.js";
import { isStorageKey } from "../../src/core/keys.js";
import { decodeRow, type Item } from "../../src/core/record.js";

const keys = { hashKey: "pk", sortKey: "sk", hashPrefix: "sess:", hashIds: false };
const key = "sess:ada-id";
if (!isStorageKey(key, keys)) throw new Error("no key");

const row = (item: Item, sess: Item[string] = { S: "{}" }) =>
  decodeRow({ ...item, sess }, key, { tableName: "sessions", keys, absoluteTtl: undefined });

const ours = {
  gen: { S: "generate" },
  rev: { N: "3" },
  until: { N: "5500" },
  expires: { N: "6" },
};
const NOW = 1500;
/** What is said of a row of ours whose end stands in both its attributes. */
const notOver = "#until > :now AND #expires > :nowSeconds";
const notOverValues = { ":now": { N: "1500" }, ":nowSeconds": { N: "1.5" } };

describe("a row is the session that was read", () => {
  it.each<{
    what: string;
    item: Item;
    sess?: Item[string];
    comparesMaps?: boolean;
    says: string;
    values: Item;
  }>([
    {
      what: "of ours, by its revision and generation, unless it is over",
      item: ours,
      says: `#rev = :read_rev AND #gen = :read_gen AND ${notOver}`,
      values: { ":read_rev": ours.rev, ":read_gen": ours.gen, ...notOverValues },
    },
    {
      what: "of ours whose end another package has moved, while it ends then",
      item: { ...ours, expires: { N: "9" } },
      says: "#rev = :read_rev AND #gen = :read_gen AND #until = :read_until AND #expires = :read_expires",
      values: {
        ":read_rev": ours.rev,
        ":read_gen": ours.gen,
        ":read_until": ours.until,
        ":read_expires": { N: "9" },
      },
    },
    {
      what: "of ours without `expires`, while it has none",
      item: { gen: ours.gen, rev: ours.rev, until: ours.until },
      says: "#rev = :read_rev AND #gen = :read_gen AND #until = :read_until AND attribute_not_exists(#expires)",
      values: { ":read_rev": ours.rev, ":read_gen": ours.gen, ":read_until": ours.until },
    },
    {
      what: "of ours whose `expires` is text, while it is that text",
      item: { ...ours, expires: { S: "6" } },
      says: "#rev = :read_rev AND #gen = :read_gen AND #until = :read_until AND #expires = :read_expires",
      values: {
        ":read_rev": ours.rev,
        ":read_gen": ours.gen,
        ":read_until": ours.until,
        ":read_expires": { S: "6" },
      },
    },
    {
      what: "of another package, by its data and its end",
      item: { expires: { N: "6" } },
      says: "attribute_not_exists(#rev) AND #sess = :read_sess AND attribute_not_exists(#until) AND #expires = :read_expires",
      values: { ":read_sess": { S: "{}" }, ":read_expires": { N: "6" } },
    },
    {
      what: "of another package, by its text also where maps are not compared",
      item: {},
      comparesMaps: false,
      says: "attribute_not_exists(#rev) AND #sess = :read_sess AND attribute_not_exists(#until) AND attribute_not_exists(#expires)",
      values: { ":read_sess": { S: "{}" } },
    },
    {
      what: "of another package, by its map where maps are compared",
      item: {},
      sess: { M: { n: { N: "1" } } },
      says: "attribute_not_exists(#rev) AND #sess = :read_sess AND attribute_not_exists(#until) AND attribute_not_exists(#expires)",
      values: { ":read_sess": { M: { n: { N: "1" } } } },
    },
    {
      what: "of 0.0.19, by its map's clock where maps are not compared",
      item: {},
      sess: { M: { updated: { N: "7" } } },
      comparesMaps: false,
      says: "attribute_not_exists(#rev) AND #sess.#updated = :read_clock AND attribute_not_exists(#until) AND attribute_not_exists(#expires)",
      values: { ":read_clock": { N: "7" } },
    },
    {
      what: "of another package, by the absence of a clock where maps are not compared",
      item: {},
      sess: { M: { n: { N: "1" } } },
      comparesMaps: false,
      says: "attribute_not_exists(#rev) AND attribute_not_exists(#sess.#updated) AND attribute_not_exists(#until) AND attribute_not_exists(#expires)",
      values: {},
    },
  ])("$what", ({ item, sess, comparesMaps = true, says, values }) => {
    const expression = new Expression();
    expect(isSameSession(expression, row(item, sess), NOW, comparesMaps)).toBe(says);
    expect(expression.values).toEqual(values);
  });

  it("to the letter where it is to be removed", () => {
    const expression = new Expression();
    expect(isExactly(expression, row(ours))).toBe(
      "#gen = :read_gen AND #rev = :read_rev AND #until = :read_until AND #expires = :read_expires",
    );
    expect(expression.spoken()).toEqual({
      ExpressionAttributeNames: { "#gen": "gen", "#rev": "rev", "#until": "until", "#expires": "expires" },
      ExpressionAttributeValues: {
        ":read_gen": ours.gen,
        ":read_rev": ours.rev,
        ":read_until": ours.until,
        ":read_expires": ours.expires,
      },
    });
    const silent = new Expression();
    expect(isExactly(silent, row({}))).toBe(
      "attribute_not_exists(#gen) AND attribute_not_exists(#rev) AND attribute_not_exists(#until) AND attribute_not_exists(#expires)",
    );
    // DynamoDB refuses values where none are used.
    expect(silent.spoken().ExpressionAttributeValues).toBeUndefined();
  });
});

it("a row stands under no hash where it says nothing of one, or of another", () => {
  const expression = new Expression();
  expect(isNotHashed(expression)).toBe("(attribute_not_exists(#idHash) OR #idHash <> :idHash)");
  expect(expression.values).toEqual({ ":idHash": { S: "sha256" } });
});

it.each<{ item: Item; sess: Item[string]; is: boolean; what: string }>([
  { what: "a map of another package", item: {}, sess: { M: {} }, is: true },
  { what: "text of another package", item: {}, sess: { S: "{}" }, is: false },
  { what: "a map of ours", item: ours, sess: { M: {} }, is: false },
])("a row is told by comparing its map only where nothing else tells: $what", ({ item, sess, is }) => {
  expect(needsComparison(row(item, sess))).toBe(is);
});

it("attributes are set by names and values of their own", () => {
  const expression = new Expression();
  expect(expression.set({ until: { N: "1" }, sess: { S: "{}" } })).toEqual([
    "#until = :until",
    "#sess = :sess",
  ]);
  expect(expression.name("pk", "#hash")).toBe("#hash");
  expect(expression.spoken()).toEqual({
    ExpressionAttributeNames: { "#until": "until", "#sess": "sess", "#hash": "pk" },
    ExpressionAttributeValues: { ":until": { N: "1" }, ":sess": { S: "{}" } },
  });
});
