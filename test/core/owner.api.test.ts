// Logging out everywhere: an owner's sessions are listed with the write that makes them theirs, found by a strong query, and
// destroyed, whoever has them in hand.
import { beforeAll, describe, expect, it } from "vitest";
import type { SessionInHand } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { readRows } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const DAY = 86_400_000;

function ownerOf({ user }: { user?: unknown }): string | undefined {
  return typeof user === "string" ? user : undefined;
}

function present(session: SessionInHand | undefined): SessionInHand {
  if (!session) throw new Error("there is no session");
  return session;
}

describeTransactions("an owner's sessions", () => {
  it("are listed from the write that makes them theirs, and gone when all are destroyed", async () => {
    const { engine, actions } = bench.engine({ owner: ownerOf });
    const [one, two, guest] = [newId(), newId(), newId()];
    const user = newId();
    await engine.save(engine.create(one), { user });
    expect(actions()).toEqual(["TransactWriteItems"]);
    await engine.save(engine.create(two), { user, device: "phone" });
    await engine.save(engine.create(guest), { cart: [1] });
    actions();
    const listed = await engine.sessionsOf(user);
    expect(listed.map(({ id }) => id).sort()).toEqual([one, two].sort());
    expect(actions()).toEqual(["Query", "GetItem", "GetItem"]);
    expect(await engine.destroyAllOf(user, { except: one })).toBe(1);
    expect(await engine.load(two)).toBeUndefined();
    expect(await engine.load(one)).toBeDefined();
    expect(await engine.destroyAllOf(user)).toBe(1);
    expect(await engine.load(one)).toBeUndefined();
    expect(await engine.load(guest)).toBeDefined();
    expect(await engine.sessionsOf(user)).toEqual([]);
    // No name of an owner stands in the table, and nothing is left behind.
    const rows = await readRows(bench.client, bench.table);
    expect(JSON.stringify(rows)).not.toContain(user);
  });

  it.each([null, "", 5])(
    "are not destroyed where who is to be spared cannot be meant: %s",
    async (except) => {
      const { engine } = bench.engine({ owner: ownerOf });
      const user = newId();
      await engine.save(engine.create(newId()), { user });
      await expect(engine.destroyAllOf(user, { except: except as never })).rejects.toMatchObject({
        code: "ERR_SESSION_OPTIONS",
        message: expect.stringContaining("except"),
      });
      expect(await engine.sessionsOf(user)).toHaveLength(1);
      // One that there is not is nobody's.
      expect(await engine.destroyAllOf(user, { except: newId() })).toBe(1);
    },
  );

  it("cost nothing more while the owner stays: a write is one, and a touch is one", async () => {
    const { engine, actions, clock } = bench.engine({ owner: ownerOf });
    const session = engine.create(newId());
    await engine.save(session, { user: newId(), n: 0 });
    actions();
    await engine.save(session, { ...JSON.parse(session.base ?? ""), n: 1 });
    clock.pass(60_000);
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(actions()).toEqual(["UpdateItem", "UpdateItem"]);
  });

  it("are listed for as long as they live, however long that is", async () => {
    const { engine, clock, actions } = bench.engine({ owner: ownerOf, ttl: DAY });
    const session = engine.create(newId());
    const user = newId();
    await engine.save(session, { user });
    for (let hours = 0; hours < 24 * 5; hours += 12) {
      clock.pass(DAY / 2);
      expect(await engine.touch(session)).toEqual({ outcome: "touched" });
      const listing = (await readRows(bench.client, bench.table)).find(
        (row) => row.sk?.S === `#session-store#${session.id}`,
      );
      expect(Number(listing?.expires?.N) * 1000).toBeGreaterThanOrEqual(session.endsAt ?? 0);
    }
    expect(actions().filter((action) => action === "UpdateItem").length).toBeGreaterThan(5);
    expect(await engine.destroyAllOf(user)).toBe(1);
  });

  it("change their owner with the data: the old one's list loses them, and what others had loaded is gone", async () => {
    const { engine } = bench.engine({ owner: ownerOf });
    const id = newId();
    const [ada, bob] = [newId(), newId()];
    await engine.save(engine.create(id), { user: ada, n: 0 });
    const [ours, theirs] = [present(await engine.load(id)), present(await engine.load(id))];
    expect(await engine.save(ours, { user: bob, n: 0 })).toEqual({ outcome: "saved" });
    expect(await engine.save(theirs, { user: ada, n: 1 })).toEqual({ outcome: "gone" });
    expect(present(await engine.load(id)).data).toEqual({ user: bob, n: 0 });
    expect(await engine.sessionsOf(ada)).toEqual([]);
    expect(await engine.destroyAllOf(ada)).toBe(0);
    expect((await engine.sessionsOf(bob)).map((session) => session.id)).toEqual([id]);
    // Signed out, it is nobody's.
    expect(await engine.save(ours, { n: 2 })).toEqual({ outcome: "saved" });
    expect(await engine.destroyAllOf(bob)).toBe(0);
    expect(present(await engine.load(id)).data).toEqual({ n: 2 });
  });

  it("that an update makes another's can still be saved by the hand that it was made through", async () => {
    const { engine } = bench.engine({ owner: ownerOf });
    const [id, user] = [newId(), newId()];
    await engine.save(id, { n: 0 });
    const [ours, theirs] = [present(await engine.load(id)), present(await engine.load(id))];
    await engine.update(ours, (data) => ({ ...data, user }));
    expect(await engine.save(theirs, { n: 2 })).toEqual({ outcome: "gone" });
    expect(await engine.save(ours, { n: 1 })).toEqual({ outcome: "saved" });
    expect(present(await engine.load(id)).data).toEqual({ n: 1, user });
  });

  it("leave the list with a logout", async () => {
    const { engine } = bench.engine({ owner: ownerOf, hashIds: true });
    const user = newId();
    const session = engine.create(newId());
    await engine.save(session, { user });
    const before = await readRows(bench.client, bench.table);
    await engine.destroy(session);
    expect(await readRows(bench.client, bench.table)).toHaveLength(before.length - 2);
  });

  it("that were there before the option are listed with their next write, touches among them", async () => {
    const id = newId();
    const user = newId();
    await bench.engine().engine.save(id, { user });
    const { engine, clock, actions } = bench.engine({ owner: ownerOf });
    expect(await engine.sessionsOf(user)).toEqual([]);
    clock.pass(60_000);
    const session = present(await engine.load(id));
    actions();
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(actions()).toEqual(["TransactWriteItems"]);
    expect(await engine.sessionsOf(user)).toHaveLength(1);
  });

  it("are listed anew where one takes the place of an expired one that was listed for as long", async () => {
    const ttl = (data: Readonly<Record<string, unknown>>) => Number(data.days) * DAY;
    const { engine, clock } = bench.engine({ owner: ownerOf, keepExpired: true, ttl });
    const [id, user] = [newId(), newId()];
    await engine.save(engine.create(id), { user, days: 2 });
    clock.pass(2.5 * DAY);
    await engine.save(engine.create(id), { user, days: 0.5 });
    expect(await engine.sessionsOf(user)).toHaveLength(1);
    expect(await engine.destroyAllOf(user)).toBe(1);
    expect(await engine.load(id)).toBeUndefined();
  });

  it("are listed with a touch as well where their absolute limit leaves nothing to move, and once", async () => {
    const [id, user] = [newId(), newId()];
    const limits = { absoluteTtl: DAY, ttl: 2 * DAY };
    await bench.engine(limits).engine.save(id, { user });
    const { engine, clock, actions } = bench.engine({ owner: ownerOf, ...limits });
    clock.pass(60_000);
    const session = present(await engine.load(id));
    expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    expect(await engine.sessionsOf(user)).toHaveLength(1);
    clock.pass(60_000);
    actions();
    expect(await engine.touch(session)).toEqual({ outcome: "throttled" });
    expect(actions()).toEqual([]);
  });

  it("can be loaded by one engine and saved by another of the same table", async () => {
    const [one, two] = [bench.engine({ owner: ownerOf }), bench.engine({ owner: ownerOf })];
    const [id, user] = [newId(), newId()];
    await one.engine.save(id, { user, n: 1 });
    const session = present(await one.engine.load(id));
    expect(await two.engine.save(session, { user, n: 2 })).toEqual({ outcome: "saved" });
    expect(two.actions()).toEqual(["UpdateItem"]);
    expect(await two.engine.sessionsOf(user)).toHaveLength(1);
  });
});

describe("an owner function", () => {
  it.each([
    { name: "throws", owner: () => JSON.parse("{") },
    { name: "gives a number", owner: () => 5 as never },
    { name: "gives an empty text", owner: () => "" },
    { name: "gives a promise", owner: (async () => "ada") as never },
  ])("that $name refuses the save by the option's name, and nothing is written", async ({ owner }) => {
    const { engine, actions } = bench.engine({ owner });
    const refused = expect(engine.save(newId(), { user: "a secret name" })).rejects;
    await refused.toMatchObject({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining("owner") });
    expect(actions()).toEqual([]);
  });
});
