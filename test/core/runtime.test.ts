// The end of a turn of the event loop, as hosts tell of it.
import { describe, expect, it } from "vitest";
import { endOfTurnIn } from "../../src/core/runtime.js";

describe.each([
  { host: globalThis, by: "setImmediate" },
  { host: {}, by: "a message, where there is no setImmediate" },
])("the end of a turn, by $by", ({ host }) => {
  it("comes after all that waits in this turn, in its order, and before a timer", async () => {
    const order: string[] = [];
    const atEndOfTurn = endOfTurnIn(host);
    const timer = new Promise<void>((resolve) => {
      setTimeout(() => {
        order.push("timer");
        resolve();
      }, 20);
    });
    const ended = ["one", "other"].map(
      (name) =>
        new Promise<void>((resolve) => {
          atEndOfTurn(() => {
            order.push(name);
            resolve();
          });
        }),
    );
    await Promise.resolve();
    await Promise.resolve();
    order.push("microtasks");
    await Promise.all([...ended, timer]);
    expect(order).toEqual(["microtasks", "one", "other", "timer"]);
  });
});
