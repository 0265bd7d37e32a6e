// What docs/security.md says that every user needs on the table.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../packaging/consumer.js";

/** The actions, without the service's name. */
export async function documentedPermissions(): Promise<string[]> {
  const page = await readFile(join(ROOT, "docs", "security.md"), "utf8");
  const [, actions = ""] = /"Action": \[(.*)\]/.exec(page) ?? [];
  return [...actions.matchAll(/dynamodb:(\w+)/g)].map(([, action = ""]) => action);
}
