// The packed package in both module formats: every entry loads, gives what it says and nothing more, and needs nothing
// that its user did not install.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { ENTRIES } from "../../scripts/entries.mjs";
import {
  type Consumer,
  DEPENDENCIES,
  EXPRESS,
  HONO,
  type ModuleFormat,
  makeConsumer,
  PACKAGE,
} from "./consumer.js";

const ADMIN = (
  "DAYS_A_MONTH PERMISSIONS PRICES SOURCES STORED_BYTES_PER_ROW SessionStoreError checkTable countSessions createTable " +
  "createTableInput destroyAll destroyAllOf destroySession findSession hashOfOwner isTransient listSessions migrate sessionEnded " +
  "sessionsOf surveySessions tableDefinition tablePermissions"
).split(" ");

/** Everything that an entry exports, sorted. A new name here is a new promise to its users. */
const EXPORTS = {
  [PACKAGE]: ["CyclicSessionStore"],
  [`${PACKAGE}/express`]: ["CyclicSessionStore"],
  [`${PACKAGE}/koa`]: ["CyclicSessionStore"],
  [`${PACKAGE}/hono`]: ["session"],
  [`${PACKAGE}/core`]: ["DEFAULTS", "SessionStoreError", "createSessionEngine"],
  [`${PACKAGE}/codecs`]: ["compress", "seal"],
  [`${PACKAGE}/express-cookie`]: ["expressCookie"],
  [`${PACKAGE}/koa-cookie`]: ["koaCookie"],
  [`${PACKAGE}/admin`]: ADMIN,
};

/** Entries that no other loads, and the folders that they are built into. */
const APART = ["codecs", "express-cookie", "koa-cookie", "admin"];
const APART_FOLDERS = ["codecs", "cookies", "admin"];

/** Makes a store and an engine as an application does, without sending anything. */
const CONSTRUCT = `
  const options = {
    table: { name: "sessions" },
    clientConfig: { region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } },
  };
  new CyclicSessionStore(options);
  createSessionEngine(options);
`;

const FORMATS: ModuleFormat[] = ["module", "commonjs"];

/** Code that brings names of an entry into scope, in either format. */
function load(format: ModuleFormat, names: string, entry: string): string {
  return format === "module"
    ? `import { ${names} } from "${entry}";`
    : `const { ${names} } = require("${entry}");`;
}

function print(expression: string): string {
  return `console.log(JSON.stringify(${expression}));`;
}

/** Whether a project finds a package: the control for tests that rest on its absence. */
function finds(consumer: Consumer, name: string): Promise<unknown> {
  return consumer.run(
    "commonjs",
    `try { require.resolve("${name}"); ${print("true")} } catch { ${print("false")} }`,
  );
}

let everyFramework: Consumer;
let expressApp: Consumer;
let honoApp: Consumer;
let withoutExpress: Consumer;
/** One whose entries that others must not load are not there. */
let withoutApart: Consumer;

beforeAll(async () => {
  const tarball = inject("tarball");
  [everyFramework, expressApp, honoApp, withoutExpress, withoutApart] = await Promise.all([
    makeConsumer(tarball, [...DEPENDENCIES, ...EXPRESS, ...HONO]),
    makeConsumer(tarball, [...DEPENDENCIES, ...EXPRESS]),
    makeConsumer(tarball, [...DEPENDENCIES, ...HONO]),
    makeConsumer(tarball, DEPENDENCIES),
    makeConsumer(tarball, [...DEPENDENCIES, ...EXPRESS, ...HONO]),
  ]);
  const built = join(withoutApart.folder, "node_modules", PACKAGE, "dist");
  for (const entry of APART_FOLDERS) await rm(join(built, entry), { recursive: true });
});
afterAll(() =>
  Promise.all(
    [everyFramework, expressApp, honoApp, withoutExpress, withoutApart].map((consumer) => consumer.remove()),
  ),
);

it("every entry of the package is looked at here", () => {
  expect(Object.keys(EXPORTS).sort()).toEqual(ENTRIES.map(({ specifier }) => specifier).sort());
});

describe.each(FORMATS)("as %s", (format) => {
  const loaded = (entry: string) =>
    format === "module" ? `await import("${entry}")` : `require("${entry}")`;

  it.concurrent.each(Object.entries(EXPORTS))("%s exports exactly %j", async (entry, names) => {
    expect(await everyFramework.run(format, print(`Object.keys(${loaded(entry)}).sort()`))).toEqual(names);
  });

  it.concurrent("the core loads where express-session is not installed", async () => {
    const entry = `${PACKAGE}/core`;
    expect(await finds(withoutExpress, "express-session")).toBe(false);
    expect(await withoutExpress.run(format, print(`Object.keys(${loaded(entry)}).sort()`))).toEqual(
      EXPORTS[entry],
    );
  });

  it.concurrent("the Express store loads where no other framework is installed", async () => {
    expect(await finds(expressApp, "koa-session")).toBe(false);
    expect(await finds(expressApp, "hono")).toBe(false);
    const code = `${load(format, "CyclicSessionStore", PACKAGE)} ${print("typeof CyclicSessionStore")}`;
    expect(await expressApp.run(format, code)).toBe("function");
  });

  it.concurrent("the Koa store loads where no framework at all is installed: it asks koa-session for nothing", async () => {
    expect(await finds(withoutExpress, "koa-session")).toBe(false);
    const code = `${load(format, "CyclicSessionStore", `${PACKAGE}/koa`)} ${print("typeof CyclicSessionStore")}`;
    expect(await withoutExpress.run(format, code)).toBe("function");
  });

  it.concurrent("the Hono middleware loads where no other framework is installed", async () => {
    expect(await finds(honoApp, "express-session")).toBe(false);
    const code = `${load(format, "session", `${PACKAGE}/hono`)} ${print("typeof session")}`;
    expect(await honoApp.run(format, code)).toBe("function");
  });

  it.concurrent("a store and an engine are made with what npm installs alone", async () => {
    const code = `
      ${load(format, "CyclicSessionStore", PACKAGE)}
      ${load(format, "createSessionEngine", `${PACKAGE}/core`)}
      ${CONSTRUCT}
      ${print("'made'")}
    `;
    expect(await expressApp.run(format, code)).toBe("made");
  });

  it.concurrent("both names of the Express store are one class", async () => {
    const code = `
      ${load(format, "CyclicSessionStore", PACKAGE)}
      ${load(format, format === "module" ? "CyclicSessionStore as other" : "CyclicSessionStore: other", `${PACKAGE}/express`)}
      ${print("CyclicSessionStore === other")}
    `;
    expect(await expressApp.run(format, code)).toBe(true);
  });

  it.concurrent("an error of the Express store is an instance of the core's class", async () => {
    const code = `
      ${load(format, "CyclicSessionStore", `${PACKAGE}/express`)}
      ${load(format, "SessionStoreError", `${PACKAGE}/core`)}
      try {
        new CyclicSessionStore();
        ${print("'nothing was thrown'")}
      } catch (error) {
        ${print("{ ours: error instanceof SessionStoreError, code: error.code }")}
      }
    `;
    expect(await expressApp.run(format, code)).toEqual({ ours: true, code: "ERR_SESSION_OPTIONS" });
  });

  it.concurrent("no other entry loads the codecs or administration", async () => {
    const apart = APART.map((entry) => `${PACKAGE}/${entry}`);
    for (const entry of apart) {
      expect(await finds(everyFramework, entry)).toBe(true);
      expect(await finds(withoutApart, entry)).toBe(false);
    }
    for (const entry of Object.keys(EXPORTS).filter((name) => !apart.includes(name))) {
      const code = `${format === "module" ? `await import("${entry}");` : `require("${entry}");`} ${print("'loaded'")}`;
      expect(await withoutApart.run(format, code), entry).toBe("loaded");
    }
  });

  it.concurrent("administration loads where no framework is installed, and its errors are the core's", async () => {
    const code = `
      ${load(format, "countSessions, SessionStoreError", `${PACKAGE}/admin`)}
      ${load(format, format === "module" ? "SessionStoreError as cores" : "SessionStoreError: cores", `${PACKAGE}/core`)}
      countSessions({ table: { name: "" } }).catch((error) => {
        ${print("{ ours: SessionStoreError === cores && error instanceof cores, code: error.code }")}
      });
    `;
    expect(await withoutExpress.run(format, code)).toEqual({ ours: true, code: "ERR_SESSION_OPTIONS" });
  });

  it.concurrent("the codecs load where no framework is installed, and their errors are the core's", async () => {
    const code = `
      ${load(format, "seal, compress", `${PACKAGE}/codecs`)}
      ${load(format, "SessionStoreError, createSessionEngine", `${PACKAGE}/core`)}
      const codec = [compress(), seal({ keys: [new Uint8Array(32)] })];
      createSessionEngine({ table: { name: "sessions" }, clientConfig: { region: "us-east-1" }, codec });
      try {
        seal({ keys: [] });
        ${print("'nothing was thrown'")}
      } catch (error) {
        ${print("{ ours: error instanceof SessionStoreError, code: error.code }")}
      }
    `;
    expect(await withoutExpress.run(format, code)).toEqual({ ours: true, code: "ERR_SESSION_OPTIONS" });
  });
});
