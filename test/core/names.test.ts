// How places and packages are named in messages.
import { describe, expect, it } from "vitest";
import { NEIGHBOURS, optionsFor, showKeys } from "../../src/core/neighbours.js";
import { nameOfPath, showPath } from "../../src/core/paths.js";

describe("a place in the data", () => {
  it.each([
    { path: ["cart", "items", "2"], name: "cart.items.2" },
    { path: [], name: "" },
    { path: ["x".repeat(40)], name: "x".repeat(40) },
    { path: ["x".repeat(41), "a"], name: `${"x".repeat(40)}….a` },
    { path: Array.from("abcdefgh"), name: "a.b.c.d.e.f.g.h" },
    { path: Array.from("abcdefghi"), name: "a.b.c.d.e.f.g.h.…" },
  ])("is named by its fields, shortened: $name", ({ path, name }) => {
    expect(nameOfPath(path)).toBe(name);
    expect(showPath(path)).toBe(JSON.stringify(name));
  });
});

describe("the options for a table", () => {
  it.each<{ keys: [string, string | null]; options: string }>([
    {
      keys: ["pk", "sk"],
      options:
        'table: { hashKey: "pk", sortKey: "sk", hashPrefix: "session-store#" } for the rows of @cyclic.sh/session-store',
    },
    {
      keys: ["sessionId", null],
      options:
        'table: { hashKey: "sessionId", sortKey: null, hashPrefix: "sess:" } for the rows of dynamodb-store',
    },
    {
      keys: ["id", null],
      options:
        'table: { hashKey: "id", sortKey: null, hashPrefix: "sess:" } for the rows of connect-dynamodb, or table: { hashKey: "id", sortKey: null, hashPrefix: "session#" } for the rows of @pwrdrvr/dynamodb-session-store',
    },
    { keys: ["id", "sk"], options: 'table: { hashKey: "id", sortKey: "sk" }' },
    { keys: ["pk", null], options: 'table: { hashKey: "pk", sortKey: null }' },
  ])("by the packages that have its keys, or by the keys alone: $keys", ({ keys, options }) => {
    expect(optionsFor(...keys)).toBe(options);
  });

  it("are those of four packages", () => {
    expect(NEIGHBOURS).toHaveLength(4);
  });

  it("name its keys", () => {
    expect(showKeys("pk", "sk")).toBe('hash key "pk" and sort key "sk"');
    expect(showKeys("id", null)).toBe('hash key "id" and no sort key');
  });
});
