// The stack of the Lambda example: it gives the function what that needs, and no more. Nothing is deployed here.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { PERMISSIONS } from "../../src/admin/policy.js";
import { createTable, testClient } from "../support/tables.js";
import { Browser } from "./browser.js";
import { dynamoDbAt, makeProject, type Project } from "./project.js";
import { SHOPS } from "./shops.js";
import { readTemplate, type Template } from "./template.js";

const client = testClient();
let project: Project;
let template: Template;
beforeAll(async () => {
  project = await makeProject();
  template = await readTemplate(project.folder("lambda"));
});
afterAll(async () => {
  client.destroy();
  await project?.remove();
});

it("permits the function what docs/security.md lists", () => {
  expect(template.actions).toEqual(PERMISSIONS.sessions.table);
});

it("makes a table that holds sessions, and whose rows DynamoDB removes a week after the last request", async () => {
  const [hashKey = "", sortKey = ""] = template.keys;
  const table = await createTable(client, { hashKey, sortKey });
  const [shop] = SHOPS.filter(({ folder }) => folder === "lambda");
  await shop?.prepare?.(project);
  const running = await shop?.start(project, {
    ...dynamoDbAt(inject("endpoint")),
    TABLE: table,
    SECRET: "known to the tests alone, and long enough",
  });
  onTestFinished(() => running?.stop());
  const browser = new Browser(running?.ready ?? "");
  await browser.visit();
  await browser.press("Add Teapot");
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  expect(Items).toHaveLength(1);
  const secondsLeft = Number(Items[0]?.[template.ttlAttribute]?.N) - Date.now() / 1000;
  expect(secondsLeft / (24 * 60 * 60)).toBeCloseTo(7, 1);
});

it("holds no secret, but says where one is made and found", async () => {
  const text = await readFile(join(project.folder("lambda"), "template.yaml"), "utf8");
  expect(text).toMatch(/SECRET: !Sub "\{\{resolve:secretsmanager:\$\{Secret\}\}\}"$/m);
  expect(text).toMatch(/^ {2}Secret:\n {4}Type: AWS::SecretsManager::Secret$/m);
});
