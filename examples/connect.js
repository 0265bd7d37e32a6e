// A Connect server whose visitors count their visits.
import { createServer } from "node:http";
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import connect from "connect";
import session from "express-session";
import { isMain, sessionOptions, storeOptions } from "./visits.js";

export function start(options, port) {
  const app = connect();
  app.use(session({ ...sessionOptions, store: new CyclicSessionStore(options) }));
  app.use((req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.end(`visit ${req.session.visits}`);
  });
  return createServer(app).listen(port, "127.0.0.1");
}

if (isMain(import.meta)) start(storeOptions, 3000);
