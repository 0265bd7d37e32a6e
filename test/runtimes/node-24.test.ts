// The conformance suite on Node 24.
import { launchNode } from "./node.js";
import { onRuntime } from "./runtime.js";

onRuntime("node-24", launchNode);
