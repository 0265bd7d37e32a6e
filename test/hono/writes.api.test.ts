// What is written at once: update, save, regenerate and destroy are in the table when they resolve, and finished before
// the response leaves when nobody waits for them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/hono/index.js";
import { dropAfter } from "../support/fault-proxy.js";
import { type HonoBench, holdNext, makeHonoBench } from "../support/hono-apps.js";
import { makeSignal } from "../support/time.js";

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

type Counted = { n?: number };
const increment = ({ n }: Counted) => ({ n: Number(n ?? 0) + 1 });

/** An application with a visitor whose session holds this, seen by nobody yet. */
async function appWith(data: Record<string, unknown>) {
  const made = bench.app();
  const visitor = made.visitor();
  await visitor.visit((c) => c.var.session.set(data));
  const id = visitor.id();
  bench.requests();
  /** Another request of the same browser. */
  const elsewhere = made.visitor(visitor.cookies);
  return { ...made, newVisitor: made.visitor, visitor, id, elsewhere };
}

describe("save", () => {
  it("has written when it resolves, and the end of the request writes nothing more", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 2);
      const result = await session.save();
      return [result, await bench.data(id)];
    });
    expect(visit.said).toEqual([{ outcome: "saved" }, { n: 2 }]);
    expect(bench.requests()).toEqual(["GetItem", "UpdateItem"]);
  });

  it("may be called several times, each for the changes since", async () => {
    const { visitor, id } = await appWith({ n: 0 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.set("a", 1);
      await session.save();
      session.set("b", 2);
      await session.save();
      const before = await bench.data(id);
      session.unset("a");
      session.set("c", 3);
      return before;
    });
    expect(visit.said).toEqual({ n: 0, a: 1, b: 2 });
    expect(await bench.data(id)).toEqual({ n: 0, b: 2, c: 3 });
    expect(bench.requests()).toEqual(["GetItem", "UpdateItem", "UpdateItem", "UpdateItem"]);
  });

  it("writes a new session, whose id is the cookie's", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 1);
      await session.save();
      return [session.id, await bench.data(String(session.id))];
    });
    expect(visit.said).toEqual([visitor.id(), { n: 1 }]);
    expect(visit.setCookies).toHaveLength(1);
  });

  it("writes no new session without data", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit((c) => c.var.session.save());
    expect([visit.said, visit.setCookies, bench.requests()]).toEqual([{ outcome: "saved" }, [], []]);
  });

  it("keeps what is set while it writes for the next write", async () => {
    const { visitor, id, sent } = await appWith({ n: 0 });
    const gate = holdNext(sent, "UpdateItem");
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.set("a", 1);
      const saving = session.save();
      await gate.reached;
      session.set("b", 2);
      gate.open();
      await saving;
      return [await bench.data(id), session.data];
    });
    expect(visit.said).toEqual([
      { n: 0, a: 1 },
      { n: 0, a: 1, b: 2 },
    ]);
    expect(await bench.data(id)).toEqual({ n: 0, a: 1, b: 2 });
  });

  it("says that another request destroyed the session, which stays destroyed", async () => {
    const { visitor, id, elsewhere } = await appWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 2);
      await session.get();
      await elsewhere.visit((c) => c.var.session.destroy());
      const result = await session.save();
      session.set("n", 3);
      return result;
    });
    expect(visit).toMatchObject({ status: 200, said: { outcome: "gone" }, setCookies: [] });
    expect(await bench.row(id)).toBeUndefined();
  });

  it("that failed is tried again at the end of the request", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    bench.proxy.decide = (action) => (action === "UpdateItem" ? "drop-before" : undefined);
    const visit = await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 2);
      const failed = await session.save().catch((error) => error.code);
      bench.proxy.decide = () => undefined;
      return [failed, await session.get()];
    });
    expect(visit).toMatchObject({ status: 200, said: ["ERR_SESSION_UNAVAILABLE", { n: 2 }] });
    expect(await bench.data(id)).toEqual({ n: 2 });
  });
});

describe("update", () => {
  it("is not undone in the request's view by one that began before it and changed nothing", async () => {
    const { visitor, id, sent, clock } = await appWith({ n: 1 });
    clock.pass(3_600_000);
    const gate = holdNext(sent, "UpdateItem");
    const visit = await visitor.visit(async ({ var: { session } }) => {
      // Data that did not change is a touch, which waits at the gate.
      const idle = session.update(() => {});
      await gate.reached;
      await session.update(increment);
      gate.open();
      await idle;
      session.set("m", 1);
      return session.get();
    });
    expect(visit.said).toEqual({ n: 2, m: 1 });
    expect(await bench.data(id)).toEqual({ n: 2, m: 1 });
  });

  it("has written when it resolves, and get() shows it", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const result = await session.update(increment);
      return [result, await bench.data(id), await session.get(), session.data];
    });
    expect(visit.said).toEqual([{ outcome: "saved" }, { n: 2 }, { n: 2 }, { n: 2 }]);
    expect(bench.requests()).toEqual(["GetItem", "GetItem", "UpdateItem"]);
  });

  it("works on the newest data, whatever this request read before", async () => {
    const { visitor, id, elsewhere } = await appWith({ n: 1 });
    await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.set({ n: 10, more: true }));
      await session.update((data) => ({ ...data, ...increment(data) }));
    });
    expect(await bench.data(id)).toEqual({ n: 11, more: true });
  });

  it("may change the data that it is given, or be asynchronous", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    await visitor.visit(async ({ var: { session } }) => {
      await session.update((data) => {
        data.n = 2;
      });
      await session.update(async (data) => ({ ...(await Promise.resolve(data)), m: 1 }));
    });
    expect(await bench.data(id)).toEqual({ n: 2, m: 1 });
  });

  it("counts every one of many at once, of one request and of several", async () => {
    const { visitor: first, id, newVisitor } = await appWith({ n: 0 });
    const five = () =>
      newVisitor(first.cookies).visit(({ var: { session } }) =>
        Promise.all(Array.from({ length: 5 }, () => session.update(increment))),
      );
    const visits = await Promise.all([five(), five()]);
    expect(visits.map(({ status }) => status)).toEqual([200, 200]);
    expect(await bench.data(id)).toEqual({ n: 10 });
  });

  it("counts every one of many at once on a new session, which is one", async () => {
    const before = await bench.countRows();
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await Promise.all(Array.from({ length: 5 }, () => session.update(increment)));
      return session.get();
    });
    expect(visit.said).toEqual({ n: 5 });
    expect(await bench.data(visitor.id())).toEqual({ n: 5 });
    expect(await bench.countRows()).toBe(before + 1);
  });

  it("makes a new session that has data, and none that has not", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const result = await session.update(increment);
      return [result, session.id, await bench.data(String(session.id))];
    });
    expect(visit.said).toEqual([{ outcome: "saved" }, visitor.id(), { n: 1 }]);
    bench.requests();
    const idle = await bench
      .app()
      .visitor()
      .visit((c) => c.var.session.update(() => {}));
    expect([idle.said, idle.setCookies, bench.requests()]).toEqual([{ outcome: "saved" }, [], []]);
  });

  it("writes the changes made before it, and works on them", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 5);
      await session.update(increment);
    });
    expect(await bench.data(id)).toEqual({ n: 6 });
    const fresh = bench.app().visitor();
    await fresh.visit(async ({ var: { session } }) => {
      session.set("n", 5);
      await session.update(increment);
    });
    expect(await bench.data(fresh.id())).toEqual({ n: 6 });
  });

  it.each(["an old", "a new"])(
    "leaves what is set while it runs to be written over its data: %s session",
    async (kind) => {
      const { visitor, newVisitor } = await appWith({ n: 1 });
      const subject = kind === "an old" ? visitor : newVisitor();
      await subject.visit(async ({ var: { session } }) => {
        await session.update(async (data) => {
          await Promise.resolve();
          session.set("during", true);
          return { ...data, during: false, n: 7 };
        });
        expect(session.data).toEqual({ during: true, n: 7 });
      });
      expect(await bench.data(subject.id())).toEqual({ during: true, n: 7 });
    },
  );

  it("can be taken back by what is set after it", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    await visitor.visit(async ({ var: { session } }) => {
      await session.update(increment);
      session.set("n", 1);
    });
    expect(await bench.data(id)).toEqual({ n: 1 });
  });

  it("inside an update does not wait for itself", async () => {
    for (const { visitor } of [await appWith({ n: 1 }), { visitor: bench.app().visitor() }]) {
      const visit = await visitor.visit(async ({ var: { session } }) => {
        let inner = false;
        return session.update(async (data) => {
          if (!inner) await session.update(() => ({ inner: true }));
          inner = true;
          return { ...data, outer: true };
        });
      });
      expect(visit).toMatchObject({ status: 200, said: { outcome: "saved" } });
      expect(await bench.data(visitor.id())).toEqual({ inner: true, outer: true });
    }
  });

  it("says that the session is gone, and brings nothing back", async () => {
    const { visitor, id, elsewhere } = await appWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.destroy());
      return session.update(increment);
    });
    expect(visit).toMatchObject({ said: { outcome: "gone" }, setCookies: [] });
    expect(await bench.row(id)).toBeUndefined();
  });

  it("passes on what its function throws, and writes nothing", async () => {
    const { visitor, id, newVisitor } = await appWith({ n: 1 });
    for (const one of [visitor, newVisitor()]) {
      const visit = await one.visit(({ var: { session } }) =>
        session
          .update(() => {
            throw new Error("of the function");
          })
          .catch(String),
      );
      expect(visit).toMatchObject({ status: 200, said: "Error: of the function" });
    }
    expect(await bench.data(id)).toEqual({ n: 1 });
  });

  it("that failed on a new session is not made good at the end: its caller may try again", async () => {
    const visitor = bench.app().visitor();
    bench.proxy.decide = () => "drop-before";
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const failed = await session.update(increment).catch((error) => error.code);
      bench.proxy.decide = () => undefined;
      const after = await session.get();
      await session.update(increment);
      return [failed, after];
    });
    expect(visit.said).toEqual(["ERR_SESSION_UNAVAILABLE", {}]);
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });
});

describe("regenerate", () => {
  it("has left nothing under the old id when it resolves, and keeps the data under another", async () => {
    const { visitor, id } = await appWith({ user: "ada" });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.regenerate();
      const own = String(session.id);
      return [await bench.row(id), await bench.data(own), own, session.isNew];
    });
    expect(visit.said).toEqual([undefined, { user: "ada" }, visitor.id(), false]);
    expect(visitor.id()).not.toBe(id);
    expect(visit.setCookies).toHaveLength(1);
  });

  it("replaces the data by what it is given", async () => {
    const { visitor } = await appWith({ guest: true });
    const given = { user: { name: "ada" } };
    await visitor.visit(async ({ var: { session } }) => {
      const regenerating = session.regenerate(given);
      given.user.name = "bob";
      await regenerating;
      session.set("more", 1);
    });
    expect(await bench.data(visitor.id())).toEqual({ user: { name: "ada" }, more: 1 });
  });

  it.each([
    { hashIds: false, how: "with new data", signIn: (its: Session) => its.regenerate({ user: "ada" }) },
    { hashIds: true, how: "with new data", signIn: (its: Session) => its.regenerate({ user: "ada" }) },
    {
      hashIds: true,
      how: "of what was set",
      signIn: async (its: Session) => {
        its.set("user", "ada");
        await its.regenerate();
      },
    },
  ])(
    "$how gives who had planted the old id nothing of the new session, with hashIds: $hashIds",
    async ({ hashIds, signIn }) => {
      const app = bench.app({ hashIds, table: { name: bench.table, hashPrefix: `planted-${hashIds}#` } });
      const attacker = app.visitor();
      await attacker.visit((c) => c.var.session.set("cart", ["bait"]));
      const planted = attacker.id();
      const victim = app.visitor(attacker.cookies);
      const before = await bench.countRows();
      const signedIn = await victim.visit(async ({ var: { session } }) => {
        expect(await session.get("cart")).toEqual(["bait"]);
        await signIn(session);
        // Dead before the response leaves, not only at its end.
        const attackers = await app.visitor(attacker.cookies).visit((c) => c.var.session.get());
        return attackers.said;
      });
      expect(signedIn).toMatchObject({ status: 200, said: {} });
      expect(victim.id()).not.toBe(planted);
      expect((await attacker.visit((c) => c.var.session.get())).said).toEqual({});
      // What the attacker writes from now on is another session's.
      await attacker.visit((c) => c.var.session.set("cart", ["more"]));
      expect(attacker.id()).not.toBe(planted);
      expect((await victim.visit((c) => c.var.session.get())).said).toMatchObject({ user: "ada" });
      expect((await victim.visit((c) => c.var.session.get("cart"))).said).not.toEqual(["more"]);
      expect(await bench.countRows()).toBe(before + 1);
    },
  );

  it("never writes what was set before it under the old id", async () => {
    const { visitor, id } = await appWith({ guest: true });
    await visitor.visit(async ({ var: { session } }) => {
      session.set("user", "ada");
      await session.regenerate();
    });
    expect(bench.requests()).toEqual(["GetItem", "DeleteItem", expect.any(String)]);
    expect(await bench.row(id)).toBeUndefined();
    expect(await bench.data(visitor.id())).toEqual({ guest: true, user: "ada" });
  });

  it("gives a new session an id, and one without data none", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.regenerate({ n: 1 }));
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
    bench.requests();
    const idle = await bench
      .app()
      .visitor()
      .visit((c) => c.var.session.regenerate());
    expect([idle.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("may be called several times; the last id is the cookie's", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    const before = await bench.countRows();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.regenerate();
      const second = session.id;
      await session.regenerate();
      return second;
    });
    expect(new Set([id, visit.said, visitor.id()]).size).toBe(3);
    expect(visit.setCookies).toHaveLength(1);
    expect(await bench.countRows()).toBe(before);
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it("takes what another request wrote meanwhile along", async () => {
    const { visitor, elsewhere } = await appWith({ n: 1 });
    await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.set("cart", ["tea"]));
      await session.regenerate();
    });
    expect(await bench.data(visitor.id())).toEqual({ n: 1, cart: ["tea"] });
  });

  it.each([1, 2])(
    "takes it along merged with what this one set, at any depth, by %d new ids",
    async (times) => {
      const { visitor, elsewhere } = await appWith({ cart: {}, list: ["a"] });
      await visitor.visit(async ({ var: { session } }) => {
        await session.get();
        await elsewhere.visit((c) => c.var.session.set({ cart: { tea: 1 }, list: ["a", "theirs"] }));
        session.set({ cart: { milk: 1 }, list: ["a", "ours"] });
        for (let time = 0; time < times; time++) await session.regenerate();
      });
      expect(await bench.data(visitor.id())).toEqual({
        cart: { tea: 1, milk: 1 },
        list: ["a", "theirs", "ours"],
      });
    },
  );

  it("takes along what another request wrote since this one saved", async () => {
    const { visitor, elsewhere } = await appWith({ list: [] });
    await visitor.visit(async ({ var: { session } }) => {
      session.set("list", ["ours"]);
      await session.save();
      await elsewhere.visit((c) => c.var.session.set("list", ["ours", "theirs"]));
      session.set("n", 1);
      await session.regenerate();
    });
    expect(await bench.data(visitor.id())).toEqual({ list: ["ours", "theirs"], n: 1 });
  });

  it("keeps the data of a session that was never written, though its id was looked at", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      session.set("n", 1);
      const first = session.id;
      await session.regenerate();
      return first;
    });
    expect(visitor.id()).not.toBe(visit.said);
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it("of two requests at once does not take away the cookie that the other gave", async () => {
    const { visitor, elsewhere } = await appWith({ user: "ada" });
    const late = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.regenerate());
      await session.regenerate();
    });
    expect(late).toMatchObject({ status: 200, setCookies: [] });
    expect((await elsewhere.visit((c) => c.var.session.get("user"))).said).toBe("ada");
  });

  it("brings nothing back of a session that another request destroyed, but what this one set", async () => {
    const { visitor, elsewhere } = await appWith({ user: "ada" });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.destroy());
      session.set("notice", "hello");
      await session.regenerate();
    });
    expect(visit.status).toBe(200);
    expect(await bench.data(visitor.id())).toEqual({ notice: "hello" });
  });

  it("gives a session that was found destroyed a new life, with what it is given", async () => {
    const { visitor, id, elsewhere } = await appWith({ user: "ada" });
    await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 1);
      await session.get();
      await elsewhere.visit((c) => c.var.session.destroy());
      expect(await session.save()).toEqual({ outcome: "gone" });
      await session.regenerate({ user: "bob" });
    });
    expect(visitor.id()).not.toBe(id);
    expect(await bench.data(visitor.id())).toEqual({ user: "bob" });
  });

  it("that failed is tried again at the end of the request, and never leaves the old id in use", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    bench.proxy.decide = (action) => (action === "DeleteItem" ? "drop-before" : undefined);
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const failed = await session.regenerate({ user: "ada" }).catch((error) => error.code);
      const old = await bench.data(id);
      bench.proxy.decide = () => undefined;
      return [failed, old];
    });
    expect(visit).toMatchObject({ status: 200, said: ["ERR_SESSION_UNAVAILABLE", { n: 1 }] });
    expect(await bench.row(id)).toBeUndefined();
    expect(await bench.data(visitor.id())).toEqual({ user: "ada" });
  });

  it("that failed though it had removed the old session keeps its data, when it is tried again", async () => {
    const { visitor, id } = await appWith({ user: "ada" });
    bench.proxy.decide = (action) => (action === "DeleteItem" ? dropAfter : undefined);
    await visitor.visit(async ({ var: { session } }) => {
      await expect(session.regenerate()).rejects.toMatchObject({ code: "ERR_SESSION_UNAVAILABLE" });
      bench.proxy.decide = () => undefined;
    });
    expect(visitor.id()).not.toBe(id);
    expect(await bench.data(visitor.id())).toEqual({ user: "ada" });
  });
});

describe("destroy", () => {
  it("has removed the row when it resolves, without reading it", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.destroy();
      const requests = bench.requests();
      return [await bench.row(id), await session.get(), session.id, session.isNew, requests];
    });
    expect(visit.said).toEqual([undefined, {}, undefined, true, ["DeleteItem"]]);
    expect(bench.requests()).toEqual([]);
  });

  it("forgets what was set before, and gives what is set after to a new session", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      session.set("before", 1);
      session.flash("before", 1);
      await session.destroy();
      session.set("after", 1);
      return session.get();
    });
    expect(visit.said).toEqual({ after: 1 });
    expect(await bench.row(id)).toBeUndefined();
    expect(visitor.id()).not.toBe(id);
    expect(await bench.data(visitor.id())).toEqual({ after: 1 });
  });

  it("stays a destroy when a new id is asked for before it is done", async () => {
    const { visitor, elsewhere } = await appWith({ user: "ada" });
    await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.set("secret", "ada's"));
      void session.destroy();
      await session.regenerate({ user: "bob" });
    });
    expect(await bench.data(visitor.id())).toEqual({ user: "bob" });
  });

  it("counts as well while a regenerate is on its way", async () => {
    const { visitor, elsewhere } = await appWith({ user: "ada" });
    await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.set("secret", "ada's"));
      let destroying: Promise<void> | undefined;
      bench.proxy.decide = (action) => {
        if (action === "DeleteItem") destroying ??= session.destroy();
        return undefined;
      };
      await session.regenerate();
      await destroying;
      session.set("user", "bob");
    });
    expect(await bench.data(visitor.id())).toEqual({ user: "bob" });
  });

  it("of a new session costs nothing", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => {
        session.set("n", 1);
        await session.destroy();
      });
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("of a session that this request made leaves no row and sets no cookie", async () => {
    const before = await bench.countRows();
    const visit = await bench
      .app()
      .visitor()
      .visit(async ({ var: { session } }) => {
        session.set("n", 1);
        await session.save();
        await session.destroy();
      });
    expect(visit.setCookies).toEqual([]);
    expect(await bench.countRows()).toBe(before);
  });

  it("works where the session cannot be read", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    bench.proxy.decide = (action) => (action === "GetItem" ? "drop-before" : undefined);
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const failed = session.get().catch((error) => error.code);
      await session.destroy();
      return failed;
    });
    expect(visit).toMatchObject({ status: 200, said: "ERR_SESSION_UNAVAILABLE" });
    expect(await bench.row(id)).toBeUndefined();
  });

  it("that fails is an error of the request, and is tried again before", async () => {
    const { visitor, id, errors } = await appWith({ n: 1 });
    bench.proxy.decide = (action) => (action === "DeleteItem" ? "drop-before" : undefined);
    const visit = await visitor.visit((c) => void c.var.session.destroy());
    expect(visit).toMatchObject({ status: 500, setCookies: [] });
    expect(errors).toMatchObject([{ code: "ERR_SESSION_UNAVAILABLE" }]);
    const caught = await visitor.visit(async ({ var: { session } }) => {
      await session.destroy().catch(() => {});
      bench.proxy.decide = () => undefined;
      return session.get();
    });
    expect(caught).toMatchObject({ status: 200, said: {} });
    expect(await bench.row(id)).toBeUndefined();
  });
});

describe("what nobody waits for", () => {
  it.each(["GetItem", "UpdateItem"])("update is finished before the response leaves: %s", async (action) => {
    const { visitor, id, sent } = await appWith({ n: 1 });
    const gate = holdNext(sent, action);
    let left = false;
    const visiting = visitor
      .visit((c) => void c.var.session.update(increment))
      .then(() => {
        left = true;
      });
    await gate.reached;
    await turns();
    expect(left).toBe(false);
    gate.open();
    await visiting;
    expect(await bench.data(id)).toEqual({ n: 2 });
  });

  it("update whose function takes its time is waited for, though what was asked for later is done", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    const [begun, go] = [makeSignal(), makeSignal()];
    let left = false;
    const visiting = visitor
      .visit(async ({ var: { session } }) => {
        void session.update(async (data) => {
          begun.give();
          await go.given;
          return increment(data);
        });
        await begun.given;
        void session.get();
      })
      .then(() => {
        left = true;
      });
    await begun.given;
    await turns();
    expect(left).toBe(false);
    go.give();
    await visiting;
    expect(await bench.data(id)).toEqual({ n: 2 });
  });

  it.each<["before" | "while" | "after", string]>([
    ["before", "it begins"],
    ["while", "its function runs"],
    ["after", "it is at the table"],
  ])("update leaves what is set %s %s beside what another had written", async (when) => {
    const { visitor, id, elsewhere, sent } = await appWith({ n: 1, cart: {} });
    await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.set("cart", { tea: 1 }));
      // Made of what this request had read.
      const addMilk = () => session.set("cart", { milk: 1 });
      const gate = when === "after" ? holdNext(sent, "UpdateItem") : undefined;
      const begun = makeSignal();
      void session.update(async (data) => {
        begun.give();
        return { ...data, ...increment(data) };
      });
      if (when !== "before") await begun.given;
      await gate?.reached;
      addMilk();
      gate?.open();
    });
    expect(await bench.data(id)).toEqual({ n: 2, cart: { tea: 1, milk: 1 } });
  });

  it("update of a new session whose function never ends holds it up no longer than the option timeout says", async () => {
    const { visitor, events } = bench.app({ timeout: 50 });
    const visit = await visitor().visit((c) => {
      const updated = c.var.session.update(() => new Promise<object>(() => {}));
      return updated.catch((error) => error.code);
    });
    expect(visit).toMatchObject({ status: 200, said: "ERR_SESSION_TIMEOUT", setCookies: [] });
    expect(events).toMatchObject([{ type: "error", operation: "update" }]);
  });

  it("update of a new session is finished before, and its cookie set", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => void c.var.session.update(increment));
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
  });

  it("save and destroy are finished before", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    await visitor.visit(({ var: { session } }) => {
      session.set("n", 2);
      void session.save();
    });
    expect(await bench.data(id)).toEqual({ n: 2 });
    await visitor.visit((c) => void c.var.session.destroy());
    expect(await bench.row(id)).toBeUndefined();
  });

  it("regenerate is carried out though another write kept it waiting", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    await visitor.visit(({ var: { session } }) => {
      session.set("n", 2);
      void session.save();
      void session.regenerate();
    });
    expect(await bench.row(id)).toBeUndefined();
    expect(visitor.id()).not.toBe(id);
    expect(await bench.data(visitor.id())).toEqual({ n: 2 });
  });

  it("regenerate while a save still loads puts nothing under the old id", async () => {
    const { visitor, id, sent } = await appWith({ n: 1 });
    const written: string[] = [];
    bench.proxy.decide = (action, body) => {
      if (action !== "GetItem" && action !== "DeleteItem") written.push(JSON.stringify(body));
      return undefined;
    };
    const gate = holdNext(sent, "GetItem");
    await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 2);
      void session.save();
      await gate.reached;
      void session.regenerate({ user: "ada" });
      gate.open();
    });
    expect(written.filter((body) => body.includes(id))).toEqual([]);
    expect(written).toHaveLength(1);
    expect(await bench.row(id)).toBeUndefined();
    expect(await bench.data(visitor.id())).toEqual({ user: "ada" });
  });

  it("regenerate while a save is at the table leaves nothing under the old id", async () => {
    const { visitor, id, sent } = await appWith({ n: 1 });
    const gate = holdNext(sent, "UpdateItem");
    await visitor.visit(async ({ var: { session } }) => {
      session.set("n", 2);
      void session.save();
      await gate.reached;
      void session.regenerate({ user: "ada" });
      session.set("more", 1);
      gate.open();
    });
    expect(await bench.row(id)).toBeUndefined();
    expect(await bench.data(visitor.id())).toEqual({ user: "ada", more: 1 });
  });

  it.each(["regenerate", "destroy"] as const)("%s keeps what is set right after it", async (how) => {
    const { visitor, id } = await appWith({ guest: true });
    await visitor.visit(({ var: { session } }) => {
      if (how === "regenerate") void session.regenerate({});
      else void session.destroy();
      session.set("user", "ada");
    });
    expect(await bench.row(id)).toBeUndefined();
    expect(await bench.data(visitor.id())).toEqual({ user: "ada" });
  });

  it.each(["regenerate", "destroy"] as const)(
    "update that %s overtakes harms no other session",
    async (how) => {
      const { visitor, id } = await appWith({ n: 1 });
      const [begun, overtaken] = [makeSignal(), makeSignal()];
      const visit = await visitor.visit(async ({ var: { session } }) => {
        const updating = session.update(async (data) => {
          begun.give();
          await overtaken.given;
          return increment(data);
        });
        await begun.given;
        await session[how]();
        session.set("after", 1);
        overtaken.give();
        return updating;
      });
      expect(visit).toMatchObject({ status: 200, said: { outcome: "gone" } });
      expect(await bench.row(id)).toBeUndefined();
      expect(visitor.id()).not.toBe(id);
      expect(await bench.data(visitor.id())).toMatchObject({ after: 1 });
    },
  );

  it("get reads once, and what is set is applied to what it read", async () => {
    const { visitor, id } = await appWith({ n: 1 });
    await visitor.visit(({ var: { session } }) => {
      void session.get();
      session.set("m", 1);
    });
    expect(bench.requests()).toEqual(["GetItem", "UpdateItem"]);
    expect(await bench.data(id)).toEqual({ n: 1, m: 1 });
  });
});

/** Some turns of the event loop: whatever is not held by a gate goes on meanwhile. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
