// The applications on Bun.
import { upgradeWebSocket, websocket } from "hono/bun";
import { type Fetch, listenByFetch } from "./fetch.js";

interface Options {
  readonly hostname: string;
  readonly port: number;
  readonly fetch: Fetch;
  readonly websocket: typeof websocket;
}
declare const Bun: {
  serve(options: Options): { readonly port: number; stop(closeConnections: boolean): Promise<void> };
};

listenByFetch((fetch) => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch, websocket });
  return { origin: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) };
}, upgradeWebSocket);
