// What every command can count on: flags, output for people and for machines, questions, exit codes, signals.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.js";
import { makeProgram } from "../../src/cli/program.js";
import { commandLine, LOCAL_CREDENTIALS, type Started } from "../support/command-line.js";

const cli = commandLine(new URL("program.ts", import.meta.url));
const TABLE = ["--table", "sessions"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "session-store-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function config(name: string, code: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, code);
  return file;
}

async function untilPrinted(started: Started, text: string): Promise<void> {
  while (!started.printed().stdout.includes(text)) await delay(5);
}

/** A stack trace's line. */
const STACK = /^\s+at .*:\d+:\d+/m;

describe("what cannot be meant ends with 2 and says why on standard error", () => {
  it.each([
    ["an unknown command", ["sya"], /unknown command 'sya'\n\(Did you mean say\?\)/],
    ["an unknown flag", ["say", "hi", "--lowd"], /unknown option '--lowd'\n\(Did you mean --loud\?\)/],
    ["an argument that is missing", ["say", ...TABLE], /missing required argument 'word'/],
    ["an argument too many", ["say", "hi", "there", ...TABLE], /too many arguments/],
    ["a flag without its value", ["say", "hi", "--table"], /argument missing/],
    ["no table", ["say", "hi"], /Give --table <name>, or set the environment variable CYCLIC_DB/],
    ["an empty name", ["load", "--table", ""], /table\.name: .*\n.*table\.name is --table/s],
    ["a hash key that cannot be one", ["load", ...TABLE, "--hash-key", ""], /table\.hashKey is --hash-key/],
    ["no command at all", [], /Usage: session-store/],
    [
      "an endpoint without its scheme",
      ["load", ...TABLE, "--endpoint", "localhost:8000"],
      /--endpoint .*http:/,
    ],
    ["an endpoint that is no URL", ["load", ...TABLE, "--endpoint", "foo"], /--endpoint .*expected a URL/],
  ])("%s", async (_, args, says) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(STACK);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("the table and its keys", () => {
  const storeBy = async (args: string[], env = {}) => {
    const { code, stdout, stderr } = await cli.run(["store", "--json", ...args], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };

  it("are named by CYCLIC_DB, by a --config before that, and by flags before both", async () => {
    const file = await config("named.mjs", `export default { table: { name: "of-config", hashKey: "id" } };`);
    const env = { CYCLIC_DB: "of-environment" };
    expect((await storeBy([], env)).table).toEqual({ name: "of-environment" });
    expect((await storeBy(["--config", file], env)).table).toEqual({ name: "of-config", hashKey: "id" });
    const flags = ["--table", "of-flag", "--hash-key", "key", "--no-sort-key", "--prefix", "sess:"];
    const table = { name: "of-flag", hashKey: "key", sortKey: null, hashPrefix: "sess:" };
    expect((await storeBy(["--config", file, ...flags], env)).table).toEqual(table);
  });

  it("are taken where flags stand before the command as well as behind it", async () => {
    const { stdout } = await cli.run([...TABLE, "--sort-key", "range", "store", "--json"]);
    expect(JSON.parse(stdout).table).toEqual({ name: "sessions", sortKey: "range" });
  });

  it("come with the client's region and endpoint, beside what a --config says of the client", async () => {
    const code = `export default { dynamoConfig: { region: "eu-west-1", maxAttempts: 5 }, owner: () => "ann" };`;
    const file = await config("client.mjs", code);
    const store = await storeBy([
      ...["--config", file, ...TABLE, "--region", "us-east-2"],
      ...["--endpoint", "http://localhost:1", "--hash-ids"],
    ]);
    expect(store).toEqual({
      clientConfig: { region: "us-east-2", endpoint: "http://localhost:1", maxAttempts: 5 },
      hashIds: true,
      hasOwner: true,
      table: { name: "sessions" },
    });
  });

  it.each([
    ["is absent", undefined, /there is no such file/],
    ["throws", "throw new Error('no keys here');", /cannot be loaded: Error: no keys here/],
    ["cannot be parsed", "export default {", /cannot be loaded: SyntaxError/],
    ["exports nothing", "export const options = {};", /expected the store's options as its default export/],
    ["exports a list", "export default [];", /expected the store's options/],
    ["has a client that --region would change", "export default { client: {} };", /--region and --endpoint/],
  ])("are refused, with 2, where the --config %s", async (_, code, says) => {
    const file = code === undefined ? join(folder, "absent.mjs") : await config(`${randomUUID()}.mjs`, code);
    const ended = await cli.run(["store", ...TABLE, "--config", file, "--region", "us-east-1"]);
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).not.toMatch(STACK);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("output", () => {
  it("is for people without --json: results on standard output, the rest on standard error", async () => {
    expect(await cli.run(["say", "hello", ...TABLE])).toEqual({
      code: 0,
      stdout: `hello\nword   length\nhello  5\nletters\n  a  ${"█".repeat(50)}  1  100%\n`,
      stderr: "a note\nwarning: a warning\n",
    });
  });

  it("is one JSON document, and nothing else, with --json", async () => {
    const { code, stdout, stderr } = await cli.run(["say", "h\u009bi", "--loud", "--json", ...TABLE]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "warning: a warning\n" });
    expect(JSON.parse(stdout)).toEqual({ word: "h\u009bi", loud: true });
    expect(stdout).not.toContain("\u009b");
  });

  it("has neither notes nor progress with --quiet", async () => {
    const { stderr } = await cli.run(["say", "hello", "--quiet", ...TABLE]);
    expect(stderr).toBe("warning: a warning\n");
  });

  it("has no colours where there is no terminal, whatever else says so", async () => {
    const { stdout, stderr } = await cli.run(["say", "hi", ...TABLE], {
      NO_COLOR: "",
      CI: "1",
      TERM: "xterm-256color",
    });
    expect(stdout + stderr).not.toContain("\u001b");
  });

  it("as a list of any length is one JSON array, also where it breaks off", async () => {
    const parsed = async (end: string) => {
      const { code, stdout } = await cli.run(["list", end, "--json", ...TABLE]);
      return { code, value: JSON.parse(stdout) };
    };
    expect(await parsed("0")).toEqual({ code: 0, value: [] });
    expect(await parsed("3")).toEqual({ code: 0, value: [{ number: 0 }, { number: 1 }, { number: 2 }] });
    expect(await parsed("2")).toEqual({ code: 2, value: [{ number: 0 }, { number: 1 }] });
  });

  it("tells a failure as JSON on standard error with --json, and leaves standard output empty", async () => {
    const { code, stdout, stderr } = await cli.run(["destroy", "--json", ...TABLE]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "ERR_USAGE", message: expect.stringContaining("--yes") },
    });
  });

  it("is all taken before the process ends, which waits for nothing that a --config left open", async () => {
    const file = await config("open.mjs", "setInterval(() => {}, 1000); export default {};");
    const { code, stdout } = await cli.run(["list", "20000", "--json", "--config", file, ...TABLE]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(20_000);
  });

  it.each([
    [["say", "hi", "--json", "--nope"], /^unknown option '--nope'/],
    [["say", "--json"], /^missing required argument 'word'/],
    [["--json", "sya"], /^unknown command 'sya'/],
    [["--json"], /^which command\?/],
  ])("tells %j as one line of JSON as well, for it cannot be meant", async (args, says) => {
    const { code, stdout, stderr } = await cli.run([...args]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "ERR_USAGE", message: expect.stringMatching(says) },
    });
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("ends quietly, with 0, when whoever reads it has had enough", async () => {
    const started = cli.start(["endless", ...TABLE]);
    await untilPrinted(started, "line 9");
    started.child.stdout?.destroy();
    expect(await started.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a question before something is destroyed", () => {
  it("is an error, with 2, where nobody can be asked", async () => {
    const { code, stdout, stderr } = await cli.run(["destroy", ...TABLE]);
    expect(stderr).toMatch(/nobody to ask: give --yes/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("is not asked with --yes", async () => {
    expect(await cli.run(["destroy", "--yes", ...TABLE])).toEqual({
      code: 0,
      stdout: "destroyed\n",
      stderr: "",
    });
  });
});

describe("Ctrl-C", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "and SIGTERM: %s ends with 130 once what was begun is done",
    async (signal) => {
      const started = cli.start(["wait", ...TABLE]);
      await untilPrinted(started, "waiting");
      started.child.kill(signal);
      const { code, stderr } = await started.ended;
      expect({ code, stderr }).toEqual({ code: 130, stderr: "stopped; what was begun is whole\n" });
    },
  );

  it.each([
    ["abort", 130, "waiting\n"],
    ["partial", 130, "waiting\nthe rest is left\n"],
    ["finish", 0, "waiting\n"],
  ])("leaves the command to say how it ended: %s", async (then, expected, printed) => {
    const started = cli.start(["wait", "--then", then, ...TABLE]);
    await untilPrinted(started, "waiting");
    started.child.kill("SIGINT");
    expect(await started.ended).toMatchObject({ code: expected, stdout: printed });
  });

  it("a second time ends it at once", async () => {
    const started = cli.start(["wait", "--then", "hang", ...TABLE]);
    await untilPrinted(started, "waiting");
    const exited = once(started.child, "exit");
    // Two signals that come together are one.
    const insist = setInterval(() => started.child.kill("SIGINT"), 20);
    await exited;
    clearInterval(insist);
    expect((await started.ended).code).toBe(130);
  });
});

describe("a failure", () => {
  it("for want of credentials is a message and 1, not a stack trace", async () => {
    const ended = await cli.run(["load", ...TABLE], { AWS_REGION: "us-east-1" });
    expect(ended.stderr).toMatch(
      /^error: dynamodb:GetItem on the table "sessions": the credentials are missing/,
    );
    expect(ended.stderr).not.toMatch(STACK);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
  });

  it("for want of a region says which flag gives one", async () => {
    const { AWS_REGION: _, ...credentials } = LOCAL_CREDENTIALS;
    const ended = await cli.run(["load", ...TABLE], credentials);
    expect(ended.stderr).toMatch(/the region is missing.*\n.*clientConfig\.region is --region/);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
  });

  it("of an endpoint where nobody is is a message and 1", async () => {
    const ended = await cli.run(["load", ...TABLE, "--endpoint", "http://127.0.0.1:1"]);
    expect(ended.stderr).toMatch(/nobody answers at the endpoint.*\n.*clientConfig\.endpoint is --endpoint/);
    expect(ended.stderr).not.toMatch(STACK);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
  });

  it("of this program itself shows where, and 1", async () => {
    const ended = await cli.run(["break", ...TABLE]);
    expect(ended.stderr).toMatch(/^error: a fault of the program\n.*please report it/);
    expect(ended.stderr).toMatch(STACK);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("the program as it is installed", () => {
  const installed = commandLine();

  it("has one line of JSON for a failure, also where the SDK has something to say of this Node", async () => {
    const { code, stdout, stderr } = await installed.run(
      ["show", "some-id", "--json", ...TABLE, "--endpoint", "http://127.0.0.1:1"],
      { ...LOCAL_CREDENTIALS, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: undefined },
    );
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "ERR_SESSION_UNAVAILABLE" } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});

describe("migrate without a source", () => {
  const installed = commandLine();

  it("names no flag that it has not", async () => {
    const { code, stderr } = await installed.run(["migrate", ...TABLE]);
    expect(stderr).toMatch(/^error: .*from/);
    expect(stderr).not.toContain("--resume");
    expect(code).toBe(2);
  });
});

describe("Ctrl-C where the server is silent", () => {
  const installed = commandLine();

  it.each([[["show", "some-id"]], [["rm", "some-id", "--yes"]], [["rm", "--owner", "ann", "--yes"]]])(
    "ends %j with 130, and does not wait for its answer",
    async (args) => {
      const silent = createServer();
      silent.listen(0, "127.0.0.1");
      await once(silent, "listening");
      const address = silent.address();
      const port = typeof address === "object" ? address?.port : undefined;
      const code =
        "export default { timeout: 600_000, clientConfig: { requestHandler: { requestTimeout: 0 } } };";
      const file = await config("patient.mjs", code);
      const asked = once(silent, "request");
      const where = [...TABLE, "--endpoint", `http://127.0.0.1:${port}`, "--config", file];
      const started = installed.start([...args, ...where]);
      await asked;
      started.child.kill("SIGINT");
      expect(await started.ended).toEqual({
        code: 130,
        stdout: "",
        stderr: "stopped; what was begun is whole\n",
      });
      silent.closeAllConnections();
      silent.close();
    },
  );
});

describe.skipIf(!existsSync("/dev/full"))("output that cannot be written", () => {
  const installed = commandLine();

  it.each([[["--help"]], [["iac", "cdk", ...TABLE]]])("ends %j with 1 and one message", async (args) => {
    const full = await open("/dev/full", "w");
    const { code, stderr } = await installed.start(args, LOCAL_CREDENTIALS, undefined, full.fd).ended;
    await full.close();
    expect(stderr).toMatch(/^error: the output cannot be written: ENOSPC.*\n$/);
    expect(code).toBe(1);
  });
});

describe("the commands", () => {
  const program = makeProgram(COMMANDS, async () => {});
  const globalFlags = program.options.map(({ long }) => long);

  it("say in a line what they do, as commander says of its own", () => {
    for (const { name, summary } of COMMANDS) expect(summary, name).toMatch(/^[a-z].{10,80}[^.]$/);
  });

  it("show examples in their help, each a line as it is typed", () => {
    for (const { name, examples } of COMMANDS) {
      expect(examples, name).not.toEqual([]);
      for (const line of examples) expect(line).toMatch(new RegExp(`\\bsession-store ${name}\\b`));
    }
  });

  it("have no flags of their own that all have: commander would take them for those", () => {
    for (const command of program.commands) {
      const flags = command.options.map(({ long }) => long);
      expect(
        flags.filter((long) => globalFlags.includes(long)),
        command.name(),
      ).toEqual([]);
    }
  });
});
