// The checking of options: what is refused, and how what was given is named without being shown.
import { describe, expect, it } from "vitest";
import {
  A_FUNCTION,
  checkEach,
  isObject,
  describe as named,
  refuseOption,
  TRUE_OR_FALSE,
} from "../../src/core/checks.js";

const checks = { size: [(value: unknown) => value === 1, "1"], when: A_FUNCTION } as const;
const refused = (message: string) => expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message });

describe("options", () => {
  it("are taken where each can be meant or is left out", () => {
    expect(() => checkEach({ size: 1 }, checks, "")).not.toThrow();
    expect(() => checkEach({ size: undefined, when: () => {} }, checks, "")).not.toThrow();
  });

  it("are refused by name, with what there is", () => {
    expect(() => checkEach({ Size: 1 }, checks, "table.")).toThrow(
      refused("table.Size: no such option; there are size, when"),
    );
    expect(() => checkEach({ toString: 1 }, checks, "")).toThrow(
      refused("toString: no such option; there are size, when"),
    );
    expect(() => checkEach({ size: 2 }, checks, "table.")).toThrow(refused("table.size: expected 1, got 2"));
    expect(() => checkEach({ when: "now" }, checks, "")).toThrow(
      refused('when: expected a function, got "now"'),
    );
  });

  it("are refused where a required one is left out", () => {
    expect(() => checkEach({}, checks, "", ["size"])).toThrow(refused("size: expected 1, got nothing"));
  });

  it("are refused without a word of a value where there is none", () => {
    expect(() => refuseOption("only one")).toThrow(refused("only one"));
    expect(() => refuseOption("only one", undefined)).toThrow(refused("only one, got nothing"));
  });
});

it.each([
  { value: undefined, name: "nothing" },
  { value: null, name: "null" },
  { value: "a", name: '"a"' },
  { value: "x".repeat(60), name: `"${"x".repeat(60)}"` },
  { value: "x".repeat(61), name: "a string of 61" },
  { value: 5, name: "5" },
  { value: true, name: "true" },
  { value: [5], name: "an array" },
  { value: { secret: 5 }, name: "an object" },
  { value: () => {}, name: "a function" },
  { value: 5n, name: "a bigint" },
])("a bad value is named, and of an object nothing is shown: $name", ({ value, name }) => {
  expect(named(value)).toBe(name);
});

it.each([
  { value: {}, is: true },
  { value: null, is: false },
  { value: [], is: false },
  { value: "text", is: false },
  { value: () => {}, is: false },
])("an object with fields is none of the others: $value", ({ value, is }) => {
  expect(isObject(value)).toBe(is);
});

it.each([
  { value: true, isBoolean: true, isFunction: false },
  { value: 1, isBoolean: false, isFunction: false },
  { value: () => {}, isBoolean: false, isFunction: true },
])("true or false, or a function: $value", ({ value, isBoolean, isFunction }) => {
  expect(TRUE_OR_FALSE[0](value)).toBe(isBoolean);
  expect(A_FUNCTION[0](value)).toBe(isFunction);
  expect([TRUE_OR_FALSE[1], A_FUNCTION[1]]).toEqual(["true or false", "a function"]);
});
