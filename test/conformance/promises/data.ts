// What is put into a session comes back as JSON has it, in every format.
import { describe, expect, it } from "vitest";
import type { Subject } from "../cell.js";
import { VALUES } from "../values.js";

const ATTRIBUTES = { json: "S", map: "M", sealed: "B" };

export function dataPromises({ cell, format }: Subject): void {
  describe("session data", () => {
    it.each(Object.entries(VALUES))("keeps %s", async (what, value) => {
      // DynamoDB's maps know no empty names.
      const kept = format === "map" && what.startsWith("field names") ? withoutEmptyName(value) : value;
      const visitor = cell().visitor(await cell().start());
      await visitor.set("value", kept);
      expect((await visitor.read()).data).toEqual({ value: kept });
      // And once more, over a row that was read.
      await visitor.set("other", 1);
      expect((await visitor.read()).data).toEqual({ value: kept, other: 1 });
    });

    it("keeps a Date as its ISO string, and drops what is undefined", async () => {
      const visitor = cell().visitor(await cell().start());
      await visitor.visit(
        { do: "set special", key: "date", kind: "date" },
        { do: "set special", key: "missing", kind: "undefined" },
      );
      expect((await visitor.read()).data).toEqual({ date: "2023-11-14T22:13:20.000Z" });
    });

    it("can be changed, emptied and filled again", async () => {
      const visitor = cell().visitor(await cell().start());
      await visitor.set("n", 1);
      await visitor.set("n", 2);
      expect((await visitor.read()).data).toEqual({ n: 2 });
      await visitor.visit({ do: "unset", key: "n" });
      expect((await visitor.read()).data).toEqual({});
      await visitor.set("n", 3);
      expect((await visitor.read()).data).toEqual({ n: 3 });
    });

    it("is written in the format that was asked for", async () => {
      const visitor = cell().visitor(await cell().start());
      await visitor.set("n", 1);
      expect((await cell().row(visitor))?.sess).toHaveProperty(ATTRIBUTES[format]);
    });
  });
}

function withoutEmptyName(value: unknown): unknown {
  const { "": _, ...rest } = Object(value);
  return rest;
}
