// The demo as a Koa application: its session, and its routes. express-app.js and hono-app.js are the same in their
// frameworks' words.
import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
import Koa from "koa";
import session from "koa-session";
import { answerTo, NOTHING_HERE } from "./answers.js";
import { COOKIE_ATTRIBUTES, SESSION_COOKIE } from "./doors.js";
import { cookieForKoa } from "./koa-cookie.js";
import { get, post, readJson } from "./koa-parts.js";
import { cartAfter, noteAfter, PRODUCTS, readName, viewOf, widgetOf } from "./shop.js";

/**
 * @param {import("./doors.js").AppParts} parts
 * @returns {import("./doors.js").App}
 */
export function createKoaApp({ storeOptions, cookie, about, untilSignedOut }) {
  const store = new CyclicSessionStore(storeOptions);
  const { middleware, externalKey } = cookieForKoa(cookie);

  const app = new Koa();

  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, body } = answerTo(error);
      ctx.status = status;
      ctx.body = body;
    }
  });

  app.use(middleware);
  const removal = { key: SESSION_COOKIE, signed: false, ...COOKIE_ATTRIBUTES };
  app.use(session({ store, externalKey, maxAge: "session", ...removal }, app));

  app.use(
    get("/api/session", (ctx) => {
      ctx.body = { about, products: PRODUCTS, ...viewOf(ctx.session) };
    }),
  );

  app.use(
    post("/api/sign-in", async (ctx) => {
      const name = readName(await readJson(ctx));
      // A new id for a new right: whoever knew the old one gains nothing.
      ctx.session = { user: { name } };
      await ctx.session.regenerate();
      ctx.body = viewOf(ctx.session);
    }),
  );

  app.use(
    post("/api/cart", async (ctx) => {
      ctx.session.cart = cartAfter(ctx.session, await readJson(ctx));
      ctx.body = viewOf(ctx.session);
    }),
  );

  // It has read the session, and saves only after the user has signed out.
  app.use(
    post("/api/slow-cart", async (ctx) => {
      const before = ctx.session;
      await untilSignedOut(ctx.headers.cookie);
      ctx.session.cart = cartAfter(before, await readJson(ctx));
      ctx.body = {};
    }),
  );

  app.use(
    post("/api/note", async (ctx) => {
      ctx.session.note = noteAfter(ctx.session, await readJson(ctx));
      ctx.body = viewOf(ctx.session);
    }),
  );

  app.use(
    get("/api/widgets/:number", (ctx, number) => {
      ctx.body = widgetOf(ctx.session, number);
    }),
  );

  app.use(
    post("/api/sign-out", (ctx) => {
      ctx.session = null;
      ctx.body = viewOf({});
    }),
  );

  app.use((ctx) => {
    ctx.status = 404;
    ctx.body = NOTHING_HERE;
  });

  return { listener: app.callback(), close: () => store.close() };
}
