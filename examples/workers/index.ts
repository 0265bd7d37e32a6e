// The shop on Cloudflare Workers, where the configuration comes with each request: the options are a function of it.
import { session } from "@cyclic.sh/session-store/hono";
import { createShop, type ShopEnv } from "../hono/shop.ts";
import { MAX_AGE, settings } from "../shop/settings.js";

type Bindings = {
  // `vars` in wrangler.jsonc
  TABLE: string;
  AWS_REGION: string;
  // secrets
  SECRET: string;
  AWS_ACCESS_KEY_ID: string;
  AWS_SECRET_ACCESS_KEY: string;
  /** Another DynamoDB than Amazon's, for a trial. */
  AWS_ENDPOINT_URL_DYNAMODB?: string;
};

type WorkersEnv = ShopEnv & { Bindings: Bindings };

export default createShop(
  "Workers",
  session<WorkersEnv>(({ env }) => {
    const { table, secret } = settings(env);
    return {
      table: { name: table },
      hashIds: true,
      secret,
      cookie: { maxAge: MAX_AGE, rolling: true },
      // The SDK finds nothing of this by itself here.
      clientConfig: {
        region: env.AWS_REGION,
        endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
        credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
      },
    };
  }),
);
