// The conformance suite on Node 22.
import { launchNode } from "./node.js";
import { onRuntime } from "./runtime.js";

onRuntime("node-22", launchNode);
