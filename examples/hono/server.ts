// Serves the shop on Node.
import { session } from "@cyclic.sh/session-store/hono";
import { serve } from "@hono/node-server";
import { announce, MAX_AGE, settings } from "../shop/settings.js";
import { createShop, type ShopEnv } from "./shop.ts";

const { table, secret, https, host, port } = settings(process.env);

const app = createShop(
  "Hono",
  session<ShopEnv>({
    table: { name: table },
    hashIds: true,
    secret,
    cookie: { maxAge: MAX_AGE, rolling: true, secure: https },
  }),
);

serve({ fetch: app.fetch, hostname: host, port }, (address) => announce(host, address.port));
