// A Polka server whose visitors count their visits.
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import session from "express-session";
import polka from "polka";
import { isMain, sessionOptions, storeOptions } from "./visits.js";

export function start(options, port) {
  const app = polka();
  app.use(session({ ...sessionOptions, store: new CyclicSessionStore(options) }));
  app.get("/", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.end(`visit ${req.session.visits}`);
  });
  app.listen(port, "127.0.0.1");
  return app.server;
}

if (isMain(import.meta)) start(storeOptions, 3000);
