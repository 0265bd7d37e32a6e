// The conformance suite on Bun.
import { bundle } from "./bundle.js";
import { onRuntime } from "./runtime.js";

onRuntime("bun", async (program, folder) => ({
  command: program,
  args: ["run", await bundle("bun", folder)],
}));
