// What ids are made of: characters that nobody can guess, spread evenly.
import { expect, it } from "vitest";
import { randomFraction, randomId } from "../../src/core/random.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

it.each([1, 5, 8, 31, 32, 33])("%i characters are just as many, of base64url's 64", (length) => {
  for (let n = 0; n < 100; n++) expect(randomId(length)).toMatch(new RegExp(`^[\\w-]{${length}}$`));
});

it("an id of 32 has six bits of chance in every place: each character comes as often as any other", () => {
  const EACH = 300;
  const ids = Array.from({ length: 64 * EACH }, () => randomId(32));
  expect(new Set(ids).size).toBe(ids.length);
  for (let place = 0; place < 32; place++) {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id.charAt(place), (counts.get(id.charAt(place)) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([...ALPHABET].sort());
    // Eight deviations: by chance alone once in about 10^12 runs.
    for (const count of counts.values()) expect(Math.abs(count - EACH)).toBeLessThan(8 * Math.sqrt(EACH));
  }
});

it("neighbours in an id, and ids after one another, have nothing to do with each other", () => {
  const ids = Array.from({ length: 20_000 }, () => randomId(32));
  const same = (pairs: [string, string][]) => pairs.filter(([one, other]) => one === other).length;
  const within = same(ids.map((id) => [id.charAt(0), id.charAt(1)]));
  const between = same(ids.slice(1).map((id, i) => [id.charAt(0), (ids[i] ?? "").charAt(0)]));
  // One in 64, 312; eight deviations of 17.5.
  for (const count of [within, between]) expect(Math.abs(count - 20_000 / 64)).toBeLessThan(140);
});

it.each([
  { characters: "aaaaaaaa", fraction: 0.76 },
  { characters: "AAAAAAAA", fraction: 0.2 },
  { characters: "dddddddd", fraction: 0 },
  { characters: "AAAAAAA-", fraction: 0 },
])("jitter comes from the same characters, as a part of one: $characters", ({ characters, fraction }) => {
  const asked: number[] = [];
  const random = (length: number) => {
    asked.push(length);
    return characters;
  };
  expect(randomFraction(random)).toBe(fraction);
  expect(asked).toEqual([8]);
});
