// The infrastructure as a construct of the AWS CDK, in TypeScript.
import { type Infrastructure, type Printer, PURPOSE } from "./infrastructure.js";

export const cdk: Printer = {
  title: "AWS CDK",
  file: "sessions.ts",
  print: ({ table, actions, previous }: Infrastructure) => {
    const { tableName, hashKey, sortKey, ttlAttribute, deletionProtection, pointInTimeRecovery } = table;
    const sort = sortKey === null ? "" : `\n      sortKey: ${stringKey(sortKey)},`;
    const core = previous.length === 0 ? "RemovalPolicy" : "RemovalPolicy, Stack";
    const statements = [
      statement(actions, "this.table.tableArn"),
      ...previous.map((other) => statement(other.actions, arnOf(other.tableName))),
    ];
    return `\
// ${PURPOSE} In a stack:
//   const sessions = new Sessions(this, "Sessions");
//   sessions.access.attachToRole(role);
import { ${core} } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

export class Sessions extends Construct {
  readonly table: Table;
  /** What a server does that keeps its sessions there. */
  readonly access: ManagedPolicy;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, "Table", {
      tableName: ${JSON.stringify(tableName)},
      billingMode: BillingMode.PAY_PER_REQUEST,
      partitionKey: ${stringKey(hashKey)},${sort}
      timeToLiveAttribute: ${JSON.stringify(ttlAttribute)},
      deletionProtection: ${deletionProtection},
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: ${pointInTimeRecovery} },
      removalPolicy: RemovalPolicy.${deletionProtection ? "RETAIN" : "DESTROY"},
    });
    this.access = new ManagedPolicy(this, "Access", {
      description: "What a server does that keeps its sessions there.",
      statements: [
${statements.join("\n")}
      ],
    });
  }
}
`;
  },
};

function stringKey(name: string): string {
  return `{ name: ${JSON.stringify(name)}, type: AttributeType.STRING }`;
}

function statement(actions: readonly string[], arn: string): string {
  const listed = actions.map((action) => `            ${JSON.stringify(action)},`).join("\n");
  return `\
        new PolicyStatement({
          actions: [
${listed}
          ],
          resources: [${arn}],
        }),`;
}

function arnOf(tableName: string): string {
  const name = JSON.stringify(tableName);
  return `Stack.of(this).formatArn({ service: "dynamodb", resource: "table", resourceName: ${name} })`;
}
