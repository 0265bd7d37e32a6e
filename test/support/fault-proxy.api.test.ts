// The fault proxy itself: what the SDK makes of each of its answers, and what the table holds afterwards.
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import {
  denied,
  dropAfter,
  dropBefore,
  expiredToken,
  type FaultProxy,
  hang,
  internalError,
  startFaultProxy,
  throttled,
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
