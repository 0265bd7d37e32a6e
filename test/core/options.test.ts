// Options: what is refused when an engine is made, by name and with what was given; and the defaults.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { describe, expect, it } from "vitest";
import { createSessionEngine, DEFAULTS, SessionStoreError } from "../../src/core/index.js";
import { type DynamoDBClientLike, type PreviousPlace, resolveOptions } from "../../src/core/options.js";

const table = { name: "sessions" };
const codec = {
  name: "as it is",
  tag: 32,
  encode: (bytes: Uint8Array) => bytes,
  decode: (bytes: Uint8Array) => bytes,
};

// What a JavaScript caller may pass, whatever the types say.
function make(options: unknown) {
  return () => createSessionEngine(JSON.parse("{}").none ?? options);
}

describe("an option that cannot be meant is refused by name, with what was given", () => {
  it.each([
    { options: undefined, says: /^options: .*got nothing/ },
    { options: null, says: /^options: .*got null/ },
    { options: "sessions", says: /^options: .*got "sessions"/ },
    { options: {}, says: /^table: .*got nothing/ },
    { options: { table: "sessions" }, says: /^table: .*got "sessions"/ },
    { options: { table: {} }, says: /^table\.name: .*environment variable.*got nothing/ },
    {
      options: { table: { name: process.env.NO_SUCH_VARIABLE } },
      says: /^table\.name: .*environment variable/,
    },
    { options: { table: { name: "" } }, says: /^table\.name: .*got ""/ },
    { options: { table: { name: 5 } }, says: /^table\.name: .*got 5/ },
    { options: { table: { ...table, hashKey: "" } }, says: /^table\.hashKey: .*got ""/ },
    { options: { table: { ...table, hashKey: "sess" } }, says: /^table\.hashKey: .*got "sess"/ },
    { options: { table: { ...table, sortKey: "" } }, says: /^table\.sortKey: .*null/ },
    { options: { table: { ...table, sortKey: "pk" } }, says: /^table\.sortKey: .*got "pk"/ },
    { options: { table: { ...table, hashPrefix: null } }, says: /^table\.hashPrefix: .*got null/ },
    {
      options: { table: { ...table, hashPrefix: "x".repeat(600) } },
      says: /^table\.hashPrefix: .*a string of 600/,
    },
    {
      options: { table: { ...table, hashprefix: "x" } },
      says: /^table\.hashprefix: no such option.*hashPrefix/,
    },
    { options: { table, ttl: -1 }, says: /^ttl: .*got -1/ },
    { options: { table, ttl: 0 }, says: /^ttl: .*got 0/ },
    { options: { table, ttl: Number.NaN }, says: /^ttl: .*got NaN/ },
    { options: { table, ttl: Number.POSITIVE_INFINITY }, says: /^ttl: .*got Infinity/ },
    { options: { table, ttl: "1 day" }, says: /^ttl: .*got "1 day"/ },
    { options: { table, touchInterval: -1 }, says: /^touchInterval: .*got -1/ },
    { options: { table, touchInterval: Number.NaN }, says: /^touchInterval: .*got NaN/ },
    { options: { table, touchinterval: 5 }, says: /^touchinterval: no such option.*touchInterval/ },
    { options: { table, keepExpired: "yes" }, says: /^keepExpired: .*got "yes"/ },
    { options: { table, consistentRead: 1 }, says: /^consistentRead: .*got 1/ },
    { options: { table, format: "xml" }, says: /^format: .*"map".*got "xml"/ },
    { options: { table, timeout: 0 }, says: /^timeout: .*got 0/ },
    { options: { table, timeout: 2 ** 31 }, says: /^timeout: .*got 2147483648/ },
    { options: { table, onEvent: {} }, says: /^onEvent: .*got an object/ },
    { options: { table, now: 5 }, says: /^now: .*got 5/ },
    { options: { table, client: {} }, says: /^client: .*DynamoDBClient.*got an object/ },
    { options: { table, client: { getItem() {} } }, says: /^client: .*DynamoDBDocumentClient/ },
    { options: { table, client: { send() {}, config: { serviceId: "S3" } } }, says: /^client: / },
    { options: Object.create({ table, ttl: Number.NaN }), says: /^ttl: .*got NaN/ },
    {
      options: {
        table,
        client: { send() {}, config: {}, middlewareStack: { identify: () => ["retryMiddleware"] } },
      },
      says: /^client: .*3\.952 or newer/,
    },
    { options: { table, clientConfig: { region: "" } }, says: /^clientConfig: / },
    { options: { table, clientConfig: "us-east-1" }, says: /^clientConfig: .*got "us-east-1"/ },
    {
      options: { table, client: { send() {}, config: {} }, clientConfig: {} },
      says: /^client and clientConfig: .*only one/,
    },
    { options: { table, clientConfig: {}, dynamoConfig: {} }, says: /^clientConfig and dynamoConfig: / },
    { options: { table, absoluteTtl: 0 }, says: /^absoluteTtl: .*got 0/ },
    { options: { table, absoluteTtl: "8 hours" }, says: /^absoluteTtl: .*got "8 hours"/ },
    { options: { table, hashIds: "sha256" }, says: /^hashIds: .*got "sha256"/ },
    { options: { table, owner: "user" }, says: /^owner: .*function.*got "user"/ },
    { options: { table: { ...table, sortKey: null }, owner: () => "ada" }, says: /^owner: .*sort key/ },
    { options: { table: { ...table, hashKey: "owner" } }, says: /^table\.hashKey: .*got "owner"/ },
    { options: { table, previous: {} }, says: /^previous: .*list.*got an object/ },
    { options: { table, previous: ["old"] }, says: /^previous: .*list/ },
    { options: { table, previous: [{}] }, says: /^previous\[0\]: .*same place/ },
    { options: { table, previous: [{ hashIds: false }] }, says: /^previous\[0\]: .*same place/ },
    {
      options: { table, previous: [{ table: { name: "sessions", hashPrefix: "session-store#" } }] },
      says: /^previous\[0\]: .*same place/,
    },
    {
      options: { table, previous: [{ hashPrefix: "a#" }, { hashPrefix: "a#" }] },
      says: /^previous\[1\]: .*same place/,
    },
    {
      options: { table, previous: [{ hashPrefix: "session-store#old#" }] },
      says: /^previous\[0\]: .*hashPrefix.*told apart/,
    },
    { options: { table, previous: [{ hashPrefix: "" }] }, says: /^previous\[0\]: .*told apart/ },
    {
      options: { table, previous: [{ hashIds: true }] },
      says: /^previous\[0\]\.hashIds: .*set hashIds/,
    },
    {
      options: { table, previous: [{ hashPrefix: "a", table: { hashPrefix: "a" } }] },
      says: /^previous\[0\]\.hashPrefix and previous\[0\]\.table\.hashPrefix: .*only one/,
    },
    { options: { table, previous: [{ prefix: "a" }] }, says: /^previous\[0\]\.prefix: no such option/ },
    {
      options: { table, previous: [{ table: { name: undefined }, hashPrefix: "old#" }] },
      says: /^previous\[0\]\.table\.name: .*environment variable.*got nothing/,
    },
    {
      options: {
        table: { ...table, hashPrefix: "now#" },
        previous: [{ table: { hashPrefix: undefined, hashKey: undefined } }],
      },
      says: /^previous\[0\]: .*same place/,
    },
    {
      options: { table, previous: [{ table: { name: "" } }] },
      says: /^previous\[0\]\.table\.name: .*got ""/,
    },
    {
      options: { table, previous: [{ table: { name: "old", sortKey: "pk" } }] },
      says: /^previous\[0\]\.table\.sortKey: /,
    },
    { options: { table, codec: "gzip" }, says: /^codec: .*got "gzip"/ },
    { options: { table, codec: [{ ...codec, tag: 0 }] }, says: /^codec: / },
    { options: { table, codec: [{ ...codec, tag: 256 }] }, says: /^codec: / },
    { options: { table, codec: [codec, { ...codec }] }, says: /^codec: .*tag of its own/ },
    { options: { table, codec: { ...codec, decode: undefined } }, says: /^codec: / },
    { options: { table, codec, format: "map" }, says: /^format: "map".*codec/ },
  ])("$says", ({ options, says }) => {
    const error = catchError(make(options));
    expect(error).toBeInstanceOf(SessionStoreError);
    expect(error).toMatchObject({ code: "ERR_SESSION_OPTIONS", name: "SessionStoreError" });
    expect(error.message).toMatch(says);
  });

  it.each([
    ["options: expected an object with at least { table: { name } }", "sessions"],
    ["table: expected an object with at least { name }", { table: "sessions" }],
    [
      "table.name: expected the name of a DynamoDB table (is the environment variable set that it comes from?)",
      { table: { name: "" } },
    ],
    [
      "table.hashKey: expected the name of the table's hash key, and none of a row's other attributes",
      { table: { ...table, hashKey: "k".repeat(256) } },
    ],
    [
      "table.sortKey: expected the name of the table's sort key, and none of a row's other attributes, or null for a table without one",
      { table: { ...table, sortKey: "rev" } },
    ],
    [
      "table.hashPrefix: expected a string of at most 512 bytes",
      { table: { ...table, hashPrefix: "é".repeat(257) } },
    ],
    [
      "table.hashPrefix: expected a string of at most 512 bytes",
      { table: { ...table, hashPrefix: "\ud800" } },
    ],
    ["table.sortKey: expected another name than table.hashKey", { table: { ...table, sortKey: "pk" } }],
    ["ttl: expected milliseconds, 1 or more, or a function that gives them", { table, ttl: 0.5 }],
    ["ttl: expected milliseconds, 1 or more, or a function that gives them", { table, ttl: 9e13 + 1 }],
    ["absoluteTtl: expected milliseconds, 1 or more", { table, absoluteTtl: "1" }],
    ["hashIds: expected true or false", { table, hashIds: 1 }],
    [
      "previous: expected a list of { table, hashPrefix, hashIds }",
      { table, previous: [{ hashPrefix: "a#" }, 5] },
    ],
    [
      "codec: expected a codec, or a list of codecs with a tag of its own each",
      { table, codec: { ...codec, tag: 32.5 } },
    ],
    [
      "codec: expected a codec, or a list of codecs with a tag of its own each",
      { table, codec: { ...codec, tag: "32" } },
    ],
    [
      "codec: expected a codec, or a list of codecs with a tag of its own each",
      { table, codec: { ...codec, name: 5 } },
    ],
    [
      "codec: expected a codec, or a list of codecs with a tag of its own each",
      { table, codec: { ...codec, encode: 5 } },
    ],
    ["owner: expected a function", { table, owner: 5 }],
    ["touchInterval: expected milliseconds, 0 or more", { table, touchInterval: Number.POSITIVE_INFINITY }],
    ["touchInterval: expected milliseconds, 0 or more", { table, touchInterval: "5" }],
    ["keepExpired: expected true or false", { table, keepExpired: 1 }],
    [
      "client: expected a DynamoDBClient or DynamoDBDocumentClient of the AWS SDK 3.952 or newer",
      { table, client: { send() {} } },
    ],
    ["clientConfig: expected the configuration of a DynamoDBClient", { table, clientConfig: [] }],
    ["dynamoConfig: expected the configuration of a DynamoDBClient", { table, dynamoConfig: 5 }],
    ["consistentRead: expected true or false", { table, consistentRead: "yes" }],
    ['format: expected "json" or "map"', { table, format: "JSON" }],
    [
      'concurrency: expected "merge", "last-write-wins" or a function (base, ours, theirs) => data',
      { table, concurrency: "first-write-wins" },
    ],
    ["timeout: expected milliseconds, from 1 to 2 147 483 647", { table, timeout: 0.5 }],
    ["onEvent: expected a function", { table, onEvent: "log" }],
    ["randomId: expected a function", { table, randomId: "x" }],
    ["sleep: expected a function", { table, sleep: 5 }],
    [
      "previous[0].table: expected an object of { name, hashKey, sortKey, hashPrefix }",
      { table, previous: [{ table: 5 }] },
    ],
    [
      "previous[0].hashPrefix: expected a string of at most 512 bytes",
      { table, previous: [{ hashPrefix: 5 }] },
    ],
    ["previous[0].hashIds: expected true or false", { table, previous: [{ hashIds: 5 }] }],
    [
      "previous[0].table.sortKey: expected another name than previous[0].table.hashKey",
      { table, previous: [{ table: { name: "old", hashKey: "sk" } }] },
    ],
  ])("says what is expected: %s", (expected, options) => {
    const { message } = catchError(make(options));
    expect(message.slice(0, message.lastIndexOf(", got "))).toBe(expected);
  });

  it.each([
    {
      options: { table, codec, format: "map" },
      says: 'format: "map" is written for servers of 0.0.19, which read nothing that a codec has encoded; leave out one of format and codec',
    },
    {
      options: { table: { ...table, sortKey: null }, owner: () => "ada" },
      says: "owner: needs a table with a sort key, and table.sortKey is null: under it an owner's sessions are listed",
    },
    {
      options: { table, client: aClient(), dynamoConfig: {} },
      says: "client and dynamoConfig: give only one of them",
    },
    {
      options: { table, previous: [{ hashPrefix: "a", table: { hashPrefix: "a" } }] },
      says: "previous[0].hashPrefix and previous[0].table.hashPrefix: give only one of them",
    },
    {
      options: { table, previous: [{ hashIds: true }] },
      says: "previous[0].hashIds: ids that are hashed there are hashed in the table as well; set hashIds",
    },
    {
      options: { table, previous: [{ hashPrefix: "a#" }, { hashPrefix: "a#" }] },
      says: "previous[1]: is the same place as another; it must differ in table, hashPrefix or hashIds",
    },
    {
      options: { table, previous: [{ hashPrefix: "a#" }, { hashPrefix: "session-store#b#" }] },
      says: "previous[1]: its hashPrefix, or that of another place in the same table, begins with the other: their keys could not be told apart",
    },
    {
      options: { table, previous: [{ hashPrefix: "session" }] },
      says: "previous[0]: its hashPrefix, or that of another place in the same table, begins with the other: their keys could not be told apart",
    },
  ])("says what does not go together: $says", ({ options, says }) => {
    expect(catchError(make(options)).message).toBe(says);
  });

  it("says why the SDK makes no client, by its own error", () => {
    const clientConfig = {
      get region(): string {
        throw new Error("the SDK's");
      },
    };
    expect(catchError(make({ table, clientConfig }))).toMatchObject({
      code: "ERR_SESSION_OPTIONS",
      message: "clientConfig: the SDK makes no client of it; see the cause",
      cause: { message: "the SDK's" },
    });
  });

  it("never shows what an object holds", () => {
    const clientConfig = { credentials: { accessKeyId: "AKIDSECRET", secretAccessKey: "hidden" } };
    const error = catchError(make({ table, ttl: clientConfig }));
    expect(error.message).not.toMatch(/AKIDSECRET|hidden/);
  });
});

describe("what is accepted", () => {
  const region = "us-east-1";

  it("is what 0.0.19 took, with its defaults", () => {
    const resolved = resolveOptions({ table, dynamoConfig: { region } });
    expect(resolved).toMatchObject({
      tableName: "sessions",
      keys: { hashKey: "pk", sortKey: "sk", hashPrefix: "session-store#" },
      ttl: undefined,
      touchInterval: 30_000,
      keepExpired: false,
      consistentRead: true,
      format: "json",
      timeout: 5000,
    });
    expect(DEFAULTS.ttl).toBe(86_400_000);
  });

  it("is an option given as undefined, which means its default", () => {
    const given = { touchInterval: undefined, ttl: undefined, keepExpired: undefined, client: undefined };
    expect(resolveOptions({ table: { ...table, sortKey: undefined }, ...given })).toMatchObject({
      touchInterval: 30_000,
      keys: { sortKey: "sk" },
    });
  });

  it("is a client of either kind", () => {
    const client = new DynamoDBClient({ region });
    for (const given of [client, DynamoDBDocumentClient.from(client)]) {
      expect(resolveOptions({ table, client: given })).toMatchObject({ tableName: "sessions" });
    }
    client.destroy();
  });

  it.each([
    { ttl: 1, timeout: 1, touchInterval: 0, absoluteTtl: 1 },
    { ttl: 9e13, timeout: 2_147_483_647, touchInterval: 9e13, absoluteTtl: 9e13 },
    { ttl: () => 5, concurrency: "merge" as const, format: "json" as const },
    {
      concurrency: "last-write-wins" as const,
      format: "map" as const,
      keepExpired: true,
      consistentRead: false,
    },
    {
      concurrency: (_: object, ours: Record<string, unknown>) => ours,
      owner: () => "ada",
      onEvent: () => {},
    },
    { now: () => 5, randomId: () => "x", sleep: async () => {} },
  ])("is every value that can be meant: $ttl $concurrency", (options) => {
    expect(resolveOptions({ table, ...options })).toMatchObject(options);
  });

  it("is a table by any names that DynamoDB takes", () => {
    const keys = { hashKey: "h".repeat(255), sortKey: "s".repeat(255), hashPrefix: "é".repeat(256) };
    expect(resolveOptions({ table: { ...table, ...keys } }).keys).toEqual({ ...keys, hashIds: false });
  });

  it.each([1, 255])("is a codec with a tag of one byte, %s, and a list of codecs", (tag) => {
    const other = { ...codec, tag: 33 };
    expect(resolveOptions({ table, codec: { ...codec, tag } }).codecs).toBeDefined();
    expect(resolveOptions({ table, codec: [{ ...codec, tag }, other] }).codecs).toBeDefined();
    expect(resolveOptions({ table, codec: [] }).codecs).toBeUndefined();
    expect(resolveOptions({ table }).codecs).toBeUndefined();
  });

  it("is a previous place, each option as it is now where it is left out", () => {
    const now = { name: "sessions", hashKey: "id", sortKey: null, hashPrefix: "now#" };
    const places = (...previous: PreviousPlace[]) =>
      resolveOptions({ table: now, hashIds: true, previous }).previous;
    const keys = { hashKey: "id", sortKey: null, hashPrefix: "now#", hashIds: true };
    expect(places({ hashIds: false })).toEqual([
      { tableName: "sessions", keys: { ...keys, hashIds: false } },
    ]);
    expect(places({ hashPrefix: "old#" })).toEqual([
      { tableName: "sessions", keys: { ...keys, hashPrefix: "old#" } },
    ]);
    expect(
      places({ table: { name: "old" } }, { table: { name: "older", hashKey: "pk", sortKey: "sk" } }),
    ).toEqual([
      { tableName: "old", keys },
      { tableName: "older", keys: { ...keys, hashKey: "pk", sortKey: "sk" } },
    ]);
    // In another table the beginning of a prefix confuses nobody.
    expect(places({ table: { name: "old", hashPrefix: "now#and" } })).toHaveLength(1);
    expect(places()).toEqual([]);
    expect(resolveOptions({ table: now }).previous).toEqual([]);
  });

  it("is nothing besides the table: time, chance and waiting are the runtime's", async () => {
    const { now, randomId, sleep, ...resolved } = resolveOptions({ table });
    expect(Math.abs(now() - Date.now())).toBeLessThan(1000);
    expect(randomId(8)).toMatch(/^[\w-]{8}$/);
    await sleep(0);
    expect(resolved).toMatchObject({ concurrency: "merge", ttl: undefined, owner: undefined, previous: [] });
  });

  it("is a client without a word of what it is for, or of another copy of the SDK", () => {
    const bare = { config: {}, send() {} };
    for (const client of [
      bare,
      { ...bare, middlewareStack: {} },
      { ...bare, middlewareStack: { identify: () => "none" } },
      { ...bare, middlewareStack: { identify: () => ["other", "serializerMiddleware - serialize"] } },
      { ...bare, config: { serviceId: "DynamoDB" } },
    ]) {
      expect(() => resolveOptions({ table, client })).not.toThrow();
    }
  });

  it("is a table with a hash key alone, and an empty prefix", () => {
    const keys = { hashKey: "id", sortKey: null, hashPrefix: "" };
    expect(resolveOptions({ table: { ...table, ...keys } }).keys).toEqual({ ...keys, hashIds: false });
  });
});

function aClient(): DynamoDBClientLike {
  return { config: {}, send() {} };
}

function catchError(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
