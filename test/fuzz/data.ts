// Session data of every kind, by every way into the table: stored as JSON has it, or refused before anything is sent.
import fc from "fast-check";
import { Hono } from "hono";
import { createSessionEngine, SessionStoreError } from "../../src/core/index.js";
import { CyclicSessionStore as ExpressStore } from "../../src/express/index.js";
import { type SessionEnv, session } from "../../src/hono/index.js";
import { CyclicSessionStore as KoaStore } from "../../src/koa/index.js";
import { newId } from "../support/engines.js";
import { idIn, SECRET } from "../support/hono-apps.js";
import { recordCalls, testClient } from "../support/tables.js";
import {
  type Judged,
  type Kind,
  NOW,
  nameOf,
  type Outcome,
  outcomeOf,
  require,
  requireNoSecrets,
  requireSame,
  requireSameJson,
  secretOf,
  untyped,
} from "./campaign.js";
import { anyData, cook } from "./values.js";

const REFUSALS = ["ERR_SESSION_UNSERIALIZABLE", "ERR_SESSION_TOO_LARGE"];
const MOST_BYTES = 400 * 1024;

const WAYS = ["engine", "update", "map", "express", "express anew", "koa", "hono"] as const;
type Way = (typeof WAYS)[number];

/** What JSON makes of it: text, nothing, or a failure. */
function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

/** What a door keeps for itself, and does not store, or not as it is given. */
const OWN: Readonly<Record<Way, readonly string[]>> = {
  engine: [],
  update: [],
  map: [],
  express: ["cookie"],
  "express anew": ["cookie"],
  koa: ["_expire", "_maxAge", "_session"],
  hono: [],
};

export function data(table: string): Kind<{ data: unknown; way: Way }> {
  const client = testClient();
  const { calls } = recordCalls(client);
  const told: unknown[] = [];
  const options = {
    client,
    now: () => NOW,
    timeout: 60_000,
    ttl: 60_000,
    table: { name: table },
    onEvent: (event: unknown) => told.push(event),
  };
  const engine = createSessionEngine(options);
  const map = createSessionEngine({ ...options, format: "map" });
  const express = new ExpressStore(options);
  const koa = new KoaStore(options);
  const app = new Hono<SessionEnv>().use(session({ ...options, secret: SECRET }));

  /** Saves under a new id, and gives that; nothing where there is nothing to save. */
  const save: Readonly<Record<Way, (given: unknown) => Promise<string | undefined>>> = {
    async engine(given) {
      const id = newId();
      await engine.save(engine.create(id), given);
      return id;
    },
    async update(given) {
      const id = newId();
      await engine.save(id, { before: 1 });
      const change = () => {
        // What an object throws that is asked whether it is a promise is as if the function threw it.
        if (!isAskable(given)) throw new SessionStoreError("ERR_SESSION_UNSERIALIZABLE", "the change's own");
        return given;
      };
      await engine.update(id, change);
      return id;
    },
    async map(given) {
      const id = newId();
      await map.save(map.create(id), given);
      return id;
    },
    async express(given) {
      const id = newId();
      await express.set(id, untyped(given));
      return id;
    },
    async "express anew"(given) {
      const id = newId();
      await express.set(id, untyped({}));
      await express.set(id, untyped(given));
      await express.touch(id, untyped(given));
      return id;
    },
    async koa(given) {
      const id = newId();
      await koa.set(id, untyped(given), 60_000);
      return id;
    },
    async hono(given) {
      let failure: unknown;
      const handled = new Hono<SessionEnv>().route("/", app);
      handled.get("/", (c) => {
        c.var.session.set(untyped(given));
        return c.text("done");
      });
      handled.onError((error, c) => {
        failure = error;
        return c.text("failed", 500);
      });
      const response = await handled.request("/");
      const [cookie] = response.headers.getSetCookie();
      await response.text();
      if (failure !== undefined) throw failure;
      return cookie && idIn(cookie);
    },
  };

  return {
    name: "session data",
    inputs: 5_000,
    together: 60,
    arbitrary: fc.record({ data: anyData, way: fc.constantFrom(...WAYS) }),
    async before() {
      told.length = 0;
      calls.length = 0;
    },
    async judge({ data: generated, way }): Promise<Judged> {
      const given = cook(generated);
      const text = jsonOf(given);
      const saved = await outcomeOf(() => save[way](given), REFUSALS);
      if (saved.error !== undefined) {
        requireRightlyRefused(saved, text, way, given);
        return { outcome: nameOf(saved), sent: way === "update" || way === "express anew" };
      }
      if (saved.value === undefined) return { outcome: "nothing to save", sent: false };
      const id = saved.value;
      const loaded = await engine.load(id);
      requireNoSecrets(told, secretOf(id));
      if (way === "update" && (given === undefined || given === null)) {
        requireSame(loaded?.data, { before: 1 }, "what an update that gave nothing left");
        return { outcome: "answered", sent: true };
      }
      require(loaded !== undefined, "what was saved is not there");
      requireSameJson(
        without(loaded?.data, OWN[way]),
        without(expected(given, text, way), OWN[way]),
        `what was saved by ${way}`,
      );
      // Every door can hand it out.
      await outcomeOf(() => express.get(id), []);
      await outcomeOf(() => koa.get(id), []);
      return { outcome: "answered", sent: true };
    },
    async after() {
      // What is refused is refused before anything is sent, and what is sent is an update.
      const actions = new Set(calls.map(({ action }) => action));
      for (const action of actions) {
        require(["GetItem", "BatchGetItem", "UpdateItem"].includes(action), `sent: ${action}`);
      }
    },
  };
}

function expected(given: unknown, text: string | undefined, way: Way): unknown {
  // Koa's fields are copied first, without what they inherit, and without what is koa-session's. An Express cookie is read
  // apart from the data, and is a cookie whatever it is, though JSON has no such value.
  const isByField = way === "koa" || (way.startsWith("express") && text === undefined);
  if (isByField) return JSON.parse(JSON.stringify(without({ ...Object(given) }, OWN[way])));
  return text === undefined ? undefined : JSON.parse(text);
}

/** A refusal must have its reason: what JSON cannot say, what is no object, or what is too large. */
function requireRightlyRefused(
  { error }: Outcome<unknown>,
  text: string | undefined,
  way: Way,
  given: unknown,
): void {
  const isTooLarge = error instanceof Error && "code" in error && error.code === "ERR_SESSION_TOO_LARGE";
  if (isTooLarge) {
    require(Buffer.byteLength(text ?? "") > MOST_BYTES * 0.9, "refused for its size, and small");
    return;
  }
  // A map holds less than JSON; a field at Hono must be one that JSON has.
  if (text === undefined || !text.startsWith("{") || way === "map" || way === "hono") return;
  // A door asks an object, and the cookie in it, for more than JSON does.
  if (way !== "engine" && !isPlain(given)) return;
  if (way.startsWith("express") && !isPlain(Reflect.get(Object(given), "cookie"))) return;
  // It also has no field of a name that another framework keeps its own under.
  if (
    way !== "engine" &&
    Object.keys(Object(given)).some((name) => KEPT.test(name) && !OWN[way].includes(name))
  )
    return;
  throw error;
}

const KEPT = /^(cookie|_expire|_maxAge|_session)$|^_flash\./;

function isAskable(value: unknown): boolean {
  try {
    return typeof (value instanceof Promise) === "boolean";
  } catch {
    return false;
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    const prototype = Object.getPrototypeOf(value);
    return (prototype === Object.prototype || prototype === null) && !("toJSON" in value);
  } catch {
    return false;
  }
}

function without(data: unknown, names: readonly string[]): unknown {
  return Object.fromEntries(Object.entries(Object(data)).filter(([name]) => !names.includes(name)));
}
