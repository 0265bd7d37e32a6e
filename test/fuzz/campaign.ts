// The fuzz campaign's frame: how many inputs of which seed, what is checked after each whatever it was, and the counts.
// What an input is, and what is right for it, each kind says for itself.
import { inspect, isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { SessionStoreError } from "../../src/core/index.js";
import { unhandledDuring } from "../support/unhandled.js";

export const SEED = Number(process.env.SESSION_STORE_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** How many times the inputs of a run in CI: the long form. */
export const TIMES = Number(process.env.SESSION_STORE_FUZZ_TIMES ?? 1);

/** Stands in the values of session data, and must never stand in a message. */
export const CANARY = "s3cr3t-canary";

/** The moment of the campaign: the `now` of every store in it. */
export const NOW = Date.now();

/** What came of one input: what it is counted as, and whether it was sent to the DynamoDB API. */
export interface Judged {
  readonly outcome: string;
  readonly sent: boolean;
}

/** An input that was answered as it must not be. */
export class Violation extends Error {}

/** Inputs of one kind. */
export interface Kind<Input> {
  readonly name: string;
  readonly inputs: number;
  /** So many at once, as requests come. Alone, an input that fails is made smaller before it is shown. */
  readonly together: number;
  readonly arbitrary: fc.Arbitrary<Input>;
  /** @throws {Violation} what is wrong. */
  judge(input: Input): Promise<Judged> | Judged;
  /** Before, and after, inputs that are judged together. */
  before?(inputs: readonly Input[]): Promise<void>;
  after?(inputs: readonly Input[]): Promise<void>;
}

/** What a kind's inputs came to. */
export interface Tally {
  readonly name: string;
  readonly inputs: number;
  readonly sent: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Empty, or what somebody must look at. */
  readonly problems: readonly string[];
}

// An input is a few milliseconds' work. One that takes this long hangs.
const HANGS_AFTER_MS = 20_000;
const SHRINKS_FOR_MS = 20_000;

/** Judges a kind's inputs, until one is answered wrongly. */
export async function judgeAll<Input>(kind: Kind<Input>): Promise<Tally> {
  const outcomes = new Map<string, number>();
  let inputs = 0;
  let sent = 0;
  const judgeOne = async (input: Input) => {
    try {
      const judged = await settled(Promise.resolve(kind.judge(input)));
      inputs += 1;
      sent += judged.sent ? 1 : 0;
      outcomes.set(judged.outcome, (outcomes.get(judged.outcome) ?? 0) + 1);
    } catch (error) {
      throw new Violation(`${messageOf(error)}\nof the input ${show(input)}`);
    }
  };
  const judgeBatch = async (batch: readonly Input[]) => {
    await kind.before?.(batch);
    const judged = await Promise.allSettled(batch.map(judgeOne));
    for (const one of judged) if (one.status === "rejected") throw one.reason;
    await kind.after?.(batch);
    requirePristine();
  };
  const length = kind.together;
  const runs = Math.ceil((kind.inputs * TIMES) / length);
  const startedAt = performance.now();
  const problems: string[] = [];
  const unhandled = await unhandledDuring(async () => {
    const batches = fc.asyncProperty(
      fc.array(kind.arbitrary, { minLength: length, maxLength: length }),
      judgeBatch,
    );
    const result = await fc.check(batches, {
      seed: SEED,
      numRuns: runs,
      // Whoever fails among many is named; smaller ones would be looked for among all of them.
      endOnFailure: length > 1,
      ...(length > 1 ? {} : { interruptAfterTimeLimit: SHRINKS_FOR_MS * Math.max(TIMES, 2) }),
    });
    if (result.failed) problems.push(`${kind.name}: ${messageOf(result.errorInstance)}`);
  });
  for (const error of unhandled.exceptions) problems.push(`${kind.name}: uncaught: ${inspect(error)}`);
  for (const error of unhandled.rejections) problems.push(`${kind.name}: unhandled: ${inspect(error)}`);
  return {
    name: kind.name,
    inputs,
    sent,
    outcomes,
    seconds: (performance.now() - startedAt) / 1000,
    problems: problems.slice(0, 5),
  };
}

/** What a promise came to, or a violation where it never does. */
export type Outcome<T> = { readonly value: T; readonly error?: undefined } | { readonly error: Error };

/** The outcome of a call; a failure must be one of these codes, and tell no secrets. */
export async function outcomeOf<T>(
  call: () => Promise<T> | T,
  codes: readonly string[],
  secrets: readonly string[] = [],
): Promise<Outcome<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: requireDocumented(error, codes, secrets) };
  }
}

/** How an outcome is counted. */
export function nameOf({ error }: Outcome<unknown>): string {
  return error === undefined ? "answered" : codeOf(error);
}

export function codeOf(error: unknown): string {
  return error instanceof SessionStoreError ? error.code : `no error of this package: ${inspect(error)}`;
}

/** A failure as it is documented: an error of this package with one of these codes, that tells no secrets. */
export function requireDocumented(
  error: unknown,
  codes: readonly string[],
  secrets: readonly string[] = [],
): SessionStoreError {
  if (!(error instanceof SessionStoreError)) throw new Violation(`an undocumented error: ${inspect(error)}`);
  if (!codes.includes(error.code)) {
    throw new Violation(`${error.code} where ${codes.join(", ") || "no error"} may be: ${inspect(error)}`);
  }
  requireNoSecrets(error, secrets);
  return error;
}

/** What an error or event says, its causes included, must hold neither data nor a whole id. */
export function requireNoSecrets(told: unknown, secrets: readonly string[] = []): void {
  const text = inspect(told, { depth: 8, maxStringLength: null, maxArrayLength: null });
  const found = [CANARY, ...secrets].find((secret) => text.includes(secret));
  if (found !== undefined) throw new Violation(`${JSON.stringify(found.slice(0, 60))} is told: ${text}`);
}

/** An id, as something that messages must not hold; a short one may stand in any text by chance. */
export function secretOf(id: unknown): string[] {
  return typeof id === "string" && id.length >= 8 && !/^[a-z -]*$/i.test(id) ? [id] : [];
}

export function require(isRight: boolean, what: string | (() => string)): void {
  if (!isRight) throw new Violation(typeof what === "string" ? what : what());
}

export function requireSame(found: unknown, expected: unknown, what: string): void {
  require(isDeepStrictEqual(found, expected), () =>
    `${what}: found ${show(found)}, expected ${show(expected)}`);
}

/** The same for JSON data, by no recursion: it may be nested deeper than that goes. */
export function requireSameJson(found: unknown, expected: unknown, what: string): void {
  const open = [[found, expected]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [one, other] = pair;
    if (one === other) continue;
    // A number that JSON text may hold, and that JSON does not write.
    if (one === null && other === Number.POSITIVE_INFINITY) continue;
    const isBoth = typeof one === "object" && typeof other === "object" && one !== null && other !== null;
    const names = isBoth ? Object.keys(one) : [];
    const isSame =
      isBoth &&
      Array.isArray(one) === Array.isArray(other) &&
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name));
    require(isSame, () => `${what}: found ${show(found)}, expected ${show(expected)}`);
    for (const name of names) open.push([fieldOf(one, name), fieldOf(other, name)]);
  }
}

function fieldOf(object: unknown, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

/** An input for a report. Some are made to be hard to look at. */
export function show(value: unknown): string {
  try {
    return inspect(value, { depth: 12, breakLength: 160, maxStringLength: 200 });
  } catch (error) {
    return `what cannot be shown (${messageOf(error)})`;
  }
}

/** What a JavaScript caller may pass, whatever the types say. */
export function untyped(value: unknown) {
  return JSON.parse("{}").nothing ?? value;
}

/** The counts, a line for each kind and one for all. */
export function tableOf(tallies: readonly Tally[]): string[] {
  const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
  const lines = tallies.map(({ name, inputs, sent, outcomes, seconds }) => {
    const told = [...outcomes].sort(([, one], [, other]) => other - one).map(([what, n]) => `${n} ${what}`);
    return `${name}: ${inputs} inputs, ${sent} of them at the API (${seconds.toFixed(1)} s): ${told.join(", ")}`;
  });
  const [inputs, sent] = [sum(tallies.map((one) => one.inputs)), sum(tallies.map((one) => one.sent))];
  return [`all: ${inputs} inputs, ${sent} of them at the API, SESSION_STORE_SEED=${SEED}`, ...lines];
}

async function settled<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Violation("no answer, ever")), HANGS_AFTER_MS);
  });
  try {
    return await Promise.race([work, hangs]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof Error ? String(error.stack) : String(error);
}

// What everything else inherits from.
const PROTOTYPES = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Promise,
  Map,
  Set,
  WeakMap,
  Date,
  RegExp,
  Error,
  Uint8Array,
  SessionStoreError,
].map(({ prototype }): object => prototype);
const ORDINARY = PROTOTYPES.map(stateOf);

/** Nothing that everything inherits from has changed. */
export function requirePristine(): void {
  for (const [i, prototype] of PROTOTYPES.entries()) {
    const before = ORDINARY[i] ?? [];
    const now = stateOf(prototype);
    const isSame = now.length === before.length && now.every((one, at) => Object.is(one, before[at]));
    if (!isSame) throw new Violation(`polluted: ${String(prototype.constructor)} has ${show(now)}`);
  }
}

function stateOf(prototype: object): unknown[] {
  const fields = Reflect.ownKeys(prototype).flatMap((name) => {
    const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    return [name, value, get, set];
  });
  return [Object.getPrototypeOf(prototype), Object.isExtensible(prototype), ...fields];
}
