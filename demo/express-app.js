// The demo as an Express application: routes and express-session, nothing of the page and nothing of DynamoDB.
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import express from "express";
import session from "express-session";
import { readAction } from "./actions.js";
import { changeCart, changeNote, PRODUCTS, readName, viewOf, widgetOf } from "./shop.js";
import { readVisitor, VISITOR_COOKIE } from "./visitor.js";

const PAGE = fileURLToPath(new URL("./page/", import.meta.url));
const SESSION_COOKIE = "demo.sid";
const COOKIE = { httpOnly: true, sameSite: "lax" };

/**
 * @param {object} parts
 * @param {session.Store} parts.store
 * @param {import("./calls.js").CallRecord} parts.calls
 * @param {(sessionId: string) => Promise<import("./row.js").ShownRow | null>} parts.readRow
 * @param {object} parts.about what the page says of this server; plain values
 * @returns {express.Express}
 */
export function createExpressApp({ store, calls, readRow, about }) {
  // For this run only: an application of yours keeps its secret, or every restart signs everybody out.
  const options = { name: SESSION_COOKIE, secret: randomBytes(32).toString("base64url"), cookie: COOKIE };
  const sessions = session({ ...options, store, resave: false, saveUninitialized: false });
  const idsAlone = session({ ...options, store: new IdsAlone(), resave: false, saveUninitialized: false });

  const app = express();
  app.disable("x-powered-by");
  app.use(setSecurityHeaders);
  app.use(express.static(PAGE, { cacheControl: false }));
  app.use("/api", setApiHeaders, findVisitor);

  // Ahead of the sessions: to look at the row must neither cost the user a read nor keep the session alive.
  app.get("/api/inspect", idsAlone, async (req, res) => {
    const row = await readRow(req.sessionID);
    res.json({ about, now: Date.now(), row, ...calls.of(res.locals.visitor) });
  });

  app.use("/api", wantJson, express.json({ limit: "8kb" }));
  app.use("/api", (req, res, next) => calls.attribute(res.locals.visitor, readAction(req), next));
  app.use("/api", sessions);

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

  app.post("/api/cart", wantUser, (req, res) => {
    changeCart(req.session, req.body);
    res.json(viewOf(req.session));
  });

  app.post("/api/note", wantUser, (req, res) => {
    changeNote(req.session, req.body);
    res.json(viewOf(req.session));
  });

  app.get("/api/widgets/:number", wantUser, (req, res) => {
    res.json(widgetOf(req.session, req.params.number));
  });

  app.post("/api/sign-out", async (req, res) => {
    await promisify(req.session.destroy).call(req.session);
    res.clearCookie(SESSION_COOKIE, COOKIE).json(viewOf({}));
  });

  app.use((_req, res) => {
    res.status(404).json({ error: "There is nothing here." });
  });
  app.use(answerError);
  return app;
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

function setSecurityHeaders(_req, res, next) {
  res.set({
    "Content-Security-Policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  next();
}

function setApiHeaders(_req, res, next) {
  res.set("Cache-Control", "no-store");
  next();
}

function findVisitor(req, res, next) {
  const known = readVisitor(req.headers.cookie);
  res.locals.visitor = known ?? randomBytes(16).toString("base64url");
  if (known === undefined) res.cookie(VISITOR_COOKIE, res.locals.visitor, COOKIE);
  next();
}

/** A form of another site cannot send JSON, so that it cannot speak for a user of this one. */
function wantJson(req, res, next) {
  if (req.method === "GET" || req.is("application/json")) return next();
  res.status(415).json({ error: "Please send JSON." });
}

function wantUser(req, res, next) {
  if (req.session.user) return next();
  res.status(401).json({ error: "You are not signed in." });
}

// Express knows an error handler by its four parameters.
function answerError(error, _req, res, next) {
  if (res.headersSent) return next(error);
  const status = error.status ?? error.statusCode ?? 503;
  if (status < 500) return res.status(status).json({ error: error.message });
  console.error(`${error.code ?? error.name}: ${error.message}`);
  res.status(status).json({ error: `The session store failed: ${error.code ?? error.name}.` });
}
