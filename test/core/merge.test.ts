// What three-way merging promises: first as the table of outcomes, then as properties that hold for any documents.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isObject } from "../../src/core/checks.js";
import { isSameData } from "../../src/core/data.js";
import { merge, withoutLost } from "../../src/core/merge.js";
import type { SessionData } from "../../src/core/options.js";

/** As JSON has it: without prototypes. */
function merged(base: SessionData, ours: SessionData, theirs: SessionData) {
  const { data, overridden } = merge(base, ours, theirs);
  return { data: JSON.parse(JSON.stringify(data)), overridden };
}

describe("merging", () => {
  const table: [
    what: string,
    base: object,
    ours: object,
    theirs: object,
    result: object,
    overridden?: string[],
  ][] = [
    ["what only we changed", { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
    ["what only they changed", { a: 1 }, { a: 1 }, { a: 2 }, { a: 2 }],
    ["what both added, apart", {}, { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [
      "what both added beneath a name that is new",
      {},
      { cart: { tea: 1 } },
      { cart: { cup: 2 } },
      { cart: { tea: 1, cup: 2 } },
    ],
    [
      "what both changed, deep below",
      { a: { b: { c: 1, d: 1 } } },
      { a: { b: { c: 2, d: 1 } } },
      { a: { b: { c: 1, d: 2 } } },
      { a: { b: { c: 2, d: 2 } } },
    ],
    ["what both changed in the same way", { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }],
    ["what both changed differently: the later writer's", { a: 1 }, { a: 2 }, { a: 3 }, { a: 2 }, ["a"]],
    ["what both added differently", {}, { a: { b: 2 } }, { a: { b: 3 } }, { a: { b: 2 } }, ["a.b"]],
    ["what we removed", { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }, { b: 2 }],
    ["what they removed", { a: 1, b: 1 }, { a: 1, b: 2 }, { b: 1 }, { b: 2 }],
    ["what both removed", { a: 1, b: 1 }, { b: 1 }, { b: 1 }, { b: 1 }],
    [
      "our removal against a change beneath it",
      { user: { name: "ada" } },
      {},
      { user: { name: "bob" } },
      {},
      ["user"],
    ],
    [
      "their removal against a change beneath it",
      { user: { name: "ada" } },
      { user: { name: "bob" } },
      {},
      {},
      ["user"],
    ],
    ["our removal against another value", { user: 1 }, {}, { user: 2 }, {}, ["user"]],
    [
      "a removal deep below",
      { a: { b: { c: 1, d: 1 } } },
      { a: { b: { d: 1 } } },
      { a: { b: { c: 2, d: 2 } } },
      { a: { b: { d: 2 } } },
      ["a.b.c"],
    ],
    [
      "null, which is a value and no removal",
      { user: { name: "ada" } },
      { user: null },
      { user: { name: "bob" } },
      { user: null },
      ["user"],
    ],
    [
      "an object in a text's place, on one side",
      { a: "text" },
      { a: { b: 1 } },
      { a: "text" },
      { a: { b: 1 } },
    ],
    [
      "an object in a text's place, on both",
      { a: "text" },
      { a: { b: 1 } },
      { a: { c: 2 } },
      { a: { b: 1, c: 2 } },
    ],
    [
      "a text in an object's place against a change beneath",
      { a: { b: 1 } },
      { a: { b: 2 } },
      { a: "text" },
      { a: { b: 2 } },
      ["a"],
    ],
    [
      "an array to which both appended: theirs first",
      { l: [1] },
      { l: [1, 2] },
      { l: [1, 3] },
      { l: [1, 3, 2] },
    ],
    ["an array that both began", {}, { l: [2] }, { l: [3] }, { l: [3, 2] }],
    ["an array to which only we appended", { l: [1] }, { l: [1, 2] }, { l: [1] }, { l: [1, 2] }],
    ["an array to which both appended the same", { l: [1] }, { l: [1, 2] }, { l: [1, 2] }, { l: [1, 2] }],
    [
      "an array before which they put what we appended",
      { l: [1] },
      { l: [1, 2] },
      { l: [2, 1] },
      { l: [2, 1] },
    ],
    [
      "an array in which our end is there already",
      { l: [1] },
      { l: [1, 2] },
      { l: [1, 3, 2] },
      { l: [1, 3, 2] },
    ],
    [
      "an array of which our end is the beginning of theirs",
      { l: [] },
      { l: [1] },
      { l: [1, 2] },
      { l: [1, 2, 1] },
    ],
    [
      "an array of objects",
      { l: [{ n: 1 }] },
      { l: [{ n: 1 }, { n: 2 }] },
      { l: [{ n: 1 }, { n: 3 }] },
      { l: [{ n: 1 }, { n: 3 }, { n: 2 }] },
    ],
    [
      "an array to which we appended, and they added anywhere",
      { l: [1, 2] },
      { l: [1, 2, 5] },
      { l: [0, 1, 3, 2, 4] },
      { l: [0, 1, 3, 2, 4, 5] },
    ],
    [
      "an array in which our end is there already, behind what they added before it",
      { l: [1] },
      { l: [1, 2] },
      { l: [0, 1, 2] },
      { l: [0, 1, 2] },
    ],
    [
      "an array to which we appended what was there before, where they added something else",
      { l: [1] },
      { l: [1, 1] },
      { l: [2, 1] },
      { l: [2, 1, 1] },
    ],
    [
      "an array that had elements twice, of which they still have both",
      { l: [1, 1] },
      { l: [1, 1, 2] },
      { l: [1, 3, 1] },
      { l: [1, 3, 1, 2] },
    ],
    [
      "an array that had elements twice, of which they removed one",
      { l: [1, 1] },
      { l: [1, 1, 2] },
      { l: [1, 3] },
      { l: [1, 1, 2] },
      ["l"],
    ],
    [
      "an array that they put in another order",
      { l: [1, 2] },
      { l: [1, 2, 3] },
      { l: [2, 1] },
      { l: [1, 2, 3] },
      ["l"],
    ],
    [
      "an array into which we put something elsewhere",
      { l: [1] },
      { l: [0, 1] },
      { l: [1, 2] },
      { l: [0, 1] },
      ["l"],
    ],
    ["an array that we changed within", { l: [1, 2] }, { l: [9, 2] }, { l: [1, 2, 3] }, { l: [9, 2] }, ["l"]],
    ["an array that we shortened", { l: [1, 2] }, { l: [1] }, { l: [1, 2, 3] }, { l: [1] }, ["l"]],
    ["an array that we emptied, against nothing", { l: [1, 2] }, { l: [] }, { l: [1, 2] }, { l: [] }],
    ["an array against an object", { l: [] }, { l: [1] }, { l: { a: 1 } }, { l: [1] }, ["l"]],
    [
      "a date, which is text",
      { at: "2026-01-01T00:00:00.000Z" },
      { at: "2026-01-01T00:00:00.000Z", n: 1 },
      { at: "2027-01-01T00:00:00.000Z" },
      { at: "2027-01-01T00:00:00.000Z", n: 1 },
    ],
    [
      "an empty text, an empty object and an empty array",
      { a: 1, b: 1, c: 1 },
      { a: "", b: {}, c: [] },
      { a: 1, b: 1, c: 1, d: 1 },
      { a: "", b: {}, c: [], d: 1 },
    ],
  ];

  it.each(table)("keeps %s", (_, base, ours, theirs, result, overridden = []) => {
    const outcome = merged({ ...base }, { ...ours }, { ...theirs });
    expect(outcome.data).toEqual(result);
    expect(outcome.overridden.map((path) => path.join("."))).toEqual(overridden);
  });

  it("takes names that are dangerous in JavaScript for names", () => {
    const base = JSON.parse('{"__proto__":{"a":1},"in":{"__proto__":{"n":1}}}');
    const ours = JSON.parse('{"__proto__":{"a":1,"b":2},"in":{"__proto__":{"n":2}},"constructor":{"x":1}}');
    const theirs = JSON.parse(
      '{"__proto__":{"a":9},"in":{"__proto__":{"n":1}},"constructor":{"y":2},"toString":3}',
    );
    expect(JSON.stringify(merged(base, ours, theirs).data)).toBe(
      '{"__proto__":{"a":9,"b":2},"in":{"__proto__":{"n":2}},"constructor":{"y":2,"x":1},"toString":3}',
    );
    expect(merged({}, {}, JSON.parse('{"__proto__":1}')).data).toEqual(JSON.parse('{"__proto__":1}'));
    expect({}).not.toHaveProperty("a");
  });

  it("names at most twenty places where one change was left out", () => {
    const fields = (value: number) =>
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, value]));
    expect(merged(fields(0), fields(1), fields(2)).overridden).toHaveLength(20);
  });
});

describe("what is left of a session that another request destroyed, under a new id", () => {
  const text = JSON.stringify;

  it.each<[string, object, object, object | undefined]>([
    ["nothing, where nothing was changed", { user: "ada", n: 1 }, { n: 1, user: "ada" }, undefined],
    ["nothing, where something was removed", { user: "ada", n: 1 }, { n: 1 }, undefined],
    ["what was added", { user: "ada" }, { user: "ada", cart: { tea: 1 } }, { cart: { tea: 1 } }],
    ["a value that was replaced", { user: "ada", n: 1 }, { user: "bob", n: 1 }, { user: "bob" }],
    ["an object in the place of null", { user: null }, { user: { id: 7 } }, { user: { id: 7 } }],
    ["an object in the place of a text", { user: "ada" }, { user: { id: 7 } }, { user: { id: 7 } }],
    ["a text in the place of an object", { user: { id: 7 } }, { user: "ada" }, { user: "ada" }],
    [
      "nothing of an object in which something was changed",
      { user: { id: 7, n: 1 } },
      { user: { id: 7, n: 2 } },
      undefined,
    ],
    [
      "nothing of an object in which something was added",
      { user: { id: 7 } },
      { user: { id: 7, n: 1 } },
      undefined,
    ],
    [
      "nothing of an array to which something was appended",
      { cart: ["tea"] },
      { cart: ["tea", "jam"] },
      undefined,
    ],
  ])("is %s", (_, lost, ours, left) => {
    expect(withoutLost(text(ours), text(lost))).toEqual(left && text(left));
  });

  it("takes names that are dangerous in JavaScript for names", () => {
    const ours = '{"__proto__":{"a":1},"constructor":{"b":2},"toString":3}';
    expect(withoutLost(ours, "{}")).toBe(ours);
    expect(withoutLost(ours, ours)).toBeUndefined();
  });
});

interface Change {
  readonly how: string;
  readonly name: string;
  readonly below: string;
  readonly value: unknown;
}

// Few names and few values, so that the sides collide.
const name = fc.constantFrom("a", "b", "__proto__", "0");
const leaf = fc.oneof(fc.constantFrom<unknown>(null, true, "", "x", 0, 1), fc.integer({ min: 0, max: 3 }));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("array"), tie("object")),
  array: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map(Object.fromEntries),
}));
const document = fc
  .array(fc.tuple(name, value), { maxLength: 4 })
  .map((fields): SessionData => Object.fromEntries(fields));
// Sides that are related to their base, as those of one session are.
const change = fc.record({
  how: fc.constantFrom("remove", "set", "append", "set below", "remove below"),
  name,
  below: name,
  value,
});
const changes = fc.array(change, { maxLength: 3 });
const sides = fc.oneof(
  fc.tuple(document, document, document),
  fc
    .tuple(document, changes, changes)
    .map(([base, our, their]): [SessionData, SessionData, SessionData] => [
      base,
      our.reduce(changed, base),
      their.reduce(changed, base),
    ]),
);

function changed(data: SessionData, { how, name, below, value }: Change): SessionData {
  const fields = new Map(Object.entries(data));
  const before = fields.get(name);
  if (how === "remove") fields.delete(name);
  else if (how === "append" && Array.isArray(before)) fields.set(name, [...before, value]);
  else if (how.endsWith("below") && isObject(before)) {
    const within = how === "set below" ? "set" : "remove";
    fields.set(name, changed(before, { how: within, name: below, below, value }));
  } else fields.set(name, value);
  return Object.fromEntries(fields);
}

/** The same data, its names in another order. */
function reversed(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(reversed);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(
    Object.entries(data)
      .reverse()
      .map(([field, below]) => [field, reversed(below)]),
  );
}

function reversedFields(data: SessionData): SessionData {
  return Object.fromEntries(
    Object.entries(data)
      .reverse()
      .map(([field, below]) => [field, reversed(below)]),
  );
}

const RUNS = { numRuns: 5000 };

describe("merging any documents", () => {
  it("gives the other side where one did not change", () => {
    fc.assert(
      fc.property(document, document, (base, side) => {
        expect(isSameData(merge(base, base, side).data, side)).toBe(true);
        expect(isSameData(merge(base, side, base).data, side)).toBe(true);
        expect([merge(base, base, side).overridden, merge(base, side, base).overridden]).toEqual([[], []]);
      }),
      RUNS,
    );
  });

  it("loses nothing that only one side changed, at any depth, and takes removals for changes", () => {
    // The table of outcomes once more, by a walk over all places that knows nothing of how merging goes.
    const places = (data: unknown, path: string[] = []): string[][] =>
      typeof data !== "object" || data === null || Array.isArray(data)
        ? [path]
        : [path, ...Object.entries(data).flatMap(([field, below]) => places(below, [...path, field]))];
    const at = (data: unknown, path: string[]): unknown =>
      path.reduce<unknown>(
        (from, field) =>
          typeof from === "object" && from !== null && !Array.isArray(from) && Object.hasOwn(from, field)
            ? Reflect.get(from, field)
            : undefined,
        data,
      );
    fc.assert(
      fc.property(sides, ([base, ours, theirs]) => {
        const { data } = merge(base, ours, theirs);
        for (const path of [base, ours, theirs].flatMap((side) => places(side))) {
          const [before, our, their, now] = [base, ours, theirs, data].map((side) => at(side, path));
          // A change of either side above this place decides over it.
          const isSettledAbove = path.some(
            (_, depth) =>
              depth > 0 &&
              [base, ours, theirs].some((side) => places(at(side, path.slice(0, depth))).length === 1),
          );
          if (isSettledAbove) continue;
          if (isSameData(our, before)) expect(isSameData(now, their)).toBe(true);
          else if (isSameData(their, before)) expect(isSameData(now, our)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it("does not depend on the order of names", () => {
    fc.assert(
      fc.property(sides, ([base, ours, theirs]) => {
        const { data } = merge(base, ours, theirs);
        expect(
          isSameData(merge(reversedFields(base), reversedFields(ours), reversedFields(theirs)).data, data),
        ).toBe(true);
      }),
      RUNS,
    );
  });

  it("twice gives what once gave, also when the others went on in between elsewhere", () => {
    fc.assert(
      fc.property(sides, ([base, ours, theirs]) => {
        const once = merge(base, ours, theirs).data;
        expect(isSameData(merge(base, ours, once).data, once)).toBe(true);
        expect(isSameData(merge(base, ours, { ...once, elsewhere: 1 }).data, { ...once, elsewhere: 1 })).toBe(
          true,
        );
      }),
      RUNS,
    );
  });

  it("changes none of them", () => {
    fc.assert(
      fc.property(sides, (given) => {
        const before = JSON.stringify(given);
        merge(...given);
        expect(JSON.stringify(given)).toBe(before);
      }),
      RUNS,
    );
  });
});

describe("merging a hostile document", () => {
  const nested = (depth: number, end: string): SessionData =>
    JSON.parse(`${'{"a":'.repeat(depth)}${end}${"}".repeat(depth)}`);
  const wide = (width: number, value: number): SessionData =>
    Object.fromEntries(Array.from({ length: width }, (_, i) => [`f${i}`, value]));

  // 400 KB is the most that a row holds. How often a place is looked at is bounded, whatever the shape.
  it.each<[string, SessionData, SessionData, SessionData]>([
    ["60 000 deep", nested(60_000, "1"), nested(60_000, "2"), nested(60_000, "3")],
    [
      "deep in arrays",
      { l: JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) },
      { l: [] },
      { l: JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) },
    ],
    ["removed at 60 000 deep", nested(60_000, '{"b":1}'), nested(60_000, "{}"), nested(60_000, '{"b":2}')],
    ["40 000 wide", wide(40_000, 1), wide(40_000, 2), wide(40_000, 3)],
  ])("%s looks at each place a few times at the most", (_, base, ours, theirs) => {
    let looks = 0;
    const counting = (data: SessionData): SessionData =>
      counted(data, () => {
        looks += 1;
      });
    merge(counting(base), counting(ours), counting(theirs));
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(3_000_000);
  });
});

/** The same data, that tells each time when it is looked into. */
function counted(data: SessionData, look: () => void): SessionData {
  const seen = new WeakMap<object, object>();
  const wrap = <T>(below: T): T => {
    if (typeof below !== "object" || below === null) return below;
    const known = seen.get(below);
    if (known) return known as T;
    const proxy = new Proxy(below, {
      get: (target, field, self) => {
        look();
        return wrap(Reflect.get(target, field, self));
      },
      ownKeys: (target) => {
        look();
        return Reflect.ownKeys(target);
      },
    });
    seen.set(below, proxy);
    return proxy;
  };
  return wrap(data);
}
