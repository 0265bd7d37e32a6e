// The commands, in the order in which `--help` lists them. A new one is a line here and a file in commands/.
import type { CommandDefinition } from "./command.js";
import { iac } from "./commands/iac.js";
import { ls } from "./commands/ls.js";
import { migrate } from "./commands/migrate.js";
import { rm } from "./commands/rm.js";
import { show } from "./commands/show.js";
import { stats } from "./commands/stats.js";

export const COMMANDS: readonly CommandDefinition<object>[] = [stats, ls, show, rm, migrate, iac];
