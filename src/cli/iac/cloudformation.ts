// The infrastructure as a template of AWS CloudFormation.
import { createTableInput } from "../../admin/index.js";
import { type Infrastructure, type Printer, PURPOSE } from "./infrastructure.js";
import { yamlOf } from "./yaml.js";

// The template's names of them.
const TABLE = "Sessions";
const POLICY = "SessionsAccess";

/** The template: as JSON it is one too. */
export function template({ table, actions, previous }: Infrastructure) {
  const onDeletion = table.deletionProtection ? "Retain" : "Delete";
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: PURPOSE,
    Resources: {
      [TABLE]: {
        Type: "AWS::DynamoDB::Table",
        DeletionPolicy: onDeletion,
        UpdateReplacePolicy: onDeletion,
        // What CreateTable takes has the same names here.
        Properties: {
          ...createTableInput(table),
          TimeToLiveSpecification: { AttributeName: table.ttlAttribute, Enabled: true },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: table.pointInTimeRecovery },
        },
      },
      [POLICY]: {
        Type: "AWS::IAM::ManagedPolicy",
        Properties: {
          Description: "What a server does that keeps its sessions there.",
          PolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              { Effect: "Allow", Action: [...actions], Resource: { "Fn::GetAtt": [TABLE, "Arn"] } },
              ...previous.map((other) => ({
                Effect: "Allow",
                Action: [...other.actions],
                Resource: { "Fn::Sub": arnOf(other.tableName) },
              })),
            ],
          },
        },
      },
    },
    Outputs: {
      TableName: { Value: { Ref: TABLE } },
      // Of a managed policy, Ref gives the ARN.
      PolicyArn: { Description: "To attach to the server's role.", Value: { Ref: POLICY } },
    },
  };
}

function arnOf(tableName: string): string {
  return `arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${tableName}`;
}

export const cloudFormation: Printer = {
  title: "AWS CloudFormation",
  file: "sessions.yaml",
  print: (infrastructure) =>
    [
      `# ${PURPOSE} To deploy it:`,
      "# aws cloudformation deploy --stack-name sessions --template-file sessions.yaml --capabilities CAPABILITY_IAM",
      yamlOf(template(infrastructure)),
    ].join("\n"),
};
