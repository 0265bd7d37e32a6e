// The application as it will be, on Hono, with the cookie that express-session has set.
// @ts-check
import { expressCookie } from "@cyclic.sh/session-store/express-cookie";
import { session } from "@cyclic.sh/session-store/hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HEADERS, messagePage, shopPage } from "../shop/page.js";
import { failureOf, NOT_FOUND, Refusal } from "../shop/refusals.js";
import { userFrom, withOneMore, without } from "../shop/shop.js";
import { accountPage, withLines } from "./account.js";
import { cookie, options } from "./sessions.js";

/** @typedef {import("@cyclic.sh/session-store/hono").SessionEnv<import("./account.js").AccountSession>} AppEnv */

/** @type {Hono<AppEnv>} */
export const app = new Hono();

app.use(
  bodyLimit({
    maxSize: 4096,
    onError() {
      throw new Refusal("That is too large.", 413);
    },
  }),
);

/** @type {import("hono").MiddlewareHandler<AppEnv>} */
const sessions = session({ ...options, cookie: expressCookie(cookie) });
app.use(sessions);

app.get("/", async (c) => c.html(shopPage("Hono", await c.var.session.get()), 200, HEADERS));

// What a handler sets is written before the response leaves.
app.post("/cart/add", async (c) => {
  const { product } = await c.req.parseBody();
  c.var.session.set("cart", withOneMore(await c.var.session.get("cart"), product));
  return c.redirect("/", 303);
});

app.post("/cart/remove", async (c) => {
  const { product } = await c.req.parseBody();
  c.var.session.set("cart", without(await c.var.session.get("cart"), product));
  return c.redirect("/", 303);
});

app.get("/account", async (c) => {
  const data = await c.var.session.get();
  if (data.user === undefined) return c.redirect("/", 303);
  return c.html(accountPage("Hono", data), 200, HEADERS);
});

app.post("/account", async (c) => {
  const { user, address } = await c.var.session.get();
  if (user === undefined) return c.redirect("/", 303);
  c.var.session.set("address", withLines(address, await c.req.parseBody()));
  return c.redirect("/account", 303);
});

app.post("/sign-in", async (c) => {
  const { name } = await c.req.parseBody();
  c.var.session.set("user", userFrom(name));
  // A new id for a new right: whoever knew the old one gains nothing.
  await c.var.session.regenerate();
  return c.redirect("/", 303);
});

app.post("/sign-out", async (c) => {
  await c.var.session.destroy();
  return c.redirect("/", 303);
});

app.notFound(() => {
  throw NOT_FOUND;
});

app.onError((error) => {
  const { status, message } = failureOf(error);
  return new Response(messagePage(message), { status, headers: HEADERS });
});
