// Runs the command that was typed, and says what came of it: messages, exit codes, and what Ctrl-C and a closed
// pipe mean.
import { setMaxListeners } from "node:events";
import { CommanderError } from "commander";
import { type CommandDefinition, EXIT, type ExitCode } from "./command.js";
import { ask } from "./confirm.js";
import { exitCodeOf, Interrupted, OutputClosed, reportOf } from "./failures.js";
import { storeOptions } from "./options.js";
import { Output } from "./output.js";
import { type Invocation, makeProgram } from "./program.js";

/** Runs one command in this process, whose signals and standard streams it takes. */
export async function runCommandLine(
  argv: readonly string[],
  commands: readonly CommandDefinition<object>[],
): Promise<ExitCode> {
  const signal = signalOfEnd();
  let code: ExitCode = EXIT.done;
  const program = makeProgram(commands, async (invocation) => {
    code = await runCommand(invocation, signal);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

/**
 * Ends the process once what was printed has been taken. It does not wait for what else is under way: a request
 * that nobody waits for any more, or what a `--config` left open.
 */
export async function endProcess(code: ExitCode): Promise<never> {
  // Each in its turn, and a write that fails has been heard of by then.
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  process.exit(code);
}

async function runCommand(invocation: Invocation, signal: AbortSignal): Promise<ExitCode> {
  const { command, globalFlags, flags, args } = invocation;
  const { json = false, quiet = false, yes = false } = globalFlags;
  const output = new Output({ json, quiet });
  try {
    const store = await storeOptions(globalFlags, process.env);
    const confirm = async (question: string) => yes || (await ask(question, signal));
    const code = await command.run({ store, output, signal, confirm }, flags, ...args);
    const isStopped = signal.reason instanceof Interrupted && code === EXIT.partial;
    return isStopped ? EXIT.interrupted : code;
  } catch (thrown) {
    const error = signal.aborted && isAbort(thrown) ? signal.reason : thrown;
    const code = exitCodeOf(error);
    if (code === EXIT.interrupted) output.note("stopped; what was begun is whole");
    else if (code !== EXIT.done) output.fail(reportOf(error));
    return code;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Aborted when the program is to end: what was begun is finished. Who insists ends it at once. */
function signalOfEnd(): AbortSignal {
  const end = new AbortController();
  // All that waits side by side listens to it, and Node would warn of the eleventh.
  setMaxListeners(0, end.signal);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (end.signal.aborted) process.exit(EXIT.interrupted);
      end.abort(new Interrupted(`stopped by ${name}`));
    });
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    end.abort(new OutputClosed("nobody reads the output any more"));
  });
  // There is nowhere left to complain to.
  process.stderr.on("error", () => {});
  return end.signal;
}
