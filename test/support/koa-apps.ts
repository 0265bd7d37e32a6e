// Real Koa applications with koa-session, their visitors, and the stores under them. What a request does is said where it
// is asked for: `visitor.visit((ctx) => …)` runs that function as the handler of one HTTP request.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import Koa, { type Context, type Middleware } from "koa";
import session, { type CreateSessionOptions } from "koa-session";
import { inject, onTestFinished } from "vitest";
import type { SessionEvent } from "../../src/core/events.js";
import type { TableOptions } from "../../src/core/options.js";
import { CyclicSessionStore, type CyclicSessionStoreOptions, type KoaContext } from "../../src/koa/index.js";
import { type Bench, makeBench } from "./engines.js";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.js";
import { type CallRecord, isRead, type KeyNames, recordCalls, testClient } from "./tables.js";

const SECRET = "of the tests";

/** What koa-session gives handlers as `ctx.session`. */
export interface AppSession {
  [field: string]: unknown;
  readonly isNew: boolean;
  readonly length: number;
  readonly populated: boolean;
  readonly externalKey: string | undefined;
  maxAge: number | "session" | undefined;
  toJSON(): Record<string, unknown>;
  save(): Promise<void>;
  regenerate(): Promise<void>;
  manuallyCommit(): Promise<void>;
}
interface WithSession {
  /** May be set to an object, or to `null`; a handler that has just done that knows better than to read it. */
  get session(): AppSession;
  set session(session: object | null);
}
export type AppContext = Context & WithSession;

/** The handler of one request. What it returns is the answer. */
export type Handler = (ctx: AppContext) => unknown;

/** What came of one request, its response read to the end. */
export interface Visit {
  readonly status: number;
  /** What the handler returned. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the test's own handler gave.
  readonly said: any;
  /** The id of the session that the handler left, empty where it left none; `regenerate` does not change it. */
  readonly id: string;
  /** The session's `Set-Cookie` header, if there was one. */
  readonly setCookie: string | undefined;
  /** All of them. */
  readonly setCookies: readonly string[];
}

/** A browser: keeps the session's cookies, and sends them until they are changed or taken away, whatever they say of their end. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  /** Sent with every request from now on. */
  readonly headers: Record<string, string>;
  visit(handler: Handler): Promise<Visit>;
}

export interface App {
  /** What reached koa's error handling. */
  readonly errors: unknown[];
  /** What koa-session told the application. */
  readonly events: { readonly name: string; readonly key: string }[];
  /** A new visitor, or one that comes with these cookies. */
  visitor(cookies?: Iterable<readonly [string, string]>): Visitor;
}

export type AppOptions = CreateSessionOptions;

/** Starts a Koa application at a free port of this machine, until the test ends; `before` runs before koa-session. */
export async function startApp(options: AppOptions, before?: Middleware): Promise<App> {
  const asked = new Map<string, { handler: Handler; said?: unknown; id: string }>();
  const errors: unknown[] = [];
  const events: { name: string; key: string }[] = [];

  const app = new Koa();
  app.keys = [SECRET];
  app.on("error", (error) => errors.push(error));
  for (const name of ["missed", "expired", "invalid"]) {
    app.on(`session:${name}`, ({ key }) => events.push({ name, key }));
  }
  if (before) app.use(before);
  app.use(session(options, app));
  app.use<object, WithSession>(async (ctx) => {
    const visit = asked.get(ctx.path);
    if (visit === undefined) throw new Error(`nobody asked for ${ctx.url}`);
    visit.said = await visit.handler(ctx);
    visit.id = ctx.session?.externalKey ?? "";
    ctx.body = "done";
  });

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });

  let visits = 0;
  const makeVisitor = (known: Iterable<readonly [string, string]> = []): Visitor => {
    const cookies = new Map(known);
    const headers: Record<string, string> = {};
    return {
      cookies,
      headers,
      async visit(handler) {
        visits += 1;
        const path = `/${visits}`;
        const visit = { handler, said: undefined, id: "" };
        asked.set(path, visit);
        const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
        const response = await fetch(origin + path, { headers: { ...headers, ...(cookie && { cookie }) } });
        await response.text();
        // koa-session tells of a session in a turn of its own.
        await new Promise((resolve) => setImmediate(resolve));
        const setCookies = response.headers.getSetCookie();
        for (const text of setCookies) keep(cookies, text);
        const name = options.key ?? "koa.sess";
        const setCookie = setCookies.find((text) => text.startsWith(`${name}=`));
        return { status: response.status, said: visit.said, id: visit.id, setCookie, setCookies };
      },
    };
  };
  return { errors, events, visitor: makeVisitor };
}

function keep(cookies: Map<string, string>, setCookie: string): void {
  const [pair = ""] = setCookie.split(";", 1);
  const name = pair.slice(0, pair.indexOf("="));
  const value = pair.slice(name.length + 1);
  if (value === "") cookies.delete(name);
  else cookies.set(name, value);
}

/** The cookies of a session of this id, as Koa signs them. */
export function cookiesFor(id: string): [string, string][] {
  const signature = createHmac("sha1", SECRET).update(`koa.sess=${id}`).digest("base64url");
  return [
    ["koa.sess", id],
    ["koa.sess.sig", signature],
  ];
}

/** When a cookie ends, in epoch milliseconds; undefined for one that lasts until the browser is closed. */
export function endOf(setCookie: string | undefined): number | undefined {
  const expires = setCookie?.match(/; expires=([^;]*)/)?.[1];
  return expires === undefined ? undefined : Date.parse(expires);
}

/** A request, for those who call the store by themselves. */
export function makeContext(): KoaContext {
  return { method: "GET", path: "/", url: "/", get: () => "" };
}

export interface TestStore {
  readonly store: CyclicSessionStore;
  /** The commands that this store sent. */
  readonly sent: CallRecord;
  readonly events: SessionEvent[];
  /** The actions sent since the last look, and forgotten with it. */
  actions(): string[];
  /** Those of them that write. */
  writes(): string[];
}

export type StoreOptions = Partial<Omit<CyclicSessionStoreOptions, "table">> & {
  table?: Partial<TableOptions>;
};

/** A table for the tests of one file, and the stores over it. */
export interface StoreBench extends Bench {
  /** A session's data as it stands in its row; undefined where there is no row. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it.
  data(id: string): Promise<any>;
  store(options?: StoreOptions): TestStore;
}

export async function makeStoreBench(keys: KeyNames = {}): Promise<StoreBench> {
  const bench = await makeBench(keys);
  return {
    ...bench,
    async data(id) {
      const text = (await bench.row(id))?.sess?.S;
      return text === undefined ? undefined : JSON.parse(text);
    },
    store({ table: tableOptions, client: given, ...options } = {}) {
      const own = given ?? testClient();
      const sent = recordCalls(own as DynamoDBClient);
      const events: SessionEvent[] = [];
      const store = new CyclicSessionStore({
        client: own,
        onEvent: (event) => events.push(event),
        ...options,
        table: { name: bench.table, ...keys, ...tableOptions },
      });
      onTestFinished(() => store.close());
      const actions = () => sent.calls.splice(0).map((call) => call.action);
      const writes = () => actions().filter((action) => !isRead(action));
      return { store, sent, events, actions, writes };
    },
  };
}

/** A client whose way to the table leads through a proxy that lets everything pass, until told otherwise. */
export async function startProxy(): Promise<{ proxy: FaultProxy; client: DynamoDBClient }> {
  const proxy = await startFaultProxy(inject("endpoint"));
  onTestFinished(() => proxy.close());
  return { proxy, client: testClient({ endpoint: proxy.endpoint, maxAttempts: 1 }) };
}

/** What visitors do in most tests. */
export const signIn: Handler = (ctx) => {
  ctx.session.user = "ada";
};
export const whoAmI: Handler = (ctx) => ctx.session.user;
export const signOut: Handler = (ctx) => {
  ctx.session = null;
};
/** The session's data, as koa-session shows it. */
export const fields: Handler = (ctx) => ctx.session.toJSON();
