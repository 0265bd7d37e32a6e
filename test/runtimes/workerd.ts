// Starts the applications on workerd, as on Cloudflare Workers.
import { FOR_WORKERS, workerdCommand } from "../support/workerd.js";
import { bundle } from "./bundle.js";
import type { LaunchProgram } from "./runtime.js";

/** workerd behaves as it did on this day. */
export function launchWorkerd(compatibilityDate: string): LaunchProgram {
  return async (program, folder) => {
    const worker = { bundle: await bundle("workerd", folder, FOR_WORKERS), compatibilityDate };
    const { originBy, ...command } = await workerdCommand(program, worker);
    return { ...command, readyAt: (line) => ({ control: originBy(line) }) };
  };
}
