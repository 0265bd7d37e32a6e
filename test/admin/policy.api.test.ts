// The permissions of administration, as those of sessions in test/core/permissions.api.test.ts: what is sent is what
// src/admin/policy.ts names, and no more; and the policy that comes of a store's options.
import { afterAll, describe, expect, it } from "vitest";
import {
  checkTable,
  countSessions,
  createTable,
  destroyAll,
  listSessions,
  migrate,
  type SessionStoreOptions,
  tablePermissions,
} from "../../src/admin/index.js";
import { PERMISSIONS } from "../../src/admin/policy.js";
import { createSessionEngine } from "../../src/core/index.js";
import { newId } from "../support/engines.js";
import { listen } from "../support/sent-actions.js";
import { createTable as createPlainTable, testClient, testClientConfig } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";
import { proxyOfFile } from "./proxied.js";

const proxy = await proxyOfFile();
const client = testClient();
afterAll(() => client.destroy());

async function makeStore(): Promise<SessionStoreOptions> {
  const name = await createPlainTable(client);
  return { table: { name }, clientConfig: testClientConfig({ endpoint: proxy.endpoint }) };
}

/** The actions that were sent besides these. */
function sentBesides(actions: readonly string[]): string[] {
  return [...new Set(proxy.requests)].filter((action) => !actions.includes(action)).sort();
}

const sorted = (actions: readonly string[]) => [...actions].sort();

describe("what is sent", () => {
  it("by createTable is what is to be allowed for it, and no more", async () => {
    const store = await makeStore();
    const off = { ContinuousBackupsDescription: { ContinuousBackupsStatus: "ENABLED" } };
    // The emulators do not know it.
    proxy.decide = (action) =>
      action === "DescribeContinuousBackups" ? { status: 200, body: off } : undefined;
    const all = { deletionProtection: true, pointInTimeRecovery: true };
    await createTable(store, all);
    await createTable({ ...store, table: { name: `${store.table.name}-new` } }, all);
    expect(sentBesides([])).toEqual(sorted(PERMISSIONS.create.table));
  });

  it("by checkTable is what is to be allowed for it besides what it tries, and no more", async () => {
    await checkTable(await makeStore());
    const { sessions, lists, check } = PERMISSIONS;
    expect(sentBesides([])).toEqual(sorted([...sessions.table, ...lists.table, ...check.table]));
  });

  it("by lists of administration is what is to be allowed for lists, and with progress for names", async () => {
    const store = await makeStore();
    const engine = createSessionEngine({ table: store.table, client });
    for (let n = 0; n < 3; n++) await engine.save(newId(), { n });
    let listed = 0;
    for await (const _ of listSessions(store)) listed += 1;
    expect(listed).toBe(3);
    await countSessions(store);
    await destroyAll(store);
    const { sessions, lists, names } = PERMISSIONS;
    expect(sentBesides(sessions.table)).toEqual(lists.table);
    await countSessions(store, { onProgress() {} });
    expect(sentBesides([...sessions.table, ...lists.table])).toEqual(names.table);
  });
});

describeTransactions("what is sent to two tables", () => {
  it("by migrate is what is to be allowed for sessions, owners and migrate, and no more", async () => {
    const store = await makeStore();
    const old = {
      name: await createPlainTable(client, { hashKey: "id", sortKey: null }),
      hashPrefix: "sess:",
    };
    const before = createSessionEngine({ table: { ...old, hashKey: "id", sortKey: null }, client });
    for (let n = 0; n < 3; n++) await before.save(newId(), { user: "ada", n });
    const heard = listen(proxy);
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    const options = { ...store, owner, hashIds: true };
    expect(await migrate(options, { from: "connect-dynamodb", table: old })).toMatchObject({ moved: 3 });
    const line = JSON.stringify({ id: newId(), data: { user: "ada" }, expires: Date.now() + 60_000 });
    expect(await migrate(options, { from: "jsonl", text: line })).toMatchObject({ moved: 1 });
    const permitted = (where: "table" | "previous") =>
      [PERMISSIONS.sessions, PERMISSIONS.owner, PERMISSIONS.migrate].flatMap(
        (feature): readonly string[] => feature[where],
      );
    expect(permitted("table")).toEqual(expect.arrayContaining(heard.in(store.table.name)));
    expect(permitted("previous")).toEqual(expect.arrayContaining(heard.in(old.name)));
    expect(heard.in(old.name)).toEqual(expect.arrayContaining(["DeleteItem", "Scan"]));
    expect(heard.in(store.table.name)).toContain("PutItem");
  });
});

describe("the policy of a store", () => {
  const of = (actions: readonly string[]) => actions.map((action) => `dynamodb:${action}`);
  const { sessions, owner, lists, names, check, migrate: migration } = PERMISSIONS;

  it("allows what sessions need on its table", () => {
    expect(tablePermissions({ table: { name: "sessions" } })).toEqual([
      { tableName: "sessions", actions: of(sessions.table) },
    ]);
  });

  it("allows what its options need, and what is asked for besides, each once, on each other table its part", () => {
    const store: SessionStoreOptions = {
      table: { name: "sessions" },
      owner: () => undefined,
      previous: [
        { hashPrefix: "before#" },
        { table: { name: "old" } },
        { table: { name: "old", hashPrefix: "older#" } },
      ],
    };
    expect(tablePermissions(store, ["lists", "names", "check"])).toEqual([
      {
        tableName: "sessions",
        actions: of([...new Set([sessions, owner, lists, names, check].flatMap(({ table }) => table))]),
      },
      {
        tableName: "old",
        actions: of([...sessions.previous, ...owner.previous, ...lists.previous, ...names.previous]),
      },
    ]);
  });

  it("asks for owners' lists on another table only where a place there has a sort key", () => {
    const old = { name: "old", hashKey: "id", sortKey: null };
    const at = (previous: SessionStoreOptions["previous"]) =>
      tablePermissions({ table: { name: "sessions" }, owner: () => undefined, previous })[1]?.actions;
    expect(at([{ table: old }])).toEqual(of(sessions.previous));
    expect(at([{ table: { name: "old" } }])).toEqual(of([...sessions.previous, ...owner.previous]));
  });

  it("allows migrate to look for sessions where they come from, in the same table as well", () => {
    const table = { name: "sessions" };
    const actions = (previous: SessionStoreOptions["previous"]) =>
      tablePermissions({ table, hashIds: true, previous }, ["migrate"]).map((one) => one.actions);
    expect(actions([])).toEqual([of(sessions.table)]);
    expect(actions([{ table: { name: "old" } }])).toEqual([
      of(sessions.table),
      of([...sessions.previous, ...migration.previous]),
    ]);
    expect(actions([{ hashIds: false }])).toEqual([of([...sessions.table, ...migration.previous])]);
  });
});
