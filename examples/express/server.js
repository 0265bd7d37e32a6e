// The shop on Express, with express-session.
import { promisify } from "node:util";
import { CyclicSessionStore } from "@cyclic.sh/session-store";
import express from "express";
import session from "express-session";
import { HEADERS, messagePage, shopPage } from "../shop/page.js";
import { failureOf, NOT_FOUND } from "../shop/refusals.js";
import { announce, MAX_AGE, settings } from "../shop/settings.js";
import { userFrom, withOneMore, without } from "../shop/shop.js";

const { table, secret, https, host, port } = settings(process.env);

const app = express();
app.disable("x-powered-by");
// The proxy in front of the application says by which protocol the visitor came; a Secure cookie is set by HTTPS alone.
if (https) app.set("trust proxy", 1);

const name = "session";
// SameSite=Lax: the forms of other sites come without the cookie.
const cookie = { httpOnly: true, sameSite: "lax", secure: https };
const store = new CyclicSessionStore({ table: { name: table }, hashIds: true });
const lifetime = { rolling: true, cookie: { ...cookie, maxAge: MAX_AGE } };
app.use(session({ name, secret, store, resave: false, saveUninitialized: false, ...lifetime }));
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
  res.clearCookie(name, cookie).redirect(303, "/");
});

/** express-session sends a response before it saves: the page after the redirect may be asked for too early. */
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

const server = app.listen(port, host, (error) => {
  if (error) throw error;
  announce(host, server.address().port);
});
