// The DynamoDB client behind a store: the caller's as it is, or one made here for few, short and frequent
// requests.
import {
  type $Command,
  DynamoDBClient,
  type DynamoDBClientConfig,
  type DynamoDBClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-dynamodb";
import { isObject } from "./checks.js";
import { foreignAnswer } from "./failures.js";

/** A command of the SDK. */
export type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  DynamoDBClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** Where commands are sent. */
export interface Connection {
  /** Sends a command; `signal` aborts it. */
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output>;
  /** Closes a client that was made here. */
  close(): void;
}

// An attempt that hangs, as on a connection that the network has forgotten, is given up while there is time
// for others.
const LONGEST_ATTEMPT_MS = 1000;
const ATTEMPTS = 3;
// The time of an attempt runs from when it is to be sent. Behind the SDK's fifty connections, requests that
// wait for one while DynamoDB is slow would end there, and all be tried again; so there are as many as there
// are requests.
const CONNECTIONS = { maxSockets: Number.POSITIVE_INFINITY };

/** What an attempt may take, in milliseconds, where an operation has `timeoutMs` for all of them. */
export function attemptMsOf(timeoutMs: number): number {
  return Math.ceil(Math.min(LONGEST_ATTEMPT_MS, timeoutMs / ATTEMPTS));
}

/** The connection of a client of the caller's, who closes it. */
export function connectionOf(client: DynamoDBClient): Connection {
  return {
    send(command, abortSignal) {
      command.middlewareStack.add((next) => async (asked) => checked(await next(asked)), {
        step: "deserialize",
        priority: "low",
        name: "checkedAnswer",
        // A command may be sent again.
        override: true,
      });
      return client.send(command, { abortSignal });
    },
    close() {},
  };
}

/** A command on its way, and how it is called off. */
interface Sending {
  readonly signal: AbortSignal;
  /** How often it was sent again because an attempt hung. */
  resent: number;
  /** The one that is on its way. */
  attempt: AbortController | undefined;
}

/**
 * A client whose middleware is resolved once for each kind of command, and not for each call.
 *
 * The SDK does that (`cacheMiddleware`) for commands that are sent without options; with an `abortSignal`
 * among them it resolves everything anew. So here the signal is known by the command's input, and joins the
 * request where that leaves.
 *
 * An attempt that hangs is sent again there as well, and not by the SDK's own time limits: it has tokens for
 * 35 retries after a timeout, and of a hundred requests that one pause of the network holds up it would fail
 * the rest.
 *
 * @param timeoutMs what an operation has for all of its attempts.
 */
export function makeConnection(config: DynamoDBClientConfig, timeoutMs: number): Connection {
  const attemptMs = attemptMsOf(timeoutMs);
  const given = isObject(config.requestHandler) ? config.requestHandler : {};
  const client = new DynamoDBClient({
    cacheMiddleware: true,
    ...config,
    // For an answer that stalls midway, after the limit of any attempt.
    requestHandler: isHandler(given)
      ? given
      : { socketTimeout: 2.2 * attemptMs, httpAgent: CONNECTIONS, httpsAgent: CONNECTIONS, ...given },
  });
  // It has each input and output copied for a logger, also where there is none.
  if (config.logger === undefined) client.middlewareStack.remove("loggerMiddleware");
  const sendings = new WeakMap<object, Sending>();
  client.middlewareStack.add(
    () =>
      async ({ input, request }) => {
        const handle = (abortSignal?: AbortSignal) =>
          client.config.requestHandler.handle(request, { abortSignal });
        const sending = sendings.get(input);
        return checked(await (sending ? resendWhatHangs(handle, sending, attemptMs) : handle()));
      },
    { step: "deserialize", priority: "low", name: "abortableRequest" },
  );
  return {
    async send(command, signal) {
      const sending: Sending = { signal, resent: 0, attempt: undefined };
      sendings.set(command.input, sending);
      // One for all attempts, of which there may be dozens; until the end, for the rest of an answer can be called
      // off as well.
      const callOff = () => sending.attempt?.abort(signal.reason);
      signal.addEventListener("abort", callOff);
      try {
        const output = await client.send(command);
        // Whoever removes a row must know that an attempt before this one may have.
        const { $metadata } = output;
        if (sending.resent > 0) $metadata.attempts = ($metadata.attempts ?? 1) + sending.resent;
        return output;
      } finally {
        signal.removeEventListener("abort", callOff);
      }
    },
    close() {
      // What the caller made may serve other clients: a handler of requests, or an agent that has their
      // connections.
      const isCallers = isHandler(given) || isAgent(given.httpAgent) || isAgent(given.httpsAgent);
      if (!isCallers) client.destroy();
    },
  };
}

/** Whether this is a handler of requests, rather than options for one, as the SDK tells them apart. */
function isHandler(given: Record<string, unknown>): boolean {
  return typeof given.handle === "function";
}

/** Whether this is an agent, rather than options for one, as the SDK tells them apart. */
function isAgent(agent: unknown): boolean {
  return isObject(agent) && typeof agent.destroy === "function";
}

/** Sends a request until an answer begins, or it is called off. */
async function resendWhatHangs<Answer>(
  handle: (signal: AbortSignal) => Promise<Answer>,
  sending: Sending,
  attemptMs: number,
): Promise<Answer> {
  for (;;) {
    const attempt = new AbortController();
    sending.attempt = attempt;
    if (sending.signal.aborted) attempt.abort(sending.signal.reason);
    let hangs = false;
    // Later ones have twice the time: DynamoDB may be slow rather than the connection dead.
    const timer = setTimeout(
      () => {
        hangs = true;
        attempt.abort();
      },
      sending.resent === 0 ? attemptMs : 2 * attemptMs,
    );
    try {
      return await handle(attempt.signal);
    } catch (error) {
      if (!hangs || sending.signal.aborted) throw error;
      sending.resent += 1;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * What the SDK takes for an answer is one only if it is JSON, or CBOR, which the SDK has as well: the SDK
 * looks at the status alone, and reads of the empty page that some other server answers with that there is no
 * session, or that it was written.
 */
function checked<Answer extends { readonly response: unknown }>(answer: Answer): Answer {
  const { statusCode, headers } = isObject(answer.response) ? answer.response : {};
  const type = isObject(headers) ? headers["content-type"] : undefined;
  if (Number(statusCode) < 300 && !/json|cbor/.test(String(type))) throw foreignAnswer(type);
  return answer;
}
