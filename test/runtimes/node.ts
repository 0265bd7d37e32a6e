// Starts the applications of every door on Node.
import { bundle } from "./bundle.js";
import type { LaunchProgram } from "./runtime.js";

export const launchNode: LaunchProgram = async (program, folder) => ({
  command: program,
  args: [await bundle("node", folder)],
});
