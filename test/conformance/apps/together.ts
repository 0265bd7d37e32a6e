// Several frameworks behind one reverse proxy, which sends each request to one of them by chance: one session of one
// browser, served by all.
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Driver, Served } from "../driver.js";
import type { AppSettings, Lab } from "../protocol.js";
import { expressDriver } from "./express.js";
import { foreignCookie } from "./foreign-cookie.js";
import { honoDriver } from "./hono.js";
import { koaDriver, startKoa } from "./koa.js";

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
    const shared = withCookieOf("express-session", lab);
    return startTogether([
      expressDriver.start(lab),
      startKoa(lab, foreignCookie(shared)),
      honoDriver.start(shared),
    ]);
  },
};

/** Koa and Hono with koa-session's cookies. */
export const togetherByKoa: Driver = {
  name: "koa+hono",
  idIn: koaDriver.idIn,
  cookiesFor: koaDriver.cookiesFor,
  rowOutlivesCookieBy: koaDriver.rowOutlivesCookieBy,
  cannot: { ...koaDriver.cannot, ...HONO, ...SERVERS },
  start: (lab) => startTogether([koaDriver.start(lab), honoDriver.start(withCookieOf("koa-session", lab))]),
};

function withCookieOf(cookieOf: AppSettings["cookieOf"] & string, lab: Lab): Lab {
  return { ...lab, settings: { ...lab.settings, cookieOf } };
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
