// The command line as its users have it: a process of its own, made of the sources, with its arguments, its environment
// and its exit code.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll } from "vitest";
import { bareEnvironment } from "./program.js";
import { makeProgram, type SourceProgram } from "./source-program.js";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables beside those of the bare environment; `undefined` takes one out of it. */
type Environment = Readonly<Record<string, string | undefined>>;

export interface Started {
  readonly child: ChildProcess;
  /** What it has printed so far, and what it has complained of. */
  printed(): Pick<Ended, "stdout" | "stderr">;
  readonly ended: Promise<Ended>;
}

export interface CommandLine {
  /** Runs it to its end. */
  run(args: readonly string[], env?: Environment): Promise<Ended>;
  /**
   * @param onPrinted is given what it prints, which is not kept then.
   * @param stdout an open file that it prints to instead.
   */
  start(
    args: readonly string[],
    env?: Environment,
    onPrinted?: (text: string) => void,
    stdout?: number,
  ): Started;
}

/** What lets it talk to an emulator. */
export const LOCAL_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_REGION: "us-east-1",
} as const;

/** The command line for the tests of one file, made before the first of them. */
export function commandLine(entry = new URL("../../src/cli/main.ts", import.meta.url)): CommandLine {
  let made: SourceProgram;
  beforeAll(async () => {
    made = await makeProgram(entry);
  });
  afterAll(() => made.remove());
  const start: CommandLine["start"] = (
    args,
    env: Environment = LOCAL_CREDENTIALS,
    onPrinted = undefined,
    stdout = undefined,
  ) => {
    const child = spawn(process.execPath, [made.program, ...args], {
      env: { ...bareEnvironment(), ...env },
      stdio: ["ignore", stdout ?? "pipe", "pipe"],
    });
    const printed = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        if (name === "stdout" && onPrinted) onPrinted(text);
        else printed[name] += text;
      });
    }
    // Not before its output has ended as well.
    const ended = once(child, "close").then(([code]) => ({ code, ...printed }));
    return { child, printed: () => ({ ...printed }), ended };
  };
  return { start, run: (args, env) => start(args, env).ended };
}
