// The conformance suite for engine.
import { engineDriver } from "./apps/engine.js";
import { conformance } from "./suite.js";

conformance(engineDriver);
