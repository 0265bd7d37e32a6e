// What a thief of the table has: a full dump of it, in which known sessions are looked for, by every spelling in which bytes
// and texts are dumped.
import { beforeAll, describe, expect, inject, it } from "vitest";
import { compress, seal } from "../../src/codecs/index.js";
import type { SessionStoreOptions } from "../../src/core/index.js";
import { type Bench, makeBench, newId } from "../support/engines.js";
import { type Row, readRows } from "../support/tables.js";

const KEYS = [new Uint8Array(32).fill(1)];
const sealed = { hashIds: true, codec: seal({ keys: KEYS }) };

/** What stands in the known sessions and must stand nowhere else: names of fields among it. */
const SECRETS = {
  customerEmail: "ada.lovelace@example.org",
  homeAddress: { streetAndNumber: "12 St James's Square", townOrCity: "London SW1Y 4JH" },
  basketOfGoods: ["SKU-48151", "SKU-62342"],
  csrfToken: "wZ0q8mB1vN",
  accountBalance: 4_815_162_342,
  confidentialNote: "ключ 鍵 🔑",
};

function hasTransactions(): boolean {
  return inject("emulator") === "dynamodb-local";
}

function ownerOf({ customerEmail }: { customerEmail?: unknown }): string | undefined {
  return typeof customerEmail === "string" ? customerEmail : undefined;
}

// So much of a word is in no dump by chance.
const LEAST_CHARACTERS = 8;

/** Every name and value in what is given. */
function wordsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [String(value)];
  return Object.entries(value).flatMap(([name, field]) => [
    ...(Array.isArray(value) ? [] : [name]),
    ...wordsOf(field),
  ]);
}

/** The ways in which a text may stand in a dump. Of base64 the part that does not depend on what stands before it. */
function spellingsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const inBase64 = [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const whole = shifted.subarray(0, shifted.length - (shifted.length % 3));
    return (["base64", "base64url"] as const).map((how) => whole.toString(how).slice(before === 0 ? 0 : 4));
  });
  return [text, JSON.stringify(text).slice(1, -1), bytes.toString("hex"), ...inBase64].filter(
    (spelling) => spelling.length >= LEAST_CHARACTERS,
  );
}

/** A dump of rows as text: as JSON with bytes in base64, and every byte of every attribute as it is. */
function dumpOf(rows: readonly Row[]): string {
  const bytes = rows.flatMap((row) => Object.values(row).map(({ B }) => (B ? Buffer.from(B) : undefined)));
  const raw = bytes.flatMap((one) => (one ? [one.toString("utf8"), one.toString("latin1")] : []));
  const json = JSON.stringify(rows, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  return [json, ...raw].join("\n");
}

/** Which of these words stand in the dump. */
function found(words: readonly string[], dump: string): string[] {
  return words.filter((word) => spellingsOf(word).some((spelling) => dump.includes(spelling)));
}

let bench: Bench;
beforeAll(async () => {
  bench = await makeBench();
});

/** Leads sessions through all that is written of them, and gives their ids. */
async function liveOn(options: Partial<SessionStoreOptions>, home: Bench): Promise<string[]> {
  const { engine, clock } = home.engine(options);
  const ids = [newId(), newId(), newId(), newId()];
  for (const id of ids) await engine.save(engine.create(id), SECRETS);
  clock.pass(60_000);
  const [saved = "", updated = "", left = ""] = ids;
  const session = await engine.load(saved);
  if (!session) throw new Error("there is no session");
  await engine.save(session, { ...SECRETS, csrfToken: "wZ0q8mB1vN-2" });
  await engine.update(updated, (data) => ({
    ...data,
    basketOfGoods: [...SECRETS.basketOfGoods, "SKU-11111"],
  }));
  await engine.touch(updated);
  const before = await engine.load(left);
  await engine.destroy(before ?? left);
  const next = engine.create(newId(), before);
  await engine.save(next, SECRETS);
  return [...ids, next.id];
}

const WORDS = [...wordsOf(SECRETS), "wZ0q8mB1vN-2", "SKU-11111"];

describe("a full dump of the table", () => {
  it.each([
    { what: "hashed and sealed", options: sealed },
    { what: "compressed as well", options: { hashIds: true, codec: [compress(), seal({ keys: KEYS })] } },
  ])("holds no id, no field's name and no value of its sessions, $what", async ({ options }) => {
    const home = await makeBench();
    const all = { ...options, absoluteTtl: 3_600_000, ...(hasTransactions() && { owner: ownerOf }) };
    const ids = await liveOn(all, home);
    const rows = await readRows(home.client, home.table);
    // A row for each session, and what lists it under its owner.
    expect(rows).toHaveLength(hasTransactions() ? 8 : 4);
    expect(found([...ids, ...WORDS], dumpOf(rows))).toEqual([]);
  });

  it("holds all of it without the options: the search finds what is there", async () => {
    const ids = await liveOn({}, bench);
    const dump = dumpOf(await readRows(bench.client, bench.table));
    const [, , left = ""] = ids;
    const remaining = ids.filter((id) => id !== left);
    expect(found([...remaining, ...WORDS], dump)).toEqual([...remaining, ...WORDS]);
    // In the spelling of bytes as well.
    for (const word of WORDS) {
      const row = { sess: { B: new TextEncoder().encode(`?${JSON.stringify(word)}`) } };
      expect(found([word], dumpOf([row]))).toEqual([word]);
    }
  });

  it("does not say which sessions hold the same data", async () => {
    const home = await makeBench();
    const { engine } = home.engine(sealed);
    for (let i = 0; i < 20; i++) await engine.save(engine.create(newId()), SECRETS);
    const written = (await readRows(home.client, home.table)).map(({ sess }) =>
      Buffer.from(sess?.B ?? []).toString("base64"),
    );
    expect(new Set(written).size).toBe(20);
    const pieces = written.map((text) => text.slice(20, 40));
    expect(new Set(pieces).size).toBe(20);
  });
});
