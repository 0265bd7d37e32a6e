// The options of `session()`: what is refused, when, and in which words.
import { describe, expect, it } from "vitest";
import { session } from "../../src/hono/index.js";

const SECRET = "of the tests, and of more than 32 characters";

// biome-ignore lint/suspicious/noExplicitAny: options that the compiler refuses too.
function make(options: Record<string, unknown>): any {
  const given = {
    table: { name: "sessions" },
    clientConfig: { region: "us-east-1" },
    secret: SECRET,
    ...options,
  };
  return session(given as never);
}

describe("session() refuses", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["no secret", { secret: undefined }, "secret: expected a string of at least 32 characters"],
    ["an empty secret", { secret: "" }, "secret: expected"],
    ["a short secret", { secret: "x".repeat(31) }, "secret: expected"],
    ["an empty list of secrets", { secret: [] }, "secret: expected"],
    ["a list with a short secret", { secret: [SECRET, "x".repeat(31)] }, "secret: expected"],
    ["a list whose first is short", { secret: ["x".repeat(31), SECRET] }, "secret: expected"],
    ["a secret that is no text", { secret: { length: 40 } }, "secret: expected"],
    ["a list with something else", { secret: [SECRET, 7] }, "secret: expected"],
    ["no table", { table: undefined }, "table: expected"],
    ["an option that is none", { secrets: [SECRET] }, "secrets: no such option"],
    ["an empty variable", { variable: "" }, "variable: expected a name"],
    ["a variable that is no name", { variable: 7 }, "variable: expected a name, got 7"],
    ["a renew that is no function", { renew: false }, "renew: expected a function, got false"],
    ["a cookie that is no object", { cookie: "sid" }, 'cookie: expected an object, got "sid"'],
    ["null for a cookie", { cookie: null }, "cookie: expected an object, got null"],
    ["an attribute that is none", { cookie: { maxage: 1 } }, "cookie.maxage: no such option"],
    [
      "an attribute like every object's",
      { cookie: { constructor: 1 } },
      "cookie.constructor: no such option",
    ],
    ["an empty name", { cookie: { name: "" } }, "cookie.name: expected a cookie's name"],
    ["a name with a break", { cookie: { name: "a;b" } }, "cookie.name: expected"],
    ["a name that is no text", { cookie: { name: 7 } }, "cookie.name: expected"],
    ["a prefix in the name", { cookie: { name: "__Host-sid" } }, "cookie.name: expected"],
    ["the other prefix in the name", { cookie: { name: "__Secure-sid" } }, "cookie.name: expected"],
    ["a maxAge of 0", { cookie: { maxAge: 0 } }, "cookie.maxAge: expected milliseconds, more than 0, got 0"],
    ["a negative maxAge", { cookie: { maxAge: -1 } }, "cookie.maxAge: expected"],
    ["an endless maxAge", { cookie: { maxAge: Number.POSITIVE_INFINITY } }, "cookie.maxAge: expected"],
    ["a maxAge of text", { cookie: { maxAge: "1h" } }, "cookie.maxAge: expected"],
    ["a rolling of text", { cookie: { rolling: "yes" } }, "cookie.rolling: expected true or false"],
    ["a domain with a break", { cookie: { domain: "a;b" } }, "cookie.domain: expected a host's name"],
    ["a domain that is no text", { cookie: { domain: 7 } }, "cookie.domain: expected"],
    ["a path that does not begin with /", { cookie: { path: "shop" } }, "cookie.path: expected a path that"],
    ["a path with a break", { cookie: { path: "/a\r\nb" } }, "cookie.path: expected"],
    ["an httpOnly of text", { cookie: { httpOnly: "no" } }, "cookie.httpOnly: expected true or false"],
    ["a secure of text", { cookie: { secure: "no" } }, "cookie.secure: expected true or false"],
    ["a sameSite that is none", { cookie: { sameSite: "lax" } }, 'cookie.sameSite: expected "Strict", "Lax"'],
    [
      "a prefix that is none",
      { cookie: { prefix: "__Host-" } },
      'cookie.prefix: expected "host" or "secure"',
    ],
    [
      "a prefix without secure",
      { cookie: { prefix: "host", secure: false } },
      'cookie.prefix: "host" needs a secure',
    ],
    ["the other without", { cookie: { prefix: "secure", secure: false } }, 'cookie.prefix: "secure" needs'],
    ["SameSite=None without secure", { cookie: { sameSite: "None", secure: false } }, "cookie.sameSite: "],
    [
      "SameSite=None with a prefix and without secure",
      { cookie: { sameSite: "None", prefix: "host", secure: false } },
      'cookie.prefix: "host" needs a secure',
    ],
    [
      "a domain with the prefix host",
      { cookie: { prefix: "host", domain: "a.b" } },
      "cookie.domain: not with",
    ],
    ["a path with the prefix host", { cookie: { prefix: "host", path: "/a" } }, 'cookie.path: "/" alone'],
  ])("%s, naming the option", (_, options, message) => {
    expect(() => make(options)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining(message) }),
    );
  });

  it("a bad secret without showing it, or its length", () => {
    const refused = (secret: unknown) => {
      try {
        make({ secret });
      } catch (error) {
        return String(error);
      }
      throw new Error("it was taken");
    };
    expect(refused("hunter2")).not.toMatch(/hunter2|7/);
    expect(refused([SECRET, "hunter2"])).toBe(refused("hunter2"));
    expect(refused([SECRET, "hunter2"])).not.toContain(SECRET);
    expect(refused(undefined)).toContain("is the environment variable set");
  });

  it("no options at all", () => {
    expect(() => session(undefined as never)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTIONS" }),
    );
  });
});

describe("session() takes", () => {
  it.each<[string, Record<string, unknown>]>([
    ["a secret of 32 characters", { secret: "x".repeat(32) }],
    ["a list of them", { secret: ["x".repeat(32), "y".repeat(40)] }],
    ["SameSite=None with secure", { cookie: { sameSite: "None" } }],
    ["SameSite=None with a prefix", { cookie: { sameSite: "None", prefix: "host" } }],
    ["the path / with the prefix host", { cookie: { prefix: "host", path: "/" } }],
    [
      "a domain and a path with the prefix secure",
      { cookie: { prefix: "secure", domain: "a.b", path: "/a" } },
    ],
    ["what is undefined", { cookie: undefined, variable: undefined, renew: undefined }],
    ["attributes that are undefined", { cookie: { name: undefined, domain: undefined, prefix: undefined } }],
  ])("%s", (_, options) => {
    expect(make(options)).toBeTypeOf("function");
  });

  it("a function as its options, and asks it for nothing before a request", () => {
    const options = () => {
      throw new Error("it was asked");
    };
    expect(session(options)).toBeTypeOf("function");
  });
});
