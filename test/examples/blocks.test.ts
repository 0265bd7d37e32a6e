// Every block of code in the documentation: compiled with the packed package's types, and run against DynamoDB Local
// where that is here, else dynalite, with what proves it (blocks/table.ts); every shell line is one that there is; and
// the examples of doc comments are compiled.
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.js";
import { makeProgram } from "../../src/cli/program.js";
import { PACKAGE, ROOT } from "../packaging/consumer.js";
import { dynamoDbLocalProblem, type Emulator, startEmulator } from "../support/emulators.js";
import { bareEnvironment, type Program, startProgram } from "../support/program.js";
import { createTable, putRow, testClientConfig } from "../support/tables.js";
import { type Block, blocksIn, examplesInSources, pagesWithBlocks } from "./blocks/found.js";
import { complaintsOf, type Source, sideOf, sourceOf, syntaxErrors } from "./blocks/program.js";
import { commandsIn } from "./blocks/shell.js";
import { BLOCKS, type Config, type Entry, EXAMPLES, type Run, type Table } from "./blocks/table.js";
import { dynamoDbAt, makeProject, type Project } from "./project.js";

const execute = promisify(execFile);

/** For a compiler, or an emulator, on a machine that has much else to do. */
const LONG_MS = 120_000;

/** Of which languages blocks are code, and of which there is nothing here that reads them. */
const CODE = ["js", "ts", "json", "diff"];
const UNREAD: Readonly<Record<string, string>> = { nginx: "there is no nginx here" };

const blocks = (await Promise.all((await pagesWithBlocks()).map(blocksIn))).flat();
const examples = await examplesInSources();
const code = blocks.filter(({ language }) => CODE.includes(language));

const entryOf = ({ page, first }: Block): Entry | undefined => BLOCKS[page]?.[first];
const titleOf = ({ page, first }: Block) => `${page}: ${first}`;
const namesIn = (table: Readonly<Record<string, object>>) =>
  Object.entries(table).flatMap(([page, entries]) =>
    Object.keys(entries).map((first) => `${page}: ${first}`),
  );

const sources: Source[] = [
  ...code
    .filter(({ language }) => language !== "json")
    .map((block) => {
      const entry = entryOf(block);
      return sourceOf(block, entry && "config" in entry ? {} : (entry as Run | undefined));
    }),
  ...examples.map((block) => sourceOf(block, { before: EXAMPLES[block.page]?.[block.first] ?? "" })),
];
const sourceFor = (block: Block) => sources.find((source) => source.block === block) as Source;

const SECRET = "known to the tests alone, and long enough";

const problem = dynamoDbLocalProblem();

let project: Project;
let folder: string;
let complaints: ReadonlyMap<string, readonly string[]>;
let emulator: Emulator;
let client: DynamoDBClient;
let runner: Program<string>;
let environment: Record<string, string>;

beforeAll(async () => {
  [project, emulator] = await Promise.all([
    makeProject(),
    startEmulator(problem === undefined ? "dynamodb-local" : "dynalite"),
  ]);
  client = new DynamoDBClient(testClientConfig({ endpoint: emulator.endpoint }));
  folder = project.folder("blocks");
  for (const { file, text } of sources.flatMap((source) => [source, ...source.others])) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  await copyFile(beside("proofs.ts"), join(folder, "proofs.mts"));
  complaints = complaintsOf(folder, sources);
  await buildPrograms();
  environment = {
    ...dynamoDbAt(emulator.endpoint),
    CYCLIC_DB: "sessions",
    TABLE: "sessions",
    SESSION_SECRET: SECRET,
    SECRET,
    SESSION_KEY: Buffer.alloc(32, "key").toString("base64"),
  };
  runner = await startProgram({
    command: process.execPath,
    args: [join(folder, "runner.mjs")],
    cwd: folder,
    env: environment,
    readyAt: (line) => line,
  });
}, LONG_MS);

afterAll(async () => {
  client?.destroy();
  await Promise.all([runner?.stop(), emulator?.stop(), project?.remove()]);
});

function beside(file: string): string {
  return fileURLToPath(new URL(`blocks/${file}`, import.meta.url));
}

/** What runs the blocks, and those that Node cannot run as they are. */
async function buildPrograms(): Promise<void> {
  const common = {
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "silent",
  } as const;
  const ofBlocks = sources.filter(({ file, block }) => file.endsWith(".mts") && blocks.includes(block));
  await Promise.all([
    build({ ...common, entryPoints: [beside("runner.ts"), beside("proofs.ts")], splitting: true }),
    // One that does not parse is for the compiler to name.
    build({
      ...common,
      entryPoints: ofBlocks.map(({ file }) => join(folder, file)),
      outbase: folder,
      external: ["../proofs.mjs"],
    }).catch(() => {}),
  ]);
}

/** The database as a block finds it: with its tables, and no others. */
async function reset(tables: readonly Table[] = [{ name: "sessions" }]): Promise<void> {
  const { TableNames = [] } = await client.send(new ListTablesCommand());
  for (const TableName of TableNames) {
    const remove = () => client.send(new DeleteTableCommand({ TableName }));
    await remove().catch(async () => {
      await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
      await remove();
    });
  }
  for (const { name, rows = [], ...keys } of tables) {
    await createTable(client, keys, name);
    for (const row of rows) await putRow(client, name, row);
  }
}

async function run(source: Source, { tables }: Run): Promise<string> {
  await reset(tables);
  const file = join(folder, source.file.replace(/\.mts$/, ".mjs"));
  const response = await fetch(runner.ready, { method: "POST", body: file });
  return response.text();
}

/** Loads a module of options by the packed command line, in a folder that has nothing else. */
async function load({ code, line }: Block, { config, command, tables }: Config): Promise<unknown> {
  await reset(tables);
  const cwd = join(folder, `config-${line}`, config.replace(/\W/g, ""));
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, config), code);
  const main = join(dirname(project.folder(".")), "node_modules", PACKAGE, "dist", "cli", "main.js");
  const env = { ...bareEnvironment(), ...environment };
  const { stdout } = await execute(process.execPath, [main, ...command, "--json"], { cwd, env });
  return JSON.parse(stdout);
}

it("each block is in a language that is known", () => {
  const known = [...CODE, ...Object.keys(UNREAD), "sh", ""];
  expect(blocks.filter(({ language }) => !known.includes(language)).map(titleOf)).toEqual([]);
});

for (const block of blocks) {
  const reason = UNREAD[block.language];
  if (reason !== undefined) it.skip(`${titleOf(block)} (left out: ${reason})`);
}

it("each block of code has its entry in the table, and each entry its block", () => {
  expect(namesIn(BLOCKS).sort()).toEqual(code.map(titleOf).sort());
});

it("each example of a doc comment has its entry in the table, and each entry its example", () => {
  expect(namesIn(EXAMPLES).sort()).toEqual(examples.map(titleOf).sort());
});

const known = code.flatMap((block) => {
  const entry = entryOf(block);
  return entry === undefined ? [] : [[titleOf(block), block, entry] as const];
});

describe.each(known)("%s", (_, block, entry) => {
  if ("meaning" in entry) {
    it("is JSON, and what it says it is", () => {
      expect(entry.meaning(JSON.parse(block.code), block.code)).toEqual(entry.is);
    });
    return;
  }

  it("compiles", () => {
    expect(complaints.get(sourceFor(block).file)).toEqual([]);
  });
  if (block.language === "diff") {
    it("takes away what is JavaScript", () => {
      expect(syntaxErrors(`${sideOf(block, "-")}${(entry as Run).rest}`)).toEqual([]);
    });
  }

  if ("notRun" in entry) return it.skip(`runs (left out: ${entry.notRun})`);
  const what =
    "config" in entry
      ? "is loaded by --config, and means what its page says"
      : "runs, and does what its page says";
  if (entry.needs !== undefined && problem !== undefined) {
    return it.skip(`${what} (left out: it needs ${entry.needs}, and ${problem})`);
  }
  it(what, async () => {
    if ("config" in entry) expect(await load(block, entry)).toMatchObject(entry.gives as object);
    else expect(await run(sourceFor(block), entry)).toBe("");
  });
});

describe.each(examples.map((block) => [titleOf(block), block] as const))("%s", (_, block) => {
  it("compiles", () => {
    expect(complaints.get(sourceFor(block).file)).toEqual([]);
  });
});

/** Programs that are not looked at, for they are nobody's here. */
const OTHERS = ["psql", "deno"];

describe("shell lines", async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const program = makeProgram(COMMANDS, async () => {}, { isSilent: true });

  /** What is wrong with a command. */
  async function wrong([name = "", ...args]: string[], page: string): Promise<string | undefined> {
    if (name === "export") return undefined;
    if (name === "npx" && args[0] === PACKAGE) return wrong(["session-store", ...args.slice(1)], page);
    if (name === "session-store") {
      const parsed = program.parseAsync(args, { from: "user" });
      return parsed.then(
        () => undefined,
        (error: Error) => error.message,
      );
    }
    if (name === "npm") {
      const [command = "", what = ""] = args;
      if (command === "ci") return undefined;
      if (command === "install")
        return new RegExp(`^${PACKAGE}(@1)?$`).test(what) ? undefined : `installs ${what}`;
      const script = command === "run" ? what : command;
      return script in manifest.scripts ? undefined : `there is no script ${script}`;
    }
    if (name === "node") {
      const text = await readFile(join(ROOT, page), "utf8");
      return text.includes(`(\`${args[0]}\`)`) ? undefined : `its page has no ${args[0]}`;
    }
    return `${name} is unknown`;
  }

  const shells = blocks.filter(({ language }) => language === "sh");
  const typed = blocks.flatMap(({ page, language, code }) =>
    language === "" ? [...code.matchAll(/^\$ (.*)$/gm)].map(([, line = ""]) => ({ page, code: line })) : [],
  );
  const lines = [...shells, ...typed].flatMap(({ page, code }) =>
    commandsIn(code).map((words) => [page, words.join(" "), words] as const),
  );

  for (const [page, line, words] of lines) {
    const [name = ""] = words;
    if (OTHERS.includes(name)) it.skip(`${page}: ${line} (left out: ${name} is another's)`);
    else it(`${page}: ${line}`, async () => expect(await wrong(words, page)).toBeUndefined());
  }
});
