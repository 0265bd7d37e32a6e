// The demo as a Hono application: its session, and its routes. express-app.js and koa-app.js are the same in their
// frameworks' words.
import { session } from "@cyclic.sh/session-store/hono";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { answerTo, BODY_LIMIT, NOTHING_HERE } from "./answers.js";
import { cartAfter, noteAfter, PRODUCTS, readName, viewOf, widgetOf } from "./shop.js";

/**
 * @param {import("./doors.js").AppParts} parts
 * @returns {import("./doors.js").App}
 */
export function createHonoApp({ storeOptions, cookie, about, untilSignedOut }) {
  const app = new Hono();

  app.use("/api/*", bodyLimit({ maxSize: BODY_LIMIT }));
  // With another framework's cookie there is no secret of Hono's own.
  app.use("/api/*", session({ ...storeOptions, cookie }));

  app.get("/api/session", async (c) => {
    return c.json({ about, products: PRODUCTS, ...viewOf(await c.var.session.get()) });
  });

  app.post("/api/sign-in", async (c) => {
    const { session } = c.var;
    const name = readName(await c.req.json());
    // A new id for a new right: whoever knew the old one gains nothing.
    await session.regenerate({ user: { name } });
    return c.json(viewOf(await session.get()));
  });

  app.post("/api/cart", async (c) => {
    const { session } = c.var;
    session.set("cart", cartAfter(await session.get(), await c.req.json()));
    return c.json(viewOf(await session.get()));
  });

  // It has read the session, and saves only after the user has signed out.
  app.post("/api/slow-cart", async (c) => {
    const { session } = c.var;
    const before = await session.get();
    await untilSignedOut(c.req.header("cookie"));
    session.set("cart", cartAfter(before, await c.req.json()));
    return c.json({});
  });

  app.post("/api/note", async (c) => {
    const { session } = c.var;
    session.set("note", noteAfter(await session.get(), await c.req.json()));
    return c.json(viewOf(await session.get()));
  });

  app.get("/api/widgets/:number", async (c) => {
    return c.json(widgetOf(await c.var.session.get(), c.req.param("number")));
  });

  app.post("/api/sign-out", async (c) => {
    await c.var.session.destroy();
    return c.json(viewOf({}));
  });

  app.notFound((c) => c.json(NOTHING_HERE, 404));

  app.onError((error, c) => {
    const { status, body } = answerTo(error);
    return c.json(body, status);
  });

  // Nothing is on its way to the table once the responses have left: they wait for it.
  return { listener: getRequestListener(app.fetch), close: async () => {} };
}
