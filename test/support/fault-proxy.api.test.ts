// The fault proxy itself: what the SDK makes of each of its answers, and what the table holds afterwards.
import { BatchGetItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import {
  type Answer,
  denied,
  dropAfter,
  dropBefore,
  expiredToken,
  type FaultProxy,
  hang,
  internalError,
  requestLimitExceeded,
  skewed,
  startFaultProxy,
  throttled,
  throttling,
  timeTooSkewed,
  unavailable,
  unrecognizedClient,
} from "./fault-proxy.js";
import { countRows, createTable, putRow, readRow, recordCalls, testClient } from "./tables.js";
import { makeSignal } from "./time.js";

const direct = testClient();
let table: string;
let proxy: FaultProxy;

beforeAll(async () => {
  table = await createTable(direct, { sortKey: null });
});
beforeEach(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
});
afterEach(() => proxy.close());

/** A client that goes through the proxy and tries once. */
function proxied() {
  return testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
}

function get(key: string) {
  return new GetItemCommand({ TableName: table, Key: { pk: { S: key } }, ConsistentRead: true });
}

describe("fault proxy", () => {
  it("passes through what it is not told to refuse, and lists it", async () => {
    const client = proxied();
    await putRow(client, table, { pk: { S: "passed" }, text: { S: "é".repeat(10_000) } });
    expect(await readRow(client, table, "passed", { sortKey: null })).toEqual({
      pk: { S: "passed" },
      text: { S: "é".repeat(10_000) },
    });
    expect(proxy.requests).toEqual(["PutItem", "GetItem"]);
  });

  it("passes the emulator's own errors through", async () => {
    const absent = new GetItemCommand({ TableName: "absent", Key: { pk: { S: "a" } } });
    await expect(proxied().send(absent)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it.each([
    {
      refusal: denied("GetItem"),
      name: "AccessDeniedException",
      message: /not authorized.*dynamodb:GetItem/,
    },
    { refusal: expiredToken(), name: "ExpiredTokenException", message: /token.*is expired/ },
    { refusal: unrecognizedClient(), name: "UnrecognizedClientException", message: /token.*is invalid/ },
    { refusal: throttled(), name: "ProvisionedThroughputExceededException", message: /throughput/ },
    { refusal: internalError(), name: "InternalServerError", message: /Internal/ },
    { refusal: throttling(), name: "ThrottlingException", message: /Rate of requests/ },
    { refusal: requestLimitExceeded(), name: "RequestLimitExceeded", message: /limit/ },
    { refusal: unavailable(), name: "ServiceUnavailable", message: /unavailable/ },
    { refusal: skewed(), name: "InvalidSignatureException", message: /Signature expired.*5 min/ },
    { refusal: timeTooSkewed(), name: "RequestTimeTooSkewed", message: /difference/ },
  ])("gives the SDK's caller $name", async ({ refusal, name, message }) => {
    proxy.decide = () => refusal;
    const outcome = await proxied()
      .send(get("any"))
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Error);
    expect(outcome).toMatchObject({ name, message: expect.stringMatching(message) });
  });

  it("lets the SDK try again, and can be changed between requests", async () => {
    proxy.decide = () => {
      proxy.decide = () => undefined;
      return internalError();
    };
    const client = testClient({ endpoint: proxy.endpoint });
    const record = recordCalls(client);
    await client.send(get("any"));
    expect(proxy.requests).toEqual(["GetItem", "GetItem"]);
    expect(record.calls.map((call) => call.action)).toEqual(["GetItem"]);
    record.reset();
    expect(record.calls).toEqual([]);
  });

  it("decides by action and body", async () => {
    proxy.decide = (action, body) =>
      action === "GetItem" && JSON.stringify(body).includes("secret") ? denied(action) : undefined;
    await expect(proxied().send(get("secret"))).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(proxied().send(get("open"))).resolves.toBeDefined();
  });

  it.each([
    { answer: dropBefore, rows: 0 },
    { answer: dropAfter, rows: 1 },
  ])("loses the answer and leaves $rows rows with $answer", async ({ answer, rows }) => {
    const fresh = await createTable(direct);
    proxy.decide = () => answer;
    const put = new PutItemCommand({ TableName: fresh, Item: { pk: { S: "a" }, sk: { S: "a" } } });
    await expect(proxied().send(put)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await countRows(direct, fresh)).toBe(rows);
  });

  it.each<{ answer: Answer; rows: number; name: string }>([
    { answer: "half", rows: 1, name: "SyntaxError" },
    { answer: "web-page", rows: 0, name: "SyntaxError" },
    { answer: { ...internalError(), isCarriedOut: true }, rows: 1, name: "InternalServerError" },
  ])("answers what cannot be believed, and leaves $rows rows: $name", async ({ answer, rows, name }) => {
    const fresh = await createTable(direct);
    proxy.decide = () => answer;
    const put = new PutItemCommand({ TableName: fresh, Item: { pk: { S: "a" }, sk: { S: "a" } } });
    await expect(proxied().send(put)).rejects.toMatchObject({ name });
    expect(await countRows(direct, fresh)).toBe(rows);
  });

  it.each<{ answer: Answer; rows: number }>([
    { answer: "hang", rows: 0 },
    { answer: "hang-after", rows: 1 },
    { answer: "stall", rows: 1 },
  ])("keeps its client waiting, and leaves $rows rows: $answer", async ({ answer, rows }) => {
    const fresh = await createTable(direct);
    proxy.decide = () => answer;
    const put = new PutItemCommand({ TableName: fresh, Item: { pk: { S: "a" }, sk: { S: "a" } } });
    const gaveUp = new AbortController();
    const sent = proxied().send(put, { abortSignal: gaveUp.signal });
    await expect.poll(() => proxy.requests).toEqual(["PutItem"]);
    await proxy.calm();
    expect(await countRows(direct, fresh)).toBe(rows);
    expect(proxy.waiting).toBe(1);
    gaveUp.abort();
    await expect(sent).rejects.toMatchObject({ name: "AbortError" });
    await expect.poll(() => proxy.waiting).toBe(0);
  });

  it("lets a late attempt arrive when its retry has been served", async () => {
    const order: number[] = [];
    proxy.decide = (_, __, { number }) => {
      order.push(number);
      return number === 1 ? "late" : undefined;
    };
    const client = testClient({
      endpoint: proxy.endpoint,
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    });
    const put = new PutItemCommand({
      TableName: table,
      Item: { pk: { S: "late" } },
      ConditionExpression: "attribute_not_exists(pk)",
    });
    await client.send(put);
    await proxy.calm();
    expect(order).toEqual([1, 2]);
    expect(await readRow(direct, table, "late", { sortKey: null })).toBeDefined();
  });

  it("gives half of the keys back", async () => {
    proxy.decide = () => "unprocessed";
    const keys = ["1", "2", "3"].map((key) => ({ pk: { S: key } }));
    for (const key of keys) await putRow(direct, table, key);
    const ask = (Keys: typeof keys) =>
      proxied().send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }));
    const { Responses, UnprocessedKeys } = await ask(keys);
    expect(Responses?.[table]).toEqual(keys.slice(0, 1));
    expect(UnprocessedKeys?.[table]?.Keys).toEqual(keys.slice(1));
    expect((await ask(keys.slice(0, 1))).UnprocessedKeys?.[table]?.Keys).toEqual(keys.slice(0, 1));
  });

  it("refuses connections for a while", async () => {
    proxy.decide = () => {
      proxy.decide = () => undefined;
      return { refuseForMs: 100 };
    };
    await expect(proxied().send(get("any"))).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect(proxied().send(get("any"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await proxy.calm();
    await expect(proxied().send(get("any"))).resolves.toBeDefined();
    expect(proxy.requests).toEqual(["GetItem", "GetItem"]);
  });

  it("holds a request for as long as the decision takes", async () => {
    const decision = makeSignal();
    proxy.decide = async () => {
      await decision.given;
      return undefined;
    };
    const held = putRow(proxied(), table, { pk: { S: "held" } });
    await expect.poll(() => proxy.requests).toEqual(["PutItem"]);
    expect(await readRow(direct, table, "held", { sortKey: null })).toBeUndefined();
    decision.give();
    await held;
    expect(await readRow(direct, table, "held", { sortKey: null })).toBeDefined();
  });

  it("hangs until it is closed", async () => {
    proxy.decide = () => hang;
    const client = proxied();
    const answer = client.send(get("any")).catch((error: unknown) => error);
    await expect.poll(() => proxy.requests).toEqual(["GetItem"]);
    await proxy.close();
    expect(await answer).toMatchObject({ code: "ECONNRESET" });
    proxy = await startFaultProxy(inject("endpoint"));
  });
});
