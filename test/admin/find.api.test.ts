// One session by its id, as an operator looks at it or ends it.
import { beforeAll, describe, expect, it } from "vitest";
import { destroySession, findSession } from "../../src/admin/index.js";
import type { SessionStoreOptions } from "../../src/core/options.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow, testClientConfig } from "../support/tables.js";

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

function storeWith(options: Partial<SessionStoreOptions> = {}): SessionStoreOptions {
  return {
    now: () => NOW + 1000,
    clientConfig: testClientConfig(),
    ...options,
    table: { name: bench.table },
  };
}

/** A session that was saved at NOW. */
async function saved(options: Parameters<Bench["engine"]>[0] = {}, maxAge = DAY): Promise<string> {
  const { engine } = bench.engine(options);
  const id = newId();
  await engine.save(engine.create(id), { n: 1 }, { maxAge });
  return id;
}

describe("finding a session", () => {
  it("gives its data, times and size, and changes nothing", async () => {
    const id = await saved();
    const before = await bench.row(id);
    expect(await findSession(storeWith(), id)).toEqual({
      id,
      shortId: `${id.slice(0, 4)}…`,
      place: 0,
      created: NOW,
      updated: NOW,
      endsAt: NOW + DAY,
      isExpired: false,
      owner: undefined,
      bytes: expect.any(Number),
      data: { n: 1 },
    });
    expect(await bench.row(id)).toEqual(before);
  });

  it("gives one that is over as well, and leaves it there", async () => {
    const id = await saved({}, 500);
    expect(await findSession(storeWith(), id)).toMatchObject({ isExpired: true, endsAt: NOW + 500 });
    expect(await bench.row(id)).toBeDefined();
  });

  it("finds it in a previous place", async () => {
    const id = await saved({ table: { hashPrefix: "before#" } });
    const previous = [{ hashPrefix: "before#" }];
    expect(await findSession(storeWith({ previous }), id)).toMatchObject({ id, place: 1, data: { n: 1 } });
    expect(await bench.row(id, "before#")).toBeDefined();
  });

  it("finds it by its id where the table holds hashes, and nothing by a hash", async () => {
    const id = await saved({ hashIds: true });
    const found = await findSession(storeWith({ hashIds: true }), id);
    expect(found).toMatchObject({ id: "", data: { n: 1 } });
    expect(await findSession(storeWith(), id)).toBeUndefined();
  });

  it.each([newId(), "", "\ud800", "x".repeat(3000)])(
    "finds none by an id that is nobody's: %#",
    async (id) => {
      expect(await findSession(storeWith(), id)).toBeUndefined();
    },
  );
});

describe("destroying a session", () => {
  it("ends it wherever it is", async () => {
    const previous = [{ hashPrefix: "before#" }];
    const here = await saved();
    const before = await saved({ table: { hashPrefix: "before#" } });
    for (const id of [here, before]) await destroySession(storeWith({ previous }), id);
    expect([await bench.row(here), await bench.row(before, "before#")]).toEqual([undefined, undefined]);
  });

  it("ends one that cannot be read, which finding refuses", async () => {
    const key = { S: "session-store#unreadable-session" };
    await putRow(bench.client, bench.table, { pk: key, sk: key, sess: { N: "1" } });
    const id = "unreadable-session";
    await expect(findSession(storeWith(), id)).rejects.toMatchObject({ code: "ERR_SESSION_CORRUPT" });
    await destroySession(storeWith(), id);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("that is not there is as good", async () => {
    await expect(destroySession(storeWith(), newId())).resolves.toBeUndefined();
  });
});
