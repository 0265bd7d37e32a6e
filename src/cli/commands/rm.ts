// `rm`: ends sessions: one, an owner's, or all.
import {
  destroyAll,
  destroyAllOf,
  destroySession,
  findSession,
  isTransient,
  SessionStoreError,
} from "../../admin/index.js";
import { type CommandContext, type CommandDefinition, EXIT, type ExitCode } from "../command.js";
import { orStopped, reportOf, UsageError } from "../failures.js";
import { plural } from "../format.js";
import { visible } from "../output.js";
import { addWorkFlags, beginWork, type WorkFlags } from "../work-flags.js";

interface RmFlags extends WorkFlags {
  readonly owner?: string;
  readonly all?: boolean;
}

export const rm: CommandDefinition<RmFlags> = {
  name: "rm",
  summary: "destroy sessions: one, all of an owner, or all",
  examples: [
    "session-store rm Xb4kq8Zr0v3nYw1mT6sLcPuEoJdHgAfI --table sessions",
    "session-store rm --owner ann --table sessions --yes",
    "session-store rm --all --table sessions --max-units 500 --resume place.txt",
  ],
  configure(command) {
    command
      .argument(
        "[id]",
        "the session's whole id, as it stands in its cookie; behind -- where it begins with -",
      )
      .option("--owner <name>", "destroy all sessions of this owner, by the name that the option owner gives")
      .option("--all", "destroy all sessions of the table, live and expired: everybody is logged out");
    addWorkFlags(command);
  },
  async run(context, flags, id) {
    const { owner, all = false, segments, maxUnits, resume } = flags;
    if ([id !== undefined, owner !== undefined, all].filter(Boolean).length !== 1)
      throw new UsageError("which sessions? Give exactly one of <id>, --owner <name> and --all");
    const isPaced = [segments, maxUnits, resume].some((flag) => flag !== undefined);
    if (isPaced && !all) throw new UsageError("--segments, --max-units and --resume go with --all alone");
    if (all) return destroyEvery(context, flags);
    return id === undefined ? destroyOwners(context, owner ?? "") : destroyOne(context, id);
  },
};

async function destroyOne({ store, output, signal, confirm }: CommandContext, id: string): Promise<ExitCode> {
  if (!(await orStopped(signal, exists(store, id)))) {
    output.note("there is no session of this id");
    output.printJson({ destroyed: 0 });
    return EXIT.failed;
  }
  if (!(await confirm("Destroy this session? Whoever has it is logged out."))) return EXIT.failed;
  await orStopped(signal, destroySession(store, id));
  return tell(output, 1);
}

async function exists(store: CommandContext["store"], id: string): Promise<boolean> {
  try {
    return (await findSession(store, id)) !== undefined;
  } catch (error) {
    // One that cannot be read is there, and can be destroyed.
    if (error instanceof SessionStoreError && error.code === "ERR_SESSION_CORRUPT") return true;
    throw error;
  }
}

async function destroyOwners(
  { store, output, signal, confirm }: CommandContext,
  owner: string,
): Promise<ExitCode> {
  if (!(await confirm(`Destroy all sessions of ${visible(JSON.stringify(owner))}?`))) return EXIT.failed;
  return tell(output, await orStopped(signal, destroyAllOf(store, owner)));
}

async function destroyEvery(context: CommandContext, flags: WorkFlags): Promise<ExitCode> {
  const { store, output, confirm } = context;
  const places = store.previous?.length ? " and its previous places" : "";
  const question = `Destroy all sessions of the table "${visible(store.table.name)}"${places}? Everybody is logged out.`;
  if (!(await confirm(question))) return EXIT.failed;
  const work = beginWork("destroying", flags, context);
  let done = 0;
  let isDone = false;
  try {
    const { destroyed, unreadable } = await destroyAll(store, {
      ...work.options,
      onProgress(progress) {
        done = progress.done;
        work.options.onProgress(progress);
      },
    });
    isDone = true;
    for (const error of unreadable) output.warn(visible(error.message));
    output.printJson({ destroyed, unreadable: unreadable.length, isComplete: true });
    output.print(`${plural(destroyed, "session")} destroyed`);
    return unreadable.length === 0 ? EXIT.done : EXIT.failed;
  } catch (error) {
    const soFar = `at least ${plural(done, "session")} destroyed`;
    if (!context.signal.aborted && (done === 0 || !isTransient(error))) {
      if (done > 0) output.note(soFar);
      throw error;
    }
    if (!context.signal.aborted) output.fail(reportOf(error));
    output.printJson({ destroyed: done, isComplete: false });
    output.print(`${soFar}; the same command goes on with the rest`);
    return EXIT.partial;
  } finally {
    work.end(isDone);
  }
}

function tell(output: CommandContext["output"], destroyed: number): ExitCode {
  output.printJson({ destroyed });
  output.print(`${plural(destroyed, "session")} destroyed`);
  return EXIT.done;
}
