// workerd, which serves a bundle as Cloudflare Workers do.
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";

/** How esbuild bundles for it, as Wrangler does: none of Node's modules. */
export const FOR_WORKERS: BuildOptions = {
  platform: "browser",
  conditions: ["worker", "workerd", "browser"],
};

export interface Worker {
  /** The bundle's path. */
  readonly bundle: string;
  /** workerd behaves as it did on this day. */
  readonly compatibilityDate: string;
  /** What the worker finds in its environment. */
  readonly bindings?: Readonly<Record<string, string>>;
}

/** Says how workerd is started with a worker, in a configuration that it writes beside the bundle. */
export async function workerdCommand(program: string, worker: Worker) {
  const config = join(dirname(worker.bundle), "workerd.capnp");
  await writeFile(config, configuration(worker));
  return {
    command: program,
    // It tells on that descriptor at which port it listens.
    args: ["serve", "--control-fd=1", config],
    originBy: (line: string) => `http://127.0.0.1:${JSON.parse(line).port}`,
  };
}

function configuration({ bundle, compatibilityDate, bindings = {} }: Worker): string {
  const name = basename(bundle);
  const texts = Object.entries(bindings).map(
    // JSON's strings are strings here too.
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
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
  modules = [(name = "${name}", esModule = embed "${name}")],
  compatibilityDate = "${compatibilityDate}",
  bindings = [${texts.join(", ")}],
);
`;
}
