// When a session ends, and how long it lives: the decisions, as tables.
import { describe, expect, it } from "vitest";
import { endOf, expiryFrom, isExpired, isRemovable, lifetimeOf, limitOf } from "../../src/core/expiry.js";

describe("when a row ends", () => {
  it.each([
    { name: "ours, to the millisecond", until: 1_000_050, expires: 1001, end: 1_000_050 },
    { name: "ours, on a whole second", until: 1_000_000, expires: 1000, end: 1_000_000 },
    {
      name: "ours, renewed by a package that moves expires",
      until: 1_000_050,
      expires: 2000,
      end: 2_000_000,
    },
    { name: "ours, shortened by such a package", until: 1_000_050, expires: 900, end: 900_000 },
    { name: "another package's", until: undefined, expires: 1000, end: 1_000_000 },
    { name: "another package's, with a fraction", until: undefined, expires: 1000.5, end: 1_000_500 },
    { name: "one that lost its TTL attribute", until: 1_000_050, expires: undefined, end: 1_000_050 },
    { name: "one that says nothing", until: undefined, expires: undefined, end: undefined },
    {
      name: "one that says nothing, whatever its limit",
      until: undefined,
      expires: undefined,
      limit: 500,
      end: undefined,
    },
    {
      name: "one that its absolute limit ends",
      until: 1_000_050,
      expires: 1001,
      limit: 999_999,
      end: 999_999,
    },
    {
      name: "one that ends before its limit",
      until: 1_000_050,
      expires: 1001,
      limit: 1_000_051,
      end: 1_000_050,
    },
    {
      name: "another package's, at its limit",
      until: undefined,
      expires: 1000,
      limit: 999_999,
      end: 999_999,
    },
  ])("$name", ({ until, expires, limit, end }) => {
    expect(endOf({ until, expires, limit })).toBe(end);
  });

  it.each([
    { created: 1000, absoluteTtl: 500, limit: 1500, why: "is so long after the first write" },
    {
      created: undefined,
      absoluteTtl: 500,
      limit: undefined,
      why: "is none where nobody wrote when that was",
    },
    { created: 1000, absoluteTtl: undefined, limit: undefined, why: "is none without absoluteTtl" },
  ])("the absolute limit $why", ({ created, absoluteTtl, limit }) => {
    expect(limitOf(created, absoluteTtl)).toBe(limit);
  });

  it.each([
    { at: 999_999, expired: false, removable: false },
    { at: 1_000_000, expired: true, removable: false },
    { at: 1_000_999, expired: true, removable: false },
    { at: 1_001_000, expired: true, removable: true },
  ])("ends at its moment, and may be removed a second later ($at)", ({ at, expired, removable }) => {
    const row = { until: 1_000_000, expires: 1000 };
    expect(isExpired(row, at)).toBe(expired);
    expect(isRemovable(row, at)).toBe(removable);
  });

  it("holds a row without any expiry to be over, and never removes it", () => {
    const row = { until: undefined, expires: undefined };
    expect(isExpired(row, 0)).toBe(true);
    expect(isRemovable(row, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

describe("how long a session lives", () => {
  it.each([
    { ttl: 5000, maxAge: 60_000, lifetime: 5000, why: "ttl wins over maxAge" },
    { ttl: 5000, maxAge: undefined, lifetime: 5000, why: "ttl alone" },
    { ttl: undefined, maxAge: 60_000, lifetime: 60_000, why: "maxAge alone" },
    { ttl: undefined, maxAge: -1, lifetime: -1, why: "a cookie that is over ends its session" },
    { ttl: undefined, maxAge: Number.NaN, lifetime: 86_400_000, why: "a broken maxAge says nothing" },
    { ttl: undefined, maxAge: undefined, lifetime: 86_400_000, why: "one day when nobody says" },
  ])("$why", ({ ttl, maxAge, lifetime }) => {
    expect(lifetimeOf(ttl, maxAge)).toBe(lifetime);
  });

  it("stamps the exact end in milliseconds, and whole seconds rounded up for the table", () => {
    expect(expiryFrom(1_000_000, 50, undefined)).toEqual({
      until: 1_000_050,
      expires: 1001,
      updated: 1_000_000,
    });
    expect(expiryFrom(1_000_000, 2000, undefined)).toEqual({
      until: 1_002_000,
      expires: 1002,
      updated: 1_000_000,
    });
  });
});
