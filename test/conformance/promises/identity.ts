// A session is its owner's, from the first write to the logout, and no other's.
import { describe, expect, it } from "vitest";
import type { Subject } from "../cell.js";
import type { Step } from "../protocol.js";
import { Visitor } from "../visitor.js";

export function identityPromises({ cell, driver }: Subject): void {
  describe("a session", () => {
    it("survives a restart", async () => {
      const visitor = cell().visitor(await cell().start());
      await visitor.set("n", 1);
      const restarted = await cell().start();
      expect(await new Visitor(restarted.origin, visitor.cookies).read()).toMatchObject({
        status: 200,
        data: { n: 1 },
      });
    });

    it("is not made for a request that gives it no data", async () => {
      const visitor = cell().visitor(await cell().start());
      expect(await visitor.read()).toMatchObject({ status: 200, setCookies: [] });
      expect(await visitor.visit()).toMatchObject({ status: 200, setCookies: [] });
      expect(cell().proxy.requests).toEqual([]);
    });

    it("is each visitor's own", async () => {
      const app = await cell().start();
      const [ada, bob] = [cell().visitor(app), cell().visitor(app)];
      await Promise.all([ada.set("name", "ada"), bob.set("name", "bob")]);
      expect((await ada.read()).data).toEqual({ name: "ada" });
      expect((await bob.read()).data).toEqual({ name: "bob" });
    });

    it("is saved as often as a request asks, and loses nothing of it", async () => {
      const visitor = cell().visitor(await cell().start());
      await visitor.visit(
        { do: "set", key: "a", value: 1 },
        { do: "save" },
        { do: "set", key: "b", value: 2 },
        { do: "save" },
        { do: "set", key: "c", value: 3 },
      );
      expect((await visitor.read()).data).toEqual({ a: 1, b: 2, c: 3 });
      await visitor.visit({ do: "unset", key: "a" }, { do: "save" }, { do: "set", key: "b", value: 4 });
      expect((await visitor.read()).data).toEqual({ b: 4, c: 3 });
    });
  });

  describe("a logout", () => {
    it("leaves no row, and a cookie that opens nothing", async () => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const stolen = new Visitor(app.origin, visitor.cookies);
      const id = cell().id(visitor);
      expect((await visitor.visit({ do: "destroy" })).status).toBe(200);
      expect(await cell().rowOf(id)).toBeUndefined();
      expect((await stolen.read()).data).toEqual({});
      expect((await visitor.read()).data).toEqual({});
    });

    it("is final: a slow request that had loaded the session cannot undo it", async () => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("user", "ada");
      const id = cell().id(visitor);
      const slow = new Visitor(app.origin, visitor.cookies);
      const stolen = new Visitor(app.origin, visitor.cookies);
      const saving = slow.visit(
        { do: "read" },
        { do: "wait", gate: "logged out" },
        { do: "set", key: "late", value: true },
      );
      const touching = new Visitor(app.origin, visitor.cookies).visit(
        { do: "read" },
        { do: "wait", gate: "logged out" },
      );
      await app.reached("logged out", 2);
      await visitor.visit({ do: "destroy" });
      await app.open("logged out");
      expect([(await saving).status, (await touching).status]).toEqual([200, 200]);
      expect(await cell().rowOf(id)).toBeUndefined();
      expect((await stolen.read()).data).toEqual({});
    });
  });

  describe("a regenerated session", () => {
    it.each<[string, Step]>([
      ["beside what it added", { do: "set", key: "n", value: 1 }],
      ["though it changed something in it", { do: "set in", key: "user", name: "seen", value: 2 }],
    ])("brings nothing back that another request had destroyed, %s", async (_, step) => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("user", { name: "ada", seen: 1 });
      const slow = new Visitor(app.origin, visitor.cookies);
      const regenerating = slow.visit({ do: "read" }, { do: "wait", gate: "logged out" }, step, {
        do: "regenerate",
      });
      await app.reached("logged out", 1);
      await visitor.visit({ do: "destroy" });
      app.open("logged out");
      expect((await regenerating).status).toBe(200);
      expect((await slow.read()).data).not.toHaveProperty("user");
    });

    it("has another id, and leaves nothing under the old one", async () => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const old = cell().id(visitor);
      const stolen = new Visitor(app.origin, visitor.cookies);
      await visitor.visit({ do: "regenerate" }, { do: "set", key: "user", value: "ada" });
      expect(cell().id(visitor)).not.toBe(old);
      expect(await cell().rowOf(old)).toBeUndefined();
      expect((await visitor.read()).data).toMatchObject({ user: "ada" });
      expect((await stolen.read()).data).toEqual({});
    });
  });

  describe("a cookie", () => {
    it("that was tampered with is as good as none", async () => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const cookies = [...visitor.cookies].map(([name, value]) => {
        const first = value.startsWith("s%3A") ? 4 : 0;
        const other = value[first] === "A" ? "B" : "A";
        return [name, value.slice(0, first) + other + value.slice(first + 1)] as const;
      });
      cell().proxy.requests.length = 0;
      expect((await new Visitor(app.origin, new Map(cookies)).read()).data).toEqual({});
      expect(cell().proxy.requests).toEqual([]);
    });

    it("that says an id which cannot be a key is as good as none", async () => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const cookieOf = (id: string) => new Visitor(app.origin, driver.cookiesFor(id));
      // What the suite signs is believed: an id that is known opens its session.
      expect((await cookieOf(cell().id(visitor)).read()).data).toEqual({ n: 1 });
      const tooLong = cookieOf("x".repeat(1025));
      cell().proxy.requests.length = 0;
      expect(await tooLong.read()).toMatchObject({ status: 200, data: {} });
      expect(cell().proxy.requests).toEqual([]);
      await tooLong.set("n", 2);
      expect(cell().id(tooLong).length).toBeLessThan(100);
      expect((await tooLong.read()).data).toEqual({ n: 2 });
    });

    it("that says an id which nobody was ever given is not taken at its word: a stranger cannot choose an id", async () => {
      const app = await cell().start();
      const chosen = "a-stranger's-choice-of-32-letters";
      const visitor = new Visitor(app.origin, driver.cookiesFor(chosen));
      expect((await visitor.read()).data).toEqual({});
      await visitor.set("user", "ada");
      expect(cell().id(visitor)).not.toBe(chosen);
      expect((await visitor.read()).data).toEqual({ user: "ada" });
      expect(await cell().rowOf(chosen)).toBeUndefined();
      expect((await new Visitor(app.origin, driver.cookiesFor(chosen)).read()).data).toEqual({});
    });

    it("that a stranger planted, of a session of their own, is worth nothing to them after a new id", async () => {
      const app = await cell().start();
      const stranger = cell().visitor(app);
      await stranger.set("n", 1);
      const victim = new Visitor(app.origin, stranger.cookies);
      await victim.visit({ do: "regenerate" }, { do: "set", key: "user", value: "ada" });
      expect((await victim.read()).data).toMatchObject({ user: "ada" });
      expect((await stranger.read()).data).toEqual({});
      await stranger.set("n", 2);
      expect((await victim.read()).data).toMatchObject({ user: "ada" });
      expect((await victim.read()).data).not.toMatchObject({ n: 2 });
    });

    it("of a session that the store does not know gets another id", async () => {
      const app = await cell().start();
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const id = cell().id(visitor);
      const stolen = new Visitor(app.origin, visitor.cookies);
      await visitor.visit({ do: "destroy" });
      await stolen.set("n", 2);
      expect(cell().id(stolen)).not.toBe(id);
      expect(await cell().rowOf(id)).toBeUndefined();
    });
  });

  describe("a table", () => {
    it("may have a hash key alone", async () => {
      const keys = { hashKey: "id", sortKey: null };
      const table = await cell().tableWith(keys);
      const visitor = cell().visitor(await cell().start({ table: { name: table, ...keys } }));
      await visitor.set("n", 1);
      expect((await visitor.read()).data).toEqual({ n: 1 });
      expect(await cell().rowOf(cell().id(visitor), table, keys)).toHaveProperty("sess");
    });

    it("may have other names for its keys", async () => {
      const keys = { hashKey: "Key", sortKey: "Sort" };
      const table = await cell().tableWith(keys);
      const visitor = cell().visitor(await cell().start({ table: { name: table, ...keys } }));
      await visitor.set("n", 1);
      await visitor.set("n", 2);
      expect((await visitor.read()).data).toEqual({ n: 2 });
      expect(await cell().rowOf(cell().id(visitor), table, keys)).toHaveProperty("sess");
    });

    it("holds the sessions of two stores apart by their prefixes", async () => {
      const [one, other] = await Promise.all(
        ["one#", "other#"].map((hashPrefix) => cell().start({ table: { name: cell().table, hashPrefix } })),
      );
      if (one === undefined || other === undefined) throw new Error("two applications were asked for");
      const visitor = cell().visitor(one);
      await visitor.set("n", 1);
      expect((await new Visitor(other.origin, visitor.cookies).read()).data).toEqual({});
      expect((await visitor.read()).data).toEqual({ n: 1 });
      const id = cell().id(visitor);
      expect(await cell().rowOf(id, cell().table, {}, "one#")).toHaveProperty("sess");
      expect(await cell().rowOf(id, cell().table, {}, "other#")).toBeUndefined();
    });
  });
}
