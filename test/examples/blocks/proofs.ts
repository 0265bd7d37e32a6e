// What the table of blocks proves them with: it stands beside them as `proof`, in the process that runs them.
import { deepStrictEqual, ok } from "node:assert";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { type AttributeValue, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";

export { deepStrictEqual as equal, match, ok } from "node:assert";

/** What the block printed. */
export const printed: string[] = [];

/** A value of which a comment says what it is: exactly, or with other things that it may be. */
export function said(value: unknown, ...expected: unknown[]): void {
  if (expected.length === 1) {
    deepStrictEqual(value, expected[0]);
    return;
  }
  const { outcome } = Object(value) as { outcome?: unknown };
  const isOneOf = expected.some((one) => isDeepStrictEqual(value, one) || outcome === one);
  ok(isOneOf, `it is ${JSON.stringify(value)}, and the comment beside it says ${JSON.stringify(expected)}`);
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  /** What a browser sends from now on. */
  readonly cookie: string;
}

/** An application of Express, or of Koa. */
type Served = RequestListener | { callback(): RequestListener };

/** Asks an application for a page, as a proxy does where HTTPS has ended; or sends it a form. */
export async function visit(
  app: Served,
  path = "/",
  cookie = "",
  form?: Readonly<Record<string, string>>,
): Promise<Answer> {
  const server = createServer(typeof app === "function" ? app : app.callback()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const headers = { cookie, "x-forwarded-proto": "https" };
    const sent = form && { method: "POST", body: new URLSearchParams(form) };
    const init = { ...sent, headers, redirect: "manual" } as const;
    return await answerOf(await fetch(`http://127.0.0.1:${port}${path}`, init));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const pairs = response.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
  return {
    status: response.status,
    text: await response.text(),
    location: response.headers.get("location"),
    cookie: pairs.join("; "),
  };
}

/** An application whose page `/` counts a visitor's visits in a session: it does, and sets a cookie for that once. */
export async function counts(app: Served): Promise<void> {
  const first = await visit(app);
  deepStrictEqual([first.status, first.text], [200, "visit 1"]);
  ok(first.cookie !== "", "no cookie was set");
  deepStrictEqual((await visit(app, "/", first.cookie)).text, "visit 2");
  deepStrictEqual((await visit(app)).text, "visit 1");
}

export type Row = Record<string, AttributeValue>;

/** The rows that stand in a table. */
export async function rows(table = "sessions"): Promise<Row[]> {
  const client = new DynamoDBClient();
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  client.destroy();
  return Items;
}
