// What a guide has its readers copy is what the tests run.
import ts from "typescript";
import { expect, it } from "vitest";
import { readPage } from "./pages.js";

it("docs/migrate/express-to-hono.md has the key for koa-session that the conformance suite runs with", async () => {
  const page = await readPage("docs/migrate/express-to-hono.md");
  const [, recipe = ""] = /^```js\n(export function foreignKey.*?)^```/ms.exec(page) ?? [];
  const run = await readPage("test/conformance/apps/foreign-key.ts");
  expect(codeOf(recipe)).not.toBe("");
  expect(codeOf(recipe)).toBe(codeOf(run));
});

/** What a program does, without its types, its comments and how it is set. */
function codeOf(program: string): string {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ES2022,
    removeComments: true,
  };
  const { outputText } = ts.transpileModule(program, { compilerOptions });
  return outputText.replace(/\s+/g, "").replace(/,(?=[)}\]])/g, "");
}
