// Options: what is refused when an engine is made, by name and with what was given; and the defaults.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { describe, expect, it } from "vitest";
import { createSessionEngine, DEFAULTS, SessionStoreError } from "../../src/core/index.js";
import { resolveOptions } from "../../src/core/options.js";

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

  it("is a table with a hash key alone, and an empty prefix", () => {
    const keys = { hashKey: "id", sortKey: null, hashPrefix: "" };
    expect(resolveOptions({ table: { ...table, ...keys } }).keys).toEqual({ ...keys, hashIds: false });
  });
});

function catchError(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}
