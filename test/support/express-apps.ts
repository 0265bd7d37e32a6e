// Real Express applications with express-session, their visitors, and the stores under them. What a request does is
// said where it is asked for: `visitor.visit((req) => …)` runs that function as the handler of one HTTP request.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import { onTestFinished } from "vitest";
import type { SessionEvent } from "../../src/core/events.js";
import type { TableOptions } from "../../src/core/options.js";
import { CyclicSessionStore, type CyclicSessionStoreOptions } from "../../src/express/index.js";
import {
  type CallRecord,
  createTable,
  type KeyNames,
  type Row,
  readRow,
  recordCalls,
  testClient,
} from "./tables.js";

const SECRET = "of the tests";

export type AppSession = session.Session & Record<string, unknown>;
export type AppRequest = Omit<Request, "session"> & { session: AppSession };

/** The handler of one request. What it returns is the answer, unless it answers by itself. */
export type Handler = (req: AppRequest, res: Response) => unknown;

/** What came of one request, its response read to the end. */
export interface Visit {
  readonly status: number;
  /** What the handler returned. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the test's own handler gave.
  readonly said: any;
  /** The session's id when the handler was done. */
  readonly id: string;
  /** The session's `Set-Cookie` header, if there was one. */
  readonly setCookie: string | undefined;
}

/** A response whose headers, and perhaps no more, have arrived. */
export interface Begun {
  readonly status: number;
  end(): Promise<Visit>;
}

/** A browser: keeps the session's cookie, and sends it until it is given another, whatever the cookie says of its end. */
export interface Visitor {
  cookie: string | undefined;
  /** Sent with every request from now on. */
  readonly headers: Record<string, string>;
  visit(handler: Handler): Promise<Visit>;
  /** As `visit`, answered at the headers. */
  begin(handler: Handler): Promise<Begun>;
}

export interface App {
  /** What reached the application's error handler. */
  readonly errors: unknown[];
  /** A new visitor, or one that comes with this cookie. */
  visitor(cookie?: string): Visitor;
  close(): Promise<void>;
}

export type AppOptions = Partial<session.SessionOptions>;

/** Starts an Express application at a free port of this machine, until the test ends. */
export async function startApp(options: AppOptions): Promise<App> {
  const asked = new Map<string, { handler: Handler; said?: unknown; id?: string }>();
  const errors: unknown[] = [];

  const app = express();
  app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, ...options }));
  app.get("/:visit", async (req, res) => {
    const visit = asked.get(req.params.visit);
    if (visit === undefined) throw new Error(`nobody asked for ${req.url}`);
    visit.said = await visit.handler(req as unknown as AppRequest, res);
    visit.id = req.sessionID;
    if (!res.headersSent) res.send("done");
  });
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    errors.push(error);
    if (!res.headersSent) res.status(500).send("failed");
  });

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(close);

  let visits = 0;
  const makeVisitor = (cookie?: string): Visitor => {
    const visitor: Visitor = {
      cookie,
      headers: {},
      async begin(handler) {
        visits += 1;
        const name = String(visits);
        const visit = { handler, said: undefined, id: "" };
        asked.set(name, visit);
        const headers = { ...visitor.headers, ...(visitor.cookie && { cookie: visitor.cookie }) };
        const response = await fetch(`${origin}/${name}`, { headers, redirect: "manual" });
        const setCookie = response.headers.getSetCookie().at(0);
        if (setCookie) visitor.cookie = setCookie.slice(0, setCookie.indexOf(";"));
        const end = async () => {
          await response.text();
          return { status: response.status, said: visit.said, id: visit.id, setCookie };
        };
        return { status: response.status, end };
      },
      visit: async (handler) => (await visitor.begin(handler)).end(),
    };
    return visitor;
  };
  return { errors, visitor: makeVisitor, close };
}

/** A cookie as express-session signs it, for a session of this id. */
export function cookieFor(id: string): string {
  const signature = createHmac("sha256", SECRET).update(id).digest("base64").replace(/=+$/, "");
  return `connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`;
}

export interface TestStore {
  readonly store: CyclicSessionStore;
  /** The commands that this store sent. */
  readonly sent: CallRecord;
  readonly events: SessionEvent[];
  /** The actions sent since the last look, and forgotten with it. */
  actions(): string[];
}

export type StoreOptions = Partial<Omit<CyclicSessionStoreOptions, "table">> & {
  table?: Partial<TableOptions>;
};

/** A table for the tests of one file, and the stores over it. */
export interface StoreBench {
  readonly table: string;
  readonly client: DynamoDBClient;
  row(id: string, hashPrefix?: string): Promise<Row | undefined>;
  /** A session's data as it stands in its row; undefined where there is no row. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it.
  data(id: string): Promise<any>;
  store(options?: StoreOptions): TestStore;
}

export async function makeStoreBench(keys: KeyNames = {}): Promise<StoreBench> {
  const client = testClient();
  const table = await createTable(client, keys);
  const row = (id: string, hashPrefix = "session-store#") => readRow(client, table, hashPrefix + id, keys);
  return {
    table,
    client,
    row,
    async data(id) {
      const text = (await row(id))?.sess?.S;
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
        table: { name: table, ...keys, ...tableOptions },
      });
      onTestFinished(() => store.close());
      const actions = () => sent.calls.splice(0).map((call) => call.action);
      return { store, sent, events, actions };
    },
  };
}

/** Session data as express-session's types want it, with the cookie that a new session has unless given another. */
export function sessionData(fields: Record<string, unknown>): session.SessionData {
  const cookie = { originalMaxAge: null, expires: null, httpOnly: true, path: "/" };
  return { cookie, ...fields } as unknown as session.SessionData;
}

/** Calls a method of a session (`save`, `destroy`, …) with a callback, as a promise. */
export function done(call: (callback: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}

/** Calls a store's method with a callback, and gives what that was answered with: the error, or null, and the result. */
// biome-ignore lint/suspicious/noExplicitAny: results of every method.
export function answerOf(call: (callback: (...answer: any[]) => void) => unknown): Promise<[unknown, any]> {
  return new Promise((resolve) => {
    call((error, result) => resolve([error ?? null, result]));
  });
}
