// What a process that comes to its end is asked for.

export const DOORS = ["engine", "express", "koa", "hono"] as const;
export type Door = (typeof DOORS)[number];

interface Place {
  readonly endpoint: string;
  readonly table: string;
}

export type Asked = Place &
  (
    | {
        /** Uses a door: with a client of its own, and with one of the caller's. Prints `done`. */
        readonly do: "use";
        readonly door: Door;
        readonly closes: boolean;
      }
    | {
        /**
         * Serves `GET /`, which saves a session and answers its id. Prints its address as JSON; at SIGTERM `ending`; when
         * its store is closed, `done`.
         */
        readonly do: "serve";
      }
  );
