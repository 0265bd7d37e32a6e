// The table, past the SDK: items as JSON on the wire, for rows that the SDK would not write as they are meant.
import { inject } from "vitest";

/** An attribute as the API's JSON has it: one type and its value. */
export type WireAttribute = Readonly<Record<string, unknown>>;
export type WireItem = Readonly<Record<string, WireAttribute>>;

// docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const MOST_WRITES = 25;
const MOST_READS = 50;

/** The items of one table whose two keys, `pk` and `sk`, are the same. */
export class Wire {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  async put(items: readonly WireItem[]): Promise<void> {
    for (const some of slices(items, MOST_WRITES)) {
      const requests = some.map((Item) => ({ PutRequest: { Item } }));
      await this.#send("BatchWriteItem", { RequestItems: { [this.#table]: requests } });
    }
  }

  async get(keys: readonly string[]): Promise<Map<string, WireItem>> {
    const items = new Map<string, WireItem>();
    for (const some of slices([...new Set(keys)], MOST_READS)) {
      const Keys = some.map((key) => ({ pk: { S: key }, sk: { S: key } }));
      const answer = await this.#send("BatchGetItem", {
        RequestItems: { [this.#table]: { Keys, ConsistentRead: true } },
      });
      const found: WireItem[] = answer.Responses[this.#table];
      for (const item of found) items.set(String(item.pk?.S), item);
    }
    return items;
  }

  async #send(action: string, body: object) {
    const response = await fetch(inject("endpoint"), {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": "20200101T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${text}\nof ${JSON.stringify(body).slice(0, 3000)}`);
    const answer = JSON.parse(text);
    const left = { ...answer.UnprocessedItems, ...answer.UnprocessedKeys };
    if (Object.keys(left).length > 0) throw new Error(`${action}: the emulator left something unprocessed`);
    return answer;
  }
}

function slices<T>(all: readonly T[], length: number): T[][] {
  const some: T[][] = [];
  for (let i = 0; i < all.length; i += length) some.push(all.slice(i, i + length));
  return some;
}
