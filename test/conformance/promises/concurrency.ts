// Requests that have one session in hand at the same time lose nothing of each other's, a logout is final, and a counter
// counts.
import { describe, expect, it } from "vitest";
import { makeSignal } from "../../support/time.js";
import type { Subject } from "../cell.js";
import type { App } from "../place.js";
import type { AppSettings, Step } from "../protocol.js";
import { type Visit, Visitor } from "../visitor.js";

const HOUR = 3_600_000;
const SIX = [0, 1, 2, 3, 4, 5];

const set = (key: string, value: unknown): Step => ({ do: "set", key, value });
const unset = (key: string): Step => ({ do: "unset", key });
const setIn = (key: string, name: string, value: unknown): Step => ({ do: "set in", key, name, value });
const push = (key: string, value: unknown): Step => ({ do: "push", key, value });
const count = (key: string, inside?: string): Step => ({ do: "count", key, ...(inside && { inside }) });
const READ: Step = { do: "read" };
const SAVE: Step = { do: "save" };

/** A request that has loaded its session, and waits. */
interface Held {
  /** Lets it take its other steps. */
  goOn(): Promise<Visit>;
}

export function concurrencyPromises({ cell, driver, cannot }: Subject): void {
  /** A visitor who has a session with this data, and the requests of the same browser. */
  async function signedIn(data: Record<string, unknown>, settings?: Partial<AppSettings>, apps = 1) {
    const running = await Promise.all(Array.from({ length: apps }, () => cell().start(settings)));
    const [app] = running;
    if (app === undefined) throw new Error("no application was asked for");
    const visitor = cell().visitor(app);
    await visitor.visit(...Object.entries(data).map(([key, value]) => set(key, value)));
    const again = (at: App = app) => new Visitor(at.origin, visitor.cookies);
    return {
      app,
      apps: running,
      visitor,
      again,
      id: cell().id(visitor),
      data: async () => (await again().read()).data,
      /** Sends a request, which loads its session, and waits with the rest. */
      async hold(by: Visitor, gate: string, ...steps: Step[]): Promise<Held> {
        const visit = by.visit(READ, { do: "wait", gate }, ...steps);
        await app.reached(gate, 1);
        return {
          async goOn() {
            await app.open(gate);
            return visit;
          },
        };
      },
      /** Sends requests that all have loaded their session before the first goes on. */
      async together(...requests: Step[][]): Promise<void> {
        const gate = "all are here";
        const visits = requests.map((steps, n) =>
          again(running[n % apps]).visit(READ, { do: "wait", gate }, ...steps),
        );
        await Promise.all(running.map((one) => one.reached(gate, requests.length / apps)));
        await Promise.all(running.map((one) => one.open(gate)));
        for (const { status } of await Promise.all(visits)) expect(status).toBe(200);
        for (const one of running) expect((await one.seen()).errors).toEqual([]);
      },
    };
  }

  describe.each([
    ["one process", 1],
    ["two processes", 2],
  ])("six requests of one page, served by %s,", (_, apps) => {
    const CASES: [string, { cart?: object; log?: unknown[] }][] = [
      ["", {}],
      [", which were there before", { cart: { tea: 1 }, log: ["begun"] }],
    ];
    it.each(CASES)(
      "each keep their field, their product in the cart and their entry in a list%s",
      async (_, before) => {
        const { together, data } = await signedIn({ user: "ada", ...before }, {}, apps);
        await together(
          ...SIX.map((n) => [set(`field ${n}`, n), setIn("cart", `product ${n}`, n), push("log", n)]),
        );
        const { log, ...fields } = { ...(await data()) };
        expect(fields).toEqual({
          user: "ada",
          cart: { ...before.cart, ...Object.fromEntries(SIX.map((n) => [`product ${n}`, n])) },
          ...Object.fromEntries(SIX.map((n) => [`field ${n}`, n])),
        });
        // Each once, in the order in which they were written.
        expect([...Object(log)].sort()).toEqual([...SIX, ...(before.log ?? [])]);
      },
    );

    it("each count, by update, and an update within an update too", async () => {
      const { together, data } = await signedIn({ visits: 10 }, {}, apps);
      await together(...SIX.map(() => [count("visits", "inner")]));
      expect(await data()).toEqual({ visits: 16, inner: 6 });
    });
  });

  describe("two requests that change one thing at once", () => {
    it("leave what the later one wrote, whose path is told, and all else of both", async () => {
      const { app, again, hold, data } = await signedIn({ theme: "light", cart: { tea: 1 } });
      const slow = await hold(
        again(),
        "changed",
        set("theme", "dark"),
        setIn("cart", "tea", 3),
        set("slow", true),
      );
      await again().visit(set("theme", "sepia"), setIn("cart", "tea", 2), set("quick", true));
      await slow.goOn();
      expect(await data()).toEqual({ theme: "dark", cart: { tea: 3 }, slow: true, quick: true });
      const { overridden, events } = await app.seen();
      expect(events).toContain("merge");
      expect([...overridden].sort()).toEqual(["cart.tea", "theme"]);
    });

    it("leave it away that one removed, though a slower one changes something in it", async () => {
      const { again, hold, data } = await signedIn({ user: { name: "ada" }, cart: { tea: 1, milk: 1 } });
      const slow = await hold(
        again(),
        "removed",
        setIn("user", "seen", 1),
        setIn("cart", "tea", 2),
        set("slow", true),
      );
      await again().visit(
        unset("user"),
        { do: "unset in", key: "cart", name: "tea" },
        setIn("cart", "jam", 1),
      );
      await slow.goOn();
      expect(await data()).toEqual({ cart: { milk: 1, jam: 1 }, slow: true });
    });

    it("leave it away that the slower one removes, though another changed something in it", async () => {
      const { again, hold, data } = await signedIn({ user: { name: "ada" }, cart: { tea: 1, milk: 1 } });
      const slow = await hold(again(), "changed", unset("user"), {
        do: "unset in",
        key: "cart",
        name: "tea",
      });
      await again().visit(setIn("user", "seen", 1), setIn("cart", "tea", 2), setIn("cart", "jam", 1));
      await slow.goOn();
      expect(await data()).toEqual({ cart: { milk: 1, jam: 1 } });
    });
  });

  describe("a request that saves several times", () => {
    it.each([
      ["and changes more", [set("last", true)], { last: true }],
      ["and changes nothing more", [], {}],
    ])("undoes nothing of what others wrote before, between and after: %s", async (_, steps, more) => {
      const { app, again, hold, data } = await signedIn({ own: 0, theirs: 0, both: 0, gone: 0, list: ["a"] });
      const slow = await hold(
        again(),
        "before",
        set("own", 1),
        set("both", 1),
        push("list", "ours"),
        SAVE,
        { do: "wait", gate: "between" },
        ...steps,
        SAVE,
      );
      await again().visit(set("theirs", 1), push("list", "theirs"));
      await app.open("before");
      await app.reached("between", 1);
      expect(await data()).toEqual({ own: 1, theirs: 1, both: 1, gone: 0, list: ["a", "theirs", "ours"] });
      await again().visit(set("both", 2), set("theirs", 2), unset("gone"), push("list", "again"));
      await app.open("between");
      expect((await slow.goOn()).status).toBe(200);
      expect(await data()).toEqual({
        ...{ own: 1, theirs: 2, both: 2, list: ["a", "theirs", "ours", "again"] },
        ...more,
      });
    });

    it("appends each time behind what another had appended before its first save", async () => {
      const { again, hold, data } = await signedIn({ list: ["a"] });
      const slow = await hold(
        again(),
        "appended",
        push("list", 1),
        SAVE,
        push("list", 2),
        SAVE,
        push("list", 3),
      );
      await again().visit(push("list", "theirs"));
      expect((await slow.goOn()).status).toBe(200);
      expect(await data()).toEqual({ list: ["a", "theirs", 1, 2, 3] });
    });

    it("sees what it changed by update beside what it changes itself", async () => {
      const { visitor, data } = await signedIn({ visits: 1 });
      const visit = await visitor.visit(READ, count("visits"), set("own", 1), SAVE, count("visits"));
      expect(visit.outcomes).toEqual(["saved", "saved"]);
      expect(await data()).toEqual({ visits: 3, own: 1 });
    });
  });

  describe("a logout by another request", () => {
    it.each<[string, Step[], string[] | undefined]>([
      ["saves", [set("late", true)], undefined],
      ["saves twice", [set("late", 1), SAVE, set("late", 2), SAVE], undefined],
      ["only read", [], undefined],
      ["counts by update", [count("visits")], ["gone"]],
      ["counts by update, and saves", [set("late", true), count("visits")], ["gone"]],
    ])("is final for a slow one that %s: it is told, and fails nothing", async (_, steps, outcomes) => {
      const { app, again, id, hold } = await signedIn({ user: "ada" }, { cookieMaxAge: HOUR });
      const slow = await hold(again(), "logged out", ...steps);
      // Late enough for a touch.
      await app.pass(HOUR / 2);
      await again().visit({ do: "destroy" });
      const { events } = await app.seen();
      const visit = await slow.goOn();
      expect(visit.status).toBe(200);
      expect(visit.outcomes).toEqual(outcomes);
      expect(await cell().rowOf(id)).toBeUndefined();
      expect((await app.seen()).errors).toEqual([]);
      const told = (await app.seen()).events.slice(events.length);
      expect(told).toContain("gone");
      expect(told).not.toContain("save");
      expect(told).not.toContain("error");
    });

    it.skipIf(cannot.withholdCookie)("is not undone by a cookie of a slow one", async () => {
      const { app, again, hold } = await signedIn({ user: "ada" }, { cookieMaxAge: HOUR });
      const [saving, reading] = [again(), again()];
      const held = [
        await hold(saving, "saving", set("late", true)),
        await hold(reading, "reading"),
        await hold(again(), "counting", count("late")),
      ];
      // Late enough for a touch.
      await app.pass(HOUR / 2);
      await again().visit({ do: "destroy" });
      for (const slow of held)
        expect((await slow.goOn()).setCookies.filter((line) => !isTaken(line))).toEqual([]);
    });
  });

  describe("a regenerate that races with a save of the old session", () => {
    it.each(["the save first", "the regenerate first", "both at once"])(
      "leaves one session: %s",
      async (order) => {
        const table = await cell().tableWith({});
        const { app, again, hold, id } = await signedIn({ user: "ada" }, { table: { name: table } });
        const [saver, regenerator] = [again(), again()];
        const saving = await hold(saver, "save", set("late", true));
        const regenerating = await hold(
          regenerator,
          "regenerate",
          { do: "regenerate" },
          set("user", "grace"),
        );
        const visits =
          order === "both at once"
            ? await Promise.all([saving.goOn(), regenerating.goOn()])
            : order === "the save first"
              ? [await saving.goOn(), await regenerating.goOn()]
              : [await regenerating.goOn(), await saving.goOn()];
        expect(visits.map(({ status }) => status)).toEqual([200, 200]);
        expect((await app.seen()).errors).toEqual([]);
        expect(cell().id(regenerator)).not.toBe(id);
        expect((await regenerator.read()).data).toMatchObject({ user: "grace" });
        expect(await cell().rowOf(id, table)).toBeUndefined();
        expect(await cell().count(table)).toBe(1);
        // What the browser was given for the old session opens nothing.
        expect((await saver.read()).data).toEqual({});
      },
    );
  });

  it.skipIf(cannot.waitForSaves)(
    "a request sees what another has on its way, as after a redirect without save",
    async () => {
      const { app, visitor, again } = await signedIn({ n: 1 });
      const stranger = cell().visitor(app);
      await stranger.set("n", 0);
      const arrival = makeSignal();
      cell().proxy.requests.length = 0;
      cell().proxy.decide = async (action) => {
        if (action === "UpdateItem") await arrival.given;
        return undefined;
      };
      const saving = visitor.set("n", 2);
      await expect.poll(() => cell().proxy.requests).toContain("UpdateItem");
      const reading = again().read();
      // By then a load that does not wait has its answer.
      for (const _ of SIX) await stranger.read();
      arrival.give();
      expect((await reading).data).toEqual({ n: 2 });
      expect((await saving).status).toBe(200);
    },
  );

  if (cannot.changeLifetime) return;
  describe("a lifetime that one request changes", () => {
    it("is not taken back by a slow one that saves other data, nor by one that reads", async () => {
      const { app, again, hold, data, id } = await signedIn({ n: 1 }, { cookieMaxAge: HOUR });
      const untilOf = async () => Number((await cell().rowOf(id))?.until?.N);
      const saving = await hold(again(), "saving", set("late", true));
      const reading = await hold(again(), "reading");
      await again().visit({ do: "set maxAge", ms: 5 * HOUR });
      expect(driver.rowOutlivesCookieBy).toContain((await untilOf()) - app.now() - 5 * HOUR);
      await app.pass(1000);
      await saving.goOn();
      expect(driver.rowOutlivesCookieBy).toContain((await untilOf()) - app.now() - 5 * HOUR);
      await app.pass(HOUR / 2);
      await reading.goOn();
      expect(await untilOf()).toBeGreaterThanOrEqual(app.now() + 4 * HOUR);
      expect(await data()).toEqual({ n: 1, late: true });
      expect((await app.seen()).overridden).toEqual([]);
    });

    it("is kept where it is the slow one that changes it, beside what another saved", async () => {
      const { app, again, hold, data, id } = await signedIn({ n: 1 }, { cookieMaxAge: HOUR });
      const slow = await hold(again(), "saved", { do: "set maxAge", ms: 5 * HOUR });
      await app.pass(1000);
      await again().visit(set("quick", true));
      await slow.goOn();
      const until = Number((await cell().rowOf(id))?.until?.N);
      expect(driver.rowOutlivesCookieBy).toContain(until - app.now() - 5 * HOUR);
      expect(await data()).toEqual({ n: 1, quick: true });
      expect((await app.seen()).overridden).toEqual([]);
    });
  });
}

function isTaken(setCookie: string): boolean {
  return /; *(max-age=0|expires=[^;]*\b1970\b)/i.test(setCookie);
}
