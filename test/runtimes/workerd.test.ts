// The conformance suite on workerd, and what is workerd's own: it binds I/O to the request that started it, and cancels
// whoever waits for another's.
import { expect, it } from "vitest";
import { RUNTIMES } from "../../scripts/runtimes.mjs";
import type { Cell } from "../conformance/cell.js";
import type { App } from "../conformance/place.js";
import type { Step } from "../conformance/protocol.js";
import { Visitor } from "../conformance/visitor.js";
import { connections } from "./connections.js";
import { onRuntime } from "./runtime.js";
import { upgrades } from "./upgrades.js";
import { launchWorkerd } from "./workerd.js";

const HOUR = 3_600_000;

for (const { name, compatibilityDate } of RUNTIMES) {
  if (compatibilityDate === undefined) continue;
  onRuntime(name, launchWorkerd(compatibilityDate), {
    cannot: {
      shareTouches: "workerd binds I/O to a request, so that none can wait for another's touch",
      waitForSaves: "workerd binds I/O to a request, so that none can wait for another's save",
    },
    own(cell) {
      connections(cell);
      requestsThatOverlap(cell);
      upgrades(cell, { takesCookies: true, canFail: true });
    },
  });
}

function requestsThatOverlap(cell: () => Cell): void {
  const six = Array.from({ length: 6 }, (_, n) => n);
  const WAIT: Step = { do: "wait", gate: "all are here" };

  /** A visitor with a session, and five more of the same browser's requests. */
  async function signedIn(): Promise<{ app: App; again: () => Visitor }> {
    const app = await cell().start({ ttl: HOUR });
    const visitor = cell().visitor(app);
    await visitor.set("n", 1);
    return { app, again: () => new Visitor(app.origin, visitor.cookies) };
  }

  it("serves six requests for one session that read it, and renew it, together", async () => {
    const { app, again } = await signedIn();
    await app.pass(HOUR / 2);
    const visits = six.map(() => again().visit({ do: "read" }, WAIT));
    await app.reached("all are here", 6);
    await app.open("all are here");
    for (const visit of await Promise.all(visits))
      expect(visit).toMatchObject({ status: 200, data: { n: 1 } });
    expect((await app.seen()).errors).toEqual([]);
  });

  it("serves six requests for one session that change it together", async () => {
    const { app, again } = await signedIn();
    const visits = six.map((n) =>
      again().visit({ do: "read" }, WAIT, { do: "set", key: "n", value: n }, { do: "save" }),
    );
    await app.reached("all are here", 6);
    await app.open("all are here");
    for (const visit of await Promise.all(visits)) expect(visit.status).toBe(200);
    expect((await app.seen()).errors).toEqual([]);
    expect(six).toContain((await again().read()).data?.n);
  });

  it("serves the first requests of an application, all at once, each with a session of its own", async () => {
    const app = await cell().start();
    const visitors = [...six, ...six].map(() => cell().visitor(app));
    const visits = await Promise.all(visitors.map((visitor, n) => visitor.set("n", n)));
    expect(visits.map(({ status }) => status)).toEqual(visits.map(() => 200));
    const read = await Promise.all(visitors.map((visitor) => visitor.read()));
    expect(read.map(({ data }) => data)).toEqual(visitors.map((_, n) => ({ n })));
  });

  it.each<[string, string, Step, Step]>([
    ["reads", "GetItem", { do: "read" }, { do: "read" }],
    ["renews its session", "UpdateItem", { do: "read" }, { do: "read" }],
    ["writes", "UpdateItem", { do: "set", key: "n", value: 2 }, { do: "set", key: "n", value: 3 }],
  ])(
    "lets nobody wait for a client that %s, gets no answer, and goes away",
    async (_, action, its, theirs) => {
      const { app, again } = await signedIn();
      await app.pass(HOUR / 2);
      // The first of these requests is never answered.
      cell().proxy.requests.length = 0;
      cell().proxy.decide = (asked) => {
        if (asked !== action) return undefined;
        cell().proxy.decide = () => undefined;
        return "hang";
      };
      const client = new AbortController();
      const left = expect(again().leave(client.signal, its)).rejects.toThrow("aborted");
      await expect.poll(() => cell().proxy.requests).toContain(action);
      const waiting = six.map(() => again().visit({ do: "read" }, WAIT, theirs));
      await app.reached("all are here", 6);
      client.abort();
      await left;
      await app.open("all are here");
      const visits = await Promise.all(waiting);
      expect(visits.map(({ status }) => status)).toEqual(six.map(() => 200));
      // Not even a touch failed, of which no request is told.
      expect((await app.seen()).events).not.toContain("error");
      expect(await again().set("n", 4)).toMatchObject({ status: 200, data: { n: 4 } });
    },
  );

  it("lets no exception in one of six touch the others, nor what comes later", async () => {
    const { app, again } = await signedIn();
    const visits = six.map((n) =>
      again().visit({ do: "read" }, WAIT, n === 3 ? { do: "throw" } : { do: "read" }),
    );
    await app.reached("all are here", 6);
    await app.open("all are here");
    const statuses = (await Promise.all(visits)).map(({ status }) => status);
    expect(statuses).toEqual(six.map((n) => (n === 3 ? 500 : 200)));
    expect((await app.seen()).errors).toEqual(["Error: the handler threw"]);
    expect(await again().set("n", 2)).toMatchObject({ status: 200, data: { n: 2 } });
  });
}
