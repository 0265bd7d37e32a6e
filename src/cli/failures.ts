// What a command's failure is for whoever typed it: an exit code, a message, and the flags that stand for the
// options it names. Only what is a fault of this program shows a stack.
import { SessionStoreError } from "../admin/index.js";
import { EXIT, type ExitCode } from "./command.js";

/** What was typed cannot be meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Why the signal of the command's context is aborted: somebody wants the program to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Why it is aborted as well: whoever read the output had enough of it, as `head` has after ten lines. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Why it is aborted, too: the output cannot be written, as on a disk that is full. */
export class OutputFailed extends Error {
  override readonly name = "OutputFailed";
}

/**
 * Waits for one request, or for the signal, whichever comes first: a server that is silent holds nobody who wants
 * the program to end.
 *
 * @throws what the request throws; the signal's reason.
 */
export async function orStopped<Result>(signal: AbortSignal, request: Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([request, stopped]);
}

// Messages speak of the options as programs give them.
const FLAGS_OF_OPTIONS: readonly (readonly [option: RegExp, flag: string])[] = [
  [/\btable\.name\b/, "--table"],
  [/\btable\.hashKey\b/, "--hash-key"],
  [/\btable\.sortKey\b/, "--sort-key or --no-sort-key"],
  [/\btable\.hashPrefix\b/, "--prefix"],
  [/\bhashIds\b/, "--hash-ids"],
  [/\bclientConfig\.region\b/, "--region"],
  [/\bclientConfig\.endpoint\b/, "--endpoint"],
  [/^from(?=: (expected the|this) cursor)/, "--resume"],
  [/^segments(?=:)/, "--segments"],
  [/^maxUnitsPerSecond(?=:)/, "--max-units"],
];

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof OutputClosed) return EXIT.done;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof SessionStoreError && error.code === "ERR_SESSION_OPTIONS") return EXIT.usage;
  return EXIT.failed;
}

/** A failure as `--json` tells it. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
  /** What else helps: a flag, or the stack of what should not have happened. */
  readonly hint?: string;
}

export function reportOf(error: unknown): FailureReport {
  if (error instanceof UsageError) return { code: "ERR_USAGE", message: error.message };
  if (error instanceof OutputFailed) return { code: "ERR_OUTPUT", message: error.message };
  if (error instanceof SessionStoreError) {
    const { code, message } = error;
    const flags = FLAGS_OF_OPTIONS.filter(([option]) => option.test(message));
    if (flags.length === 0) return { code, message };
    const named = flags.map(([option, flag]) => `${option.exec(message)?.[0]} is ${flag}`);
    return { code, message, hint: `on the command line ${named.join(", ")}` };
  }
  if (!(error instanceof Error)) return { code: "ERR_UNEXPECTED", message: String(error) };
  const { message, stack = "" } = error;
  return {
    code: "ERR_UNEXPECTED",
    message,
    hint: `this should not have happened; please report it:\n${stack}`,
  };
}
