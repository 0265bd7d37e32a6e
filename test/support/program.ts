// Programs of other processes: starts one, waits until it says that it is ready, and ends it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const leash = fileURLToPath(new URL("leash.mjs", import.meta.url));

export interface Command<Ready> {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What a line that it prints says; `undefined` for one that is not what is waited for. */
  readonly readyAt: (line: string) => Ready | undefined;
}

export interface Program<Ready> {
  readonly ready: Ready;
  /** What it has printed since it was ready. */
  printed(): string;
  /** What it has complained of so far. */
  complaints(): string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 15_000;

/** @throws an error with the program's own complaints, when it ends before it is ready, or takes too long. */
export async function startProgram<Ready>(asked: Command<Ready>): Promise<Program<Ready>> {
  const { command, args, cwd, env, readyAt } = asked;
  const child = spawn(process.execPath, [leash, command, ...args], {
    cwd,
    env: { ...bareEnvironment(), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // Not before its output has ended as well.
  const ended = once(child, "close");
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const stop = async () => {
    child.stdin.end();
    await ended;
  };

  async function untilReady(): Promise<Ready> {
    for await (const line of createInterface(child.stdout)) {
      const ready = readyAt(line);
      if (ready !== undefined) return ready;
    }
    throw new Error("it has ended");
  }
  const tooLate = AbortSignal.timeout(READY_WITHIN_MS);
  const late = once(tooLate, "abort").then(() => Promise.reject(new Error("it takes too long")));
  const ready = await Promise.race([untilReady(), late]).catch(async (error) => {
    await stop();
    throw new Error(`${command} did not start:\n${complaints}`, { cause: error });
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  // Whoever read to that line has paused it, and what it prints must not fill the pipe.
  child.stdout.resume();
  return { ready, printed: () => printed, complaints: () => complaints, stop };
}

/** As bare as where applications run, and no credentials of this machine's in it. */
export function bareEnvironment(): Record<string, string> {
  return {
    PATH: String(process.env.PATH),
    NO_COLOR: "1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}
