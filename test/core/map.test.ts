// Native maps: what is written by hand, what is refused with its place, and what is read of those that others wrote.
import { describe, expect, it } from "vitest";
import { fromMap, keepsMapClock, mapClockOf, toMap, withMapClock } from "../../src/core/map.js";

describe("data as a native map", () => {
  it("has DynamoDB's types, and the time of the write", () => {
    const data = {
      user: { name: "ada" },
      list: [1, "two", null, [true], {}],
      no: false,
      none: null,
      zero: 0,
      low: -1e-130,
      high: 9.9e125,
      text: "",
    };
    expect(toMap(data, 1_800_000_000_000)).toEqual({
      M: {
        user: { M: { name: { S: "ada" } } },
        list: { L: [{ N: "1" }, { S: "two" }, { NULL: true }, { L: [{ BOOL: true }] }, { M: {} }] },
        no: { BOOL: false },
        none: { NULL: true },
        zero: { N: "0" },
        low: { N: "-1e-130" },
        high: { N: "9.9e+125" },
        text: { S: "" },
        updated: { N: "1800000000000" },
      },
    });
  });

  it("holds an object's own fields, whatever they are named", () => {
    const data = JSON.parse('{"constructor":{"name":"String"},"toString":1}');
    expect(toMap(data, 1)).toEqual({
      M: { constructor: { M: { name: { S: "String" } } }, toString: { N: "1" }, updated: { N: "1" } },
    });
  });

  const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);

  it("nests 32 levels deep", () => {
    expect(toMap(nested(32), 1).M).toBeDefined();
    expect(() => toMap(nested(33), 1)).toThrow(
      `"${"a.".repeat(8)}…" is nested deeper than 32 levels; format: "json" takes it. Nothing was written`,
    );
  });

  it.each([
    { data: { updated: 1 }, says: '"updated" is where 0.0.19 keeps the time of the last write' },
    {
      data: JSON.parse('{"a":{"__proto__":1}}'),
      says: '"a.__proto__" is a name that the SDK drops from maps',
    },
    { data: { a: { "": 1 } }, says: '"a." is empty or not Unicode text' },
    { data: { a: { "\ud800": 1 } }, says: "is empty or not Unicode text" },
    { data: { list: [{ n: 1e126 }] }, says: `"list.0.n" is beyond DynamoDB's numbers` },
    { data: { n: -1e126 }, says: `"n" is beyond DynamoDB's numbers` },
    { data: { n: 9.9e-131 }, says: `"n" is beyond DynamoDB's numbers` },
    { data: { n: -9.9e-131 }, says: `"n" is beyond DynamoDB's numbers` },
    { data: { list: ["\udc00"] }, says: '"list.0" is not Unicode text' },
  ])("is refused by the place of what a map cannot hold: $says", ({ data, says }) => {
    const refused = { code: "ERR_SESSION_UNSERIALIZABLE", message: expect.stringContaining(says) };
    expect(() => toMap(data, 1)).toThrow(expect.objectContaining(refused));
  });
});

describe("a native map as data", () => {
  const clock = { updated: { N: "5" } };

  it("is without the clock where that is one, and with it where it is a field", () => {
    expect(fromMap({ M: { n: { N: "1" }, ...clock } }, true)).toBe('{"n":1}');
    expect(fromMap({ M: { n: { N: "1" }, ...clock } }, false)).toBe('{"n":1,"updated":5}');
    expect(fromMap({ M: { updated: { S: "today" } } }, true)).toBe('{"updated":"today"}');
  });

  it("has its numbers as near as JSON's come to them", () => {
    expect(fromMap({ M: { n: { N: "9007199254740993" }, x: { N: "0.1" } } }, true)).toBe(
      '{"n":9007199254740992,"x":0.1}',
    );
  });

  it("is JSON, also of what JSON has not", () => {
    const M = { ids: { NS: ["1", "2"] }, names: { SS: ["ada"] }, bytes: { B: new Uint8Array([1, 255]) } };
    expect(JSON.parse(fromMap({ M }, true))).toEqual({
      ids: [1, 2],
      names: ["ada"],
      bytes: { type: "Buffer", data: [1, 255] },
    });
  });

  it("tells when it was written, if it does", () => {
    expect(mapClockOf({ M: clock }, true)).toBe(5);
    expect(mapClockOf({ M: clock }, false)).toBeUndefined();
    expect(mapClockOf({ M: {} }, true)).toBeUndefined();
    expect(mapClockOf({ M: { updated: { S: "5" } } }, true)).toBeUndefined();
    expect(mapClockOf({ S: "{}" }, true)).toBeUndefined();
  });

  it("has its clock set anew, if it has one", () => {
    expect(withMapClock({ M: { n: { N: "1" }, ...clock } }, true, 7)).toEqual({
      M: { n: { N: "1" }, updated: { N: "7" } },
    });
    for (const sess of [{ S: "{}" }, { M: { n: { N: "1" } } }])
      expect(withMapClock(sess, true, 7)).toBe(sess);
    const field = { M: clock };
    expect(withMapClock(field, false, 7)).toBe(field);
  });
});

describe("a map's `updated` is its clock", () => {
  const pwrdrvrs = { hashKey: "id", sortKey: null, hashPrefix: "session#", hashIds: false };
  const map = { M: { updated: { N: "5" } } };
  const withOther = { M: { ...map.M, lastModified: { N: "6" } } };
  it.each([
    {
      why: "unless it is @pwrdrvr's, which has another",
      sess: withOther,
      isOurs: false,
      layout: pwrdrvrs,
      is: false,
    },
    {
      why: "in that package's table too, where there is no other",
      sess: map,
      isOurs: false,
      layout: pwrdrvrs,
      is: true,
    },
    { why: "in a row of ours there", sess: withOther, isOurs: true, layout: pwrdrvrs, is: true },
    {
      why: "in a table with another key",
      sess: withOther,
      isOurs: false,
      layout: { ...pwrdrvrs, hashKey: "pk" },
      is: true,
    },
    {
      why: "in a table with a sort key",
      sess: withOther,
      isOurs: false,
      layout: { ...pwrdrvrs, sortKey: "sk" },
      is: true,
    },
    { why: "of text nobody asks", sess: { S: "{}" }, isOurs: false, layout: pwrdrvrs, is: true },
  ])("$why", ({ sess, isOurs, layout, is }) => {
    expect(keepsMapClock(sess, isOurs, layout)).toBe(is);
  });
});
