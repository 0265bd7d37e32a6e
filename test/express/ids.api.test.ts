// Session ids of every kind: one that cannot be a key does no harm, any other is kept as it is.
import { beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  cookieFor,
  makeStoreBench,
  type StoreBench,
  sessionData,
  startApp,
} from "../support/express-apps.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});

describe.each<{ what: string; id: unknown }>([
  { what: "empty", id: "" },
  { what: "undefined", id: undefined },
  { what: "null", id: null },
  { what: "a number", id: 5 },
  { what: "an object", id: { toString: () => "an id" } },
  { what: "5 000 bytes long", id: "x".repeat(5000) },
  { what: "one byte too long with its prefix", id: "x".repeat(1024 - "session-store#".length + 1) },
  { what: "too long in bytes, though not in letters", id: "é".repeat(600) },
  { what: "half of a surrogate pair", id: "a\ud800b" },
])("an id that is $what", ({ id }) => {
  const bad = id as string;
  const data = sessionData({ n: 1 });

  it("is no session's, and asks nothing of the table", async () => {
    const { store, actions } = bench.store();
    expect(await answerOf((callback) => store.get(bad, callback))).toEqual([null, null]);
    expect(await answerOf((callback) => store.destroy(bad, callback))).toEqual([null, undefined]);
    expect(await answerOf((callback) => store.touch(bad, data, callback))).toEqual([null, undefined]);
    expect(actions()).toEqual([]);
  });

  it("cannot be saved under, and the error says so without the id", async () => {
    const { store, actions } = bench.store();
    const [error] = await answerOf((callback) => store.set(bad, data, callback));
    expect(error).toMatchObject({ code: "ERR_SESSION_ID" });
    expect(String(error)).not.toContain("xxxxx");
    expect(actions()).toEqual([]);
  });
});

describe("any other id", () => {
  it.each([
    "a b",
    " ",
    "#",
    "session-store#a",
    "a/b?c=d&e",
    "🎉 ключ",
    "a\u0000b",
    "\n",
    "__proto__",
    "constructor",
    "é".repeat(500),
    "x".repeat(1024 - "session-store#".length),
  ])("is kept as it is: %j", async (id) => {
    const { store } = bench.store();
    const data = sessionData({ id_was: id });
    await store.set(id, data);
    expect(await store.get(id)).toMatchObject({ id_was: id });
    await store.touch(id, data);
    expect(await store.get(`${id}x`)).toBeNull();
    expect((await store.all())[id]).toMatchObject({ id_was: id });
    await store.destroy(id);
    expect(await store.get(id)).toBeNull();
  });

  it("is told apart by every letter: no two are one session", async () => {
    const { store } = bench.store();
    const ids = ["a", "A", "á", "a\u0301", "a ", "a\u0000", "a\ufffd", "ａ"];
    await Promise.all(ids.map((id) => store.set(id, sessionData({ id_was: id }))));
    for (const id of ids) expect(await store.get(id)).toMatchObject({ id_was: id });
  });
});

describe("an Express application", () => {
  it("gives a visitor with an impossible id a new session", async () => {
    const { store, actions } = bench.store();
    const app = await startApp({ store });
    const visitor = app.visitor(cookieFor("x".repeat(3000)));
    const first = await visitor.visit((req) => {
      req.session.n = 1;
    });
    expect(first.id).toHaveLength(32);
    expect((await visitor.visit((req) => req.session.n)).said).toBe(1);
    expect(actions()).toEqual(["UpdateItem", "GetItem"]);
    expect(app.errors).toEqual([]);
  });

  it("has the error in its error handler when genid gives an impossible id", async () => {
    const app = await startApp({ store: bench.store().store, genid: () => "x".repeat(3000) });
    await app.visitor().visit((req) => {
      req.session.n = 1;
    });
    expect(app.errors).toEqual([expect.objectContaining({ code: "ERR_SESSION_ID" })]);
  });
});
