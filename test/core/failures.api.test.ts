// What goes wrong outside, as a caller is told of it: one code, and a message that says what to do. Real errors, of an
// emulator, of a proxy that answers as AWS does, or of a server that is none. For users the same table is docs/errors.md.
import { Agent } from "node:http";
import type { LookupFunction } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { inspect } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import {
  denied,
  dropAfter,
  dropBefore,
  expiredToken,
  type FaultProxy,
  internalError,
  type Refusal,
  startFaultProxy,
  throttled,
  unrecognizedClient,
} from "../support/fault-proxy.js";
import { answering, listening, nobody, saying } from "../support/raw-servers.js";
import { createTable, putRow, testClient, testClientConfig } from "../support/tables.js";
import { holdDeadlines } from "../support/time.js";

let bench: Bench;
let proxy: FaultProxy;
beforeAll(async () => {
  bench = await makeBench();
});
beforeEach(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
});
afterEach(() => proxy.close());

/** What stands in the session, and in answers of whoever answers: in no error and no event. */
const SECRET = "what only the visitor knows";

/** Where a failure comes from: an endpoint that shows it to every request. */
type Source = () => Promise<string>;

/** The API's own refusal, by its name. */
const named = (name: string, message: string, status = 400): Source => {
  const body = { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message };
  return refusing({ status, body });
};
const refusing =
  (refusal: Refusal): Source =>
  async () => {
    proxy.decide = () => refusal;
    return proxy.endpoint;
  };
const proxied =
  (answer: typeof dropBefore): Source =>
  async () => {
    proxy.decide = () => answer;
    return proxy.endpoint;
  };
/** An answer that was made elsewhere than at DynamoDB. */
const foreign =
  (status: number, type: string | undefined, body: string): Source =>
  async () => {
    const headers = type === undefined ? {} : { "content-type": type };
    return (await answering((outgoing) => outgoing.writeHead(status, headers).end(body))).endpoint;
  };
const JSON_TYPE = "application/x-amz-json-1.0";
const PAGE = `<html><body>${SECRET} and its credentials</body></html>`;
const ITEM = JSON.stringify({ Item: { sess: { S: JSON.stringify({ note: SECRET }) } } });

interface Failure {
  readonly what: string;
  readonly source: Source;
  readonly code: string;
  /** Said besides the action and the table. */
  readonly says: RegExp;
  /** The SDK's error, by its name or the network's code; `none` where that quotes the answer. */
  readonly cause: string;
}

const FAILURES: readonly Failure[] = [
  // The table
  {
    what: "a table that does not exist in the region",
    source: named("ResourceNotFoundException", "Requested resource not found"),
    code: "ERR_SESSION_TABLE",
    says: /does not exist in this region and account; create it, or set table\.name and the region/,
    cause: "ResourceNotFoundException",
  },
  // Access
  {
    what: "an expired token",
    source: () => refusing(expiredToken())(),
    code: "ERR_SESSION_ACCESS",
    says: /credentials are missing, expired or wrong \(ExpiredTokenException\); give valid ones in clientConfig/,
    cause: "ExpiredTokenException",
  },
  {
    what: "credentials that nobody knows",
    source: () => refusing(unrecognizedClient())(),
    code: "ERR_SESSION_ACCESS",
    says: /credentials are missing, expired or wrong \(UnrecognizedClientException\)/,
    cause: "UnrecognizedClientException",
  },
  {
    what: "a request without credentials",
    source: named("MissingAuthenticationTokenException", "Request must contain a valid access key ID."),
    code: "ERR_SESSION_ACCESS",
    says: /credentials are missing/,
    cause: "MissingAuthenticationTokenException",
  },
  {
    what: "a signature by a wrong secret",
    source: named("InvalidSignatureException", "The request signature we calculated does not match."),
    code: "ERR_SESSION_ACCESS",
    says: /credentials are missing, expired or wrong \(InvalidSignatureException\)/,
    cause: "InvalidSignatureException",
  },
  {
    what: "a service that the account has not opted in to",
    source: named("OptInRequired", "The AWS access key ID needs a subscription for the service."),
    code: "ERR_SESSION_ACCESS",
    says: /credentials/,
    cause: "OptInRequired",
  },
  {
    what: "a clock that is wrong",
    source: named(
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    ),
    code: "ERR_SESSION_ACCESS",
    says: /the time at which it was signed; set this machine's clock/,
    cause: "RequestTimeTooSkewed",
  },
  {
    what: "a clock that is wrong, as DynamoDB says it",
    source: named(
      "InvalidSignatureException",
      "Signature expired: 20200101T000000Z is now earlier than 20270115T074500Z",
    ),
    code: "ERR_SESSION_ACCESS",
    says: /set this machine's clock/,
    cause: "InvalidSignatureException",
  },
  {
    what: "a region that is not the endpoint's",
    source: named(
      "InvalidSignatureException",
      "Credential should be scoped to a valid region, not 'us-east-1'.",
    ),
    code: "ERR_SESSION_ACCESS",
    says: /region is missing, is none, or is not the endpoint's; set clientConfig\.region or AWS_REGION/,
    cause: "InvalidSignatureException",
  },
  // Throttling
  {
    what: "a table without capacity left",
    source: () => refusing(throttled())(),
    code: "ERR_SESSION_THROTTLED",
    says: /throttled, also after retries; raise the table's capacity or make it on-demand/,
    cause: "ProvisionedThroughputExceededException",
  },
  {
    what: "an on-demand table that is throttled",
    source: named("ThrottlingException", "Throughput exceeds the current capacity of your table or index."),
    code: "ERR_SESSION_THROTTLED",
    says: /raise the table's capacity/,
    cause: "ThrottlingException",
  },
  {
    what: "an account over its limit",
    source: named(
      "RequestLimitExceeded",
      "Throughput exceeds the current throughput limit for your account.",
    ),
    code: "ERR_SESSION_THROTTLED",
    says: /the account's limit, also after retries; ask AWS for a higher quota/,
    cause: "RequestLimitExceeded",
  },
  // Size
  {
    what: "a row over 400 KB, where DynamoDB finds it",
    source: named("ValidationException", "Item size to update has exceeded the maximum allowed size"),
    code: "ERR_SESSION_TOO_LARGE",
    says: /at most 400 KB in a row; keep large data elsewhere/,
    cause: "ValidationException",
  },
  {
    what: "local secondary indexes that are full",
    source: named("ItemCollectionSizeLimitExceededException", "Collection size exceeded."),
    code: "ERR_SESSION_TOO_LARGE",
    says: /at most 10 GB; use a table without such indexes/,
    cause: "ItemCollectionSizeLimitExceededException",
  },
  // The service
  {
    what: "a request that DynamoDB finds invalid",
    source: named("ValidationException", "1 validation error detected"),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /refused as invalid; the cause says why/,
    cause: "ValidationException",
  },
  {
    what: "a failing service",
    source: () => refusing(internalError())(),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /failed \(InternalServerError\); the network or the service is in trouble\. What was sent may/,
    cause: "InternalServerError",
  },
  {
    what: "an answer of 503 with no body",
    source: foreign(503, JSON_TYPE, ""),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /failed \(Unknown, status 503\)/,
    cause: "Unknown",
  },
  // Somebody else's answer
  {
    what: "an answer of 503 with a page",
    source: foreign(503, "text/html", PAGE),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /something other than DynamoDB's JSON \(SyntaxError, status 503\); check clientConfig\.endpoint/,
    cause: "none",
  },
  {
    what: "a page in an answer's place",
    source: foreign(200, "text/html", PAGE),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /something other than DynamoDB's JSON \(ForeignAnswer\)/,
    cause: "ForeignAnswer",
  },
  {
    what: "JSON of another type, which says that there is no session",
    source: foreign(200, "text/plain", "{}"),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /something other than DynamoDB's JSON \(ForeignAnswer\)/,
    cause: "ForeignAnswer",
  },
  {
    what: "an empty answer of no type, as of a server that says yes to everything",
    source: foreign(200, undefined, ""),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /something other than DynamoDB's JSON \(ForeignAnswer\)/,
    cause: "ForeignAnswer",
  },
  {
    what: "half of a JSON document",
    source: foreign(200, JSON_TYPE, ITEM.slice(0, -8)),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /something other than DynamoDB's JSON \(SyntaxError, status 200\)/,
    cause: "none",
  },
  {
    what: "an answer that is no HTTP",
    source: async () => (await saying(`${SECRET}\r\n\r\n`)).endpoint,
    code: "ERR_SESSION_UNAVAILABLE",
    says: /something other than DynamoDB's JSON \(HPE_INVALID_CONSTANT\)/,
    cause: "none",
  },
  // The network
  {
    what: "an endpoint at which nobody listens",
    source: nobody,
    code: "ERR_SESSION_UNAVAILABLE",
    says: /nobody answers at the endpoint \(ECONNREFUSED\); check clientConfig\.endpoint/,
    cause: "ECONNREFUSED",
  },
  {
    what: "an endpoint whose name is not known",
    source: async () => "http://dynamodb.nowhere.invalid",
    code: "ERR_SESSION_UNAVAILABLE",
    says: /the endpoint's name is not known \((ENOTFOUND|EAI_AGAIN)\); check the region, clientConfig\.endpoint and DNS/,
    cause: "ENOTFOUND|EAI_AGAIN",
  },
  {
    what: "a connection that is cut before the request was carried out",
    source: proxied(dropBefore),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /the connection was cut \(ECONNRESET\)\. What was sent may still take effect/,
    cause: "ECONNRESET",
  },
  {
    what: "a connection that is cut after it was",
    source: proxied(dropAfter),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /the connection was cut \(ECONNRESET\)\. What was sent may still take effect/,
    cause: "ECONNRESET",
  },
  {
    what: "a connection that is cut after the headers",
    source: async () => {
      const server = await answering((outgoing) => {
        outgoing.writeHead(200, { "content-type": JSON_TYPE, "content-length": ITEM.length });
        outgoing.write(ITEM.slice(0, -8), () => outgoing.destroy());
      });
      return server.endpoint;
    },
    code: "ERR_SESSION_UNAVAILABLE",
    says: /the connection was cut \(ECONNRESET\)/,
    cause: "ECONNRESET",
  },
  {
    what: "a server that never answers",
    source: async () => (await answering(() => {})).endpoint,
    code: "ERR_SESSION_TIMEOUT",
    says: /not answered in time, however often it was tried\. What was sent may still take effect/,
    cause: "TimeoutError",
  },
  {
    what: "a server without TLS, at https",
    source: async () => (await answering(() => {})).endpoint.replace("http:", "https:"),
    code: "ERR_SESSION_UNAVAILABLE",
    says: /no TLS to the endpoint \(E[A-Z_]+\); check whether clientConfig\.endpoint is http or https/,
    cause: "EPROTO",
  },
  {
    what: "a server without a certificate",
    source: async () => {
      const server = createTlsServer();
      server.on("tlsClientError", () => {});
      return (await listening(server, () => 0)).endpoint.replace("http:", "https:");
    },
    code: "ERR_SESSION_UNAVAILABLE",
    says: /no TLS to the endpoint \(E[A-Z_]+\)/,
    cause: "EPROTO|ERR_SSL_\\w+",
  },
];

const OPERATIONS = [
  { ask: "load", action: "GetItem" },
  { ask: "save", action: "UpdateItem" },
  { ask: "destroy", action: "DeleteItem" },
  { ask: "all", action: "GetItem" },
] as const;

describe.each(["a client of the caller's", "the store's own client"])("over %s", (which) => {
  it.each(FAILURES)("$what is $code", async ({ source, code, says, cause }) => {
    const config = {
      endpoint: await source(),
      maxAttempts: 1,
      // What hangs is what is asked for, and no slow machine.
      ...(cause === "TimeoutError" && {
        requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
      }),
    };
    const client = testClient(config);
    onTestFinished(() => client.destroy());
    const isOwn = which === "the store's own client";
    const { engine, events } = bench.engine({
      client: isOwn ? undefined : client,
      clientConfig: isOwn ? testClientConfig(config) : undefined,
    });
    for (const { ask, action } of OPERATIONS) {
      const id = newId();
      const asked = {
        load: () => engine.load(id),
        save: () => engine.save(engine.create(id), { note: SECRET }),
        destroy: () => engine.destroy(id),
        all: () => engine.all().next(),
      };
      const error: unknown = await asked[ask]().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
      expect(namesOf(error)).toMatch(new RegExp(`^(${cause})$`));
      const subject = `the table "${bench.table}"`;
      const isOfTable = code === "ERR_SESSION_TABLE";
      expect(error).toMatchObject({
        message: expect.stringContaining(isOfTable ? subject : `dynamodb:${action} on ${subject}`),
      });
      const told = events.splice(0);
      expect(told).toEqual([expect.objectContaining({ type: "error", operation: ask, error })]);
      // Whatever a log shows of them, to any depth: messages, causes, their fields.
      const most = Number.POSITIVE_INFINITY;
      const shown = inspect([error, told], { depth: most, maxStringLength: most });
      for (const secret of [id, SECRET]) expect(shown).not.toContain(secret);
    }
  });
});

/** The SDK's error below ours: by its code where it is the network's, by its name where it is the API's. */
function namesOf(error: unknown): string {
  if (!(error instanceof Error)) throw new Error("nothing failed");
  const { cause } = error;
  if (cause === undefined) return "none";
  if (!(cause instanceof Error)) throw new Error("the cause is no error");
  const isNamed = !["Error", "TimeoutError"].includes(cause.name);
  const ofNetwork = "code" in cause && cause.code !== "ETIMEDOUT" && !isNamed;
  return ofNetwork ? String(cause.code) : cause.name;
}

describe("a failure of the service or the network", () => {
  it.each(["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_SIGNATURE_FAILURE"])(
    "is one of certificates where Node says %s, though signatures are spoken of",
    async (code) => {
      // As node:tls fails; certificates to fail so would end one day.
      const handle = () => Promise.reject(Object.assign(new Error("not verified"), { code }));
      const clientConfig = testClientConfig({ requestHandler: { handle }, maxAttempts: 1 });
      const { engine } = bench.engine({ client: undefined, clientConfig });
      await expect(engine.load(newId())).rejects.toMatchObject({
        code: "ERR_SESSION_UNAVAILABLE",
        message: expect.stringContaining(`no TLS to the endpoint (${code})`),
      });
    },
  );

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

  it.each([
    ["the address of the endpoint", ["127.0.0.1"]],
    ["several of them, as localhost has", ["127.0.0.1", "127.0.0.2"]],
  ])("is one that nobody listens at %s", async (_, addresses) => {
    const endpoint = proxy.endpoint.replace("127.0.0.1", "localhost");
    await proxy.close();
    const lookup: LookupFunction = (_host, _options, found) =>
      found(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    const requestHandler = { httpAgent: new Agent({ lookup }) };
    const { engine } = bench.engine({ client: testClient({ endpoint, maxAttempts: 1, requestHandler }) });
    await expect(engine.load(newId())).rejects.toMatchObject({
      code: "ERR_SESSION_UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("is told at the deadline where another's transaction holds the row for that long, and until then tried again", async () => {
    const { options, deadlines } = holdDeadlines();
    const client = testClient({ endpoint: proxy.endpoint });
    const { engine } = bench.engine({ client, ...options });
    let asked = 0;
    const enough = new Promise<void>((resolve) => {
      proxy.decide = () => {
        asked += 1;
        if (asked === 5) resolve();
        const __type = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
        return { status: 400, body: { __type, message: "Transaction is ongoing for the item" } };
      };
    });
    const saved = engine.save(engine.create(newId()), { n: 1 });
    await enough;
    deadlines[0]?.();
    await expect(saved).rejects.toMatchObject({
      code: "ERR_SESSION_TIMEOUT",
      message: expect.stringMatching(/save on the table ".+" did not end within 1234 ms \(option timeout\)/),
    });
  });

  it("is a row that has no room for the session, by what others keep in it", async () => {
    const id = newId();
    const key = { S: `session-store#${id}` };
    await putRow(bench.client, bench.table, { pk: key, sk: key, others: { S: "x".repeat(409_000) } });
    const { engine } = bench.engine();
    const saved = engine.save(engine.create(id), { note: "y".repeat(1_000) });
    await expect(saved).rejects.toMatchObject({
      code: "ERR_SESSION_TOO_LARGE",
      cause: expect.objectContaining({ name: "ValidationException" }),
    });
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
      says: /region is missing, is none/,
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
