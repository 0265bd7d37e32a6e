// Hono applications with the session middleware, and their visitors. What a request does is said where it is asked for:
// `visitor.visit((c) => …)` runs that function as the handler of one request.
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Context, type Env, Hono } from "hono";
import { inject, onTestFinished } from "vitest";
import type { SessionEvent } from "../../src/core/doors.js";
import { type SessionEnv, type SessionIdCookie, type SessionOptions, session } from "../../src/hono/index.js";
import { Clock } from "./engines.js";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.js";
import {
  type CallRecord,
  countRows,
  createTable,
  type Row,
  readRow,
  recordCalls,
  testClient,
} from "./tables.js";
import { makeSignal } from "./time.js";

export const SECRET = "of the tests, and of more than 32 characters";

/** The handler of one request. A `Response` that it returns is the answer; anything else, what the visit said. */
export type Handler<E extends Env> = (c: Context<E>) => unknown;

/** What came of one request, its response read to the end. */
export interface Visit {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the test's own handler gave.
  readonly said: any;
  readonly text: string;
  readonly headers: Headers;
  /** The `Set-Cookie` headers. */
  readonly setCookies: readonly string[];
}

/** A browser: keeps the cookies that it is given. */
export interface Visitor<E extends Env> {
  readonly cookies: Map<string, string>;
  /** The id that the cookie `session` says. */
  id(): string;
  visit(handler: Handler<E>, path?: string, init?: RequestInit): Promise<Visit>;
  /** As `visit`, answered when the response begins: its body is the caller's to read. */
  begin(handler: Handler<E>, path?: string): Promise<Response>;
}

// biome-ignore lint/suspicious/noExplicitAny: handlers of applications of every Env.
const asked = new Map<string, { handler: (c: any) => unknown; said?: unknown }>();

/** What a test's application does: what its visitor asks for. */
export async function answer(c: Context): Promise<Response> {
  const visit = asked.get(c.req.header("x-visit") ?? "");
  if (visit === undefined) throw new Error(`nobody asked for ${c.req.url}`);
  visit.said = await visit.handler(c);
  return visit.said instanceof Response ? visit.said : c.text("done");
}

/** A new visitor, or one that comes with these cookies, of an application whose routes `answer`. */
export function visitorOf<E extends Env>(app: Hono<E>, cookies?: ReadonlyMap<string, string>): Visitor<E> {
  const jar = new Map(cookies);
  const send = async (handler: Handler<E>, path: string, init: RequestInit = {}) => {
    const name = String(asked.size);
    const visit: { handler: Handler<E>; said?: unknown } = { handler };
    asked.set(name, visit);
    const headers = new Headers(init.headers);
    headers.set("x-visit", name);
    if (jar.size > 0) headers.set("cookie", [...jar].map((pair) => pair.join("=")).join("; "));
    const response = await app.request(path, { ...init, headers });
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return { response, visit };
  };
  return {
    cookies: jar,
    id() {
      const value = jar.get("session");
      if (value === undefined) throw new Error("the visitor has no session's cookie");
      return idIn(value);
    },
    async visit(handler, path = "/", init) {
      const { response, visit } = await send(handler, path, init);
      const { status, headers } = response;
      const text = await response.text();
      return { status, headers, text, said: visit.said, setCookies: headers.getSetCookie() };
    },
    begin: async (handler, path = "/") => (await send(handler, path)).response,
  };
}

/** The id in a cookie's value, or in a whole `Set-Cookie` line. */
export function idIn(cookie: string): string {
  return cookie.replace(/^[^=]*=/, "").split(".")[0] ?? "";
}

function keep(jar: Map<string, string>, line: string): void {
  const [, name = "", value = "", attributes = ""] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
  if (/; Max-Age=0(;|$)/i.test(attributes)) jar.delete(name);
  else jar.set(name, value);
}

export interface TestApp {
  readonly app: Hono<SessionEnv>;
  /** A new visitor, or one with the cookies of another. */
  visitor(cookies?: ReadonlyMap<string, string>): Visitor<SessionEnv>;
  /** What reached the application's error handling. */
  readonly errors: unknown[];
  readonly events: SessionEvent[];
  readonly clock: Clock;
  /** Where a test lets something happen before a command goes out. */
  readonly sent: CallRecord;
}

/** The options of a test's `session()`: those given, over a table and a client of the tests'. */
export type TestOptions = Partial<Extract<SessionOptions, { secret: string | readonly string[] }>>;

/** A table for the tests of one file, and what reaches it. */
export interface HonoBench {
  readonly table: string;
  readonly client: DynamoDBClient;
  readonly proxy: FaultProxy;
  /** The requests that reached the table since the last look. */
  requests(): string[];
  row(id: string): Promise<Row | undefined>;
  /** A session's data as it stands in its row; undefined where there is no row. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it.
  data(id: string): Promise<any>;
  countRows(): Promise<number>;
  /** @param cookie another framework's; its own where none is given. */
  app(options?: TestOptions, cookie?: SessionIdCookie): TestApp;
  close(): Promise<void>;
}

export async function makeHonoBench(): Promise<HonoBench> {
  const direct = testClient();
  const table = await createTable(direct);
  const proxy = await startFaultProxy(inject("endpoint"));
  // Retries are the SDK's, and held elsewhere.
  const client = testClient({ endpoint: proxy.endpoint, maxAttempts: 1 });
  const sent = recordCalls(client);
  const row = (id: string) => readRow(direct, table, `session-store#${id}`);
  return {
    table,
    client,
    proxy,
    requests: () => proxy.requests.splice(0),
    row,
    async data(id) {
      const text = (await row(id))?.sess?.S;
      return text === undefined ? undefined : JSON.parse(text);
    },
    countRows: () => countRows(direct, table),
    app(options = {}, cookie) {
      const clock = new Clock();
      const errors: unknown[] = [];
      const events: SessionEvent[] = [];
      const app = new Hono<SessionEnv>();
      app.use(
        session<SessionEnv>({
          table: { name: table },
          client,
          now: clock.now,
          onEvent: (event) => events.push(event),
          ...(cookie ? { ...options, secret: undefined, cookie } : { secret: SECRET, ...options }),
        }),
      );
      app.all("*", answer);
      app.onError((error, c) => {
        errors.push(error);
        return c.text("failed", 500);
      });
      onTestFinished(() => {
        proxy.decide = () => undefined;
        proxy.requests.length = 0;
      });
      return { app, visitor: (cookies) => visitorOf(app, cookies), errors, events, clock, sent };
    },
    async close() {
      await proxy.close();
      client.destroy();
      direct.destroy();
    },
  };
}

/** A gate in front of the next command of this name: when it was reached, and what opens it. */
export function holdNext(
  sent: CallRecord,
  action: string,
): { readonly reached: Promise<void>; open(): void } {
  const [reached, opened] = [makeSignal(), makeSignal()];
  sent.beforeNext(action, async () => {
    reached.give();
    await opened.given;
  });
  return { reached: reached.given, open: opened.give };
}
