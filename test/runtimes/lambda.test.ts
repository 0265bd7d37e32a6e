// The conformance suite on AWS Lambda, and what is Lambda's own: a container that is frozen between two events, for as
// long as nobody comes, and goes on as if no time had passed.
import { expect, it } from "vitest";
import type { Cell } from "../conformance/cell.js";
import type { App } from "../conformance/place.js";
import type { Visitor } from "../conformance/visitor.js";
import type { Answer } from "../support/fault-proxy.js";
import { bundle } from "./bundle.js";
import { connections } from "./connections.js";
import type { Remote } from "./remote.js";
import { onRuntime } from "./runtime.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const TTL = 3 * HOUR;

for (const form of ["api-gateway", "function-url", "response-stream"]) {
  onRuntime(
    `lambda-${form}`,
    async (program, folder) => ({ command: program, args: [await bundle("lambda", folder), form] }),
    { own: aContainer },
  );
}

function aContainer(cell: () => Cell, remote: () => Remote): void {
  async function signedIn(): Promise<{ app: App; visitor: Visitor }> {
    // The SDK's own retries are part of what is promised here.
    const app = await cell().start({ ttl: TTL, maxAttempts: 3 });
    const visitor = cell().visitor(app);
    await visitor.set("n", 1);
    return { app, visitor };
  }

  const untilOf = async (visitor: Visitor) => Number((await cell().row(visitor))?.until?.N);

  it("asks nobody for anything before its first event", async () => {
    const before = cell().proxy.connections;
    // The application refuses to start when its construction reaches for the network.
    const app = await cell().start();
    expect((await app.seen()).events).toEqual([]);
    expect(cell().proxy.connections).toBe(before);
    expect(await cell().visitor(app).set("n", 1)).toMatchObject({ status: 200 });
    expect(cell().proxy.connections).toBe(before + 1);
  });

  connections(cell);

  /** What has become of the connections meanwhile. */
  const DEAD: [string, () => void][] = [
    ["closed", () => cell().proxy.cut()],
    ["dead, which shows when one is written to", () => loseFirst("drop-before")],
    ["dead, and lost the answer to what was carried out", () => loseFirst("drop-after")],
  ];

  function loseFirst(answer: Answer): void {
    const lost = new Set<string>();
    cell().proxy.decide = (action) => {
      if (lost.has(action)) return undefined;
      lost.add(action);
      return answer;
    };
  }

  it.each(DEAD)("reads for the first event after an hour, its connections %s", async (_, die) => {
    const { app, visitor } = await signedIn();
    remote().freeze();
    die();
    // Both arrive before it can see what has become of its connections.
    const passed = app.pass(HOUR);
    const visit = visitor.read();
    remote().thaw();
    await passed;
    expect(await visit).toMatchObject({ status: 200, data: { n: 1 } });
    expect(await visitor.read()).toMatchObject({ status: 200, data: { n: 1 } });
    expect(await untilOf(visitor)).toBe(app.now() + TTL);
    expect((await app.seen()).events).not.toContain("error");
  });

  it.each(DEAD)("saves for the first event after an hour, once, its connections %s", async (_, die) => {
    const { app, visitor } = await signedIn();
    remote().freeze();
    die();
    const passed = app.pass(HOUR);
    const visit = visitor.set("n", 2);
    remote().thaw();
    await passed;
    expect(await visit).toMatchObject({ status: 200, data: { n: 2 } });
    expect((await visitor.read()).data).toEqual({ n: 2 });
    expect((await cell().row(visitor))?.rev).toEqual({ N: "2" });
    expect((await app.seen()).errors).toEqual([]);
  });

  it("does not know better than the table: a session that ended while it was frozen is over", async () => {
    const { app, visitor } = await signedIn();
    await app.pass(TTL);
    expect(await visitor.read()).toMatchObject({ status: 200, data: {} });
  });

  it("does not hold a row's renewal back for the sake of one that it renewed and another container replaced", async () => {
    const { app, visitor } = await signedIn();
    await app.pass(MINUTE);
    await visitor.read();
    expect(await untilOf(visitor)).toBe(app.now() + TTL);
    const until = app.now() + MINUTE;
    await cell().put({
      ...(await cell().row(visitor)),
      gen: { S: "replaced" },
      updated: { N: String(app.now() - TTL) },
      until: { N: String(until) },
      expires: { N: String(Math.ceil(until / 1000)) },
      sess: { S: '{"n":5}' },
    });
    expect((await visitor.read()).data).toEqual({ n: 5 });
    expect(await untilOf(visitor)).toBe(app.now() + TTL);
  });

  it("writes nothing for a session that another container destroyed", async () => {
    const { app, visitor } = await signedIn();
    const other = await cell().start();
    const elsewhere = cell().visitor(other);
    for (const [name, value] of visitor.cookies) elsewhere.cookies.set(name, value);
    const id = cell().id(visitor);
    await elsewhere.visit({ do: "destroy" });
    await app.pass(HOUR);
    cell().writes();
    expect((await visitor.read()).data).toEqual({});
    expect(cell().writes()).toEqual([]);
    expect(await cell().rowOf(id)).toBeUndefined();
  });

  it("serves while its clock is an hour behind, and renews when that is mended", async () => {
    const { app, visitor } = await signedIn();
    await app.pass(-HOUR);
    expect(await visitor.read()).toMatchObject({ status: 200, data: { n: 1 } });
    expect(await visitor.set("n", 2)).toMatchObject({ status: 200, data: { n: 2 } });
    await app.pass(HOUR + MINUTE);
    expect((await visitor.read()).data).toEqual({ n: 2 });
    expect(await untilOf(visitor)).toBe(app.now() + TTL);
    expect((await app.seen()).events).not.toContain("error");
  });
}
