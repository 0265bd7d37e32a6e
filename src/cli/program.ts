// The commands and flags as commander knows them: what is typed goes in, and a command with what it is given
// comes out.
import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { CommandDefinition } from "./command.js";
import { addGlobalFlags, type GlobalFlags } from "./options.js";

/** A command as it was typed. */
export interface Invocation {
  readonly command: CommandDefinition<object>;
  readonly globalFlags: GlobalFlags;
  /** The command's own. */
  readonly flags: object;
  readonly args: readonly string[];
}

/**
 * The program; `parseAsync` of it calls `run`, or prints what was asked for.
 *
 * @param isSilent whether it leaves it to its caller to say what cannot be meant.
 * @throws {CommanderError} from `parseAsync`: of exit code 0 where help or the version was asked for, else for
 * what cannot be meant, which has been said, unless it is silent.
 */
export function makeProgram(
  commands: readonly CommandDefinition<object>[],
  run: (invocation: Invocation) => Promise<void>,
  { isSilent = false }: { readonly isSilent?: boolean } = {},
): Command {
  const program = new Command("session-store")
    .description("Sessions in DynamoDB: their table, the sessions in it, and moving in from another store.")
    .version(ownVersion())
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows what there is)")
    // Before the commands are made, which take it over from here.
    .exitOverride();
  if (isSilent) program.configureOutput({ writeErr() {} });
  addGlobalFlags(program);
  for (const definition of commands) {
    const command = program.command(definition.name).description(definition.summary);
    definition.configure(command);
    command.addHelpText("after", `\nExamples:\n${definition.examples.map((line) => `  ${line}\n`).join("")}`);
    command.action(() =>
      run({
        command: definition,
        globalFlags: program.opts<GlobalFlags>(),
        flags: command.opts<object>(),
        args: command.args,
      }),
    );
  }
  return program;
}

function ownVersion(): string {
  // As far from here in the sources as in the built file.
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(manifest);
  return version;
}
