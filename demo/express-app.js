// The demo as an Express application: its session, and its routes. koa-app.js and hono-app.js are the same in their
// frameworks' words.
import { promisify } from "node:util";
import { CyclicSessionStore } from "@cyclic.sh/session-store/express";
import express from "express";
import session from "express-session";
import { answerTo, BODY_LIMIT, NOTHING_HERE } from "./answers.js";
import { COOKIE_ATTRIBUTES, SESSION_COOKIE } from "./doors.js";
import { cartAfter, noteAfter, PRODUCTS, readName, viewOf, widgetOf } from "./shop.js";

/**
 * @param {import("./doors.js").AppParts} parts
 * @returns {import("./doors.js").App}
 */
export function createExpressApp({ storeOptions, secret, about, untilSignedOut }) {
  const store = new CyclicSessionStore(storeOptions);
  const cookie = { name: SESSION_COOKIE, secret, cookie: COOKIE_ATTRIBUTES };

  const app = express();
  app.disable("x-powered-by");

  app.use("/api", express.json({ limit: BODY_LIMIT }));
  app.use("/api", session({ ...cookie, store, resave: false, saveUninitialized: false }));

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

  // It has read the session, and saves only after the user has signed out.
  app.post("/api/slow-cart", async (req, res) => {
    await untilSignedOut(req.headers.cookie);
    req.session.cart = cartAfter(req.session, req.body);
    await promisify(req.session.save).call(req.session);
    res.json({});
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
    res.clearCookie(SESSION_COOKIE, COOKIE_ATTRIBUTES).json(viewOf({}));
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
