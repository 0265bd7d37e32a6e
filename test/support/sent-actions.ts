// What is to be allowed in IAM for what reaches the API: the actions by table, those within transactions by their own names.
import type { FaultProxy } from "./fault-proxy.js";

/** What reached the API since this was called: actions by table, and the partition keys that were named. */
export function listen(proxy: FaultProxy) {
  const actions = new Map<string, Set<string>>();
  const partitions = new Set<string>();
  const note = (table: string, action: string, keys: readonly Item[] = []) => {
    actions.set(table, (actions.get(table) ?? new Set()).add(action));
    for (const { pk, id } of keys) partitions.add((pk ?? id)?.S ?? "no key");
  };
  proxy.decide = (action, body) => {
    const sent: Sent = Object(body);
    const { TransactItems = [], RequestItems = {} } = sent;
    for (const part of TransactItems) {
      for (const [name, { TableName, Key, Item }] of Object.entries(part))
        note(TableName, `${name}Item`, [Key ?? Item ?? {}]);
    }
    for (const [table, { Keys }] of Object.entries(RequestItems)) note(table, action, Keys);
    if (sent.TableName === undefined) return undefined;
    const owner = sent.ExpressionAttributeValues?.[":owner"];
    const keys = [sent.Key, action === "Query" && owner ? { pk: owner } : undefined];
    note(
      sent.TableName,
      action,
      keys.filter((key) => key !== undefined),
    );
    return undefined;
  };
  const sortedIn = (table: string) => [...(actions.get(table) ?? [])].sort();
  return { in: sortedIn, partitions };
}

interface Item {
  readonly [name: string]: { readonly S?: string };
}
interface Part {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
}
interface Sent {
  readonly TableName?: string;
  readonly Key?: Item;
  readonly ExpressionAttributeValues?: Item;
  readonly RequestItems?: Record<string, { readonly Keys: Item[] }>;
  readonly TransactItems?: Record<string, Part>[];
}
