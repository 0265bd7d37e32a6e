// The Hono application on AWS Lambda: a container of Node's that is given events, and in front of it what turns a
// browser's requests into events and results into responses, as API Gateway and function URLs are documented to. Events
// overlap here, which is harder than Lambda, that gives a container one after another.
import { createHook } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import { type APIGatewayProxyResult, handle, streamHandle } from "hono/aws-lambda";
import { honoApp } from "../../conformance/apps/hono-app.js";
import { serve } from "../../conformance/apps/serve.js";
import type { Served } from "../../conformance/driver.js";
import type { Lab } from "../../conformance/protocol.js";
import { control } from "./control.js";
import { listen } from "./listen.js";

type Event = Parameters<ReturnType<typeof handle>>[0];

/** What both kinds of results say before the body. */
interface Metadata {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly cookies?: readonly string[];
}

/** Gives an event to the handler, and its result to the browser. */
type Invoke = (event: Event, response: ServerResponse) => Promise<void>;

// As the runtime's own: `from` has the metadata sent before what is written to the stream.
const streams = new WeakMap<Writable, ServerResponse>();
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: unknown) => handler,
    HttpResponseStream: {
      from(stream: Writable, metadata: Metadata): Writable {
        const response = streams.get(stream);
        if (response === undefined) throw new Error("this is no response stream of an event");
        writeHead(response, metadata);
        return stream;
      },
    },
  },
});

const [, , form] = process.argv;

async function start(lab: Lab): Promise<Served> {
  const begun: string[] = [];
  const hook = createHook({
    init: (_, type) => void (REACHES_OUT.includes(type) && begun.push(type)),
  }).enable();
  const invoke = form === "response-stream" ? invokeStreaming(lab) : invokeBuffered(lab);
  // What construction sets going has reached the network by then.
  for (let turns = 0; turns < 5; turns++) await turn();
  hook.disable();
  if (begun.length > 0) throw new Error(`the application begins ${begun.join()} before its first event`);
  return serve(
    (request, response) => void invoke(eventOf(request), response),
    async () => {},
  );
}

// A connection, and the look-up of a name. The SDK also looks for its configuration files.
const REACHES_OUT = ["TCPCONNECTWRAP", "GETADDRINFOREQWRAP", "QUERYWRAP"];

function invokeBuffered(lab: Lab): Invoke {
  const handler = handle(honoApp(lab));
  return async (event, response) => {
    const result: APIGatewayProxyResult & Partial<Metadata> = await handler(event);
    const { statusCode, headers = {}, cookies, body, isBase64Encoded } = result;
    writeHead(response, { statusCode, headers, ...(cookies && { cookies }) });
    response.end(isBase64Encoded ? Buffer.from(body, "base64") : body);
  };
}

function invokeStreaming(lab: Lab): Invoke {
  // Its type is that of a handler without a stream.
  const handler = streamHandle(honoApp(lab));
  return async (event, response) => {
    const stream = new PassThrough();
    streams.set(stream, response);
    await Promise.all([Reflect.apply(handler, undefined, [event, stream]), pipeline(stream, response)]);
  };
}

function writeHead(response: ServerResponse, { statusCode, headers, cookies = [] }: Metadata): void {
  response.writeHead(statusCode, { ...headers, "set-cookie": [...cookies] });
}

/** An event of the payload format 2.0, which both have. */
function eventOf({ headers, method = "GET", url = "/" }: IncomingMessage): Event {
  const { cookie, ...others } = headers;
  const id = "0123456789";
  const domainName =
    form === "api-gateway"
      ? `${id}.execute-api.us-east-1.amazonaws.com`
      : `${id}.lambda-url.us-east-1.on.aws`;
  const [rawPath = "/", rawQueryString = ""] = url.split("?");
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split("; ") }),
    headers: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)])),
    requestContext: {
      accountId: "123456789012",
      apiId: id,
      authentication: null,
      authorizer: {},
      domainName,
      domainPrefix: id,
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "a browser" },
      requestId: crypto.randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: "15/Jan/2027:08:00:00 +0000",
      timeEpoch: Date.now(),
    },
    body: null,
    isBase64Encoded: false,
  };
}

await listen(control({ hono: start }));
