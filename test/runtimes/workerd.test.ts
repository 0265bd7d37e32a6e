// The conformance suite on workerd.
import { onRuntime } from "./runtime.js";
import { launchWorkerd } from "./workerd.js";

onRuntime("workerd", launchWorkerd("2026-11-17"), {
  cannot: { shareTouches: "workerd binds I/O to a request, so that none can wait for another's touch" },
});
