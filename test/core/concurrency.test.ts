// What a save writes over what another request has written, by the option `concurrency`: the outcomes, as tables.
import { describe, expect, it } from "vitest";
import { writtenOver } from "../../src/core/concurrency.js";
import { parseData } from "../../src/core/data.js";
import type { Concurrency, SessionData } from "../../src/core/options.js";

const noDoor = () => false;

function written(
  { base, ours, theirs }: { base: object | undefined; ours: object; theirs: object },
  concurrency: Concurrency,
  {
    holds,
    isDoors = noDoor,
  }: { holds?: (name: string) => boolean; isDoors?: (name: string) => boolean } = {},
) {
  const text = JSON.stringify(theirs);
  let looks = 0;
  const row = {
    text,
    read: () => {
      looks += 1;
      return parseData(text) ?? {};
    },
  };
  const hand = { base: base && JSON.stringify(base), holds };
  const result = writtenOver(row, JSON.stringify(ours), hand, concurrency, isDoors);
  return { data: parseData(result.text), text: result.text, overridden: result.overridden, looks };
}

const met = { base: { n: 1, list: [1] }, ours: { n: 2, list: [1, 2] }, theirs: { n: 3, list: [1, 3] } };

describe("a save", () => {
  it("writes what it has where nobody has written, and parses nothing", () => {
    const alone = { base: { n: 1 }, ours: { n: 2 }, theirs: { n: 1 } };
    expect(written(alone, "merge")).toMatchObject({ text: '{"n":2}', overridden: undefined, looks: 0 });
  });

  it("writes what it has where what is there is the same in another order", () => {
    const same = { base: { a: 1, b: 1 }, ours: { b: 2 }, theirs: { b: 1, a: 1 } };
    expect(written(same, "merge")).toMatchObject({ data: { b: 2 }, overridden: undefined, looks: 1 });
  });

  it("merges, and says where a change was left out", () => {
    expect(written(met, "merge")).toMatchObject({
      data: { n: 2, list: [1, 3, 2] },
      overridden: [["n"]],
    });
  });

  it("writes over all of it by last-write-wins, and says nothing of it", () => {
    expect(written(met, "last-write-wins")).toMatchObject({ data: met.ours, overridden: undefined });
  });

  it("of a caller who read nothing takes what is there for read", () => {
    expect(written({ base: undefined, ours: { a: 1 }, theirs: { b: 1 } }, "merge")).toMatchObject({
      data: { a: 1 },
      overridden: undefined,
    });
  });

  it("keeps what its caller's object cannot hold, whatever comes of the rest", () => {
    const holds = (name: string) => name !== "cookie";
    const hidden = { base: { n: 1 }, ours: { n: 2 }, theirs: { n: 1, cookie: 5 } };
    expect(written(hidden, "merge", { holds }).data).toEqual({ n: 2, cookie: 5 });
    const both = { base: { n: 1 }, ours: { n: 1, a: 1 }, theirs: { n: 1, b: 1, cookie: 5 } };
    expect(written(both, "merge", { holds }).data).toEqual({ n: 1, a: 1, b: 1, cookie: 5 });
    expect(written(both, "last-write-wins", { holds }).data).toEqual({ n: 1, a: 1, cookie: 5 });
  });
});

describe("a function `concurrency`", () => {
  const isDoors = (name: string) => name === "cookie";
  const add = (base: SessionData, ours: SessionData, theirs: SessionData): SessionData => ({
    n: Number(ours.n) + Number(theirs.n) - Number(base.n),
  });

  it("is given the data as loaded, as it is here and as it is there, and says what is written", () => {
    expect(written({ base: { n: 1 }, ours: { n: 2 }, theirs: { n: 5 } }, add)).toMatchObject({
      data: { n: 6 },
      overridden: [],
    });
  });

  it("is not asked of a door's own fields, which are merged beside it, and cannot write them", () => {
    const seen: SessionData[] = [];
    const note: Concurrency = (...three) => {
      seen.push(...three);
      return { ...add(...three), cookie: "its own" };
    };
    const sides = {
      base: { n: 1, cookie: { a: 1, b: 1 } },
      ours: { n: 2, cookie: { a: 2, b: 1 } },
      theirs: { n: 5, cookie: { a: 1, b: 2 } },
    };
    expect(written(sides, note, { isDoors }).data).toEqual({ n: 6, cookie: { a: 2, b: 2 } });
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 5 }]);
    const collide = { base: { n: 1, cookie: 1 }, ours: { n: 2, cookie: 2 }, theirs: { n: 5, cookie: 3 } };
    expect(written(collide, note, { isDoors })).toMatchObject({ overridden: [["cookie"]] });
  });

  it("is not asked where one side alone changed what it would be asked of", () => {
    const never: Concurrency = () => {
      throw new Error("asked");
    };
    const theirs = { base: { n: 1, cookie: 1 }, ours: { n: 1, cookie: 2 }, theirs: { n: 5, cookie: 1 } };
    expect(written(theirs, never, { isDoors })).toMatchObject({ data: { n: 5, cookie: 2 }, overridden: [] });
    const ours = { base: { n: 1, cookie: 1 }, ours: { n: 2, cookie: 1 }, theirs: { n: 1, cookie: 3 } };
    expect(written(ours, never, { isDoors })).toMatchObject({ data: { n: 2, cookie: 3 }, overridden: [] });
  });

  it("refuses the save where it throws, with what it threw as the cause", () => {
    const cause = new Error("the application's");
    const throwing: Concurrency = () => {
      throw cause;
    };
    expect(() => written({ base: { n: 1 }, ours: { n: 2 }, theirs: { n: 3 } }, throwing)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_CONFLICT",
        message:
          'another request has changed the session meanwhile, and the function "concurrency" threw; see the cause. Nothing was written',
        cause,
      }),
    );
  });

  it.each([
    { what: "nothing", give: () => undefined, got: "and gave nothing" },
    { what: "an array", give: () => [], got: "and gave an array" },
    {
      what: "a promise, whose failure is nobody's",
      give: () => Promise.reject(new Error("late")),
      got: "and gave an object",
    },
  ])("refuses the save where it gives $what", ({ give, got }) => {
    const giving: Concurrency = () => JSON.parse("{}").none ?? give();
    expect(() => written({ base: { n: 1 }, ours: { n: 2 }, theirs: { n: 3 } }, giving)).toThrow(
      expect.objectContaining({
        code: "ERR_SESSION_CONFLICT",
        message: expect.stringContaining(`"concurrency" must return the session's data, ${got}`),
      }),
    );
  });
});
