// Serves the shop on Deno.
import { session } from "@cyclic.sh/session-store/hono";
import { createShop, type ShopEnv } from "../hono/shop.ts";
import { announce, MAX_AGE, settings } from "../shop/settings.js";

const { table, secret, https, host, port } = settings(Deno.env.toObject());

const app = createShop(
  "Deno",
  session<ShopEnv>({
    table: { name: table },
    hashIds: true,
    secret,
    cookie: { maxAge: MAX_AGE, rolling: true, secure: https },
  }),
);

Deno.serve({ hostname: host, port, onListen: (address) => announce(host, address.port) }, app.fetch);
