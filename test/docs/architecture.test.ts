// docs/architecture.md says which folder of the sources imports what, and which modules make commands: what it says is what
// the sources do, as the compiler reads them.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { codeIn, pathOf, readPage, rowsOf, sectionOf } from "./pages.js";

interface Import {
  /** The module that imports, from `src`: `core/table.ts`. */
  readonly from: string;
  /** What it imports: a module from `src`, or a package. */
  readonly to: string;
  readonly isOurs: boolean;
  /** What it takes of it at run time, by name; `*` for all that is not named. */
  readonly values: readonly string[];
}

const PAGE = await readPage("docs/architecture.md");
const [PICTURE = ""] = /^```[\s\S]*?^```/m.exec(PAGE) ?? [];
const MODULES = (await readdir(pathOf("src"), { recursive: true }))
  .filter((path) => path.endsWith(".ts"))
  .sort();
const IMPORTS = (await Promise.all(MODULES.map(importsOf))).flat();

async function importsOf(from: string): Promise<Import[]> {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, values: readonly string[]) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const isOurs = specifier.text.startsWith(".");
    const to = isOurs ? join(from, "..", specifier.text).replace(/\.js$/, ".ts") : packageOf(specifier.text);
    found.push({ from, to, isOurs, values });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, valuesOf(node.importClause));
    else if (ts.isExportDeclaration(node))
      add(node.moduleSpecifier, node.isTypeOnly ? [] : namesOf(node.exportClause));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, []);
    else if (ts.isCallExpression(node) && isLoading(node.expression)) add(node.arguments[0], ["*"]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(from, await readPage(`src/${from}`), ts.ScriptTarget.Latest, true));
  return found;
}

function isLoading(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require")
  );
}

function valuesOf(clause: ts.ImportClause | undefined): string[] {
  if (clause === undefined) return ["*"];
  if (clause.isTypeOnly) return [];
  return [
    ...(clause.name ? ["default"] : []),
    ...(clause.namedBindings ? namesOf(clause.namedBindings) : []),
  ];
}

function namesOf(bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined): string[] {
  if (bindings === undefined || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return ["*"];
  const values = [...bindings.elements].filter(({ isTypeOnly }) => !isTypeOnly);
  return values.map(({ name, propertyName }) => (propertyName ?? name).text);
}

/** The package that a specifier is of: `hono` of `hono/cookie`. All of Node's modules are one. */
function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return "node:*";
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

const folderOf = (module: string) => module.replace(/\/.*/, "");
const FOLDERS = [...new Set(MODULES.map(folderOf))];

/** What the page allows each folder to import. */
const ALLOWED = new Map(
  rowsOf(sectionOf(PAGE, "The folders")).map(([folder = "", , ours = "", others = ""]) => [
    String(codeIn(folder)[0]),
    [...codeIn(ours), ...codeIn(others)],
  ]),
);

describe("docs/architecture.md", () => {
  it("has every folder of the sources in its table and in its picture, and no other", () => {
    const folders = FOLDERS.map((folder) => `src/${folder}`);
    expect([...ALLOWED.keys()].sort()).toEqual(folders.sort());
    expect([...new Set(PICTURE.match(/src\/[a-z-]+/g))].sort()).toEqual(folders.sort());
  });

  it.each(FOLDERS)("lists what src/%s imports: no more, and no less", (folder) => {
    const leaving = IMPORTS.filter(
      ({ from, to, isOurs }) => folderOf(from) === folder && !(isOurs && folderOf(to) === folder),
    );
    const allowed = ALLOWED.get(`src/${folder}`) ?? [];
    expect(
      leaving.filter(({ to }) => !allowed.includes(to)).map(({ from, to }) => `${from} imports ${to}`),
    ).toEqual([]);
    expect(allowed.filter((one) => leaving.every(({ to }) => to !== one))).toEqual([]);
  });

  it("lists the modules that make commands, and no other makes any", () => {
    const made = IMPORTS.filter(({ values }) =>
      values.some((name) => name.endsWith("Command") && name !== "Command"),
    );
    const listed = rowsOf(sectionOf(PAGE, "Who makes commands")).flatMap(([modules = ""]) => codeIn(modules));
    expect(listed.sort()).toEqual([...new Set(made.map(({ from }) => from))].sort());
  });

  it("names modules that are there", () => {
    const named = codeIn(PAGE.replace(PICTURE, "")).filter((code) => /^[a-z-]+\/[\w/-]+\.ts$/.test(code));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((module) => !MODULES.includes(module))).toEqual([]);
  });
});

describe("the sources", () => {
  it("have no two modules that load each other, by however many others", () => {
    const loads = IMPORTS.filter(({ isOurs, values }) => isOurs && values.length > 0);
    const isDone = new Set<string>();
    const circles: string[] = [];
    const follow = (module: string, way: readonly string[]): void => {
      if (way.includes(module)) circles.push([...way.slice(way.indexOf(module)), module].join(" → "));
      if (way.includes(module) || isDone.has(module)) return;
      for (const { from, to } of loads) if (from === module) follow(to, [...way, module]);
      isDone.add(module);
    };
    for (const module of MODULES) follow(module, []);
    expect(circles).toEqual([]);
  });

  it("import modules that are there", () => {
    expect(IMPORTS.filter(({ to, isOurs }) => isOurs && !MODULES.includes(to))).toEqual([]);
  });
});

it("CONTRIBUTING's list of where to look names modules that are there", async () => {
  const rows = rowsOf(sectionOf(await readPage("CONTRIBUTING.md"), "The house"));
  const paths = rows.flatMap(([, where = ""]) => codeIn(where)).filter((code) => code.includes("/"));
  expect(paths.length).toBeGreaterThan(40);
  const isThere = (path: string) => MODULES.some((module) => module === path || module.startsWith(path));
  expect(paths.filter((path) => !isThere(path))).toEqual([]);
});
