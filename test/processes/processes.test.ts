// Four processes that each serve Express, Koa and Hono, over one table: what acknowledged changes, logouts and counters
// are worth when every session passes through all of them at once.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createTable, testClient } from "../support/tables.js";
import { COOKIES, cookiesIn, headersFor } from "./drive.js";
import { type Applications, type Fleet, PROCESSES, startFleet } from "./fleet.js";
import { makePlan, type Planned } from "./plan.js";
import { type Answer, type Ask, DOORS } from "./protocol.js";
import { ENDS_WITHIN_MS, problemsOf, run, SEED, SIZE } from "./run.js";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

describe(`requests at four processes and three frameworks [SESSION_STORE_SEED=${SEED}, ${inject("emulator")}]`, () => {
  it("lose no change that was acknowledged, revive no session that was destroyed, and count exactly: 5 000, of 50 sessions", {
    timeout: ENDS_WITHIN_MS,
  }, async () => {
    const merged = await run(fleet, "merge", makePlan(SEED, SIZE));
    expect(problemsOf(merged)).toEqual([]);
    expect(merged.visits).toHaveLength(5_000);
    // They did get in each other's way, and there was something to lose.
    expect(merged.bill.refused).toBeGreaterThan(SIZE.requests / 20);
    expect(merged.audit.living).toBeGreaterThan(SIZE.requests / 10);
  });

  it("lose changes by last-write-wins, which the audit finds; and revive nothing even so", {
    timeout: ENDS_WITHIN_MS,
  }, async () => {
    const size = { ...SIZE, requests: 1_000 };
    const { audit, errors } = await run(fleet, "last-write-wins", makePlan(SEED, size));
    expect(audit.lost).toBeGreaterThan(size.requests / 100);
    const others = [...audit.byRequests, ...audit.inTable].filter(
      ({ what }) => !["lost", "undone", "miscounted"].includes(what),
    );
    expect([...others, ...errors]).toEqual([]);
  });
});

describe("sixty-four increments that come at once", () => {
  it("from four processes, by every framework's update, give sixty-four", {
    timeout: ENDS_WITHIN_MS,
  }, async () => {
    const countOne = (_: unknown, i: number): Planned => ({
      n: i + 1,
      place: 0,
      process: i % PROCESSES,
      door: DOORS[i % DOORS.length] ?? "express",
      // The first makes the session.
      kind: i === 0 ? "set" : "count",
      waits: 0,
    });
    const counted = await run(fleet, "merge", Array.from({ length: 65 }, countOne), 64);
    expect(problemsOf(counted)).toEqual([]);
    expect(counted.visits.filter(({ answer }) => answer?.outcome === "saved")).toHaveLength(64);
    expect([...counted.rows.values()]).toEqual([expect.objectContaining({ hits: 64 })]);
  });
});

describe("a visitor of Express who follows a redirect at once", () => {
  it("sees what the request before it set and did not save, 200 times of 200", {
    timeout: ENDS_WITHIN_MS,
  }, async () => {
    const client = testClient();
    const table = await createTable(client);
    client.destroy();
    const applications = await fleet.start({ endpoint: inject("endpoint"), table, concurrency: "merge" });
    try {
      const seen = await Promise.all(Array.from({ length: 10 }, () => comeBack(applications, 20)));
      expect(seen.flat().filter((n, i) => n === (i % 20) + 1)).toHaveLength(200);
    } finally {
      expect((await applications.close()).errors).toEqual([]);
    }
  });

  /** What the visitor saw, each time that it came back: at the headers of the response before, not at its end. */
  async function comeBack({ origins }: Applications, times: number): Promise<unknown[]> {
    const origin = String(origins[0]?.express);
    const seen: unknown[] = [];
    let id: string | undefined;
    const send = (ask: Ask) =>
      fetch(origin, { method: "POST", headers: headersFor("express", ask, id), redirect: "manual" });
    for (let n = 1; n <= times; n++) {
      const redirected = await send({ do: "set", path: ["n"], value: n, redirects: true });
      expect(redirected.status).toBe(303);
      id ??= COOKIES.express.idIn(cookiesIn(redirected.headers.getSetCookie()));
      const answer: Answer = await (await send({ do: "read" })).json();
      seen.push(answer.found.n);
      await redirected.text();
    }
    return seen;
  }
});
