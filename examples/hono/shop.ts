// The shop on Hono. What is particular to a runtime, the configuration of its sessions, is in the file that starts it:
// `server.ts` here, and the entries of `../bun`, `../deno`, `../lambda` and `../workers`.
import type { SessionEnv } from "@cyclic.sh/session-store/hono";
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HEADERS, messagePage, shopPage } from "../shop/page.js";
import { failureOf, NOT_FOUND, Refusal } from "../shop/refusals.js";
import { type ShopSession, userFrom, withOneMore, without } from "../shop/shop.js";

export type ShopEnv = SessionEnv<ShopSession>;

/**
 * @param place what serves the shop, such as "Bun"
 * @param sessions the middleware that `session()` gives
 */
export function createShop<E extends ShopEnv>(place: string, sessions: MiddlewareHandler<E>): Hono<E> {
  const app = new Hono<E>();
  app.use(bodyLimit({ maxSize: 4096, onError: tooLarge }));
  app.use(sessions);
  app.route("/", routes(place));
  app.notFound(() => {
    throw NOT_FOUND;
  });
  app.onError((error) => {
    const { status, message } = failureOf(error);
    return new Response(messagePage(message), { status, headers: HEADERS });
  });
  return app;
}

function routes(place: string): Hono<ShopEnv> {
  const app = new Hono<ShopEnv>();

  app.get("/", async (c) => c.html(shopPage(place, await c.var.session.get()), 200, HEADERS));

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

  return app;
}

function tooLarge(): never {
  throw new Refusal("That is too large.", 413);
}
