// `iac` as it is typed; what it prints is read by its tools in test/iac.
import { describe, expect, it } from "vitest";
import { commandLine } from "../support/command-line.js";

const cli = commandLine();

describe("iac", () => {
  it.each([
    ["cloudformation", /^ {6}TableName: sessions$/m],
    ["terraform", /^ {2}name +=+ "sessions"$/m],
    ["cdk", /^ {6}tableName: "sessions",$/m],
  ])("prints the file for %s, and asks nobody for anything", async (tool, line) => {
    const none = {};
    const printed = await cli.run(["iac", tool, "--table", "sessions"], none);
    expect(printed).toMatchObject({ code: 0, stderr: "" });
    expect(printed.stdout).toMatch(line);
  });

  it.each(["terraform", "cdk"])("gives the file for %s in one JSON document with --json", async (tool) => {
    const plain = await cli.run(["iac", tool, "--table", "sessions"]);
    const { stdout } = await cli.run(["iac", tool, "--table", "sessions", "--json"]);
    const { file, content } = JSON.parse(stdout);
    expect(content).toBe(plain.stdout);
    expect(file).toMatch(/^sessions\.(tf|ts)$/);
  });

  it.each([
    ["a tool that it does not know", ["pulumi"], /there are cloudformation, terraform, cdk/],
    ["a feature that there is not", ["cdk", "--allow", "lists,everything"], /There are owner, lists/],
    ["a name that no table has", ["cdk", "--table", "a b"], /from 3 to 255 of the characters/],
  ])("refuses %s, with 2", async (_, args, says) => {
    const { code, stdout, stderr } = await cli.run(["iac", "--table", "sessions", ...args]);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("allows what else is asked for", async () => {
    const { stdout } = await cli.run(["iac", "cdk", "--table", "sessions", "--allow", "lists, check"]);
    expect(stdout).toContain('"dynamodb:Scan"');
    expect(stdout).toContain('"dynamodb:DescribeTimeToLive"');
  });
});
