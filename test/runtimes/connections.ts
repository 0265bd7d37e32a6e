// What a runtime does with connections, by the SDK's own means.
import { expect, it } from "vitest";
import type { Cell } from "../conformance/cell.js";

export function connections(cell: () => Cell): void {
  it("has one connection for requests that it is given one after another", async () => {
    const app = await cell().start();
    const visitor = cell().visitor(app);
    const before = cell().proxy.connections;
    await visitor.set("n", 1);
    for (let request = 0; request < 5; request++) expect((await visitor.read()).data).toEqual({ n: 1 });
    expect(cell().proxy.connections).toBe(before + 1);
  });
}
