// What the package's README says that its users need on the table.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../packaging/consumer.js";

/** The actions, without the service's name. */
export async function permissionsOfReadme(): Promise<string[]> {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const [, actions = ""] = /"Action": \[(.*)\]/.exec(readme) ?? [];
  return [...actions.matchAll(/dynamodb:(\w+)/g)].map(([, action = ""]) => action);
}
