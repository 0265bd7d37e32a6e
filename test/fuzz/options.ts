// Options of every door: each that there is, with every type and at every boundary, and names that there are not. A
// store is made, or the option is refused by its name; nothing is sent either way.
import fc from "fast-check";
import { createSessionEngine } from "../../src/core/index.js";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { session } from "../../src/hono/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { recordCalls, testClient } from "../support/tables.js";
import { CANARY, type Judged, type Kind, nameOf, outcomeOf, require, untyped } from "./campaign.js";

const MOST_TIMER_MS = 2 ** 31 - 1;
const MOST_LIFETIME_MS = 9e13;
const ROW = ["gen", "rev", "writes", "until", "expires", "sess", "updated", "created"];

type Valid = (value: unknown) => boolean;
const isFunction: Valid = (value) => typeof value === "function";
const isBoolean: Valid = (value) => typeof value === "boolean";
const isWithin =
  (least: number, most: number): Valid =>
  (value) =>
    typeof value === "number" && value >= least && value <= most;
const isOneOf =
  (...values: unknown[]): Valid =>
  (value) =>
    values.includes(value);
const isKeyName: Valid = (value) =>
  typeof value === "string" && value.length >= 1 && value.length <= 255 && !ROW.includes(value);
const isCookieText: Valid = (value) => typeof value === "string" && !/[;\r\n]/.test(value);

/** What an option takes, told without the package's own checks; where it hangs on others, by a function of its own. */
const SHARED: Readonly<Record<string, Valid>> = {
  "table.name": (value) => typeof value === "string" && value !== "",
  "table.hashKey": isKeyName,
  "table.sortKey": (value) => value === null || isKeyName(value),
  "table.hashPrefix": (value) => {
    if (typeof value !== "string") return false;
    const bytes = Buffer.from(value);
    return bytes.length <= 512 && bytes.toString() === value;
  },
  ttl: (value) => isFunction(value) || isWithin(1, MOST_LIFETIME_MS)(value),
  touchInterval: isWithin(0, Number.MAX_VALUE),
  keepExpired: isBoolean,
  consistentRead: isBoolean,
  format: isOneOf("json", "map"),
  concurrency: (value) => isFunction(value) || isOneOf("merge", "last-write-wins")(value),
  timeout: isWithin(1, MOST_TIMER_MS),
  onEvent: isFunction,
  now: isFunction,
  randomId: isFunction,
  sleep: isFunction,
};

const HONO: Readonly<Record<string, Valid>> = {
  "cookie.name": (value) =>
    typeof value === "string" && /^[\w!#$%&'*.^`|~+-]+$/.test(value) && !/^__(Host|Secure)-/.test(value),
  "cookie.maxAge": (value) => typeof value === "number" && value > 0 && value <= Number.MAX_VALUE,
  "cookie.rolling": isBoolean,
  "cookie.domain": isCookieText,
  "cookie.path": (value) => isCookieText(value) && String(value).startsWith("/"),
  "cookie.httpOnly": isBoolean,
  "cookie.secure": isBoolean,
  "cookie.sameSite": isOneOf("Strict", "Lax", "None"),
  "cookie.prefix": isOneOf("host", "secure"),
  variable: (value) => typeof value === "string" && value !== "",
  renew: isFunction,
  secret: (value) => {
    const all = Array.isArray(value) ? value : [value];
    return all.length > 0 && all.every((one) => typeof one === "string" && one.length >= 32);
  },
};

const DOORS = ["core", "express", "koa", "hono"] as const;
type Door = (typeof DOORS)[number];

const OPTIONS: Readonly<Record<Door, Readonly<Record<string, Valid>>>> = {
  core: SHARED,
  express: SHARED,
  koa: { ...SHARED, renew: isFunction },
  hono: { ...SHARED, ...HONO },
};

/** Without these there is no store. */
const REQUIRED = ["table.name", "secret"];

const BOUNDARIES: readonly unknown[] = [
  ...[undefined, null, true, false, "", "0", "1", "json", "map", "merge", "last-write-wins", "Lax", "host"],
  ...[0, -0, 0.5, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[MOST_TIMER_MS, MOST_TIMER_MS + 1, MOST_LIFETIME_MS, MOST_LIFETIME_MS + 1, Number.MAX_VALUE],
  ...[Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, 10n, Symbol("option"), () => 5, async () => 5, class {}],
  ...["sess", "until", "pk", "sk", "x".repeat(255), "x".repeat(256), "x".repeat(512), "x".repeat(513)],
  ...["é".repeat(256), "é".repeat(257), "\ud800", "a\udc00b", "\u0000", "/", "/a;b", "a b", "a\r\nb: c"],
  ...["__Host-a", "__proto__", "constructor", "x".repeat(31), "x".repeat(32), CANARY.repeat(10)],
  ...[{}, [], [1], { secret: CANARY }, [CANARY.repeat(3)], [CANARY.repeat(3), ""], new Date(), new Map()],
  ...[/x/, new Uint8Array(3), Object.create(null), new String("json"), new Number(5), new Boolean(true)],
  ...[{ send() {}, config: {} }, { send() {}, config: { serviceId: "S3" } }, { region: "us-east-1" }],
];

const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...BOUNDARIES) },
  {
    weight: 3,
    arbitrary: fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
  },
  { weight: 2, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.string() },
);

interface Given {
  readonly door: Door;
  readonly options: readonly (readonly [name: string, value: unknown])[];
  readonly stray: readonly [place: string, name: string] | undefined;
}

const given: fc.Arbitrary<Given> = fc.constantFrom(...DOORS).chain((door) =>
  fc.record({
    door: fc.constant(door),
    options: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom(...Object.keys(OPTIONS[door])), anyValue).map((one) => [one]),
      },
      {
        weight: 1,
        arbitrary: fc.array(fc.tuple(fc.constantFrom(...Object.keys(OPTIONS[door])), anyValue), {
          maxLength: 3,
        }),
      },
    ),
    stray: fc.option(
      fc.tuple(
        fc.constantFrom("", "table.", ...(door === "hono" ? ["cookie."] : [])),
        fc.constantFrom("Ttl", "touchinterval", "hashprefix", "__proto__", "constructor", "toString", "x"),
      ),
      { freq: 8, nil: undefined },
    ),
  }),
);

export function options(): Kind<Given> {
  const client = testClient();
  const { calls } = recordCalls(client);

  /** Makes a store, or a middleware, of these options. */
  const make: Readonly<Record<Door, (options: unknown) => unknown>> = {
    core: (given) => createSessionEngine(untyped(given)),
    express: (given) => new ExpressStore(untyped(given)),
    koa: (given) => new KoaStore(untyped(given)),
    hono: (given) => session(untyped(given)),
  };

  return {
    name: "options",
    inputs: 14_000,
    together: 1,
    arbitrary: given,
    async judge({ door, options: named, stray }): Promise<Judged> {
      const whole: Record<string, unknown> = { client };
      const parts: Record<string, Record<string, unknown>> = {
        "table.": { name: "sessions" },
        "cookie.": {},
      };
      if (door === "hono") whole.secret = "x".repeat(32);
      for (const [name, value] of named) {
        const [, place = "", own = ""] = /^(table\.|cookie\.)?(.*)$/.exec(name) ?? [];
        set(parts[place] ?? whole, own, value);
      }
      if (stray) set(parts[stray[0]] ?? whole, stray[1], 1);
      whole.table = parts["table."];
      if (door === "hono") whole.cookie = parts["cookie."];

      const last = new Map(named);
      const wrong = [...last].filter(([name, value]) => {
        const isLeftOut = value === undefined && !REQUIRED.includes(name);
        return !isLeftOut && OPTIONS[door][name]?.(value) !== true;
      });
      const made = await outcomeOf(() => make[door](whole), ["ERR_SESSION_OPTIONS"]);
      require(calls.length === 0, "something was sent");
      const blamed = made.error?.message.split(":")[0] ?? "";
      if (wrong.length === 0 && stray === undefined) {
        require(made.error === undefined || clash(last), () => `refused: ${made.error?.message}`);
        return { outcome: nameOf(made), sent: false };
      }
      require(made.error !== undefined, "taken, and cannot be meant");
      const suspects = [...wrong.map(([name]) => name), ...(stray ? [stray.join("")] : [])];
      require(suspects.includes(blamed) || clash(last), () =>
        `blamed ${blamed} for ${suspects.join(", ")}: ${made.error?.message}`);
      return { outcome: nameOf(made), sent: false };
    },
  };
}

/** Options that are right by themselves, and not together. */
function clash(options: ReadonlyMap<string, unknown>): boolean {
  const of = (name: string) => options.get(name);
  const insecure = of("cookie.secure") === false;
  return (
    (of("table.hashKey") ?? "pk") === (of("table.sortKey") === undefined ? "sk" : of("table.sortKey")) ||
    (insecure && (of("cookie.prefix") !== undefined || of("cookie.sameSite") === "None")) ||
    (of("cookie.prefix") === "host" &&
      (of("cookie.domain") !== undefined || (of("cookie.path") ?? "/") !== "/"))
  );
}

// `__proto__` as a field of its own.
function set(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
