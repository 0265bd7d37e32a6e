// What the conformance suite asks of an application under test: settings and steps that are plain JSON, so that an
// application may run in another process, or on another runtime, and be asked over HTTP.
import type { SessionStoreOptions } from "../../src/core/index.js";

/** How the application keeps its sessions. */
export interface AppSettings {
  /** Of the DynamoDB API. */
  readonly endpoint: string;
  readonly table: { name: string; hashKey?: string; sortKey?: string | null; hashPrefix?: string };
  /** `sealed`: JSON text compressed and sealed, under hashed ids. */
  readonly format: "json" | "map" | "sealed";
  /** `by data`: a session with `remembered: true` lives for REMEMBERED_MS, another for GUEST_MS. */
  readonly ttl?: number | "by data";
  readonly absoluteTtl?: number;
  readonly hashIds?: boolean;
  /** Whether the field `user` says whose a session is. */
  readonly isOwned?: boolean;
  readonly touchInterval?: number;
  readonly keepExpired?: boolean;
  readonly timeout?: number;
  /** Milliseconds, by the framework's own cookie option. */
  readonly cookieMaxAge?: number;
  /** Whose cookie Hono's sessions have, in the place of its own. */
  readonly cookieOf?: "express-session" | "koa-session";
  /** How often the SDK tries. Once by default: its retries are its own, and held elsewhere. */
  readonly maxAttempts?: number;
  /** Of DynamoDB; `null` for none. */
  readonly region?: string | null;
}

export const REMEMBERED_MS = 7_200_000;
export const GUEST_MS = 600_000;

/** One thing that a request does with its session. A request without steps does not look at it. */
export type Step =
  | { readonly do: "read" }
  | { readonly do: "set"; readonly key: string; readonly value: unknown }
  /** What JSON cannot say. */
  | { readonly do: "set special"; readonly key: string; readonly kind: keyof typeof SPECIAL }
  | { readonly do: "unset"; readonly key: string }
  /** Sets a field of the object in a field, which need not be there. */
  | { readonly do: "set in"; readonly key: string; readonly name: string; readonly value: unknown }
  | { readonly do: "unset in"; readonly key: string; readonly name: string }
  /** Appends to the list in a field, which need not be there. */
  | { readonly do: "push"; readonly key: string; readonly value: unknown }
  /** Counts in a field, by the door's `update`; `inside` is counted by an update within that one. */
  | { readonly do: "count"; readonly key: string; readonly inside?: string }
  | { readonly do: "save" }
  | { readonly do: "regenerate" }
  | { readonly do: "destroy" }
  /** Changes how long this session's cookie, and with it the session, lives. */
  | { readonly do: "set maxAge"; readonly ms: number }
  /** Waits until the suite opens the gate. */
  | { readonly do: "wait"; readonly gate: string }
  | { readonly do: "throw" };

export const SPECIAL = {
  date: () => new Date(1_700_000_000_000),
  undefined: () => undefined,
  bigint: () => 1n,
  large: () => noise(900_000),
};

/** A text that no compressor makes much smaller, the same each time. */
function noise(length: number): string {
  let state = 1;
  let text = "";
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

/** What the application answers: what the handler saw when its steps were done. */
export interface Answer {
  readonly data?: Record<string, unknown>;
  /** What came of the updates. */
  readonly outcomes?: readonly string[];
  /** The code of the error that reached the framework's error handling. */
  readonly error?: string;
}

/** What the suite asks of an application beside its visitors' requests. */
export type Question =
  | { readonly do: "look" }
  /** Lets the requests go on that wait at a gate. */
  | { readonly do: "open"; readonly gate: string };

/** What an application has seen so far. */
export interface Seen {
  /** The codes of the errors that reached the framework's error handling. */
  readonly errors: readonly string[];
  readonly messages: readonly string[];
  /** The types of the store's events. */
  readonly events: readonly string[];
  /** The paths of which merges told that another's change was left out. */
  readonly overridden: readonly string[];
  /** How many requests wait at each gate. */
  readonly waiting: Readonly<Record<string, number>>;
}

export const STEPS_HEADER = "x-steps";
/** A request with this header is passive, where the door has the option `renew`. */
export const PASSIVE_HEADER = "x-passive";

/** What the applications sign their cookies with. */
export const SECRET = "of the conformance suite, and longer than 32 characters";

type Fields = Record<string, unknown>;

/** A session as an application reaches it, in its framework's own words. */
export interface SessionActions {
  read(): Record<string, unknown> | Promise<Record<string, unknown>>;
  set(key: string, value: unknown): void;
  unset(key: string): void;
  /** Changes what is in a field: `change` may write into what it is given, and returns what is to be there. */
  change(key: string, change: (value: unknown) => unknown): void | Promise<void>;
  update(change: (data: Fields) => Fields | Promise<Fields>): Promise<{ readonly outcome: string }>;
  save(): Promise<unknown>;
  regenerate(): Promise<unknown>;
  destroy(): Promise<unknown> | unknown;
  setMaxAge(ms: number): void;
}

/** What an application has from the suite besides its settings. */
export interface Lab {
  readonly settings: AppSettings;
  /** The store's options. */
  readonly options: SessionStoreOptions;
  /** Resolves when the suite opens the gate. */
  wait(gate: string): Promise<void>;
  /** To be called by the framework's error handling, with what reached it. */
  failed(error: unknown): Answer;
}

/** Does what the request's header asks for. */
export async function answerRequest(
  steps: string | null | undefined,
  session: SessionActions,
  lab: Lab,
): Promise<Answer> {
  const asked: Step[] = JSON.parse(decodeURIComponent(steps ?? "%5B%5D"));
  const outcomes: string[] = [];
  for (const step of asked) {
    if (step.do === "count") outcomes.push(await count(step, session));
    else await takeStep(step, session, lab);
  }
  if (asked.length === 0) return {};
  const isOver = asked.at(-1)?.do === "destroy";
  return { data: isOver ? {} : await session.read(), ...(outcomes.length > 0 && { outcomes }) };
}

async function count({ key, inside }: StepOf<"count">, session: SessionActions): Promise<string> {
  const add = (name: string) => (data: Fields) => ({ ...data, [name]: Number(data[name] ?? 0) + 1 });
  // Once, however often the update around it runs.
  let within: Promise<unknown> | undefined;
  const { outcome } = await session.update(async (data) => {
    if (inside !== undefined) within ??= session.update(add(inside));
    await within;
    return add(key)(data);
  });
  return outcome;
}

type StepOf<What extends Step["do"]> = Extract<Step, { readonly do: What }>;

async function takeStep(
  step: Exclude<Step, StepOf<"count">>,
  session: SessionActions,
  lab: Lab,
): Promise<void> {
  switch (step.do) {
    case "read":
      await session.read();
      return;
    case "set":
      session.set(step.key, step.value);
      return;
    case "set special":
      session.set(step.key, SPECIAL[step.kind]());
      return;
    case "unset":
      session.unset(step.key);
      return;
    case "set in":
      await session.change(step.key, (value) => Object.assign(Object(value), { [step.name]: step.value }));
      return;
    case "unset in":
      await session.change(step.key, (value) => {
        Reflect.deleteProperty(Object(value), step.name);
        return value;
      });
      return;
    case "push":
      await session.change(step.key, (value) => {
        const list: unknown[] = Array.isArray(value) ? value : [];
        list.push(step.value);
        return list;
      });
      return;
    case "save":
      await session.save();
      return;
    case "regenerate":
      await session.regenerate();
      return;
    case "destroy":
      await session.destroy();
      return;
    case "set maxAge":
      session.setMaxAge(step.ms);
      return;
    case "wait":
      await lab.wait(step.gate);
      return;
    case "throw":
      throw new Error("the handler threw");
  }
}

/** The function `owner` of the settings `isOwned`. */
export function ownerByData({ user }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof user === "string" ? user : undefined;
}

/** The function `ttl` of the settings `by data`. */
export function lifetimeByData(data: Readonly<Record<string, unknown>>): number {
  return data.remembered === true ? REMEMBERED_MS : GUEST_MS;
}
