// Values that a JavaScript program may put into a session, most of them harmless, some made to do harm.
import { inspect } from "node:util";
import fc from "fast-check";
import { CANARY } from "./campaign.js";
import { anyText } from "./ids.js";

/** A value that is made when it is needed, for some do not survive being looked at. Shown as its source. */
class Recipe {
  constructor(readonly make: () => unknown) {}

  [inspect.custom](): string {
    return String(this.make);
  }
}

/** The value that was generated, with all that its recipes make. */
export function cook(generated: unknown): unknown {
  if (generated instanceof Recipe) return generated.make();
  if (Array.isArray(generated)) return generated.map(cook);
  if (typeof generated !== "object" || generated === null) return generated;
  return Object.fromEntries(Object.entries(generated).map(([name, value]) => [name, cook(value)]));
}

class Account {
  #balance = 1;
  name = CANARY;
  get balance() {
    return this.#balance;
  }
}

// Made anew for each input: none may see what another did.
const HOSTILE: readonly (() => unknown)[] = [
  () => 10n,
  () => Symbol("value"),
  () => () => CANARY,
  () => undefined,
  () => new Date(0),
  () => new Date(Number.NaN),
  () => new Map([["a", CANARY]]),
  () => new Set([CANARY]),
  () => new WeakMap(),
  () => /s3cr3t-canary/g,
  () => new Uint8Array([1, 2, 3]),
  () => Buffer.from(CANARY),
  () => new Error(CANARY),
  () => new Account(),
  () => Object(1n),
  () => Object("boxed"),
  () => Object(Symbol("boxed")),
  () => new String(CANARY),
  () => Promise.resolve(CANARY),
  () => new Proxy({ a: CANARY }, {}),
  () => throwing("get"),
  () => throwing("ownKeys"),
  () => throwing("getOwnPropertyDescriptor"),
  () => throwing("has"),
  () => throwing("getPrototypeOf"),
  () => revoked({}),
  () => revoked([]),
  () => ({
    get secret() {
      throw new TypeError("a getter of the application's");
    },
  }),
  () => ({
    toJSON() {
      throw new TypeError("a toJSON of the application's");
    },
  }),
  () => ({ toJSON: () => undefined }),
  () => ({ toJSON: () => 10n }),
  () => ({ toJSON: () => [CANARY] }),
  () => ({ toJSON: CANARY }),
  () => ({
    toJSON() {
      return this;
    },
  }),
  () => ({ toString: () => 5, valueOf: () => ({}) }),
  () => Object.create(null),
  () => Object.create({ inherited: CANARY }),
  () => Object.freeze({ a: [CANARY] }),
  () => Array(5),
  () => Object.assign([1, 2], { length: 4, extra: CANARY }),
  () => cycle({}),
  () => cycle([]),
  () => JSON.parse(`{"__proto__":{"polluted":"${CANARY}"}}`),
  () => JSON.parse(`{"constructor":{"prototype":{"polluted":"${CANARY}"}}}`),
  () => JSON.parse(`{"__proto__":{"__proto__":{"toJSON":1}}}`),
  () => JSON.parse('[{"__proto__":null}]'),
  () => globalThis,
];

const LARGE: readonly (() => unknown)[] = [
  () => nested(100),
  () => nested(3_000),
  () => nested(20_000),
  () => Array.from({ length: 5_000 }, (_, i) => i),
  () => Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`field${i}`, i])),
  () => CANARY.repeat(20_000),
  () => CANARY.repeat(40_000),
  () => "é".repeat(250_000),
];

const plain: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(CANARY) },
  { weight: 4, arbitrary: anyText },
  { weight: 2, arbitrary: fc.integer() },
  { weight: 2, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);

const made = (makers: readonly (() => unknown)[]) =>
  fc.constantFrom(...makers.map((make) => new Recipe(make)));

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 60, arbitrary: plain },
  { weight: 5, arbitrary: made(HOSTILE) },
);

/** Names that mean something to JavaScript, to DynamoDB, or to a framework. */
export const fieldName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "user", "cart") },
  { weight: 2, arbitrary: anyText },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ..."__proto__ constructor prototype hasOwnProperty toString valueOf toJSON then length name".split(" "),
      ..."cookie id req save touch regenerate reload destroy resetMaxAge get set options sessionId".split(
        " ",
      ),
      ..."_expire _maxAge _session _flash.abcde.key _flash. isNew populated externalKey updated".split(" "),
      ..."lastModified 0 -1 a.b a[0] $where #name :value".split(" "),
      "",
      "@cyclic.sh/session-store",
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }).map((length) => "n".repeat(length)) },
);

const { tree } = fc.letrec<{ tree: unknown; object: unknown; list: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 5, arbitrary: leaf },
    { weight: 2, arbitrary: tie("object") },
    { weight: 1, arbitrary: tie("list") },
  ),
  object: objectOf(tie("tree"), 4),
  list: fc.array(tie("tree"), { maxLength: 4 }),
}));

/** Session data as an application may give it, by its types or past them; to be cooked. */
export const anyData: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 40, arbitrary: objectOf(tree, 6) },
  { weight: 2, arbitrary: made(HOSTILE) },
  { weight: 1, arbitrary: plain },
  { weight: 1, arbitrary: fc.array(tree, { maxLength: 3 }) },
  { weight: 1, arbitrary: made(LARGE).map((large) => ({ large })) },
);

/** Objects with any names for their fields; `__proto__` is a field as well. */
export function objectOf(value: fc.Arbitrary<unknown>, most: number): fc.Arbitrary<object> {
  return fc
    .array(fc.tuple(fieldName, value), { maxLength: most })
    .map((fields) => Object.fromEntries(fields));
}

/** JSON values, as they are parsed, of every name. */
export const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    { weight: 3, arbitrary: fc.oneof(plain, fc.constantFrom(1, 2, "a", [], {})).map(asJson) },
    { weight: 2, arbitrary: objectOf(tie("json"), 4) },
    { weight: 1, arbitrary: fc.array(tie("json"), { maxLength: 4 }) },
  ),
}));

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function throwing(trap: keyof ProxyHandler<object>): object {
  return new Proxy(
    { a: 1 },
    {
      [trap]() {
        throw new TypeError("a trap of the application's");
      },
    },
  );
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function cycle(object: object): object {
  return Object.assign(object, { 0: { again: object } });
}

function nested(depth: number): unknown {
  let data: unknown = CANARY;
  for (let i = 0; i < depth; i++) data = i % 2 === 0 ? { data } : [data];
  return data;
}
