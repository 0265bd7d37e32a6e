// The small examples of other servers that take a store of Express: each counts the visits of its visitors.
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { countRows, createTable, testClient } from "../support/tables.js";
import { Browser } from "./browser.js";
import { dynamoDbAt, makeProject, type Project } from "./project.js";

const SERVERS = ["connect", "fastify", "nestjs", "polka"];

const client = testClient();
let project: Project;
beforeAll(async () => {
  project = await makeProject();
  const { build = "" } = await project.commands("servers");
  await project.run("servers", build);
});
afterAll(async () => {
  client.destroy();
  await project?.remove();
});

it("every server is asked", async () => {
  const files = (await readdir(project.folder("servers"))).filter((file) => /\.[jt]s$/.test(file));
  expect(files.map((file) => file.slice(0, -3)).sort()).toEqual(SERVERS);
});

it.each(SERVERS)("%s counts the visits of each visitor, also over a restart", async (name) => {
  const table = await createTable(client);
  const { [name]: command = "" } = await project.commands("servers");
  const environment = { ...dynamoDbAt(inject("endpoint")), TABLE: table, SECRET: "s".repeat(32) };
  async function begin(): Promise<string> {
    const program = await project.start("servers", command, environment);
    onTestFinished(() => program.stop());
    return program.ready;
  }
  const origin = await begin();
  const [ada, grace] = [new Browser(origin), new Browser(origin)];
  expect((await ada.visit()).html).toBe("visit 1");
  expect((await ada.visit()).html).toBe("visit 2");
  expect((await grace.visit()).html).toBe("visit 1");
  const back = new Browser(await begin(), { cookies: ada.cookies });
  expect((await back.visit()).html).toBe("visit 3");
  expect(await countRows(client, table)).toBe(2);
});
