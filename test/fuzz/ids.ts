// Session ids of every kind, at the engine and the stores of two doors: one that cannot be a key is refused before
// anything is sent; any other opens its own session and no other.
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { createSessionEngine } from "../../src/core/index.js";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { answerOf, sessionData } from "../support/express-apps.js";
import { recordCalls, testClient } from "../support/tables.js";
import {
  CANARY,
  type Judged,
  type Kind,
  NOW,
  nameOf,
  outcomeOf,
  require,
  requireNoSecrets,
  requireSame,
  secretOf,
  untyped,
} from "./campaign.js";
import type { Wire } from "./wire.js";

const PREFIX = "ids#";

/** DynamoDB's limit for a sort key, in bytes. */
const MOST_BYTES = 1024;

/** Text of any UTF-16 code units, lone surrogates among them. */
export const anyText = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
      { weight: 1, arbitrary: fc.integer({ min: 0xd800, max: 0xdfff }) },
    ),
    { maxLength: 40 },
  )
  .map((codes) => String.fromCharCode(...codes));

const nearTheLimit = fc
  .tuple(fc.constantFrom("x", "é", "€", "🍵", "\u0000"), fc.integer({ min: -3, max: 3 }))
  .map(([character, more]) => {
    const bytes = MOST_BYTES - PREFIX.length + more;
    const size = Buffer.byteLength(character);
    return character.repeat(Math.floor(bytes / size)) + "y".repeat(bytes % size);
  });

const spoken = fc.constantFrom(
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "toString",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\r\nSet-Cookie: a=b",
  "' OR '1'='1",
  '{"S":"x"}',
  "#pk",
  ":sess",
  "e\u0301",
  "é",
  "İ",
  "ı",
  " ",
  "null",
  "undefined",
  "[object Object]",
);

const anyId: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: fc.base64String({ minLength: 1, maxLength: 60 }) },
  { weight: 6, arbitrary: anyText },
  { weight: 2, arbitrary: nearTheLimit },
  { weight: 1, arbitrary: spoken },
  { weight: 4, arbitrary: fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(5, Number.NaN, true, null, undefined, 1n, Symbol("id"), () => "id", ["id"]),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1100, max: 100_000 }).map((length) => "z".repeat(length)) },
);

/** Whether DynamoDB can hold it as a key, told without the package's own means. */
function isPossible(id: unknown): id is string {
  if (typeof id !== "string" || id === "") return false;
  const bytes = Buffer.from(PREFIX + id, "utf8");
  return bytes.length <= MOST_BYTES && bytes.toString("utf8") === PREFIX + id;
}

export function ids(table: string, wire: Wire): Kind<{ id: unknown; by: "engine" | "express" | "koa" }> {
  const client = testClient();
  const { calls } = recordCalls(client);
  const told: unknown[] = [];
  let minutes = 0;
  const options = {
    client,
    // What was handed out a minute ago is not created anew by a save that nothing links to its load.
    now: () => NOW + minutes * 60_000,
    timeout: 60_000,
    table: { name: table, hashPrefix: PREFIX },
    onEvent: (event: unknown) => told.push(event),
  };
  const engine = createSessionEngine(options);
  const express = new ExpressStore(options);
  const koa = new KoaStore(options);
  const keysSent = () => new Set(calls.splice(0).map(({ input }) => input.Key?.pk?.S));

  const stores = {
    engine: {
      save: (id: string, data: object) => engine.save(engine.create(id), data),
      load: async (id: string) => (await engine.load(id))?.data,
      touch: (id: string) => engine.touch(id),
      destroy: (id: string) => engine.destroy(id),
    },
    express: {
      save: (id: string, data: object) =>
        byCallback((done) => express.set(id, sessionData({ ...data }), done)),
      load: async (id: string) => withoutCookie(await byCallback((done) => express.get(id, done))),
      touch: (id: string) => byCallback((done) => express.touch(id, sessionData({}), done)),
      destroy: (id: string) => byCallback((done) => express.destroy(id, done)),
    },
    koa: {
      save: (id: string, data: object) => koa.set(id, data, 60_000),
      load: async (id: string) => withoutExpire(await koa.get(id)),
      touch: (id: string) => koa.get(id),
      destroy: (id: string) => koa.destroy(id),
    },
  };
  /** The ids that are judged at this moment: what is in hand of one input is in no other's. */
  let taken = new Set<unknown>();

  return {
    name: "session ids",
    inputs: 6_000,
    together: 60,
    arbitrary: fc.record({ id: anyId, by: fc.constantFrom("engine", "express", "koa") }),
    async before() {
      taken = new Set();
      minutes += 2;
      told.length = 0;
      calls.length = 0;
    },
    async judge({ id, by }): Promise<Judged> {
      const store = stores[by];
      const given = untyped(id);
      if (!isPossible(id)) {
        const refused = await outcomeOf(
          () => store.save(given, { secret: CANARY }),
          ["ERR_SESSION_ID"],
          secretOf(id),
        );
        require(refused.error !== undefined, "saved under an id that cannot be a key");
        requireSame(await outcomeOf(() => store.load(given), []), { value: undefined }, "a load of it");
        await store.touch(given);
        await store.destroy(given);
        return { outcome: nameOf(refused), sent: false };
      }
      if (taken.has(id)) return { outcome: "the same once more", sent: false };
      taken.add(id);
      const data = { whose: id, secret: CANARY };
      await store.save(id, data);
      requireSame(await store.load(id), data, "what is loaded");
      // Who comes by another's id finds that.
      const others = [`${id}x`, id.toUpperCase(), id.normalize("NFC"), id.normalize("NFD"), id.trim()];
      const other = others.find((one) => one !== id && isPossible(one) && !taken.has(one));
      if (other !== undefined) {
        const found = await store.load(other);
        require(found === undefined || Reflect.get(found, "whose") === other, `${other} opens ${id}`);
      }
      return { outcome: "answered", sent: true };
    },
    async after() {
      const possible = [...taken].filter(isPossible);
      const sent = [...keysSent()].filter((key) => key !== undefined);
      const rows = await wire.get(possible.map((id) => PREFIX + id));
      for (const id of possible) {
        const row = rows.get(PREFIX + id);
        require(JSON.parse(String(row?.sess?.S)).whose ===
          id, `the row of ${JSON.stringify(id)} is not its own`);
      }
      for (const key of sent) {
        require(isPossible(String(key).slice(PREFIX.length)), `sent: ${JSON.stringify(key)}`);
      }
      requireNoSecrets(told, possible.flatMap(secretOf));
      const left = await Promise.all(
        possible.map(async (id, i) => {
          const { destroy, load } = i % 2 === 0 ? stores.engine : stores.express;
          await destroy(id);
          return load(id);
        }),
      );
      require(left.every((found) => found === undefined), "a destroyed session is there");
    },
  };
}

/** Calls a store's method with a callback; it must be called once. */
async function byCallback<T>(call: (done: (error?: unknown, result?: T) => void) => unknown): Promise<T> {
  let calls = 0;
  const [error, result] = await answerOf((done) =>
    call((...answer) => {
      calls += 1;
      require(calls === 1, "the callback was called twice");
      done(...answer);
    }),
  );
  if (error !== null) throw error;
  return result;
}

function withoutCookie(data: object | null | undefined): object | undefined {
  if (!data) return undefined;
  const { cookie, ...fields }: { cookie?: unknown } = data;
  return fields;
}

function withoutExpire(data: object | undefined): object | undefined {
  if (!data) return undefined;
  const { _expire, _maxAge, ...fields }: { _expire?: unknown; _maxAge?: unknown } = data;
  return fields;
}
