// Rows found in the table, whatever is wrong with them, met by an engine: read for what they mean, saved, touched, updated
// and destroyed; and never written to, nor removed, where they cannot be read.
import fc from "fast-check";
import { createSessionEngine, type SessionEngine, type SessionInHand } from "../../src/core/index.js";
import { newId } from "../support/engines.js";
import { testClient } from "../support/tables.js";
import {
  type Judged,
  type Kind,
  NOW,
  outcomeOf,
  require,
  requireNoSecrets,
  requireSame,
  requireSameJson,
} from "./campaign.js";
import { type Attributes, anyRow, mayBeRemoved, meaningOf } from "./rows.js";
import type { Wire, WireItem } from "./wire.js";

const PREFIX = "found#";
const CORRUPT = ["ERR_SESSION_CORRUPT"];
// A row may be too large for what a write adds, and a map holds less than JSON.
const TOO_MUCH = ["ERR_SESSION_TOO_LARGE", "ERR_SESSION_UNSERIALIZABLE"];

const THEN = ["save", "save anew", "adopt", "touch", "touch by id", "update", "destroy", "nothing"] as const;

interface Found {
  readonly row: Attributes;
  readonly format: "json" | "map";
  readonly then: (typeof THEN)[number];
}

export function foundRows(table: string, wire: Wire): Kind<Found> {
  const told: unknown[] = [];
  const options = {
    client: testClient(),
    now: () => NOW,
    timeout: 60_000,
    ttl: 60_000,
    table: { name: table, hashPrefix: PREFIX },
    onEvent: (event: unknown) => told.push(event),
  };
  const engines = {
    json: createSessionEngine(options),
    map: createSessionEngine({ ...options, format: "map" }),
  };
  const idsOf = new Map<Found, string>();
  let before = new Map<string, WireItem>();

  const read = (inputs: Iterable<Found>) => wire.get([...inputs].map((one) => PREFIX + idsOf.get(one)));

  return {
    name: "rows found in the table",
    inputs: 5_000,
    together: 50,
    arbitrary: fc.record({
      row: anyRow,
      format: fc.constantFrom("json", "json", "map"),
      then: fc.constantFrom(...THEN),
    }),

    async before(inputs) {
      told.length = 0;
      idsOf.clear();
      for (const one of inputs) idsOf.set(one, newId());
      await wire.put(
        [...idsOf].map(([{ row }, id]) => ({ ...row, pk: { S: PREFIX + id }, sk: { S: PREFIX + id } })),
      );
      before = await read(inputs);
    },

    async judge(found): Promise<Judged> {
      const id = String(idsOf.get(found));
      const row = before.get(PREFIX + id);
      if (row === undefined) throw new Error("the row was not put");
      const engine = engines[found.format];
      const meaning = meaningOf(row);
      const loaded = await outcomeOf(() => engine.load(id), meaning.is === "unreadable" ? CORRUPT : [], [id]);
      if (meaning.is === "unreadable") {
        require(loaded.error !== undefined, "read, though it cannot be");
        await whatIsUnreadable(engine, id, found.then);
      } else {
        const session = loaded.error === undefined ? loaded.value : undefined;
        if (meaning.is !== "live") require(session === undefined, `given out, and ${meaning.is}`);
        else requireSameJson(session?.data, meaning.data, "what is read");
        if (session) await whatLives(engine, session, found.then);
        else await whatIsNotThere(engine, id, found.then, row);
      }
      return { outcome: `${meaning.is}, then ${found.then}`, sent: true };
    },

    async after(inputs) {
      const after = await read(inputs);
      requireNoSecrets(told, [...idsOf.values()]);
      for (const found of inputs) {
        const key = PREFIX + idsOf.get(found);
        const was = before.get(key);
        const { is } = meaningOf(was ?? {});
        const isKept = is === "unreadable" || (is !== "live" && !mayBeRemoved(was ?? {}));
        const isWritten = is !== "unreadable" && ["save anew", "adopt"].includes(found.then);
        if (!isKept || isWritten || found.then === "destroy") continue;
        requireSame(after.get(key), was, `the ${is} row after ${found.then}`);
      }
      const left = inputs.filter(({ then }) => then === "destroy").map((one) => PREFIX + idsOf.get(one));
      require(!left.some((key) => after.has(key)), "destroyed, and there");
    },
  };
}

async function whatIsUnreadable(engine: SessionEngine, id: string, then: Found["then"]): Promise<void> {
  const data = { n: 1 };
  const refused = (call: () => Promise<unknown>) =>
    outcomeOf(call, CORRUPT, [id]).then(({ error }) => require(error !== undefined, `${then} went through`));
  if (then === "save anew") await refused(() => engine.save(engine.create(id), data));
  if (then === "save" || then === "adopt") await refused(() => engine.save(id, data));
  if (then === "update") await refused(() => engine.update(id, () => data));
  if (then === "touch" || then === "touch by id") {
    const touched = await engine.touch(id);
    require(touched.outcome === "failed", `touched: ${touched.outcome}`);
  }
  if (then === "destroy") await engine.destroy(id);
}

async function whatLives(engine: SessionEngine, session: SessionInHand, then: Found["then"]): Promise<void> {
  const { id } = session;
  const more = { ...session.data, n: 1 };
  const expect = async (data: object) =>
    requireSameJson((await engine.load(id))?.data, data, `after ${then}`);
  if (then === "touch" || then === "touch by id") {
    const { outcome } = await engine.touch(then === "touch" ? session : id);
    require(outcome === "touched" || outcome === "throttled", `touch: ${outcome}`);
    return expect(session.data);
  }
  if (then === "destroy") {
    await engine.destroy(id);
    return require((await engine.load(id)) === undefined, "destroyed, and there");
  }
  const writes: Partial<Record<Found["then"], () => Promise<{ outcome: string }>>> = {
    save: () => engine.save(session, more),
    adopt: () => engine.save(id, more),
    "save anew": () => engine.save(engine.create(id), more),
    update: () => engine.update(id, (data) => ({ ...data, n: 1 })),
  };
  const write = writes[then];
  if (write === undefined) return;
  const written = await outcomeOf(write, TOO_MUCH, [id]);
  if (written.error) return expect(session.data);
  require(written.value.outcome === "saved", `${then}: ${written.value.outcome}`);
  await expect(more);
}

async function whatIsNotThere(
  engine: SessionEngine,
  id: string,
  then: Found["then"],
  row: WireItem,
): Promise<void> {
  const data = { n: 1 };
  if (then === "destroy") return engine.destroy(id);
  if (then === "touch" || then === "touch by id") {
    return require((await engine.touch(id)).outcome === "gone", "touched back to life");
  }
  if (then === "update") {
    return require((await engine.update(id, () => data)).outcome === "gone", "updated back to life");
  }
  if (then !== "save anew" && then !== "adopt") return;
  // Nothing was loaded, so that it is a new session's id; but not over a row that is not a session's as far as one can see.
  const isReadable = row.sess === undefined || mayBeRead(row);
  const saved = await outcomeOf(() => engine.save(engine.create(id), data), isReadable ? [] : CORRUPT, [id]);
  if (!isReadable) return require(saved.error !== undefined, "written over what cannot be read");
  requireSameJson((await engine.load(id))?.data, data, "a new session in its place");
}

function mayBeRead(row: WireItem): boolean {
  return (
    meaningOf({
      ...row,
      until: { N: String(NOW + 5000) },
      expires: { N: String(Math.ceil((NOW + 5000) / 1000)) },
    }).is === "live"
  );
}
