// Applications as their users write, build and start them: over the packed package, each in its own module format, by its
// own compiler or bundler. All of them keep their visitors' sessions, across requests and across a restart.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { dynamoDbAt } from "../examples/project.js";
import { buildLambdaContainer } from "../support/lambda-program.js";
import { type Program, startProgram } from "../support/program.js";
import { countRows, createTable, testClient } from "../support/tables.js";
import { BUNDLERS, type Bundler } from "./bundlers.js";
import { type Consumer, DEPENDENCIES, EXPRESS, HONO, makeConsumer, PACKAGE } from "./consumer.js";

const EXPRESS_APP = `
  const app = express();
  app.use(
    session({
      store: new CyclicSessionStore({ table: { name: String(process.env.TABLE) }, hashIds: true }),
      secret: "of the tests",
      resave: false,
      saveUninitialized: false,
    }),
  );
  app.get("/", (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.json(req.session.visits);
  });
  const server = app.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object") console.log("http://127.0.0.1:" + address?.port);
  });
`;

const COMMONJS = `
  const express = require("express");
  const session = require("express-session");
  const { CyclicSessionStore } = require("${PACKAGE}");
  ${EXPRESS_APP}
`;

const ESM = `
  import express from "express";
  import session from "express-session";
  import { CyclicSessionStore } from "${PACKAGE}";
  ${EXPRESS_APP}
`;

const TYPESCRIPT = `
  declare module "express-session" {
    interface SessionData {
      visits: number;
    }
  }
  ${ESM}
`;

const LAMBDA = `
  import { Hono } from "hono";
  import { handle } from "hono/aws-lambda";
  import { session } from "${PACKAGE}/hono";
  const app = new Hono();
  app.use(session({ table: { name: process.env.TABLE }, hashIds: true, secret: "a secret of the tests, of 32 or more" }));
  app.get("/", async (c) => {
    await c.var.session.update(({ visits = 0 }) => ({ visits: visits + 1 }));
    return c.json(await c.var.session.get("visits"));
  });
  export const handler = handle(app);
`;

interface Application {
  readonly title: string;
  /** Makes what Node runs, and gives the folder that it is to stand in, and what it is told. */
  build(): Promise<{ readonly cwd: string; readonly args: readonly string[] }>;
}

const client = testClient();
let project: Consumer;
beforeAll(async () => {
  const express = ["express", ...EXPRESS, "@types/express"];
  project = await makeConsumer(inject("tarball"), [...DEPENDENCIES, ...express, ...HONO]);
});
afterAll(async () => {
  client.destroy();
  await project?.remove();
});

function asWritten(file: string, source: string): Application["build"] {
  return async () => {
    await writeFile(join(project.folder, file), source);
    return { cwd: project.folder, args: [file] };
  };
}

/** Compiled by tsc, into the format that the file's name asks for: both at once, which takes half the time. */
function compiled(extension: "mts" | "cts"): Application["build"] {
  return async () => {
    compilation ??= project.typecheck(
      {
        ...{
          module: "NodeNext",
          target: "ES2022",
          lib: ["ES2023", "DOM"],
          types: ["node"],
          outDir: "compiled",
        },
        ...{ strict: true, noUncheckedIndexedAccess: true, esModuleInterop: true, skipLibCheck: true },
      },
      { "typed.mts": TYPESCRIPT, "typed.cts": TYPESCRIPT },
    );
    expect(await compilation).toBe("");
    return { cwd: project.folder, args: [join("compiled", `typed.${extension.replace("ts", "js")}`)] };
  };
}

let compilation: Promise<string> | undefined;

/** One file, where nothing is installed. */
function bundled({ name, extension, bundle }: Bundler): Application["build"] {
  return async () => {
    const entry = join(project.folder, `${name}.mjs`);
    await writeFile(entry, LAMBDA);
    const cwd = await mkdtemp(join(project.folder, "..", "session-store-function-"));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    const outfile = join(cwd, `index${extension}`);
    // webpack minifies for three times as long as it bundles.
    await bundle({ entry, outfile, minify: name !== "webpack" });
    return { cwd, args: [await buildLambdaContainer(cwd), outfile, "handler", "lambda-url"] };
  };
}

const APPLICATIONS: readonly Application[] = [
  { title: "a CommonJS Express application", build: asWritten("commonjs.cjs", COMMONJS) },
  { title: "an ESM Express application", build: asWritten("esm.mjs", ESM) },
  { title: "a TypeScript Express application, compiled to ESM", build: compiled("mts") },
  { title: "a TypeScript Express application, compiled to CommonJS", build: compiled("cts") },
  ...BUNDLERS.map((bundler) => ({
    title: `a Lambda function, bundled by ${bundler.name}`,
    build: bundled(bundler),
  })),
];

function visitor(): (origin: string) => Promise<unknown> {
  let cookie = "";
  return async (origin) => {
    const response = await fetch(origin, { headers: { cookie }, signal: AbortSignal.timeout(10_000) });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text);
  };
}

const SLOW = { timeout: 120_000 };

for (const { title, build } of APPLICATIONS) {
  it(`${title}, keeps sessions across requests and a restart`, SLOW, async () => {
    const [table, command] = await Promise.all([createTable(client), build()]);
    const start = (): Promise<Program<string>> =>
      startProgram({
        command: process.execPath,
        ...command,
        env: { ...dynamoDbAt(inject("endpoint")), TABLE: table },
        readyAt: (line) => line,
      });
    const [ada, grace] = [visitor(), visitor()];

    const first = await start();
    expect(await ada(first.ready)).toBe(1);
    expect(await ada(first.ready)).toBe(2);
    expect(await grace(first.ready)).toBe(1);
    await first.stop();

    const second = await start();
    onTestFinished(() => second.stop());
    expect(await ada(second.ready)).toBe(3);
    expect(await countRows(client, table)).toBe(2);
    expect(first.complaints() + second.complaints()).toBe("");
  });
}
