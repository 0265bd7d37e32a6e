// What a runtime's WebSockets may count on: the request that asks for one has its session, and what it changes is saved.
import { expect, it } from "vitest";
import type { Cell } from "../conformance/cell.js";
import type { App } from "../conformance/place.js";
import type { Visitor } from "../conformance/visitor.js";
import { openSocket } from "./socket.js";

const HOUR = 3_600_000;
// Where the answer leaves before the middleware ends, what it saves comes later.
const SOON = { timeout: 10_000 };

/** Where the answer to an upgrade has not left when the middleware ends, and is a response as any other. */
export interface Upgrades {
  readonly takesCookies: boolean;
  readonly canFail: boolean;
}

export function upgrades(cell: () => Cell, { takesCookies, canFail }: Upgrades): void {
  async function signedIn(cookieMaxAge?: number): Promise<{ app: App; visitor: Visitor }> {
    const app = await cell().start(cookieMaxAge === undefined ? { ttl: HOUR } : { cookieMaxAge });
    const visitor = cell().visitor(app);
    await visitor.set("n", 1);
    return { app, visitor };
  }

  const dataOf = async (visitor: Visitor) => (await visitor.read()).data;

  it("gives a WebSocket the session of the request that asked for it, and renews it", async () => {
    const { app, visitor } = await signedIn();
    await app.pass(HOUR / 2);
    expect(await openSocket(app, visitor)).toEqual({ status: 101, setCookies: [], said: { n: 1 } });
    await expect.poll(async () => Number((await cell().row(visitor))?.until?.N), SOON).toBe(app.now() + HOUR);
  });

  it("opens a WebSocket for a visitor without a session, and makes none", async () => {
    const app = await cell().start();
    const visitor = cell().visitor(app);
    expect(await openSocket(app, visitor)).toEqual({ status: 101, setCookies: [], said: {} });
    expect(visitor.cookies.size).toBe(0);
  });

  it("saves what the request for a WebSocket changed", async () => {
    const { app, visitor } = await signedIn();
    expect(await openSocket(app, visitor, "?n=2")).toEqual({ status: 101, setCookies: [], said: { n: 2 } });
    await expect.poll(() => dataOf(visitor), SOON).toEqual({ n: 2 });
  });

  it(`opens a WebSocket and saves where a cookie is due, which ${takesCookies ? "goes along" : "waits for the next page"}`, async () => {
    const { app, visitor } = await signedIn(HOUR);
    const opened = await openSocket(app, visitor, "?n=2");
    expect(opened).toMatchObject({ status: 101, said: { n: 2 } });
    expect(opened.setCookies).toHaveLength(takesCookies ? 1 : 0);
    await expect.poll(() => dataOf(visitor), SOON).toEqual({ n: 2 });
    expect((await visitor.set("n", 3)).setCookies).toHaveLength(1);
  });

  it(`${takesCookies ? "gives" : "has no cookie for"} a visitor the session that the request for a WebSocket made`, async () => {
    const app = await cell().start();
    const visitor = cell().visitor(app);
    cell().writes();
    const opened = await openSocket(app, visitor, "?n=1");
    expect(opened).toMatchObject({ status: 101, said: { n: 1 } });
    expect(opened.setCookies).toHaveLength(takesCookies ? 1 : 0);
    await expect.poll(() => cell().proxy.requests, SOON).toContain("UpdateItem");
    expect(await dataOf(visitor)).toEqual(takesCookies ? { n: 1 } : {});
    expect((await app.seen()).errors).toEqual([]);
  });

  it(`${canFail ? "refuses" : "opens"} a WebSocket whose session cannot be saved, and serves on`, async () => {
    const { app, visitor } = await signedIn();
    cell().proxy.decide = (action) => (action === "UpdateItem" ? "drop-before" : undefined);
    const opened = await openSocket(app, visitor, "?n=2");
    expect(opened).toMatchObject({ status: canFail ? 500 : 101, setCookies: [] });
    await expect.poll(async () => (await app.seen()).events, SOON).toContain("error");
    cell().proxy.decide = () => undefined;
    expect(await visitor.read()).toMatchObject({ status: 200, data: { n: 1 } });
    expect(await openSocket(app, visitor, "?n=3")).toMatchObject({ status: 101, said: { n: 3 } });
    await expect.poll(() => dataOf(visitor), SOON).toEqual({ n: 3 });
  });
}
