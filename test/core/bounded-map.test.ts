// What a process remembers of many sessions.
import { expect, it } from "vitest";
import { BoundedMap } from "../../src/core/bounded-map.js";

function filled(most: number, names: string): BoundedMap<string, number> {
  const map = new BoundedMap<string, number>(most);
  for (const name of names) map.set(name, name.charCodeAt(0));
  return map;
}

it("is as many entries as it may hold, and of one more the oldest goes", () => {
  expect(filled(3, "abc").get("a")).toBe(97);
  const map = filled(3, "abcd");
  expect(["a", "b", "c", "d"].map((name) => map.get(name))).toEqual([undefined, 98, 99, 100]);
});

it("goes by when an entry was last set", () => {
  const map = filled(3, "abcad");
  expect(["a", "b", "c", "d"].map((name) => map.get(name))).toEqual([97, undefined, 99, 100]);
});

it("is the newest value of an entry", () => {
  const map = filled(3, "a");
  map.set("a", 1);
  expect(map.get("a")).toBe(1);
});
