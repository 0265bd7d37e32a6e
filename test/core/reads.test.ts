// Which reads share a request, and when it leaves: over commands that a test answers as it likes.
import { describe, expect, it } from "vitest";
import type { StorageKey } from "../../src/core/keys.js";
import { isStorageKey } from "../../src/core/keys.js";
import { Operation } from "../../src/core/operation.js";
import { type RowsRead, SharedReads } from "../../src/core/reads.js";
import type { Item } from "../../src/core/record.js";
import { type Held, holdPromise } from "../support/time.js";

const keys = { hashKey: "pk", sortKey: "sk", hashPrefix: "", hashIds: false };

function key(id: string): StorageKey {
  if (!isStorageKey(id, keys)) throw new Error(`no key: ${id}`);
  return id;
}

interface One extends Held<Item | undefined> {
  readonly key: string;
}

interface Many extends Held<RowsRead> {
  readonly keys: readonly string[];
  readonly signal: AbortSignal;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const itemOf = (id: string): Item => ({ pk: { S: id } });
const names = (count: number, prefix = "s") => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function rowsOf(ids: readonly string[], capacityUnits = 0): RowsRead {
  return { rows: new Map(ids.map((id) => [key(id), itemOf(id)])), capacityUnits };
}

function makeReads() {
  const [ones, manies]: [One[], Many[]] = [[], []];
  const pauses: { ms: number; end: () => void; fail: (error: Error) => void }[] = [];
  const reads = new SharedReads(
    {
      readOne: (asked) => {
        const held = holdPromise<Item | undefined>();
        ones.push({ ...held, key: asked });
        return held.promise;
      },
      readMany: (asked, signal) => {
        const held = holdPromise<RowsRead>();
        manies.push({ ...held, keys: asked, signal });
        return held.promise;
      },
    },
    {
      tableName: "sessions",
      // The sum of eight characters, of which the hundredths count: 50 of a hundred.
      randomId: () => `${"\0".repeat(7)}2`,
      sleep: (ms) => {
        const held = holdPromise<void>();
        pauses.push({ ms, end: () => held.resolve(), fail: held.reject });
        return held.promise;
      },
    },
  );
  const ask = (id: string) => {
    const operation = new Operation("load", id, 0);
    const read = reads.read(key(id), operation);
    read.catch(() => {});
    return { operation, read };
  };
  return { ones, manies, pauses, ask };
}

describe("reads of one turn", () => {
  it("travel together, each key once, and each has its own row", async () => {
    const { ones, manies, ask } = makeReads();
    const asked = ["a", "b", "a", "c"].map(ask);
    await nextTurn();
    expect(ones).toEqual([]);
    expect(manies.map((many) => many.keys)).toEqual([["a", "b", "c"]]);
    manies[0]?.resolve({
      rows: new Map([
        [key("a"), itemOf("a")],
        [key("b"), undefined],
        [key("c"), itemOf("c")],
      ]),
      capacityUnits: 2,
    });
    expect(await Promise.all(asked.map(({ read }) => read))).toEqual([
      itemOf("a"),
      undefined,
      itemOf("a"),
      itemOf("c"),
    ]);
    expect(asked.map(({ operation }) => [operation.keys, operation.capacityUnits])).toEqual(
      Array(4).fill([3, 0.5]),
    );
  });

  it("alone is a read of one row", async () => {
    const { ones, manies, ask } = makeReads();
    const { operation, read } = ask("a");
    await nextTurn();
    expect([ones.map((one) => one.key), manies]).toEqual([["a"], []]);
    ones[0]?.resolve(itemOf("a"));
    expect(await read).toEqual(itemOf("a"));
    expect(operation.keys).toBe(1);
  });

  it("alone fails as it does", async () => {
    const { ones, ask } = makeReads();
    const { read } = ask("a");
    await nextTurn();
    const error = new Error("the network");
    ones[0]?.reject(error);
    await expect(read).rejects.toBe(error);
  });

  it("are at most a hundred keys in a request", async () => {
    const { manies, ask } = makeReads();
    for (const id of [...names(100), "s0", "s99"]) ask(id);
    await nextTurn();
    expect(manies.map((many) => many.keys.length)).toEqual([100]);
    for (const id of [...names(100, "t"), "t0", "u", "v"]) ask(id);
    await nextTurn();
    expect(manies.map((many) => many.keys)).toEqual([names(100), names(100, "t"), ["u", "v"]]);
  });

  it("do not join those that are on their way", async () => {
    const { manies, ask } = makeReads();
    for (const id of ["a", "b"]) ask(id);
    await nextTurn();
    for (const id of ["a", "b"]) ask(id);
    await nextTurn();
    expect(manies.map((many) => many.keys)).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("are without those that are over by then, and none where all are", async () => {
    const { ones, manies, ask } = makeReads();
    const [over] = ["a", "b"].map(ask);
    over?.operation.end();
    await nextTurn();
    expect(ones.map((one) => one.key)).toEqual(["b"]);
    await expect(over?.read).rejects.toMatchObject({ name: "AbortError" });
    ask("c").operation.end();
    await nextTurn();
    expect([ones.length, manies]).toEqual([1, []]);
  });
});

describe("while several requests are on their way", () => {
  async function busy() {
    const made = makeReads();
    for (const id of ["a", "b", "c", "d"]) {
      made.ask(id);
      await nextTurn();
    }
    expect(made.ones).toHaveLength(4);
    return made;
  }

  it("those that come are gathered, until one of them is answered", async () => {
    const { ones, manies, pauses, ask } = await busy();
    for (const id of ["e", "f"]) {
      ask(id);
      await nextTurn();
    }
    expect(manies).toEqual([]);
    expect(pauses).toMatchObject([{ ms: 10 }]);
    ones[0]?.resolve(undefined);
    await nextTurn();
    expect(manies.map((many) => many.keys)).toEqual([["e", "f"]]);
  });

  it("no longer than ten milliseconds, also where the option `sleep` fails", async () => {
    const { ones, manies, pauses, ask } = await busy();
    for (const id of ["e", "f"]) ask(id);
    await nextTurn();
    pauses[0]?.end();
    await nextTurn();
    expect(manies.map((many) => many.keys)).toEqual([["e", "f"]]);
    ask("g");
    await nextTurn();
    expect(pauses).toHaveLength(2);
    pauses[1]?.fail(new Error("the application's"));
    await nextTurn();
    expect(ones.map((one) => one.key)).toEqual(["a", "b", "c", "d", "g"]);
  });

  it("and what is asked for in a turn that is not over waits for its end", async () => {
    const { ones, manies, ask } = await busy();
    ask("e");
    ones[0]?.resolve(undefined);
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(ones).toHaveLength(4);
    ask("f");
    await nextTurn();
    expect(manies.map((many) => many.keys)).toEqual([["e", "f"]]);
  });
});

describe("a request for several rows that fails", () => {
  it("is nobody's: each is read alone, and fails or does not by itself", async () => {
    const { ones, manies, ask } = makeReads();
    const [first, second, over] = ["a", "b", "c"].map(ask);
    await nextTurn();
    over?.operation.end();
    manies[0]?.reject(Object.assign(new Error("no"), { name: "ValidationException" }));
    await nextTurn();
    expect(ones.map((one) => one.key)).toEqual(["a", "b"]);
    const error = new Error("the network");
    ones[0]?.resolve(itemOf("a"));
    ones[1]?.reject(error);
    expect(await first?.read).toEqual(itemOf("a"));
    await expect(second?.read).rejects.toBe(error);
    // It is tried again with the next ones.
    for (const id of ["a", "b"]) ask(id);
    await nextTurn();
    expect(manies).toHaveLength(2);
  });

  it("for want of capacity fails all of them", async () => {
    const { ones, manies, ask } = makeReads();
    const asked = ["a", "b"].map(ask);
    await nextTurn();
    manies[0]?.reject(Object.assign(new Error("slow"), { name: "ProvisionedThroughputExceededException" }));
    for (const { read } of asked) {
      await expect(read).rejects.toMatchObject({
        code: "ERR_SESSION_THROTTLED",
        message: expect.stringContaining('BatchGetItem on the table "sessions"'),
      });
    }
    expect(ones).toEqual([]);
  });

  it.each(["AccessDeniedException", "UnknownOperationException"])(
    "because it may not be made is not made again, where single reads may: %s",
    async (name) => {
      const { ones, manies, ask } = makeReads();
      for (const id of ["a", "b"]) ask(id);
      await nextTurn();
      manies[0]?.reject(Object.assign(new Error("denied"), { name }));
      await nextTurn();
      for (const one of ones) one.resolve(undefined);
      await nextTurn();
      for (const id of ["c", "d"]) ask(id);
      expect(ones.map((one) => one.key)).toEqual(["a", "b", "c", "d"]);
    },
  );

  it("because nothing may be read is made again: that may have been mended", async () => {
    const { ones, manies, ask } = makeReads();
    for (const id of ["a", "b"]) ask(id);
    await nextTurn();
    manies[0]?.reject(Object.assign(new Error("denied"), { name: "AccessDeniedException" }));
    await nextTurn();
    for (const one of ones) one.reject(new Error("denied"));
    await nextTurn();
    for (const id of ["c", "d"]) ask(id);
    await nextTurn();
    expect(manies).toHaveLength(2);
  });
});

// What is asked for again is gathered in one turn, and leaves in the next.
describe("a request for several rows", () => {
  it("is called off when nobody waits for it any more, and not before", async () => {
    const { manies, ask } = makeReads();
    const [first, second] = ["a", "b"].map(ask);
    await nextTurn();
    first?.operation.end();
    expect(manies[0]?.signal.aborted).toBe(false);
    second?.operation.end();
    expect(manies[0]?.signal.aborted).toBe(true);
    expect(manies[0]?.signal.reason).toMatchObject({
      name: "AbortError",
      message: "nobody waits for this read any more",
    });
  });

  it("asks again for what was left unprocessed: together, after longer and longer pauses, in the end alone", async () => {
    const { ones, manies, pauses, ask } = makeReads();
    const asked = ["a", "b", "c"].map(ask);
    await nextTurn();
    manies[0]?.resolve(rowsOf(["a"], 3));
    await nextTurn();
    expect(await asked[0]?.read).toEqual(itemOf("a"));
    expect(pauses).toMatchObject([{ ms: 12.5 }]);
    pauses[0]?.end();
    await nextTurn();
    await nextTurn();
    expect(manies[1]?.keys).toEqual(["b", "c"]);
    manies[1]?.resolve(rowsOf([]));
    await nextTurn();
    expect(pauses).toMatchObject([{ ms: 12.5 }, { ms: 25 }]);
    pauses[1]?.fail(new Error("the application's"));
    await nextTurn();
    await nextTurn();
    expect(manies[2]?.keys).toEqual(["b", "c"]);
    manies[2]?.resolve(rowsOf([]));
    await nextTurn();
    expect(pauses[2]).toMatchObject({ ms: 50 });
    pauses[2]?.end();
    await nextTurn();
    await nextTurn();
    expect(manies).toHaveLength(3);
    expect(ones.map((one) => one.key)).toEqual(["b", "c"]);
    ones[0]?.resolve(itemOf("b"));
    ones[1]?.reject(new Error("throttled"));
    expect(await asked[1]?.read).toEqual(itemOf("b"));
    await expect(asked[2]?.read).rejects.toThrow("throttled");
    expect(asked.map(({ operation }) => operation.keys)).toEqual([3, 1, 1]);
  });

  it("does not ask again for whom it is over", async () => {
    const { ones, manies, pauses, ask } = makeReads();
    const asked = ["a", "b", "c"].map(ask);
    await nextTurn();
    asked[0]?.operation.end();
    manies[0]?.resolve(rowsOf([]));
    await nextTurn();
    asked[1]?.operation.end();
    pauses[0]?.end();
    await nextTurn();
    await nextTurn();
    expect(manies).toHaveLength(1);
    expect(ones.map((one) => one.key)).toEqual(["c"]);
  });
});
