// Starts the applications on workerd, as on Cloudflare Workers: one bundle, and none of Node's modules.
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { bundle } from "./bundle.js";
import type { LaunchProgram } from "./runtime.js";

/** workerd behaves as it did on this day. */
export function launchWorkerd(compatibilityDate: string): LaunchProgram {
  return async (program, folder) => {
    const worker = await bundle("workerd", folder, {
      platform: "browser",
      conditions: ["worker", "workerd", "browser"],
    });
    const config = join(folder, "workerd.capnp");
    await writeFile(config, configuration(basename(worker), compatibilityDate));
    return {
      command: program,
      // It tells on that descriptor at which port it listens.
      args: ["serve", "--control-fd=1", config],
      readyAt: (line) => ({ control: `http://127.0.0.1:${JSON.parse(line).port}` }),
    };
  };
}

function configuration(worker: string, compatibilityDate: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "applications", worker = .applications),
    # Tests talk to nobody but this machine.
    (name = "internet", network = (allow = ["127.0.0.1/32"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "applications")],
);
const applications :Workerd.Worker = (
  modules = [(name = "${worker}", esModule = embed "${worker}")],
  compatibilityDate = "${compatibilityDate}",
);
`;
}
