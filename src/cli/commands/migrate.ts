// `migrate`: moves the sessions of another store into the table, out of its own table or out of a file.
import { createReadStream } from "node:fs";
import { access, constants } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { type Command, Option } from "commander";
import {
  isTransient,
  type MigrateOptions,
  type MigrationReport,
  type MigrationSource,
  migrate as moveIn,
  SOURCES,
} from "../../admin/index.js";
import { type CommandContext, type CommandDefinition, EXIT, type ExitCode } from "../command.js";
import { reportOf, UsageError } from "../failures.js";
import { type Output, visible } from "../output.js";
import { addPaceFlags, beginWork } from "../work-flags.js";

interface MigrateFlags {
  readonly from?: MigrationSource;
  readonly sourceTable?: string;
  readonly sourceHashKey?: string;
  readonly sourceSortKey?: string;
  readonly sourcePrefix?: string;
  readonly run?: string;
  readonly dryRun?: boolean;
  readonly segments?: number;
  readonly maxUnits?: number;
}

// What a person reads to the end; `--json` has more of them.
const MOST_SHOWN = 20;

export const migrate: CommandDefinition<MigrateFlags> = {
  name: "migrate",
  summary: "move the sessions of another store into the table",
  examples: [
    "session-store migrate --table sessions-2 --from connect-dynamodb --source-table sessions --dry-run",
    "session-store migrate --table sessions-2 --from connect-dynamodb --source-table sessions",
    "session-store migrate --config store.mjs --max-units 200",
    "session-store migrate --table sessions --from jsonl sessions.jsonl",
    "node export.mjs | session-store migrate --table sessions --from jsonl -",
  ],
  configure(command) {
    addSourceFlags(command);
    command.option("--dry-run", "read and count; write nothing");
    addPaceFlags(command);
  },
  async run(context, flags, file): Promise<ExitCode> {
    const { store, output, signal } = context;
    const text = await textOf(flags, file, signal);
    warnOfServers(context, flags);
    const { segments, maxUnits } = flags;
    const work = beginWork(flags.dryRun ? "counting" : "moving", { segments, maxUnits }, context);
    // What has moved is not met again: there is no place to go on from.
    const { from: _, ...options } = work.options;
    let soFar: MigrationReport | undefined;
    try {
      const report = await moveIn(store, {
        ...options,
        from: flags.from,
        table: tableOf(flags),
        text,
        run: flags.run,
        dryRun: flags.dryRun,
        onStop(report) {
          soFar = report;
        },
      });
      work.end(true);
      return say(output, report, flags.from === "jsonl" && report.scanned === 0);
    } catch (error) {
      work.end(true);
      const done = soFar === undefined ? 0 : soFar.moved + soFar.elsewhere + soFar.gone;
      const goesOn = `${done} sessions were done by then; the same command goes on with the rest`;
      if (soFar !== undefined && soFar.scanned > 0) show(output, soFar);
      if (signal.aborted) output.note(goesOn);
      if (!isTransient(error) || done === 0) throw error;
      output.fail(reportOf(error));
      output.note(goesOn);
      return EXIT.partial;
    }
  },
};

function addSourceFlags(command: Command): void {
  const from = new Option("--from <source>", "what filled the old table (default: previous of --config)");
  command
    .argument("[file]", "with --from jsonl: the file, or - for the standard input")
    .addOption(from.choices(SOURCES))
    .option("--source-table <name>", "the old table (default: sessions; of cyclic-0.0 the same table)")
    .option("--source-hash-key <name>", "its hash key (default: as the package has it)")
    .option("--source-sort-key <name>", "its sort key (default: as the package has it)")
    .option("--source-prefix <text>", "what stands before ids in it (default: as the package has it)")
    .option("--run <name>", "with --from jsonl: bring in again what came in under another name");
}

function tableOf(flags: MigrateFlags): MigrateOptions["table"] {
  const { sourceTable, sourceHashKey, sourceSortKey, sourcePrefix } = flags;
  const table = {
    name: sourceTable,
    hashKey: sourceHashKey,
    sortKey: sourceSortKey,
    hashPrefix: sourcePrefix,
  };
  const given = Object.entries(table).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The text of the file that is brought in. */
async function textOf(
  { from }: MigrateFlags,
  file: string | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<string> | undefined> {
  if (from !== "jsonl") {
    if (file !== undefined) throw new UsageError(`${file}: a file goes with --from jsonl alone`);
    return undefined;
  }
  if (file === undefined)
    throw new UsageError("which file? Give its name behind --from jsonl, or - for the standard input");
  // A pipe that stalls would hold the process.
  if (file === "-") return addAbortSignal(signal, process.stdin.setEncoding("utf8"));
  await access(file, constants.R_OK).catch(() => {
    throw new UsageError(`${file}: there is no such file, or it may not be read`);
  });
  return createReadStream(file, { encoding: "utf8", signal });
}

function warnOfServers({ store, output }: CommandContext, { from, dryRun }: MigrateFlags): void {
  const knowsPrevious = (store.previous ?? []).length > 0;
  if (from === undefined || from === "jsonl" || knowsPrevious || dryRun) return;
  // That is where the store looks.
  if (from === "cyclic-0.0" && !store.hashIds) return;
  output.warn(
    "servers find a session that is not moved yet by the option previous alone, and there is none in what this command was given; the guides in docs/migrate have the line",
  );
}

function say(output: Output, report: MigrationReport, isEmpty: boolean): ExitCode {
  if (report.isSamePlace) {
    output.printJson(report);
    output.print("The sessions are where the store looks for them, which reads them as they are.");
    output.print("There is nothing to move.");
    return EXIT.done;
  }
  const isAny = show(output, report);
  if (report.failed + report.unreadable + report.otherIds > 0) return EXIT.failed;
  if (isEmpty) {
    // What an export leaves behind that failed.
    output.warn("there was not one line in the file; see that its export ended well");
    return EXIT.failed;
  }
  if (report.scanned > 0 && !isAny)
    output.warn(
      "no row that was read is a session by the keys and the prefix of its place; see that they are the old store's before you delete anything",
    );
  if (report.dryRun) output.note("Nothing was written. Without --dry-run they are moved.");
  return EXIT.done;
}

/** Prints what came of it; says whether there was any session. */
function show(output: Output, report: MigrationReport): boolean {
  output.printJson(report);
  const figures: [number, string][] = [
    [report.moved, report.dryRun ? "would be moved" : "moved"],
    [report.verified, "  read back and compared: as they were"],
    [report.changed, "  written by a request before they were read back"],
    [report.ended, "  destroyed by a request before they were read back"],
    [report.elsewhere, "in the table already"],
    [report.gone, "gone when their turn came, or ended since an earlier run"],
    [report.expired, "expired: left where they are"],
    [report.unreadable, "cannot be read: left where they are"],
    [report.failed, "failed"],
    [
      report.otherIds,
      "rows whose ids are hashed, or not, otherwise than the options say: left where they are",
    ],
  ];
  const shown = figures.filter(([count], i) => i === 0 || count > 0);
  output.table(
    ["sessions", ""],
    shown.map(([count, what]) => [String(count), what]),
  );
  output.print(`${report.scanned} rows or lines read, ${Math.ceil(report.units)} capacity units`);
  for (const { message } of report.failures.slice(0, MOST_SHOWN)) output.print(visible(message));
  const left = report.failed + report.unreadable;
  if (left > MOST_SHOWN) output.print(`… and ${left - MOST_SHOWN} more; --json has the first 1000`);
  return figures.some(([count]) => count > 0);
}
