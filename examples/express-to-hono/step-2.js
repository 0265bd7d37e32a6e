// Step 2: Express and Hono behind one address. What has moved goes to Hono, all else to Express. Where each is a server of
// its own, the reverse proxy in front of them does what this file does.
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { announce } from "../shop/settings.js";
import { app as express } from "./express.js";
import { app as hono } from "./hono.js";
import { host, port } from "./sessions.js";

// A few routes at a time: each with all that is below it. To take one back is to take it off this list.
const { MOVED = "/cart" } = process.env;
const moved = MOVED.split(" ");

const toHono = getRequestListener(hono.fetch);

const server = createServer((req, res) => (hasMoved(req.url) ? toHono(req, res) : express(req, res)));
server.listen(port, host, () => announce(host, server.address().port));

function hasMoved(url) {
  const [path] = url.split("?");
  return moved.some((route) => path === route || path.startsWith(`${route}/`));
}
