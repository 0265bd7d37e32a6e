// The workflow of continuous integration: it does what `.ci/run` does, on every Node that the package is for, and knows no
// secret. Nobody here can run it; that it says what it is to say is what can be held.
import { access, constants } from "node:fs/promises";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { pathOf, readPage } from "./pages.js";

interface Step {
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { strategy: { matrix: { node: number[] } }; steps: Step[] }>>;
}

const text = await readPage(".github/workflows/ci.yml");
const workflow: Workflow = parse(text, { strict: true, uniqueKeys: true });
const [job, ...others] = Object.values(workflow.jobs);
const steps = job?.steps ?? [];
const stepOf = (action: string) => steps.find(({ uses }) => uses?.startsWith(`${action}@`));

it("runs .ci/run, which can be run, and nothing else", async () => {
  expect(others).toEqual([]);
  expect(steps.flatMap(({ run }) => run ?? [])).toEqual([".ci/run"]);
  await access(pathOf(".ci/run"), constants.X_OK);
});

it("does so on the oldest Node that the package takes, and on each that the tests bring along", async () => {
  const { engines }: { engines: { node: string } } = JSON.parse(await readPage("package.json"));
  const runtimes: { name: string }[] = JSON.parse(await readPage("scripts/runtime-packages.json"));
  const majors = [
    engines.node,
    ...runtimes.map(({ name }) => name).filter((name) => name.startsWith("node-")),
  ];
  expect(job?.strategy.matrix.node).toEqual(majors.map((name) => Number(/\d+/.exec(name)?.[0])));
  expect(stepOf("actions/setup-node")?.with?.["node-version"]).toMatch(/^\$\{\{ matrix\.node \}\}$/);
});

it("keeps the reports of a run that failed, which lie in a folder whose name begins with a dot", async () => {
  const { with: options, if: condition } = stepOf("actions/upload-artifact") ?? {};
  expect(condition).toBe("failure()");
  expect(options).toMatchObject({ path: ".artifacts", "include-hidden-files": true });
  expect(await readPage("scripts/test.mjs")).toContain('join(root, ".artifacts",');
});

it("may read the repository, and is given no secret", () => {
  expect(workflow.permissions).toEqual({ contents: "read" });
  expect(text).not.toMatch(/secrets|token/i);
});

it("takes every action by its major version", () => {
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
});
