// The examples in TypeScript, against the types of the packed package and of the frameworks.
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeProject, type Project } from "./project.js";

let project: Project;
beforeAll(async () => {
  project = await makeProject();
});
afterAll(() => project?.remove());

/** For a compiler on a machine that has much else to do. */
const LONG_MS = 120_000;

it("the compiler finds nothing to say of the examples", { timeout: LONG_MS }, async () => {
  const complaints = await project.run(".", "tsc -p .").catch(({ stdout }: { stdout: string }) => stdout);
  expect(complaints).toBe("");
});
