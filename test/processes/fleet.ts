// Four processes, made of the sources, each with the applications of all three frameworks: what a run of the driver is
// sent to.
import { fileURLToPath } from "node:url";
import type { Ready } from "../runtimes/protocol.js";
import { type Program, startProgram } from "../support/program.js";
import { makeProgram } from "../support/source-program.js";
import type { Bill, Command, Door, Settings, Told } from "./protocol.js";

export const PROCESSES = 4;

/** Applications that listen: each process's, by framework. */
export interface Applications {
  readonly origins: readonly Readonly<Record<Door, string>>[];
  /** Closes them, and says what they have cost together, and what went wrong in them. */
  close(): Promise<{ bill: Bill; errors: string[] }>;
}

export interface Fleet {
  /** Starts the applications of a run in every process. */
  start(settings: Settings): Promise<Applications>;
  stop(): Promise<void>;
}

export async function startFleet(): Promise<Fleet> {
  const { program, remove } = await makeProgram(new URL("apps/program.ts", import.meta.url));
  const started = await Promise.allSettled(
    Array.from({ length: PROCESSES }, () =>
      startProgram({
        command: process.execPath,
        args: ["--enable-source-maps", program],
        cwd: ROOT,
        readyAt: (line): Ready => JSON.parse(line),
      }),
    ),
  );
  const programs = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const stop = async () => {
    await Promise.all(programs.map((each) => each.stop()));
    await remove();
  };
  const failed = started.find((each) => each.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    stop,
    async start(settings) {
      const told = await Promise.all(programs.map((each) => tell(each, { do: "start", settings })));
      return {
        origins: told.map(({ origins }) => given(origins)),
        async close() {
          const ended = await Promise.all(programs.map((each) => tell(each, { do: "close" })));
          return {
            bill: ended.map(({ bill }) => given(bill)).reduce(sumOf),
            errors: ended.flatMap(({ errors }) => given(errors)),
          };
        },
      };
    },
  };
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function tell({ ready }: Program<Ready>, command: Command): Promise<Told> {
  const response = await fetch(ready.control, { method: "POST", body: JSON.stringify(command) });
  const told: Told = await response.json();
  if (told.problem !== undefined) throw new Error(told.problem);
  return told;
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a process did not say what it was asked for");
  return value;
}

function sumOf(one: Bill, other: Bill): Bill {
  return {
    reads: one.reads + other.reads,
    writes: one.writes + other.writes,
    refused: one.refused + other.refused,
    readUnits: one.readUnits + other.readUnits,
    writeUnits: one.writeUnits + other.writeUnits,
  };
}
