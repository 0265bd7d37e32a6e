// Requests of a Hono application that change one session at once: flashes and replaced data among the rest, a cookie that
// a logout took away, and what the option `concurrency` makes of it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionEnv } from "../../src/hono/index.js";
import { type Handler, type HonoBench, makeHonoBench, type TestOptions } from "../support/hono-apps.js";

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

const HOUR = 3_600_000;

type Work = Handler<SessionEnv>;
const set =
  (patch: object): Work =>
  (c) =>
    c.var.session.set({ ...patch });
const flash =
  (key: string, ...value: unknown[]): Work =>
  ({ var: { session } }) =>
    value.length === 0 ? session.flash(key) : session.flash(key, value[0]);
const destroy: Work = (c) => c.var.session.destroy();

/** An application, a visitor with a session, and another of the same browser. */
async function startWithVisitor(begin: Work, options?: TestOptions) {
  const made = bench.app(options);
  const visitor = made.visitor();
  await visitor.visit(begin);
  return {
    ...made,
    visitor,
    other: made.visitor(visitor.cookies),
    id: visitor.id(),
    read: async (work: Work) => (await made.visitor(visitor.cookies).visit(work)).said,
    /** A request that has loaded its session when `meanwhile` happens, and does its own work then. */
    slow: (meanwhile: () => unknown, work: Work) =>
      visitor.visit(async (c) => {
        await c.var.session.get();
        await meanwhile();
        return work(c);
      }),
    overridden: () => made.events.flatMap((event) => (event.type === "merge" ? [event.paths] : [])),
  };
}

describe("a flash", () => {
  it("of each of two requests at once is kept", async () => {
    const { other, slow, read, overridden } = await startWithVisitor(set({ user: "ada" }));
    await slow(() => other.visit(flash("notice", "added")), flash("warning", "late"));
    expect(await read(flash("notice"))).toBe("added");
    expect(await read(flash("warning"))).toBe("late");
    expect(overridden()).toEqual([[]]);
  });

  it("that one reads is gone, and one that another adds meanwhile is there to be read", async () => {
    const { other, slow, read } = await startWithVisitor(flash("notice", 1));
    const reading = await slow(() => other.visit(flash("warning", 2)), flash("notice"));
    expect(reading.said).toBe(1);
    expect(await read(flash("notice"))).toBeUndefined();
    expect(await read(flash("warning"))).toBe(2);
  });

  it("that one reads does not come back by a slow one that adds another", async () => {
    const { other, slow, read } = await startWithVisitor(flash("notice", 1));
    await slow(async () => expect((await other.visit(flash("notice"))).said).toBe(1), flash("warning", 2));
    expect(await read(flash("notice"))).toBeUndefined();
    expect(await read(flash("warning"))).toBe(2);
  });

  it.each<[string, Work, Work, unknown, unknown]>([
    ["a reader is the slow one", flash("notice", 2), flash("notice"), 1, 2],
    ["a reader is the quick one", flash("notice"), flash("notice", 2), undefined, 2],
    ["the same is said again", flash("notice"), flash("notice", 1), undefined, 1],
  ])("is another than the one before it under the same name: %s", async (_, quick, late, said, next) => {
    const { other, slow, read } = await startWithVisitor(flash("notice", 1));
    const visit = await slow(() => other.visit(quick), late);
    if (said !== undefined) expect(visit.said).toBe(said);
    expect(await read(flash("notice"))).toBe(next);
    expect(await read(flash("notice"))).toBeUndefined();
  });

  it("is kept by a slow one that replaces the data, or updates it", async () => {
    const { other, slow, read } = await startWithVisitor(set({ n: 1 }));
    await slow(
      () => other.visit(flash("notice", 1)),
      async ({ var: { session } }) => {
        session.replace({ n: 2 });
        await session.update(({ n }) => ({ n: Number(n) + 1 }));
      },
    );
    expect(await read((c) => c.var.session.get())).toEqual({ n: 3 });
    expect(await read(flash("notice"))).toBe(1);
  });
});

describe("replaced data", () => {
  it("takes away what its request had read, and leaves what another added meanwhile", async () => {
    const { other, slow, id } = await startWithVisitor(set({ user: "ada", cart: { tea: 1 } }));
    await slow(
      () => other.visit(set({ theme: "dark" })),
      (c) => c.var.session.replace({ user: "grace" }),
    );
    expect(await bench.data(id)).toEqual({ user: "grace", theme: "dark" });
  });

  it("stays replaced, though a slower one changes what is gone", async () => {
    const { other, slow, id } = await startWithVisitor(set({ user: "ada", cart: { tea: 1 } }));
    await slow(
      () => other.visit((c) => c.var.session.replace({ user: "grace" })),
      set({ cart: { tea: 2 }, late: true }),
    );
    expect(await bench.data(id)).toEqual({ user: "grace", late: true });
  });
});

describe("a session that another request destroyed", () => {
  it.each<[string, Work, unknown]>([
    [
      "saves",
      (c) => {
        c.var.session.set("late", true);
        return c.var.session.save();
      },
      { outcome: "gone" },
    ],
    ["updates it", (c) => c.var.session.update(() => ({ late: true })), { outcome: "gone" }],
    ["sets", set({ late: true }), undefined],
    ["only read it", () => {}, undefined],
  ])("is gone for a slow one that %s, which sets no cookie", async (_, work, said) => {
    for (const cookie of [{}, { rolling: true }, { maxAge: HOUR }]) {
      const { other, slow, id, clock, errors, events } = await startWithVisitor(set({ user: "ada" }), {
        cookie,
      });
      const visit = await slow(async () => {
        // Late enough for a touch, which finds out.
        clock.pass(HOUR / 2);
        await other.visit(destroy);
      }, work);
      expect(visit).toMatchObject({ status: 200, setCookies: [] });
      expect(visit.said).toEqual(said);
      expect(await bench.row(id)).toBeUndefined();
      expect(errors).toEqual([]);
      expect(events.map(({ type }) => type)).toContain("gone");
    }
  });
});

describe("the option concurrency", () => {
  it("'last-write-wins' writes over what another wrote", async () => {
    const { other, slow, id, events } = await startWithVisitor(set({ n: 1 }), {
      concurrency: "last-write-wins",
    });
    await slow(() => other.visit(set({ quick: true })), set({ slow: true }));
    expect(await bench.data(id)).toEqual({ n: 1, slow: true });
    expect(events.map(({ type }) => type)).not.toContain("merge");
  });

  it("'last-write-wins' brings back no session that another destroyed", async () => {
    const { other, slow, id } = await startWithVisitor(set({ n: 1 }), { concurrency: "last-write-wins" });
    await slow(() => other.visit(destroy), set({ slow: true }));
    expect(await bench.row(id)).toBeUndefined();
  });

  it("as a function decides over copies of the application's data, the flashes apart", async () => {
    const given: unknown[] = [];
    const { other, slow, id, read } = await startWithVisitor(set({ n: 1, list: ["a"] }), {
      concurrency: (base, ours, theirs) => {
        given.push(structuredClone([base, ours, theirs]));
        Object(ours.list).push("not the request's");
        return { n: Number(ours.n) + Number(theirs.n) };
      },
    });
    const visit = await slow(
      () =>
        other.visit(({ var: { session } }) => {
          session.set("n", 2);
          session.flash("notice", "theirs");
        }),
      async ({ var: { session } }) => {
        session.set("n", 3);
        session.flash("warning", "ours");
        await session.save();
        return session.get("list");
      },
    );
    expect(visit.said).toEqual(["a"]);
    expect(given).toEqual([[1, 3, 2].map((n) => ({ n, list: ["a"] }))]);
    expect(await read((c) => c.var.session.get())).toEqual({ n: 5 });
    expect(await read(flash("notice"))).toBe("theirs");
    expect(await read(flash("warning"))).toBe("ours");
    expect(await bench.data(id)).toEqual({ n: 5 });
  });

  it("as a function is not asked for flashes alone, of the others or our own", async () => {
    const concurrency = () => {
      throw new Error("asked");
    };
    const { other, slow, errors, read } = await startWithVisitor(flash("notice", 1), { concurrency });
    await slow(() => other.visit(flash("warning", 2)), set({ n: 1 }));
    await slow(() => other.visit(set({ n: 2 })), flash("notice"));
    expect(errors).toEqual([]);
    expect(await read((c) => c.var.session.get())).toEqual({ n: 2 });
    expect(await read(flash("warning"))).toBe(2);
  });

  it("as a function that throws is the error of the request, and nothing is lost of what was there", async () => {
    const mistake = new Error("of the function");
    const { other, slow, id, errors } = await startWithVisitor(set({ n: 1 }), {
      concurrency() {
        throw mistake;
      },
      cookie: { rolling: true },
    });
    const visit = await slow(() => other.visit(set({ n: 2 })), set({ n: 3 }));
    expect(visit).toMatchObject({ status: 500, setCookies: [] });
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_SESSION_CONFLICT", cause: mistake })]);
    expect(await bench.data(id)).toEqual({ n: 2 });
  });
});
