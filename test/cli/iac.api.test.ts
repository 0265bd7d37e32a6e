// The printed table, created as the deploying tool would: `checkTable`, which is what `doctor` says, finds nothing wrong.
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  UpdateTimeToLiveCommand,
  type UpdateTimeToLiveCommandInput,
} from "@aws-sdk/client-dynamodb";
import { afterAll, expect, it } from "vitest";
import { checkTable, type SessionStoreOptions } from "../../src/admin/index.js";
import { commandLine } from "../support/command-line.js";
import { newId } from "../support/engines.js";
import { testClient, testClientConfig } from "../support/tables.js";
import { describeTimeToLive } from "../support/time-to-live.js";

const cli = commandLine();
const client = testClient();
afterAll(() => client.destroy());

type TableProperties = CreateTableCommandInput & {
  readonly TimeToLiveSpecification: UpdateTimeToLiveCommandInput["TimeToLiveSpecification"];
  readonly PointInTimeRecoverySpecification: object;
};

/** Creates a table of a template's properties: what CloudFormation does with them. */
async function createAsPrinted(args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await cli.run(["iac", "cloudformation", "--json", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { Resources }: { Resources: { Sessions: { Properties: TableProperties } } } = JSON.parse(stdout);
  const { TimeToLiveSpecification, PointInTimeRecoverySpecification, ...table } =
    Resources.Sessions.Properties;
  // Emulators have no recovery to switch on.
  expect(PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: false });
  await client.send(new CreateTableCommand(table));
  await client.send(new UpdateTimeToLiveCommand({ TableName: table.TableName, TimeToLiveSpecification }));
}

describeTimeToLive("the printed table", () => {
  it.each([
    ["with the usual keys", [], {}],
    ["with a hash key alone", ["--hash-key", "id", "--no-sort-key"], { hashKey: "id", sortKey: null }],
    ["with keys by other names", ["--hash-key", "PK", "--sort-key", "SK"], { hashKey: "PK", sortKey: "SK" }],
  ])("%s is as the store needs it", async (_, flags, keys) => {
    const name = `printed-${newId()}`;
    await createAsPrinted(["--table", name, ...flags]);
    const store: SessionStoreOptions = { table: { name, ...keys }, clientConfig: testClientConfig() };
    const { findings, isUsable } = await checkTable(store);
    expect(findings.filter(({ level }) => level === "problem")).toEqual([]);
    expect(isUsable).toBe(true);
    expect(findings.find(({ code }) => code === "timeToLive")).toMatchObject({ level: "ok" });
  });
});
