// Rows as they are found: what an `expires` that somebody else wrote is taken for, and which numbers of ours are none.
import { describe, expect, it } from "vitest";
import { isStorageKey } from "../../src/core/keys.js";
import { decodeExpiry, decodeRow } from "../../src/core/record.js";

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
