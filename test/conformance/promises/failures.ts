// What fails reaches the framework's own error handling: once, by its code, and without a session's data or whole id.
import { describe, expect, it } from "vitest";
import {
  denied,
  dropBefore,
  type Answer as Fault,
  hang,
  internalError,
  throttled,
} from "../../support/fault-proxy.js";
import type { Subject } from "../cell.js";
import type { App } from "../place.js";
import type { Visit, Visitor } from "../visitor.js";

const FAULTS: [string, Fault, string][] = [
  ["the action is denied", denied("GetItem"), "ERR_SESSION_ACCESS"],
  ["the table's capacity is used up", throttled(), "ERR_SESSION_THROTTLED"],
  ["the service fails", internalError(), "ERR_SESSION_UNAVAILABLE"],
  ["the network fails", dropBefore, "ERR_SESSION_UNAVAILABLE"],
  ["no answer comes", hang, "ERR_SESSION_TIMEOUT"],
];

export function failurePromises({ cell, cannot }: Subject): void {
  const { answerFailedSave, saveUnserializable } = cannot;

  /** A visitor with a session, of an application that does not wait long where no answer will come. */
  async function signedIn(fault?: Fault) {
    const app = await cell().start({ ttl: 3_600_000, ...(fault === hang && { timeout: 200 }) });
    const visitor = cell().visitor(app);
    await visitor.set("secret", "of the visitor's own");
    return { app, visitor };
  }

  async function expectOneError(app: App, visitor: Visitor, code: string): Promise<void> {
    await app.failure();
    expect((await app.seen()).errors).toEqual([code]);
    expect((await app.seen()).messages.join()).not.toContain(cell().id(visitor));
    expect((await app.seen()).messages.join()).not.toContain("of the visitor's own");
  }

  async function expectFailedSave(app: App, visitor: Visitor, visit: Visit, code: string): Promise<void> {
    if (answerFailedSave === undefined) expect(visit).toMatchObject({ status: 500, error: code });
    await expectOneError(app, visitor, code);
  }

  describe("an error", () => {
    it.each(FAULTS)("that %s is the answer to a request that wants to read", async (_, fault, code) => {
      const { app, visitor } = await signedIn(fault);
      cell().proxy.decide = () => fault;
      expect(await visitor.read()).toMatchObject({ status: 500, error: code });
      await expectOneError(app, visitor, code);
    });

    it.each(FAULTS)("that %s is told to a request that wants to write", async (_, fault, code) => {
      const { app, visitor } = await signedIn(fault);
      cell().proxy.decide = (action) => (action === "UpdateItem" ? fault : undefined);
      await expectFailedSave(app, visitor, await visitor.set("n", 1), code);
      cell().proxy.decide = () => undefined;
      expect((await visitor.read()).data).toEqual({ secret: "of the visitor's own" });
      expect((await app.seen()).errors).toHaveLength(1);
    });

    it("that there is no such table says so", async () => {
      const { app, visitor } = await signedIn();
      const other = await cell().start({ table: { name: "no-such-table" } });
      const there = cell().visitor(other);
      for (const [name, value] of visitor.cookies) there.cookies.set(name, value);
      expect(await there.read()).toMatchObject({ status: 500, error: "ERR_SESSION_TABLE" });
      expect((await other.seen()).messages.join()).toContain("no-such-table");
      expect((await app.seen()).errors).toEqual([]);
    });

    it("that no region is set says so", async () => {
      const { visitor } = await signedIn();
      const other = await cell().start({ region: null });
      const there = cell().visitor(other);
      for (const [name, value] of visitor.cookies) there.cookies.set(name, value);
      expect(await there.read()).toMatchObject({ status: 500, error: "ERR_SESSION_ACCESS" });
      expect((await other.seen()).messages.join()).toContain("set clientConfig.region or AWS_REGION");
    });

    it("that a row cannot be read leaves the row as it is", async () => {
      const { app, visitor } = await signedIn();
      const row = await cell().row(visitor);
      await cell().put({ ...row, sess: { N: "1" } });
      expect(await visitor.read()).toMatchObject({ status: 500, error: "ERR_SESSION_CORRUPT" });
      await expectOneError(app, visitor, "ERR_SESSION_CORRUPT");
      expect((await cell().row(visitor))?.sess).toEqual({ N: "1" });
    });

    it("that a session is too large for the table is told, and nothing is lost", async () => {
      const { app, visitor } = await signedIn();
      const visit = await visitor.visit({ do: "set special", key: "large", kind: "large" });
      await expectFailedSave(app, visitor, visit, "ERR_SESSION_TOO_LARGE");
      expect((await visitor.read()).data).toEqual({ secret: "of the visitor's own" });
      expect((await app.seen()).errors).toHaveLength(1);
    });

    it("of the handler's own is the framework's, and the session is saved", async () => {
      const { app, visitor } = await signedIn();
      const visit = await visitor.visit({ do: "set", key: "n", value: 1 }, { do: "throw" });
      expect(visit.status).toBe(500);
      expect((await app.seen()).errors).toEqual(["Error: the handler threw"]);
      expect((await visitor.read()).data).toMatchObject({ n: 1 });
    });

    if (saveUnserializable) return;
    it("that data cannot be stored is told, and nothing is lost", async () => {
      const { app, visitor } = await signedIn();
      const visit = await visitor.visit({ do: "set special", key: "big", kind: "bigint" });
      await expectFailedSave(app, visitor, visit, "ERR_SESSION_UNSERIALIZABLE");
      expect((await visitor.read()).data).toEqual({ secret: "of the visitor's own" });
      expect((await app.seen()).errors).toHaveLength(1);
    });
  });
}
