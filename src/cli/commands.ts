// The commands, in the order in which `--help` lists them. A new one is a line here and a file in commands/.
import type { CommandDefinition } from "./command.js";
import { migrate } from "./commands/migrate.js";

export const COMMANDS: readonly CommandDefinition<object>[] = [migrate];
