// Rows as they may be found in the table: this package's and others', with anything wrong with them; and what each means,
// told without the package's own means.
import fc from "fast-check";
import { CANARY, NOW } from "./campaign.js";
import { fieldName, json, objectOf } from "./values.js";
import type { WireAttribute, WireItem } from "./wire.js";

/** What stands in a row besides its keys. */
export type Attributes = Readonly<Record<string, WireAttribute>>;

/** What a row is to a reader. */
export type Meaning =
  | { readonly is: "no session" | "unreadable" | "over" }
  | { readonly is: "live"; readonly data: unknown };

const HOUR = 3_600_000;
const YEAR_5000_SECONDS = 1e11;

const N = (value: number | string): WireAttribute => ({ N: String(value) });
const S = (value: string): WireAttribute => ({ S: value });

const moments = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_000, max: HOUR }).map((ms) => NOW + ms) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: HOUR }).map((ms) => NOW - ms) },
  { weight: 1, arbitrary: fc.integer({ min: -1_500, max: 1_500 }).map((ms) => NOW + ms) },
);

const numbers = fc.oneof(
  { weight: 4, arbitrary: moments.map(String) },
  { weight: 4, arbitrary: moments.map((ms) => String(ms / 1000)) },
  { weight: 2, arbitrary: moments.map((ms) => String(Math.ceil(ms / 1000))) },
  { weight: 2, arbitrary: fc.integer().map(String) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...["0", "-1", "0.1", "-0.5", "1e11", "99999999999", "100000000000", "1e14", "99999999999999.9"],
      ...["1e125", "-1e125", "9.9999999999999999999999999999999999999e125", "1e-130", "9007199254740993"],
      "12345678901234567890123456789012345678",
    ),
  },
);

const texts = fc.oneof(
  { weight: 3, arbitrary: numbers },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        "",
        " ",
        "soon",
        "NaN",
        "Infinity",
        "-Infinity",
        "2999-01-01T00:00:00Z",
        "1e",
        "1,5",
        "١٢٣",
        "true",
      ],
      ...[CANARY, "null", "[object Object]", "\u0000"],
    ),
  },
  { weight: 2, arbitrary: moments.map((ms) => ` ${ms / 1000}\n`) },
);

const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((b) => Buffer.from(b).toString("base64"));
const names = fc.uniqueArray(fc.constantFrom("a", "b", CANARY, "1", "__proto__"), {
  minLength: 1,
  maxLength: 3,
});

/** Any attribute that DynamoDB can hold. */
const { anything } = fc.letrec<{ anything: WireAttribute }>((tie) => ({
  anything: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: numbers.map(N) },
    { weight: 4, arbitrary: texts.map(S) },
    { weight: 1, arbitrary: fc.boolean().map((BOOL) => ({ BOOL })) },
    { weight: 1, arbitrary: fc.constant({ NULL: true }) },
    { weight: 1, arbitrary: bytes.map((B) => ({ B })) },
    { weight: 1, arbitrary: names.map((SS) => ({ SS })) },
    {
      weight: 1,
      arbitrary: fc
        .uniqueArray(fc.integer(), { minLength: 1, maxLength: 3 })
        .map((set) => ({ NS: set.map(String) })),
    },
    { weight: 1, arbitrary: fc.constant({ BS: ["AQ==", "Ag=="] }) },
    { weight: 1, arbitrary: fc.array(tie("anything"), { maxLength: 3 }).map((L) => ({ L })) },
    { weight: 2, arbitrary: mapOf(tie("anything")) },
  ),
}));

function mapOf(attribute: fc.Arbitrary<WireAttribute>): fc.Arbitrary<WireAttribute> {
  // The SDK drops `__proto__` from maps, which is documented; it is read where JSON text holds it.
  // And dynalite holds no map equal to another, nor one in the place of the clock.
  const named = fieldName.filter((name) => !["", "__proto__", "updated"].includes(name) && isUnicode(name));
  return fc
    .array(fc.tuple(named, attribute), { maxLength: 4 })
    .map((fields) => ({ M: Object.fromEntries(fields) }));
}

/** What Express, Koa and Hono keep in the data, with anything in its place. */
const frameworkFields = fc.record(
  {
    cookie: fc.oneof(
      json,
      objectOf(json, 2).map((fields) => ({ originalMaxAge: 60_000, httpOnly: true, path: "/", ...fields })),
      fc
        .tuple(
          fc.constantFrom(
            ..."expires maxAge originalMaxAge path domain sameSite httpOnly secure priority".split(" "),
            ..."partitioned serialize data toJSON _expires encode".split(" "),
          ),
          fc.oneof(texts, json, fc.integer(), fc.constantFrom(null, true, "lax", -1, 1e300, "a;b\r\nc")),
        )
        .map(([name, value]) => ({ originalMaxAge: null, expires: null, path: "/", [name]: value })),
    ),
    _expire: fc.oneof(json, moments),
    _maxAge: fc.oneof(json, fc.constantFrom(-1, 0, 60_000, 1e300, "session", "60000")),
    _session: json,
    "_flash.abcde.notice": json,
    "_flash.": json,
    "_flash.x": json,
  },
  { requiredKeys: [] },
);

const jsonTexts = fc.oneof(
  { weight: 6, arbitrary: objectOf(json, 5).map((data) => JSON.stringify(data)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(objectOf(json, 2), frameworkFields)
      .map((parts) => JSON.stringify(Object.assign({}, ...parts))),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...["", "null", "[]", '"text"', "5", "true", "{", "{}x", '{"a":', "{'a':1}", CANARY, `{"a":"${CANARY}`],
      ...['{"__proto__":{"polluted":1}}', '{"a":1,"a":2}', '{"toJSON":1}', "\ufeff{}", " {} ", "undefined"],
      ...['{"a":"\\ud800"}', `{"a":1e999}`, "[object Object]", "rO0ABXNyABFqYXZh", `[{"a":"${CANARY}"}]`],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(2_000, 6_000).map((depth) => nested(depth)) },
);

const EVERY = "sess gen rev writes until expires updated created".split(" ");
// What rows have by options that are not in use here: another's attribute may have the name.
const UNUSED = "owner listedUntil idHash constructor".split(" ");

const sound: fc.Arbitrary<Attributes> = fc
  .record({ until: moments, since: fc.integer({ min: 0, max: HOUR }), sess: jsonTexts, map: mapOf(anything) })
  .chain(({ until, since, sess, map }) => {
    const expires = N(Math.ceil(until / 1000));
    const written = { until: N(until), expires, updated: N(NOW - since), created: N(NOW - HOUR) };
    const ours = { gen: S("abcdefgh"), rev: N(3), writes: S("aaaaa bbbbb"), ...written };
    const clocked = { M: { ...Object(map.M), updated: N(NOW - since) } };
    return fc.oneof(
      { weight: 500, arbitrary: fc.constant({ ...ours, sess: S(sess) }) },
      { weight: 200, arbitrary: fc.constant({ ...ours, sess: clocked }) },
      { weight: 200, arbitrary: fc.constant({ expires, sess: clocked }) },
      { weight: 100, arbitrary: fc.constant({ expires, sess: map }) },
      { weight: 200, arbitrary: fc.constant({ expires: N(until / 1000), sess: S(sess) }) },
      { weight: 100, arbitrary: fc.constant({ expires }) },
      // So large that there is hardly room for what a write adds.
      { weight: 4, arbitrary: fc.constant({ ...ours, sess: S(JSON.stringify({ a: "x".repeat(408_900) })) }) },
    );
  });

const changes = fc.array(
  fc.tuple(fc.constantFrom(...EVERY, ...EVERY, ...UNUSED), fc.option(anything, { freq: 4, nil: undefined })),
  { maxLength: 3 },
);

/** A row's attributes: those of a sound one, with up to three of them missing or anything else. */
export const anyRow: fc.Arbitrary<Attributes> = fc
  .tuple(sound, changes)
  .map(([attributes, changed]): Attributes => {
    const fields = new Map<string, WireAttribute>(Object.entries(attributes));
    for (const [name, attribute] of changed) {
      if (attribute === undefined) fields.delete(name);
      else fields.set(name, attribute);
    }
    return Object.fromEntries(fields);
  })
  // A session that has an owner is written by transactions, which dynalite does not have.
  .filter(({ owner, listedUntil }) => owner?.S === undefined || listedUntil?.N === undefined);

/** A live row of this package's, whose data holds anything where a framework keeps something of its own. */
export const frameworkRow: fc.Arbitrary<Attributes> = fc
  .tuple(objectOf(json, 2), frameworkFields)
  .map(([data, fields]) => ({
    gen: S("abcdefgh"),
    rev: N(3),
    until: N(NOW + HOUR),
    expires: N(Math.ceil((NOW + HOUR) / 1000)),
    updated: N(NOW - HOUR),
    sess: S(JSON.stringify({ ...data, ...fields })),
  }));

/** What a row means at `NOW`, whoever reads it. */
export function meaningOf(row: WireItem): Meaning {
  if (row.sess === undefined) return { is: "no session" };
  const figures = [row.rev, row.until, row.updated, row.created];
  if (row.gen !== undefined && row.gen.S === undefined) return { is: "unreadable" };
  if (figures.some((figure) => figure !== undefined && !isWritable(figure.N))) return { is: "unreadable" };
  if (row.rev && Math.abs(Number(row.rev.N)) >= Number.MAX_SAFE_INTEGER) return { is: "unreadable" };
  const expires = secondsOf(row.expires);
  const data = dataOf(row);
  if (Number.isNaN(expires)) return { is: "unreadable" };
  const end = endOf(row, expires);
  const isOver = end === undefined || end <= NOW;
  // What a codec has encoded need not be read once it is over.
  if (data === "neither text nor map" && !(isOver && row.sess.B)) return { is: "unreadable" };
  if (isOver) return { is: "over" };
  return typeof data === "object" && data !== null && !Array.isArray(data)
    ? { is: "live", data }
    : { is: "unreadable" };
}

/** Whether an expired row may be taken out of the table: it says when it ended, and its data can be read. */
export function mayBeRemoved(row: WireItem): boolean {
  const end = endOf(row, secondsOf(row.expires));
  const data = dataOf(row);
  const isReadable = typeof data === "object" && data !== null && !Array.isArray(data);
  return meaningOf(row).is === "over" && isReadable && end !== undefined && end + 1000 <= NOW;
}

function endOf(row: WireItem, expires: number | undefined): number | undefined {
  const until = row.until && Number(row.until.N);
  if (until !== undefined && (expires === undefined || expires === Math.ceil(until / 1000))) return until;
  return expires === undefined ? undefined : expires * 1000;
}

/** `expires` in seconds; not a number where it is none. */
function secondsOf(attribute: WireAttribute | undefined): number | undefined {
  if (attribute === undefined) return undefined;
  const text = String(attribute.N ?? attribute.S ?? "").trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number.NaN;
  const value = Number(text);
  if (value < 0 || value >= YEAR_5000_SECONDS * 1000) return Number.NaN;
  return value < YEAR_5000_SECONDS ? value : value / 1000;
}

function dataOf(row: WireItem): unknown {
  const { sess } = row;
  if (typeof sess?.S === "string") {
    try {
      return JSON.parse(sess.S);
    } catch {
      return undefined;
    }
  }
  if (sess?.M === undefined) return "neither text nor map";
  const fields: Record<string, unknown> = Object(plainOf(sess));
  // The clock of 0.0.19, where it is one.
  const { updated, ...data } = fields;
  return isClock(sess) ? data : fields;
}

/** Whether what a reader makes of a number, DynamoDB takes: its largest is beyond its range as a double. */
function isWritable(number: unknown): boolean {
  return number !== undefined && Math.abs(Number(number)) < 1e126;
}

function isClock(map: WireAttribute): boolean {
  return Object(Object(map.M).updated).N !== undefined;
}

function plainOf(attribute: WireAttribute): unknown {
  const [[type, value] = []] = Object.entries(attribute);
  switch (type) {
    case "N":
      return asJson(Number(value));
    case "NS":
      return asArray(value).map(Number).map(asJson);
    case "NULL":
      return null;
    case "B":
      return Buffer.from(String(value), "base64").toJSON();
    case "BS":
      return asArray(value).map((one) => Buffer.from(String(one), "base64").toJSON());
    case "L":
      return asArray(value).map((one) => plainOf(Object(one)));
    case "M":
      return Object.fromEntries(
        Object.entries(Object(value)).map(([name, one]) => [name, plainOf(Object(one))]),
      );
    default:
      return value;
  }
}

/** A number as JSON has it: what lies beyond is nothing. */
function asJson(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isUnicode(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

function nested(depth: number): string {
  return `{"a":`.repeat(depth) + 1 + "}".repeat(depth);
}
