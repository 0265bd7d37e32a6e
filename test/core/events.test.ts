// How a listener is told, and that nothing it does comes back to a request.
import { describe, expect, it } from "vitest";
import { type SessionEvent, tell, tellOf } from "../../src/core/events.js";
import { Operation } from "../../src/core/operation.js";
import { unhandledDuring } from "../support/unhandled.js";

const event: SessionEvent = {
  type: "error",
  operation: "load",
  session: "0123…",
  error: new Error("the network"),
  durationMs: 5,
};

describe("a listener", () => {
  it("is told of what went wrong", () => {
    const told: SessionEvent[] = [];
    tell((given) => told.push(given), event);
    expect(told).toEqual([event]);
    expect(() => tell(undefined, event)).not.toThrow();
  });

  it("may throw, or reject, and harms nothing", async () => {
    const throwing = () => {
      throw new Error("the listener's");
    };
    const unhandled = await unhandledDuring(async () => {
      expect(() => tell(throwing, event)).not.toThrow();
      tell(() => Promise.reject(new Error("the listener's")), event);
    });
    expect(unhandled).toEqual({ exceptions: [], rejections: [] });
  });

  it("is told of an operation with whose session it was, how long it took and what it cost", () => {
    const told: SessionEvent[] = [];
    const operation = new Operation("destroy", "0123…", 1000);
    operation.capacityUnits = 2;
    const onEvent = (given: SessionEvent) => told.push(given);
    tellOf({ onEvent, now: () => 1070 }, operation, { type: "destroy" });
    expect(told).toEqual([{ type: "destroy", session: "0123…", durationMs: 70, capacityUnits: 2 }]);
  });

  it("that is not there is not told, and no clock is asked", () => {
    const now = () => {
      throw new Error("asked");
    };
    const operation = new Operation("destroy", "0123…", 1000);
    expect(() => tellOf({ onEvent: undefined, now }, operation, { type: "destroy" })).not.toThrow();
  });
});
