// How long a session lives: the table of `ttl` and the cookie's `maxAge`, to the millisecond, and what becomes of a row
// that is over.
import { describe, expect, it } from "vitest";
import type { Subject } from "../cell.js";
import { type AppSettings, GUEST_MS, REMEMBERED_MS } from "../protocol.js";
import { Visitor } from "../visitor.js";

const HOUR = 3_600_000;
const DAY = 86_400_000;

export function lifetimePromises({ cell, driver, cannot }: Subject): void {
  const [exactly, byCookie] = [[0], driver.rowOutlivesCookieBy];
  const untilOf = async (visitor: Visitor) => Number((await cell().row(visitor))?.until?.N);

  describe("a session lives for", () => {
    const table: [string, Partial<AppSettings>, number, readonly number[]][] = [
      ["the ttl, where there is one", { ttl: 90_061_001 }, 90_061_001, exactly],
      ["the cookie's maxAge, where there is no ttl", { cookieMaxAge: HOUR + 1 }, HOUR + 1, byCookie],
      ["the ttl, where there are both", { ttl: 1_234_567, cookieMaxAge: HOUR }, 1_234_567, exactly],
      ["a day, where there is neither", {}, DAY, byCookie],
    ];
    it.each(table)("%s", async (_, settings, lifetime, outlives) => {
      const app = await cell().start(settings);
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const { until, expires } = (await cell().row(visitor)) ?? {};
      expect(outlives).toContain(Number(until?.N) - app.now() - lifetime);
      expect(Number(expires?.N)).toBe(Math.ceil(Number(until?.N) / 1000));
    });

    it("what the function ttl says of its data, at once when that changes", async () => {
      const app = await cell().start({ ttl: "by data" });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      expect(await untilOf(visitor)).toBe(app.now() + GUEST_MS);
      await app.pass(1000);
      await visitor.set("remembered", true);
      expect(await untilOf(visitor)).toBe(app.now() + REMEMBERED_MS);
    });

    if (cannot.changeLifetime) return;
    it("what a handler sets for it, then and with later requests", async () => {
      const app = await cell().start({ cookieMaxAge: HOUR });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      await visitor.visit({ do: "set maxAge", ms: 5 * HOUR });
      expect(byCookie).toContain((await untilOf(visitor)) - app.now() - 5 * HOUR);
      await app.pass(HOUR);
      await visitor.read();
      await visitor.set("n", 2);
      expect(byCookie).toContain((await untilOf(visitor)) - app.now() - 5 * HOUR);
      expect((await visitor.read()).data).toEqual({ n: 2 });
    });
  });

  describe("an idle session", () => {
    it("is there to its last millisecond, and not after", async () => {
      const app = await cell().start({ ttl: 600_001 });
      const [early, late] = [cell().visitor(app), cell().visitor(app)];
      await Promise.all([early.set("n", 1), late.set("n", 1)]);
      await app.pass(600_000);
      expect((await early.read()).data).toEqual({ n: 1 });
      await app.pass(1);
      expect((await late.read()).data).toEqual({});
      expect((await early.read()).data).toEqual({ n: 1 });
    });

    it("does not come back by a write of a request that had loaded it", async () => {
      const app = await cell().start({ ttl: 600_000 });
      const visitor = cell().visitor(app);
      await visitor.set("n", 1);
      const stolen = new Visitor(app.origin, visitor.cookies);
      const writing = visitor.visit(
        { do: "read" },
        { do: "wait", gate: "it is over" },
        { do: "set", key: "n", value: 2 },
      );
      await app.reached("it is over", 1);
      await app.pass(600_000);
      await app.open("it is over");
      expect((await writing).status).toBe(200);
      expect((await stolen.read()).data).toEqual({});
    });

    it.each([true, false])(
      "stays in the table when it is over if keepExpired says so: %s",
      async (keepExpired) => {
        const app = await cell().start({ ttl: 600_000, keepExpired });
        const visitor = cell().visitor(app);
        await visitor.set("n", 1);
        const id = cell().id(visitor);
        await app.pass(601_000);
        expect((await visitor.read()).data).toEqual({});
        expect((await cell().rowOf(id)) !== undefined).toBe(keepExpired);
      },
    );
  });
}
