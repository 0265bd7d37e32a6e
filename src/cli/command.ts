// What a command of the command line is, what it is given to run, and how the program can end.
import type { Command } from "commander";
import type { SessionStoreOptions } from "../admin/index.js";
import type { Output } from "./output.js";

/** How the program ends; for users the same table stands in docs/command-line.md. */
export const EXIT = {
  /** What was asked for is done. */
  done: 0,
  /** It failed, was declined, or `doctor` found what must be put right. */
  failed: 1,
  /** The command line or the options cannot be meant; nothing was sent. */
  usage: 2,
  /** Part of it is done, and the same command goes on with the rest. */
  partial: 3,
  /** Stopped by Ctrl-C, or by SIGTERM; the same command goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface CommandContext {
  /** The store's options, from the flags, `--config` and the environment. */
  readonly store: SessionStoreOptions;
  readonly output: Output;
  /** Aborted by Ctrl-C, by SIGTERM, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /**
   * Asks before something is destroyed; true with `--yes`. Who declines gets `EXIT.failed` from the command.
   *
   * @throws {UsageError} where nobody can be asked.
   */
  confirm(question: string): Promise<boolean>;
}

export interface CommandDefinition<Flags extends object> {
  /** As it is typed: `ls`. */
  readonly name: string;
  readonly summary: string;
  /** Whole lines as they are typed, shown by `--help`. */
  readonly examples: readonly string[];
  /** Declares its arguments and its own flags. */
  configure(command: Command): void;
  /** What it throws ends the program by `exitCodeOf` of failures.ts. */
  run(context: CommandContext, flags: Flags, ...args: string[]): Promise<ExitCode>;
}
