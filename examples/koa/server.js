// The shop on Koa, with koa-session.
import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
import Koa from "koa";
import session from "koa-session";
import { HEADERS, messagePage, shopPage } from "../shop/page.js";
import { failureOf, NOT_FOUND } from "../shop/refusals.js";
import { announce, MAX_AGE, settings } from "../shop/settings.js";
import { userFrom, withOneMore, without } from "../shop/shop.js";
import { formOf } from "./form.js";

const { table, secret, https, host, port } = settings(process.env);

const app = new Koa();
app.keys = [secret];
// The proxy in front of the application says by which protocol the visitor came; Koa sets a Secure cookie by HTTPS alone.
app.proxy = https;

app.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    const { status, message } = failureOf(error);
    ctx.status = status;
    page(ctx, messagePage(message));
  }
});

const store = new CyclicSessionStore({ table: { name: table }, hashIds: true });
// SameSite=Lax: the forms of other sites come without the cookie.
const cookie = { key: "session", httpOnly: true, sameSite: "lax", secure: https };
app.use(session({ ...cookie, maxAge: MAX_AGE, rolling: true, store }, app));

const ROUTES = {
  "GET /": (ctx) => page(ctx, shopPage("Koa", ctx.session)),

  // koa-session has saved the session before a response leaves.
  "POST /cart/add": async (ctx) => {
    ctx.session.cart = withOneMore(ctx.session.cart, (await formOf(ctx)).product);
    seeOther(ctx);
  },

  "POST /cart/remove": async (ctx) => {
    ctx.session.cart = without(ctx.session.cart, (await formOf(ctx)).product);
    seeOther(ctx);
  },

  "POST /sign-in": async (ctx) => {
    ctx.session.user = userFrom((await formOf(ctx)).name);
    // A new id for a new right: whoever knew the old one gains nothing.
    await ctx.session.regenerate();
    seeOther(ctx);
  },

  "POST /sign-out": (ctx) => {
    ctx.session = null;
    seeOther(ctx);
  },
};

app.use((ctx) => {
  const route = ROUTES[`${ctx.method} ${ctx.path}`];
  if (route === undefined) throw NOT_FOUND;
  return route(ctx);
});

function page(ctx, html) {
  ctx.set(HEADERS);
  ctx.body = html;
}

function seeOther(ctx) {
  ctx.status = 303;
  ctx.redirect("/");
}

const server = app.listen(port, host, () => announce(host, server.address().port));
