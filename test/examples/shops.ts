// How the shop is started in each of the examples.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import ts from "typescript";
import { programOf, runtimeOf, runtimeProblem } from "../../scripts/runtimes.mjs";
import type { Domain } from "../support/lambda.js";
import { buildLambdaContainer } from "../support/lambda-program.js";
import { type Program, startProgram } from "../support/program.js";
import { FOR_WORKERS, workerdCommand } from "../support/workerd.js";
import type { Project } from "./project.js";
import { readTemplate } from "./template.js";

export interface Shop {
  /** The folder of the example. */
  readonly folder: string;
  /** What serves it, as its page says. */
  readonly place: string;
  /** Why it cannot be started on this machine. */
  readonly problem?: string | undefined;
  /** Whether whoever asks stands where the visitors' HTTPS has ended. */
  readonly https?: boolean;
  /** Whether the settings come with each request, so that one that is missing shows no sooner. */
  readonly settingsByRequest?: boolean;
  prepare?(project: Project): Promise<unknown>;
  start(project: Project, env: Record<string, string>): Promise<Program<string>>;
}

/** The programs of runtimes that are started by their names. */
export const PROGRAM_FOLDERS = ["bun", "deno"].map((name) => dirname(programOf(runtimeOf(name))));

/** An application that listens by itself. */
function server(folder: string, place: string, overrides: Partial<Shop> = {}): Shop {
  return {
    folder,
    place,
    async prepare(project) {
      const { build } = await project.commands(folder);
      if (build !== undefined) await project.run(folder, build);
    },
    async start(project, env) {
      const { start } = await project.commands(folder);
      if (start === undefined) throw new Error(`${folder} does not say how it is started`);
      return project.start(folder, start, env);
    },
    ...overrides,
  };
}

function lambda(domain: Domain): Shop {
  let container = "";
  return {
    ...server("lambda", "Lambda"),
    https: true,
    async prepare(project) {
      const { build: command = "" } = await project.commands("lambda");
      await project.run("lambda", command);
      container = await buildLambdaContainer(project.folder("."));
    },
    async start(project, env) {
      const { codeUri, handler, variables } = await readTemplate(project.folder("lambda"));
      const [, file = "", name = ""] = /^(.+)\.(\w+)$/.exec(handler) ?? [];
      const module = resolve(project.folder("lambda"), codeUri, `${file}.mjs`);
      // Its environment is what the template gives it, and what Lambda itself does.
      const given = Object.entries(env).filter(([key]) => key.startsWith("AWS_") || variables.includes(key));
      return startProgram({
        command: process.execPath,
        args: [container, module, name, domain],
        cwd: project.folder("lambda"),
        env: Object.fromEntries(given),
        readyAt: (line) => line,
      });
    },
  };
}

const workers: Shop = {
  folder: "workers",
  place: "Workers",
  problem: runtimeProblem(runtimeOf("workerd")),
  https: true,
  settingsByRequest: true,
  async start(project, env) {
    const folder = project.folder("workers");
    const { main, vars, compatibility_date: compatibilityDate } = await readWrangler(folder);
    const bundle = join(folder, "dist", "worker.mjs");
    await build({
      ...FOR_WORKERS,
      entryPoints: [join(folder, main)],
      outfile: bundle,
      bundle: true,
      format: "esm",
    });
    // What the configuration does not name, the worker does not find.
    const named = [...Object.keys(vars), ...(await secretsOf(folder))];
    const given = Object.entries(env).filter(([key]) => named.includes(key));
    const worker = { bundle, compatibilityDate, bindings: Object.fromEntries(given) };
    const { originBy, ...command } = await workerdCommand(programOf(runtimeOf("workerd")), worker);
    return startProgram({ ...command, cwd: folder, readyAt: originBy });
  },
};

interface Wrangler {
  readonly main: string;
  readonly compatibility_date: string;
  readonly vars: Readonly<Record<string, string>>;
}

async function readWrangler(folder: string): Promise<Wrangler> {
  const file = join(folder, "wrangler.jsonc");
  const { config, error } = ts.parseConfigFileTextToJson(file, await readFile(file, "utf8"));
  if (error !== undefined) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  return config;
}

/** The names in `.dev.vars`, those included that are for a trial alone. */
async function secretsOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, ".dev.vars.example"), "utf8");
  return [...text.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
}

/** Deno would fetch the packages by itself: here it is to take those of the project. */
const AS_INSTALLED = "--node-modules-dir=manual";

export const SHOPS: readonly Shop[] = [
  server("express", "Express"),
  server("koa", "Koa"),
  server("hono", "Hono"),
  server("bun", "Bun", { problem: runtimeProblem(runtimeOf("bun")) }),
  server("deno", "Deno", {
    problem: runtimeProblem(runtimeOf("deno")),
    prepare: (project) => project.run("deno", `deno check ${AS_INSTALLED} server.ts`),
    async start(project, env) {
      const { start = "" } = await project.commands("deno");
      return project.start("deno", start.replace("deno run", `deno run ${AS_INSTALLED}`), env);
    },
  }),
  lambda("execute-api"),
  lambda("lambda-url"),
  workers,
];
