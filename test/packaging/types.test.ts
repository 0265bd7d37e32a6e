// The packed package's types, as TypeScript users with different settings see them: found, strict, and not `any`.
import { describe, expect, inject, it } from "vitest";
import { ENTRIES } from "../../scripts/entries.mjs";
import { DEPENDENCIES, EXPRESS, HONO, KOA, makeConsumer, PACKAGE } from "./consumer.js";

const COMPILER_OPTIONS = {
  strict: true,
  noEmit: true,
  target: "ES2022",
  lib: ["ES2023", "DOM"],
  types: ["node"],
  esModuleInterop: true,
};

const CORE_CONSUMER = `
  import { createSessionEngine, DEFAULTS, SessionStoreError } from "${PACKAGE}/core";
  createSessionEngine({ table: { name: "sessions" } });
  // @ts-expect-error the table's name is required
  createSessionEngine({});
  // @ts-expect-error there is no such option
  createSessionEngine({ table: { name: "sessions" }, tabel: "sessions" });
  export const base: typeof Error.prototype = SessionStoreError.prototype;
  // @ts-expect-error there is no such default
  DEFAULTS.nonsense;
`;

const EXPRESS_CONSUMER = `
  import session from "express-session";
  import { CyclicSessionStore } from "${PACKAGE}";
  import { CyclicSessionStore as FromExpress } from "${PACKAGE}/express";
  session({ secret: "secret", store: new CyclicSessionStore({ table: { name: "sessions" } }) });
  session({ secret: "secret", store: new FromExpress({ table: { name: "sessions" } }) });
  // @ts-expect-error the table's name is required
  new CyclicSessionStore({});
`;

const KOA_CONSUMER = `
  import session from "koa-session";
  import { CyclicSessionStore } from "${PACKAGE}/koa";
  declare const app: { use(middleware: ReturnType<typeof session>): unknown };
  app.use(session({ store: new CyclicSessionStore({ table: { name: "sessions" } }) }, app));
  new CyclicSessionStore({ table: { name: "sessions" }, renew: (ctx) => ctx.path !== "/poll" });
  // @ts-expect-error the table's name is required
  new CyclicSessionStore({});
`;

// Koa's own types do not pass a full check in every tree: seen with @types/koa 3.0.3 beside content-disposition 2.
const KOA_CONTEXT_CONSUMER = `
  import Koa, { type Context } from "koa";
  import session from "koa-session";
  import { CyclicSessionStore } from "${PACKAGE}/koa";
  const app = new Koa();
  const renew = (ctx: Context) => ctx.secure;
  app.use(session({ store: new CyclicSessionStore({ table: { name: "sessions" }, renew }) }, app));
`;

const HONO_CONSUMER = `
  import { Hono } from "hono";
  import { expressCookie } from "${PACKAGE}/express-cookie";
  import { type Session, type SessionEnv, session } from "${PACKAGE}/hono";
  import { koaCookie } from "${PACKAGE}/koa-cookie";
  type AppEnv = SessionEnv<{ user?: string }> & { Bindings: { TABLE: string; SECRET: string } };
  new Hono<AppEnv>().use(session<AppEnv>((c) => ({ table: { name: c.env.TABLE }, secret: c.env.SECRET })));
  // @ts-expect-error there is no such binding
  session<AppEnv>((c) => ({ table: { name: c.env.TABEL }, secret: c.env.SECRET }));
  // @ts-expect-error the secret is required
  session({ table: { name: "sessions" } });
  session({ table: { name: "sessions" }, cookie: expressCookie({ secret: ["one", "older"], name: "sid" }) });
  session({ table: { name: "sessions" }, cookie: koaCookie({ keys: ["one"], maxAge: "session" }) });
  session<AppEnv>((c) => ({ table: { name: c.env.TABLE }, cookie: koaCookie({ keys: [c.env.SECRET] }) }));
  // @ts-expect-error the secret is the cookie's
  session({ table: { name: "sessions" }, secret: "a", cookie: expressCookie({ secret: "a" }) });
  // @ts-expect-error the secret is required
  expressCookie({});
  // @ts-expect-error there is no such option
  koaCookie({ keys: ["one"], signed: true });
  export const nameOf = (s: Session<{ user?: string }>): Promise<string | undefined> => s.get("user");
`;

const CODECS_CONSUMER = `
  import { compress, seal, type CompressOptions, type SealOptions } from "${PACKAGE}/codecs";
  import { createSessionEngine, type SessionCodec } from "${PACKAGE}/core";
  const compressing: CompressOptions = { maxBytes: 100_000 };
  const sealing: SealOptions = { keys: ["a key", new Uint8Array(32)], acceptPlain: true };
  const own: SessionCodec = { name: "own", tag: 32, encode: (bytes) => bytes, decode: (bytes) => bytes };
  createSessionEngine({ table: { name: "sessions" }, codec: seal(sealing) });
  createSessionEngine({ table: { name: "sessions" }, codec: [compress(compressing), own, seal(sealing)] });
  // @ts-expect-error keys are required
  seal({});
  // @ts-expect-error a key is bytes or text
  seal({ keys: [5] });
  // @ts-expect-error there is no such option
  compress({ level: 9 });
`;

const ADMIN_CONSUMER = `
  import { checkTable, countSessions, createTable, destroyAll, listSessions, migrate, sessionEnded } from "${PACKAGE}/admin";
  import type { ListedSession, MigrationReport, Progress, WorkOptions } from "${PACKAGE}/admin";
  import { createSessionEngine } from "${PACKAGE}/core";
  const store = { table: { name: "sessions" }, hashIds: true };
  createSessionEngine(store);
  const work: WorkOptions = { segments: 2, onProgress: ({ cursor, units }: Progress) => void [cursor, units] };
  export async function operate(signal: AbortSignal): Promise<[ListedSession[], MigrationReport]> {
    await createTable(store, { deletionProtection: true });
    const { findings } = await checkTable(store);
    for (const { level, message } of findings) void [level, message];
    const { live } = await countSessions(store, { ...work, signal });
    const found: ListedSession[] = [];
    for await (const session of listSessions(store, { data: true })) found.push(session);
    const { destroyed } = await destroyAll(store, work);
    void [live + destroyed];
    return [found, await migrate(store, { from: "connect-dynamodb", dryRun: true })];
  }
  export const endOf = (record: { eventName: string }) => sessionEnded(record, store)?.reason;
  // @ts-expect-error there is no such package to come from
  migrate(store, { from: "memory" });
  // @ts-expect-error a table is needed
  countSessions({});
`;

/** What imports the entries; each of them is imported by one of these. */
const CONSUMERS = {
  core: CORE_CONSUMER,
  admin: ADMIN_CONSUMER,
  codecs: CODECS_CONSUMER,
  express: EXPRESS_CONSUMER,
  koa: KOA_CONSUMER,
  hono: HONO_CONSUMER,
};

interface Mode {
  module: string;
  moduleResolution: string;
  /** TypeScript takes the files of an ESM project for .mts, and those of a CommonJS project for .cts. */
  files: string[];
  skipLibCheck: boolean;
}

/**
 * The package's own declarations are checked in one mode, and in the other two only what becomes of them in a program:
 * a full check takes three times as long, most of it spent on the SDK's declarations.
 */
const MODES: Mode[] = [
  { module: "NodeNext", moduleResolution: "NodeNext", files: ["mts", "cts"], skipLibCheck: false },
  { module: "Node16", moduleResolution: "Node16", files: ["mts", "cts"], skipLibCheck: true },
  { module: "ESNext", moduleResolution: "Bundler", files: ["ts"], skipLibCheck: true },
];

async function typecheck(
  installed: readonly string[],
  consumers: Record<string, string>,
  { files, ...options }: Mode,
): Promise<string> {
  const consumer = await makeConsumer(inject("tarball"), installed);
  const sources = Object.entries(consumers).flatMap(([name, source]) =>
    files.map((extension) => [`${name}.${extension}`, source]),
  );
  try {
    return await consumer.typecheck({ ...COMPILER_OPTIONS, ...options }, Object.fromEntries(sources));
  } finally {
    await consumer.remove();
  }
}

it("every entry of the package has a user here", () => {
  const imported = Object.values(CONSUMERS).flatMap(
    (source) => source.match(/(?<=from ")@cyclic[^"]+/g) ?? [],
  );
  expect(ENTRIES.map(({ specifier }) => specifier).filter((entry) => !imported.includes(entry))).toEqual([]);
});

describe("types", { timeout: 180_000 }, () => {
  for (const mode of MODES) {
    it.concurrent(`are found by ${mode.moduleResolution} resolution, in .${mode.files.join(" and .")} files`, async () => {
      const consumers = {
        ...CONSUMERS,
        ...(mode.skipLibCheck && { koaContext: KOA_CONTEXT_CONSUMER }),
      };
      const installed = new Set([...DEPENDENCIES, ...EXPRESS, ...KOA, ...HONO]);
      expect(await typecheck([...installed], consumers, mode)).toBe("");
    });
  }

  it.concurrent("of the core need no framework's types", async () => {
    const mode = {
      module: "NodeNext",
      moduleResolution: "NodeNext",
      files: ["mts", "cts"],
      skipLibCheck: true,
    };
    expect(await typecheck([...DEPENDENCIES, "@types/node"], { core: CORE_CONSUMER }, mode)).toBe("");
  });
});
