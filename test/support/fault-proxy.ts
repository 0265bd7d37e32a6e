// A proxy in front of an emulator that answers chosen requests as AWS does when it refuses, or as a network does when it
// fails: what no emulator can be asked for. The rest passes through.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Refusal {
  status: number;
  /** Sent as JSON. `__type` names an error. */
  body: object;
  headers?: Readonly<Record<string, string>>;
  /** Whether the emulator carries the request out nonetheless. */
  isCarriedOut?: boolean;
}

/**
 * What happens to a request instead of passing through:
 *
 * - a refusal;
 * - `hang`: no answer ever; `hang-after`: the same, and the emulator carries the request out;
 * - `drop-before`: the connection is cut and the emulator never hears of it; `drop-after`: the emulator carries the request
 *   out and its answer is lost;
 * - `stall`: it is carried out, and of the answer come the headers and half of the body, and no end;
 * - `half`: it is carried out, and half of the answer's JSON comes as if it were all;
 * - `web-page`: it is not carried out, and a page in HTML comes with status 200;
 * - `unprocessed`: of a `BatchGetItem` half of the keys are read, and the others given back;
 * - `late`: it is carried out when its retry has been served, or `LATEST_MS` later where none comes;
 * - `refuseForMs`: it is cut before, with all other connections, and for so long none is taken.
 */
export type Answer =
  | Refusal
  | { refuseForMs: number }
  | "hang"
  | "hang-after"
  | "drop-before"
  | "drop-after"
  | "stall"
  | "half"
  | "web-page"
  | "unprocessed"
  | "late";

/** Which of the SDK's attempts a request is. */
export interface Attempt {
  /** The same for all attempts of one command. */
  call: string;
  /** From 1. */
  number: number;
}

/**
 * Chooses by action (such as `GetItem`), parsed body and attempt; undefined lets the request pass. A promise holds it
 * until then.
 */
export type Decide = (
  action: string,
  body: unknown,
  attempt: Attempt,
) => Answer | undefined | Promise<Answer | undefined>;

export interface FaultProxy {
  endpoint: string;
  /** The actions that arrived, in order, the SDK's retries included. */
  requests: string[];
  /** May be replaced at any time. */
  decide: Decide;
  /** Is told of what the emulator has carried out, and answered well. May be replaced. */
  carriedOut(action: string, body: unknown): void;
  /** How many connections were opened to it. */
  readonly connections: number;
  /** How many requests are neither answered nor given up by their senders. */
  readonly waiting: number;
  /** Resolves when the emulator has carried out all that it is to carry out, and connections are taken. */
  calm(): Promise<void>;
  /** Cuts every connection, those of hanging requests too, and takes new ones. */
  cut(): void;
  /** Cuts every connection, and takes no more. */
  close(): Promise<void>;
}

/** A late attempt whose retry does not come is carried out after this. */
export const LATEST_MS = 400;

export const hang: Answer = "hang";
export const dropBefore: Answer = "drop-before";
export const dropAfter: Answer = "drop-after";
export const stall: Answer = "stall";

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

/** Requests come faster than the table, or the account, may take them. */
export function throttling(): Refusal {
  return coralError("ThrottlingException", "Rate of requests exceeds the allowed throughput.");
}

/** The account's limit of requests is reached. */
export function requestLimitExceeded(): Refusal {
  const message =
    "Throughput exceeds the current throughput limit for your account. " +
    "Please contact AWS Support at https://aws.amazon.com/support request a limit increase";
  return { status: 400, body: { __type: `${API}#RequestLimitExceeded`, message } };
}

/** The service failed. */
export function internalError(): Refusal {
  return { status: 500, body: { __type: `${API}#InternalServerError`, message: "Internal server error" } };
}

/** The service is not there for the moment. */
export function unavailable(): Refusal {
  const __type = "com.amazon.coral.availability#ServiceUnavailable";
  return { status: 503, body: { __type, message: "DynamoDB is currently unavailable" } };
}

/** By the service's clock the request was signed long ago. */
export function skewed(): Refusal {
  const ahead = new Date(Date.now() + CLOCK_AHEAD_MS);
  const stamp = (date: Date) => date.toISOString().replace(/[-:]|\.\d+/g, "");
  const message =
    `Signature expired: ${stamp(new Date())} is now earlier than ${stamp(new Date(ahead.getTime() - 300_000))} ` +
    `(${stamp(ahead)} - 5 min.)`;
  // The SDK takes the service's time from here.
  return { ...coralError("InvalidSignatureException", message), headers: { date: ahead.toUTCString() } };
}

/** The same, as other services of AWS say it. */
export function timeTooSkewed(): Refusal {
  const message = "The difference between the request time and the current time is too large.";
  return { ...coralError("RequestTimeTooSkewed", message), status: 403 };
}

const API = "com.amazonaws.dynamodb.v20120810";
const CLOCK_AHEAD_MS = 900_000;

export async function startFaultProxy(
  emulatorEndpoint: string,
  decide: Decide = () => undefined,
): Promise<FaultProxy> {
  const server = createServer((incoming, outgoing) => {
    const attempt = attemptOf(incoming);
    waiting.add(outgoing);
    outgoing.on("close", () => waiting.delete(outgoing));
    // The client went away, or the emulator did: either way nobody can be answered.
    const served = serve(incoming, outgoing, attempt).catch(() => void outgoing.destroy());
    underWay.add(served);
    served.then(() => {
      underWay.delete(served);
      if (attempt.number > 1) late.get(attempt.call)?.();
    });
  });

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse, attempt: Attempt) {
    const payload = await readAll(incoming);
    const action = String(incoming.headers["x-amz-target"]).replace(/^.*\./, "");
    const body = parseJson(payload);
    proxy.requests.push(action);
    const answer = await proxy.decide(action, body, attempt);
    const pass = async (changed = payload) => {
      const passed = await forward(emulatorEndpoint, incoming, changed);
      if (passed.status === 200) proxy.carriedOut(action, body);
      return passed;
    };

    if (typeof answer === "object") {
      if ("refuseForMs" in answer) return refuseConnections(answer.refuseForMs);
      if (answer.isCarriedOut) await pass();
      return refuse(outgoing, answer);
    }
    switch (answer) {
      case "hang":
        return;
      case "hang-after":
        return void (await pass());
      case "drop-before":
        return void outgoing.destroy();
      case "drop-after":
        await pass();
        return void outgoing.destroy();
      case "web-page":
        return void outgoing.writeHead(200, { "content-type": "text/html" }).end(WEB_PAGE);
      case "unprocessed":
        return readHalf(outgoing, body, pass);
      case "late":
        await untilRetried(attempt);
    }
    const { status, headers, payload: given } = await pass();
    if (answer === "stall" || answer === "half") {
      const half = given.subarray(0, Math.ceil(given.length / 2));
      if (answer === "stall") return void outgoing.writeHead(status, headers).write(half);
      return void outgoing.writeHead(status, { ...headers, "content-length": half.length }).end(half);
    }
    outgoing.writeHead(status, headers).end(given);
  }

  // Counted here: what the store's own client sends again has the header of the first attempt.
  function attemptOf({ headers }: IncomingMessage): Attempt {
    const call = String(headers["amz-sdk-invocation-id"]);
    const number = (attempts.get(call) ?? 0) + 1;
    attempts.set(call, number);
    return { call, number };
  }

  function untilRetried({ call }: Attempt): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        late.delete(call);
        resolve();
      };
      const timer = setTimeout(end, LATEST_MS);
      late.set(call, end);
    });
  }

  /** Stops listening: who knocks is refused. */
  async function refuseConnections(ms: number): Promise<void> {
    if (!server.listening) return server.closeAllConnections();
    server.close();
    server.closeAllConnections();
    await delay(ms);
    await listen();
  }

  async function listen(): Promise<void> {
    for (;;) {
      server.listen(port, "127.0.0.1");
      try {
        await once(server, "listening");
        return;
      } catch (error) {
        // Another's connection has the port for a moment.
        if (!isPortTaken(error)) throw error;
        await delay(LISTEN_AGAIN_MS);
      }
    }
  }

  const waiting = new Set<ServerResponse>();
  const underWay = new Set<Promise<void>>();
  const late = new Map<string, () => void>();
  const attempts = new Map<string, number>();
  let port = 0;
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const proxy: FaultProxy = {
    endpoint: "",
    requests: [],
    carriedOut() {},
    get connections() {
      return connections;
    },
    get waiting() {
      return waiting.size;
    },
    decide,
    async calm() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    cut: () => server.closeAllConnections(),
    async close() {
      // One that refuses connections for a while is not listening, and cannot be closed.
      if (!server.listening) await proxy.calm();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  await listen();
  port = (server.address() as AddressInfo).port;
  proxy.endpoint = `http://127.0.0.1:${port}`;
  return proxy;
}

const LISTEN_AGAIN_MS = 5;
const WEB_PAGE = "<!doctype html><title>Sign in</title><p>Sign in to use this network.";

/** Has half of the keys read, and gives the others back. */
async function readHalf(
  outgoing: ServerResponse,
  body: unknown,
  pass: (payload: Buffer) => Promise<Passed>,
): Promise<void> {
  const asked = body as BatchGet;
  const [[table, request] = ["", { Keys: [] }]] = Object.entries(asked.RequestItems);
  const half = Math.floor(request.Keys.length / 2);
  const part = (Keys: unknown[]) => ({ [table]: { ...request, Keys } });
  const read = { ...asked, RequestItems: part(request.Keys.slice(0, half)) };
  const passed = half > 0 ? await pass(Buffer.from(JSON.stringify(read))) : undefined;
  const given = passed ? parseJson(passed.payload) : { Responses: { [table]: [] } };
  const answer = { ...Object(given), UnprocessedKeys: part(request.Keys.slice(half)) };
  refuse(outgoing, { status: 200, body: answer });
}

interface BatchGet {
  RequestItems: Record<string, { Keys: unknown[] }>;
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function coralError(name: string, message: string): Refusal {
  return { status: 400, body: { __type: `com.amazon.coral.service#${name}`, message } };
}

function refuse(outgoing: ServerResponse, { status, body, headers }: Refusal) {
  const type = { "content-type": "application/x-amz-json-1.0" };
  outgoing.writeHead(status, { ...type, ...headers }).end(JSON.stringify(body));
}

interface Passed {
  status: number;
  headers: Headers;
  payload: Buffer;
}

async function forward(endpoint: string, incoming: IncomingMessage, payload: Buffer): Promise<Passed> {
  const { method, url = "/" } = incoming;
  const headers = { ...incoming.headers, "content-length": String(payload.length) };
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
