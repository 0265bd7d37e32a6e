// What becomes of writes that are transactions where the way to the table, or the table, fails: what is acknowledged is
// there, once; what is not is told, and can be saved again.
import { afterAll, beforeAll, beforeEach, expect, inject, it, onTestFinished } from "vitest";
import type { SessionEngine, SessionStoreOptions } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import {
  type Answer,
  type Decide,
  dropAfter,
  dropBefore,
  type FaultProxy,
  hang,
  startFaultProxy,
  throttled,
} from "../support/fault-proxy.js";
import { testClient } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

const PREVIOUS = [{ hashPrefix: "before#" }];
type Data = Record<string, unknown>;

let bench: Bench;
let proxy: FaultProxy;
beforeAll(async () => {
  bench = await makeBench();
  proxy = await startFaultProxy(inject("endpoint"));
});
beforeEach(() => {
  proxy.decide = () => undefined;
});
afterAll(() => proxy.close());

function ownerOf({ user }: { user?: unknown }): string | undefined {
  return typeof user === "string" ? user : undefined;
}

/** An engine whose commands pass the proxy. */
function engineBehindProxy(options: Partial<Omit<SessionStoreOptions, "table">>, maxAttempts = 3) {
  const client = testClient({ endpoint: proxy.endpoint, maxAttempts });
  onTestFinished(() => client.destroy());
  return bench.engine({ ...options, client });
}

/** A session before a write of it that is a transaction. */
interface Stage {
  readonly what: string;
  readonly options: Partial<Omit<SessionStoreOptions, "table">>;
  /** What the session held before, under which prefix; nothing for one that is to be made. */
  readonly before?: { readonly data: Data; readonly hashPrefix?: string };
  readonly after: Data;
}

const ada = { user: "ada", n: 1 };
const stages: Stage[] = [
  { what: "a session's first write, which lists it", options: { owner: ownerOf }, after: ada },
  { what: "a sign-in", options: { owner: ownerOf }, before: { data: { n: 0 } }, after: ada },
  {
    what: "a change of owner",
    options: { owner: ownerOf },
    before: { data: { user: "bob", n: 0 } },
    after: ada,
  },
  {
    what: "a move",
    options: { previous: PREVIOUS },
    before: { data: { n: 0 }, hashPrefix: "before#" },
    after: { n: 1 },
  },
  {
    what: "a move with its owner",
    options: { previous: PREVIOUS, owner: ownerOf },
    before: { data: { user: "bob", n: 0 }, hashPrefix: "before#" },
    after: ada,
  },
];

/** A session at this stage, in the hand of an engine behind the proxy. */
async function setUp({ options, before }: Stage, attempts?: number, timeout = 20_000) {
  const id = newId();
  if (before) {
    const { previous: _, ...rest } = options;
    const { hashPrefix = "session-store#" } = before;
    await bench.engine({ ...rest, table: { hashPrefix } }).engine.save(id, before.data);
  }
  const test = engineBehindProxy({ ...options, timeout }, attempts);
  const session = before ? await test.engine.load(id) : test.engine.create(id);
  if (!session) throw new Error("there is no session");
  return { ...test, id, session };
}

/** By an engine that remembers nothing. */
async function whatIsThere(id: string, options: Stage["options"]) {
  const { engine } = bench.engine(options);
  const session = await engine.load(id);
  const owners = ["ada", "bob"];
  const listed = await Promise.all(
    owners.map((name) => (options.owner ? isListed(engine, name, id) : false)),
  );
  return {
    data: session?.data,
    rev: session?.row?.rev,
    old: await bench.row(id, "before#"),
    listedOf: owners.filter((_, i) => listed[i]),
  };
}

const isListed = async (engine: SessionEngine, name: string, id: string) =>
  (await engine.sessionsOf(name)).some((session) => session.id === id);

const written = (stage: Stage) => ({
  data: stage.after,
  rev: stage.before ? 2 : 1,
  old: undefined,
  listedOf: stage.options.owner ? ["ada"] : [],
});

function cancelled(code: string): Answer {
  return {
    status: 400,
    body: {
      __type: "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${code}, None]`,
      CancellationReasons: [{ Code: code, Message: "as the service says" }, { Code: "None" }],
    },
  };
}

/** The first so many transactions meet this. */
function first(times: number, answer: Answer): Decide {
  let met = 0;
  return (action) => (action === "TransactWriteItems" && met++ < times ? answer : undefined);
}

describeTransactions("a write that is a transaction", () => {
  const once: [string, Answer][] = [
    ["whose answer is lost", dropAfter],
    ["that is cut off before it arrives", dropBefore],
    ["that arrives after its next attempt", "late"],
    ["that conflicts with another", cancelled("TransactionConflict")],
    ["that meets its own first attempt", inProgress()],
    ["that is throttled for a moment", cancelled("ThrottlingError")],
  ];
  for (const stage of stages) {
    it.each(once)(`is made once: ${stage.what} %s`, async (_, answer) => {
      const { engine, session, id } = await setUp(stage);
      proxy.decide = first(1, answer);
      expect(await engine.save(session, stage.after)).toEqual({ outcome: "saved" });
      await proxy.calm();
      expect(await whatIsThere(id, stage.options)).toEqual(written(stage));
      // And what it holds is known: the next one is a plain write.
      expect(await engine.save(session, { ...stage.after, more: 1 })).toEqual({ outcome: "saved" });
      expect((await whatIsThere(id, stage.options)).data).toEqual({ ...stage.after, more: 1 });
    });

    it(`whose answers are all lost fails, and is not made twice by a second save: ${stage.what}`, async () => {
      const { engine, session, id } = await setUp(stage, 1);
      proxy.decide = first(1, dropAfter);
      await expect(engine.save(session, stage.after)).rejects.toMatchObject({
        code: "ERR_SESSION_UNAVAILABLE",
      });
      expect(await engine.save(session, { ...stage.after, list: ["again"] })).toEqual({ outcome: "saved" });
      const { data, old, listedOf } = await whatIsThere(id, stage.options);
      expect({ data, old, listedOf }).toEqual({
        ...written(stage),
        rev: undefined,
        data: { ...stage.after, list: ["again"] },
      });
    });

    it(`that never arrives fails, and leaves all as it was: ${stage.what}`, async () => {
      const { engine, session, id } = await setUp(stage, 1);
      const before = await whatIsThere(id, stage.options);
      proxy.decide = first(1, dropBefore);
      await expect(engine.save(session, stage.after)).rejects.toMatchObject({
        code: "ERR_SESSION_UNAVAILABLE",
      });
      expect(await whatIsThere(id, stage.options)).toEqual(before);
    });
  }

  const [creation = stages[0] as Stage, , , move = stages[3] as Stage] = stages;

  it.each([
    ["ERR_SESSION_THROTTLED", cancelled("ThrottlingError")],
    ["ERR_SESSION_THROTTLED", cancelled("ProvisionedThroughputExceeded")],
    ["ERR_SESSION_TIMEOUT", hang],
    ["ERR_SESSION_TIMEOUT", cancelled("TransactionConflict")],
  ])("that meets nothing else fails with %s", async (code, answer) => {
    // To the end of the test: an attempt that was given up may still be on its way to the proxy.
    proxy.decide = first(Number.POSITIVE_INFINITY, answer);
    for (const stage of [creation, move]) {
      const { engine, session, id } = await setUp(stage, 1, code === "ERR_SESSION_TIMEOUT" ? 300 : undefined);
      const before = await whatIsThere(id, stage.options);
      await expect(engine.save(session, stage.after)).rejects.toMatchObject({ code });
      expect(await whatIsThere(id, stage.options)).toEqual(before);
    }
  });
});

describeTransactions("a log-out everywhere", () => {
  const set: [string, string, Answer][] = [
    ["the list's answer is lost", "Query", dropAfter],
    ["the list is throttled", "Query", throttled()],
    ["a removal's answer is lost", "DeleteItem", dropAfter],
    ["a removal does not arrive", "DeleteItem", dropBefore],
    ["a removal is throttled", "DeleteItem", throttled()],
  ];

  /** Three sessions of a user, and an engine behind the proxy that destroys them. */
  async function threeSessions(maxAttempts: number) {
    const { engine } = bench.engine({ owner: ownerOf });
    const user = newId();
    const ids = [newId(), newId(), newId()];
    for (const id of ids) await engine.save(engine.create(id), { user });
    const left = async () => (await Promise.all(ids.map((id) => engine.load(id)))).filter(Boolean).length;
    return { user, left, ...engineBehindProxy({ owner: ownerOf }, maxAttempts) };
  }

  it.each(set)("is done once the SDK's second attempt is: %s", async (_, action, answer) => {
    const { engine, user, left } = await threeSessions(3);
    let met = 0;
    proxy.decide = (asked) => (asked === action && met++ === 0 ? answer : undefined);
    await engine.destroyAllOf(user);
    expect(await left()).toBe(0);
    expect(await engine.sessionsOf(user)).toEqual([]);
  });

  it.each(set)(
    "fails where it is not certain to be done, and is done by another call: %s",
    async (_, action, answer) => {
      const { engine, user, left } = await threeSessions(1);
      let met = 0;
      proxy.decide = (asked) => (asked === action && met++ === 0 ? answer : undefined);
      await expect(engine.destroyAllOf(user)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_SESSION_(UNAVAILABLE|THROTTLED)$/),
      });
      await engine.destroyAllOf(user);
      expect(await left()).toBe(0);
      expect(await engine.sessionsOf(user)).toEqual([]);
    },
  );

  it("waits out a transaction that holds one of the sessions", async () => {
    const { engine, user, left } = await threeSessions(1);
    let met = 0;
    const __type = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
    const busy: Answer = { status: 400, body: { __type, message: "Transaction is ongoing for the item" } };
    proxy.decide = (asked) => (asked === "DeleteItem" && met++ < 2 ? busy : undefined);
    expect(await engine.destroyAllOf(user)).toBe(3);
    expect(await left()).toBe(0);
  });
});

function inProgress(): Answer {
  const __type = "com.amazonaws.dynamodb.v20120810#TransactionInProgressException";
  return { status: 400, body: { __type, Message: "The transaction is in progress" } };
}
