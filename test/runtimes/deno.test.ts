// The conformance suite on Deno, with the permissions that the package and its frameworks need and no more.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./bundle.js";
import { connections } from "./connections.js";
import { onRuntime } from "./runtime.js";
import { upgrades } from "./upgrades.js";

// The user and the home are asked for where the environment has no `HOME`, as here.
const PERMISSIONS = ["--allow-net=127.0.0.1", "--allow-env", "--allow-sys=osRelease,uid,homedir"];

onRuntime("deno", launch, {
  own(cell) {
    connections(cell);
    // It ends its server when an upgrade that has begun is answered by anything else.
    upgrades(cell, { takesCookies: true, canFail: false });
  },
});

async function launch(program: string, folder: string) {
  // What makes Deno look for packages in `node_modules`.
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const offline = ["--no-prompt", "--no-remote", "--no-lock", "--node-modules-dir=manual"];
  return {
    command: program,
    args: ["run", ...offline, ...PERMISSIONS, await bundle("deno", folder)],
    env: { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1" },
  };
}
