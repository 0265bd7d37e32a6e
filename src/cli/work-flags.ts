// The flags of commands that go through a whole table: how much of it at once, how fast, and a file that keeps
// the place where an interrupted run goes on.
import { randomUUID } from "node:crypto";
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

interface KeepOptions {
  /** A clock in milliseconds. */
  readonly now?: () => number;
  /** Prints what the place says is done, before it is kept. */
  readonly beforeKept?: () => void;
}

// How old the kept place may be when the process is killed.
const KEPT_EVERY_MS = 1000;

/**
 * Begins long work, or goes on with it. The file of `--resume` holds session ids: only its owner may read it.
 *
 * @param label stands before the bar; without one there is none, as where results run over the same terminal.
 * @throws {UsageError} for a `--resume` that cannot be read, or not be written.
 */
export function beginWork(
  label: string | undefined,
  { segments, maxUnits, resume }: WorkFlags,
  { output, signal }: Pick<CommandContext, "output" | "signal">,
  { now = () => performance.now(), beforeKept = () => {} }: KeepOptions = {},
): Work {
  const from = resume === undefined ? undefined : readPlace(resume);
  if (resume !== undefined) tryPlace(resume, from);
  const line = label === undefined ? NO_PROGRESS : output.progress(label);
  let cursor = from;
  let keptAt = now();
  const keep = () => {
    keptAt = now();
    if (resume === undefined || cursor === undefined) return;
    beforeKept();
    writePlace(resume, cursor);
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
      try {
        if (!isDone) keep();
        else if (resume !== undefined) rmSync(resume, { force: true });
      } catch (error) {
        // How the work ended is what counts.
        output.warn(`--resume ${resume}: the place could not be ${isDone ? "removed" : "kept"}: ${error}`);
      }
    },
  };
}

function readPlace(file: string): string | undefined {
  try {
    // An empty file is none yet, as mktemp makes one.
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UsageError(`--resume ${file}: it cannot be read: ${error}`);
  }
}

/** Finds out before the work, and not at its end, whether the place can be kept. */
function tryPlace(file: string, place: string | undefined): void {
  try {
    if (place !== undefined) writePlace(file, place);
    else rmSync(writeBeside(file, ""));
  } catch (error) {
    throw new UsageError(`--resume ${file}: it cannot be written: ${error}`);
  }
}

function writePlace(file: string, cursor: string): void {
  // Beside it first: what is there is whole at any moment.
  const temporary = writeBeside(file, `${cursor}\n`);
  try {
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes a new file, by a name that nobody can have put there before. */
function writeBeside(file: string, text: string): string {
  const temporary = `${file}.${randomUUID()}`;
  writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
  return temporary;
}
