// The commands, in the order in which `--help` lists them. A new one is a line here and a file in commands/.
import type { CommandDefinition } from "./command.js";
import { doctor } from "./commands/doctor.js";
import { iac } from "./commands/iac.js";
import { init } from "./commands/init.js";
import { ls } from "./commands/ls.js";
import { migrate } from "./commands/migrate.js";
import { rm } from "./commands/rm.js";
import { show } from "./commands/show.js";
import { stats } from "./commands/stats.js";

export const COMMANDS: readonly CommandDefinition<object>[] = [
  init,
  doctor,
  stats,
  ls,
  show,
  rm,
  migrate,
  iac,
];
