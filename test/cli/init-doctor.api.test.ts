// `session-store init` and `session-store doctor`, as processes: from nothing to a table that is found to be right, and what
// they say, and end with, where it is not.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { commandLine, LOCAL_CREDENTIALS } from "../support/command-line.js";
import { newId } from "../support/engines.js";
import { denied, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { createTable, testClient } from "../support/tables.js";
import { describeTimeToLive } from "../support/time-to-live.js";

const cli = commandLine();
const client = testClient();
const hasTimeToLive = inject("emulator") === "dynamodb-local";
let proxy: FaultProxy;
let folder: string;
beforeAll(async () => {
  proxy = await startFaultProxy(inject("endpoint"));
  folder = await mkdtemp(join(tmpdir(), "session-store-init-"));
});
beforeEach(() => {
  proxy.decide = () => undefined;
});
afterAll(async () => {
  client.destroy();
  await proxy.close();
  await rm(folder, { recursive: true, force: true });
});

const newName = () => `test-${randomBytes(8).toString("hex")}`;
const run = (command: string, table: string, ...flags: string[]) =>
  cli.run([command, "--table", table, "--endpoint", proxy.endpoint, ...flags]);

/** The options in the lines that `init` shows. */
function optionsIn(lines: string): object {
  const [, literal = ""] = /(?:CyclicSessionStore\(|store = )(\{.*?\})(?:\)|;)/.exec(lines) ?? [];
  return new Function(`return ${literal}`)();
}

describe("init", () => {
  it("creates a table, says so, and shows lines by which a store works on it", async () => {
    const name = newName();
    const flags = [
      "--hash-key",
      "id",
      "--sort-key",
      "kind",
      "--prefix",
      "s#",
      "--hash-ids",
      "--region",
      "eu-west-1",
    ];
    const { code, stdout, stderr } = await run("init", name, ...flags);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "`session-store doctor` with the same flags checks the table\n",
    });
    const ttl = hasTimeToLive ? "was switched on" : "is not known to this API, and is left out";
    expect(stdout).toMatch(
      `the table "${name}" was created, billed on demand, with hash key "id" and sort key "kind"\n`,
    );
    expect(stdout).toMatch(`time to live, by "expires", ${ttl}\n`);
    const options = optionsIn(stdout);
    expect(options).toEqual({
      table: { name, hashKey: "id", sortKey: "kind", hashPrefix: "s#" },
      hashIds: true,
      clientConfig: { region: "eu-west-1", endpoint: proxy.endpoint },
    });
    const engine = createSessionEngine({ table: { name, hashKey: "id", sortKey: "kind" }, client });
    await engine.save(newId(), { n: 1 });
  });

  it.each(["koa", "hono"])("shows the lines of %s", async (framework) => {
    const name = newName();
    const { stdout, stderr } = await run("init", name, "--no-sort-key", "--for", framework);
    expect(optionsIn(stdout)).toEqual({
      table: { name, sortKey: null },
      clientConfig: { endpoint: proxy.endpoint },
    });
    expect(stdout).toContain(`"@cyclic.sh/session-store/${framework}"`);
    expect(stderr).toMatch(/a new table is best begun with hashed ids: --hash-ids here/);
  });

  it("finds what it made the time before, and says the same to machines", async () => {
    const name = newName();
    await run("init", name);
    const { code, stdout, stderr } = await run(
      "init",
      name,
      "--json",
      "--deletion-protection",
      "--point-in-time-recovery",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      tableName: name,
      table: "found",
      timeToLive: hasTimeToLive ? "wasOn" : "unknown",
      deletionProtection: hasTimeToLive ? "switchedOn" : "unknown",
      pointInTimeRecovery: "unknown",
      lines: expect.stringContaining(name),
    });
  });

  it("shows no credentials of a config, and names its other options", async () => {
    const name = newName();
    const file = join(folder, "store.mjs");
    const client = `{ endpoint: ${JSON.stringify(proxy.endpoint)}, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "hush" } }`;
    await writeFile(
      file,
      `export default { table: { name: "${name}" }, clientConfig: ${client}, ttl: 1000, owner: (data) => data.user };`,
    );
    const { code, stdout, stderr } = await cli.run(["init", "--config", file]);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/hush/);
    expect(stderr).toMatch(/needs the other options of --config as well: ttl, owner\n/);
  });

  it("refuses a table with other keys, with both schemas and the flags that name them", async () => {
    const name = await createTable(client, { hashKey: "id", sortKey: null });
    const { code, stdout, stderr } = await run("init", name);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /options say hash key "pk" and sort key "sk"; the table has hash key "id" and no sort key/,
    );
    expect(stderr).toMatch(/ERR_SESSION_TABLE/);
  });

  it.each([
    ["a name that no table can have", ["--table", "my sessions"], /"my sessions" cannot be a table's name/],
    [
      "no framework of that name",
      ["--table", "sessions", "--for", "rails"],
      /Allowed choices are express, koa, hono/,
    ],
  ])("takes %s for wrong usage", async (_, flags, says) => {
    const { code, stdout, stderr } = await cli.run(["init", "--endpoint", proxy.endpoint, ...flags]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
  });

  it("names the permission that is missing", async () => {
    proxy.decide = (action) => (action === "CreateTable" ? denied(action) : undefined);
    const { code, stderr } = await run("init", newName(), "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: "ERR_SESSION_ACCESS",
      message: expect.stringMatching(/^dynamodb:CreateTable on the table .* is denied; allow it/),
    });
  });

  it("is stopped by Ctrl-C while it waits for the table, and goes on when it is called again", async () => {
    const name = newName();
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    proxy.decide = (action) => {
      // No answer, once the table has been created.
      if (action !== "DescribeTimeToLive") return undefined;
      isAsked();
      return "hang";
    };
    const started = cli.start(["init", "--table", name, "--endpoint", proxy.endpoint]);
    await asked;
    started.child.kill("SIGINT");
    expect(await started.ended).toEqual({
      code: 130,
      stdout: "",
      stderr: "stopped; what was begun is whole\n",
    });
    proxy.decide = () => undefined;
    proxy.cut();
    const { code, stdout } = await run("init", name);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining("was there, with hash key"),
    });
  });
});

describe("doctor", () => {
  it("finds nothing wrong with a table that init made", async () => {
    const name = newName();
    await run("init", name);
    const { code, stdout } = await run("doctor", name);
    for (const line of [
      /^ok +connection +127\.0\.0\.1:\d+ answers; the region is us-east-1$/m,
      /^ok +clock +this machine's clock is right$/m,
      /^ok +keys +hash key "pk" and sort key "sk", as the options say$/m,
      /^ok +dynamodb:UpdateItem +dynamodb:UpdateItem is allowed$/m,
      /^ok +billing +billed on demand$/m,
    ])
      expect(stdout).toMatch(line);
    if (hasTimeToLive) expect(stdout).toMatch(/\nthe table is as the store needs it\n$/);
    // dynalite has no time to live, which is a problem for whoever pays for the rows.
    else
      expect(stdout).toMatch(
        /^problem +time to live +time to live is off, .*\n(.*\n)*\n1 problem: not all is/m,
      );
    expect(code).toBe(hasTimeToLive ? 0 : 1);
  });

  it("ends with 1 where the table is not there, and says how it is made", async () => {
    const { code, stdout, stderr } = await run("doctor", "nowhere");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^problem +table +the table "nowhere" does not exist .* \(it was looked for in us-east-1\)$/m,
    );
    expect(stderr).toMatch(/`session-store init` with the same flags creates the table/);
  });

  it("says to machines what it says to people", async () => {
    const name = await createTable(client);
    proxy.decide = (action) => (["DeleteItem", "Scan"].includes(action) ? denied(action) : undefined);
    const { code, stdout, stderr } = await run("doctor", name, "--json");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const { findings, ...check } = JSON.parse(stdout);
    expect(check).toEqual({ tableName: name, region: "us-east-1", isUsable: false });
    const missing = { code: "permission", tableName: name };
    expect(findings).toContainEqual({
      ...missing,
      level: "problem",
      action: "dynamodb:DeleteItem",
      message: expect.stringMatching(
        /is denied; allow it in the IAM policy of these credentials\. Sessions need it$/,
      ),
    });
    expect(findings).toContainEqual(
      expect.objectContaining({ ...missing, level: "warning", action: "dynamodb:Scan" }),
    );
  });

  it("ends with 0 where there are warnings alone, and counts them", async () => {
    const name = newName();
    await run("init", name);
    proxy.decide = (action) => {
      if (["Scan", "BatchGetItem"].includes(action)) return denied(action);
      const TimeToLiveDescription = { TimeToLiveStatus: "ENABLED", AttributeName: "expires" };
      return action === "DescribeTimeToLive" ? { status: 200, body: { TimeToLiveDescription } } : undefined;
    };
    const { code, stdout } = await run("doctor", name);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nthe table is as the store needs it, 2 warnings\n$/);
  });

  it("says that there are no credentials, or nobody at the endpoint, without a stack", async () => {
    const args = ["doctor", "--table", "sessions", "--endpoint", proxy.endpoint];
    const { AWS_REGION } = LOCAL_CREDENTIALS;
    const withNone = await cli.run(args, { AWS_REGION, AWS_EC2_METADATA_DISABLED: "true" });
    expect(withNone.code).toBe(1);
    expect(withNone.stdout).toMatch(/^problem +connection +.*the credentials are missing, expired or wrong/m);
    expect(withNone.stdout + withNone.stderr).not.toMatch(/^\s+at /m);
  });

  it("takes options that cannot be meant for wrong usage", async () => {
    const { code, stderr } = await run("doctor", "sessions", "--hash-key", "sess");
    expect(code).toBe(2);
    expect(stderr).toMatch(/table\.hashKey: .*\n.*table\.hashKey is --hash-key/);
  });
});

describeTimeToLive("a table with its time to live on another attribute", () => {
  it("is refused by init and found by doctor, each with what to do", async () => {
    const name = await createTable(client);
    const TimeToLiveSpecification = { Enabled: true, AttributeName: "ttl" };
    await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
    const says = /is on the attribute "ttl", and sessions have theirs in "expires"\. .*switch it off/;
    const [made, checked] = [await run("init", name), await run("doctor", name)];
    expect(made).toMatchObject({ code: 1, stderr: expect.stringMatching(says) });
    expect(checked).toMatchObject({ code: 1, stdout: expect.stringMatching(says) });
  });
});
