// The permissions that src/admin/policy.ts names and docs/security.md shows, held to what is sent: every action that a feature
// uses is there, and no other.
// A transaction needs what its parts need, for there is no action of its name
// (docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { PERMISSIONS } from "../../src/admin/policy.js";
import {
  createSessionEngine,
  type SessionCodec,
  type SessionInHand,
  type SessionStoreOptions,
} from "../../src/core/index.js";
import { CyclicSessionStore } from "../../src/express/index.js";
import { codeIn, readPage, rowsOf, sectionOf } from "../docs/pages.js";
import { Clock, newId } from "../support/engines.js";
import { sessionData } from "../support/express-apps.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { listen } from "../support/sent-actions.js";
import { createTable, type KeyNames, testClient } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

type Options = Omit<SessionStoreOptions, "table">;

let proxy: FaultProxy;
beforeAll(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
});
afterAll(() => proxy.close());

/** A table of its own, and what works on it over the proxy. */
async function makeTable(keys: KeyNames = {}) {
  const direct = testClient();
  const client = testClient({ endpoint: proxy.endpoint });
  const name = await createTable(direct, keys);
  const clock = new Clock();
  const table = { name, ...keys };
  const engineBy = (by: typeof client, options: Options = {}) => {
    const engine = createSessionEngine({ touchInterval: 0, ...options, now: clock.now, client: by, table });
    onTestFinished(() => engine.close());
    return engine;
  };
  onTestFinished(() => {
    client.destroy();
    direct.destroy();
  });
  return {
    name,
    table,
    clock,
    engine: (options?: Options) => engineBy(client, options),
    /** One that is not listened to. */
    unheard: (options?: Options) => engineBy(direct, options),
    store(options: Options = {}) {
      const store = new CyclicSessionStore({ ...options, now: clock.now, client, table });
      onTestFinished(() => store.close());
      return store;
    },
  };
}

type Engine = ReturnType<typeof createSessionEngine>;

async function loaded(engine: Engine, id: string): Promise<SessionInHand> {
  const session = await engine.load(id);
  if (!session) throw new Error("not found");
  return session;
}

/** Everything that a door asks of an engine; `make` puts a session where it is found. */
async function useSessions(engine: Engine, clock: Clock, make: (data: object) => Promise<string>) {
  const made = engine.create(newId());
  await engine.save(made, { user: "ada", n: 1 });
  await engine.save(made, { user: "ada", n: 2 });
  const ids: string[] = [];
  for (let n = 0; n < 9; n++) ids.push(await make({ user: "ada", n }));
  const [id = "", two = "", three = "", four = "", five = "", six = "", seven = "", eight = "", nine = ""] =
    ids;
  const [one, other] = [await loaded(engine, id), await loaded(engine, id)];
  await engine.save(one, { ...one.data, a: 1 });
  expect(await engine.save(other, { ...other.data, b: 1 })).toEqual({ outcome: "saved" });
  expect((await loaded(engine, id)).data).toMatchObject({ b: 1 });
  clock.pass(1000);
  expect(await engine.touch(await loaded(engine, two))).toEqual({ outcome: "touched" });
  expect(await engine.update(three, (data) => ({ ...data, n: 7 }))).toMatchObject({ outcome: "saved" });
  // Their hashes are known by now: what takes its time to be hashed need not travel together.
  await Promise.all([engine.load(two), engine.load(three)]);
  await engine.destroy(await loaded(engine, four));
  await engine.destroy(five);
  const before = await loaded(engine, six);
  const after = engine.create(newId(), before);
  await engine.destroy(before);
  await engine.save(after, { ...before.data, user: "grace" });
  await engine.save(seven, { n: 8 });
  // Its owner is another's now, and then nobody's.
  await engine.save(await loaded(engine, eight), { user: "grace" });
  await engine.save(await loaded(engine, eight), {});
  clock.pass(400 * 86_400_000);
  expect(await engine.load(nine)).toBeUndefined();
}

async function useLists(engine: Engine, store: CyclicSessionStore) {
  const listed = [];
  for await (const session of engine.all()) listed.push(session);
  for await (const _ of engine.list()) listed.push(_);
  expect(await store.length()).toBeGreaterThan(0);
  await store.clear();
  expect(listed.length).toBeGreaterThan(0);
}

async function useOwners(engine: Engine, owner: string) {
  expect((await engine.sessionsOf(owner)).length).toBeGreaterThan(1);
  await engine.destroyAllOf(owner);
  expect(await engine.sessionsOf(owner)).toEqual([]);
}

const besides = (actions: readonly string[], base: readonly string[]) =>
  actions.filter((action) => !base.includes(action));
const sorted = (actions: readonly string[]) => [...actions].sort();

const codec: SessionCodec = {
  name: "flip",
  tag: 200,
  encode: (bytes) => bytes.map((byte) => byte ^ 255),
  decode: (bytes) => bytes.map((byte) => byte ^ 255),
};
const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);

describe("what is to be allowed on the table", () => {
  it("is shown as it is: the policy for sessions, and a row for each feature", async () => {
    const section = sectionOf(await readPage("docs/security.md"), "Permissions");
    const [, actions = ""] = /"Action": \[(.*)\]/.exec(section) ?? [];
    const named = [...actions.matchAll(/dynamodb:(\w+)/g)].map(([, action = ""]) => action);
    expect(named).toEqual(PERMISSIONS.sessions.table);
    const rows = rowsOf(section).map(([feature = "", table = "", previous = ""]) => [
      feature.split(/[ ,:]/)[0],
      { table: codeIn(table), previous: codeIn(previous) },
    ]);
    expect(Object.fromEntries(rows)).toEqual(PERMISSIONS);
  });

  it.each<[string, Options]>([
    ["sessions", {}],
    ["hashIds", { hashIds: true }],
    ["codec", { codec }],
    ["absoluteTtl", { absoluteTtl: 300 * 86_400_000 }],
    ["format", { format: "map" }],
    ["concurrency", { concurrency: "last-write-wins" }],
    ["consistentRead", { consistentRead: false }],
    ["onEvent", { onEvent: () => {} }],
  ])("for %s is what is used, and no more", async (_, options) => {
    const { engine, unheard, name, clock } = await makeTable();
    const heard = listen(proxy);
    await useSessions(engine(options), clock, async (data) => {
      const session = unheard(options).create(newId());
      await unheard(options).save(session, data);
      return session.id;
    });
    expect(heard.in(name)).toEqual(sorted(PERMISSIONS.sessions.table));
    for (const key of heard.partitions) expect(key).toMatch(/^session-store#/);
  });

  it("for lists is what is used besides, and no more", async () => {
    const { engine, unheard, store, name } = await makeTable();
    await unheard().save(newId(), { n: 1 });
    const data = sessionData({ n: 1 });
    await store().set(newId(), data);
    const heard = listen(proxy);
    await useLists(engine(), store());
    expect(Object.keys(await store().all())).toEqual([]);
    expect(besides(heard.in(name), PERMISSIONS.sessions.table)).toEqual(PERMISSIONS.lists.table);
    for (const key of heard.partitions) expect(key).toMatch(/^session-store#/);
  });

  it("for the names of other keys is what is used besides, and no more", async () => {
    const { engine, name } = await makeTable({ hashKey: "id", sortKey: null });
    const other = createSessionEngine({ table: { name }, client: testClient({ endpoint: proxy.endpoint }) });
    const heard = listen(proxy);
    await expect(other.load(newId())).rejects.toThrow(/the table has hash key "id" and no sort key/);
    expect(besides(heard.in(name), PERMISSIONS.sessions.table)).toEqual(PERMISSIONS.names.table);
    await engine().load(newId());
  });
});

describeTransactions("what is to be allowed where transactions are sent", () => {
  it("for owner is what is used besides, and no more", async () => {
    const { engine, unheard, name, clock } = await makeTable();
    const heard = listen(proxy);
    await useSessions(engine({ owner }), clock, async (data) => {
      const session = unheard({ owner }).create(newId());
      await unheard({ owner }).save(session, data);
      return session.id;
    });
    const engineOfOwners = engine({ owner, hashIds: true });
    for (let n = 0; n < 3; n++) await engineOfOwners.save(newId(), { user: "ada", n });
    await useOwners(engineOfOwners, "ada");
    expect(besides(heard.in(name), PERMISSIONS.sessions.table)).toEqual(sorted(PERMISSIONS.owner.table));
    for (const key of heard.partitions) expect(key).toMatch(/^session-store#/);
  });

  it.each<[string, KeyNames]>([
    ["of the same keys", {}],
    ["with a hash key alone", { hashKey: "id", sortKey: null }],
  ])("for previous is what is used in the old table, %s", async (_, keys) => {
    const [now, old] = [await makeTable(), await makeTable(keys)];
    const previous = [{ table: { ...old.table, hashPrefix: "old#" }, hashIds: false }];
    const options: Options = { hashIds: true, previous };
    const before = createSessionEngine({
      table: { ...old.table, hashPrefix: "old#" },
      client: testClient(),
      now: now.clock.now,
    });
    onTestFinished(() => before.close());
    const make = async (data: object) => {
      const session = before.create(newId());
      await before.save(session, data);
      return session.id;
    };
    const sessions = PERMISSIONS.sessions;
    const heard = listen(proxy);
    await useSessions(now.engine(options), now.clock, make);
    expect(heard.in(old.name)).toEqual(sorted(sessions.previous));
    expect(heard.in(now.name)).toEqual(sorted(sessions.table));

    for (let n = 0; n < 3; n++) await make({ n });
    await useLists(now.engine(options), now.store(options));
    expect(besides(heard.in(old.name), sessions.previous)).toEqual(PERMISSIONS.lists.previous);
    expect(besides(heard.in(now.name), sessions.table)).toEqual(PERMISSIONS.lists.table);
    for (const key of heard.partitions) expect(key).toMatch(/^(session-store|old)#/);
  });

  it("for previous and owner is what is used in the old table besides", async () => {
    const [now, old] = [await makeTable(), await makeTable()];
    const options: Options = { owner, previous: [{ table: old.table }] };
    const heard = listen(proxy);
    await useSessions(now.engine(options), now.clock, async (data) => {
      const session = old.unheard({ owner, now: now.clock.now }).create(newId());
      await old.unheard({ owner, now: now.clock.now }).save(session, data);
      return session.id;
    });
    for (let n = 0; n < 3; n++) await old.unheard({ owner }).save(newId(), { user: "grace" });
    now.clock.time = old.clock.time;
    await useOwners(now.engine(options), "grace");
    const { table, previous } = PERMISSIONS.owner;
    expect(besides(heard.in(now.name), PERMISSIONS.sessions.table)).toEqual(sorted(table));
    expect(besides(heard.in(old.name), PERMISSIONS.sessions.previous)).toEqual(sorted(previous));
  });

  it("for previous in the same table is nothing more", async () => {
    const { engine, unheard, name, clock } = await makeTable();
    const heard = listen(proxy);
    const options: Options = { hashIds: true, previous: [{ hashIds: false }] };
    await useSessions(engine(options), clock, async (data) => {
      const session = unheard().create(newId());
      await unheard().save(session, data);
      return session.id;
    });
    expect(heard.in(name)).toEqual(sorted(PERMISSIONS.sessions.table));
  });
});
