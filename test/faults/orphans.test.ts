// Whose a session is that nobody was given: of a request that failed and may have made it, or nobody's.
import { expect, it } from "vitest";
import type { Visit } from "../processes/drive.js";
import type { Ask, Data } from "../processes/protocol.js";
import { withOrphans } from "./orphans.js";

const visit = (ask: Ask, more: Partial<Visit> = {}): Visit => ({
  ...{ n: 1, door: "hono", ask, sent: undefined, startedAt: 1, endedAt: 2 },
  ...{ status: 500, given: undefined, answer: undefined },
  ...more,
});
const set: Ask = { do: "set", path: ["a"], value: 1 };
const count: Ask = { do: "count", path: ["hits"] };

it.each<[string, Visit, Data, string | undefined]>([
  ["what a request set", visit(set), { a: 1 }, "s"],
  [
    "one of two things that it set",
    visit({ do: "set twice", paths: [["a"], ["b"]], value: 1 }),
    { a: 1 },
    "s",
  ],
  ["what it appended", visit({ do: "append", path: ["log"], value: 1 }), { log: [1] }, "s"],
  ["what it set when it signed in", visit({ do: "sign in", path: ["a"], value: 1 }), { a: 1, b: 2 }, "s"],
  ["a count of Hono's", visit(count), { hits: 1 }, "s"],
  ["a count of Koa's, which makes no session", visit(count, { door: "koa" }), { hits: 1 }, undefined],
  ["another value", visit(set), { a: 2 }, undefined],
  ["what one set that was told so", visit(set, { status: 200 }), { a: 1 }, undefined],
  ["what one set that was given another", visit(set, { given: "t" }), { a: 1 }, "t"],
])("a session with %s", (_, one, data, given) => {
  expect(withOrphans([one], new Map([["s", data]]))[0]?.given).toBe(given);
});

it("a session that has what another held is that of who was to give that another id, and failed before setting anything", () => {
  const made = visit(set, { status: 200, given: "r" });
  const moved = visit({ do: "sign in", path: ["b"], value: 2 }, { n: 2, status: 200, sent: "r", given: "s" });
  const failed = visit({ do: "sign in", path: ["c"], value: 3 }, { n: 3, sent: "s" });
  const elsewhere = visit({ do: "sign in", path: ["d"], value: 4 }, { n: 4, sent: "x" });
  const rows = new Map([["t", { a: 1 }]]);
  expect(withOrphans([made, moved, elsewhere, failed], rows).map(({ given }) => given)).toEqual([
    "r",
    "s",
    undefined,
    "t",
  ]);
});

it("a session with what failed in another, and took effect there, is that of who was to give that another id", () => {
  const made = visit({ do: "set", path: ["b"], value: 2 }, { n: 2, status: 200, given: "r" });
  const late = visit(set, { sent: "r" });
  const failed = visit({ do: "sign in", path: ["c"], value: 3 }, { n: 3, sent: "r" });
  const rows = new Map([["s", { a: 1, b: 2 }]]);
  expect(withOrphans([made, late, failed], rows).map(({ given }) => given)).toEqual(["r", undefined, "s"]);
});

it.each([{ _maxAge: 1 }, { hits: 1 }])(
  "a session with nothing but %o may be any failed sign-in's",
  (data) => {
    const failed = visit({ do: "sign in", path: ["c"], value: 3 }, { n: 3, sent: "r", door: "koa" });
    expect(withOrphans([failed], new Map<string, Data>([["s", data]]))[0]?.given).toBe("s");
  },
);

it("a session that somebody has is no orphan", () => {
  const visits = [visit(set), visit({ do: "read" }, { sent: "s" })];
  expect(withOrphans(visits, new Map([["s", { a: 1 }]]))[0]?.given).toBeUndefined();
});
