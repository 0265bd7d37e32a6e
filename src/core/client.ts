// The DynamoDB client behind a store: the caller's as it is, or one made here for few, short and frequent requests.
import {
  type $Command,
  DynamoDBClient,
  type DynamoDBClientConfig,
  type DynamoDBClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-dynamodb";

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

// An attempt that hangs, as on a connection that the network has forgotten, is given up while there is time for others:
// the SDK makes three in all, or four, by its default.
const LONGEST_ATTEMPT_MS = 1000;
const ATTEMPTS = 3;

/** What an attempt may take, in milliseconds, where an operation has `timeoutMs` for all of them. */
export function attemptMsOf(timeoutMs: number): number {
  return Math.ceil(Math.min(LONGEST_ATTEMPT_MS, timeoutMs / ATTEMPTS));
}

/** The connection of a client of the caller's, who closes it. */
export function connectionOf(client: DynamoDBClient): Connection {
  return { send: (command, abortSignal) => client.send(command, { abortSignal }), close() {} };
}

/**
 * A client whose middleware is resolved once for each kind of command, and not for each call.
 *
 * The SDK does that (`cacheMiddleware`) for commands that are sent without options; with an `abortSignal` among them it
 * resolves everything anew. So here the signal is known by the command's input, and joins the request where that leaves.
 *
 * @param timeoutMs what an operation has for all of its attempts.
 */
export function makeConnection(config: DynamoDBClientConfig, timeoutMs: number): Connection {
  const attemptMs = attemptMsOf(timeoutMs);
  const client = new DynamoDBClient({
    cacheMiddleware: true,
    requestHandler: { connectionTimeout: attemptMs, requestTimeout: attemptMs, throwOnRequestTimeout: true },
    ...config,
  });
  // It has each input and output copied for a logger, also where there is none.
  if (config.logger === undefined) client.middlewareStack.remove("loggerMiddleware");
  const signals = new WeakMap<object, AbortSignal>();
  client.middlewareStack.add(
    () =>
      async ({ input, request }) =>
        client.config.requestHandler.handle(request, { abortSignal: signals.get(input) }),
    { step: "deserialize", priority: "low", name: "abortableRequest" },
  );
  return {
    send(command, signal) {
      signals.set(command.input, signal);
      return client.send(command);
    },
    close: () => client.destroy(),
  };
}
