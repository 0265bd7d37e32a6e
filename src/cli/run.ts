// Runs the command that was typed, and says what came of it: messages, exit codes, and what Ctrl-C and a closed
// pipe mean.
import { setMaxListeners } from "node:events";
import { CommanderError } from "commander";
import { type CommandDefinition, EXIT, type ExitCode } from "./command.js";
import { ask } from "./confirm.js";
import { exitCodeOf, Interrupted, OutputClosed, OutputFailed, reportOf, UsageError } from "./failures.js";
import { storeOptions } from "./options.js";
import { Output } from "./output.js";
import { type Invocation, makeProgram } from "./program.js";

/** Runs one command in this process, whose signals and standard streams it takes, and ends the process. */
export async function runCommandLine(
  argv: readonly string[],
  commands: readonly CommandDefinition<object>[],
): Promise<never> {
  const signal = signalOfEnd();
  const code = await runTyped(argv, commands, signal);
  await taken(process.stdout);
  const isLost = signal.reason instanceof OutputFailed;
  if (isLost) outputFor(argv).fail(reportOf(signal.reason));
  await taken(process.stderr);
  // It does not wait for what else is under way: a request that nobody waits for any more, or what a --config left
  // open.
  process.exit(isLost ? EXIT.failed : code);
}

/** Resolves when all that was printed has been taken; of a write that failed the stream has told by then. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => setImmediate(resolve)));
}

/** Where it is said what is wrong outside of any command. */
function outputFor(argv: readonly string[]): Output {
  const end = argv.indexOf("--");
  return new Output({ json: argv.slice(0, end === -1 ? undefined : end).includes("--json"), quiet: false });
}

async function runTyped(
  argv: readonly string[],
  commands: readonly CommandDefinition<object>[],
  signal: AbortSignal,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const run = async (invocation: Invocation) => {
    code = await runCommand(invocation, signal);
  };
  const program = makeProgram(commands, run, { isSilent: outputFor(argv).json });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    const output = outputFor(argv);
    // For people commander has said it, with the help that belongs to it.
    if (output.json) output.fail(reportOf(new UsageError(refusalOf(error))));
    return EXIT.usage;
  }
}

/** What commander refuses, in its words; where no command was typed at all it has none. */
function refusalOf({ code, message }: CommanderError): string {
  return code === "commander.help"
    ? "which command? --help shows what there is"
    : message.replace(/^error: /, "");
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
    // That is said when the process ends.
    if (error instanceof OutputFailed) return code;
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
    end.abort(
      error.code === "EPIPE"
        ? new OutputClosed("nobody reads the output any more")
        : new OutputFailed(`the output cannot be written: ${error.message}`),
    );
  });
  // There is nowhere left to complain to.
  process.stderr.on("error", () => {});
  return end.signal;
}
