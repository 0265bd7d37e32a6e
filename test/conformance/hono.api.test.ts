// The conformance suite for hono.
import { honoDriver } from "./apps/hono.js";
import { conformance } from "./suite.js";

conformance(honoDriver);
