// The conformance suite for koa.
import { koaDriver } from "./apps/koa.js";
import { conformance } from "./suite.js";

conformance(koaDriver);
