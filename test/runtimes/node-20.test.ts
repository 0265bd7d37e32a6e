// The conformance suite on Node 20.
import { launchNode } from "./node.js";
import { onRuntime } from "./runtime.js";

onRuntime("node-20", launchNode);
