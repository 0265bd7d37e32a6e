// What the protocol between a session in hand and its row holds in the corners: each of these was found by breaking one
// line of it on purpose.
import { inspect } from "node:util";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { putRow, testClient } from "../support/tables.js";
import { holdDeadlines } from "../support/time.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

async function loaded(options: Parameters<Bench["engine"]>[0] = {}) {
  const made = bench.engine(options);
  const id = newId();
  await made.engine.save(id, { n: 1 });
  const session = await made.engine.load(id);
  if (!session) throw new Error("not loaded");
  made.actions();
  return { ...made, id, session };
}

describe("an expired session", () => {
  it.each(["save", "touch"] as const)(
    "whose life was shortened since it was read stays over to the millisecond, against %s",
    async (ask) => {
      const { engine, clock, session, id } = await loaded({ touchInterval: 0 });
      const other = bench.engine({ touchInterval: 0 });
      other.clock.pass(1);
      await other.engine.touch(id, { maxAge: 1500 });
      const row = await bench.row(id);
      // Over by `until`, while `expires` is rounded up to the next second.
      clock.pass(1601);
      const result = ask === "save" ? await engine.save(session, { n: 2 }) : await engine.touch(session);
      expect(result).toEqual({ outcome: "gone" });
      expect(await bench.row(id)).toEqual(row);
    },
  );

  it.each(["save", "touch"] as const)(
    "that another package ended by `expires` alone stays over, against %s",
    async (ask) => {
      const { engine, clock, session, id } = await loaded({ touchInterval: 0 });
      clock.pass(5000);
      const ended = { ...(await bench.row(id)), expires: { N: String(clock.time / 1000 - 1) } };
      await putRow(bench.client, bench.table, ended);
      const result = ask === "save" ? await engine.save(session, { n: 2 }) : await engine.touch(session);
      expect(result).toEqual({ outcome: "gone" });
      expect(await bench.row(id)).toEqual(ended);
    },
  );
});

describe("rows of 0.0.19", () => {
  it.each(["save", "touch"] as const)(
    "that it wrote whole over one of ours are the same session, against %s",
    async (ask) => {
      const { engine, clock, session, id } = await loaded({ format: "map", ttl: 100_000 });
      clock.pass(60_000);
      const key = { S: `session-store#${id}` };
      const long = clock.time - 40_000;
      await putRow(bench.client, bench.table, {
        pk: key,
        sk: key,
        expires: { N: String(long / 1000 + 100) },
        sess: { M: { n: { N: "7" }, updated: { N: String(long) } } },
      });
      if (ask === "save") expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
      else expect(await engine.touch(session)).toEqual({ outcome: "touched" });
      const row = await bench.row(id);
      expect(row?.sess?.M?.n).toEqual({ N: ask === "save" ? "2" : "7" });
      expect(row?.until).toEqual({ N: String(clock.time + 100_000) });
    },
  );
});

describe("a save on its way", () => {
  it("is waited for by a touch", async () => {
    const { engine } = bench.engine();
    const session = engine.create(newId());
    const saved = engine.save(session, { n: 1 });
    expect(await engine.touch(session)).toEqual({ outcome: "throttled" });
    expect(await saved).toEqual({ outcome: "saved" });
  });

  it("is waited for by an update", async () => {
    const { engine, sent, actions } = bench.engine();
    const id = newId();
    let during: string[] = [];
    sent.beforeNext("UpdateItem", async () => {
      await bench.row(id);
      during = actions();
    });
    const saved = engine.save(engine.create(id), { n: 1 });
    expect(await engine.update(id, ({ n }) => ({ n: Number(n) + 1 }))).toMatchObject({
      outcome: "saved",
      data: { n: 2 },
    });
    expect(await saved).toMatchObject({ outcome: "saved" });
    expect(during).toMatchObject(["UpdateItem"]);
  });

  it("that never ends gives up its turn at its deadline, whatever the client does with the signal", async () => {
    const { engine, sent, session } = await loaded({ timeout: 1000 });
    sent.beforeNext("UpdateItem", () => new Promise(() => {}));
    await expect(engine.save(session, { n: 2 })).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    expect(await engine.save(session, { n: 3 })).toEqual({ outcome: "saved" });
    expect((await engine.load(session.id))?.data).toEqual({ n: 3 });
  });

  it("tells nothing of a save that waited behind it, and was answered at its deadline", async () => {
    const { options, deadlines } = holdDeadlines();
    const { engine, events, session, sent, id } = await loaded(options);
    sent.beforeNext("UpdateItem", () => new Promise(() => {}));
    deadlines.length = 0;
    const first = engine.save(id, { n: 2 });
    const second = engine.save(session, { n: 1 });
    deadlines[1]?.();
    // It changes nothing, and so is a touch, which fails for nobody.
    expect(await second).toEqual({ outcome: "saved" });
    expect(events.at(-1)).toMatchObject({ type: "error", operation: "save" });
    deadlines[0]?.();
    await expect(first).rejects.toMatchObject({ code: "ERR_SESSION_TIMEOUT" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.filter(({ type }) => type === "throttle")).toEqual([]);
  });
});

describe("a row that cannot be read", () => {
  it("is not written over by a save of an id that was loaded before, nor touched", async () => {
    const { engine, clock, id } = await loaded();
    const row = { ...(await bench.row(id)), rev: { N: "2" }, sess: { S: "top secret" } };
    await putRow(bench.client, bench.table, row);
    clock.pass(40_000);
    const corrupt = { code: "ERR_SESSION_CORRUPT" };
    await expect(engine.save(id, { n: 2 })).rejects.toMatchObject(corrupt);
    expect(await engine.touch(id)).toMatchObject({ outcome: "failed", error: corrupt });
    await expect(engine.update(id, () => ({ n: 2 }))).rejects.toMatchObject(corrupt);
    expect(await bench.row(id)).toEqual(row);
  });

  it("is not written over by a request that had loaded it before, though a touch of that has met it", async () => {
    const { engine, clock, id, session } = await loaded();
    const row = { ...(await bench.row(id)), rev: { N: "2" }, sess: { S: '{"n":1,"cut":"of' } };
    await putRow(bench.client, bench.table, row);
    clock.pass(40_000);
    const corrupt = { code: "ERR_SESSION_CORRUPT" };
    expect(await engine.touch(session)).toMatchObject({ outcome: "failed", error: corrupt });
    await expect(engine.save(session, { n: 2 })).rejects.toMatchObject(corrupt);
    expect(await bench.row(id)).toEqual(row);
  });
});

describe("an answer cut short", () => {
  it("is an error without its parser's, which quotes the answer, and is judged by no word of that", async () => {
    const { engine, sent, events } = bench.engine();
    const message = `Unexpected token 's', "{"credential": s3cr3t" is not valid JSON`;
    sent.beforeNext("GetItem", () => Promise.reject(new SyntaxError(message)));
    const error = await engine.load(newId()).catch((reason) => reason);
    expect(error).toMatchObject({ code: "ERR_SESSION_UNAVAILABLE", cause: undefined });
    expect(inspect([error, events], { depth: 9 })).not.toContain("s3cr3t");
  });
});

describe("a row that another's transaction holds", () => {
  it.each(["save", "touch", "destroy"] as const)("is waited for by %s", async (ask) => {
    const proxy = await startFaultProxy(inject("endpoint"));
    onTestFinished(() => proxy.close());
    const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
    const { engine, clock, session, id } = await loaded({ client });
    clock.pass(40_000);
    let conflicts = 0;
    const __type = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
    proxy.decide = (action) =>
      action !== "GetItem" && conflicts++ < 2
        ? { status: 400, body: { __type, message: "Transaction is ongoing for the item" } }
        : undefined;
    if (ask === "save") expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
    else if (ask === "touch") expect(await engine.touch(session)).toEqual({ outcome: "touched" });
    else await engine.destroy(id);
    expect(conflicts).toBe(3);
  });
});

describe("an expired row", () => {
  it.each(["gen", "rev", "until", "expires"])(
    "is not removed when its %s is not what was read",
    async (name) => {
      const { engine, clock, sent, id } = await loaded({ ttl: 1000 });
      clock.pass(5000);
      const row = (await bench.row(id)) ?? {};
      const other = name === "gen" ? { S: "another1" } : { N: String(Number(row[name]?.N) + 1) };
      const changed = { ...row, [name]: other };
      sent.beforeNext("DeleteItem", () => putRow(bench.client, bench.table, changed));
      expect(await engine.load(id)).toBeUndefined();
      expect(await bench.row(id)).toEqual(changed);
    },
  );
});

describe("a session that a slow request holds", () => {
  it("is read again before a save calls it gone: another may have renewed it", async () => {
    const { engine, clock, session, id } = await loaded({ ttl: 10_000 });
    clock.pass(5000);
    expect(await engine.touch(id)).toEqual({ outcome: "touched" });
    clock.pass(6000);
    expect(await engine.save(session, { n: 2 })).toEqual({ outcome: "saved" });
    expect((await engine.load(id))?.data).toEqual({ n: 2 });
  });
});

describe("a row of another package", () => {
  it.each(["save", "touch"] as const)(
    "that this ended since it was read stays over, against %s",
    async (ask) => {
      const { engine, clock } = bench.engine();
      const id = newId();
      const key = { S: `session-store#${id}` };
      const row = {
        pk: key,
        sk: key,
        sess: { S: '{"n":1}' },
        expires: { N: String(clock.time / 1000 + 60) },
      };
      await putRow(bench.client, bench.table, row);
      const session = await engine.load(id);
      if (!session) throw new Error("not loaded");
      clock.pass(5000);
      const ended = { ...row, expires: { N: String(clock.time / 1000 - 1) } };
      await putRow(bench.client, bench.table, ended);
      const result = ask === "save" ? await engine.save(session, { n: 2 }) : await engine.touch(session);
      expect(result).toEqual({ outcome: "gone" });
      expect(await bench.row(id)).toEqual(ended);
    },
  );
});

describe("a row of another package", () => {
  it("that this wrote whole since it was read refuses the first write", async () => {
    const { engine, clock, events } = bench.engine();
    const id = newId();
    const key = { S: `session-store#${id}` };
    const row = { pk: key, sk: key, expires: { N: String(clock.time / 1000 + 60) } };
    await putRow(bench.client, bench.table, { ...row, sess: { S: '{"n":1}' } });
    const session = await engine.load(id);
    if (!session) throw new Error("not loaded");
    await putRow(bench.client, bench.table, { ...row, sess: { S: '{"n":2}' } });
    expect(await engine.save(session, { n: 3 })).toEqual({ outcome: "saved" });
    expect(events).toContainEqual(expect.objectContaining({ type: "save", attempts: 2 }));
  });
});

describe("an operation that has ended", () => {
  it("leaves no timer behind", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const sleep = (_ms: number, signal?: AbortSignal) => {
      signals.push(signal);
      return new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    };
    const { engine } = bench.engine({ sleep });
    await engine.load(newId());
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});

describe("a touch", () => {
  it("is not sent after a save of this process, by a request that had loaded before it", async () => {
    const { engine, clock, session, id, actions } = await loaded();
    clock.pass(40_000);
    await engine.save(id, { n: 2 });
    actions();
    expect(await engine.touch(session)).toEqual({ outcome: "throttled" });
    expect(actions()).toEqual([]);
  });
});

describe("data too large by the rest of its row", () => {
  it.each(["json", "map"] as const)("is refused before anything is sent, in format %s", async (format) => {
    const { engine, session, actions } = await loaded({ format });
    const data = { text: "x".repeat(400 * 1024 - 30) };
    const refused = { code: "ERR_SESSION_TOO_LARGE" };
    await expect(engine.save(engine.create(newId()), data)).rejects.toMatchObject(refused);
    await expect(engine.save(session, data)).rejects.toMatchObject(refused);
    expect(actions()).toEqual([]);
  });
});

describe("a refusal", () => {
  it("is asked for the row that refused, so that no read follows it", async () => {
    const { engine, session, sent, clock } = await loaded();
    await engine.save(session, { n: 2 });
    clock.pass(40_000);
    await engine.touch(session);
    await engine.save(engine.create(newId()), {});
    const writes = sent.calls.filter(({ action }) => action === "UpdateItem");
    expect(writes.map(({ input }) => input.ReturnValuesOnConditionCheckFailure)).toEqual(
      Array(3).fill("ALL_OLD"),
    );
  });
});

describe("a load", () => {
  it("waits for the last save, also when earlier ones have ended", async () => {
    const { engine, sent, actions } = bench.engine();
    const session = engine.create(newId());
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    sent.beforeNext("UpdateItem", async () => sent.beforeNext("UpdateItem", () => held));
    const saves = [1, 2, 3].map((n) => engine.save(session, { n }));
    await saves[0];
    await new Promise((resolve) => setImmediate(resolve));
    const loaded = engine.load(session.id);
    await new Promise((resolve) => setImmediate(resolve));
    expect(actions()).toEqual(["UpdateItem", "UpdateItem"]);
    release();
    expect((await loaded)?.data).toEqual({ n: 3 });
    await Promise.all(saves);
  });

  it("of an expired row is answered though its removal fails, which is reported", async () => {
    const { engine, clock, sent, events, id } = await loaded({ ttl: 1000 });
    clock.pass(5000);
    sent.beforeNext("DeleteItem", () => Promise.reject(new Error("no")));
    expect(await engine.load(id)).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ type: "error", operation: "load" }));
    expect(events).toContainEqual(expect.objectContaining({ type: "expire", removed: false }));
  });
});
