// The conformance suite for express.
import { expressDriver } from "./apps/express.js";
import { conformance } from "./suite.js";

conformance(expressDriver);
