// The examples in TypeScript, against the types of the packed package and of the frameworks.
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeProject, type Project } from "./project.js";

let project: Project;
beforeAll(async () => {
  project = await makeProject();
});
afterAll(() => project?.remove());

it("the compiler finds nothing to say of the examples", async () => {
  const complaints = await project.run(".", "tsc -p .").catch(({ stdout }: { stdout: string }) => stdout);
  expect(complaints).toBe("");
});
