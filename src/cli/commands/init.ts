// `session-store init`: creates the table of a store, or completes the one that is there, and shows the lines by
// which an application uses it.
import { type Command, Option } from "commander";
import {
  type CreatedTable,
  createTable,
  type SessionStoreOptions,
  type Switched,
  tableDefinition,
} from "../../admin/index.js";
import { type CommandDefinition, EXIT } from "../command.js";
import { wholeNumber } from "../options.js";
import { visible } from "../output.js";

interface InitFlags {
  readonly for: Framework;
  readonly deletionProtection?: boolean;
  readonly pointInTimeRecovery?: boolean;
  readonly wait?: number;
}

type Framework = "express" | "koa" | "hono";

export const init: CommandDefinition<InitFlags> = {
  name: "init",
  summary: "create the table, or switch on what it lacks; shows how an application uses it",
  examples: [
    "session-store init --table sessions --hash-ids",
    "session-store init --table sessions --region eu-west-1 --deletion-protection --for hono",
    "session-store init --table sessions --endpoint http://127.0.0.1:8000",
  ],
  configure(command: Command) {
    command
      .addOption(
        new Option("--for <framework>", "whose lines to show").choices(Object.keys(LINES)).default("express"),
      )
      .option("--deletion-protection", "the table cannot be deleted until this is taken back")
      .option(
        "--point-in-time-recovery",
        "it can be restored to any second of the last 35 days, which is billed",
      )
      .option("--wait <seconds>", "how long to wait for the table (default: 300)", wholeNumber);
  },
  async run({ store, output, signal }, flags) {
    const { deletionProtection, pointInTimeRecovery, wait } = flags;
    const timeout = wait === undefined ? undefined : wait * 1000;
    const created = await createTable(store, { deletionProtection, pointInTimeRecovery, timeout, signal });
    const lines = LINES[flags.for](literalOf(store));
    output.print(`${saidOf(created, store).join("\n")}\n\n${visible(lines)}`);
    for (const note of notesOn(created, store)) output.note(note);
    output.printJson({ ...created, lines });
    return EXIT.done;
  },
};

function saidOf(created: CreatedTable, store: SessionStoreOptions): string[] {
  const { hashKey, sortKey, ttlAttribute } = tableDefinition(store);
  const keys = sortKey === null ? `hash key "${hashKey}"` : `hash key "${hashKey}" and sort key "${sortKey}"`;
  const was = created.table === "created" ? "was created, billed on demand" : "was there";
  return [
    `the table "${created.tableName}" ${was}, with ${keys}`,
    ...switched(`time to live, by "${ttlAttribute}",`, created.timeToLive),
    ...switched("deletion protection", created.deletionProtection),
    ...switched("recovery to a point in time", created.pointInTimeRecovery),
  ];
}

function switched(what: string, how: Switched): string[] {
  switch (how) {
    case "switchedOn":
      return [`${what} was switched on`];
    case "wasOn":
      return [`${what} was on`];
    case "unknown":
      return [`${what} is not known to this API, and is left out`];
    case "notAsked":
      return [];
  }
}

function notesOn({ table }: CreatedTable, store: SessionStoreOptions): string[] {
  const others = Object.entries(store).filter(
    ([name, value]) => value !== undefined && !SHOWN.includes(name),
  );
  const names = others.map(([name]) => name).join(", ");
  const isToBeHashed = table === "created" && !store.hashIds;
  return [
    ...(names === ""
      ? []
      : [`the application's store needs the other options of --config as well: ${names}`]),
    ...(isToBeHashed
      ? ["a new table is best begun with hashed ids: --hash-ids here, and hashIds: true there"]
      : []),
    "`session-store doctor` with the same flags checks the table",
  ];
}

const SHOWN: readonly string[] = ["table", "hashIds", "client", "clientConfig", "dynamoConfig"];

/** The store's options as code, as far as they are texts: the rest of a client may be its credentials. */
function literalOf(store: SessionStoreOptions): string {
  const { hashKey, sortKey, hashPrefix, name } = store.table;
  const { region, endpoint } = { ...(store.clientConfig ?? store.dynamoConfig) };
  const client = { region: textOf(region), endpoint: textOf(endpoint) };
  const hasClient = Object.values(client).some((value) => value !== undefined);
  const fields = [
    `table: ${literal({ name, hashKey, sortKey, hashPrefix })}`,
    ...(store.hashIds ? ["hashIds: true"] : []),
    ...(hasClient ? [`clientConfig: ${literal(client)}`] : []),
  ];
  return `{ ${fields.join(", ")} }`;
}

function literal(fields: Readonly<Record<string, string | null | undefined>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{ ${given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")} }`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const LINES: Readonly<Record<Framework, (options: string) => string>> = {
  express: (options) => `// npm install @cyclic.sh/session-store express-session
import session from "express-session";
import { CyclicSessionStore } from "@cyclic.sh/session-store";

app.use(
  session({
    store: new CyclicSessionStore(${options}),
    secret: process.env.SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
  }),
);`,
  koa: (options) => `// npm install @cyclic.sh/session-store koa-session
import session from "koa-session";
import { CyclicSessionStore } from "@cyclic.sh/session-store/koa";

app.keys = [process.env.SESSION_SECRET];
app.use(session({ store: new CyclicSessionStore(${options}) }, app));`,
  hono: (options) => `// npm install @cyclic.sh/session-store
import { session } from "@cyclic.sh/session-store/hono";

const store = ${options};
app.use(session({ ...store, secret: process.env.SESSION_SECRET ?? "" }));`,
};
