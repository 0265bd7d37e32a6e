// What `iac` prints, read by the tools that it is for: each finds nothing to complain of, and the same table and policy.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PolicyFeature, SessionStoreOptions, TableProtection } from "../../src/admin/index.js";
import { cdk } from "../../src/cli/iac/cdk.js";
import { cloudFormation, template } from "../../src/cli/iac/cloudformation.js";
import { type Infrastructure, infrastructureOf } from "../../src/cli/iac/infrastructure.js";
import { terraform } from "../../src/cli/iac/terraform.js";
import {
  type CdkProject,
  cdkProject,
  parseHcl,
  parseYaml,
  type Resource,
  type Template,
  validateTemplates,
} from "./tools.js";

interface Case {
  readonly store: SessionStoreOptions;
  readonly features?: readonly PolicyFeature[];
  readonly protection?: TableProtection;
}

const CASES: Readonly<Record<string, Case>> = {
  plain: { store: { table: { name: "sessions" } } },
  hashKeyAlone: {
    store: { table: { name: "sess_1.a-b", hashKey: "id", sortKey: null } },
    features: ["lists"],
  },
  protected: {
    store: { table: { name: "sessions" } },
    protection: { deletionProtection: true, pointInTimeRecovery: true },
    features: ["names", "check"],
  },
  moving: {
    store: {
      table: { name: "sessions" },
      owner: () => undefined,
      previous: [{ table: { name: "old" } }, { table: { name: "older.sessions", sortKey: null } }],
    },
  },
  // Names of attributes may be any text.
  oddNames: { store: { table: { name: "sessions", hashKey: 'a "b" \\ %{d}\n\u0008', sortKey: "no" } } },
  likeAnExpression: { store: { table: { name: "sessions", hashKey: "$\u007bc}" } } },
};
// AWS' validator takes text that looks like an expression for one that was to be.
const NAMES = Object.keys(CASES).filter((name) => name !== "likeAnExpression");

function infrastructure(name: string): Infrastructure {
  const { store, features = [], protection = {} } = CASES[name] ?? {};
  if (store === undefined) throw new Error(`no case ${name}`);
  return infrastructureOf({ ...store, clientConfig: { region: "us-east-1" } }, features, protection);
}

describe("for AWS CloudFormation", () => {
  let problems: string[][];
  beforeAll(() => {
    const broken = cloudFormation.print(infrastructure("plain")).replace("KeySchema:", "KeySchemas:");
    problems = validateTemplates([
      ...NAMES.map((name) => cloudFormation.print(infrastructure(name))),
      broken,
    ]);
  }, 60_000);

  it.each(NAMES.map((name, i) => [name, i] as const))("%s is valid by the resources' schemas", (_, i) => {
    expect(problems[i]).toEqual([]);
  });

  it("(and what is not valid would be found)", () => {
    expect(problems.at(-1)?.join("\n")).toContain("'KeySchemas' was unexpected");
  });

  it.each(NAMES)("%s says the same in YAML and JSON", (name) => {
    const json: unknown = JSON.parse(JSON.stringify(template(infrastructure(name))));
    expect(parseYaml(cloudFormation.print(infrastructure(name)))).toEqual(json);
  });
});

describe("for Terraform", () => {
  it.each(Object.keys(CASES))(
    "%s is the table and the policy of the template, in its language",
    async (name) => {
      const wanted = infrastructure(name);
      const { table, actions, previous } = wanted;
      const parsed = await parseHcl(terraform.print(wanted));
      const attributes = table.sortKey === null ? [table.hashKey] : [table.hashKey, table.sortKey];
      expect(parsed).toMatchObject({
        resource: {
          aws_dynamodb_table: {
            sessions: [
              {
                name: table.tableName,
                billing_mode: "PAY_PER_REQUEST",
                hash_key: escaped(table.hashKey),
                ...(table.sortKey !== null && { range_key: escaped(table.sortKey) }),
                attribute: attributes.map((attribute) => ({ name: escaped(attribute), type: "S" })),
                ttl: [{ attribute_name: table.ttlAttribute, enabled: true }],
                deletion_protection_enabled: table.deletionProtection,
                point_in_time_recovery: [{ enabled: table.pointInTimeRecovery }],
                ...(table.deletionProtection && { lifecycle: [{ prevent_destroy: true }] }),
              },
            ],
          },
          aws_iam_policy: { sessions: [{ policy: reference("data.aws_iam_policy_document.sessions.json") }] },
        },
        data: {
          ...(previous.length > 0 && {
            aws_dynamodb_table: Object.fromEntries(
              previous.map((other, i) => [`previous_${i + 1}`, [{ name: other.tableName }]]),
            ),
          }),
          aws_iam_policy_document: {
            sessions: [
              {
                statement: [
                  { actions, resources: [reference("aws_dynamodb_table.sessions.arn")] },
                  ...previous.map((other, i) => ({
                    actions: other.actions,
                    resources: [reference(`data.aws_dynamodb_table.previous_${i + 1}.arn`)],
                  })),
                ],
              },
            ],
          },
        },
      });
      if (table.sortKey === null) expect(JSON.stringify(parsed)).not.toContain("range_key");
    },
  );

  function reference(to: string): string {
    return `\${${to}}`;
  }

  /** In Terraform's JSON an expression is text as well, and what only looks like one is escaped there, too. */
  function escaped(text: string): string {
    return text.replace(/[$%](?=\{)/g, "$&$&");
  }
});

describe("for the AWS CDK", () => {
  let project: CdkProject;
  beforeAll(async () => {
    project = await cdkProject({
      ...Object.fromEntries(NAMES.map((name) => [name, cdk.print(infrastructure(name))])),
      broken: cdk.print(infrastructure("plain")).replace("billingMode:", "billing:"),
    });
  });
  afterAll(() => project.remove());

  it("is compiled by TypeScript, and what is wrong would be found", { timeout: 60_000 }, async () => {
    const lines = (await project.compile()).trim().split("\n");
    expect(lines.filter((line) => !line.startsWith("broken.ts") && !line.startsWith(" "))).toEqual([]);
    expect(lines.join("\n")).toMatch(/^broken\.ts.*'billing' does not exist/);
  });

  it.each(NAMES)("%s becomes the table and the policy of the template", { timeout: 60_000 }, (name) => {
    const ours: Template = JSON.parse(JSON.stringify(template(infrastructure(name))));
    expect(essence(project.synthesize(name))).toEqual(essence(ours));
  });
});

/** What matters in a template: its resources, whatever they are called in it, and arrays of one as what is in them. */
function essence({ Resources }: Template) {
  const names = new Map(Object.entries(Resources).map(([name, { Type }]) => [name, Type]));
  const normal = (value: unknown): unknown => {
    if (typeof value === "string") return names.get(value) ?? value;
    if (Array.isArray(value)) return value.length === 1 ? normal(value[0]) : value.map(normal);
    if (typeof value !== "object" || value === null) return value;
    // Text with the names of other resources in it is put together in the one way or the other.
    if ("Fn::Join" in value) return { text: partsOf(value["Fn::Join"]).join("") };
    if ("Fn::Sub" in value) return { text: value["Fn::Sub"] };
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, normal(field)]));
  };
  return Object.values(Resources)
    .map(({ Type, DeletionPolicy, UpdateReplacePolicy, Properties }: Resource) => ({
      Type,
      DeletionPolicy,
      UpdateReplacePolicy,
      // The CDK names the path "/" where ours leaves that to its default.
      Properties: normal({ ...Properties, Path: undefined }),
    }))
    .sort((a, b) => a.Type.localeCompare(b.Type));
}

function partsOf(join: unknown): string[] {
  const [, parts] = Array.isArray(join) ? join : [];
  return Array.isArray(parts)
    ? parts.map((part: string | { Ref: string }) => (typeof part === "string" ? part : `\${${part.Ref}}`))
    : [];
}
