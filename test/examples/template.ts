// What the stack of the Lambda example says. No YAML is read here but that of one hand: a name and a value on a line,
// and lists and blocks that are indented below their names.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Template {
  readonly codeUri: string;
  readonly handler: string;
  /** The names of the function's environment variables. */
  readonly variables: string[];
  /** What it may do, without the service's name. */
  readonly actions: string[];
  /** The table's key attributes, hash key first. */
  readonly keys: string[];
  readonly ttlAttribute: string;
}

export async function readTemplate(folder: string): Promise<Template> {
  const lines = (await readFile(join(folder, "template.yaml"), "utf8"))
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line));

  /** The lines below a name, as far as they are indented. */
  function below(name: string): string[] {
    const start = lines.findIndex((line) => line.trim() === `${name}:`);
    if (start < 0) throw new Error(`the template has no ${name}`);
    const depth = indentOf(lines[start] ?? "");
    const rest = lines.slice(start + 1);
    const end = rest.findIndex((line) => indentOf(line) <= depth);
    return end < 0 ? rest : rest.slice(0, end);
  }

  return {
    codeUri: settingIn("CodeUri", lines),
    handler: settingIn("Handler", lines),
    variables: below("Variables").map((line) => line.trim().replace(/:.*/, "")),
    actions: below("Action").map((line) => line.trim().replace(/^- dynamodb:/, "")),
    keys: below("KeySchema").flatMap((line) => /AttributeName: (\S+)/.exec(line)?.[1] ?? []),
    ttlAttribute: settingIn("AttributeName", below("TimeToLiveSpecification")),
  };
}

function settingIn(name: string, lines: readonly string[]): string {
  const found = lines.map((line) => line.trim()).find((line) => line.startsWith(`${name}: `));
  if (found === undefined) throw new Error(`the template has no ${name}`);
  return found.slice(name.length + 2);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
