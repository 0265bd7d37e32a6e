// What stands in front of a function on AWS Lambda: it turns a browser's requests into events and results into responses,
// as API Gateway and function URLs are documented to.
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { APIGatewayProxyResult, handle } from "hono/aws-lambda";

export type Event = Parameters<ReturnType<typeof handle>>[0];

/** What a result says before the body. */
export interface Metadata {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly cookies?: readonly string[];
}

/** An HTTP API of API Gateway, or a function's own URL. */
export type Domain = "execute-api" | "lambda-url";

const ID = "0123456789";
const DOMAINS: Record<Domain, string> = {
  "execute-api": `${ID}.execute-api.us-east-1.amazonaws.com`,
  "lambda-url": `${ID}.lambda-url.us-east-1.on.aws`,
};

/** An event of the payload format 2.0, which both have. Cookies are a list, and a form is in Base64. */
export async function eventOf(request: IncomingMessage, domain: Domain): Promise<Event> {
  const { headers, method = "GET", url = "/" } = request;
  const { cookie, ...others } = headers;
  const [rawPath = "/", rawQueryString = ""] = url.split("?");
  // A request without a body is an event at once: what happens meanwhile to a container that wakes, it does not see first.
  const body = method === "GET" ? Buffer.alloc(0) : await buffer(request);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split("; ") }),
    headers: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)])),
    requestContext: {
      accountId: "123456789012",
      apiId: ID,
      authentication: null,
      authorizer: {},
      domainName: DOMAINS[domain],
      domainPrefix: ID,
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "a browser" },
      requestId: crypto.randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: "15/Jan/2027:08:00:00 +0000",
      timeEpoch: Date.now(),
    },
    body: body.length === 0 ? null : body.toString("base64"),
    isBase64Encoded: body.length > 0,
  };
}

/** Sends a function's result to the browser. */
export function answer(
  result: APIGatewayProxyResult & Partial<Pick<Metadata, "cookies">>,
  response: ServerResponse,
): void {
  const { statusCode, headers = {}, cookies = [], body, isBase64Encoded } = result;
  writeHead(response, { statusCode, headers, cookies });
  response.end(isBase64Encoded ? Buffer.from(body, "base64") : body);
}

export function writeHead(response: ServerResponse, { statusCode, headers, cookies = [] }: Metadata): void {
  response.writeHead(statusCode, { ...headers, "set-cookie": [...cookies] });
}
