// Nobody gets in who does not belong: what stands in the table opens nothing, a session ends for good however busy it is, and
// its owner can end all of theirs.
import { describe, expect, inject, it } from "vitest";
import { createSessionEngine } from "../../../src/core/index.js";
import { testClient } from "../../support/tables.js";
import type { Subject } from "../cell.js";
import { formatOptions } from "../lab.js";
import { ownerByData } from "../protocol.js";
import { Visitor } from "../visitor.js";

const HOUR = 3_600_000;

export function securityPromises({ cell, driver, format, cannot }: Subject): void {
  describe("hashed ids", () => {
    it("stand nowhere in the table, and what stands there opens nothing", async () => {
      const table = await cell().tableWith({});
      const app = await cell().start({ table: { name: table }, hashIds: true });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const first = cell().id(visitor);
      await visitor.visit({ do: "regenerate" }, { do: "set", key: "n", value: 2 });
      expect((await visitor.read()).data).toMatchObject({ n: 2 });
      const rows = await cell().rows(table);
      expect(rows).toHaveLength(1);
      for (const id of [first, cell().id(visitor)]) expect(JSON.stringify(rows)).not.toContain(id);
      const stolen = rows[0]?.pk?.S ?? "";
      for (const id of [stolen, stolen.slice("session-store#".length)]) {
        expect((await new Visitor(app.origin, driver.cookiesFor(id)).read()).data).toEqual({});
      }
      // Nor after the option was taken away.
      const { origin } = await cell().start({ table: { name: table }, hashIds: false });
      const opened = new Visitor(origin, driver.cookiesFor(stolen.slice("session-store#".length)));
      expect((await opened.read()).data).toEqual({});
      await visitor.visit({ do: "destroy" });
      expect(await cell().count(table)).toBe(0);
    });
  });

  describe("an absolute limit", () => {
    const settings = { ttl: HOUR, absoluteTtl: 2 * HOUR + 1, touchInterval: 0 };
    const untilOf = async (visitor: Visitor) => Number((await cell().row(visitor))?.until?.N);

    it("ends a session that is in use all the time, to the millisecond", async () => {
      const app = await cell().start(settings);
      const visitor = cell().visitor(app);
      const began = app.now();
      await visitor.set("n", 0);
      for (let n = 1; n <= 4; n++) {
        await app.pass(HOUR / 2);
        await (n % 2 ? visitor.read() : visitor.set("n", n));
        expect(await untilOf(visitor)).toBe(Math.min(app.now() + HOUR, began + settings.absoluteTtl));
      }
      expect((await visitor.read()).data).toEqual({ n: 4 });
      await app.pass(1);
      expect((await visitor.read()).data).toEqual({});
    });

    it("holds for sessions that were there before it", async () => {
      const before = await cell().start({ ttl: 10 * HOUR });
      const [early, late] = [cell().visitor(before), cell().visitor(before)];
      await Promise.all([early.set("n", 1), late.set("n", 1)]);
      const app = await cell().start({ ttl: 10 * HOUR, absoluteTtl: HOUR });
      const read = async (visitor: Visitor) => (await new Visitor(app.origin, visitor.cookies).read()).data;
      await app.pass(HOUR - 1);
      expect(await read(early)).toEqual({ n: 1 });
      await app.pass(1);
      expect(await read(early)).toEqual({});
      // Nothing has shortened what stands in this one's row.
      expect(await read(late)).toEqual({});
    });

    if (cannot.keepBeginning) return;
    it("is not put off by a new id", async () => {
      const app = await cell().start(settings);
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const ends = app.now() + settings.absoluteTtl;
      await app.pass(HOUR - 1);
      await visitor.visit({ do: "regenerate" }, { do: "set", key: "n", value: 2 });
      await app.pass(HOUR - 1);
      await visitor.visit({ do: "regenerate" }, { do: "set", key: "n", value: 3 });
      expect(await untilOf(visitor)).toBe(ends);
    });
  });

  const hasTransactions = inject("emulator") === "dynamodb-local";
  describe.skipIf(!hasTransactions)(
    hasTransactions ? "an owner" : "an owner (left out: dynalite has no transactions)",
    () => {
      it("is logged out everywhere, requests that are on their way among it; later logins live", async () => {
        const app = await cell().start({ isOwned: true, hashIds: true });
        const [phone, laptop, guest] = [cell().visitor(app), cell().visitor(app), cell().visitor(app)];
        await Promise.all([phone.set("user", "ada"), laptop.set("user", "ada"), guest.set("cart", [1])]);
        const client = testClient();
        const engine = createSessionEngine({
          table: { name: cell().table },
          client,
          ...formatOptions(format),
          hashIds: true,
          owner: ownerByData,
        });
        const late = new Visitor(app.origin, laptop.cookies).visit(
          { do: "read" },
          { do: "wait", gate: "logged out" },
          { do: "set", key: "late", value: true },
        );
        await app.reached("logged out", 1);
        expect(await engine.destroyAllOf("ada", { except: cell().id(phone) })).toBe(1);
        await app.open("logged out");
        await late;
        expect((await laptop.read()).data).toEqual({});
        expect((await phone.read()).data).toEqual({ user: "ada" });
        expect((await guest.read()).data).toEqual({ cart: [1] });
        expect(await engine.destroyAllOf("ada")).toBe(1);
        expect((await phone.read()).data).toEqual({});
        await phone.set("user", "ada");
        expect((await phone.read()).data).toEqual({ user: "ada" });
        expect((await engine.sessionsOf("ada")).map(({ data }) => data.user)).toEqual(["ada"]);
        await engine.close();
        client.destroy();
      });
    },
  );
}
