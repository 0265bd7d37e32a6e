// The cookie of a session: what it looks like, when it is set, what is believed of one that comes.
import { createHmac } from "node:crypto";
import { setCookie } from "hono/cookie";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionCookieOptions } from "../../src/hono/index.js";
import { type HonoBench, idIn, makeHonoBench, SECRET, type TestOptions } from "../support/hono-apps.js";

const OTHER = "another secret, of more than 32 characters";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let bench: HonoBench;
beforeAll(async () => {
  bench = await makeHonoBench();
});
afterAll(() => bench.close());

/** The `Set-Cookie` line of a new session, in its parts: name, id, attributes. */
async function newCookie(options: TestOptions = {}) {
  const { setCookies } = await bench
    .app(options)
    .visitor()
    .visit((c) => c.var.session.set("n", 1));
  expect(setCookies).toHaveLength(1);
  const [pair = "", ...attributes] = String(setCookies[0]).split("; ");
  return { name: pair.slice(0, pair.indexOf("=")), id: idIn(pair), attributes: attributes.sort() };
}

/** A cookie's value as `hono/cookie` signs it. */
function signed(id: string, secret: string): string {
  const signature = createHmac("sha256", secret).update(id).digest("base64");
  return encodeURIComponent(`${id}.${signature}`);
}

describe("a session's cookie", () => {
  const plain = ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"];

  it("is HttpOnly, SameSite=Lax, Path=/ and Secure by default, and lasts as the browser", async () => {
    expect(await newCookie()).toMatchObject({ name: "session", attributes: plain });
  });

  it.each<[string, SessionCookieOptions, string, string[]]>([
    ["a name", { name: "sid" }, "sid", plain],
    ["a domain", { domain: "example.com" }, "session", ["Domain=example.com", ...plain]],
    ["a path", { path: "/shop" }, "session", ["HttpOnly", "Path=/shop", "SameSite=Lax", "Secure"]],
    ["httpOnly", { httpOnly: false }, "session", ["Path=/", "SameSite=Lax", "Secure"]],
    ["secure", { secure: false }, "session", ["HttpOnly", "Path=/", "SameSite=Lax"]],
    ["sameSite", { sameSite: "Strict" }, "session", ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]],
    ["the prefix host", { prefix: "host" }, "__Host-session", plain],
    ["the prefix secure", { prefix: "secure", name: "sid" }, "__Secure-sid", plain],
    ["a maxAge of milliseconds", { maxAge: 1500 }, "session", ["HttpOnly", "Max-Age=2", ...plain.slice(1)]],
    [
      "a maxAge of less than a second",
      { maxAge: 1 },
      "session",
      ["HttpOnly", "Max-Age=1", ...plain.slice(1)],
    ],
    [
      "a maxAge of 400 days",
      { maxAge: 400 * DAY },
      "session",
      ["HttpOnly", "Max-Age=34560000", ...plain.slice(1)],
    ],
    [
      "no more than 400 days",
      { maxAge: 900 * DAY },
      "session",
      ["HttpOnly", "Max-Age=34560000", ...plain.slice(1)],
    ],
    [
      "what is undefined as its default",
      { path: undefined, secure: undefined, name: undefined },
      "session",
      plain,
    ],
  ])("has %s", async (_, cookie, name, attributes) => {
    expect(await newCookie({ cookie })).toMatchObject({ name, attributes });
  });

  it.each<[SessionCookieOptions, string]>([
    [{ name: "sid" }, "sid"],
    [{ prefix: "host" }, "__Host-session"],
    [{ prefix: "secure" }, "__Secure-session"],
  ])("is found again: %j", async (cookie, name) => {
    const visitor = bench.app({ cookie }).visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect([...visitor.cookies.keys()]).toEqual([name]);
    expect((await visitor.visit((c) => c.var.session.get("n"))).said).toBe(1);
  });

  it("is signed as hono/cookie does it", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect(visitor.cookies.get("session")).toBe(signed(visitor.id(), SECRET));
  });

  it("has an id of 192 random bits or more, base64url", async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await newCookie()).id));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^[\w-]{32,}$/);
    // Every place of the id is random, and so are all its bits.
    for (let place = 0; place < 32; place++)
      expect(new Set(ids.map((id) => id[place])).size).toBeGreaterThan(3);
  });
});

describe("a cookie is set", () => {
  it("once, for a new session, and not again for a known one", async () => {
    const visitor = bench.app().visitor();
    expect((await visitor.visit((c) => c.var.session.set("n", 1))).setCookies).toHaveLength(1);
    expect((await visitor.visit((c) => c.var.session.set("n", 2))).setCookies).toEqual([]);
    expect((await visitor.visit((c) => c.var.session.get())).setCookies).toEqual([]);
    const both = await visitor.visit(async ({ var: { session } }) => {
      await session.regenerate();
      session.set("n", 3);
      await session.save();
    });
    expect(both.setCookies).toHaveLength(1);
  });

  it("anew with rolling, by every request that used its session and no other", async () => {
    const visitor = bench.app({ cookie: { rolling: true, maxAge: HOUR } }).visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const id = visitor.id();
    const read = await visitor.visit((c) => c.var.session.get());
    expect([read.setCookies.length, visitor.id()]).toEqual([1, id]);
    expect(read.setCookies[0]).toContain("Max-Age=3600;");
    expect((await visitor.visit(() => {})).setCookies).toEqual([]);
    expect(
      (
        await bench
          .app({ cookie: { rolling: true } })
          .visitor()
          .visit((c) => c.var.session.get())
      ).setCookies,
    ).toEqual([]);
  });

  it("with maxAge for as long as its row lives, where there is no ttl", async () => {
    const { visitor: come, clock } = bench.app({ cookie: { maxAge: HOUR } });
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect((await bench.row(visitor.id()))?.until).toEqual({ N: String(clock.time + HOUR) });
  });

  it("anew with maxAge when the session was written, so that the two end together", async () => {
    const visitor = bench.app({ cookie: { maxAge: HOUR } }).visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect((await visitor.visit((c) => c.var.session.get())).setCookies).toEqual([]);
    expect((await visitor.visit((c) => c.var.session.set("n", 2))).setCookies).toHaveLength(1);
    const updated = await visitor.visit((c) => c.var.session.update(() => ({ n: 3 })));
    expect(updated.setCookies).toHaveLength(1);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ["a redirect", () => Response.redirect("http://localhost/next")],
    ["an answer of fetch", () => fetch("data:text/plain,fetched")],
    ["a response with a body", () => new Response("body", { headers: { "x-own": "1" } })],
  ])("on a response of whatever kind: %s", async (what, respond) => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit((c) => {
      c.var.session.set("n", 1);
      return respond();
    });
    expect(visit.setCookies).toHaveLength(1);
    expect(await bench.data(visitor.id())).toEqual({ n: 1 });
    if (what === "a redirect") expect(visit.headers.get("location")).toBe("http://localhost/next");
    if (what === "an answer of fetch") expect(visit.text).toBe("fetched");
    if (what === "a response with a body")
      expect([visit.text, visit.headers.get("x-own")]).toEqual(["body", "1"]);
  });

  it("beside the cookies of the handler, whichever way they were set", async () => {
    const visitor = bench.app().visitor();
    const visit = await visitor.visit((c) => {
      setCookie(c, "theme", "dark");
      c.var.session.set("n", 1);
      setCookie(c, "own", "1");
      return c.text("done");
    });
    expect(visit.setCookies.map((line) => line.split("=")[0]).sort()).toEqual(["own", "session", "theme"]);
    const raw = await bench
      .app()
      .visitor()
      .visit((c) => {
        c.var.session.set("n", 1);
        return new Response("raw", {
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        });
      });
    expect(raw.setCookies.map((line) => line.split("=")[0])).toEqual(["a", "b", "session"]);
  });
});

describe("a cookie is taken from the browser", () => {
  it.each<SessionCookieOptions>([
    {},
    { path: "/shop", domain: "example.com", name: "sid" },
    { prefix: "host" },
    { prefix: "secure", maxAge: HOUR, rolling: true },
  ])("when its session is destroyed, with what it was set with: %j", async (cookie) => {
    const visitor = bench.app({ cookie }).visitor();
    const set = await visitor.visit((c) => c.var.session.set("n", 1));
    const cleared = await visitor.visit((c) => c.var.session.destroy());
    expect(cleared.setCookies).toHaveLength(1);
    const [made, gone] = [set, cleared].map(({ setCookies }) =>
      String(setCookies[0])
        .split("; ")
        .filter((part) => !/^(Max-Age|Expires)=/.test(part)),
    );
    expect(gone?.slice(1)).toEqual(made?.slice(1));
    expect(gone?.[0]?.split("=")[0]).toBe(made?.[0]?.split("=")[0]);
    expect(cleared.setCookies[0]).toContain("Max-Age=0; ");
    expect(cleared.setCookies[0]).toContain("Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    expect(visitor.cookies.size).toBe(0);
  });

  it("when it is replaced by a session without data", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    await visitor.visit((c) => c.var.session.regenerate({}));
    expect(visitor.cookies.size).toBe(0);
  });

  it("and given another when the request goes on to set data", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.destroy();
      session.set("n", 2);
    });
    expect(visit.setCookies).toHaveLength(1);
    expect(await bench.data(visitor.id())).toEqual({ n: 2 });
  });

  it("not where none came", async () => {
    const visit = await bench
      .app()
      .visitor()
      .visit((c) => c.var.session.destroy());
    expect([visit.setCookies, bench.requests()]).toEqual([[], []]);
  });

  it("and one that was cleared but is sent is none", async () => {
    const { visitor: come } = bench.app();
    const cleared = new Map([["session", signed("", SECRET)]]);
    const visit = await come(cleared).visit((c) => c.var.session.get());
    expect([visit.status, visit.said, bench.requests()]).toEqual([200, {}, []]);
  });
});

describe("a logout by another request", () => {
  it.each(["reads", "writes", "updates"])("is not undone by the cookie of one that %s", async (what) => {
    const { visitor: come, clock } = bench.app({
      cookie: { rolling: true, maxAge: HOUR },
      touchInterval: 0,
    });
    const visitor = come();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const id = visitor.id();
    const elsewhere = come(visitor.cookies);
    const visit = await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await elsewhere.visit((c) => c.var.session.destroy());
      clock.pass(1);
      if (what === "writes") session.set("n", 2);
      if (what === "updates") await session.update(() => ({ n: 2 }));
    });
    expect(visit).toMatchObject({ status: 200, setCookies: [] });
    expect(await bench.row(id)).toBeUndefined();
  });
});

describe("a cookie that does not verify", () => {
  const id = "A".repeat(32);
  it.each([
    ["not signed", id],
    ["signed with another secret", signed(id, OTHER)],
    ["signed for another id", signed("B".repeat(32), SECRET).replace(/^B+/, id)],
    ["cut short", signed(id, SECRET).slice(0, -8)],
    ["empty", ""],
    ["not even text", "%00%ff.x"],
  ])("is as good as none: %s", async (_, value) => {
    const visitor = bench.app({ cookie: { rolling: true } }).visitor(new Map([["session", value]]));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const data = await session.get();
      await session.destroy();
      return [data, session.isNew, session.id];
    });
    expect(visit).toMatchObject({ said: [{}, true, undefined], setCookies: [] });
    expect(bench.requests()).toEqual([]);
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect(visitor.id()).not.toBe(id);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("is one of a session's own id without prefix, where there is one", async () => {
    const visitor = bench.app().visitor();
    await visitor.visit((c) => c.var.session.set("n", 1));
    const prefixed = bench.app({ cookie: { prefix: "host" } }).visitor(visitor.cookies);
    expect((await prefixed.visit((c) => c.var.session.get())).said).toEqual({});
  });
});

describe("an id that comes otherwise than by the session's cookie", () => {
  it.each<[string, string, RequestInit]>([
    ["the address", "/?session=VALUE&id=ID&sid=ID", {}],
    ["a path", "/;session=VALUE", {}],
    [
      "other headers",
      "/",
      { headers: { session: "VALUE", "x-session-id": "ID", authorization: "Bearer ID" } },
    ],
    ["another cookie", "/", { headers: { cookie: "other=VALUE; Session=VALUE; __Host-session=VALUE" } }],
    ["a form", "/", { method: "POST", body: new URLSearchParams({ session: "VALUE", id: "ID" }) }],
  ])("is none: by %s", async (_, path, init) => {
    const { visitor: come } = bench.app();
    const victim = come();
    await victim.visit((c) => c.var.session.set("n", 1));
    const fill = (text: string) =>
      text.replaceAll("VALUE", victim.cookies.get("session") ?? "").replaceAll("ID", victim.id());
    const { headers = {}, body, ...rest } = init;
    const filled = Object.entries(Object(headers)).map(([name, value]) => [name, fill(String(value))]);
    bench.requests();
    const visit = await come().visit(
      async ({ var: { session } }) => [await session.get(), session.isNew],
      fill(path),
      {
        ...rest,
        headers: Object.fromEntries(filled),
        ...(body && { body: new URLSearchParams(fill(String(body))) }),
      },
    );
    expect(visit).toMatchObject({ status: 200, said: [{}, true], setCookies: [] });
    expect(bench.requests()).toEqual([]);
  });

  it("is not there where the cookie comes twice: the browser's first one counts, alone", async () => {
    const { visitor: come } = bench.app();
    const [one, other] = [come(), come()];
    await one.visit((c) => c.var.session.set("n", 1));
    await other.visit((c) => c.var.session.set("n", 2));
    const both = [one, other].map(({ cookies }) => `session=${cookies.get("session")}`);
    const read = (cookie: string) => come().visit((c) => c.var.session.get(), "/", { headers: { cookie } });
    expect((await read(both.join("; "))).said).toEqual({ n: 1 });
    expect((await read(both.toReversed().join("; "))).said).toEqual({ n: 2 });
    expect((await read(`session=forged; ${both[0]}`)).said).toEqual({});
  });
});

describe("an id that the table does not know", () => {
  it("is never adopted, though its cookie verifies", async () => {
    const id = "C".repeat(32);
    const visitor = bench.app().visitor(new Map([["session", signed(id, SECRET)]]));
    const visit = await visitor.visit(async ({ var: { session } }) => {
      const data = await session.get();
      session.set("n", 1);
      return [data, session.isNew];
    });
    expect(visit.said).toEqual([{}, true]);
    expect(visitor.id()).not.toBe(id);
    expect(await bench.row(id)).toBeUndefined();
    const blind = bench.app().visitor(new Map([["session", signed(id, SECRET)]]));
    await blind.visit((c) => c.var.session.update(() => ({ n: 1 })));
    expect(blind.id()).not.toBe(id);
    expect(await bench.row(id)).toBeUndefined();
  });

  it("loses its cookie when its session is destroyed", async () => {
    const visitor = bench.app().visitor(new Map([["session", signed("D".repeat(32), SECRET)]]));
    await visitor.visit(async ({ var: { session } }) => {
      await session.get();
      await session.destroy();
    });
    expect(visitor.cookies.size).toBe(0);
  });

  it("that cannot be a key is none", async () => {
    const visitor = bench.app().visitor(new Map([["session", signed("x".repeat(2000), SECRET)]]));
    expect((await visitor.visit((c) => c.var.session.get())).said).toEqual({});
    expect((await visitor.visit((c) => c.var.session.destroy())).status).toBe(200);
  });
});

describe("a list of secrets", () => {
  it("signs with the first, and logs nobody out whom another of them had signed", async () => {
    const before = bench.app({ secret: OTHER }).visitor();
    await before.visit((c) => c.var.session.set("n", 1));
    const id = before.id();
    const after = bench
      .app({ secret: [SECRET, "one more secret, of more than 32 characters", OTHER] })
      .visitor(before.cookies);
    expect((await after.visit(() => {})).setCookies).toEqual([]);
    const visit = await after.visit((c) => c.var.session.get("n"));
    expect([visit.said, visit.setCookies.length]).toEqual([1, 1]);
    expect(after.cookies.get("session")).toBe(signed(id, SECRET));
    expect((await after.visit((c) => c.var.session.get("n"))).setCookies).toEqual([]);
    // By now the older one may go.
    const later = bench.app({ secret: [SECRET] }).visitor(after.cookies);
    expect((await later.visit((c) => c.var.session.get("n"))).said).toBe(1);
    expect(
      (
        await bench
          .app()
          .visitor(before.cookies)
          .visit((c) => c.var.session.get("n"))
      ).said,
    ).toBeUndefined();
  });

  it("is the one that was given, whatever becomes of the list", async () => {
    const secrets = [SECRET];
    const visitor = bench.app({ secret: secrets }).visitor();
    secrets.unshift("short");
    await visitor.visit((c) => c.var.session.set("n", 1));
    expect(visitor.cookies.get("session")).toBe(signed(visitor.id(), SECRET));
  });
});
