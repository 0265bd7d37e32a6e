// The application as it was, on Express with express-session: only its store is new.
import { promisify } from "node:util";
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import express from "express";
import session from "express-session";
import { HEADERS, messagePage, shopPage } from "../shop/page.js";
import { failureOf, NOT_FOUND } from "../shop/refusals.js";
import { userFrom, withOneMore, without } from "../shop/shop.js";
import { accountPage, withLines } from "./account.js";
import { cookie, https, options } from "./sessions.js";

export const app = express();
app.disable("x-powered-by");
// The proxy in front says by which protocol the visitor came; a Secure cookie is set by HTTPS alone.
if (https) app.set("trust proxy", 1);

const store = new CyclicSessionStore(options);
app.use(session({ ...cookie, store, resave: false, saveUninitialized: false }));
app.use(express.urlencoded({ extended: false, limit: "4kb" }));

app.get("/", (req, res) => {
  res.set(HEADERS).send(shopPage("Express", req.session));
});

app.post("/cart/add", async (req, res) => {
  req.session.cart = withOneMore(req.session.cart, req.body?.product);
  await saved(req);
  res.redirect(303, "/");
});

app.post("/cart/remove", async (req, res) => {
  req.session.cart = without(req.session.cart, req.body?.product);
  await saved(req);
  res.redirect(303, "/");
});

app.get("/account", (req, res) => {
  if (req.session.user === undefined) return res.redirect(303, "/");
  res.set(HEADERS).send(accountPage("Express", req.session));
});

app.post("/account", async (req, res) => {
  if (req.session.user === undefined) return res.redirect(303, "/");
  req.session.address = withLines(req.session.address, req.body);
  await saved(req);
  res.redirect(303, "/account");
});

app.post("/sign-in", async (req, res) => {
  const user = userFrom(req.body?.name);
  const { cart } = req.session;
  // A new id for a new right: whoever knew the old one gains nothing.
  await promisify(req.session.regenerate).call(req.session);
  Object.assign(req.session, { user, cart });
  await saved(req);
  res.redirect(303, "/");
});

app.post("/sign-out", async (req, res) => {
  await promisify(req.session.destroy).call(req.session);
  const { maxAge: _, ...attributes } = cookie.cookie;
  res.clearCookie(cookie.name, attributes).redirect(303, "/");
});

/** express-session sends a response before it saves: the page after the redirect may come from Hono, which cannot wait. */
function saved(req) {
  return promisify(req.session.save).call(req.session);
}

app.use(() => {
  throw NOT_FOUND;
});

// Express knows an error handler by its four parameters.
app.use((error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const { status, message } = failureOf(error);
  res.status(status).set(HEADERS).send(messagePage(message));
});
