// How many read units the five calls of a page cost at a real server, by how far apart they leave the browser: an Express
// application in this process, its table in it as well, and a browser in another. Asked by scale.js; `{ "port": … }` makes
// it that browser.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import express from "express";
import session from "express-session";
import { PAGES, sessionData } from "./page-workload.js";
import { STORES } from "./stores.js";
import { TableInProcess } from "./table-in-process.js";

/** Milliseconds within which a page's calls leave the browser. */
const WITHIN_MS = [0, 3, 10, 30];
const PAGES_EACH = 200;
const WARM_UP_PAGES = 50;
const TABLE_LATENCY_MS = 3;

/** @type {{ port?: number }} */
const { port } = JSON.parse(process.argv[2]);
if (port === undefined) await serve();
else await browse(port);

async function serve() {
  const { load, make } = STORES.ours;
  const table = await TableInProcess.make();
  table.latencyMs = TABLE_LATENCY_MS;
  const store = await make(await load(), { table: "sessions", network: table }, {});
  const app = express();
  app.use(
    session({
      store,
      secret: "bench",
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 86_400_000 },
    }),
  );
  app.get("/in", (req, res) => {
    Object.assign(req.session, sessionData(700));
    res.send("in");
  });
  app.get("/", (req, res) => res.send(req.session.user.name));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");

  let units = 0;
  table.onCommand = ({ readUnits }) => {
    units += readUnits;
  };
  const figures = [];
  const browser = fork(fileURLToPath(import.meta.url), [JSON.stringify({ port: server.address().port })]);
  browser.on("message", ({ withinMs }) => {
    if (withinMs !== undefined) figures.push({ withinMs, readUnitsPerPage: units / PAGES_EACH });
    units = 0;
    browser.send("go on");
  });
  const [code] = await once(browser, "exit");
  if (code !== 0) throw new Error(`the browser ended with ${code}`);
  process.stdout.write(JSON.stringify(figures), () => process.exit());
}

async function browse(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 6 });
  const ask = async (path, cookie) => {
    const headers = cookie === undefined ? {} : { cookie };
    const [response] = await once(get({ host: "127.0.0.1", port, path, agent, headers }), "response");
    await response.resume().toArray();
    return response;
  };
  const response = await ask("/in");
  const [cookie] = response.headers["set-cookie"][0].split(";", 1);
  const look = async (pages, withinMs) => {
    for (let page = 0; page < pages; page++) {
      const calls = Array.from({ length: PAGES.callsInParallel }, async () => {
        if (withinMs > 0) await delay(Math.random() * withinMs);
        await ask("/", cookie);
      });
      await Promise.all(calls);
    }
  };
  const tell = async (message) => {
    process.send(message);
    await once(process, "message");
  };
  await look(WARM_UP_PAGES, 0);
  await tell({});
  for (const withinMs of WITHIN_MS) {
    await look(PAGES_EACH, withinMs);
    await tell({ withinMs });
  }
  process.exit();
}
