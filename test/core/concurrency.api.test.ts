// Requests that change one session at once: every change survives, an answer that is lost costs none and doubles none,
// and what another request destroyed is not missed by whoever asks.
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import type { SessionEngine, SessionInHand, SessionStoreOptions } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { dropBefore, startFaultProxy } from "../support/fault-proxy.js";
import { loseNextAnswer, putRow, testClient } from "../support/tables.js";
import { holdDeadlines, makeSignal } from "../support/time.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

type Data = Record<string, unknown>;

/** A session in the table, and two requests of two servers that have loaded it. */
async function twoRequests(data: Data, options: Partial<SessionStoreOptions> = {}) {
  const ours = bench.engine(options);
  const theirs = bench.engine(options);
  const id = newId();
  await ours.engine.save(ours.engine.create(id), data);
  const [mine, other] = await Promise.all([loaded(ours.engine, id), loaded(theirs.engine, id)]);
  const stored = async () => JSON.parse((await bench.row(id))?.sess?.S ?? "null");
  ours.actions();
  return { ours, theirs, mine, other, id, stored };
}

async function loaded(engine: SessionEngine, id: string): Promise<SessionInHand> {
  const session = await engine.load(id);
  if (!session) throw new Error("not loaded");
  return session;
}

const isWrite = (action: string) => action === "UpdateItem";
const SAVED = { outcome: "saved" };
const increment = ({ n }: Data) => ({ n: Number(n) + 1 });

describe.each(["json", "map"] as const)(
  "two requests that change one session at once, in format %s",
  (format) => {
    it("leave the changes of both, at any depth", async () => {
      const { ours, theirs, mine, other, id } = await twoRequests(
        { user: { name: "ada", seen: 1 }, list: ["a"], kept: "" },
        { format },
      );
      await theirs.engine.save(other, {
        ...other.data,
        user: { name: "ada", seen: 2 },
        list: ["a", "b"],
        theirs: 1,
      });
      const result = await ours.engine.save(mine, {
        ...mine.data,
        user: { name: "grace", seen: 1 },
        list: ["a", "c"],
        ours: 1,
      });
      expect(result).toEqual(SAVED);
      expect((await loaded(ours.engine, id)).data).toEqual({
        user: { name: "grace", seen: 2 },
        list: ["a", "b", "c"],
        kept: "",
        theirs: 1,
        ours: 1,
      });
      expect((await bench.row(id))?.rev).toEqual({ N: "3" });
    });

    it("find the other's removal in force, also against a change beneath it", async () => {
      const { ours, theirs, mine, other, id } = await twoRequests(
        { user: { name: "ada" }, n: 1 },
        { format },
      );
      await theirs.engine.save(other, { n: 1 });
      await ours.engine.save(mine, { user: { name: "ada", seen: 1 }, n: 2 });
      expect((await loaded(ours.engine, id)).data).toEqual({ n: 2 });
    });
  },
);

describe("a request that saves twice", () => {
  it("undoes nothing that its first save merged in, nor what another wrote between the two", async () => {
    const { ours, theirs, mine, other, stored } = await twoRequests({ a: 0, b: 0, list: [] });
    await theirs.engine.save(other, { a: 0, b: 1, list: [], theirs: 1 });
    await ours.engine.save(mine, { a: 1, b: 0, list: ["ours"] });
    // It changed `a` after our first save: our second says nothing of it.
    await theirs.engine.save(other, { a: 2, b: 1, list: ["theirs"], theirs: 1 });
    await ours.engine.save(mine, { a: 1, b: 0, list: ["ours"], again: 1 });
    expect(await stored()).toEqual({ a: 2, b: 1, list: ["ours", "theirs"], theirs: 1, again: 1 });
    await ours.engine.save(mine, { a: 1, b: 0, list: ["ours", "more"], again: 1 });
    expect(await stored()).toMatchObject({ a: 2, list: ["ours", "theirs", "more"] });
  });

  it("keeps what another appended before its first save where it appends again", async () => {
    const { ours, theirs, mine, other, stored } = await twoRequests({ list: [], below: { list: ["a"] } });
    await theirs.engine.save(other, { list: ["theirs"], below: { list: ["a", "theirs"] } });
    await ours.engine.save(mine, { list: ["b"], below: { list: ["a", "b"] } });
    await ours.engine.save(mine, { list: ["b", "c"], below: { list: ["a", "b", "c"] } });
    expect(await stored()).toEqual({
      list: ["theirs", "b", "c"],
      below: { list: ["a", "theirs", "b", "c"] },
    });
  });

  it("of a session that it made undoes nothing either", async () => {
    const { engine } = bench.engine();
    const other = bench.engine().engine;
    const session = engine.create(newId());
    await engine.save(session, { a: 1 });
    await other.save(await loaded(other, session.id), { a: 2, b: 2 });
    await engine.save(session, { a: 1, c: 3 });
    expect((await loaded(engine, session.id)).data).toEqual({ a: 2, b: 2, c: 3 });
  });
});

describe("saves of one process", () => {
  it("of one session are not refused, though each had loaded it before the others", async () => {
    const { ours, mine, id, stored } = await twoRequests({ cart: {} });
    const six = await Promise.all(Array.from({ length: 6 }, () => loaded(ours.engine, id)));
    ours.actions();
    await Promise.all(six.map((session, n) => ours.engine.save(session, { cart: { [`product ${n}`]: n } })));
    expect(ours.actions()).toEqual(Array(6).fill("UpdateItem"));
    expect(Object.keys((await stored()).cart)).toHaveLength(6);
    // Nothing of it is remembered once they have ended: the seventh learns by a refusal.
    await ours.engine.save(mine, { cart: { last: 1 } });
    expect(ours.actions().filter(isWrite)).toHaveLength(2);
    expect(Object.keys((await stored()).cart)).toHaveLength(7);
  });

  it("of one that was destroyed and made anew before them in the line are gone", async () => {
    const { ours, mine, id, stored } = await twoRequests({ whose: "the old one's" });
    const anew = ours.engine.create(id);
    const results = await Promise.all([
      ours.engine.destroy(id),
      ours.engine.save(anew, { whose: "the new one's" }),
      ours.engine.save(anew, { whose: "the new one's", n: 2 }),
      ours.engine.save(mine, { whose: "the old one's", n: 1 }),
    ]);
    expect(results).toEqual([undefined, SAVED, SAVED, { outcome: "gone" }]);
    expect(await stored()).toEqual({ whose: "the new one's", n: 2 });
  });

  it("by an id alone replace what is there, whatever its fields", async () => {
    const { engine } = bench.engine();
    const id = newId();
    await engine.save(engine.create(id), { a: 1 });
    await engine.save(engine.create(id), { b: 2 });
    expect((await loaded(engine, id)).data).toEqual({ b: 2 });
  });

  it("wait behind each other no longer than their own timeout", async () => {
    const { ours, mine, id } = await twoRequests({ n: 0 }, { timeout: 300 });
    ours.sent.beforeNext("UpdateItem", () => new Promise(() => {}));
    const second = await loaded(ours.engine, id);
    const results = await Promise.allSettled([
      ours.engine.save(mine, { n: 1 }),
      ours.engine.save(second, { n: 2 }),
    ]);
    expect(results).toMatchObject(
      Array(2).fill({ status: "rejected", reason: { code: "ERR_SESSION_TIMEOUT" } }),
    );
    expect(await ours.engine.save(second, { n: 2 })).toEqual(SAVED);
  });
});

describe("fields that a framework's object cannot hold", () => {
  const holds = (name: string) => name !== "hidden";

  it("survive saves, with or without another's changes beside them", async () => {
    const { ours, theirs, mine, other, stored } = await twoRequests({ n: 1, hidden: 1 });
    mine.narrow(holds);
    expect(mine.data).toEqual({ n: 1 });
    await ours.engine.save(mine, { n: 2 });
    expect(await stored()).toEqual({ n: 2, hidden: 1 });
    await theirs.engine.save(other, { n: 1, hidden: 2, theirs: 1 });
    await ours.engine.save(mine, { n: 3 });
    expect(await stored()).toEqual({ n: 3, hidden: 2, theirs: 1 });
  });

  it("survive a save of an id that nothing links to its load, and an update", async () => {
    const { ours, id, stored } = await twoRequests({ n: 1, hidden: 1 });
    const adopted = ours.engine.adopt(id);
    adopted.narrow(holds);
    await ours.engine.save(adopted, { n: 2 });
    expect(await stored()).toEqual({ n: 2, hidden: 1 });
    const seen: Data[] = [];
    await ours.engine.update(adopted, (data) => {
      seen.push(data);
      return { n: 3 };
    });
    expect([seen[0], await stored()]).toEqual([{ n: 2 }, { n: 3, hidden: 1 }]);
  });

  it.each<[string, SessionStoreOptions["concurrency"]]>([
    ["merge", "merge"],
    ["last-write-wins", "last-write-wins"],
    [
      "a function, which is not asked for them",
      () => {
        throw new Error("asked");
      },
    ],
  ])("survive a new id, and saves under that, by %s", async (_, concurrency) => {
    const { ours, mine } = await twoRequests({ n: 1, hidden: 1 }, { concurrency });
    mine.narrow(holds);
    await ours.engine.destroy(mine);
    const successor = ours.engine.create(newId(), mine);
    for (const n of [2, 3]) {
      expect(await ours.engine.save(successor, { n })).toEqual(SAVED);
      expect((await loaded(ours.engine, successor.id)).data).toEqual({ n, hidden: 1 });
    }
  });

  it("are no reason to ask the function concurrency", async () => {
    const concurrency = () => {
      throw new Error("asked");
    };
    const { ours, mine, stored } = await twoRequests({ n: 1, hidden: 1 }, { concurrency });
    mine.narrow(holds);
    await ours.engine.save(mine, { n: 2 });
    expect(await stored()).toEqual({ n: 2, hidden: 1 });
  });
});

describe("a touch of a session whose lifetime another request has changed", () => {
  it("gives it the lifetime that stands in its data by then", async () => {
    const { ours, theirs, mine, other, id } = await twoRequests({ days: 1 });
    await theirs.engine.save(other, { days: 30 }, { maxAge: 30 * 86_400_000 });
    ours.clock.pass(2 * 3_600_000);
    const byData = ({ days }: Data) => ({ maxAge: Number(days) * 86_400_000 });
    expect(await ours.engine.touch(mine, byData)).toEqual({ outcome: "touched" });
    expect((await bench.row(id))?.until).toEqual({ N: String(ours.clock.time + 30 * 86_400_000) });
  });
});

describe("what is told of a merge", () => {
  it("is where both had changed the same thing, by names and never by values", async () => {
    const { ours, theirs, mine, other } = await twoRequests({
      user: { name: "ada", n: 1 },
      cart: { tea: 1 },
    });
    await theirs.engine.save(other, { user: { name: "s3cr3t", n: 2 }, cart: { tea: 2 } });
    await ours.engine.save(mine, { user: { name: "pr1vate", n: 1 }, ours: 1 });
    const events = ours.events.filter(({ type }) => type === "merge");
    expect(events).toEqual([expect.objectContaining({ type: "merge", paths: ["cart", "user.name"] })]);
    expect(JSON.stringify(ours.events)).not.toMatch(/s3cr3t|pr1vate/);
  });

  it("is told once of what was met once", async () => {
    const { ours, theirs, mine, other } = await twoRequests({ n: 1 });
    await theirs.engine.save(other, { n: 1, theirs: 1 });
    for (const n of [2, 3, 4]) await ours.engine.save(mine, { n });
    expect(ours.events.filter(({ type }) => type === "merge")).toHaveLength(1);
  });

  it("is nothing where nobody had written", async () => {
    const { ours, mine } = await twoRequests({ n: 1 });
    await ours.engine.save(mine, { n: 2 });
    expect(ours.events.filter(({ type }) => type === "merge")).toEqual([]);
  });
});

describe("the option concurrency", () => {
  it("last-write-wins writes over what another wrote", async () => {
    const options = { concurrency: "last-write-wins" } as const;
    const { ours, theirs, mine, other, stored } = await twoRequests({ a: 1, b: 1 }, options);
    await theirs.engine.save(other, { a: 2, b: 1 });
    await ours.engine.save(mine, { a: 1, b: 2 });
    expect(await stored()).toEqual({ a: 1, b: 2 });
    expect(ours.events.filter(({ type }) => type === "merge")).toEqual([]);
  });

  it("is a function of the three, asked only where another had written", async () => {
    const asked: unknown[] = [];
    const concurrency = (...sides: [Data, Data, Data]) => {
      asked.push(structuredClone(sides));
      const [base, ours, theirs] = sides;
      return { n: Number(ours.n) + Number(theirs.n) - Number(base.n) };
    };
    const { ours, theirs, mine, other, stored } = await twoRequests({ n: 10 }, { concurrency });
    await theirs.engine.save(other, { n: 11 });
    expect(asked).toEqual([]);
    await ours.engine.save(mine, { n: 15 });
    expect(asked).toEqual([[{ n: 10 }, { n: 15 }, { n: 11 }]]);
    expect(await stored()).toEqual({ n: 16 });
  });

  it.each<[string, () => unknown, unknown]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
      expect.objectContaining({ message: "mine" }),
    ],
    ["gives nothing", () => undefined, undefined],
    ["gives a promise", () => Promise.reject(new Error("late")), undefined],
  ])("refuses the save when it %s, and nothing is lost", async (_, concurrency, cause) => {
    const { ours, theirs, mine, other, stored } = await twoRequests(
      { n: 1 },
      { concurrency: concurrency as never },
    );
    await theirs.engine.save(other, { n: 2 });
    await expect(ours.engine.save(mine, { n: 3 })).rejects.toMatchObject({
      code: "ERR_SESSION_CONFLICT",
      cause,
    });
    expect(await stored()).toEqual({ n: 2 });
  });
});

describe("data that the function concurrency refused", () => {
  it("is not there to be saved again: to save what was loaded is a touch, and asks nobody", async () => {
    let asked = 0;
    const concurrency = () => {
      asked += 1;
      throw new Error("mine");
    };
    const { ours, theirs, mine, other, stored } = await twoRequests({ n: 1 }, { concurrency });
    await theirs.engine.save(other, { n: 2 });
    await expect(ours.engine.save(mine, { n: 3 })).rejects.toMatchObject({ code: "ERR_SESSION_CONFLICT" });
    ours.actions();
    expect(await ours.engine.save(mine, { n: 1 })).toEqual(SAVED);
    expect([asked, ours.actions(), await stored()]).toEqual([1, [], { n: 2 }]);
  });
});

describe("a write that arrived and whose answer did not", () => {
  /** An engine whose next write is carried out and its answer lost, `meanwhile` before it is sent again. */
  async function losing(maxAttempts: number) {
    const client = testClient({ maxAttempts });
    onTestFinished(() => client.destroy());
    const made = bench.engine({ client });
    const id = newId();
    const lose = (meanwhile?: () => Promise<unknown>) => loseNextAnswer(client, "UpdateItem", meanwhile);
    const other = bench.engine().engine;
    const others = async (change: (data: Data) => Data) => {
      const session = await loaded(other, id);
      await other.save(session, change(session.data));
    };
    const stored = async () => JSON.parse((await bench.row(id))?.sess?.S ?? "null");
    return { ...made, id, lose, others, stored };
  }

  const theirs = (data: Data) => ({ ...data, n: 5, list: [...(data.list as unknown[]), "theirs"] });

  it("is recognised when a save is sent again, though others have written since", async () => {
    const { engine, id, lose, others, stored, events } = await losing(3);
    await engine.save(engine.create(id), { n: 0, list: [] });
    const session = await loaded(engine, id);
    lose(() => others(theirs));
    expect(await engine.save(session, { n: 1, list: ["ours"] })).toEqual(SAVED);
    expect(await stored()).toEqual({ n: 5, list: ["ours", "theirs"] });
    expect((await bench.row(id))?.rev).toEqual({ N: "3" });
    expect(events).toContainEqual(expect.objectContaining({ type: "save", attempts: 1 }));
    await engine.save(session, { n: 1, list: ["ours"], again: 1 });
    expect(await stored()).toEqual({ n: 5, list: ["ours", "theirs"], again: 1 });
  });

  it("is recognised when an update is sent again: it counts once", async () => {
    const { engine, id, lose, others, stored } = await losing(3);
    await engine.save(engine.create(id), { n: 0 });
    lose(() => others(increment));
    expect(await engine.update(id, increment)).toMatchObject({ outcome: "saved", data: { n: 1 } });
    expect(await stored()).toEqual({ n: 2 });
  });

  it("is recognised when a creation is sent again", async () => {
    const { engine, id, lose, others, stored } = await losing(3);
    lose(() => others(theirs));
    const session = engine.create(id);
    expect(await engine.save(session, { n: 0, list: ["ours"] })).toEqual(SAVED);
    expect(await stored()).toEqual({ n: 5, list: ["ours", "theirs"] });
    await engine.save(session, { n: 0, list: ["ours", "more"] });
    expect(await stored()).toEqual({ n: 5, list: ["ours", "theirs", "more"] });
  });

  it.each<[string, Data, Data]>([
    ["the same", { n: 1, list: ["ours"] }, { n: 5, list: ["ours", "theirs"] }],
    ["more", { n: 1, list: ["ours"], more: 1 }, { n: 5, list: ["ours", "theirs"], more: 1 }],
    ["what it was before", { n: 0, list: [] }, { n: 0, list: [] }],
  ])("is recognised by the caller's second try after a failure, of %s", async (_, second, result) => {
    const { engine, id, lose, others, stored } = await losing(1);
    await engine.save(engine.create(id), { n: 0, list: [] });
    const session = await loaded(engine, id);
    lose();
    const failed = { code: "ERR_SESSION_UNAVAILABLE" };
    await expect(engine.save(session, { n: 1, list: ["ours"] })).rejects.toMatchObject(failed);
    if (second.n === 1) await others(theirs);
    expect(await engine.save(session, second)).toEqual(SAVED);
    expect(await stored()).toEqual(result);
  });

  it("is recognised by a save under a new id, of what takes the session's place", async () => {
    const { engine, id, lose, others } = await losing(1);
    await engine.save(engine.create(id), { n: 0, list: [] });
    const session = await loaded(engine, id);
    lose();
    const data = { n: 1, list: ["ours"] };
    await expect(engine.save(session, data)).rejects.toMatchObject({ code: "ERR_SESSION_UNAVAILABLE" });
    await others(theirs);
    await engine.destroy(session);
    const successor = engine.create(newId(), session);
    expect(await engine.save(successor, data)).toEqual(SAVED);
    expect((await loaded(engine, successor.id)).data).toEqual({ n: 5, list: ["ours", "theirs"] });
  });

  it("is recognised by the caller's second try to make a session", async () => {
    const { engine, id, lose, others, stored } = await losing(1);
    const session = engine.create(id);
    lose();
    await expect(engine.save(session, { n: 1, list: ["ours"] })).rejects.toMatchObject({
      code: "ERR_SESSION_UNAVAILABLE",
    });
    await others(theirs);
    expect(await engine.save(session, { n: 1, list: ["ours"], more: 1 })).toEqual(SAVED);
    expect(await stored()).toEqual({ n: 5, list: ["ours", "theirs"], more: 1 });
  });

  it.each([
    [7, { n: 7, list: ["ours"] }],
    // The limit: the row remembers eight writes. The change is put upon it again, and no array multiplies.
    [8, { n: 1, list: ["ours"] }],
  ])("is recognised behind seven writes of others, and not behind more: %d", async (writes, result) => {
    const { engine, id, lose, others, stored } = await losing(1);
    await engine.save(engine.create(id), { n: 0, list: [] });
    const session = await loaded(engine, id);
    lose();
    await expect(engine.save(session, { n: 1, list: ["ours"] })).rejects.toThrow();
    for (let write = 1; write <= writes; write++)
      await others((data) => ({ ...data, n: write === 1 ? 0 : write }));
    await engine.save(session, { n: 1, list: ["ours"] });
    expect(await stored()).toEqual(result);
  });

  it("and comes after the caller's second save, from a client that heeds no abort: it takes nothing back", async () => {
    const client = testClient();
    onTestFinished(() => client.destroy());
    const answer = makeSignal();
    let isHeld = false;
    const heedless = {
      config: {},
      async send(command: UpdateItemCommand) {
        const isLate = isHeld && command instanceof UpdateItemCommand;
        if (isLate) isHeld = false;
        const result = await client.send(command);
        if (isLate) await answer.given;
        return result;
      },
    };
    const { options, deadlines } = holdDeadlines();
    const { engine } = bench.engine({ client: heedless, ...options });
    const other = bench.engine().engine;
    const id = newId();
    await engine.save(engine.create(id), { n: 0, list: [] });
    const session = await loaded(engine, id);
    isHeld = true;
    const first = engine.save(session, { n: 1, list: ["ours"] });
    await expect.poll(async () => (await bench.row(id))?.rev).toEqual({ N: "2" });
    deadlines.at(-1)?.();
    await expect(first).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    const others = async (fields: Data) => {
      const theirs = await loaded(other, id);
      await other.save(theirs, { ...theirs.data, ...fields });
    };
    await others({ n: 5, list: ["ours", "theirs"] });

    const second = { n: 1, list: ["ours", "more"], m: 1 };
    expect(await engine.save(session, second)).toEqual(SAVED);
    expect((await loaded(other, id)).data).toEqual({ n: 5, list: ["ours", "theirs", "more"], m: 1 });
    await others({ m: 2 });
    answer.give();
    await new Promise((resolve) => setImmediate(resolve));
    await engine.save(session, { ...second, list: ["ours", "more", "last"] });
    expect((await loaded(other, id)).data).toEqual({ n: 5, list: ["ours", "theirs", "more", "last"], m: 2 });
  });

  it("and one that never arrived is written by the second try", async () => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const { engine } = bench.engine({ client: testClient({ endpoint: proxy.endpoint, maxAttempts: 1 }) });
    const id = newId();
    await engine.save(engine.create(id), { n: 0 });
    const session = await loaded(engine, id);
    proxy.decide = (action) => (action === "UpdateItem" ? dropBefore : undefined);
    await expect(engine.save(session, { n: 1 })).rejects.toMatchObject({ code: "ERR_SESSION_UNAVAILABLE" });
    proxy.decide = () => undefined;
    await engine.save(session, { n: 1 });
    expect((await loaded(engine, id)).data).toEqual({ n: 1 });
    // From now on it is certain again what is in the table: what does not change it is a touch, and not due.
    proxy.requests.length = 0;
    await engine.save(session, { n: 1 });
    expect(proxy.requests).toEqual([]);
  });
});

describe("an update", () => {
  it("of a session in hand leaves the hand's own changes to be saved beside it", async () => {
    const { ours, mine, stored } = await twoRequests({ n: 1, a: 1 });
    expect(await ours.engine.update(mine, ({ n, ...data }) => ({ ...data, n: Number(n) + 1 }))).toMatchObject(
      SAVED,
    );
    await ours.engine.save(mine, { n: 1, a: 2 });
    expect(await stored()).toEqual({ n: 2, a: 2 });
  });

  it("keeps nothing waiting while its function runs, and may be made within another", async () => {
    const { ours, mine, id, stored } = await twoRequests({ n: 0 });
    let runs = 0;
    const result = await ours.engine.update(id, async (data) => {
      runs += 1;
      if (runs > 1) return increment(data);
      // All of these end while this still runs.
      await ours.engine.save(mine, { n: 0, seen: 1 });
      expect((await loaded(ours.engine, id)).data).toEqual({ n: 0, seen: 1 });
      await ours.engine.update(id, (inner) => ({ ...inner, ...increment(inner) }));
      return increment(data);
    });
    expect([runs, result]).toEqual([2, expect.objectContaining({ outcome: "saved", data: { n: 2 } })]);
    expect(await stored()).toEqual({ n: 2 });
  });

  it("from many requests of one process is refused by none of them", async () => {
    const { ours, id, stored } = await twoRequests({ n: 0 });
    await Promise.all(Array.from({ length: 16 }, () => ours.engine.update(id, increment)));
    expect(await stored()).toEqual({ n: 16 });
    expect(ours.actions().filter(isWrite)).toHaveLength(16);
  });

  it("is refused by none of them though it read before another wrote, and that has ended long since", async () => {
    const { ours, id, stored } = await twoRequests({ n: 0 });
    const [isRead, isReleased] = [makeSignal(), makeSignal()];
    ours.sent.afterNext("GetItem", () => {
      isRead.give();
      return isReleased.given;
    });
    const slow = ours.engine.update(id, increment);
    await isRead.given;
    await ours.engine.update(id, increment);
    isReleased.give();
    await slow;
    expect(await stored()).toEqual({ n: 2 });
    expect(ours.actions().filter(isWrite)).toHaveLength(2);
  });

  const both: [string, (data: Data) => Data | Promise<Data>][] = [
    ["takes no time", increment],
    ["takes its time", async (data) => increment(data)],
  ];
  it.each(both)(
    "tells how often it was written, and not how often its function ran, which %s",
    async (_, change) => {
      const { ours, id, stored } = await twoRequests({ n: 0 }, { timeout: 60_000 });
      ours.events.length = 0;
      let runs = 0;
      const counting = (data: Data) => {
        runs += 1;
        return change(data);
      };
      await Promise.all(Array.from({ length: 16 }, () => ours.engine.update(id, counting)));
      expect(await stored()).toEqual({ n: 16 });
      expect(runs).toBeGreaterThan(16);
      const attempts = ours.events.flatMap((event) => (event.type === "save" ? [event.attempts] : []));
      expect(attempts).toHaveLength(16);
      const writes = ours.actions().filter(isWrite).length;
      expect(attempts.reduce((sum, count) => sum + count, 0)).toBe(writes);
      expect(runs).toBeGreaterThan(writes);
    },
  );

  it("from two hundred requests of one process runs its function twice for each at the most, where that takes no time", async () => {
    const { ours, id, stored } = await twoRequests({ n: 0 }, { timeout: 60_000 });
    let runs = 0;
    const counting = (data: Data) => {
      runs += 1;
      return increment(data);
    };
    await Promise.all(Array.from({ length: 200 }, () => ours.engine.update(id, counting)));
    expect(await stored()).toEqual({ n: 200 });
    expect(ours.actions().filter(isWrite)).toHaveLength(200);
    expect(runs).toBeLessThanOrEqual(400);
  });

  it.each<[string, string, (meetDeadline: () => void) => Data | Promise<Data>]>([
    ["fails", "ERR_SESSION_UNSERIALIZABLE", () => ({ n: 1n })],
    [
      "never ends",
      "ERR_SESSION_TIMEOUT",
      (meetDeadline) => {
        meetDeadline();
        return new Promise(() => {});
      },
    ],
  ])(
    "that had changed nothing, and whose run on what another wrote %s, is not said to be saved",
    async (_, code, again) => {
      const { options, deadlines } = holdDeadlines();
      const { ours, theirs, other, id, stored } = await twoRequests(
        { n: 0 },
        { touchInterval: 0, ...options },
      );
      // Late enough for a touch, which learns of the other's write.
      ours.clock.pass(1000);
      deadlines.length = 0;
      let runs = 0;
      const updating = ours.engine.update(id, async (data) => {
        runs += 1;
        if (runs > 1) return again(() => deadlines[0]?.());
        await theirs.engine.save(other, { n: 5 });
        return data;
      });
      await expect(updating).rejects.toMatchObject({ code });
      expect([runs, await stored()]).toEqual([2, { n: 5 }]);
    },
  );

  it("is bounded by its deadline, however often another is first", async () => {
    const { ours, theirs, id } = await twoRequests({ n: 0 }, { timeout: 400 });
    const always = ours.engine.update(id, async (data) => {
      await theirs.engine.update(id, increment);
      return increment(data);
    });
    await expect(always).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
  });
});

describe("a session that another request destroyed", () => {
  it("is gone for a save that waited in line, and for the one after it", async () => {
    const { ours, mine, id } = await twoRequests({ n: 0 });
    const second = await loaded(ours.engine, id);
    const results = await Promise.all([
      ours.engine.save(mine, { n: 1 }),
      ours.engine.destroy(id),
      ours.engine.save(second, { n: 2 }),
      ours.engine.update(second, increment),
    ]);
    // The first had been sent, and may have come before the removal or after it.
    expect(results.slice(1)).toEqual([undefined, { outcome: "gone" }, { outcome: "gone" }]);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("leaves exactly one live session when a regenerate races with a save of the old one", async () => {
    const { ours, theirs, mine, other, id } = await twoRequests({ user: "ada" });
    const successor = ours.engine.create(newId(), mine);
    const [, saved] = await Promise.all([
      ours.engine.destroy(mine).then(() => ours.engine.save(successor, { user: "ada", fresh: 1 })),
      theirs.engine.save(other, { user: "ada", late: 1 }),
    ]);
    expect(["saved", "gone"]).toContain(saved.outcome);
    expect(await bench.row(id)).toBeUndefined();
    expect((await loaded(ours.engine, successor.id)).data).toMatchObject({ user: "ada", fresh: 1 });
  });
});

describe("a row that somebody else has nested too deep for JSON", () => {
  it("is not merged with, and is left as it is", async () => {
    const { ours, mine, id } = await twoRequests({ n: 1 });
    const row = await bench.row(id);
    const deep = `{"n":1,"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const theirs = { ...row, rev: { N: "2" }, sess: { S: deep } };
    await putRow(bench.client, bench.table, theirs);
    await expect(ours.engine.save(mine, { n: 2 })).rejects.toMatchObject({
      code: "ERR_SESSION_UNSERIALIZABLE",
    });
    expect(await bench.row(id)).toEqual(theirs);
  });
});
