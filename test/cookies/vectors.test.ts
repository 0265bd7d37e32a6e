// The cookies of express-session and koa-session, as the real packages make and read them: fixed vectors that they made
// once, and each other's, both ways.
import { createHmac } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import expressSession from "express-session";
import Koa from "koa";
import koaSession from "koa-session";
import { afterEach, describe, expect, it } from "vitest";
import { expressCookie } from "../../src/cookies/express.js";
import { koaCookie } from "../../src/cookies/koa.js";

const SECRET = "keyboard cat";
const RETIRED = "a secret of before";
// Made by express-session 1.19.0 and koa-session 7.0.2, run by hand.
const EXPRESS_ID = "vHtB5mHgUwq0vk_0kZ1Qm3kqv4d0mT1x";
const EXPRESS_VALUE = "s%3AvHtB5mHgUwq0vk_0kZ1Qm3kqv4d0mT1x.ViZWuENM4YFXKRGC3rrpJYNUtKDgoOON7LkL5TZCTzA";
const KOA_ID = "0b8a1e5e-4c7d-4a4e-9d55-6e0c8a3a9f10";
const KOA_SIGNATURE = "PglYUIIGTt-PK3pbZMQC3xVBTXM";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** What an application on Node sets, given a header `Cookie`: its answer, and the headers `Set-Cookie`. */
async function ask(listener: RequestListener, cookie?: string) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  endings.push(() => new Promise((resolve) => server.close(resolve)));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    headers: { connection: "close", ...(cookie !== undefined && { cookie }) },
  });
  return { body: await response.text(), setCookies: response.headers.getSetCookie() };
}

/** The header `Cookie` of a browser that was given these headers. */
function sentBack(setCookies: readonly string[]): string {
  return setCookies.map((header) => header.split(";", 1)[0]).join("; ");
}

/** An Express application whose only session has the id. */
function expressApp(id: string, secret: string | string[], name?: string): RequestListener {
  const app = express();
  app.use(
    expressSession({
      secret,
      resave: false,
      saveUninitialized: true,
      genid: () => id,
      ...(name !== undefined && { name }),
    }),
  );
  app.use((req, res) => void res.end(req.sessionID === id ? "found" : req.sessionID));
  return app;
}

/** What express-session believes a header `Cookie` to say. */
async function expressReads(cookie: string, secret: string | string[], name?: string): Promise<string> {
  const seen: string[] = [];
  const store = new (class extends expressSession.Store {
    get(id: string, callback: (error: unknown, data: null) => void) {
      seen.push(id);
      callback(null, null);
    }
    set(_id: string, _data: unknown, callback?: () => void) {
      callback?.();
    }
    destroy(_id: string, callback?: () => void) {
      callback?.();
    }
  })();
  const app = express();
  const options = { secret, store, resave: false, saveUninitialized: false };
  app.use(expressSession({ ...options, ...(name !== undefined && { name }) }));
  app.use((_req, res) => void res.end());
  await ask(app, cookie);
  return seen[0] ?? "nothing";
}

/** What koa-session believes a header `Cookie` to say, and sets of its own accord. */
async function koaReads(cookie: string, keys: string[], key?: string) {
  const seen: string[] = [];
  const app = new Koa();
  app.keys = keys;
  const store = {
    get: async (id: string) => void seen.push(id),
    set: async () => {},
    destroy: async () => {},
  };
  app.use(koaSession({ store, ...(key !== undefined && { key }) }, app));
  app.use((ctx) => {
    ctx.body = String(ctx.session?.isNew);
  });
  const { setCookies } = await ask(app.callback(), cookie);
  return { id: seen[0] ?? "nothing", setCookies };
}

async function koaWrites(id: string, keys: string[], key?: string): Promise<string> {
  const app = new Koa();
  app.keys = keys;
  const store = { get: async () => undefined, set: async () => {}, destroy: async () => {} };
  app.use(koaSession({ store, genid: () => id, ...(key !== undefined && { key }) }, app));
  app.use((ctx) => {
    if (ctx.session) ctx.session.n = 1;
    ctx.body = "";
  });
  return sentBack((await ask(app.callback())).setCookies);
}

const IDS = [
  "vHtB5mHgUwq0vk_0kZ1Qm3kqv4d0mT1x",
  "0b8a1e5e-4c7d-4a4e-9d55-6e0c8a3a9f10",
  "user.17.of.three",
  "a+b/c=",
  ...Array.from({ length: 20 }, (_, n) => createHmac("sha256", "ids").update(`${n}`).digest("base64url")),
];

describe("express-session's cookie", () => {
  it("is the vector that express-session made", async () => {
    const cookie = expressCookie({ secret: SECRET, cookie: { secure: false } });
    expect(await cookie.write(EXPRESS_ID, undefined, {})).toEqual([
      `connect.sid=${EXPRESS_VALUE}; Path=/; HttpOnly; SameSite=lax`,
    ]);
    expect(await cookie.read(`connect.sid=${EXPRESS_VALUE}`)).toEqual({ id: EXPRESS_ID, isCurrent: true });
  });

  it.each(IDS)(
    "of the id %s is read as express-session sets it, and set as express-session reads it",
    async (id) => {
      const cookie = expressCookie({ secret: SECRET, name: "shop" });
      const { setCookies } = await ask(expressApp(id, SECRET, "shop"));
      expect(await cookie.read(sentBack(setCookies))).toEqual({ id, isCurrent: true });
      expect(await expressReads(sentBack(await cookie.write(id, 60_000, {})), SECRET, "shop")).toBe(id);
    },
  );

  it("that a retired secret signed is read, is known to be, and is signed anew by the first", async () => {
    const cookie = expressCookie({ secret: [SECRET, RETIRED] });
    const { setCookies } = await ask(expressApp("an-id", RETIRED));
    expect(await cookie.read(sentBack(setCookies))).toEqual({ id: "an-id", isCurrent: false });
    expect(await expressReads(sentBack(await cookie.write("an-id", undefined, {})), SECRET)).toBe("an-id");
  });

  it.each([
    ["another secret's", EXPRESS_VALUE.replace("ViZW", "AiZW")],
    ["one without a signature", `s%3A${EXPRESS_ID}`],
    ["one without its mark", EXPRESS_VALUE.slice("s%3A".length)],
    ["one that is not signed", EXPRESS_ID],
    ["one of which a character too many was kept", `${EXPRESS_VALUE}A`],
    ["one with the padding that base64 would have", `${EXPRESS_VALUE}%3D`],
    ["another spelling of the same signature", EXPRESS_VALUE.replace(/A$/, "B")],
    ["one that percent-encodes nothing", "%E0%A4%A"],
    ["an empty one", ""],
    [
      "an empty id, rightly signed",
      `s%3A.${createHmac("sha256", SECRET).update("").digest("base64").replace("=", "")}`,
    ],
    ["koa-session's", KOA_ID],
  ])("is none: %s", async (_, value) => {
    expect(await expressCookie({ secret: SECRET }).read(`connect.sid=${value}`)).toBeUndefined();
    expect(await expressReads(`connect.sid=${value}`, SECRET)).not.toBe(EXPRESS_ID);
  });

  it.each([
    ["the first of two", `a=1; connect.sid=${EXPRESS_VALUE}; connect.sid=s%3Aother.x`],
    ["one in quotes", `connect.sid="${EXPRESS_VALUE}"`],
    ["one after what is no cookie", `nonsense;=; connect.sid=${EXPRESS_VALUE}`],
    ["one beside names that contain its own", `xconnect.sid=1; connect.sidx=2; connect.sid=${EXPRESS_VALUE}`],
  ])("is found where express-session finds it: %s", async (_, header) => {
    expect(await expressCookie({ secret: SECRET }).read(header)).toEqual({ id: EXPRESS_ID, isCurrent: true });
    expect(await expressReads(header, SECRET)).toBe(EXPRESS_ID);
  });
});

describe("koa-session's cookies", () => {
  it("are the vectors that koa-session made", async () => {
    const cookie = koaCookie({ keys: [SECRET], secure: false });
    expect(await cookie.write(KOA_ID, undefined, {})).toEqual([
      `koa.sess=${KOA_ID}; Path=/; HttpOnly; SameSite=lax`,
      `koa.sess.sig=${KOA_SIGNATURE}; Path=/; HttpOnly; SameSite=lax`,
    ]);
    expect(await cookie.read(`koa.sess=${KOA_ID}; koa.sess.sig=${KOA_SIGNATURE}`)).toEqual({
      id: KOA_ID,
      isCurrent: true,
    });
  });

  it.each(IDS)(
    "of the id %s are read as koa-session sets them, and set as koa-session reads them",
    async (id) => {
      const cookie = koaCookie({ keys: [SECRET], key: "shop" });
      expect(await cookie.read(await koaWrites(id, [SECRET], "shop"))).toEqual({ id, isCurrent: true });
      expect(await koaReads(sentBack(await cookie.write(id, 60_000, {})), [SECRET], "shop")).toMatchObject({
        id,
      });
    },
  );

  it("that a retired key signed are read, are known to be, and are signed anew as koa-session does itself", async () => {
    const cookie = koaCookie({ keys: [SECRET, RETIRED] });
    const old = await koaWrites(KOA_ID, [RETIRED]);
    expect(await cookie.read(old)).toEqual({ id: KOA_ID, isCurrent: false });
    const anew = sentBack(await cookie.write(KOA_ID, undefined, {}));
    const koas = sentBack((await koaReads(old, [SECRET, RETIRED])).setCookies);
    expect(anew).toBe(`koa.sess=${KOA_ID}; ${koas}`);
    expect(await koaReads(anew, [SECRET])).toMatchObject({ id: KOA_ID });
  });

  it.each([
    ["without a signature", `koa.sess=${KOA_ID}`],
    ["with another id's signature", `koa.sess=x${KOA_ID}; koa.sess.sig=${KOA_SIGNATURE}`],
    [
      "with the signature in the other alphabet",
      `koa.sess=${KOA_ID}; koa.sess.sig=${KOA_SIGNATURE.replace("-", "+")}`,
    ],
    [
      "with another secret's signature",
      `koa.sess=${KOA_ID}; koa.sess.sig=${KOA_SIGNATURE.replace("Pg", "Qg")}`,
    ],
    ["with nothing", "koa.sess=; koa.sess.sig="],
    ["with express-session's value", `koa.sess=${EXPRESS_VALUE}; koa.sess.sig=${KOA_SIGNATURE}`],
  ])("are none %s", async (_, header) => {
    expect(await koaCookie({ keys: [SECRET] }).read(header)).toBeUndefined();
    expect(await koaReads(header, [SECRET])).toMatchObject({ id: "nothing" });
  });

  it("are both taken away, for koa-session as well", async () => {
    for (const header of await koaCookie({ keys: [SECRET] }).clear({})) {
      expect(header).toMatch(
        /^koa\.sess(\.sig)?=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=\/;/,
      );
    }
    expect(await koaCookie({ keys: [SECRET] }).clear({})).toHaveLength(2);
  });

  it("are refused for an id that they cannot hold", async () => {
    await expect(koaCookie({ keys: [SECRET] }).write("ä;b", undefined, {})).rejects.toMatchObject({
      code: "ERR_SESSION_ID",
    });
  });
});

describe("attributes", () => {
  it("are safe where nothing is said", async () => {
    const safe = "Path=/; HttpOnly; Secure; SameSite=lax";
    expect((await expressCookie({ secret: SECRET }).write("id", undefined, {})).join()).toContain(safe);
    expect((await koaCookie({ keys: [SECRET] }).write("id", undefined, {})).join()).toContain(safe);
  });

  it("of a session that express-session made are those of its own cookie", async () => {
    const data = {
      cookie: {
        originalMaxAge: 60_000,
        path: "/shop",
        httpOnly: false,
        domain: "example.com",
        sameSite: true,
      },
    };
    const [header] = await expressCookie({ secret: SECRET }).write("id", 60_000, data);
    expect(header).toMatch(/; Max-Age=60; Domain=example\.com; Path=\/shop; SameSite=strict$/);
    const [gone] = await expressCookie({ secret: SECRET }).clear(data);
    expect(gone).toContain("Domain=example.com; Path=/shop");
  });

  it("in a row can put nothing else into the header", async () => {
    const data = { cookie: { originalMaxAge: null, path: "/\r\nx: y", domain: "a; Secure", sameSite: 1 } };
    expect(await expressCookie({ secret: SECRET }).write("id", undefined, data)).toEqual([
      expect.stringMatching(/^connect\.sid=[^;]+; Path=\/; HttpOnly$/),
    ]);
  });
});

describe("options", () => {
  it.each([
    ["no secret", () => expressCookie({ secret: "" }), "expressCookie.secret"],
    ["a list without a secret", () => expressCookie({ secret: [] }), "expressCookie.secret"],
    ["an empty retired secret", () => expressCookie({ secret: [SECRET, ""] }), "expressCookie.secret"],
    ["no keys", () => koaCookie({ keys: [] }), "koaCookie.keys"],
    ["a bad name", () => expressCookie({ secret: SECRET, name: "a b" }), "expressCookie.name"],
    ["a bad key", () => koaCookie({ keys: [SECRET], key: "a;b" }), "koaCookie.key"],
    ["no lifetime", () => koaCookie({ keys: [SECRET], maxAge: 0 }), "koaCookie.maxAge"],
    [
      "a cookie for other sites in plain text",
      () => expressCookie({ secret: SECRET, cookie: { sameSite: "none", secure: false } }),
      "expressCookie.cookie.sameSite",
    ],
    ["an option there is not", () => koaCookie(Object({ keys: [SECRET], signed: true })), "koaCookie.signed"],
    [
      "an attribute there is not",
      () => expressCookie(Object({ secret: SECRET, cookie: { a: 1 } })),
      "expressCookie.cookie.a",
    ],
    ["nothing", () => expressCookie(Object(undefined)), "expressCookie.secret"],
  ])("with %s are refused, by their name and without a secret in the message", (_, make, name) => {
    expect(make).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining(name) }),
    );
    expect(make).not.toThrow(SECRET);
  });
});
