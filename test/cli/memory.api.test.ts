// Work on a whole table takes no more memory than a few pages of it: commands that are given less than the rows would
// need, over 20 000 rows, or as many as SESSION_STORE_ROWS says.
import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { commandLine, LOCAL_CREDENTIALS } from "../support/command-line.js";
import { newId } from "../support/engines.js";
import { createTable, type Row, testClient } from "../support/tables.js";

const ROWS = Number(process.env.SESSION_STORE_ROWS ?? 20_000);
/** Many rows are small ones, for DynamoDB Local keeps them in its memory. */
const DATA_BYTES = ROWS > 20_000 ? 400 : 1000;
/** Of JavaScript objects: the program itself and a few pages need half of it, 20 000 rows more than all. */
const HEAP_MB = 48;
// For each page without a limit DynamoDB Local reads the whole table, and of several segments with one some of it.
const PACE = ["--segments", "1", "--max-units", "1000"];
const MINUTES = 60_000;
// A hundred rows a second is slower than any machine was seen to be.
const TIMEOUT_MS = 2 * MINUTES + ROWS * 10;

const cli = commandLine();
const env = { ...LOCAL_CREDENTIALS, NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };

// Dynalite, which is slower with many rows, says nothing else of it.
describe.runIf(inject("emulator") === "dynamodb-local")(`over ${ROWS} rows and in ${HEAP_MB} MB`, () => {
  let flags: string[];
  beforeAll(async () => {
    flags = ["--table", await fill(), "--endpoint", inject("endpoint")];
  }, TIMEOUT_MS);

  it("stats surveys them all", { timeout: TIMEOUT_MS }, async () => {
    const { code, stdout, stderr } = await cli.run(["stats", "--json", ...PACE, ...flags], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { live, scanned, owners } = JSON.parse(stdout);
    expect({ live, scanned, owned: owners.owned }).toEqual({ live: ROWS, scanned: ROWS, owned: ROWS });
  });

  it("ls lists them all with their data", { timeout: TIMEOUT_MS }, async () => {
    let lines = 0;
    const args = ["ls", "--json", "--data", ...PACE, ...flags];
    const started = cli.start(args, env, (text) => {
      lines += text.split("\n").length - 1;
    });
    expect(await started.ended).toMatchObject({ code: 0, stderr: "" });
    // One for each, and two for the brackets around them.
    expect(lines).toBe(ROWS + 2);
  });
});

const ROWS_A_REQUEST = 25;
const REQUESTS_AT_ONCE = 8;

/** Makes a table of sessions, each of an owner of its own. */
async function fill(): Promise<string> {
  const client = testClient();
  const table = await createTable(client);
  const sess = { S: JSON.stringify({ text: "x".repeat(DATA_BYTES) }) };
  const now = Date.now();
  const times: Row = {
    created: { N: String(now) },
    updated: { N: String(now) },
    until: { N: String(now + 86_400_000) },
    expires: { N: String(Math.ceil(now / 1000) + 86_400) },
    listedUntil: { N: String(Math.ceil(now / 1000) + 90_000) },
  };
  const rowOf = (): Row => {
    const key = { S: `session-store#${newId()}` };
    return { pk: key, sk: key, ...times, owner: { S: newId() }, sess };
  };
  let left = ROWS;
  const write = async () => {
    while (left > 0) {
      const count = Math.min(left, ROWS_A_REQUEST);
      left -= count;
      const requests = Array.from({ length: count }, () => ({ PutRequest: { Item: rowOf() } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, write));
  client.destroy();
  return table;
}
