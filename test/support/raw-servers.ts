// Servers that answer as no DynamoDB does, at a free port of this machine, until the test ends; and how many of their
// sockets are open.
import { once } from "node:events";
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface RawServer {
  readonly endpoint: string;
  /** The sockets that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** How many requests have arrived. */
  readonly requests: number;
}

/** Answers every HTTP request, once it has arrived as a whole, by `answer`, which is told the action. */
export function answering(answer: (outgoing: ServerResponse, action: string) => void): Promise<RawServer> {
  let requests = 0;
  const server = createHttpServer((incoming, outgoing) => {
    incoming.resume().on("end", () => {
      requests += 1;
      answer(outgoing, String(incoming.headers["x-amz-target"]).replace(/^.*\./, ""));
    });
  });
  return listening(server, () => requests);
}

/** Says `text` to whoever sends anything, whatever that is. */
export function saying(text: string | Buffer): Promise<RawServer> {
  let requests = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      requests += 1;
      socket.write(text);
    });
  });
  return listening(server, () => requests);
}

/** An endpoint at which nobody listens. */
export async function nobody(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = endpointOf(server);
  server.close();
  await once(server, "close");
  return endpoint;
}

export async function listening(server: Server, requests: () => number): Promise<RawServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return {
    endpoint: endpointOf(server),
    sockets,
    get requests() {
      return requests();
    },
  };
}

function endpointOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
