// Engines with each kind of codec, and with each of the other options for security, in a process of their own: tells what
// their rows come to, then answers codecs.js with the processor time of what it is asked to do.
import { createHash, randomBytes } from "node:crypto";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { compress, seal } from "@cyclic.sh/session-store/codecs";
import { createSessionEngine } from "@cyclic.sh/session-store/core";
import { itemBytes, writeUnits } from "../demo/capacity.js";
import { answerParent, microsecondsOf } from "./processes.js";
import { clientConfigOf } from "./stores.js";

const SESSIONS = 32;
const TABLE = "bench";
// So that a row's numbers have the same digits in each run.
const NOW = 1_800_000_000_123;

const { endpoint, bytes } = JSON.parse(process.argv[2]);
const keys = [createHash("sha256").update("a key").digest()];
const CODECS = {
  none: [],
  compress: [compress()],
  seal: [seal({ keys })],
  both: [compress(), seal({ keys })],
};
const data = visitData(bytes);
const text = new TextEncoder().encode(JSON.stringify(data));

const ways = {};
for (const [way, codec] of Object.entries(CODECS)) ways[way] = await wayOf(way, { codec });
ways.hashIds = await wayOf("hashIds", { hashIds: true });
ways.absoluteTtl = await wayOf("absoluteTtl", { absoluteTtl: 86_400_000 });
ways.owner = await wayOf("owner", { owner: ({ user }) => user.id });
ways.previous = await wayOf("previous", { previous: [{ hashPrefix: "before#" }] });

answerParent(async ({ way, operation, count }) => {
  const run = ways[way].operations[operation];
  const microseconds = await microsecondsOf(async () => {
    for (let i = 0; i < count; i++) await run(i);
  });
  return { microseconds: microseconds / count };
});
process.send({ rows: Object.fromEntries(Object.entries(ways).map(([way, { row }]) => [way, row])) });

/** One kind of engine, with sessions of its own. */
async function wayOf(way, options) {
  const table = { name: TABLE, hashPrefix: `${way}#` };
  const engine = createSessionEngine({
    table,
    clientConfig: clientConfigOf({ endpoint }),
    now: () => NOW,
    ...options,
  });
  const sessions = Array.from({ length: SESSIONS }, (_, i) => engine.create(`${"s".repeat(30)}${10 + i}`));
  for (const session of sessions) await engine.save(session, data);
  const row = await rowOf(way, options.hashIds ? undefined : sessions[0].id);
  const stored = await encoded(options.codec ?? [], row.other);
  let changes = 0;
  return {
    row,
    operations: {
      async load(i) {
        const session = await engine.load(sessions[i % SESSIONS].id);
        if (session?.data.note !== data.note) throw new Error("a session that was saved is not found");
      },
      create: () => engine.save(engine.create(engine.newId()), data),
      loadNew: () => engine.load(randomBytes(24).toString("base64url")),
      // Of one length, and never what it was.
      save: (i) => engine.save(sessions[i % SESSIONS], { ...data, seen: 100_000 + (++changes % 800_000) }),
      encode: () => encoded(options.codec ?? [], row.other),
      decode: () => decoded(stored),
    },
  };
}

/** What stands in the table, as the API tells it. */
async function rowOf(way, id) {
  if (id === undefined) return {};
  const client = new DynamoDBClient(clientConfigOf({ endpoint }));
  const key = { S: `${way}#${id}` };
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key: { pk: key, sk: key } }));
  client.destroy();
  const other = itemBytes({ ...Item, sess: { S: "" } });
  return { bytes: itemBytes(Item), writeUnits: writeUnits(Item), other };
}

/** What codecs make of the data, as the core has them do. */
async function encoded(codecs, otherBytes) {
  const steps = [];
  let whole = text;
  for (const codec of codecs) {
    const added = codecs
      .slice(codecs.indexOf(codec) + 1)
      .reduce((sum, { addedBytes = 0 }) => sum + addedBytes, 0);
    const row = { key: "key", gen: "gen", tags: steps.map(({ tag }) => tag), otherBytes: otherBytes + added };
    const made = await codec.encode(whole, row);
    if (made === undefined) continue;
    whole = made;
    steps.push({ codec, tag: codec.tag, row });
  }
  return { whole, steps };
}

async function decoded({ whole, steps }) {
  let bytes = whole;
  for (const { codec, row } of steps.toReversed()) bytes = await codec.decode(bytes, row);
  if (bytes.length !== text.length) throw new Error("what was decoded is not what was encoded");
  return bytes;
}

/** What a shop keeps of a visit, about `most` bytes of JSON: names that come again and again, values that do not. */
function visitData(most) {
  const chance = (i) => createHash("sha256").update(`item ${i}`).digest();
  const visit = {
    user: { id: chance(-1).toString("hex"), name: "Grace Hopper" },
    csrf: chance(-2).toString("base64url"),
    visits: [],
  };
  const lengthOf = (value) => JSON.stringify(value).length;
  for (let i = 0; lengthOf(visit) < most; i++) {
    const bytes = chance(i);
    visit.visits.push({
      sku: `LAMP-${bytes.readUInt16BE(0)}`,
      title: ["Desk lamp", "Floor lamp", "Reading light", "Lampshade"][bytes[2] % 4],
      price: bytes.readUInt16BE(3),
      count: 1 + (bytes[5] % 5),
      seenAt: NOW - bytes.readUInt32BE(6),
      from: `/products/lamps?page=${bytes[10] % 20}`,
    });
  }
  // To the byte.
  while (lengthOf(visit) + '"note":"",'.length > most) visit.visits.pop();
  return { note: "n".repeat(most - lengthOf(visit) - '"note":"",'.length), ...visit };
}
