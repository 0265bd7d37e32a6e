// The demo as a Koa application: its session, and its routes. express-app.js and hono-app.js are the same in their
// frameworks' words.
import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";
import Koa from "koa";
import session from "koa-session";
import { answerTo, NOTHING_HERE } from "./answers.js";
import { get, post, readJson } from "./koa-parts.js";
import { cartAfter, noteAfter, PRODUCTS, readName, viewOf, widgetOf } from "./shop.js";

/**
 * @param {import("./doors.js").AppParts} parts
 * @returns {import("./doors.js").App}
 */
export function createKoaApp({ storeOptions, secret, sessionCookie, about, inspect }) {
  const store = new CyclicSessionStore(storeOptions);
  const options = { key: sessionCookie, maxAge: "session", httpOnly: true, sameSite: "lax" };

  const app = new Koa();
  app.keys = [secret];

  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, body } = answerTo(error);
      ctx.status = status;
      ctx.body = body;
    }
  });

  // Ahead of the sessions: to look at the row must neither cost the user a read nor keep the session alive.
  app.use(
    get("/api/inspect", async (ctx) => {
      ctx.body = await inspect(ctx.cookies.get(sessionCookie, { signed: true }), ctx.headers.cookie);
    }),
  );

  app.use(session({ ...options, store }, app));

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
