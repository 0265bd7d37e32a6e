// Cookies as browsers, attackers and others' sessions send them, at real Express, Koa and Hono applications, whose
// sessions' rows may be anything: a session is opened by its own cookie alone, and the application goes on.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import fc from "fast-check";
import { Hono } from "hono";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { type SessionEnv, session } from "../../src/hono/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { newId } from "../support/engines.js";
import { cookieFor, startApp as startExpress } from "../support/express-apps.js";
import { answer, SECRET, visitorOf } from "../support/hono-apps.js";
import { cookiesFor, startApp as startKoa } from "../support/koa-apps.js";
import { testClient } from "../support/tables.js";
import {
  CANARY,
  type Judged,
  type Kind,
  NOW,
  require,
  requireDocumented,
  requireNoSecrets,
  requireSame,
} from "./campaign.js";
import { type Attributes, anyRow, frameworkRow } from "./rows.js";
import type { Wire, WireItem } from "./wire.js";

const DOORS = ["express", "koa", "hono"] as const;
type Door = (typeof DOORS)[number];

const THEN = ["read", "change", "save", "destroy", "regenerate", "end"] as const;
type Then = (typeof THEN)[number];

/** What a request sends, and whether it opens the session: surely, never, or as the framework reads it. */
interface Sent {
  readonly cookie: string;
  readonly opens: "yes" | "no" | "perhaps";
}

// As much of a header as Node takes.
const latin1 = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
      { weight: 1, arbitrary: fc.constantFrom(0x09, ...Array.from(';=,"%\\ .:', (c) => c.charCodeAt(0))) },
      { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xff }) },
    ),
    { maxLength: 60 },
  )
  .map((codes) => String.fromCharCode(...codes).trim());

/** The signed cookies of a door, as its framework sets them. */
const SIGNED: Readonly<Record<Door, (id: string) => string>> = {
  express: cookieFor,
  koa: (id) =>
    cookiesFor(id)
      .map((pair) => pair.join("="))
      .join("; "),
  hono: (id) => `session=${encodeURIComponent(`${id}.${hmac(id, SECRET)}`)}`,
};
const NAMES: Readonly<Record<Door, string>> = { express: "connect.sid", koa: "koa.sess", hono: "session" };

type Send = (door: Door, id: string, noise: string) => Sent;

const perhaps = (cookie: string): Sent => ({ cookie, opens: "perhaps" });
const never = (cookie: string): Sent => ({ cookie, opens: "no" });

const WAYS: Readonly<Record<string, Send>> = {
  genuine: (door, id) => ({ cookie: SIGNED[door](id), opens: "yes" }),
  "among others": (door, id) => ({ cookie: `a=b; ${SIGNED[door](id)}; theme=dark`, opens: "yes" }),
  "after noise": (door, id, noise) => perhaps(`${noise}; ${SIGNED[door](id)}`),
  "before noise": (door, id, noise) => perhaps(`${SIGNED[door](id)}; ${noise}`),
  twice: (door, id, noise) => perhaps(`${NAMES[door]}=${noise}; ${SIGNED[door](id)}`),
  quoted: (door, id) => perhaps(SIGNED[door](id).replace(/=([^;]*)/g, '="$1"')),
  "encoded again": (door, id) =>
    perhaps(SIGNED[door](id).replace(/=([^;]*)/g, (_, v) => `=${encodeURIComponent(v)}`)),
  decoded: (door, id) => perhaps(decodeURIComponent(SIGNED[door](id))),
  "with prefix names": (door, id) => perhaps(`__proto__=x; constructor=y; ${SIGNED[door](id)}; toString=z`),
  noise: (_, __, noise) => never(noise),
  "noise for a value": (door, _, noise) => never(`${NAMES[door]}=${noise}`),
  unsigned: (door, id) => never(`${NAMES[door]}=${id}`),
  "unsigned, as if": (door, id) => never(`${NAMES[door]}=${encodeURIComponent(`s:${id}`)}`),
  "with an empty signature": (door, id) => never(`${NAMES[door]}=${door === "express" ? "s%3A" : ""}${id}.`),
  "with noise for a signature": (door, id, noise) =>
    never(`${NAMES[door]}=${door === "express" ? "s%3A" : ""}${id}.${encodeURIComponent(`x${noise}`)}`),
  "koa's, with noise": (_, id, noise) => never(`koa.sess=${id}; koa.sess.sig=x${noise.replaceAll(";", "")}`),
  "another's signature": (door, id) => never(SIGNED[door](`${id}x`).replaceAll(`${id}x`, id)),
  "another secret's": (door, id) => never(foreign(door, id)),
  "its id changed": (door, id) => never(SIGNED[door](id).replaceAll(id, `${id.slice(1)}A`)),
  "another door's": (door, id) =>
    never(SIGNED[door === "express" ? "hono" : "express"](id).replace(/^[^=]*/, NAMES[door])),
  json: (door, id) => never(`${NAMES[door]}=${encodeURIComponent(`j:{"id":"${id}","__proto__":{"x":1}}`)}`),
  "bad encoding": (door, id) => never(`${NAMES[door]}=%E0%A4%A${id}%`),
  "cut short": (door, id) => never(SIGNED[door](id).slice(0, -5)),
  "a signed id that is too long": (door) => never(SIGNED[door]("x".repeat(1500))),
  "a signed id of another kind": (door) => never(SIGNED[door]("__proto__")),
  "very long": (door, id) => never(`${NAMES[door]}=${id}${"%41".repeat(2_000)}`),
  "very many": (door, id) =>
    never(Array.from({ length: 500 }, (_, i) => `${NAMES[door]}${i}=${id.slice(0, 8)}`).join("; ")),
  none: () => never(""),
};
const OFTEN = ["genuine", "genuine", "genuine", "among others", "twice"];

interface Visiting {
  readonly door: Door;
  readonly way: string;
  readonly noise: string;
  /** The row under the id; undefined for a sound one, whose owner the visitor is told. */
  readonly row: Attributes | undefined;
  readonly doing: Then;
}

const visits = { door: fc.constantFrom(...DOORS), noise: latin1, doing: fc.constantFrom(...THEN) };

const PREFIX = "session-store#";

export async function cookies(table: string, wire: Wire): Promise<Kind<Visiting>> {
  const told: unknown[] = [];
  const options = {
    client: testClient(),
    now: () => NOW,
    timeout: 60_000,
    table: { name: table },
    onEvent: (event: unknown) => told.push(event),
  };
  const express = await startExpress({ store: new ExpressStore(options) });
  const koa = await startKoa({ store: new KoaStore(options) });
  const errors: unknown[] = [];
  const app = new Hono<SessionEnv>();
  app.use(session({ ...options, secret: SECRET }));
  app.all("*", answer);
  app.onError((error, c) => {
    errors.push(error);
    return c.text("failed", 500);
  });
  const hono = visitorOf(app);

  const idsOf = new Map<Visiting, string>();
  let before = new Map<string, WireItem>();

  /** One request: who its session says it is of, and the id that the visitor is left with. */
  const visit: Readonly<
    Record<Door, (cookie: string, doing: Then) => Promise<{ status: number; said: unknown; left: string }>>
  > = {
    async express(cookie, doing) {
      const visitor = express.visitor();
      visitor.headers.cookie = cookie;
      const {
        status,
        said,
        setCookie = "",
      } = await visitor.visit(async (req, res) => {
        const { who } = req.session;
        if (doing === "change") req.session.n = 1;
        if (doing === "save") await new Promise((resolve) => req.session.save(resolve));
        if (doing === "destroy") await new Promise((resolve) => req.session.destroy(resolve));
        if (doing === "regenerate") await new Promise((resolve) => req.session.regenerate(resolve));
        if (doing === "end") {
          req.session.n = 1;
          const closed = once(res, "close");
          res.end();
          await closed;
        }
        return who;
      });
      return { status, said, left: decodeURIComponent(setCookie) };
    },
    async koa(cookie, doing) {
      const visitor = koa.visitor();
      visitor.headers.cookie = cookie;
      const {
        status,
        said,
        setCookie = "",
      } = await visitor.visit(async (ctx) => {
        const { who } = ctx.session;
        if (doing === "change" || doing === "end") ctx.session.n = 1;
        if (doing === "save") await ctx.session.save();
        if (doing === "destroy") ctx.session = null;
        if (doing === "regenerate") await ctx.session.regenerate();
        return who;
      });
      return { status, said, left: setCookie };
    },
    async hono(cookie, doing) {
      const { status, said, setCookies } = await hono.visit(
        async (c) => {
          const { session } = c.var;
          const who = await session.get("who");
          if (doing === "change" || doing === "end") session.set("n", 1);
          if (doing === "save") await session.save();
          if (doing === "destroy") await session.destroy();
          if (doing === "regenerate") await session.regenerate();
          await session.flash("notice");
          return who;
        },
        "/",
        { headers: { cookie } },
      );
      hono.cookies.clear();
      return { status, said, left: decodeURIComponent(setCookies.join(" ")) };
    },
  };

  return {
    name: "cookies at applications",
    inputs: 6_000,
    together: 50,
    arbitrary: fc.oneof(
      fc.record({ ...visits, way: fc.constantFrom(...Object.keys(WAYS)), row: fc.constant(undefined) }),
      fc.record({
        ...visits,
        way: fc.constantFrom(...OFTEN),
        row: fc.oneof(frameworkRow, anyRow.filter(isShallow)),
      }),
    ),

    async before(inputs) {
      told.length = 0;
      idsOf.clear();
      for (const one of inputs) idsOf.set(one, newId());
      await wire.put(
        [...idsOf].map(([{ row }, id]) => ({
          ...(row ?? soundRow(id)),
          pk: { S: PREFIX + id },
          sk: { S: PREFIX + id },
        })),
      );
      before = await wire.get([...idsOf.values()].map((id) => PREFIX + id));
    },

    async judge(visiting): Promise<Judged> {
      const { door, way, noise, row, doing } = visiting;
      const id = String(idsOf.get(visiting));
      const { cookie, opens } = WAYS[way]?.(door, id, noise) ?? never("");
      const { status, said, left } = await visit[door](cookie, doing);
      require(status === 200 || status === 500, `status ${status}`);
      if (opens === "no") {
        require(said === undefined &&
          status === 200, `a cookie that is none got ${status} and ${String(said)}`);
        require(!left.includes(id), "an id that nobody signed was taken over");
      }
      if (row === undefined) {
        require(status === 200, "a sound session was answered by an error");
        const isOwn = said === id || (opens !== "yes" && said === undefined);
        require(isOwn, () => `the session of ${id} said ${String(said)}`);
      }
      const what = row === undefined ? "a sound session" : "any row";
      return { outcome: `${opens === "no" ? "none" : what}: ${status}`, sent: opens === "yes" };
    },

    async after(inputs) {
      for (const error of [express.errors, koa.errors, errors].flatMap((list) => list.splice(0))) {
        // The last where a row's `cookie` is none of express-session's: it has no place for one.
        const codes = ["ERR_SESSION_CORRUPT", "ERR_SESSION_TOO_LARGE", "ERR_SESSION_UNSERIALIZABLE"];
        requireDocumented(error, codes, [...idsOf.values()]);
      }
      requireNoSecrets(told, [...idsOf.values()]);
      const forged = inputs.filter(({ door, way, noise }) => WAYS[way]?.(door, "-", noise).opens === "no");
      const rows = await wire.get(forged.map((one) => PREFIX + idsOf.get(one)));
      for (const one of forged) {
        const key = PREFIX + idsOf.get(one);
        requireSame(rows.get(key), before.get(key), "the row of who was impersonated");
      }
    },
  };
}

/** Whether the frameworks, which serialise every session that they are given, can do so. */
function isShallow({ sess }: Attributes): boolean {
  return !String(sess?.S).startsWith('{"a":'.repeat(3_000));
}

function soundRow(id: string): Attributes {
  const until = NOW + 3_600_000;
  return {
    gen: { S: "abcdefgh" },
    rev: { N: "1" },
    writes: { S: "aaaaa" },
    until: { N: String(until) },
    expires: { N: String(Math.ceil(until / 1000)) },
    updated: { N: String(NOW) },
    created: { N: String(NOW) },
    sess: { S: JSON.stringify({ who: id, secret: CANARY }) },
  };
}

function hmac(text: string, secret: string): string {
  return createHmac("sha256", secret).update(text).digest("base64");
}

function foreign(door: Door, id: string): string {
  const signature = hmac(id, "another secret, of more than 32 characters");
  if (door === "koa") return `koa.sess=${id}; koa.sess.sig=${signature.slice(0, 27)}`;
  const value = door === "express" ? `s:${id}.${signature.replace(/=+$/, "")}` : `${id}.${signature}`;
  return `${NAMES[door]}=${encodeURIComponent(value)}`;
}
