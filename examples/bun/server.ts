// Serves the shop on Bun, which listens with what a module exports by default, and says where.
import { session } from "@cyclic.sh/session-store/hono";
import { createShop, type ShopEnv } from "../hono/shop.ts";
import { MAX_AGE, settings } from "../shop/settings.js";

const { table, secret, https, host, port } = settings(process.env);

const app = createShop(
  "Bun",
  session<ShopEnv>({
    table: { name: table },
    hashIds: true,
    secret,
    cookie: { maxAge: MAX_AGE, rolling: true, secure: https },
  }),
);

export default { fetch: app.fetch, hostname: host, port };
