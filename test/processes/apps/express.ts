// The Express application.
import { text } from "node:stream/consumers";
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import { CyclicSessionStore, type CyclicSessionStoreOptions } from "../../../src/express/index.js";
import { promised, serve } from "../../conformance/apps/serve.js";
import type { Served } from "../../conformance/driver.js";
import { SECRET } from "../../conformance/protocol.js";
import { ASK_HEADER } from "../protocol.js";
import { act, askIn } from "./act.js";
import { inVisit } from "./visit.js";

export function startExpress(
  options: CyclicSessionStoreOptions,
  failed: (error: unknown) => void,
): Promise<Served> {
  const store = new CyclicSessionStore(options);
  const app = express();
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false }));
  app.use(async (req, res) => {
    const ask = askIn(req.get(ASK_HEADER));
    const answer = await act(
      ask,
      {
        read: () => ({ ...req.session }),
        set: (key, value) => void Reflect.set(req.session, key, value),
        unset: (key) => void Reflect.deleteProperty(req.session, key),
        save: () => promised((callback) => req.session.save(callback)),
        update: (change) => store.update(req.sessionID, change),
        regenerate: () => promised((callback) => req.session.regenerate(callback)),
        destroy: () => promised((callback) => req.session.destroy(callback)),
      },
      () => text(req),
    );
    if (ask.do === "set" && ask.redirects) res.redirect(303, "/");
    else res.json(answer);
  });
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    failed(error);
    if (!res.headersSent) res.status(500).end();
  });
  return serve(inVisit(app), () => store.close());
}
