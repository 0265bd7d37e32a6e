// The way between an engine and the table: a client by shape, whose commands are delayed, lost, doubled, refused for
// lack of capacity, or arrive when nobody waits for them any more. It tries again as the SDK does.
import type { DynamoDBClientLike } from "../../src/core/index.js";
import type { Call, Sending, Server } from "./calls.js";
import { attributesIn } from "./expressions.js";
import type { Random } from "./random.js";
import { type Answer, type Applied, type Command, TransactionCanceledException } from "./table.js";
import type { World } from "./world.js";

/** What becomes of one attempt to have a command carried out. */
export type Fate =
  | "arrives"
  /** It takes seconds, on one of the two ways. */
  | "is slow"
  /** DynamoDB has no capacity for it. */
  | "is throttled"
  /** The connection breaks before it arrives. */
  | "is lost"
  /** It is carried out, and the connection breaks. */
  | "loses its answer"
  /** It is carried out, and the service answers that it failed. */
  | "answers an error"
  /** The connection breaks, and it arrives nonetheless, perhaps after the next attempt. */
  | "arrives late"
  /** It is carried out twice. */
  | "arrives twice"
  /** Nothing is ever heard of it; it may have been carried out. */
  | "hangs";

export type Weather = Readonly<Record<Fate, number>>;

const FAULTS = {
  "is slow": 4,
  "is throttled": 3,
  "is lost": 3,
  "loses its answer": 6,
  "answers an error": 2,
  "arrives late": 4,
  "arrives twice": 4,
  hangs: 1.5,
} as const;

/** All that can go wrong. */
export const FATES = Object.keys(FAULTS);

export const WEATHERS: Readonly<Record<"calm" | "rough" | "storm", Weather>> = {
  calm: { arrives: 1, ...mapped(() => 0) },
  rough: { arrives: 150, ...mapped((weight) => weight) },
  storm: { arrives: 40, ...mapped((weight) => weight) },
};

function mapped(weigh: (weight: number) => number): Omit<Weather, "arrives"> {
  const entries = Object.entries(FAULTS).map(([fate, weight]) => [fate, weigh(weight)]);
  return Object.fromEntries(entries);
}

/** Who is told of everything that happens on the way. */
export interface Observer {
  sent(sending: Sending): void;
  hindered(sending: Sending, hindrance: Hindrance): void;
  applied(sending: Sending, applied: Applied): void;
  ended(sending: Sending, answer: Answer | undefined): void;
  /** A request for several rows has been answered, and this many were left unprocessed. */
  readTogether(calls: readonly Call[], keys: number, left: number): void;
}

/** Where commands are carried out: at once, by the model; in a moment of nobody's time, by an emulator. */
export interface Table {
  apply(command: Command): Applied | Promise<Applied>;
}

/** What hindered an attempt. A conflict with a transaction is the engine's to try again. */
export type Hindrance = Fate | "conflicts with a transaction";

type Output = Extract<Answer, { ok: true }>["output"] & { readonly $metadata: { readonly attempts: number } };

const MOST_ATTEMPTS = 3;
const UNPROCESSED = 0.1;
/** In the prefix of a previous place, and in no other key. */
export const PREVIOUS = "#previous#";

/** By a server's clock, and in the world's time. */
interface Moment {
  readonly clock: number;
  readonly time: number;
  /** Whether the command was sent before. */
  readonly isAgain?: boolean;
}

export class Network {
  readonly #world: World;
  readonly #table: Table;
  readonly #weather: Weather;
  readonly #observer: Observer;
  readonly #callOf = new WeakMap<AbortSignal, Call>();
  readonly #loads: Call[] = [];
  readonly #sentAt = new WeakMap<object, Moment>();
  readonly #travelling = new Set<Call>();
  #beginning: Call | undefined;
  #sendings = 0;

  readonly #hasTransactions: boolean;

  /** `hasTransactions`: rows may be moved meanwhile, with which a write may conflict. */
  constructor(world: World, table: Table, weather: Weather, observer: Observer, hasTransactions: boolean) {
    this.#hasTransactions = hasTransactions;
    this.#world = world;
    this.#table = table;
    this.#weather = weather;
    this.#observer = observer;
  }

  /** Begins a call of an engine. What it waits or sends with the signal that it now uses is the call's. */
  begin<T>(call: Call, start: () => T): T {
    this.#beginning = call;
    if (call.name === "load") this.#loads.push(call);
    try {
      return start();
    } finally {
      this.#beginning = undefined;
    }
  }

  /** The option `sleep`. */
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal) this.#bind(signal);
    return this.#world.sleep(ms, signal);
  };

  /** The option `client`, for one server. */
  clientOf(server: { readonly clock: Server["clock"] }): DynamoDBClientLike {
    return {
      config: {},
      send: (given: object, { abortSignal }: { abortSignal: AbortSignal }) => {
        // Sent again after a conflict, a command says what it said the first time.
        const before = this.#sentAt.get(given);
        const sentAt = before ?? { clock: server.clock.now(), time: this.#world.time };
        this.#sentAt.set(given, { ...sentAt, isAgain: true });
        const command = commandOf(given, (session) => `${session.slice(-24)}-${this.#sendings}`);
        return command.action === "BatchGetItem"
          ? this.#sendBatch(sentAt, command, abortSignal, server.clock)
          : this.#sendAlone(sentAt, command, abortSignal);
      },
    };
  }

  async #sendAlone(sentAt: Moment, command: Command, signal: AbortSignal): Promise<Output> {
    const call = this.#bind(signal);
    this.#travelling.add(call);
    return this.#send(sentAt, command, signal, call).finally(() => this.#travelling.delete(call));
  }

  /**
   * Rows are read together, and each at a moment of its own: by the loads that wait for it. What fails fails all of them,
   * or is left unprocessed.
   */
  async #sendBatch(sentAt: Moment, command: Command, signal: AbortSignal, clock: Server["clock"]) {
    const [request] = Object.entries(command.input.RequestItems ?? {});
    if (request === undefined) throw new Error("a batch that asks for nothing");
    const [table, { Keys }] = request;
    const keys = Keys.map((Key) => Object.values(Key)[0]?.S ?? "");
    const waiting = this.#loads.filter(
      (call) =>
        call.server.clock === clock &&
        this.#isAsking(call) &&
        keys.some((key) => key.endsWith(`#${call.id}`)),
    );
    for (const call of waiting) this.#travelling.add(call);
    const items: unknown[] = [];
    const left: unknown[] = [];
    const rows = Promise.all(
      Keys.map(async (Key) => {
        const key = Object.values(Key)[0]?.S ?? "";
        const call = waiting.find(({ id }) => key.endsWith(`#${id}`));
        if (call === undefined) throw new Error("a batch reads what nobody waits for");
        const isHindered = this.#weather["is throttled"] > 0;
        if (isHindered && call.random.chance(UNPROCESSED)) return void left.push(Key);
        const single = { action: "GetItem", input: { Key } };
        try {
          const beside = waiting.filter((one) => one !== call);
          const { Item } = await this.#send(sentAt, single, signal, call, beside);
          if (Item) items.push(Item);
        } catch (error) {
          if (signal.aborted || call.random.chance(0.5)) throw error;
          left.push(Key);
        }
      }),
    );
    await rows.finally(() => {
      for (const call of waiting) this.#travelling.delete(call);
    });
    this.#observer.readTogether(waiting, Keys.length, left.length);
    return {
      Responses: { [table]: items },
      UnprocessedKeys: left.length > 0 ? { [table]: { Keys: left } } : {},
    };
  }

  /** Whether a load wants its row read: no save of its process is before it, and no other request reads it. */
  #isAsking(call: Call): boolean {
    const isAhead = call.behind.some(({ settledAt }) => settledAt === undefined);
    return call.settledAt === undefined && !isAhead && !this.#travelling.has(call);
  }

  #bind(signal: AbortSignal): Call {
    const call = this.#callOf.get(signal) ?? this.#beginning;
    if (call === undefined) throw new Error("an engine waits or sends for no call");
    this.#callOf.set(signal, call);
    return call;
  }

  #send(
    sentAt: Moment,
    command: Command,
    signal: AbortSignal,
    call: Call,
    beside: readonly Call[] = [],
  ): Promise<Output> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortError());
      const sending: Sending = {
        number: this.#sendings++,
        call,
        action: command.action,
        beside,
        sentAt: sentAt.clock,
        sentAtTime: sentAt.time,
        isAgain: sentAt.isAgain === true,
        kind: kindOf(command, call),
        isPrevious: isPrevious(command),
        mayCreate: call.hand?.mayCreate === true,
        attempts: 0,
        end: undefined,
        endedAtTime: undefined,
      };
      const onAbort = () => {
        if (sending.end !== undefined) return;
        sending.end = "aborted";
        sending.endedAtTime = this.#world.time;
        this.#observer.ended(sending, undefined);
        reject(abortError());
      };
      signal.addEventListener("abort", onAbort);
      this.#observer.sent(sending);
      this.#attempt(sending, command, (answer) => {
        signal.removeEventListener("abort", onAbort);
        const isRefused = !answer.ok && isRefusal(answer.error);
        sending.end = answer.ok ? "answered" : isRefused ? "refused" : "failed";
        sending.endedAtTime = this.#world.time;
        this.#observer.ended(sending, answer);
        for (const other of beside) {
          // One that waited for a save meanwhile has asked for a later read.
          if (other.id === call.id && other.settledAt === undefined)
            this.#observer.ended({ ...sending, call: other }, answer);
        }
        if (answer.ok) resolve({ ...answer.output, $metadata: { attempts: sending.attempts } });
        else reject(answer.error);
      });
    });
  }

  #attempt(sending: Sending, command: Command, answered: (answer: Answer) => void): void {
    const { random } = sending.call;
    const world = this.#world;
    sending.attempts += 1;
    const fate = random.weighted(this.#weather);
    const isWrite = sending.kind !== "read";
    if (fate === "is throttled" && this.#hasTransactions && isWrite && random.chance(0.5)) {
      this.#observer.hindered(sending, "conflicts with a transaction");
      const error = conflict(command);
      world.after(1 + random.fraction() * 30, () => {
        if (sending.end === undefined) answered({ ok: false, error });
      });
      return;
    }
    if (fate !== "arrives") this.#observer.hindered(sending, fate);

    const carryOut = (then: (answer: Answer) => void) => {
      const done = (applied: Applied) => {
        this.#observer.applied(sending, applied);
        then(applied.answer);
      };
      const applied = this.#table.apply(command);
      return applied instanceof Promise ? applied.then(done) : done(applied);
    };
    const answer = (ms: number) => (given: Answer) =>
      void world.after(ms, () => {
        if (sending.end === undefined) answered(given);
      });
    const fail = (ms: number, error: () => Error) =>
      world.after(ms, () => {
        if (sending.end !== undefined) return;
        if (sending.attempts === MOST_ATTEMPTS) return answered({ ok: false, error: error() });
        world.after(random.fraction() * 100 * 2 ** (sending.attempts - 1), () => {
          if (sending.end === undefined) this.#attempt(sending, command, answered);
        });
      });
    const nobody = () => {};
    const there = 1 + random.fraction() * 15;
    const back = 1 + random.fraction() * 15;
    const long = random.fraction() ** 2 * 5000;

    switch (fate) {
      case "arrives":
        return void world.after(there, () => carryOut(answer(back)));
      case "is slow": {
        const isSlowThere = random.chance(0.5);
        const [way, wayBack] = isSlowThere ? [there + long, back] : [there, back + long];
        return void world.after(way, () => carryOut(answer(wayBack)));
      }
      case "is throttled":
        return void fail(there + back, throttling);
      case "is lost":
        return void fail(there, () => networkError(random));
      case "loses its answer":
        world.after(there, () => carryOut(nobody));
        return void fail(there + back, () => networkError(random));
      case "answers an error":
        world.after(there, () => carryOut(nobody));
        return void fail(there + back, internalError);
      case "arrives late":
        world.after(there + long, () => carryOut(nobody));
        return void fail(there, () => networkError(random));
      case "arrives twice":
        world.after(there, () => carryOut(answer(back)));
        return void world.after(there + long, () => carryOut(nobody));
      case "hangs":
        if (random.chance(0.5)) world.after(there + long, () => carryOut(nobody));
    }
  }
}

// By what the SDK's commands are called and hold, whichever copy of the SDK made them.
function commandOf(given: object, tokenFor: (session: string) => string): Command {
  if (!("input" in given)) throw new Error("what was sent is no command");
  const action = given.constructor.name.replace(/Command$/, "");
  const input = given.input as Command["input"];
  if (input.TransactItems === undefined) return { action, input };
  const [first] = input.TransactItems;
  if (first === undefined || !("Update" in first)) throw new Error("a transaction that does not begin so");
  // The SDK gives each of its transactions such a token, and all attempts of one the same.
  const { Key } = first.Update;
  const ClientRequestToken = tokenFor(Object.values(Key)[0]?.S ?? "");
  return { action, input: { ...input, Key, ClientRequestToken } };
}

/** Whether a command is about a row in a previous place. */
function isPrevious({ input }: Command): boolean {
  return Object.values(input.Key)[0]?.S?.includes(PREVIOUS) === true;
}

function kindOf({ action, input }: Command, call: Call): Sending["kind"] {
  if (action === "GetItem") return "read";
  if (action === "TransactWriteItems") return call.name === "touch" ? "touch" : "write";
  if (action === "DeleteItem") return input.ConditionExpression === undefined ? "destroy" : "expire";
  const written = attributesIn(input.UpdateExpression ?? "", input.ExpressionAttributeNames);
  return written.has("rev") ? "write" : "touch";
}

function isRefusal(error: Error): boolean {
  if (error.name === "ConditionalCheckFailedException") return true;
  return (
    error instanceof TransactionCanceledException &&
    error.CancellationReasons.some(({ Code }) => Code === "ConditionalCheckFailed")
  );
}

function conflict({ input }: Command): Error {
  const Code = "TransactionConflict";
  if (input.TransactItems)
    return new TransactionCanceledException(input.TransactItems.map((_, i) => ({ Code: i ? "None" : Code })));
  return Object.assign(new Error("Transaction is ongoing for the item"), { name: `${Code}Exception` });
}

function abortError(): Error {
  return Object.assign(new Error("Request aborted"), { name: "AbortError" });
}

function throttling(): Error {
  return Object.assign(new Error("The level of configured provisioned throughput was exceeded"), {
    name: "ProvisionedThroughputExceededException",
  });
}

function internalError(): Error {
  return Object.assign(new Error("Internal server error"), { name: "InternalServerError" });
}

function networkError(random: Random): Error {
  return random.chance(0.5)
    ? Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })
    : Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
}
