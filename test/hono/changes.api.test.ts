// Changes of a session: made in memory, at once and in order, and written once when the request ends.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/hono/index.js";
import { type HonoBench, makeHonoBench } from "../support/hono-apps.js";

const unserializable = { code: "ERR_SESSION_UNSERIALIZABLE" };

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

/** A visitor whose session holds this, seen by nobody yet. */
async function visitorWith(data: Record<string, unknown>) {
  const visitor = bench.app().visitor();
  await visitor.visit((c) => c.var.session.set(data));
  bench.requests();
  return visitor;
}

describe("set, unset, replace and flash", () => {
  it("return nothing, and awaiting that is harmless", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => [
      session.set("a", 1),
      session.set({ b: 2 }),
      session.unset("a"),
      session.replace({ c: 3 }),
      session.flash("notice", "hello"),
      await session.set("d", 4),
    ]);
    expect(visit.said).toEqual(Array.from({ length: 6 }, () => undefined));
    expect(await bench.data(visitor.id())).toMatchObject({ c: 3, d: 4 });
  });

  it("are written once, at the end of the request", async () => {
    const visitor = await visitorWith({ old: true, n: 0 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      bench.requests();
      session.set("n", 1);
      session.set({ n: 2, more: [1] });
      session.unset("old");
      session.flash("notice", "hello");
      return [await session.get(), bench.requests()];
    });
    expect(visit.said).toEqual([{ n: 2, more: [1] }, []]);
    expect(bench.requests()).toEqual(["UpdateItem"]);
    expect(await bench.data(visitor.id())).toMatchObject({ n: 2, more: [1] });
  });

  it("load a session first that nobody looked at, and keep its other fields", async () => {
    const visitor = await visitorWith({ user: "ada", n: 1 });
    await visitor.visit((c) => c.var.session.set("n", 2));
    expect(bench.requests()).toEqual(["GetItem", "UpdateItem"]);
    expect(await bench.data(visitor.id())).toEqual({ user: "ada", n: 2 });
    await visitor.visit((c) => c.var.session.unset("user"));
    expect(bench.requests()).toEqual(["GetItem", "UpdateItem"]);
    expect(await bench.data(visitor.id())).toEqual({ n: 2 });
  });

  it("write a new session with one write, and only when it was given data", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit(({ var: { session } }) => {
      session.set("n", 1);
      session.set("n", 2);
    });
    expect(bench.requests()).toHaveLength(1);
    const idle = await bench
      .app()
      .visitor()
      .visit(({ var: { session } }) => {
        session.set({});
        session.set("n", undefined);
        session.unset("n");
        session.replace({});
        session.flash("notice", undefined);
      });
    expect([idle.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("do not write what is there already", async () => {
    const visitor = await visitorWith({ n: 1 });
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect(bench.requests()).toEqual(["GetItem"]);
  });

  it("take effect in the order in which they were made", async () => {
    const visitor = await visitorWith({ a: 1, b: 1 });
    await visitor.visit(({ var: { session } }) => {
      session.set("a", 2);
      session.replace({ c: 1 });
      session.set("a", 3);
      session.unset("c");
      session.set("c", 4);
      session.unset("nothing", "c");
    });
    expect(await bench.data(visitor.id())).toEqual({ a: 3 });
  });

  it("remove the fields that are set to undefined", async () => {
    const visitor = await visitorWith({ a: 1, b: 1, c: 1 });
    await visitor.visit(({ var: { session } }) => {
      session.set("a", undefined);
      session.set({ b: undefined, d: 1 });
    });
    expect(await bench.data(visitor.id())).toEqual({ c: 1, d: 1 });
  });

  it("copy what they are given at once", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit(({ var: { session } }) => {
      const [cart, patch, whole, flash] = [["tea"], { list: [1] }, { whole: [1] }, ["hello"]];
      session.replace(whole);
      session.set("cart", cart);
      session.set(patch);
      session.flash("notice", flash);
      for (const list of [cart, patch.list, whole.whole, flash]) list.push(...(["more"] as never[]));
    });
    expect((await visitor.visit((c) => c.var.session.get())).said).toEqual({
      cart: ["tea"],
      list: [1],
      whole: [1],
    });
    expect((await visitor.visit((c) => c.var.session.flash("notice"))).said).toEqual(["hello"]);
  });

  it("show at once what will be stored: data as JSON has it", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => {
        session.set("at", new Date(0));
        session.set("nested", { gone: undefined, list: [undefined] });
        return session.get();
      });
    expect(visit.said).toEqual({ at: "1970-01-01T00:00:00.000Z", nested: { list: [null] } });
  });
});

describe("data that cannot be stored", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const bad: [string, unknown][] = [
    ["a BigInt", 1n],
    ["a nested BigInt", { list: [1n] }],
    ["a cycle", cycle],
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
  ];

  it.each(bad)("is refused at the call, and nothing is lost: %s", async (_, value) => {
    const visitor = await visitorWith({ user: "ada" });
    const visit = await visitor.visit(({ var: { session } }) => {
      session.set("n", 1);
      const calls: (() => void)[] = [
        () => session.set("bad", value),
        () => session.set({ good: 1, bad: value }),
        () => session.replace({ bad: value }),
        () => session.flash("bad", value),
      ];
      for (const call of calls) expect(call).toThrow(expect.objectContaining(unserializable));
    });
    expect(visit.status).toBe(200);
    expect(await bench.data(visitor.id())).toEqual({ user: "ada", n: 1 });
  });

  it.each(bad)("is refused by regenerate and update: %s", async (_, value) => {
    const visitor = await visitorWith({ user: "ada" });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await expect(session.regenerate({ bad: value })).rejects.toMatchObject(unserializable);
      await expect(session.update(() => ({ bad: value }))).rejects.toMatchObject(unserializable);
    });
    expect(visit.status).toBe(200);
    expect(await bench.data(visitor.id())).toEqual({ user: "ada" });
  });

  it("names the field, and shows nothing of it", async () => {
    const { visitor, errors } = bench.app();
    await visitor().visit((c) => c.var.session.set({ handler: () => "secret of the field" }));
    expect(errors).toMatchObject([unserializable]);
    expect(String(errors[0])).toContain('"handler" is a function');
    expect(String(errors[0])).not.toContain("secret of the field");
  });

  it.each([
    ["a list", [1]],
    ["text", "text"],
    ["null", null],
  ])("is %s in the place of fields", async (_, value) => {
    const { visitor, errors } = bench.app();
    await visitor().visit((c) => c.var.session.replace(value as never));
    expect(errors).toMatchObject([unserializable]);
  });

  it("is a field that the session keeps for itself", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.flash("notice", "kept");
      const calls: (() => void)[] = [
        () => session.set("_flash.notice", {}),
        () => session.replace({ "_flash.": {} }),
        () => session.set({ "_flash.notice": 1 }),
      ];
      for (const call of calls) expect(call).toThrow(expect.objectContaining(unserializable));
      session.unset("_flash.notice");
      return [await session.get("_flash.notice"), await session.flash("notice")];
    });
    expect(visit).toMatchObject({ status: 200, said: [undefined, "kept"] });
  });
});

describe("field names of every kind", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "toJSON", "", "0"];

  it.each(names)("are fields like others: %s", async (name) => {
    const visitor = bench.app().visitor();
    const set = (session: Session) => {
      session.set(name, { admin: true });
      session.flash(name, { admin: true });
    };
    await visitor.visit((c) => set(c.var.session));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const data = await session.get();
      return [await session.get(name), Object.keys(data), await session.flash(name)];
    });
    expect(visit.said).toEqual([{ admin: true }, [name], { admin: true }]);
    expect(Object.getPrototypeOf(visit.said)).toBe(Array.prototype);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
    await visitor.visit((c) => c.var.session.unset(name));
    expect((await visitor.visit((c) => c.var.session.get())).said).toEqual({});
  });

  it("make no fields of a patch's prototype", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set(JSON.parse('{"__proto__": {"admin": true}, "n": 1}')));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const data = await session.get();
      return [Object.keys(data).sort(), data.admin, Object.getPrototypeOf(data) === Object.prototype];
    });
    expect(visit.said).toEqual([["__proto__", "n"], undefined, true]);
  });
});

describe("a flash", () => {
  it("is read once, by a later request, and is gone then", async () => {
    const visitor = await visitorWith({ user: "ada" });
    await visitor.visit((c) => c.var.session.flash("notice", { text: "saved" }));
    const read = () => visitor.visit((c) => c.var.session.flash("notice"));
    expect((await read()).said).toEqual({ text: "saved" });
    expect((await read()).said).toBeUndefined();
    expect(await bench.data(visitor.id())).toEqual({ user: "ada" });
  });

  it("is read once by the request that made it", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.flash("notice", 1);
      return [await session.flash("notice"), await session.flash("notice")];
    });
    expect(visit.said).toEqual([1, undefined]);
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("is read by one of two who ask together", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.flash("notice", 1));
    const visit = await visitor.visit(({ var: { session } }) =>
      Promise.all([session.flash("notice"), session.flash("notice")]),
    );
    expect(visit.said).toEqual([1, undefined]);
  });

  it("leaves others to be read, and the last one of a name counts", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit(({ var: { session } }) => {
      session.flash("a", 1);
      session.flash("b", 1);
      session.flash("b", 2);
    });
    expect((await visitor.visit((c) => c.var.session.flash("a"))).said).toBe(1);
    expect((await visitor.visit((c) => c.var.session.flash("a"))).said).toBeUndefined();
    expect((await visitor.visit((c) => c.var.session.flash("b"))).said).toBe(2);
  });

  it("writes nothing where there is none to read", async () => {
    const visitor = await visitorWith({ n: 1 });
    const visit = await visitor.visit(({ var: { session } }) =>
      Promise.all(["notice", "constructor", "__proto__"].map((key) => session.flash(key))),
    );
    expect(visit.said).toEqual([undefined, undefined, undefined]);
    expect(bench.requests()).toEqual(["GetItem"]);
  });

  it("is not among the data, and survives what replaces that", async () => {
    const visitor = await visitorWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.flash("notice", "hello");
      session.replace({ n: 2 });
      await session.update((data) => ({ seen: Object.keys(data) }));
      await session.regenerate({ n: 3 });
      return session.get();
    });
    expect(visit.said).toEqual({ n: 3 });
    expect((await visitor.visit((c) => c.var.session.flash("notice"))).said).toBe("hello");
  });

  it("is not shown to an update", async () => {
    const visitor = await visitorWith({ n: 1 });
    await visitor.visit(async ({ var: { session } }) => {
      session.flash("notice", "hello");
      await session.update((data) => ({ seen: Object.keys(data) }));
    });
    expect((await visitor.visit((c) => c.var.session.get())).said).toEqual({ seen: ["n"] });
    expect((await visitor.visit((c) => c.var.session.flash("notice"))).said).toBe("hello");
  });

  it("that nobody waits for is taken even so", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.flash("notice", 1));
    await visitor.visit((c) => void c.var.session.flash("notice"));
    expect((await visitor.visit((c) => c.var.session.flash("notice"))).said).toBeUndefined();
  });
});
