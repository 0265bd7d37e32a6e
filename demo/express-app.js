// The demo as an Express application: its session, and its routes. koa-app.js and hono-app.js are the same in their
// frameworks' words.
import { promisify } from "node:util";
import { CyclicSessionStore } from "@cyclic.sh/session-store/express";
import express from "express";
import session from "express-session";
import { answerTo, BODY_LIMIT, NOTHING_HERE } from "./answers.js";
import { cartAfter, noteAfter, PRODUCTS, readName, viewOf, widgetOf } from "./shop.js";

/**
 * @param {import("./doors.js").AppParts} parts
 * @returns {import("./doors.js").App}
 */
export function createExpressApp({ storeOptions, secret, sessionCookie, about, inspect }) {
  const store = new CyclicSessionStore(storeOptions);
  const cookie = { httpOnly: true, sameSite: "lax" };
  const options = { name: sessionCookie, secret, cookie, resave: false, saveUninitialized: false };

  const app = express();
  app.disable("x-powered-by");

  // Ahead of the sessions: to look at the row must neither cost the user a read nor keep the session alive.
  app.get("/api/inspect", session({ ...options, store: new IdsAlone() }), async (req, res) => {
    res.json(await inspect(req.sessionID, req.headers.cookie));
  });

  app.use("/api", express.json({ limit: BODY_LIMIT }));
  app.use("/api", session({ ...options, store }));

  app.get("/api/session", (req, res) => {
    res.json({ about, products: PRODUCTS, ...viewOf(req.session) });
  });

  app.post("/api/sign-in", async (req, res) => {
    const name = readName(req.body);
    // A new id for a new right: whoever knew the old one gains nothing.
    await promisify(req.session.regenerate).call(req.session);
    req.session.user = { name };
    await promisify(req.session.save).call(req.session);
    res.json(viewOf(req.session));
  });

  app.post("/api/cart", (req, res) => {
    req.session.cart = cartAfter(req.session, req.body);
    res.json(viewOf(req.session));
  });

  app.post("/api/note", (req, res) => {
    req.session.note = noteAfter(req.session, req.body);
    res.json(viewOf(req.session));
  });

  app.get("/api/widgets/:number", (req, res) => {
    res.json(widgetOf(req.session, req.params.number));
  });

  app.post("/api/sign-out", async (req, res) => {
    await promisify(req.session.destroy).call(req.session);
    res.clearCookie(sessionCookie, cookie).json(viewOf({}));
  });

  app.use((_req, res) => {
    res.status(404).json(NOTHING_HERE);
  });

  // Express knows an error handler by its four parameters.
  app.use((error, _req, res, next) => {
    if (res.headersSent) return next(error);
    const { status, body } = answerTo(error);
    res.status(status).json(body);
  });

  return { listener: app, close: () => store.close() };
}

/** A store that holds nothing: with it express-session verifies the cookie's signature, and gives the id. */
class IdsAlone extends session.Store {
  constructor() {
    super();
    // Without it express-session sends no touches.
    this.touch = undefined;
  }

  get(_id, callback) {
    callback(null, { cookie: {} });
  }

  set(_id, _session, callback) {
    callback?.();
  }

  destroy(_id, callback) {
    callback?.();
  }
}
