// The applications of all doors, each with a store of its own by the same options.
import type { SessionStoreOptions } from "../../../src/core/index.js";
import type { Served } from "../../conformance/driver.js";
import type { Door } from "../protocol.js";
import { startCore } from "./core.js";
import { startExpress } from "./express.js";
import { startHono } from "./hono.js";
import { startKoa } from "./koa.js";

export interface Doors {
  readonly origins: Readonly<Record<Door, string>>;
  close(): Promise<void>;
}

/** `failed` is told what reaches the frameworks' error handling. */
export async function startDoors(
  options: SessionStoreOptions,
  failed: (error: unknown) => void,
): Promise<Doors> {
  const served: Record<Door, Served> = {
    express: await startExpress(options, failed),
    koa: await startKoa(options, failed),
    hono: await startHono(options, failed),
    core: await startCore(options, failed),
  };
  const { express, koa, hono, core } = served;
  return {
    origins: { express: express.origin, koa: koa.origin, hono: hono.origin, core: core.origin },
    async close() {
      await Promise.all(Object.values(served).map((application) => application.close()));
    },
  };
}
