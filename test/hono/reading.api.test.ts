// What a handler sees of its session, and what looking costs: a request that does not look at it costs nothing.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HonoBench, makeHonoBench } from "../support/hono-apps.js";

const HOUR = 3_600_000;
const notLoaded = { code: "ERR_SESSION_NOT_LOADED" };

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

describe("a request that does not look at its session", () => {
  it("costs no DynamoDB call and sets no cookie", async () => {
    const visitor = bench.app({ cookie: { rolling: true, maxAge: HOUR } }).visitor();
    const visit = await visitor.visit((c) => void c.var.session);
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("costs none with a cookie either", async () => {
    const { visitor: come, clock } = bench.app({ cookie: { rolling: true, maxAge: HOUR } });
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    bench.requests();
    clock.pass(HOUR / 2);
    const visit = await visitor.visit(() => {});
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });
});

describe("a request that only reads its session", () => {
  it("costs one read, however often it looks, and sets no cookie", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set({ user: "ada", n: 1 }));
    bench.requests();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const together = await Promise.all([session.get(), session.get("user"), session.get("n")]);
      return [...together, await session.get("nothing")];
    });
    expect(visit.said).toEqual([{ user: "ada", n: 1 }, "ada", 1, undefined]);
    expect([visit.setCookies, bench.requests()]).toEqual([[], ["GetItem"]]);
  });

  it("costs a touch when that is due", async () => {
    const { visitor: come, clock } = bench.app({ ttl: HOUR });
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    bench.requests();
    clock.pass(30_000);
    await visitor.visit((c) => c.var.session.get());
    expect(bench.requests()).toEqual(["GetItem", "UpdateItem"]);
    expect((await bench.row(visitor.id()))?.until).toEqual({ N: String(clock.time + HOUR) });
  });

  it("costs nothing where it comes without a cookie", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit((c) => c.var.session.get());
    expect(visit.said).toEqual({});
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("reads once more after a read that failed", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    bench.proxy.decide = () => "drop-before";
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const failed = await session.get().catch((error) => error.code);
      bench.proxy.decide = () => undefined;
      return [failed, await session.get("n")];
    });
    expect(visit).toMatchObject({ status: 200, said: ["ERR_SESSION_UNAVAILABLE", 1] });
  });
});

describe("a new session", () => {
  it("is empty, and has no id", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => {
        const data = await session.get();
        return [data, session.data, session.isNew, session.id];
      });
    expect(visit.said).toEqual([{}, {}, true, undefined]);
  });

  it("has the id that its cookie will say from when it is given data", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      session.set("n", 1);
      return [session.id, session.id, session.isNew];
    });
    expect(visit.said).toEqual([visitor.id(), visitor.id(), true]);
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it("has no id any more when the data is taken back, and is not written", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => {
        await session.get();
        session.set("n", 1);
        const before = session.id;
        session.unset("n");
        return [typeof before, session.id];
      });
    expect(visit.said).toEqual(["string", undefined]);
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("is none to a later request", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      return [session.isNew, session.id, session.data];
    });
    expect(visit.said).toEqual([false, visitor.id(), { n: 1 }]);
  });
});

describe("id, isNew and data", () => {
  it.each(["id", "isNew", "data"] as const)(
    "%s says that the session is not loaded before get()",
    async (name) => {
      const { visitor: come, errors } = bench.app();
      const visitor = come();
      await visitor.visit((c) => c.var.session.set("n", 1));
      for (const one of [visitor, come()]) {
        expect((await one.visit((c) => c.var.session[name])).status).toBe(500);
      }
      expect(errors).toMatchObject([notLoaded, notLoaded]);
      expect(String(errors[0])).toContain(`session.${name}: the session is not loaded yet`);
    },
  );

  it("are there after any way of waiting for the session", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get("n");
      return [session.id, session.isNew, session.data];
    });
    expect(visit.said).toEqual([visitor.id(), false, { n: 1 }]);
    for (const wait of ["save", "regenerate"] as const) {
      const after = await visitor.visit(async ({ var: { session } }) => {
        await session[wait]();
        return [session.id, session.isNew, session.data];
      });
      expect(after.said).toEqual([visitor.id(), false, { n: 1 }]);
    }
  });
});

describe("what get() gave", () => {
  const deep = { user: { name: "ada", roles: ["admin", { of: ["shop"] }] }, none: null };

  it("is frozen to its depth: changing it throws, and changes nothing", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set(deep));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      // biome-ignore lint/suspicious/noExplicitAny: changed against its type.
      const data = (await session.get()) as any;
      expect(() => {
        data.user = 1;
      }).toThrow(TypeError);
      expect(() => {
        data.more = 1;
      }).toThrow(TypeError);
      expect(() => {
        delete data.none;
      }).toThrow(TypeError);
      expect(() => {
        data.user.name = "bob";
      }).toThrow(TypeError);
      expect(() => data.user.roles.push("guest")).toThrow(TypeError);
      expect(() => data.user.roles[1].of.push("blog")).toThrow(TypeError);
      return session.get();
    });
    expect(visit).toMatchObject({ status: 200, said: deep });
    expect(await bench.data(visitor.id())).toEqual(deep);
  });

  it("is frozen also when this request set, replaced, updated or saved it", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      // biome-ignore lint/suspicious/noExplicitAny: changed against its type.
      const expectFrozen = (data: any) => expect(() => data.list.push(2)).toThrow(TypeError);
      await session.get();
      session.set("list", [1]);
      expectFrozen(session.data);
      session.replace({ list: [1] });
      expectFrozen(await session.get());
      await session.save();
      expectFrozen(session.data);
      await session.update((data) => ({ ...data, more: 1 }));
      expectFrozen(session.data);
      session.flash("notice", 1);
      expect(Object.isFrozen(session.data)).toBe(true);
      session.flash("list", { list: [1] });
      expectFrozen(await session.flash("list"));
    });
    expect(visit.status).toBe(200);
  });

  it("is all of it, also with two hundred thousand elements, about as many as a row holds", async () => {
    const visitor = bench.app().visitor();
    const list = Array(200_000).fill(1);
    expect((await visitor.visit((c) => c.var.session.set({ list }))).status).toBe(200);
    const { status, said } = await visitor.visit((c) => c.var.session.get("list"));
    expect(status).toBe(200);
    expect(said).toHaveLength(list.length);
  });

  it("stays what it was when the session is changed afterwards", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => {
        session.set("n", 1);
        const before = await session.get();
        session.set("n", 2);
        return [before, session.data];
      });
    expect(visit.said).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("has no field that nobody put there", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => [
        await session.get("constructor"),
        await session.get("__proto__"),
        await session.get("toString"),
      ]);
    expect(visit.said).toEqual([undefined, undefined, undefined]);
  });
});
