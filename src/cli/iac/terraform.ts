// The infrastructure as a Terraform configuration, in its own language (HCL).
import { type Infrastructure, type Printer, PURPOSE } from "./infrastructure.js";

/** An argument's name, and its expression as it is written. */
type Argument = readonly [name: string, expression: string];

export const terraform: Printer = {
  title: "Terraform",
  file: "sessions.tf",
  print: (infrastructure) => {
    const head = `# ${PURPOSE} To deploy it: terraform init && terraform apply`;
    return `${[head, ...blocks(infrastructure)].join("\n\n")}\n`;
  },
};

function blocks({ table, actions, previous }: Infrastructure): string[] {
  const { tableName, hashKey, sortKey, ttlAttribute, deletionProtection, pointInTimeRecovery } = table;
  const keys = sortKey === null ? [hashKey] : [hashKey, sortKey];
  const range: Argument[] = sortKey === null ? [] : [["range_key", quoted(sortKey)]];
  return [
    block(
      "terraform",
      [],
      [block("required_providers", [["aws", `{ source = "hashicorp/aws", version = ">= 5.0" }`]])],
    ),
    block(
      'resource "aws_dynamodb_table" "sessions"',
      [
        ["name", quoted(tableName)],
        ["billing_mode", quoted("PAY_PER_REQUEST")],
        ["hash_key", quoted(hashKey)],
        ...range,
        ["deletion_protection_enabled", String(deletionProtection)],
      ],
      [
        ...keys.map((name) =>
          block("attribute", [
            ["name", quoted(name)],
            ["type", quoted("S")],
          ]),
        ),
        block("ttl", [
          ["attribute_name", quoted(ttlAttribute)],
          ["enabled", "true"],
        ]),
        block("point_in_time_recovery", [["enabled", String(pointInTimeRecovery)]]),
        ...(deletionProtection ? [block("lifecycle", [["prevent_destroy", "true"]])] : []),
      ],
    ),
    ...previous.map(({ tableName }, i) =>
      block(`data "aws_dynamodb_table" "${previousName(i)}"`, [["name", quoted(tableName)]]),
    ),
    block(
      'data "aws_iam_policy_document" "sessions"',
      [],
      [
        statement(actions, "aws_dynamodb_table.sessions.arn"),
        ...previous.map((other, i) =>
          statement(other.actions, `data.aws_dynamodb_table.${previousName(i)}.arn`),
        ),
      ],
    ),
    block('resource "aws_iam_policy" "sessions"', [
      ["name_prefix", quoted("sessions-")],
      ["description", quoted("What a server does that keeps its sessions there.")],
      ["policy", "data.aws_iam_policy_document.sessions.json"],
    ]),
    block('output "table_name"', [["value", "aws_dynamodb_table.sessions.name"]]),
    block('output "policy_arn"', [
      ["description", quoted("To attach to the server's role.")],
      ["value", "aws_iam_policy.sessions.arn"],
    ]),
  ];
}

function statement(actions: readonly string[], arn: string): string {
  const listed = actions.map((action) => `  ${quoted(action)},\n`).join("");
  return block("statement", [
    ["actions", `[\n${listed}]`],
    ["resources", `[${arn}]`],
  ]);
}

function previousName(index: number): string {
  return `previous_${index + 1}`;
}

/** A block, its arguments aligned as `terraform fmt` does: those of one line, as far as they follow each other. */
function block(head: string, args: readonly Argument[], inner: readonly string[] = []): string {
  const isLong = ([, expression]: Argument) => expression.includes("\n");
  const width = Math.max(0, ...args.filter((arg) => !isLong(arg)).map(([name]) => name.length));
  const lines = args.map((arg) => {
    const [name, expression] = arg;
    return `${isLong(arg) ? name : name.padEnd(width)} = ${expression}`;
  });
  const parts = [...(lines.length > 0 ? [lines.join("\n")] : []), ...inner];
  return `${head} {\n${indented(parts.join("\n\n"))}\n}`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

/**
 * A string of HCL: JSON's, but for the escapes that it lacks, and for what begins an expression
 * (developer.hashicorp.com/terraform/language/expressions/strings).
 */
function quoted(text: string): string {
  return JSON.stringify(text)
    .replace(/\\b/g, "\\u0008")
    .replace(/\\f/g, "\\u000c")
    .replace(/[$%](?=\{)/g, "$&$&");
}
