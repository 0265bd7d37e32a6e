// The conformance suite for fastify.
import { fastifyDriver } from "./apps/fastify.js";
import { conformance } from "./suite.js";

conformance(fastifyDriver);
