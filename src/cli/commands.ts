// The commands, in the order in which `--help` lists them. A new one is a line here and a file in commands/.
import type { CommandDefinition } from "./command.js";
import { iac } from "./commands/iac.js";

export const COMMANDS: readonly CommandDefinition<object>[] = [iac];
