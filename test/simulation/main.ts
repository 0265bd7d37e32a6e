// The simulation as a program: many histories, or one of them with its log. `scripts/simulate.mjs` bundles and runs it.
//
//   --histories N   how many (20 000)
//   --threads N     over how many threads, where no emulator is needed (2)
//   --from S        the first seed (0); each history's seed is one more
//   --on NAME       model, dynalite or dynamodb-local: where commands are carried out
//   --check-model N sequences of commands to the model and to DynamoDB Local, instead of histories
//   --seed S        this history alone, with its log; --omit 1,4 and --weather calm leave out what it does not need
//   --keep-going    go on after a promise that was not kept, and list the seeds
//   --json          one line for programs, nothing else
import { createHash } from "node:crypto";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { EmulatorName } from "../support/emulators.js";
import { type HistoryOptions, type HistoryResult, runHistory, shortest, weatherOf } from "./history.js";
import { FATES } from "./network.js";
import { PROGRAMS } from "./programs.js";
import { type Counts, PROMISES, Violation } from "./promises.js";

interface Batch {
  readonly from: number;
  readonly histories: number;
  readonly keepsGoing: boolean;
}

interface Failure {
  readonly seed: number;
  /** Which promise was not kept; none where the history itself broke. */
  readonly promise: string | undefined;
  readonly message: string;
  readonly requests: number;
}

interface Outcome {
  readonly histories: number;
  readonly counts: Counts;
  /** Those of the lowest seeds first. */
  readonly failures: readonly Failure[];
}

const THREADS = 2;
const BATCH = 250;
// Histories that wait for an emulator at the same time.
const SIDE_BY_SIDE = 8;
/** So many that everything must have happened. */
const ENOUGH_HISTORIES = 1000;
const REPLAYED = 40;

async function main(args: string[]): Promise<number> {
  const option = (name: string): string | undefined => {
    const at = args.indexOf(`--${name}`);
    return at === -1 ? undefined : args[at + 1];
  };
  const number = (name: string, otherwise: number): number => {
    const value = Number(option(name) ?? otherwise);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw new Error(`--${name}: expected a whole number`);
  };
  const on = option("on") ?? "model";
  if (on !== "model" && on !== "dynalite" && on !== "dynamodb-local") throw new Error(`--on: no ${on}`);
  if (option("check-model") !== undefined) return checkModel(number("check-model", 0), number("from", 0));

  const chosen = {
    omit: new Set((option("omit") ?? "").split(",").filter(Boolean).map(Number)),
    weather: weatherOf(option("weather")),
  };
  if (option("seed") !== undefined) return replay(number("seed", 0), chosen, on);

  const batch = {
    from: number("from", 0),
    histories: number("histories", 20_000),
    keepsGoing: args.includes("--keep-going"),
  };
  const start = performance.now();
  const outcome =
    on === "model"
      ? await inThreads(batch, number("threads", THREADS))
      : await withTable(on, (options) => runBatch(batch, options, SIDE_BY_SIDE));
  const seconds = (performance.now() - start) / 1000;
  if (args.includes("--json")) {
    console.log(JSON.stringify({ histories: outcome.histories, seconds, failure: outcome.failures[0] }));
    return outcome.failures.length > 0 ? 1 : 0;
  }
  return report(outcome, seconds, on, batch);
}

async function runBatch(
  { from, histories, keepsGoing }: Batch,
  options: HistoryOptions,
  sideBySide = 1,
): Promise<Outcome> {
  const counts: Counts = {};
  let next = from;
  const failures: Failure[] = [];
  const runSome = async () => {
    while (next < from + histories && (keepsGoing || failures.length === 0)) {
      const result = await runHistory(next++, options);
      add(counts, result.counts);
      if (result.failure) failures.push(failureOf(result));
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, runSome));
  return { histories: next - from, counts, failures };
}

function failureOf({ seed, failure, requests }: HistoryResult): Failure {
  const promise = failure instanceof Violation ? failure.promise : undefined;
  return { seed, promise, message: failure?.stack ?? String(failure), requests };
}

/** Batch after batch, in threads; ends with the first failure, that of the lowest seed among those at work. */
async function inThreads({ from, histories, keepsGoing }: Batch, threads: number): Promise<Outcome> {
  const counts: Counts = {};
  const failures: Failure[] = [];
  let next = from;
  let done = 0;
  const work = async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: {} });
    try {
      while (next < from + histories && (keepsGoing || failures.length === 0)) {
        const batch = {
          keepsGoing,
          from: next,
          histories: Math.min(BATCH, from + histories - next),
        };
        next += batch.histories;
        const answered = once(worker, "message");
        worker.postMessage(batch);
        const [outcome]: Outcome[] = await answered;
        if (outcome === undefined) throw new Error("a thread gave no answer");
        done += outcome.histories;
        add(counts, outcome.counts);
        failures.push(...outcome.failures);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  failures.sort((one, other) => one.seed - other.seed);
  return { histories: done, counts, failures };
}

async function withTable<T>(name: EmulatorName, work: (options: HistoryOptions) => Promise<T>): Promise<T> {
  const { startEmulatedTable } = await import("./emulated.js");
  const table = await startEmulatedTable(name);
  try {
    const { tableName, beside, hasTransactions } = table;
    return await work({ tableName, beside, hasTransactions });
  } finally {
    await table.stop();
  }
}

async function replay(seed: number, chosen: HistoryOptions, on: "model" | EmulatorName): Promise<number> {
  const run = (options: HistoryOptions) => runHistory(seed, { ...options, ...chosen, isLogged: true });
  const { lines, failure } = on === "model" ? await run({}) : await withTable(on, run);
  for (const line of lines) console.log(line);
  console.log(failure ? failure.stack : "as promised");
  return failure ? 1 : 0;
}

/** What happened, each promise and each kind of happening as one test. */
async function report(
  { histories, counts, failures }: Outcome,
  seconds: number,
  on: string,
  batch: Batch,
): Promise<number> {
  const rate = Math.round(histories / Math.max(seconds, 0.001));
  console.log(
    `${histories} histories on ${on}, seeds from ${batch.from}, in ${seconds.toFixed(1)} s: ${rate} a second`,
  );
  const names = Object.keys(counts)
    .filter((name) => !name.startsWith("promise "))
    .sort();
  for (const name of names) console.log(`  ${String(counts[name]).padStart(9)}  ${name}`);

  const tests: { name: string; isKept: boolean }[] = [];
  for (const [name, sentence] of Object.entries(PROMISES)) {
    const checked = counts[`promise ${name}`] ?? 0;
    const isKept =
      !failures.some(({ promise }) => promise === name) && (checked > 0 || histories < ENOUGH_HISTORIES);
    tests.push({ name: `${sentence}, ${checked} times`, isKept });
  }
  if (histories >= ENOUGH_HISTORIES || histories === 0) {
    const hasTransactions = on !== "dynalite";
    const expected = EXPECTED.filter((name) => hasTransactions || !OF_TRANSACTIONS.includes(name));
    for (const name of expected) tests.push({ name: `there was ${name}`, isKept: (counts[name] ?? 0) > 0 });
  }
  if (on === "model") {
    const isSame = await isReplayable(batch.from, Math.min(REPLAYED, histories));
    tests.push({ name: "the same seed gives the same history, whatever ran before", isKept: isSame });
  }
  const isWhole = failures.every(({ promise }) => promise !== undefined);
  tests.push({ name: "every history comes to its end", isKept: isWhole });
  const [first] = failures;
  if (first) await reportFailure(first, on);
  if (failures.length > 1) console.log(`other seeds: ${listed(failures)}\n`);
  return summary(tests);
}

function listed(failures: readonly Failure[]): string {
  return failures.map(({ seed, promise }) => `${seed} ${promise ?? "broke"}`).join(", ");
}

async function reportFailure({ seed, message }: Failure, on: string): Promise<void> {
  console.log(`\nseed ${seed}: ${message}`);
  const again = await runHistory(seed);
  const { omit, weather } = again.failure ? await shortest(again) : {};
  const less = [
    omit?.size ? ` --omit ${[...omit].join(",")}` : "",
    weather ? ` --weather ${weather}` : "",
  ].join("");
  console.log(`npm run simulate -- --seed ${seed}${less}${on === "model" ? "" : ` --on ${on}`}\n`);
}

const OF_TRANSACTIONS = ["fault conflicts with a transaction", "effect move"];
const EXPECTED = [
  ...["of several rows", "of one row for several", "that leaves rows unprocessed"].map(
    (what) => `batch ${what}`,
  ),
  ...["load", "save", "touch", "destroy", "update"].map((name) => `call ${name}`),
  ...FATES.map((fate) => `fault ${fate}`),
  ...OF_TRANSACTIONS,
  ...Object.keys(PROGRAMS).map((name) => `request ${name}`),
  ...["creation", "merged", "written over", "write", "touch", "expire"].map((name) => `effect ${name}`),
  ...[
    "save saved",
    "save gone",
    "touch touched",
    "touch throttled",
    "touch gone",
    "update saved",
    "update gone",
  ].map((name) => `outcome ${name}`),
  ...["load found", "load nothing", "destroy destroyed", "save ERR_SESSION_TIMEOUT"].map(
    (name) => `outcome ${name}`,
  ),
  "clock step",
];

async function isReplayable(from: number, histories: number): Promise<boolean> {
  const seeds = Array.from({ length: histories }, (_, i) => from + i);
  const logs = new Map<number, string>();
  for (const seed of seeds) logs.set(seed, await digestOf(seed));
  for (const seed of seeds.reverse()) if (logs.get(seed) !== (await digestOf(seed))) return false;
  return true;
}

async function digestOf(seed: number): Promise<string> {
  const { lines } = await runHistory(seed, { isLogged: true });
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

async function checkModel(sequences: number, from: number): Promise<number> {
  const [{ startEmulatedTable }, { ANSWERS, checkSequence }] = await Promise.all([
    import("./emulated.js"),
    import("./model-check.js"),
  ]);
  const table = await startEmulatedTable("dynamodb-local");
  const counts: Counts = {};
  let next = from;
  let failure: string | undefined;
  const start = performance.now();
  const checkSome = async () => {
    while (next < from + sequences && failure === undefined) {
      const checked = await checkSequence(next++, table);
      add(counts, checked.counts);
      failure ??= checked.failure;
    }
  };
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, checkSome));
  } finally {
    await table.stop();
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${next - from} sequences of commands, seeds from ${from}, in ${seconds} s`);
  if (failure) console.log(failure);
  const tests = ANSWERS.map((name) => ({
    name: `${name}, ${counts[name] ?? 0} times`,
    isKept: (counts[name] ?? 0) > 0,
  }));
  const isSame = failure === undefined && sequences > 0;
  tests.push({ name: "the model does what DynamoDB Local does", isKept: isSame });
  return summary(tests);
}

/** Prints what was tested, and last how much of it was as it should be. */
function summary(tests: readonly { readonly name: string; readonly isKept: boolean }[]): number {
  for (const { name, isKept } of tests) console.log(`${isKept ? "ok    " : "NOT OK"}  ${name}`);
  const failed = tests.filter(({ isKept }) => !isKept).length;
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

function add(counts: Counts, more: Counts): void {
  for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count;
}

if (isMainThread) process.exitCode = await main(process.argv.slice(2));
else
  parentPort?.on("message", async (batch: Batch) =>
    parentPort?.postMessage(await runBatch(batch, workerData)),
  );
