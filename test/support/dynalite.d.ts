// Types of dynalite, which ships none: the part that the tests use.
declare module "dynalite" {
  import type { Server } from "node:http";

  export interface DynaliteOptions {
    /** Milliseconds that a table stays in CREATING, DELETING or UPDATING (500 each by default). */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
