// `ls`: which sessions there are, one line each as they come.
import { isTransient, type ListedSession, listSessions, type SessionStoreError } from "../../admin/index.js";
import { type CommandContext, type CommandDefinition, EXIT } from "../command.js";
import { reportOf, UsageError } from "../failures.js";
import { bytes, duration, plural } from "../format.js";
import { wholeNumber } from "../options.js";
import { type Output, oneLine, visible } from "../output.js";
import { addWorkFlags, beginWork, type WorkFlags } from "../work-flags.js";

interface LsFlags extends WorkFlags {
  readonly ids?: boolean;
  readonly limit?: number;
  readonly expired?: boolean;
  readonly data?: boolean;
}

export const ls: CommandDefinition<LsFlags> = {
  name: "ls",
  summary: "list the live sessions",
  examples: [
    "session-store ls --table sessions --limit 20",
    "session-store ls --table sessions --expired --json > sessions.json",
    "session-store ls --table sessions --max-units 100 --resume place.txt >> sessions.txt",
  ],
  configure(command) {
    command
      .option("--ids", "show whole ids: who reads one may be able to get in by it")
      .option("--limit <number>", "list so many at most", wholeNumber)
      .option("--expired", "list those too that are over and not removed yet")
      .option("--data", "show what the application keeps in them, and their size");
    addWorkFlags(command);
  },
  async run(context, flags) {
    const { output } = context;
    if (flags.limit !== undefined && flags.resume !== undefined)
      throw new UsageError("--limit and --resume: give only one of them; a place is kept by whole pages");
    let unreadable = 0;
    const refuse = (error: SessionStoreError) => {
      unreadable += 1;
      output.warn(visible(error.message));
    };
    let count = 0;
    const onListed = () => {
      count += 1;
    };
    const table = tableOf(flags, context);
    const listening = { onUnreadable: refuse, onListed, beforeKept: () => table.flush() };
    const sessions = listed(context, flags, listening);
    try {
      if (output.json) await output.printJsonList(described(sessions, flags));
      else await printTable(sessions, table);
    } catch (error) {
      if (flags.resume === undefined || count === 0 || !isTransient(error)) throw error;
      output.fail(reportOf(error));
      output.note("the same command goes on with the rest");
      return EXIT.partial;
    }
    if (unreadable === 0) return EXIT.done;
    output.note(`${plural(unreadable, "row")} left out`);
    return EXIT.failed;
  },
};

async function* listed(
  context: CommandContext,
  flags: LsFlags,
  listening: { onUnreadable(error: SessionStoreError): void; onListed(): void; beforeKept(): void },
): AsyncGenerator<ListedSession, void, undefined> {
  const { output, store } = context;
  const { expired, data, limit = Number.POSITIVE_INFINITY } = flags;
  const { onUnreadable, onListed, beforeKept } = listening;
  const work = beginWork(output.isTerminal ? undefined : "listing", flags, context, { beforeKept });
  let count = 0;
  let isDone = false;
  try {
    for await (const session of listSessions(store, { ...work.options, expired, data, onUnreadable })) {
      yield session;
      onListed();
      count += 1;
      if (count < limit) continue;
      output.note(`stopped after ${plural(count, "session")}, by --limit`);
      return;
    }
    isDone = true;
  } finally {
    work.end(isDone);
  }
  output.note(plural(count, "session"));
}

async function* described(sessions: AsyncIterable<ListedSession>, { ids = false }: LsFlags) {
  for await (const { id, ...rest } of sessions) yield ids ? { id, ...rest } : rest;
}

// Printed as they come: a table of them all would be held in memory.
const ROWS_AT_ONCE = 100;

function tableOf(flags: LsFlags, { output, store }: CommandContext): GrowingTable {
  const now = (store.now ?? Date.now)();
  const columns = COLUMNS.filter(({ isShown }) => isShown(flags, (store.previous ?? []).length > 0));
  return new GrowingTable(
    columns.map(({ title }) => title),
    (session) => columns.map(({ cell }) => cell(session, now, flags)),
    output,
  );
}

async function printTable(sessions: AsyncIterable<ListedSession>, table: GrowingTable): Promise<void> {
  try {
    for await (const session of sessions) table.push(session);
  } finally {
    table.flush();
  }
}

interface Column {
  readonly title: string;
  isShown(flags: LsFlags, hasPrevious: boolean): boolean;
  cell(session: ListedSession, now: number, flags: LsFlags): string;
}

const COLUMNS: readonly Column[] = [
  {
    title: "session",
    isShown: () => true,
    // Where ids are hashed there are none.
    cell: ({ id, shortId }, _, { ids = false }) => oneLine((ids && id) || shortId),
  },
  { title: "age", isShown: () => true, cell: ({ created }, now) => span(created && now - created) },
  { title: "idle", isShown: () => true, cell: ({ updated }, now) => span(updated && now - updated) },
  {
    title: "ends in",
    isShown: () => true,
    cell: ({ endsAt, isExpired }, now) => (isExpired ? "is over" : span(endsAt && endsAt - now)),
  },
  {
    title: "owner",
    isShown: () => true,
    cell: ({ owner }) => (owner === undefined ? "" : oneLine(`${owner.slice(0, 8)}…`)),
  },
  {
    title: "place",
    isShown: (_, hasPrevious) => hasPrevious,
    cell: ({ place }) => (place === 0 ? "table" : `previous[${place - 1}]`),
  },
  {
    title: "size",
    isShown: ({ data = false }) => data,
    cell: (session) => bytes(session.bytes ?? 0),
  },
  {
    title: "data",
    isShown: ({ data = false }) => data,
    cell: ({ data }) => oneLine(JSON.stringify(data ?? {})),
  },
];

/** Rows below each other, printed by the hundred with the columns of the first. */
class GrowingTable {
  readonly #output: Output;
  readonly #columns: readonly string[];
  readonly #cellsOf: (session: ListedSession) => readonly string[];
  #rows: string[][] = [];
  #widths: readonly number[] | undefined;

  constructor(
    columns: readonly string[],
    cellsOf: (session: ListedSession) => readonly string[],
    output: Output,
  ) {
    this.#columns = columns;
    this.#cellsOf = cellsOf;
    this.#output = output;
  }

  push(session: ListedSession): void {
    this.#rows.push(this.#cellsOf(session).map((cell, i) => cell.padEnd(this.#widths?.[i] ?? 0)));
    if (this.#rows.length === ROWS_AT_ONCE) this.flush();
  }

  flush(): void {
    if (this.#rows.length === 0) return;
    this.#output.table(this.#widths === undefined ? this.#columns : [], this.#rows);
    this.#widths ??= this.#columns.map((name, i) =>
      Math.max(name.length, ...this.#rows.map((row) => row[i]?.length ?? 0)),
    );
    this.#rows = [];
  }
}

function span(ms: number | undefined): string {
  return ms === undefined ? "?" : duration(Math.max(0, ms) / 1000);
}
