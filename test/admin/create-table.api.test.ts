// createTable: one call from nothing to a table that a store can use, and the same table whoever calls it again, at the same
// moment, or while DynamoDB is still busy with it. What neither emulator is slow at is answered by a proxy.
import { randomBytes } from "node:crypto";
import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, describe, expect, inject, it } from "vitest";
import { type CreateTableOptions, createTable, type SessionStoreOptions } from "../../src/admin/index.js";
import { createSessionEngine } from "../../src/core/index.js";
import { Clock, newId } from "../support/engines.js";
import { type Decide, denied, type Refusal } from "../support/fault-proxy.js";
import { createTable as createPlainTable, testClient, testClientConfig } from "../support/tables.js";
import { describeTimeToLive } from "../support/time-to-live.js";
import { proxyOfFile } from "./proxied.js";

const proxy = await proxyOfFile();
const client = testClient();
afterAll(() => client.destroy());

const newName = () => `test-${randomBytes(8).toString("hex")}`;

/** A store's options for a table, through the proxy; waiting takes no time, and lets the clock go on. */
function storeAt(name: string, table: Partial<SessionStoreOptions["table"]> = {}) {
  const clock = new Clock();
  const waited: number[] = [];
  const sleep = async (ms: number) => {
    waited.push(ms);
    clock.pass(ms);
  };
  // The SDK's own pauses before it tries again take real time, as much as chance has it.
  const clientConfig = testClientConfig({ endpoint: proxy.endpoint, maxAttempts: 1 });
  const store: SessionStoreOptions = { table: { name, ...table }, clientConfig, now: clock.now, sleep };
  return { store, waited };
}

async function describeOf(TableName: string) {
  return (await client.send(new DescribeTableCommand({ TableName }))).Table;
}

function answer(body: object): Refusal {
  return { status: 200, body };
}

function failure(name: string, message = ""): Refusal {
  return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message } };
}

/** Answers an action by one of these after the other; `pass` and whatever comes then is the emulator's. */
function script(action: string, answers: readonly (Refusal | "pass")[]): Decide {
  const left = [...answers];
  return (asked) => {
    const next = asked === action ? left.shift() : undefined;
    return next === "pass" ? undefined : next;
  };
}

/** What DescribeTable says of a table with the keys of the defaults, in a status that an emulator does not keep. */
function inStatus(TableStatus: string): Refusal {
  const names = ["pk", "sk"];
  return answer({
    Table: {
      TableName: "sessions",
      TableStatus,
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: names.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
    },
  });
}

const tooManyAtOnce = failure(
  "LimitExceededException",
  "Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously",
);

describe("a table that is not there", () => {
  it.each<[string, Partial<SessionStoreOptions["table"]>, object]>([
    ["with the keys of the defaults", {}, { pk: "HASH", sk: "RANGE" }],
    ["with names that the options give", { hashKey: "id", sortKey: "kind" }, { id: "HASH", kind: "RANGE" }],
    ["with a hash key alone", { hashKey: "sessionId", sortKey: null }, { sessionId: "HASH" }],
  ])("is created on demand, %s, and a store can use it at once", async (_, table, keys) => {
    const { store } = storeAt(newName(), table);
    expect(await createTable(store)).toMatchObject({ tableName: store.table.name, table: "created" });
    const described = await describeOf(store.table.name);
    expect(described).toMatchObject({
      TableStatus: "ACTIVE",
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    });
    const schema = described?.KeySchema?.map(({ AttributeName = "", KeyType }) => [AttributeName, KeyType]);
    expect(Object.fromEntries(schema ?? [])).toEqual(keys);
    expect(described?.AttributeDefinitions?.every((attribute) => attribute.AttributeType === "S")).toBe(true);
    const engine = createSessionEngine({ table: store.table, client });
    const id = newId();
    await engine.save(id, { n: 1 });
    expect((await engine.load(id))?.data).toEqual({ n: 1 });
  });

  it("is waited for until it is active, also while it is not yet seen", async () => {
    const { store, waited } = storeAt(newName());
    const notFound = failure("ResourceNotFoundException");
    const busy = [notFound, notFound, inStatus("CREATING"), inStatus("CREATING"), inStatus("UPDATING")];
    proxy.decide = script("DescribeTable", busy);
    expect(await createTable(store)).toMatchObject({ table: "created" });
    expect(proxy.requests.filter((action) => action === "CreateTable")).toHaveLength(1);
    expect(waited).toEqual([100, 200, 400, 800, 1600]);
  });

  it("is created once it is gone, where it is being deleted, whatever its keys were", async () => {
    const { store } = storeAt(newName(), { hashKey: "id" });
    proxy.decide = script("DescribeTable", [inStatus("DELETING"), inStatus("DELETING")]);
    expect(await createTable(store)).toMatchObject({ table: "created" });
    expect((await describeOf(store.table.name))?.KeySchema?.[0]?.AttributeName).toBe("id");
  });

  it("is created once more where somebody deletes it meanwhile", async () => {
    const { store } = storeAt(newName());
    const notFound = failure("ResourceNotFoundException");
    proxy.decide = script("DescribeTable", [notFound, inStatus("DELETING"), notFound]);
    await createTable(store);
    expect(proxy.requests.filter((action) => action === "CreateTable")).toHaveLength(2);
  });

  it("is created when the account's other tables are, where it has too many on their way", async () => {
    const { store } = storeAt(newName());
    proxy.decide = script("CreateTable", [tooManyAtOnce]);
    expect(await createTable(store)).toMatchObject({ table: "created" });
  });

  it("is refused at once where the account may have no more tables", async () => {
    const { store, waited } = storeAt(newName());
    const message = "Subscriber limit exceeded: There is a limit of 2500 tables per subscriber";
    proxy.decide = (action) =>
      action === "CreateTable" ? failure("LimitExceededException", message) : undefined;
    await expect(createTable(store)).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(/was not created, for the account has reached a limit .*higher quota$/),
      cause: { name: "LimitExceededException", message },
    });
    expect(waited).toEqual([]);
  });

  it("is told of with the last refusal, where waiting did not help", async () => {
    const { store } = storeAt(newName());
    proxy.decide = (action) => (action === "CreateTable" ? tooManyAtOnce : undefined);
    await expect(createTable(store, { timeout: 1000 })).rejects.toMatchObject({
      code: "ERR_SESSION_TIMEOUT",
      message: expect.stringMatching(/waits for other tables of the account that are being changed/),
      cause: { name: "LimitExceededException" },
    });
  });

  it("is not waited for longer than the option timeout says", async () => {
    const { store, waited } = storeAt(newName());
    proxy.decide = (action) => (action === "DescribeTable" ? inStatus("CREATING") : undefined);
    await expect(createTable(store, { timeout: 60_000 })).rejects.toMatchObject({
      code: "ERR_SESSION_TIMEOUT",
      message: expect.stringMatching(/within 60000 ms .*is CREATING\. Call again/),
    });
    expect(waited.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
    expect(Math.max(...waited)).toBe(5_000);
  });

  it("is created by one of two who create it at the same time, and found by the other", async () => {
    const name = newName();
    const callers = [storeAt(name), storeAt(name)];
    // Both have looked before either creates.
    let looking = 0;
    let go = () => {};
    const bothLooked = new Promise<void>((resolve) => {
      go = resolve;
    });
    proxy.decide = async (action) => {
      if (action === "DescribeTable" && ++looking === 2) go();
      if (action === "CreateTable") await bothLooked;
      return undefined;
    };
    const results = await Promise.all(callers.map(({ store }) => createTable(store)));
    expect(results.map(({ table }) => table).sort()).toEqual(["created", "found"]);
    expect(proxy.requests.filter((action) => action === "CreateTable")).toHaveLength(2);
  });
});

describe("a table that is there", () => {
  it("with the same keys is found, and stays", async () => {
    const { store } = storeAt(newName());
    await createTable(store);
    expect(await createTable(store)).toMatchObject({ table: "found" });
    expect(proxy.requests.filter((action) => action === "CreateTable")).toHaveLength(1);
  });

  it.each<[string, Partial<SessionStoreOptions["table"]>, RegExp]>([
    [
      "another hash key",
      { hashKey: "id" },
      /say hash key "pk" and sort key "sk"; the table has hash key "id" and sort key "sk"\. Set table: { hashKey: "id", sortKey: "sk" }/,
    ],
    [
      "no sort key",
      { hashKey: "id", sortKey: null },
      /the table has hash key "id" and no sort key\. Set .* for the rows of connect-dynamodb/,
    ],
  ])("with %s is refused, with both schemas, and stays as it is", async (_, keys, says) => {
    const name = await createPlainTable(client, keys);
    await expect(createTable(storeAt(name).store)).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(says),
    });
    expect(proxy.requests).toEqual(["DescribeTable"]);
  });

  it("with a key of another type is refused", async () => {
    const name = newName();
    const AttributeDefinitions = [{ AttributeName: "pk", AttributeType: "N" as const }];
    const KeySchema = [{ AttributeName: "pk", KeyType: "HASH" as const }];
    const BillingMode = "PAY_PER_REQUEST";
    await client.send(
      new CreateTableCommand({ TableName: name, BillingMode, AttributeDefinitions, KeySchema }),
    );
    await expect(createTable(storeAt(name, { sortKey: null }).store)).rejects.toThrow(
      /the table has hash key "pk" and no sort key, and "pk" is of type N\. Use another table \(keys are of type string\)/,
    );
  });

  it.each([
    ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", /allow its key in KMS again/],
    ["ARCHIVED", /status is ARCHIVED; see what the AWS console says/],
  ])("and does not become usable, as in %s, is not waited for", async (status, says) => {
    const { store, waited } = storeAt(newName());
    proxy.decide = (action) => (action === "DescribeTable" ? inStatus(status) : undefined);
    await expect(createTable(store)).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(says),
    });
    expect(waited).toEqual([]);
  });
});

describeTimeToLive("time to live", () => {
  const ttlOf = async (TableName: string) =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
  const switchOn = (TableName: string, AttributeName: string) =>
    client.send(
      new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName } }),
    );

  it("is switched on by the attribute expires, once", async () => {
    const { store } = storeAt(newName());
    expect(await createTable(store)).toMatchObject({ timeToLive: "switchedOn" });
    expect(await ttlOf(store.table.name)).toMatchObject({
      TimeToLiveStatus: "ENABLED",
      AttributeName: "expires",
    });
    expect(await createTable(store)).toMatchObject({ table: "found", timeToLive: "wasOn" });
    expect(proxy.requests.filter((action) => action === "UpdateTimeToLive")).toHaveLength(1);
  });

  it("is put right where the table was made without it", async () => {
    const name = await createPlainTable(client);
    expect(await createTable(storeAt(name).store)).toMatchObject({
      table: "found",
      timeToLive: "switchedOn",
    });
    expect(await ttlOf(name)).toMatchObject({ TimeToLiveStatus: "ENABLED", AttributeName: "expires" });
  });

  it("by another attribute is refused, with what to do, and stays", async () => {
    const name = await createPlainTable(client);
    await switchOn(name, "ttl");
    await expect(createTable(storeAt(name).store)).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(
        /is on the attribute "ttl", and sessions have theirs in "expires"\. .*switch it off/,
      ),
    });
    expect(await ttlOf(name)).toMatchObject({ AttributeName: "ttl" });
  });

  it.each(["expires", "ttl"])(
    "that another switches on by %s between the look and the switch is looked at again",
    async (attribute) => {
      const name = await createPlainTable(client);
      proxy.decide = async (action) => {
        if (action === "UpdateTimeToLive") await switchOn(name, attribute);
        return undefined;
      };
      const result = createTable(storeAt(name).store);
      if (attribute === "expires") expect(await result).toMatchObject({ timeToLive: "wasOn" });
      else await expect(result).rejects.toThrow(/is on the attribute "ttl"/);
    },
  );
});

describe("time to live as DynamoDB has it, where emulators have it at once", () => {
  const described = (TimeToLiveStatus: string, AttributeName?: string) =>
    answer({ TimeToLiveDescription: { TimeToLiveStatus, AttributeName } });
  const switched = answer({ TimeToLiveSpecification: { Enabled: true, AttributeName: "expires" } });
  const MULTIPLE = "Time to live has been modified multiple times within a fixed interval";
  /** One answer for each action; the rest is the emulator's. */
  const answers =
    (by: Record<string, Refusal>): Decide =>
    (action) =>
      by[action];

  it("is on where it is being switched on", async () => {
    proxy.decide = answers({ DescribeTimeToLive: described("ENABLING", "expires") });
    expect(await createTable(storeAt(newName()).store)).toMatchObject({ timeToLive: "wasOn" });
  });

  it.each<[string, Record<string, Refusal>, RegExp]>([
    [
      "being switched on by another attribute",
      { DescribeTimeToLive: described("ENABLING", "ttl") },
      /on the attribute "ttl"/,
    ],
    [
      "being switched off",
      { DescribeTimeToLive: described("DISABLING", "expires") },
      /being switched off, which takes up to an hour; then call again/,
    ],
    [
      "switched off within the last hour",
      {
        DescribeTimeToLive: described("DISABLED"),
        UpdateTimeToLive: failure("ValidationException", MULTIPLE),
      },
      /within the last hour, and DynamoDB takes no other change before that is over; then call again/,
    ],
  ])("is refused with what to do where it is %s", async (_, by, says) => {
    proxy.decide = answers(by);
    const { store, waited } = storeAt(newName());
    await expect(createTable(store)).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(says),
    });
    // No hour is waited.
    expect(waited.length).toBeLessThanOrEqual(3);
  });

  it("is on where another has just switched it on, and DynamoDB says of the switch that it was the second", async () => {
    const before = script("DescribeTimeToLive", [described("DISABLED"), described("ENABLING", "expires")]);
    const second = failure("ValidationException", MULTIPLE);
    proxy.decide = (action, ...rest) => (action === "UpdateTimeToLive" ? second : before(action, ...rest));
    expect(await createTable(storeAt(newName()).store)).toMatchObject({ timeToLive: "wasOn" });
  });

  it("is switched on later where the table is being changed", async () => {
    const busy = failure("ResourceInUseException");
    const twice = script("UpdateTimeToLive", [busy, busy, switched]);
    proxy.decide = (action, ...rest) =>
      action === "DescribeTimeToLive" ? described("DISABLED") : twice(action, ...rest);
    expect(await createTable(storeAt(newName()).store)).toMatchObject({ timeToLive: "switchedOn" });
  });

  it("is said to be unknown where the API does not know it", async () => {
    proxy.decide = answers({
      DescribeTimeToLive: described("DISABLED"),
      UpdateTimeToLive: failure("UnknownOperationException"),
    });
    expect(await createTable(storeAt(newName()).store)).toMatchObject({
      table: "created",
      timeToLive: "unknown",
    });
  });
});

describe("protection on request", () => {
  const recovery = (PointInTimeRecoveryStatus: string) =>
    answer({
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: "ENABLED",
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus },
      },
    });

  it("is neither switched on nor looked at where it is not asked for", async () => {
    const result = await createTable(storeAt(newName()).store);
    expect(result).toMatchObject({ deletionProtection: "notAsked", pointInTimeRecovery: "notAsked" });
    expect(proxy.requests.filter((action) => /Backups|UpdateTable$/.test(action))).toEqual([]);
  });

  it("by recovery to a point in time is switched on when the new table's backups are there", async () => {
    const unavailable = failure("ContinuousBackupsUnavailableException", "Backups are being enabled");
    const update = script("UpdateContinuousBackups", [unavailable, unavailable, recovery("ENABLED")]);
    proxy.decide = (action, ...rest) =>
      action === "DescribeContinuousBackups" ? recovery("DISABLED") : update(action, ...rest);
    const { store } = storeAt(newName());
    expect(await createTable(store, { pointInTimeRecovery: true })).toMatchObject({
      table: "created",
      pointInTimeRecovery: "switchedOn",
    });
    proxy.decide = (action) => (action === "DescribeContinuousBackups" ? recovery("ENABLED") : undefined);
    expect(await createTable(store, { pointInTimeRecovery: true })).toMatchObject({
      pointInTimeRecovery: "wasOn",
    });
  });

  it("by recovery is said to be unknown where the API does not know it, as of both emulators", async () => {
    const result = await createTable(storeAt(newName()).store, { pointInTimeRecovery: true });
    expect(result).toMatchObject({ table: "created", pointInTimeRecovery: "unknown" });
  });

  it("against deletion is on from the start, or switched on, or unknown, as of dynalite", async () => {
    const isKnown = inject("emulator") === "dynamodb-local";
    const [fresh, old] = [storeAt(newName()).store, storeAt(await createPlainTable(client)).store];
    for (const store of [fresh, old]) {
      const first = await createTable(store, { deletionProtection: true });
      expect(first.deletionProtection).toBe(isKnown ? "switchedOn" : "unknown");
      const second = await createTable(store, { deletionProtection: true });
      expect(second.deletionProtection).toBe(isKnown ? "wasOn" : "unknown");
      // Nobody who does not ask for it switches it off.
      await createTable(store);
      if (isKnown) expect((await describeOf(store.table.name))?.DeletionProtectionEnabled).toBe(true);
    }
  });
});

describe("what fails", () => {
  it.each(["DescribeTable", "CreateTable", "DescribeTimeToLive", "UpdateContinuousBackups", "UpdateTable"])(
    "for want of the permission for %s is said by that action's name",
    async (missing) => {
      const off = answer({ ContinuousBackupsDescription: { ContinuousBackupsStatus: "ENABLED" } });
      proxy.decide = (action) => {
        if (action === missing) return denied(action);
        return action === "DescribeContinuousBackups" ? off : undefined;
      };
      const { store } = storeAt(missing === "UpdateTable" ? await createPlainTable(client) : newName());
      const options: CreateTableOptions =
        missing === "UpdateTable" ? { deletionProtection: true } : { pointInTimeRecovery: true };
      await expect(createTable(store, options)).rejects.toMatchObject({
        code: "ERR_SESSION_ACCESS",
        message: expect.stringContaining(`dynamodb:${missing} on the table "${store.table.name}" is denied`),
      });
    },
  );

  it("on the way is gone on with by the next call", async () => {
    const { store } = storeAt(newName());
    proxy.decide = (action) => (action === "DescribeTimeToLive" ? denied(action) : undefined);
    await expect(createTable(store)).rejects.toThrow(/is denied/);
    proxy.decide = () => undefined;
    const { timeToLive, ...rest } = await createTable(store);
    expect(rest).toMatchObject({ table: "found" });
    expect(timeToLive).toBe(inject("emulator") === "dynamodb-local" ? "switchedOn" : "unknown");
  });

  it("by no answer ends with the store's option timeout", async () => {
    proxy.decide = () => "hang";
    const { store } = storeAt(newName());
    await expect(createTable({ ...store, timeout: 60 })).rejects.toMatchObject({
      code: "ERR_SESSION_TIMEOUT",
      message: expect.stringMatching(/dynamodb:DescribeTable on the table .* was not answered within 60 ms/),
    });
    proxy.cut();
  });

  it("by its caller's signal ends with that signal's reason, in a request and in a pause", async () => {
    const reason = new Error("enough");
    const aborted = AbortSignal.abort(reason);
    await expect(createTable(storeAt(newName()).store, { signal: aborted })).rejects.toBe(reason);
    expect(proxy.requests).toEqual([]);

    const inRequest = new AbortController();
    proxy.decide = () => {
      inRequest.abort(reason);
      return "hang";
    };
    const patient = { ...storeAt(newName()).store, timeout: 600_000 };
    await expect(createTable(patient, { signal: inRequest.signal })).rejects.toBe(reason);
    proxy.cut();

    const inPause = new AbortController();
    proxy.decide = (action) => (action === "DescribeTable" ? inStatus("CREATING") : undefined);
    const { store } = storeAt(newName());
    // As the default: it ends when its signal does.
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener("abort", () => resolve());
        inPause.abort(reason);
      });
    await expect(createTable({ ...store, sleep }, { signal: inPause.signal })).rejects.toBe(reason);
  });

  it("by a name that no table can have is said so", async () => {
    await expect(createTable(storeAt("my sessions").store)).rejects.toMatchObject({
      code: "ERR_SESSION_OPTIONS",
      message: expect.stringMatching(
        /^table\.name: "my sessions" cannot be a table's name; expected from 3 to 255/,
      ),
    });
  });

  it.each<[object, RegExp]>([
    [{ timeout: 0 }, /timeout: expected milliseconds, 1 or more, got 0/],
    [{ deletionProtection: "yes" }, /deletionProtection: expected true or false/],
    [{ pointInTimeRecovery: 1 }, /pointInTimeRecovery: expected true or false/],
    [{ signal: {} }, /signal: expected an AbortSignal/],
    [{ ttl: 1 }, /ttl: no such option; there are deletionProtection, pointInTimeRecovery, timeout, signal/],
  ])("by the option %j says so, and sends nothing", async (options, says) => {
    await expect(createTable(storeAt(newName()).store, options)).rejects.toMatchObject({
      code: "ERR_SESSION_OPTIONS",
      message: expect.stringMatching(says),
    });
    expect(proxy.requests).toEqual([]);
  });
});
