// The applications of every door on Node, of the versions that the package is for.
import { engineDriver } from "../../conformance/apps/engine.js";
import { expressDriver } from "../../conformance/apps/express.js";
import { fastifyDriver } from "../../conformance/apps/fastify.js";
import { honoDriver } from "../../conformance/apps/hono.js";
import { koaDriver } from "../../conformance/apps/koa.js";
import { control } from "./control.js";
import { listen } from "./listen.js";

const drivers = [engineDriver, expressDriver, fastifyDriver, koaDriver, honoDriver];

await listen(control(Object.fromEntries(drivers.map(({ name, start }) => [name, start]))));
