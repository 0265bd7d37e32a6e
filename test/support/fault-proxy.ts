// A proxy in front of an emulator that answers chosen requests as AWS does when it refuses, or as a network does when it
// fails: what no emulator can be asked for. The rest passes through.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Refusal {
  status: number;
  /** Sent as JSON. `__type` names an error. */
  body: object;
}

/**
 * What happens to a request instead of passing through: a refusal; `hang`, no answer ever; `drop-before`, the connection
 * is cut and the emulator never hears of it; `drop-after`, the emulator carries the request out and its answer is lost.
 */
export type Answer = Refusal | "hang" | "drop-before" | "drop-after";

/**
 * Chooses by action (such as `GetItem`) and parsed body; undefined lets the request pass. A promise holds it until then.
 */
export type Decide = (action: string, body: unknown) => Answer | undefined | Promise<Answer | undefined>;

export interface FaultProxy {
  endpoint: string;
  /** The actions that arrived, in order, the SDK's retries included. */
  requests: string[];
  /** May be replaced at any time. */
  decide: Decide;
  /** How many connections were opened to it. */
  readonly connections: number;
  /** Cuts every connection, those of hanging requests too, and takes new ones. */
  cut(): void;
  /** Cuts every connection, and takes no more. */
  close(): Promise<void>;
}

export const hang: Answer = "hang";
export const dropBefore: Answer = "drop-before";
export const dropAfter: Answer = "drop-after";

/** The permission for an action is missing. */
export function denied(action: string): Refusal {
  const user = "arn:aws:iam::123456789012:user/app";
  const table = "arn:aws:dynamodb:us-east-1:123456789012:table/sessions";
  const Message =
    `User: ${user} is not authorized to perform: dynamodb:${action} on resource: ${table} ` +
    `because no identity-based policy allows the dynamodb:${action} action`;
  return { status: 400, body: { __type: "com.amazon.coral.service#AccessDeniedException", Message } };
}

/** Temporary credentials are past their end. */
export function expiredToken(): Refusal {
  return coralError("ExpiredTokenException", "The security token included in the request is expired");
}

/** The access key is unknown. */
export function unrecognizedClient(): Refusal {
  return coralError("UnrecognizedClientException", "The security token included in the request is invalid.");
}

/** The table's provisioned capacity is used up. */
export function throttled(): Refusal {
  return {
    status: 400,
    body: {
      __type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
      message:
        "The level of configured provisioned throughput for the table was exceeded. " +
        "Consider increasing your provisioning level with the UpdateTable API.",
    },
  };
}

/** The service failed. */
export function internalError(): Refusal {
  return {
    status: 500,
    body: {
      __type: "com.amazonaws.dynamodb.v20120810#InternalServerError",
      message: "Internal server error",
    },
  };
}

export async function startFaultProxy(
  emulatorEndpoint: string,
  decide: Decide = () => undefined,
): Promise<FaultProxy> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      await serve(incoming, outgoing);
    } catch {
      // The client went away, or the emulator did: either way nobody can be answered.
      outgoing.destroy();
    }
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse) {
    const payload = await readAll(incoming);
    const action = String(incoming.headers["x-amz-target"]).replace(/^.*\./, "");
    proxy.requests.push(action);
    const answer = await proxy.decide(action, parseJson(payload));

    if (answer === "hang") return;
    if (answer === "drop-before") return void outgoing.destroy();
    if (typeof answer === "object") return refuse(outgoing, answer);

    const response = await forward(emulatorEndpoint, incoming, payload);
    if (answer === "drop-after") return void outgoing.destroy();
    outgoing.writeHead(response.status, response.headers).end(response.payload);
  }

  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const proxy: FaultProxy = {
    endpoint: "",
    requests: [],
    get connections() {
      return connections;
    },
    decide,
    cut: () => server.closeAllConnections(),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

function coralError(name: string, message: string): Refusal {
  return { status: 400, body: { __type: `com.amazon.coral.service#${name}`, message } };
}

function refuse(outgoing: ServerResponse, { status, body }: Refusal) {
  outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(body));
}

async function forward(endpoint: string, incoming: IncomingMessage, payload: Buffer) {
  const { method, url = "/", headers } = incoming;
  // A connection for each request: one that the emulator closes while idle would look like a fault of the test's making.
  const outgoing = request(new URL(url, endpoint), { method, headers, agent: false });
  outgoing.end(payload);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return {
    status: response.statusCode ?? 502,
    headers: withoutConnection(response.headers),
    payload: await readAll(response),
  };
}

/** Headers about one connection say nothing about the next one. */
function withoutConnection({ connection, "keep-alive": _, "transfer-encoding": __, ...headers }: Headers) {
  return headers;
}
type Headers = IncomingMessage["headers"];

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parseJson(payload: Buffer): unknown {
  return payload.length === 0 ? undefined : JSON.parse(payload.toString("utf8"));
}
