// Rows as they are found: what an `expires` that somebody else wrote is taken for.
import { describe, expect, it } from "vitest";
import { storageKeyOf } from "../../src/core/keys.js";
import { decodeExpiry, decodeRow } from "../../src/core/record.js";

const layout = { hashKey: "id", sortKey: null, hashPrefix: "sess:" };
const key = storageKeyOf("an-id-of-some-length", layout);
if (key === undefined) throw new Error("no key");

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
    expect(decodeExpiry(expires ? { expires } : {}, key, layout).expires).toBe(seconds);
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
    expect(() => decodeExpiry({ expires }, key, layout)).toThrow(corrupt);
    expect(() => decodeRow({ expires, sess: { S: "{}" } }, key, layout)).toThrow(corrupt);
  });
});
