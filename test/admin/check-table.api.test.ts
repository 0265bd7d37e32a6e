// checkTable: what it finds of a table as the emulators have it, and by a proxy of what they never are: denied, slow to
// create, in another region. That it changes nothing is held for each of its commands.
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, describe, expect, inject, it } from "vitest";
import { checkTable, createTable, type SessionStoreOptions, type TableCheck } from "../../src/admin/index.js";
import { PERMISSIONS } from "../../src/admin/policy.js";
import { createSessionEngine, type PreviousPlace } from "../../src/core/index.js";
import { newId } from "../support/engines.js";
import {
  type Answer,
  denied,
  expiredToken,
  internalError,
  type Refusal,
  skewed,
  throttled,
  unrecognizedClient,
} from "../support/fault-proxy.js";
import { nobody } from "../support/raw-servers.js";
import {
  createTable as createPlainTable,
  type KeyNames,
  putRow,
  readRows,
  testClient,
  testClientConfig,
} from "../support/tables.js";
import { describeTimeToLive } from "../support/time-to-live.js";
import { proxyOfFile } from "./proxied.js";

const proxy = await proxyOfFile();
const client = testClient();
const hasAll = inject("emulator") === "dynamodb-local";
afterAll(() => client.destroy());

type Options = Partial<Omit<SessionStoreOptions, "table">>;

function storeAt(name: string, options: Options = {}, keys: KeyNames = {}): SessionStoreOptions {
  const clientConfig = testClientConfig({ endpoint: proxy.endpoint, maxAttempts: 1 });
  return { table: { name, ...keys }, clientConfig, ...options };
}

/** A check in short: its findings by code, those of permissions by action, as "level: message". */
function inShort({ findings }: TableCheck): Record<string, string> {
  const said = findings.map(({ code, action, level, message }) => [action ?? code, `${level}: ${message}`]);
  return Object.fromEntries(said);
}

const problemsOf = ({ findings }: TableCheck) =>
  findings.filter(({ level }) => level === "problem").map(({ code, action }) => action ?? code);

function answer(body: object): Refusal {
  return { status: 200, body };
}

function failure(name: string, message = ""): Refusal {
  return { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message } };
}

/** What DescribeTable says of a table with the keys of the defaults. */
function described(table: object): Refusal {
  const names = ["pk", "sk"];
  return answer({
    Table: {
      TableName: "sessions",
      TableStatus: "ACTIVE",
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: names.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
      ...table,
    },
  });
}

const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);

describe("a table that createTable made", () => {
  it("is found to be as it should", async () => {
    const store = storeAt(await createPlainTable(client));
    await createTable(store);
    const check = await checkTable(store);
    const { port } = new URL(proxy.endpoint);
    expect(check).toMatchObject({ tableName: store.table.name, region: "us-east-1" });
    expect(inShort(check)).toEqual({
      connection: `ok: 127.0.0.1:${port} answers; the region is us-east-1`,
      clock: "ok: this machine's clock is right",
      table: `ok: the table "${store.table.name}" is there, and is ACTIVE`,
      keys: 'ok: hash key "pk" and sort key "sk", as the options say',
      "dynamodb:GetItem": "ok: dynamodb:GetItem is allowed",
      "dynamodb:BatchGetItem": "ok: dynamodb:BatchGetItem is allowed",
      "dynamodb:UpdateItem": "ok: dynamodb:UpdateItem is allowed",
      "dynamodb:DeleteItem": "ok: dynamodb:DeleteItem is allowed",
      "dynamodb:Scan": "ok: dynamodb:Scan is allowed",
      timeToLive: hasAll
        ? 'ok: time to live is on, by "expires"'
        : "problem: time to live is off, so that expired sessions stay in the table, and are paid for; createTable switches it on",
      billing: "ok: billed on demand",
      deletionProtection:
        "ok: deletion protection is off; the option deletionProtection of createTable switches it on",
      pointInTimeRecovery: "ok: this API does not know recovery to a point in time",
    });
    expect(check.isUsable).toBe(hasAll);
    expect(check.findings.every(({ tableName }) => tableName === store.table.name)).toBe(true);
  });

  it.each<[string, KeyNames, string]>([
    ["two keys", { hashKey: "id", sortKey: "kind" }, "session-store#"],
    ["a hash key alone", { hashKey: "id", sortKey: null }, ""],
  ])("with %s and sessions is left as it is, whatever is tried", async (_, keys, hashPrefix) => {
    const name = await createPlainTable(client, keys);
    const table = { name, ...keys, hashPrefix };
    const engine = createSessionEngine({ table, client });
    for (let n = 0; n < 3; n++) await engine.save(newId(), { n });
    const { hashKey = "pk", sortKey } = keys;
    // A row under the very key that is tried.
    const tried = { [hashKey]: { S: `${hashPrefix}check-table` }, note: { S: "mine" } };
    await putRow(client, name, sortKey ? { ...tried, [sortKey]: { S: "-" } } : tried);
    const before = await readRows(client, name);
    const withOwner = sortKey === null ? {} : { owner };
    const check = await checkTable({ ...storeAt(name, withOwner), table });
    expect(problemsOf(check).filter((code) => !["timeToLive", "transactions"].includes(code))).toEqual([]);
    expect(await readRows(client, name)).toEqual(before);
    expect(before).toHaveLength(4);
  });
});

describe("what is said of the connection", () => {
  it("is the same by a client of the caller's, which stays open", async () => {
    const table = { name: await createPlainTable(client) };
    const [ours, theirs] = [
      await checkTable({ table, clientConfig: testClientConfig() }),
      await checkTable({ table, client }),
    ];
    expect(theirs).toEqual(ours);
    expect(theirs).toMatchObject({ region: "us-east-1" });
    expect(await readRows(client, table.name)).toEqual([]);
  });

  it("is that nobody answers, or that the name is not known, and nothing else", async () => {
    const store = storeAt("sessions", {
      clientConfig: testClientConfig({ endpoint: await nobody(), maxAttempts: 1 }),
    });
    const check = await checkTable(store);
    expect(inShort(check)).toEqual({
      connection: expect.stringMatching(/^problem: .*nobody answers at the endpoint/),
    });
    expect(check).toMatchObject({ region: undefined, isUsable: false });
  });

  it("is that there are no credentials", async () => {
    const credentials = () =>
      Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" }));
    const store = storeAt("sessions", { clientConfig: testClientConfig({ credentials }) });
    expect(inShort(await checkTable(store))).toEqual({
      connection: expect.stringMatching(/^problem: .*credentials are missing, expired or wrong/),
    });
  });

  it("is that there is no region", async () => {
    const region = () => Promise.reject(new Error("Region is missing"));
    const store = storeAt("sessions", { clientConfig: testClientConfig({ region }) });
    expect(inShort(await checkTable(store))).toEqual({
      connection: expect.stringMatching(
        /^problem: .*region is missing.*set clientConfig\.region or AWS_REGION/,
      ),
    });
  });

  it.each<[string, Refusal, RegExp]>([
    ["credentials have expired", expiredToken(), /credentials are .*ExpiredTokenException/],
    ["credentials are unknown", unrecognizedClient(), /credentials are .*UnrecognizedClientException/],
    [
      "the endpoint is another region's",
      failure("InvalidSignatureException", "Credential should be scoped to a valid region."),
      /region is missing, is none, or is not the endpoint's/,
    ],
  ])("is that %s", async (_, refusal, says) => {
    proxy.decide = () => refusal;
    const check = await checkTable(storeAt("sessions"));
    expect(problemsOf(check)).toEqual(["connection"]);
    expect(inShort(check).connection).toMatch(says);
  });

  it("is that no answer came in time", async () => {
    proxy.decide = () => "hang";
    const check = await checkTable(storeAt("sessions", { timeout: 60 }));
    expect(inShort(check)).toEqual({ connection: expect.stringMatching(/was not answered within 60 ms/) });
    proxy.cut();
  });
});

describe("what is said of the clock", () => {
  const STEP = 1000;
  it.each([
    [0, "ok: this machine's clock is right"],
    [3 * STEP, "ok: this machine's clock is right"],
    [20 * STEP, /^warning: this machine's clock is (19|20) s ahead of DynamoDB's/],
    [-20 * STEP, /^warning: this machine's clock is (19|20) s behind DynamoDB's/],
    [
      600 * STEP,
      /^problem: this machine's clock is (599|600) s ahead of DynamoDB's, and sessions end by it; set it/,
    ],
  ])("where it is off by %i ms", async (off, says) => {
    const store = storeAt(await createPlainTable(client), { now: () => Date.now() + off });
    expect(inShort(await checkTable(store)).clock).toMatch(says);
  });

  it("is said as well where a request is refused for it", async () => {
    proxy.decide = () => skewed();
    expect(inShort(await checkTable(storeAt("sessions")))).toEqual({
      connection: expect.stringMatching(
        /^problem: .*refused for the time at which it was signed; set this machine's clock/,
      ),
      clock: expect.stringMatching(/^problem: this machine's clock is (899|900) s behind/),
    });
  });
});

describe("what is said of the table", () => {
  it("is that there is none, and where it was looked for", async () => {
    const store = storeAt("nowhere", { clientConfig: testClientConfig({ region: "eu-north-1" }) });
    const check = await checkTable(store);
    expect(problemsOf(check)).toEqual(["table"]);
    expect(inShort(check).table).toMatch(
      /"nowhere" does not exist in this region .* \(it was looked for in eu-north-1\)$/,
    );
    expect(inShort(check).connection).toMatch(/^ok: /);
  });

  it("is that none can have such a name", async () => {
    const check = await checkTable(storeAt("my sessions"));
    expect(problemsOf(check)).toEqual(["table"]);
    expect(inShort(check).table).toMatch(/"my sessions" cannot be a table's name/);
  });

  it.each([
    ["CREATING", "problem", /is being created; check again when it is/],
    ["DELETING", "problem", /its status is DELETING; when it is gone createTable makes another/],
    ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "problem", /allow its key in KMS again/],
    ["UPDATING", "ok", /is there, and is UPDATING/],
  ])("is that it is %s", async (TableStatus, level, says) => {
    const store = storeAt(await createPlainTable(client));
    proxy.decide = (action) => (action === "DescribeTable" ? described({ TableStatus }) : undefined);
    const check = await checkTable(store);
    expect(check.findings.find(({ code }) => code === "table")).toMatchObject({
      level,
      message: expect.stringMatching(says),
    });
    // Rows are asked for where they can be.
    expect(proxy.requests.includes("GetItem")).toBe(level === "ok");
  });

  it("is what keys it has, and the rest of it all the same", async () => {
    const store = storeAt(await createPlainTable(client, { hashKey: "id", sortKey: null }));
    const check = await checkTable(store);
    expect(inShort(check).keys).toMatch(
      /^problem: .*the options say hash key "pk" and sort key "sk"; the table has hash key "id" and no sort key\. Set /,
    );
    expect(inShort(check).billing).toBe("ok: billed on demand");
    expect(proxy.requests).not.toContain("GetItem");
  });

  const provisioned = (ReadCapacityUnits: number, WriteCapacityUnits: number) => ({
    ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits },
  });
  const upTo = (MaxReadRequestUnits: number, MaxWriteRequestUnits: number) => ({
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    OnDemandThroughput: { MaxReadRequestUnits, MaxWriteRequestUnits },
  });
  it.each<[string, object, string]>([
    [
      "little is provisioned",
      provisioned(20, 5),
      "warning: provisioned with 20 read and 5 write units a second: more than about 5 requests with a session in one are throttled; bill the table on demand, unless auto scaling raises it",
    ],
    ["more is provisioned", provisioned(40, 20), "ok: provisioned with 40 read and 20 write units a second"],
    [
      "on demand has a limit",
      upTo(4, -1),
      "warning: billed on demand, up to 4 read and any number of write units a second: more than about 4 requests with a session in one are throttled; raise that limit, or take it away",
    ],
    ["on demand has none", upTo(-1, -1), "ok: billed on demand"],
  ])("is how it is billed, where %s", async (_, table, says) => {
    proxy.decide = (action) => (action === "DescribeTable" ? described(table) : undefined);
    expect(inShort(await checkTable(storeAt(await createPlainTable(client)))).billing).toBe(says);
  });

  it("is how it is billed, as the emulator says of a provisioned one", async () => {
    const name = await createPlainTable(client);
    const table: CreateTableCommandInput = {
      TableName: `${name}-provisioned`,
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    };
    await client.send(new CreateTableCommand(table));
    const check = await checkTable(storeAt(`${name}-provisioned`, {}, { sortKey: null }));
    expect(inShort(check).billing).toMatch(/^warning: provisioned with 1 read and 1 write units a second/);
  });

  it.each<[string, "S" | "N", string]>([
    ["created", "N", "saved"],
    ["user", "S", "saved"],
    ["created", "S", "refused"],
    ["gen", "N", "refused"],
  ])("is whether an index takes its rows, where one is by %s as %s: %s", async (attribute, type, outcome) => {
    const name = `${await createPlainTable(client)}-indexed`;
    const indexed: CreateTableCommandInput = {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
        { AttributeName: attribute, AttributeType: type },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "mine",
          KeySchema: [{ AttributeName: attribute, KeyType: "HASH" }],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    };
    await client.send(new CreateTableCommand(indexed));
    await createTable(storeAt(name));
    const saved = createSessionEngine({ table: { name }, client }).save(newId(), { n: 1 });
    const said = inShort(await checkTable(storeAt(name))).indexes;
    if (outcome === "saved") {
      await saved;
      expect(said).toBe("ok: the keys of its indexes are no hindrance to rows");
    } else {
      // DynamoDB Local lets an update pass, which DynamoDB and dynalite refuse.
      if (hasAll) await saved;
      else await expect(saved).rejects.toMatchObject({ cause: { name: "ValidationException" } });
      expect(said).toMatch(
        `problem: an index of the table has an attribute as another type than rows, so that DynamoDB refuses them: "mine" has "${attribute}" as ${type}, and rows have it as ${type === "S" ? "N" : "S"}. Delete`,
      );
    }
  });

  it("is whether it is protected", async () => {
    proxy.decide = (action) => {
      if (action === "DescribeTable") return described({ DeletionProtectionEnabled: true });
      const PointInTimeRecoveryDescription = { PointInTimeRecoveryStatus: "ENABLED" };
      const ContinuousBackupsDescription = {
        ContinuousBackupsStatus: "ENABLED",
        PointInTimeRecoveryDescription,
      };
      return action === "DescribeContinuousBackups" ? answer({ ContinuousBackupsDescription }) : undefined;
    };
    expect(inShort(await checkTable(storeAt(await createPlainTable(client))))).toMatchObject({
      deletionProtection: "ok: deletion protection is on",
      pointInTimeRecovery: "ok: recovery to a point in time is on",
    });
  });
});

describeTimeToLive("what is said of time to live", () => {
  it("is that it is off, or on another attribute", async () => {
    const name = await createPlainTable(client);
    const off = await checkTable(storeAt(name));
    expect(problemsOf(off)).toEqual(["timeToLive"]);
    expect(inShort(off).timeToLive).toMatch(/is off, .*; createTable switches it on/);
    const TimeToLiveSpecification = { Enabled: true, AttributeName: "ttl" };
    await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
    const other = await checkTable(storeAt(name));
    expect(problemsOf(other)).toEqual(["timeToLive"]);
    expect(inShort(other).timeToLive).toMatch(
      /is on the attribute "ttl", and sessions have theirs in "expires"/,
    );
  });
});

describe("what is said of time to live that is being switched", () => {
  it.each([
    [
      "ENABLING",
      "expires",
      /^ok: time to live is being switched on, by "expires", which takes up to an hour/,
    ],
    ["ENABLING", "ttl", /^problem: .*on the attribute "ttl"/],
    [
      "DISABLING",
      "expires",
      /^problem: .*is being switched off, .*in an hour createTable can switch it on again/,
    ],
  ])("%s by %s", async (TimeToLiveStatus, AttributeName, says) => {
    const TimeToLiveDescription = { TimeToLiveStatus, AttributeName };
    proxy.decide = (action) =>
      action === "DescribeTimeToLive" ? answer({ TimeToLiveDescription }) : undefined;
    expect(inShort(await checkTable(storeAt(await createPlainTable(client)))).timeToLive).toMatch(says);
  });
});

describe("what is said of permissions", () => {
  const { sessions, owner: ofOwner, lists } = PERMISSIONS;
  const needed: [string, string, RegExp][] = [
    ...sessions.table.map((action): [string, string, RegExp] =>
      action === "BatchGetItem"
        ? [action, "warning", /Without it each session is read by itself/]
        : [action, "problem", /Sessions need it/],
    ),
    ...ofOwner.table.map((action): [string, string, RegExp] => [
      action,
      "problem",
      /The option owner needs it/,
    ]),
    ...lists.table.map((action): [string, string, RegExp] => [action, "warning", /sessions do not/]),
    ["DescribeTable", "warning", /neither this check nor an error can tell the table's keys/],
    ["DescribeTimeToLive", "warning", /cannot tell whether expired sessions are removed/],
    ["DescribeContinuousBackups", "warning", /cannot tell whether recovery to a point in time is on/],
  ];

  it.each(needed)("is that %s is missing: a %s", async (missing, level, says) => {
    proxy.decide = (action) => (action === missing ? denied(action) : undefined);
    const { findings } = await checkTable(storeAt(await createPlainTable(client), { owner }));
    const amiss = findings.filter((finding) => finding.code === "permission" && finding.level !== "ok");
    expect(amiss).toMatchObject([
      { level, action: `dynamodb:${missing}`, message: expect.stringMatching(says) },
    ]);
    expect(amiss[0]?.message).toMatch(new RegExp(`^dynamodb:${missing} on the table .* is denied; allow it`));
    // All others were tried.
    const tried = findings.filter(({ code }) => code === "permission").map(({ action }) => action);
    for (const action of [...sessions.table, ...ofOwner.table, ...lists.table])
      expect(tried).toContain(`dynamodb:${action}`);
  });

  it("is that all are missing, each by its name", async () => {
    proxy.decide = (action) => denied(action);
    const check = await checkTable(storeAt("sessions"));
    expect(problemsOf(check)).toEqual(["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]);
    expect(inShort(check).connection).toMatch(/^ok: /);
  });

  it("is that one cannot be told while the table is throttled, which is no denial", async () => {
    proxy.decide = (action) => (action === "UpdateItem" ? throttled() : undefined);
    const check = await checkTable(storeAt(await createPlainTable(client)));
    expect(inShort(check)["dynamodb:UpdateItem"]).toMatch(
      /^warning: whether dynamodb:UpdateItem is allowed cannot be said: .*throttled/,
    );
  });

  it.each<[string, Answer, RegExp]>([
    ["no answer comes in time", "hang", /was not answered within 2000 ms/],
    ["the service fails", internalError(), /InternalServerError/],
    ["the credentials end", expiredToken(), /ExpiredTokenException/],
  ])("is that one that sessions need could not be tried, where %s: a problem", async (_, fault, says) => {
    const store = storeAt(await createPlainTable(client), { timeout: 2000 });
    for (const needed of ["GetItem", "UpdateItem", "DeleteItem"]) {
      proxy.decide = (action) => (action === needed ? fault : undefined);
      const check = await checkTable(store);
      proxy.cut();
      const said = inShort(check);
      expect(said[`dynamodb:${needed}`]).toMatch(/^problem: .*could not be tried: .*\. Sessions need it$/);
      expect(said[`dynamodb:${needed}`]).toMatch(says);
      expect(check.isUsable).toBe(false);
    }
  });

  it("is that one that sessions can do without could not be tried: a warning", async () => {
    const without = ["BatchGetItem", "Scan", "DescribeContinuousBackups"];
    proxy.decide = (action) => (without.includes(action) ? internalError() : undefined);
    const said = inShort(await checkTable(storeAt(await createPlainTable(client))));
    for (const action of without) expect(said[`dynamodb:${action}`]).toMatch(/^warning: .*cannot be said: /);
  });

  it("finds a table that may not be described by its rows: that there is none, or that it has other keys", async () => {
    proxy.decide = (action) => (action === "DescribeTable" ? denied(action) : undefined);
    const absent = await checkTable(storeAt("nowhere"));
    expect(problemsOf(absent)).toEqual(["table"]);
    const others = await checkTable(storeAt(await createPlainTable(client, { hashKey: "id" })));
    expect(problemsOf(others)).toEqual(["keys"]);
    expect(inShort(others).keys).toMatch(/which say hash key "pk" and sort key "sk"\. Set table\.hashKey/);
  });
});

describe("with the options previous and owner", () => {
  it("transactions are tried, which dynalite does not have", async () => {
    const name = await createPlainTable(client);
    const check = await checkTable(storeAt(name, { owner }));
    expect(inShort(check).transactions).toMatch(
      hasAll
        ? "ok: the API has transactions"
        : /^problem: .*the options previous and owner need transactions/,
    );
    expect(inShort(await checkTable(storeAt(name)))).not.toHaveProperty("transactions");
  });

  it("other tables are looked at as well, by what is asked of them", async () => {
    const [name, old] = [
      await createPlainTable(client),
      await createPlainTable(client, { hashKey: "id", sortKey: null }),
    ];
    const previous = [
      { table: { name: old, hashKey: "id", sortKey: null, hashPrefix: "sess:" } },
      { hashPrefix: "before#" },
    ];
    const found = (check: TableCheck) =>
      check.findings
        .filter(({ tableName }) => tableName === old)
        .map(({ code, action, level }) => [action ?? code, level]);
    const asked = [
      ["table", "ok"],
      ["keys", "ok"],
      ["dynamodb:GetItem", "ok"],
      ["dynamodb:DeleteItem", "ok"],
      ["dynamodb:Scan", "ok"],
    ];
    expect(found(await checkTable(storeAt(name, { previous })))).toEqual(asked);
    // No owners are listed where there is no sort key.
    expect(found(await checkTable(storeAt(name, { previous, owner })))).toEqual(asked);
    const { findings } = await checkTable(storeAt(name, { previous: [{ hashPrefix: "before#" }] }));
    expect(findings.filter(({ code }) => code === "table")).toHaveLength(1);
    const absent = [{ table: { name: "long-gone" } }];
    const check = await checkTable(storeAt(name, { previous: absent }));
    expect(check.findings.at(-1)).toMatchObject({ code: "table", level: "problem", tableName: "long-gone" });
  });
});

describe("with several places of previous in one table", () => {
  const keysOf = ({ findings }: TableCheck, name: string) =>
    findings
      .filter(({ code, tableName }) => code === "keys" && tableName === name)
      .map(({ level, message }) => [level, /say(?:s)? (hash key .*?);|^(hash key .*?),/.exec(message)?.[0]]);

  it("the keys of each are looked at, in the store's own table too", async () => {
    const name = await createPlainTable(client);
    const previous = [
      { hashPrefix: "before#" },
      { table: { hashKey: "id", sortKey: null, hashPrefix: "sess:" } },
    ];
    const check = await checkTable(storeAt(name, { previous }));
    expect(keysOf(check, name)).toEqual([
      ["ok", 'hash key "pk" and sort key "sk",'],
      ["problem", 'say hash key "id" and no sort key;'],
    ]);
    expect(check.isUsable).toBe(false);
    expect(check.findings.filter(({ code }) => code === "table")).toHaveLength(1);
  });

  it.each([[["first", "last"]], [["last", "first"]]])(
    "the keys of each are looked at, in another table: %j",
    async (order) => {
      const [name, old] = [
        await createPlainTable(client),
        await createPlainTable(client, { hashKey: "id", sortKey: null }),
      ];
      const places: Record<string, PreviousPlace> = {
        first: { table: { name: old, hashPrefix: "a#" } },
        last: { table: { name: old, hashKey: "id", sortKey: null, hashPrefix: "b#" } },
      };
      const previous = order.flatMap((one) => places[one] ?? []);
      const check = await checkTable(storeAt(name, { previous }));
      expect(keysOf(check, old).map(([level]) => level)).toEqual(
        order.map((one) => (one === "first" ? "problem" : "ok")),
      );
      expect(check.isUsable).toBe(false);
      // What can be tried is tried, by the place whose keys are the table's.
      const tried = check.findings.filter(
        ({ code, tableName }) => code === "permission" && tableName === old,
      );
      expect(tried.map(({ level }) => level)).toEqual(["ok", "ok", "ok"]);
      // The same where the table may not be described.
      proxy.decide = (action) => (action === "DescribeTable" ? denied(action) : undefined);
      const unseen = await checkTable(storeAt(name, { previous }));
      expect(keysOf(unseen, old).map(([level]) => level)).toEqual(["problem"]);
    },
  );
});

describe("what a check throws", () => {
  it("is its options' fault", async () => {
    await expect(checkTable(storeAt(""))).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    const options = { signal: "now" };
    // @ts-expect-error: as from JavaScript.
    await expect(checkTable(storeAt("sessions"), options)).rejects.toThrow(/signal: expected an AbortSignal/);
  });

  it("is the reason of its signal, at any moment", async () => {
    const reason = new Error("enough");
    await expect(checkTable(storeAt("sessions"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    for (const moment of ["DescribeTable", "GetItem", "DescribeTimeToLive", "DescribeContinuousBackups"]) {
      const store = storeAt(await createPlainTable(client), { timeout: 600_000 });
      const stop = new AbortController();
      proxy.decide = (action) => {
        if (action !== moment) return undefined;
        stop.abort(reason);
        return "hang";
      };
      await expect(checkTable(store, { signal: stop.signal })).rejects.toBe(reason);
      proxy.cut();
    }
  });
});
