// The shop on AWS Lambda, behind API Gateway (HTTP API) or a function URL. All of this happens once in a container, before
// its first event, and sends nothing: the events share one engine, and its connections to DynamoDB.
import { session } from "@cyclic.sh/session-store/hono";
import { handle } from "hono/aws-lambda";
import { createShop, type ShopEnv } from "../hono/shop.ts";
import { MAX_AGE, settings } from "../shop/settings.js";

// Region and credentials are in the environment too, where the SDK finds them.
const { table, secret } = settings(process.env);

export const handler = handle(
  createShop(
    "Lambda",
    session<ShopEnv>({
      table: { name: table },
      hashIds: true,
      secret,
      cookie: { maxAge: MAX_AGE, rolling: true },
    }),
  ),
);
