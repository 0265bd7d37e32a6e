// What goes wrong outside, as a caller is told of it: the code, and a message that says what to do. Real errors, of an
// emulator or of a proxy that answers as AWS does.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import {
  type Answer,
  denied,
  dropBefore,
  expiredToken,
  type FaultProxy,
  internalError,
  startFaultProxy,
  throttled,
  unrecognizedClient,
} from "../support/fault-proxy.js";
import { createTable, testClient } from "../support/tables.js";

let bench: Bench;
let proxy: FaultProxy;
beforeAll(async () => {
  bench = await makeBench();
});
beforeEach(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
});
afterEach(() => proxy.close());

describe("a failure of the service or the network", () => {
  it.each<{ name: string; answer: Answer; code: string; says: RegExp }>([
    {
      name: "a denied action",
      answer: denied("GetItem"),
      code: "ERR_SESSION_ACCESS",
      says: /dynamodb:GetItem.*IAM policy/,
    },
    {
      name: "an expired token",
      answer: expiredToken(),
      code: "ERR_SESSION_ACCESS",
      says: /credentials.*expired/,
    },
    {
      name: "unknown credentials",
      answer: unrecognizedClient(),
      code: "ERR_SESSION_ACCESS",
      says: /credentials/,
    },
    { name: "throttling", answer: throttled(), code: "ERR_SESSION_THROTTLED", says: /capacity/ },
    {
      name: "a failing service",
      answer: internalError(),
      code: "ERR_SESSION_UNAVAILABLE",
      says: /InternalServerError/,
    },
    {
      name: "a cut connection",
      answer: dropBefore,
      code: "ERR_SESSION_UNAVAILABLE",
      says: /ECONNRESET|network/,
    },
  ])("has its code, says what to do, and keeps the SDK's error: $name", async ({ answer, code, says }) => {
    proxy.decide = () => answer;
    const { engine, events } = bench.engine({
      client: testClient({ endpoint: proxy.endpoint, maxAttempts: 1 }),
    });
    const id = newId();
    const error = await engine.load(id).catch((reason) => reason);
    expect(error).toMatchObject({ code, message: expect.stringMatching(says), cause: expect.any(Error) });
    expect(error.message).toContain(bench.table);
    expect(error.message).not.toContain(id);
    expect(events).toEqual([expect.objectContaining({ type: "error", operation: "load", error })]);
    expect(JSON.stringify(events)).not.toContain(id);
  });

  it.each([
    { ask: "save", action: "UpdateItem" },
    { ask: "touch", action: "UpdateItem" },
    { ask: "destroy", action: "DeleteItem" },
    { ask: "all", action: "Scan" },
  ])("names the action that is denied: $action", async ({ ask, action }) => {
    proxy.decide = (asked) => (asked === action ? denied(action) : undefined);
    const { engine, clock } = bench.engine({
      client: testClient({ endpoint: proxy.endpoint, maxAttempts: 1 }),
    });
    const id = newId();
    await bench.engine().engine.save(id, { n: 1 });
    clock.pass(40_000);
    const error =
      ask === "touch"
        ? await engine.touch(id).then((result) => (result.outcome === "failed" ? result.error : result))
        : await (ask === "save"
            ? engine.save(newId(), {})
            : ask === "all"
              ? engine.all().next()
              : engine.destroy(id)
          ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "ERR_SESSION_ACCESS",
      message: expect.stringContaining(`dynamodb:${action}`),
    });
  });

  it("is one that nobody listens at the endpoint", async () => {
    const { endpoint } = proxy;
    await proxy.close();
    const { engine } = bench.engine({ client: testClient({ endpoint, maxAttempts: 1 }) });
    await expect(engine.load(newId())).rejects.toMatchObject({
      code: "ERR_SESSION_UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    proxy = await startFaultProxy(inject("endpoint"));
  });
});

describe("what is missing around the client", () => {
  beforeEach(() => {
    for (const name of [
      "AWS_REGION",
      "AWS_DEFAULT_REGION",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_PROFILE",
    ]) {
      vi.stubEnv(name, undefined);
    }
  });
  afterEach(() => vi.unstubAllEnvs());

  it("is named: the region", async () => {
    const { engine } = bench.engine({ client: new DynamoDBClient({ endpoint: inject("endpoint") }) });
    await expect(engine.load(newId())).rejects.toMatchObject({
      code: "ERR_SESSION_ACCESS",
      message: expect.stringContaining("clientConfig.region or AWS_REGION"),
    });
  });

  it.each([
    {
      name: "the region is no region",
      config: { region: "us east 1" },
      says: /region is missing or is none/,
    },
    {
      name: "the credentials came from variables that are not set",
      config: { region: "us-east-1", credentials: JSON.parse('{"secretAccessKey":""}') },
      says: /credentials are missing, expired or wrong/,
    },
    {
      name: "the provider of credentials fails",
      config: { region: "us-east-1", credentials: () => Promise.reject(new Error("no credentials here")) },
      says: /credentials are missing, expired or wrong/,
    },
  ])("is named: $name", async ({ config, says }) => {
    const { engine } = bench.engine({ client: undefined, clientConfig: config });
    await expect(engine.load(newId())).rejects.toMatchObject({
      code: "ERR_SESSION_ACCESS",
      message: expect.stringMatching(says),
    });
  });

  it("is named: credentials", async () => {
    const client = new DynamoDBClient({ endpoint: inject("endpoint"), region: "us-east-1" });
    const { engine } = bench.engine({ client });
    await expect(engine.load(newId())).rejects.toMatchObject({
      code: "ERR_SESSION_ACCESS",
      message: expect.stringMatching(/credentials are missing/),
    });
  });
});

describe("a table that does not fit", () => {
  it("is named when it does not exist", async () => {
    const { engine } = bench.engine({ table: { name: "no-such-table" } });
    const absent = {
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(/"no-such-table" does not exist/),
    };
    await expect(engine.load(newId())).rejects.toMatchObject(absent);
    await expect(engine.save(newId(), { n: 1 })).rejects.toMatchObject(absent);
    await expect(engine.destroy(newId())).rejects.toMatchObject(absent);
    await expect(engine.all().next()).rejects.toMatchObject(absent);
  });

  it.each([
    {
      has: { hashKey: "id", sortKey: null },
      says: /table has hash key "id" and no sort key.*table: \{ hashKey: "id", sortKey: null, hashPrefix: "sess:" \} for the rows of connect-dynamodb, or table: .*"session#" \} for the rows of @pwrdrvr/,
    },
    {
      has: { hashKey: "sessionId", sortKey: null },
      says: /Set table: \{ hashKey: "sessionId", sortKey: null, hashPrefix: "sess:" \} for the rows of dynamodb-store;/,
    },
    {
      has: { hashKey: "pk", sortKey: null },
      says: /table has hash key "pk" and no sort key. Set table: \{ hashKey: "pk", sortKey: null \};/,
    },
    { has: { hashKey: "pk", sortKey: "range" }, says: /table has hash key "pk" and sort key "range"/ },
  ])("is named with both schemas when its keys are others", async ({ has, says }) => {
    const name = await createTable(bench.client, has);
    const { engine } = bench.engine({ table: { name } });
    for (const ask of [
      () => engine.load(newId()),
      () => engine.save(newId(), { n: 1 }),
      () => engine.destroy(newId()),
    ]) {
      const error = await ask().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "ERR_SESSION_TABLE", message: expect.stringMatching(says) });
      expect(error).toMatchObject({
        message: expect.stringContaining('options say hash key "pk" and sort key "sk"'),
      });
    }
  });

  it("says the options' half where the table may not be described", async () => {
    const name = await createTable(bench.client, { sortKey: null });
    proxy.decide = (action) => (action === "DescribeTable" ? denied(action) : undefined);
    const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
    const { engine } = bench.engine({ client, table: { name } });
    await expect(engine.load(newId())).rejects.toMatchObject({
      code: "ERR_SESSION_TABLE",
      message: expect.stringMatching(/options say hash key "pk" and sort key "sk".*may not describe it/),
    });
  });
});
