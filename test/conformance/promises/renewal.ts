// What keeps a session alive, and what that costs: an active session never ends, and one that is only read is written
// at most once in `touchInterval`.
import { describe, expect, it } from "vitest";
import type { Subject } from "../cell.js";
import type { AppSettings } from "../protocol.js";
import { Visitor } from "../visitor.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;

export function renewalPromises({ cell, cannot }: Subject): void {
  describe("an active session never ends", () => {
    const table: [string, Partial<AppSettings>, number][] = [
      ["by its ttl", { ttl: MINUTE }, MINUTE],
      ["by a ttl of a second, whatever touchInterval says", { ttl: 1000, touchInterval: HOUR }, 1000],
      ["by its cookie's maxAge", { cookieMaxAge: MINUTE }, MINUTE],
      ["by a maxAge of ten seconds", { cookieMaxAge: 10_000 }, 10_000],
    ];
    it.each(table)("%s", async (_, settings, lifetime) => {
      const app = await cell().start(settings);
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      for (let request = 0; request < 9; request++) {
        await app.pass(lifetime * 0.45);
        expect((await visitor.read()).data).toEqual({ n: 1 });
      }
      expect(Number((await cell().row(visitor))?.until?.N)).toBeGreaterThan(app.now() + lifetime / 2);
    });
  });

  describe("reading a session", () => {
    it("writes nothing before touchInterval has passed, and once then", async () => {
      const app = await cell().start({ ttl: HOUR });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      cell().writes();
      for (let request = 0; request < 3; request++) {
        await app.pass(9_999);
        await visitor.read();
      }
      expect(cell().writes()).toEqual([]);
      await app.pass(3);
      await visitor.read();
      await visitor.read();
      expect(cell().writes()).toEqual(["UpdateItem"]);
      expect((await cell().row(visitor))?.until).toEqual({ N: String(app.now() + HOUR) });
    });

    it.skipIf(cannot.shareTouches)("costs six requests of one page no more than one write", async () => {
      const app = await cell().start({ ttl: HOUR });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      await app.pass(30_000);
      cell().writes();
      const visits = await Promise.all(
        Array.from({ length: 6 }, () => new Visitor(app.origin, visitor.cookies).read()),
      );
      expect(visits.map(({ data }) => data)).toEqual(Array.from({ length: 6 }, () => ({ n: 1 })));
      expect(cell().writes()).toEqual(["UpdateItem"]);
    });

    it("moves its end every time where touchInterval is 0", async () => {
      const app = await cell().start({ ttl: HOUR, touchInterval: 0 });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      cell().writes();
      for (let request = 0; request < 3; request++) {
        await app.pass(1);
        await visitor.read();
        expect((await cell().row(visitor))?.until).toEqual({ N: String(app.now() + HOUR) });
      }
      expect(cell().writes()).toEqual(["UpdateItem", "UpdateItem", "UpdateItem"]);
    });

    it("is one read at the table", async () => {
      const visitor = cell().visitor(await cell().start());
      await visitor.set("n", 1);
      cell().proxy.requests.length = 0;
      await visitor.read();
      expect(cell().proxy.requests).toEqual(["GetItem"]);
    });

    it("fails no request when the touch fails", async () => {
      const app = await cell().start({ ttl: HOUR });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      await app.pass(MINUTE);
      cell().proxy.decide = (action) => (action === "UpdateItem" ? "drop-before" : undefined);
      expect(await visitor.read()).toMatchObject({ status: 200, data: { n: 1 } });
      expect((await app.seen()).errors).toEqual([]);
      expect((await app.seen()).events).toContain("error");
    });
  });

  if (cannot.bePassive) return;
  describe("a passive request", () => {
    it("keeps no session alive, whether it reads or writes", async () => {
      const app = await cell().start({ ttl: HOUR });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const end = app.now() + HOUR;
      await app.pass(HOUR / 2);
      cell().writes();
      expect((await visitor.poll({ do: "read" })).data).toEqual({ n: 1 });
      expect(cell().writes()).toEqual([]);
      await visitor.poll({ do: "set", key: "polled", value: true });
      expect((await cell().row(visitor))?.until).toEqual({ N: String(end) });
      expect((await visitor.poll({ do: "read" })).data).toEqual({ n: 1, polled: true });
      await app.pass(HOUR / 2);
      expect((await visitor.poll({ do: "read" })).data).toEqual({});
    });
  });
}
