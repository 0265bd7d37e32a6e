// Session data and the text that it is stored as: what comes back, what is the same, and why something cannot be stored.
import { describe, expect, it } from "vitest";
import {
  apart,
  copyOfData,
  encodeData,
  fromSess,
  isContainer,
  isSameData,
  isSameText,
  parseData,
  readOf,
  toSess,
} from "../../src/core/data.js";

const unserializable = (says: string) =>
  expect.objectContaining({ code: "ERR_SESSION_UNSERIALIZABLE", message: expect.stringContaining(says) });

describe("session data as text", () => {
  it("has the semantics of JSON", () => {
    const data = {
      at: new Date(0),
      none: undefined,
      secret: { toJSON: () => "shown" },
      list: [undefined, 1],
    };
    const text = '{"at":"1970-01-01T00:00:00.000Z","secret":"shown","list":[null,1]}';
    expect(encodeData(data)).toBe(text);
    expect(copyOfData(data)).toEqual(JSON.parse(text));
  });

  it.each([
    { what: "text", data: "{}" },
    { what: "an array", data: [] },
    { what: "nothing", data: undefined },
    { what: "a function", data: () => ({}) },
    { what: "null", data: null },
  ])("is that of an object, and not of $what", ({ data }) => {
    expect(() => encodeData(data)).toThrow(
      unserializable("session data must be an object; nothing was written"),
    );
  });

  it.each([
    {
      what: "a BigInt",
      data: { cart: [{ total: 1n }] },
      says: 'session data holds a BigInt at "cart.0.total"; nothing',
    },
    { what: "a BigInt that toJSON gives", data: { a: { toJSON: () => 1n } }, says: 'a BigInt at "a"' },
    { what: "a BigInt of its own", data: 1n, says: 'a BigInt at ""' },
    {
      what: "what throws, and says nothing of why",
      data: {
        get a() {
          throw new Error("no");
        },
      },
      says: "session data holds what cannot be turned into JSON; nothing",
    },
  ])("is refused by the place of what it cannot hold: $what", ({ data, says }) => {
    expect(() => encodeData(data)).toThrow(unserializable(says));
  });

  it("is refused by the place of a cycle, which something met twice is not", () => {
    const twice = { n: 1 };
    const cycle: Record<string, unknown> = { one: twice, other: twice };
    cycle.in = [{ self: cycle }];
    expect(() => encodeData(cycle)).toThrow(unserializable('session data holds a cycle at "in.0.self"'));
    expect(encodeData({ one: twice, other: twice })).toBe('{"one":{"n":1},"other":{"n":1}}');
  });

  it("is refused with what an object of the caller's threw as the cause", () => {
    const cause = new Error("the application's");
    const read = () => {
      throw cause;
    };
    expect(() => readOf(read)).toThrow(unserializable("holds what cannot be turned into JSON"));
    expect(() => readOf(read)).toThrow(expect.objectContaining({ cause }));
    expect(readOf(() => 5)).toBe(5);
  });

  it.each([
    { text: '{"a":1}', data: { a: 1 } },
    { text: "[1]", data: undefined },
    { text: '"text"', data: undefined },
    { text: "null", data: undefined },
    { text: "{", data: undefined },
  ])("is data again where it is an object's: $text", ({ text, data }) => {
    expect(parseData(text)).toEqual(data);
  });
});

describe("two texts stand for the same data", () => {
  it.each([
    { one: '{"a":1}', other: '{"a":1}', same: true },
    { one: '{"a":1,"b":2}', other: '{"b":2,"a":1}', same: true },
    { one: '{"a":1}', other: '{"a":2}', same: false },
    { one: '{"a":1}', other: '{"a":10}', same: false },
    { one: '{"a":1,"b":[]}', other: '{"b":{},"a":1}', same: false },
  ])("$one and $other: $same", ({ one, other, same }) => {
    expect(isSameText(one, other)).toBe(same);
  });

  it("not where they are of different length, though what they stand for were the same", () => {
    expect(isSameText('{"a":1}', '{ "a":1}')).toBe(false);
  });
});

describe("two values are the same data", () => {
  it.each<{ one: unknown; other: unknown; same: boolean }>([
    { one: 1, other: 1, same: true },
    { one: 1, other: "1", same: false },
    { one: null, other: {}, same: false },
    { one: {}, other: null, same: false },
    { one: {}, other: {}, same: true },
    { one: [], other: {}, same: false },
    { one: {}, other: [], same: false },
    { one: [1, 2], other: [1, 2], same: true },
    { one: [1, 2], other: [2, 1], same: false },
    { one: { a: 1 }, other: { a: 1, b: 1 }, same: false },
    { one: { a: 1, b: 1 }, other: { a: 1 }, same: false },
    { one: { a: 1 }, other: { b: 1 }, same: false },
    { one: { a: undefined }, other: { b: undefined }, same: false },
    { one: { toString: undefined }, other: { own: undefined }, same: false },
    { one: { a: { b: [{ c: 1 }] }, d: 1 }, other: { a: { b: [{ c: 1 }] }, d: 1 }, same: true },
    { one: { a: { b: [{ c: 1 }] }, d: 1 }, other: { a: { b: [{ c: 2 }] }, d: 1 }, same: false },
    { one: { a: { b: 2 }, d: 1 }, other: { a: { b: 1 }, d: 1 }, same: false },
  ])("$one and $other: $same", ({ one, other, same }) => {
    expect(isSameData(one, other)).toBe(same);
  });
});

it("the fields that are named stand apart from the others", () => {
  expect(apart({ cookie: 1, user: 2, n: 3 }, (name) => name === "cookie")).toEqual([
    { cookie: 1 },
    { user: 2, n: 3 },
  ]);
});

it.each([
  { value: {}, is: true },
  { value: [], is: true },
  { value: null, is: false },
  { value: "text", is: false },
  { value: () => {}, is: false },
])("what holds others is an object or an array: $value", ({ value, is }) => {
  expect(isContainer(value)).toBe(is);
});

describe("data in a row", () => {
  it("is text by default, and a map with the time of the write in it where that is asked for", () => {
    expect(toSess('{"n":1}', "json", 5)).toEqual({ S: '{"n":1}' });
    expect(toSess('{"n":1}', "map", 5)).toEqual({ M: { n: { N: "1" }, updated: { N: "5" } } });
  });

  it("is read from text or a map, and from nothing else", () => {
    expect(fromSess({ S: '{"n":1}' }, true)).toBe('{"n":1}');
    expect(fromSess({ M: { n: { N: "1" }, updated: { N: "5" } } }, true)).toBe('{"n":1}');
    expect(fromSess({ M: { n: { N: "1" }, updated: { N: "5" } } }, false)).toBe('{"n":1,"updated":5}');
    expect(fromSess({ N: "1" }, true)).toBeUndefined();
  });
});
