// The applications on Deno.
import { upgradeWebSocket } from "hono/deno";
import { type Fetch, listenByFetch } from "./fetch.js";

interface Options {
  readonly hostname: string;
  readonly port: number;
  readonly onListen: () => void;
}
declare const Deno: {
  serve(
    options: Options,
    handler: Fetch,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
};

listenByFetch((fetch) => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, fetch);
  return { origin: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}, upgradeWebSocket);
