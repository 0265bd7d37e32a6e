// What an id can reach in the table: its own session and nothing else that stands there, whatever the id spells. An id comes
// from a cookie; where a framework does not sign it, from whoever likes to send one.
import { beforeAll, describe, expect, it } from "vitest";
import { hashOf } from "../../src/core/keys.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { putRow } from "../support/tables.js";
import { describeTransactions } from "../support/transactions.js";

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

const data = { S: '{"user":"ada"}' };
const live = { sess: data, expires: { N: "9999999999" } };

describe.each([false, true])("an id that spells another row's key, with hashIds %s,", (hashIds) => {
  it("opens nothing of other data in the table, and a destroy leaves that alone", async () => {
    const { engine } = bench.engine({ hashIds });
    const [own, other] = [newId(), newId()];
    // An item of the application's own, and one whose two keys differ.
    await putRow(bench.client, bench.table, { pk: { S: own }, sk: { S: own }, ...live });
    const keys = { pk: { S: `session-store#${other}` }, sk: { S: "profile" } };
    await putRow(bench.client, bench.table, { ...keys, ...live });
    for (const id of [own, other, `../${own}`, `#${own}`]) {
      expect(await engine.load(id)).toBeUndefined();
      expect(await engine.update(id, () => ({ user: "eve" }))).toEqual({ outcome: "gone" });
      await engine.destroy(id);
    }
    expect(await bench.row(own, "")).toMatchObject({ sess: data });
  });

  it("opens no session of a store with another prefix, unless that begins with this one's and ids are plain", async () => {
    const outer = bench.engine({ hashIds, table: { hashPrefix: "app#" } });
    const inner = bench.engine({ hashIds, table: { hashPrefix: "app#admin#" } });
    const apart = bench.engine({ hashIds, table: { hashPrefix: "admin#" } });
    const id = newId();
    await inner.engine.save(inner.engine.create(id), { user: "root" });
    await apart.engine.save(apart.engine.create(id), { user: "root" });
    expect(await outer.engine.load(id)).toBeUndefined();
    // The limit that docs/security.md states.
    expect((await outer.engine.load(`admin#${id}`)) !== undefined).toBe(!hashIds);
  });
});

describeTransactions("an id that spells the key of what lists an owner's sessions", () => {
  it.each([false, true])("opens nothing, with hashIds %s", async (hashIds) => {
    const { engine } = bench.engine({ hashIds, owner: ({ user }) => String(user) });
    const user = newId();
    const session = engine.create(newId());
    await engine.save(session, { user });
    const list = `owner#${await hashOf(`owner:${user}`)}`;
    for (const id of [list, `#${session.address?.key}`, `${list}#${session.address?.key}`]) {
      expect(await engine.load(id)).toBeUndefined();
      await engine.destroy(id);
    }
    expect(await engine.sessionsOf(user)).toHaveLength(1);
  });
});
