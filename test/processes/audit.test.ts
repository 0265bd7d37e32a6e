// The audit itself: histories of a few requests, and what it makes of them.
import { describe, expect, it } from "vitest";
import { audit } from "./audit.js";
import type { Visit } from "./drive.js";
import type { Answer, Ask, Data } from "./protocol.js";

/** A request of the session `s`, that was sent and answered at these moments. */
function visit(startedAt: number, endedAt: number, ask: Ask, more: Partial<Visit> = {}): Visit {
  const answer: Answer = { found: {} };
  return {
    n: startedAt,
    door: "hono",
    ask,
    sent: "s",
    startedAt,
    endedAt,
    status: 200,
    given: undefined,
    answer,
    ...more,
  };
}

const set = (name: string, value: number): Ask => ({ do: "set", path: [name], value });
const item = (name: string, value: number): Ask => ({ do: "set", path: ["cart", "bag", name], value });
const append = (value: number): Ask => ({ do: "append", path: ["log"], value });
const remove = (name: string): Ask => ({ do: "remove", path: [name] });
const count: Ask = { do: "count", path: ["hits"] };
const read: Ask = { do: "read" };
const signIn: Ask = { do: "sign in", path: ["user"], value: 1 };
const signOut: Ask = { do: "sign out" };

/** A request that was answered by an error; and one of Express that failed behind its answer. */
const refused = { status: 500, answer: undefined };
const failed = { door: "express" as const, failed: true };

const found = (data: Data) => ({ answer: { found: data } });
const gone = { answer: { found: {}, outcome: "gone" as const } };

function whatIsFound(visits: Visit[], rows: Record<string, Data>): string[] {
  const { byRequests, inTable } = audit(visits, new Map(Object.entries(rows)));
  return [...byRequests.map(({ what }) => `by a request: ${what}`), ...inTable.map(({ what }) => what)];
}

describe("the audit", () => {
  it.each<[string, Visit[], Record<string, Data>]>([
    [
      "all that was acknowledged",
      [
        visit(1, 5, set("a", 1)),
        visit(2, 6, item("b", 2)),
        visit(3, 7, append(3)),
        visit(4, 8, count),
        visit(9, 10, read, found({ a: 1, cart: { bag: { b: 2 } }, log: [3], hits: 1 })),
      ],
      { s: { a: 1, cart: { bag: { b: 2 } }, log: [3], hits: 1, cookie: {}, _maxAge: 1 } },
    ],
    ["a session that nobody gave anything", [visit(1, 2, read)], {}],
    ["what was removed", [visit(1, 2, set("a", 1)), visit(3, 4, remove("a"), found({ a: 1 }))], { s: {} }],
    [
      "an object that was removed whole, with what overlapped in it or not, and with what came later",
      [
        visit(1, 2, item("a", 1)),
        visit(3, 6, item("b", 2), found({ cart: { bag: { a: 1 } } })),
        visit(4, 5, remove("cart"), found({ cart: { bag: { a: 1 } } })),
        visit(7, 8, item("c", 3)),
      ],
      { s: { cart: { bag: { c: 3 } } } },
    ],
    [
      "either of what overlapped, in a request's eyes",
      [visit(1, 5, set("a", 1)), visit(2, 6, set("b", 2), found({ a: 1 })), visit(3, 4, read)],
      { s: { a: 1, b: 2 } },
    ],
    [
      "nothing left of a session that was signed out",
      [visit(1, 2, set("a", 1)), visit(3, 4, signOut, found({ a: 1 }))],
      {},
    ],
    [
      "a new session for who comes by an old cookie",
      [visit(1, 2, signOut), visit(3, 4, set("a", 1), { given: "t" })],
      { t: { a: 1 } },
    ],
    [
      "the data of the session whose place another took",
      [visit(1, 2, set("a", 1)), visit(3, 4, signIn, { ...found({ a: 1 }), given: "t" })],
      { t: { a: 1, user: 1 } },
    ],
    [
      "nothing of it at Express, which empties it",
      [visit(1, 2, set("a", 1)), visit(3, 4, signIn, { ...found({ a: 1 }), given: "t", door: "express" })],
      { t: { user: 1 } },
    ],
    [
      "a change that overlapped with the sign-in, there or not",
      [visit(1, 4, set("a", 1)), visit(2, 5, set("b", 1)), visit(3, 6, signIn, { given: "t" })],
      { t: { a: 1, user: 1 } },
    ],
    ["an update of a session that is gone", [visit(1, 2, signOut), visit(3, 4, count, gone)], {}],
  ])("accepts %s", (_, visits, rows) => {
    expect(whatIsFound(visits, rows)).toEqual([]);
  });

  it.each<[string, Visit[], Record<string, Data>, string[]]>([
    [
      "a field that is lost",
      [visit(1, 2, set("a", 1)), visit(3, 4, set("b", 2), found({ a: 1 }))],
      { s: { b: 2 } },
      ["lost"],
    ],
    [
      "a product that is lost",
      [visit(1, 3, item("a", 1)), visit(2, 4, item("b", 2))],
      { s: { cart: { bag: { b: 2 } } } },
      ["lost"],
    ],
    [
      "the first of what one request set",
      [visit(1, 2, { do: "set twice", paths: [["a"], ["b"]], value: 1 })],
      { s: { b: 1 } },
      ["lost"],
    ],
    [
      "an element that is lost",
      [visit(1, 3, append(1)), visit(2, 4, append(2))],
      { s: { log: [2] } },
      ["lost"],
    ],
    ["an element that is there twice", [visit(1, 2, append(1))], { s: { log: [1, 1] } }, ["doubled"]],
    ["a row that is lost", [visit(1, 2, set("a", 1))], {}, ["lost"]],
    [
      "a removal that is undone",
      [visit(1, 2, set("a", 1)), visit(3, 4, remove("a"), found({ a: 1 }))],
      { s: { a: 1 } },
      ["undone"],
    ],
    [
      "a removal of an object that a slow change beneath it undid",
      [
        visit(1, 2, item("a", 1)),
        visit(3, 6, item("b", 2), found({ cart: { bag: { a: 1 } } })),
        visit(4, 5, remove("cart"), found({ cart: { bag: { a: 1 } } })),
      ],
      { s: { cart: { bag: { a: 1, b: 2 } } } },
      ["undone"],
    ],
    ["a count that is short", [visit(1, 3, count), visit(2, 4, count)], { s: { hits: 1 } }, ["miscounted"]],
    ["a count that is too much", [visit(1, 2, count)], { s: { hits: 2 } }, ["miscounted"]],
    [
      "a count of what was told to be gone",
      [visit(1, 3, count), visit(2, 4, count, { answer: { found: {}, outcome: "gone" } })],
      { s: { hits: 2 } },
      ["by a request: lost", "miscounted"],
    ],
    [
      "a session that lives though it was destroyed",
      [visit(1, 3, set("a", 1)), visit(2, 4, signOut)],
      { s: { a: 1 } },
      ["alive"],
    ],
    [
      "a session that lives under its old id",
      [visit(1, 2, signIn, { given: "t" })],
      { s: {}, t: { user: 1 } },
      ["alive"],
    ],
    [
      "a destroyed session that a request finds",
      [visit(1, 2, signOut), visit(3, 4, read, found({ a: 1 }))],
      {},
      ["by a request: alive"],
    ],
    [
      "a destroyed session's data under a new id",
      [
        visit(1, 2, set("a", 1)),
        visit(3, 4, signOut, found({ a: 1 })),
        visit(5, 6, set("b", 2), { given: "t" }),
      ],
      { t: { a: 1, b: 2 } },
      ["from nowhere"],
    ],
    [
      "what a sign-in left behind",
      [visit(1, 2, set("a", 1)), visit(3, 4, signIn, { ...found({ a: 1 }), given: "t" })],
      { t: { user: 1 } },
      ["lost"],
    ],
    ["a session that nobody was given", [], { x: { a: 1 } }, ["from nowhere"]],
    ["data that nobody set", [visit(1, 2, set("a", 1))], { s: { a: 1, b: 2 } }, ["from nowhere"]],
    [
      "a request that misses what was acknowledged",
      [visit(1, 2, set("a", 1)), visit(3, 4, read)],
      { s: { a: 1 } },
      ["by a request: lost"],
    ],
    [
      "an answer that is no success",
      [visit(1, 2, read, { status: 500, answer: undefined })],
      {},
      ["by a request: failed"],
    ],
    [
      "an answer that never came",
      [visit(1, 2, set("a", 1), { status: 0, answer: undefined })],
      {},
      ["by a request: failed"],
    ],
    [
      "a cookie that gives an ended session's id again",
      [visit(1, 3, signOut), visit(2, 4, set("a", 1), { given: "s" })],
      {},
      ["by a request: given back"],
    ],
    [
      "the same at Koa, of a request that came later",
      [visit(1, 2, signOut), visit(3, 4, read, { given: "s", door: "koa" })],
      {},
      ["by a request: given back"],
    ],
  ])("finds %s", (_, visits, rows, what) => {
    expect(whatIsFound(visits, rows)).toEqual(what);
  });

  it.each<[string, Visit[], Record<string, Data>]>([
    [
      "a change, there or not",
      [visit(1, 2, set("a", 1), refused), visit(3, 4, set("b", 2), refused)],
      { s: { b: 2 } },
    ],
    ["a change of Express, there or not", [visit(1, 2, set("a", 1), failed)], {}],
    [
      "a change that takes effect late",
      [visit(1, 2, set("a", 1), refused), visit(3, 4, read, found({ a: 1 }))],
      {},
    ],
    ["a count", [visit(1, 2, count, refused), visit(3, 4, count)], { s: { hits: 2 } }],
    [
      "a sign-out of a session that lives on",
      [visit(1, 2, set("a", 1)), visit(3, 4, signOut, refused)],
      { s: { a: 1 } },
    ],
    [
      "a sign-out that took effect",
      [visit(1, 2, set("a", 1)), visit(3, 4, signOut, refused), visit(5, 6, read)],
      {},
    ],
    [
      "a sign-in that took the session and gave none",
      [visit(1, 2, set("a", 1)), visit(3, 4, signIn, { ...refused, ...{ given: "t" } }), visit(5, 6, read)],
      {},
    ],
    [
      "an update of a session that was never made",
      [visit(1, 2, set("a", 1), failed), visit(3, 4, count, gone)],
      {},
    ],
  ])("accepts of a request that failed %s", (_, visits, rows) => {
    const others = whatIsFound(visits, rows).filter((what) => what !== "by a request: failed");
    expect(others).toEqual([]);
  });

  it.each<[string, Visit[], Record<string, Data>, string[]]>([
    [
      "what was acknowledged before it",
      [visit(1, 2, set("a", 1)), visit(3, 4, signOut, refused)],
      { s: { b: 1 } },
      ["lost", "from nowhere"],
    ],
    [
      "what was acknowledged, to another request",
      [visit(1, 2, set("a", 1)), visit(3, 4, set("b", 1), refused), visit(5, 6, read)],
      { s: { a: 1 } },
      ["by a request: lost"],
    ],
    ["an element twice", [visit(1, 2, append(1), refused)], { s: { log: [1, 1] } }, ["doubled"]],
    ["a count twice", [visit(1, 2, count, refused)], { s: { hits: 2 } }, ["miscounted"]],
    [
      "what it brought back",
      [visit(1, 2, set("a", 1)), visit(3, 4, signOut), visit(5, 6, set("b", 2), refused)],
      { s: { a: 1, b: 2 } },
      ["alive"],
    ],
  ])("finds in spite of a request that failed: lost, doubled or undone %s", (_, visits, rows, what) => {
    const others = whatIsFound(visits, rows).filter((name) => name !== "by a request: failed");
    expect(others).toEqual(what);
  });

  it("counts what was acknowledged, what of it lives, and what is lost", () => {
    const visits = [
      visit(1, 2, set("a", 1), { sent: "t" }),
      visit(3, 4, signOut, { sent: "t", ...found({ a: 1 }) }),
      visit(5, 9, set("a", 1)),
      visit(6, 10, append(1)),
      visit(7, 11, count),
      visit(8, 12, count),
      visit(13, 14, read),
    ];
    expect(audit(visits, new Map([["s", { a: 1 }]]))).toMatchObject({
      acknowledged: 5,
      living: 4,
      lost: 3,
      misled: 1,
    });
  });
});
