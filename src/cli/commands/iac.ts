// `session-store iac <tool>`: prints the store's table, its time to live and the policy for its servers, for a
// tool that makes them.
import { type Command, InvalidArgumentError } from "commander";
import { PERMISSIONS, type PolicyFeature } from "../../admin/index.js";
import { type CommandDefinition, EXIT } from "../command.js";
import { UsageError } from "../failures.js";
import { cdk } from "../iac/cdk.js";
import { cloudFormation, template } from "../iac/cloudformation.js";
import { infrastructureOf, type Printer } from "../iac/infrastructure.js";
import { terraform } from "../iac/terraform.js";

const PRINTERS: Readonly<Record<string, Printer>> = { cloudformation: cloudFormation, terraform, cdk };
const TOOLS = Object.keys(PRINTERS);

// What a policy allows anyway is not to be asked for.
const FEATURES = Object.keys(PERMISSIONS).filter((name) => name !== "sessions");

interface IacFlags {
  readonly allow?: readonly PolicyFeature[];
  readonly deletionProtection?: boolean;
  readonly pointInTimeRecovery?: boolean;
}

export const iac: CommandDefinition<IacFlags> = {
  name: "iac",
  summary: "print the table and the policy for its servers as infrastructure as code",
  examples: [
    "session-store iac cloudformation --table sessions > sessions.yaml",
    "session-store iac cloudformation --table sessions --json > sessions.json",
    "session-store iac terraform --table sessions --deletion-protection --point-in-time-recovery",
    "session-store iac cdk --config ./session-store.mjs --allow lists,check > sessions.ts",
  ],
  configure(command: Command) {
    command
      .argument("<tool>", `for which tool: ${TOOLS.join(", ")}`)
      .option("--allow <features>", `what else the policy allows, of ${FEATURES.join(", ")}`, featuresOf)
      .option("--deletion-protection", "the table cannot be deleted until this is taken back")
      .option(
        "--point-in-time-recovery",
        "it can be restored to any second of the last 35 days, which is billed",
      );
  },
  async run({ store, output }, { allow = [], ...protection }, tool = "") {
    const printer = Object.hasOwn(PRINTERS, tool) ? PRINTERS[tool] : undefined;
    if (printer === undefined) throw new UsageError(`iac ${tool}: there are ${TOOLS.join(", ")}`);
    const infrastructure = infrastructureOf(store, allow, protection);
    const text = printer.print(infrastructure);
    output.print(text.trimEnd());
    // Of a tool that reads JSON, the file itself.
    const { title, file } = printer;
    output.printJson(
      printer === cloudFormation ? template(infrastructure) : { tool: title, file, content: text },
    );
    return EXIT.done;
  },
};

function featuresOf(text: string): PolicyFeature[] {
  return text.split(",").map((name) => {
    const feature = name.trim();
    if (!isFeature(feature))
      throw new InvalidArgumentError(`There are ${FEATURES.join(", ")}, with commas between them.`);
    return feature;
  });
}

function isFeature(name: string): name is PolicyFeature {
  return FEATURES.includes(name);
}
