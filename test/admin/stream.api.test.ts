// Which session ended, by the records of a table's own stream. DynamoDB Local has streams, dynalite answers for none.
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { hashOfOwner, type StreamRecord, sessionEnded } from "../../src/admin/index.js";
import { createSessionEngine, type SessionEngine } from "../../src/core/index.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { newId } from "../support/engines.js";
import { putRow, testClient } from "../support/tables.js";

const isThere = inject("emulator") === "dynamodb-local";

/** A table with a stream, and what it says of it so far. */
async function streamed(
  name: string,
): Promise<{ client: DynamoDBClient; records: () => Promise<StreamRecord[]> }> {
  const client = testClient();
  onTestFinished(() => client.destroy());
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pk", "sk"].map((key) => ({ AttributeName: key, AttributeType: "S" as const })),
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "OLD_IMAGE" },
    }),
  );
  const StreamArn = TableDescription?.LatestStreamArn;
  return {
    client,
    async records() {
      const { StreamDescription } = await ask("DescribeStream", { StreamArn });
      const found: StreamRecord[] = [];
      for (const { ShardId } of StreamDescription.Shards) {
        const { ShardIterator } = await ask("GetShardIterator", {
          StreamArn,
          ShardId,
          ShardIteratorType: "TRIM_HORIZON",
        });
        found.push(...(await ask("GetRecords", { ShardIterator })).Records);
      }
      return found;
    },
  };
}

/** Asks the stream's API, whose answers are records as Lambda has them, but for the time's unit. */
// biome-ignore lint/suspicious/noExplicitAny: three answers, looked into above.
async function ask(action: string, body: object): Promise<any> {
  const answer = await fetch(inject("endpoint"), {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDBStreams_20120810.${action}`,
      authorization:
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function lives(engine: SessionEngine, data: object, maxAge?: number): Promise<string> {
  const id = newId();
  await engine.save(engine.create(id), { ...data }, { maxAge });
  return id;
}

describe.skipIf(!isThere)(`a table's stream${isThere ? "" : " (left out: dynalite has no streams)"}`, () => {
  const owner = ({ user }: Readonly<Record<string, unknown>>) =>
    user === undefined ? undefined : String(user);

  it.each([false, true])("tells which session ended, and why; with hashIds %s", async (hashIds) => {
    const name = `test-${newId().replaceAll(/[^\w]/g, "")}`;
    const { client, records } = await streamed(name);
    let behind = 0;
    const now = () => Date.now() - behind;
    const store: SessionStoreOptions = { table: { name }, client, now, hashIds, owner };
    const engine = createSessionEngine(store);
    onTestFinished(() => engine.close());

    const loggedOut = await lives(engine, { user: "ada" });
    const nobodys = await lives(engine, { guest: true });
    behind = 60_000;
    const over = await lives(engine, { user: "bob" }, 1000);
    behind = 0;
    await lives(engine, { living: true });
    for (const id of [loggedOut, nobodys]) await engine.destroy(engine.create(id));
    expect(await engine.load(over)).toBeUndefined();
    await putRow(client, name, { pk: { S: "order#1" }, sk: { S: "order#1" }, sess: { S: "{}" } });

    const ended = (await records()).flatMap((record) => sessionEnded(record, store) ?? []);
    const of = async (id: string) => ({
      id: hashIds ? "" : id,
      idHash: hashIds ? await sha256(id) : undefined,
    });
    expect(new Set(ended.map(({ shortId: _, ...rest }) => rest))).toEqual(
      new Set([
        { ...(await of(loggedOut)), reason: "destroyed", owner: await hashOfOwner("ada") },
        { ...(await of(nobodys)), reason: "destroyed", owner: undefined },
        { ...(await of(over)), reason: "expired", owner: await hashOfOwner("bob") },
      ]),
    );
    for (const { shortId } of ended) expect(shortId).toMatch(/^[\w-]{4}…$/);
    // To another store they are no sessions.
    const other = { ...store, table: { name, hashPrefix: "other#" } };
    for (const record of await records()) expect(sessionEnded(record, other)).toBeUndefined();
  });
});

async function sha256(id: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  return Buffer.from(hash).toString("base64url");
}
