// The applications on Bun.
import { listenByFetch } from "./fetch.js";

interface Options {
  readonly hostname: string;
  readonly port: number;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}
declare const Bun: {
  serve(options: Options): { readonly port: number; stop(closeConnections: boolean): Promise<void> };
};

listenByFetch((fetch) => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  return { origin: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) };
});
