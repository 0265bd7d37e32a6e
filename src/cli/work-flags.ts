// The flags of commands that go through a whole table: how much of it at once, how fast, and a file that keeps
// the place where an interrupted run goes on.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import type { WorkOptions } from "../admin/index.js";
import type { CommandContext } from "./command.js";
import { UsageError } from "./failures.js";
import { positiveNumber, wholeNumber } from "./options.js";
import { NO_PROGRESS } from "./progress.js";

export interface WorkFlags {
  readonly segments?: number;
  readonly maxUnits?: number;
  readonly resume?: string;
}

export function addWorkFlags(command: Command): void {
  addPaceFlags(command);
  command.option("--resume <file>", "keep the place in this file: the same command goes on where it stopped");
}

/** Of work that cannot go on where it stopped, for it gives one result of all. */
export function addPaceFlags(command: Command): void {
  command
    .option("--segments <number>", "how many parts of the table are read side by side", wholeNumber)
    .option("--max-units <number>", "capacity units a second at most (default: no limit)", positiveNumber);
}

/** Long work in the hands of a command. */
export interface Work {
  /** What the calls of `admin` take. */
  readonly options: WorkOptions & Required<Pick<WorkOptions, "onProgress">>;
  /** Takes the bar away, and keeps the place where the work is not done, or forgets it where it is. */
  end(isDone: boolean): void;
}

// How old the kept place may be when the process is killed.
const KEPT_EVERY_MS = 1000;

/**
 * Begins long work, or goes on with it. The file of `--resume` holds session ids: only its owner may read it.
 *
 * @param label stands before the bar; without one there is none, as where results run over the same terminal.
 * @param now a clock in milliseconds.
 * @throws {UsageError} for a `--resume` that cannot be read.
 */
export function beginWork(
  label: string | undefined,
  { segments, maxUnits, resume }: WorkFlags,
  { output, signal }: Pick<CommandContext, "output" | "signal">,
  now: () => number = () => performance.now(),
): Work {
  const from = resume === undefined ? undefined : readPlace(resume);
  const line = label === undefined ? NO_PROGRESS : output.progress(label);
  let cursor = from;
  let keptAt = now();
  const keep = () => {
    keptAt = now();
    if (resume !== undefined && cursor !== undefined) writePlace(resume, cursor);
  };
  return {
    options: {
      signal,
      segments,
      maxUnitsPerSecond: maxUnits,
      from,
      onProgress(progress) {
        cursor = progress.cursor;
        line.update(progress);
        if (now() - keptAt >= KEPT_EVERY_MS) keep();
      },
    },
    end(isDone) {
      line.stop();
      if (!isDone) keep();
      else if (resume !== undefined) rmSync(resume, { force: true });
    },
  };
}

function readPlace(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UsageError(`--resume ${file}: it cannot be read: ${error}`);
  }
}

function writePlace(file: string, cursor: string): void {
  // Beside it first: what is there is whole at any moment.
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${cursor}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}
