// The conformance suite on Bun.
import { bundle } from "./bundle.js";
import { onRuntime } from "./runtime.js";
import { upgrades } from "./upgrades.js";

onRuntime(
  "bun",
  async (program, folder) => ({ command: program, args: ["run", await bundle("bun", folder)] }),
  // Its answer to an upgrade leaves while the handler runs.
  { own: (cell) => upgrades(cell, { takesCookies: false, canFail: false }) },
);
