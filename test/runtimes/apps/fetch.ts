// The applications of a runtime whose own server takes a function from a request to a response: Hono on that, Express on
// what the runtime has of Node's.
import { expressDriver } from "../../conformance/apps/express.js";
import { honoApp } from "../../conformance/apps/hono-app.js";
import type { Served } from "../../conformance/driver.js";
import { control } from "./control.js";
import { announce } from "./ready.js";
import { type Upgrade, withSocket } from "./socket.js";

/** What a server calls; Bun's hands over itself, for a WebSocket is its business. */
export type Fetch = (request: Request, server?: object) => Response | Promise<Response>;

/** Lets the runtime's server listen at a free port of 127.0.0.1. */
export type ServeFetch = (fetch: Fetch) => Served;

export function listenByFetch(serve: ServeFetch, upgrade: Upgrade): void {
  const answer = control({
    express: expressDriver.start,
    hono: async (lab) => serve(withSocket(honoApp(lab), upgrade).fetch),
  });
  announce(serve(async (request) => new Response(await answer(await request.text()))));
}
