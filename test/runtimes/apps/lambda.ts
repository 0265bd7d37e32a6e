// The Hono application on AWS Lambda: a container of Node's that is given events. They overlap here, which is harder than
// Lambda, that gives a container one after another.
import { createHook } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import { PassThrough, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import { handle, streamHandle } from "hono/aws-lambda";
import { honoApp } from "../../conformance/apps/hono-app.js";
import { serve } from "../../conformance/apps/serve.js";
import type { Served } from "../../conformance/driver.js";
import type { Lab } from "../../conformance/protocol.js";
import { answer, type Event, eventOf, type Metadata, writeHead } from "../../support/lambda.js";
import { control } from "./control.js";
import { listen } from "./listen.js";

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
const domain = form === "api-gateway" ? "execute-api" : "lambda-url";

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
    async (request, response) => invoke(await eventOf(request, domain), response),
    async () => {},
  );
}

// A connection, and the look-up of a name. The SDK also looks for its configuration files.
const REACHES_OUT = ["TCPCONNECTWRAP", "GETADDRINFOREQWRAP", "QUERYWRAP"];

function invokeBuffered(lab: Lab): Invoke {
  const handler = handle(honoApp(lab));
  return async (event, response) => answer(await handler(event), response);
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

await listen(control({ hono: start }));
