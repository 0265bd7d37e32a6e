// Lambda handlers as they are deployed, one file each: the SDK alone, which reads one item, and Hono with a session. Built
// as `examples/lambda` is, and minified.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

const SECRET = "a secret for the measurement, of 32 or more";

const TITLES = {
  sdk: "@aws-sdk/client-dynamodb alone",
  "sdk-in-hono": "the same in Hono",
  "sdk-in-hono-signed": "the same, and a signed cookie",
  hono: "@cyclic.sh/session-store/hono",
};

const HANDLERS = {
  sdk: `
    import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
    const client = new DynamoDBClient({});
    export const handler = async ({ key }) => {
      const Key = { pk: { S: key }, sk: { S: key } };
      const command = new GetItemCommand({ TableName: process.env.TABLE, Key, ConsistentRead: true });
      const { Item } = await client.send(command);
      return { statusCode: 200, body: JSON.parse(Item.sess.S).user.name };
    };
  `,
  // What Hono, its adapter and its cookies take by themselves.
  "sdk-in-hono": `
    import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
    import { Hono } from "hono";
    import { handle } from "hono/aws-lambda";
    const client = new DynamoDBClient({});
    const app = new Hono();
    app.get("/:key", async (c) => {
      const key = c.req.param("key");
      const Key = { pk: { S: key }, sk: { S: key } };
      const command = new GetItemCommand({ TableName: process.env.TABLE, Key, ConsistentRead: true });
      const { Item } = await client.send(command);
      return c.text(JSON.parse(Item.sess.S).user.name);
    });
    export const handler = handle(app);
  `,
  "sdk-in-hono-signed": `
    import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
    import { Hono } from "hono";
    import { getSignedCookie } from "hono/cookie";
    import { handle } from "hono/aws-lambda";
    const client = new DynamoDBClient({});
    const app = new Hono();
    app.get("/", async (c) => {
      const key = "session-store#" + await getSignedCookie(c, ${JSON.stringify(SECRET)}, "session");
      const Key = { pk: { S: key }, sk: { S: key } };
      const command = new GetItemCommand({ TableName: process.env.TABLE, Key, ConsistentRead: true });
      const { Item } = await client.send(command);
      return c.text(JSON.parse(Item.sess.S).user.name);
    });
    export const handler = handle(app);
  `,
  hono: `
    import { Hono } from "hono";
    import { handle } from "hono/aws-lambda";
    import { session } from "@cyclic.sh/session-store/hono";
    const app = new Hono();
    app.use(session({ table: { name: process.env.TABLE }, secret: ${JSON.stringify(SECRET)}, touchInterval: 3_600_000 }));
    app.get("/in", (c) => {
      c.var.session.set("user", { name: "Grace Hopper" });
      return c.text("in");
    });
    app.get("/", async (c) => c.text((await c.var.session.get("user")).name));
    export const handler = handle(app);
  `,
};

/**
 * @returns {Promise<Record<keyof typeof HANDLERS, { title: string, url: string, bytes: number }>>}
 */
export async function bundleHandlers() {
  const folder = join(root, ".artifacts", "bench", "bundles");
  await mkdir(folder, { recursive: true });
  const entries = Object.entries(HANDLERS).map(async ([name, contents]) => {
    const outfile = join(folder, `${name}.mjs`);
    const { metafile } = await build({
      stdin: { contents, resolveDir: root },
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      target: "node20",
      format: "esm",
      mainFields: ["module", "main"],
      metafile: true,
      logLevel: "error",
    });
    const [{ bytes }] = Object.values(metafile.outputs);
    return [name, { title: TITLES[name], url: pathToFileURL(outfile).href, bytes }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The event of an HTTP API for a request of this path. */
export function eventFor(path, cookies = []) {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    cookies,
    headers: { host: "bench.test", ...(cookies.length > 0 && { cookie: cookies.join("; ") }) },
    requestContext: {
      domainName: "bench.test",
      http: { method: "GET", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "bench" },
      requestId: "1",
      stage: "$default",
      timeEpoch: 0,
    },
    isBase64Encoded: false,
  };
}
