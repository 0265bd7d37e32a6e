// Nothing secret in a log: whatever fails, and whichever options are on, no error and no event holds a session's id, the hash
// of one, its owner or its data, not even where all of it is printed to its depth.
import { inspect } from "node:util";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { createSessionEngine, type SessionStoreOptions } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { type Answer, denied, internalError, startFaultProxy, throttled } from "../support/fault-proxy.js";
import { putRow, testClient } from "../support/tables.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const OWNER = "ada.lovelace@example.org";
const WORD = "a word that stands in the data alone";
const canTransact = () => inject("emulator") === "dynamodb-local";

/** Everything that whoever logs it may see of a value. */
function printed(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });
}

describe("an error or event, printed to its depth, holds no id, no hash of one, no owner and no data", () => {
  const validation: Answer = {
    status: 400,
    body: { __type: "com.amazon.coral.validate#ValidationException", message: "The request is invalid" },
  };
  const page: Answer = "web-page";
  it.each<[string, () => Answer | undefined]>([
    ["all goes well", () => undefined],
    ["the action is denied", () => denied("UpdateItem")],
    ["the table is throttled", () => throttled()],
    ["the service fails", () => internalError()],
    ["the request is invalid", () => validation],
    ["the connection is cut", () => "drop-after"],
    ["half an answer comes", () => "half"],
    ["something else answers", () => page],
  ])("where %s", async (_, answer) => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    const told: unknown[] = [];
    const hashes: string[] = [];
    const words = [OWNER, WORD];
    const optionsOf: (Partial<SessionStoreOptions> & { ids: string[] })[] = [
      { ids: [] },
      { ids: [], hashIds: true },
      ...(canTransact() ? [{ ids: [], hashIds: true, owner: () => OWNER }] : []),
    ];
    for (const { ids, ...options } of optionsOf) {
      const engine = createSessionEngine({
        ...options,
        table: { name: bench.table },
        client,
        timeout: 1000,
        onEvent: (event) => told.push(event),
      });
      onTestFinished(() => engine.close());
      const tell = (error: unknown) => void told.push(error);
      for (let n = 0; n < 3; n++) {
        proxy.decide = () => undefined;
        const id = newId();
        ids.push(id);
        const session = engine.create(id);
        await engine.save(session, { word: WORD, n });
        hashes.push(session.address?.key.slice("session-store#".length) ?? "");
        const [one, other] = [await engine.load(id), await engine.load(id)];
        if (!one || !other) throw new Error("not found");
        await engine.save(one, { ...one.data, a: WORD });
        proxy.decide = () => answer();
        await engine.save(other, { ...other.data, a: `${WORD}!`, b: 1 }).catch(tell);
        await engine.update(id, (data) => ({ ...data, b: 2 })).catch(tell);
        await engine.touch(id).catch(tell);
        await engine.load(id).catch(tell);
        await engine.destroy(id).catch(tell);
        await engine.save(engine.create(newId()), { word: WORD }).catch(tell);
      }
      words.push(...ids);
    }
    const log = told.map(printed).join("\n");
    expect(told.length).toBeGreaterThan(20);
    // Four characters are the whole of what is told of an id.
    const secrets = [...words, ...words.map(encodeURIComponent), ...hashes, ...hashes.map((h) => h.slice(4))];
    expect(secrets.filter((secret) => secret !== "" && log.includes(secret))).toEqual([]);
  });

  it("where a row cannot be read", async () => {
    const told: unknown[] = [];
    const { engine } = bench.engine({ hashIds: true, onEvent: (event) => told.push(event) });
    const id = newId();
    const session = engine.create(id);
    await engine.save(session, { word: WORD });
    const hash = session.address?.key.slice("session-store#".length) ?? "";
    const row = await bench.row(hash);
    for (const broken of [{ S: `{"word":"${WORD}"` }, { N: "1" }, { B: new TextEncoder().encode(WORD) }]) {
      await putRow(bench.client, bench.table, { ...row, sess: broken });
      told.push(await engine.load(id).catch((error: unknown) => error));
      told.push(await engine.save(id, { word: WORD }).catch((error: unknown) => error));
    }
    const log = told.map(printed).join("\n");
    expect(log).toContain("ERR_SESSION_CORRUPT");
    expect([id, hash, hash.slice(4), WORD].filter((secret) => log.includes(secret))).toEqual([]);
  });
});

it("an engine, a session's store and what they were made of show no option when they are printed", () => {
  const engine = createSessionEngine({
    table: { name: "sessions" },
    clientConfig: { region: "us-east-1", credentials: { accessKeyId: "AKID", secretAccessKey: "hidden" } },
  });
  expect(printed(engine)).not.toMatch(/AKID|hidden|us-east-1/);
});
