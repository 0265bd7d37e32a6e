// The conformance suite on Bun.
import { bundle } from "./bundle.js";
import { connections } from "./connections.js";
import { onRuntime } from "./runtime.js";
import { upgrades } from "./upgrades.js";

onRuntime(
  "bun",
  async (program, folder) => ({ command: program, args: ["run", await bundle("bun", folder)] }),
  {
    own(cell) {
      connections(cell);
      // Its answer to an upgrade leaves while the handler runs.
      upgrades(cell, { takesCookies: false, canFail: false });
    },
  },
);
