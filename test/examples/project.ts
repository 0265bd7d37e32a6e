// The examples as a user has them: copied into a project that has the packed package and the frameworks installed, and
// built and started by the commands that their own package.json says.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, readdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";
import { DEPENDENCIES, makeConsumer, ROOT } from "../packaging/consumer.js";
import { type Program, startProgram } from "../support/program.js";

const execute = promisify(execFile);

const EXAMPLES = join(ROOT, "examples");

/** The folders that hold an example. */
export async function exampleFolders(): Promise<string[]> {
  const entries = await readdir(EXAMPLES, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules");
  return folders.map(({ name }) => name).sort();
}

export interface Project {
  /** The folder of an example. */
  folder(example: string): string;
  /** The commands that an example's package.json, or Deno's configuration, gives names. */
  commands(example: string): Promise<Record<string, string>>;
  /** Runs a command of an example to its end, and gives what it printed. */
  run(example: string, command: string): Promise<string>;
  /** Starts a command of an example that prints where it listens. */
  start(example: string, command: string, env: Record<string, string>): Promise<Program<string>>;
  remove(): Promise<void>;
}

export async function makeProject(programs: readonly string[] = []): Promise<Project> {
  const installed = [...DEPENDENCIES, ...(await packagesOfExamples())];
  const consumer = await makeConsumer(inject("tarball"), installed);
  const folder = (example: string) => join(consumer.folder, "examples", example);
  const isOurs = (path: string) => !/(^|\/)(node_modules|dist)$/.test(path.slice(EXAMPLES.length));
  await cp(EXAMPLES, folder("."), { recursive: true, filter: isOurs });
  const PATH = [...programs, join(ROOT, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  // What Deno keeps goes with the project.
  const DENO_DIR = join(consumer.folder, ".deno");

  return {
    folder,
    async commands(example) {
      const { scripts = {} } = await readJson(join(folder(example), "package.json"));
      const { tasks = {} } = await readJson(join(folder(example), "deno.json"));
      return { ...scripts, ...tasks };
    },
    async run(example, command) {
      const { stdout } = await execute("sh", ["-c", command], {
        cwd: folder(example),
        env: { ...process.env, PATH, DENO_DIR },
      });
      return stdout;
    },
    start(example, command, env) {
      return startProgram({
        command: "sh",
        // In the shell's place, so that it ends when it is to.
        args: ["-c", `exec ${command}`],
        cwd: folder(example),
        env: { PATH, DENO_DIR, PORT: "0", ...env },
        readyAt: (line) => /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0],
      });
    },
    remove: () => consumer.remove(),
  };
}

/** What the SDK is told of the emulator, as its users tell it of Amazon's. */
export function dynamoDbAt(endpoint: string): Record<string, string> {
  return {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  };
}

/** What an example asks npm for: each package with its range of versions. */
export async function packagesOf(example: string): Promise<Record<string, string>> {
  const { dependencies = {}, devDependencies = {} } = await readJson(join(EXAMPLES, example, "package.json"));
  const { imports = {} } = await readJson(join(EXAMPLES, example, "deno.json"));
  const fromDeno = Object.values(imports).map((specifier) => specifier.replace("npm:", "").split(/(?!^)@/));
  return { ...dependencies, ...devDependencies, ...Object.fromEntries(fromDeno) };
}

/** The packages that the examples ask for and this repository has, with their types. */
async function packagesOfExamples(): Promise<string[]> {
  const manifests = await Promise.all(
    (await exampleFolders()).map((name) => readJson(join(EXAMPLES, name, "package.json"))),
  );
  const asked = manifests.flatMap(({ dependencies = {} }) => Object.keys(dependencies));
  const { devDependencies = {} } = await readJson(join(ROOT, "package.json"));
  const types = Object.keys(devDependencies).filter((name) => name.startsWith("@types/"));
  return [...new Set([...asked, ...types])].filter((name) => !name.startsWith("@cyclic.sh/"));
}

interface Manifest {
  readonly scripts?: Record<string, string>;
  readonly tasks?: Record<string, string>;
  readonly imports?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

async function readJson(file: string): Promise<Manifest> {
  return existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : {};
}
