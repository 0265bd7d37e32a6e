// Several frameworks behind one reverse proxy, which sends each request to one of them by chance: one session of one
// browser, served by all.
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { expressCookie } from "../../../src/cookies/express.js";
import { koaCookie } from "../../../src/cookies/koa.js";
import type { SessionIdCookie } from "../../../src/hono/index.js";
import type { Driver, Served } from "../driver.js";
import { type Lab, SECRET } from "../protocol.js";
import { expressDriver } from "./express.js";
import { honoApp } from "./hono-app.js";
import { koaDriver, startKoa } from "./koa.js";
import { serve } from "./serve.js";

/** By which the proxy chooses. `SESSION_STORE_SEED` asks for the choices of another run. */
export const SEED = Number(process.env.SESSION_STORE_SEED ?? 1);

// As several servers, each with a store of its own.
const SERVERS = {
  shareTouches: "the requests of one page are served by several stores, as by several servers",
  waitForSaves: "a save that another server has on its way is not known",
};
const HONO = { changeLifetime: "at Hono no handler changes a session's lifetime" };

/** Express, Koa and Hono with express-session's cookie. */
export const togetherByExpress: Driver = {
  name: "express+koa+hono",
  idIn: expressDriver.idIn,
  cookiesFor: expressDriver.cookiesFor,
  rowOutlivesCookieBy: [...expressDriver.rowOutlivesCookieBy, ...koaDriver.rowOutlivesCookieBy],
  cannot: { ...koaDriver.cannot, ...expressDriver.cannot, ...HONO, ...SERVERS },
  start(lab) {
    const cookie = expressCookie({ secret: SECRET, cookie: { ...cookieOf(lab), secure: false } });
    return startTogether([expressDriver.start(lab), startKoa(lab, cookie), startHono(lab, cookie)]);
  },
};

/** Koa and Hono with koa-session's cookies. */
export const togetherByKoa: Driver = {
  name: "koa+hono",
  idIn: koaDriver.idIn,
  cookiesFor: koaDriver.cookiesFor,
  rowOutlivesCookieBy: koaDriver.rowOutlivesCookieBy,
  cannot: { ...koaDriver.cannot, ...HONO, ...SERVERS },
  start(lab) {
    const cookie = koaCookie({ keys: [SECRET], ...cookieOf(lab), secure: false });
    return startTogether([koaDriver.start(lab), startHono(lab, cookie)]);
  },
};

function cookieOf({ settings: { cookieMaxAge } }: Lab): { maxAge?: number } {
  return cookieMaxAge === undefined ? {} : { maxAge: cookieMaxAge };
}

function startHono(lab: Lab, cookie: SessionIdCookie): Promise<Served> {
  return serve(getRequestListener(honoApp(lab, cookie).fetch), async () => {});
}

async function startTogether(starting: readonly Promise<Served>[]): Promise<Served> {
  const served = await Promise.all(starting);
  const agent = new Agent({ keepAlive: true });
  const choose = chooser(served.map(({ origin }) => origin));
  const server = createServer((incoming, response) => {
    pass(incoming, response, choose(), agent);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
      await Promise.all(served.map((one) => one.close()));
    },
  };
}

/** Each time one of these, by the seed. */
function chooser(origins: readonly string[]): () => string {
  let state = SEED;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return origins[state % origins.length] ?? "";
  };
}

function pass(incoming: IncomingMessage, response: ServerResponse, origin: string, agent: Agent): void {
  const { method, url, headers } = incoming;
  const forwarded = request(`${origin}${url}`, { method, headers, agent });
  // A user who goes away is gone for the framework too.
  response.once("close", () => forwarded.destroy());
  forwarded.on("error", () => response.destroy());
  forwarded.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    answer.pipe(response);
  });
  incoming.pipe(forwarded);
}
