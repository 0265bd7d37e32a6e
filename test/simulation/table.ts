// A model of one DynamoDB table: the commands that the engine sends, carried out one at a time, with what the API
// answers. `model-check.ts` holds it against DynamoDB Local.
import { copyOf, type Item, meets, Placeholders, updated, ValidationException } from "./expressions.js";

/** A command as the SDK has it: its action, such as `GetItem`, and its input. */
export interface Command {
  readonly action: string;
  readonly input: CommandInput;
}

/** What the model looks at of a command's input. */
export interface CommandInput {
  /** Of a transaction, that of its first write. */
  readonly Key: Item;
  readonly TransactItems?: readonly TransactItem[];
  /** A transaction that comes with the token of one that succeeded is answered as that one was. */
  readonly ClientRequestToken?: string;
  /** Of a batch, instead of a key. */
  readonly RequestItems?: Record<string, { readonly Keys: readonly Item[] }>;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
  readonly ReturnValues?: "NONE" | "ALL_OLD" | "ALL_NEW";
  readonly ReturnValuesOnConditionCheckFailure?: "NONE" | "ALL_OLD";
}

/** One write of a transaction. */
export type TransactItem = { readonly Update: CommandInput } | { readonly Delete: CommandInput };

/** What a command is answered with: an output, or the error that is thrown. */
export type Answer =
  | { readonly ok: true; readonly output: { readonly Item?: Item; readonly Attributes?: Item } }
  | { readonly ok: false; readonly error: Error };

/** A row that a command was carried out on, before and after. */
export interface RowChange {
  readonly key: string;
  readonly before: Readonly<Item> | undefined;
  readonly after: Readonly<Item> | undefined;
}

/** What carrying a command out did: the rows before and after, and the answer. */
export interface Applied {
  readonly changes: readonly [RowChange, ...RowChange[]];
  readonly answer: Answer;
}

export class ConditionalCheckFailedException extends Error {
  override readonly name = "ConditionalCheckFailedException";

  constructor(readonly Item: Item | undefined) {
    super("The conditional request failed");
  }
}

/** Why a transaction was cancelled: by one of its writes, of which the others say `None`. */
export class TransactionCanceledException extends Error {
  override readonly name = "TransactionCanceledException";

  constructor(readonly CancellationReasons: readonly { readonly Code: string; readonly Item?: Item }[]) {
    super("Transaction cancelled, please refer cancellation reasons for specific reasons");
  }
}

export class ModelTable {
  readonly #rows = new Map<string, Readonly<Item>>();
  readonly #tokens = new Set<string>();

  /** The row under a key, as it is now. */
  row(key: string): Readonly<Item> | undefined {
    return this.#rows.get(key);
  }

  apply({ action, input }: Command): Applied {
    if (input.TransactItems) return this.#transact(input.TransactItems, input.ClientRequestToken);
    const key = keyIn(input);
    const before = this.#rows.get(key);
    try {
      const output = this.#carryOut(action, input, key, before);
      return { changes: [{ key, before, after: this.#rows.get(key) }], answer: { ok: true, output } };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException || error instanceof ValidationException))
        throw error;
      return { changes: [{ key, before, after: before }], answer: { ok: false, error } };
    }
  }

  /** All of the writes, or none. */
  #transact(items: readonly TransactItem[], token: string | undefined): Applied {
    const writes = items.map((item) =>
      "Update" in item
        ? { action: "UpdateItem", input: item.Update, key: keyIn(item.Update) }
        : { action: "DeleteItem", input: item.Delete, key: keyIn(item.Delete) },
    );
    const before = new Map(writes.map(({ key }) => [key, this.#rows.get(key)]));
    const [first, ...others] = writes.map(({ key }) => key);
    if (first === undefined) throw new Error("a transaction of nothing");
    const done = (answer: Answer): Applied => {
      const changeOf = (key: string) => ({ key, before: before.get(key), after: this.#rows.get(key) });
      return { changes: [changeOf(first), ...others.map(changeOf)], answer };
    };
    if (token !== undefined && this.#tokens.has(token)) return done({ ok: true, output: {} });
    const reasons = writes.map(({ action, input, key }) => {
      try {
        this.#carryOut(action, input, key, before.get(key));
        return { Code: "None" };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { Code: "ConditionalCheckFailed", ...(error.Item && { Item: error.Item }) };
      }
    });
    if (reasons.every(({ Code }) => Code === "None")) {
      if (token !== undefined) this.#tokens.add(token);
      return done({ ok: true, output: {} });
    }
    for (const [key, row] of before) {
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
    }
    return done({ ok: false, error: new TransactionCanceledException(reasons) });
  }

  #carryOut(action: string, input: CommandInput, key: string, before: Readonly<Item> | undefined) {
    const placeholders = new Placeholders(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
    if (action === "GetItem") return before ? { Item: handOut(before) } : {};
    if (action !== "UpdateItem" && action !== "DeleteItem") {
      throw new Error(`the model of the table knows no ${action}`);
    }
    const condition = input.ConditionExpression;
    placeholders.checkUsedIn(`${condition} ${input.UpdateExpression}`);
    const isMet = condition === undefined || meets(condition, before ?? {}, placeholders);
    let after: Item | undefined;
    let invalid: unknown;
    if (action === "UpdateItem") {
      try {
        after = updated(input.UpdateExpression ?? "", before ?? input.Key, placeholders);
      } catch (error) {
        // A condition that is not met is said first.
        invalid = error;
      }
    }
    if (!isMet) {
      const shows = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD" && before !== undefined;
      throw new ConditionalCheckFailedException(shows ? handOut(before) : undefined);
    }
    if (invalid !== undefined) throw invalid;
    if (after === undefined) this.#rows.delete(key);
    else this.#rows.set(key, after);
    if (input.ReturnValues === "ALL_OLD" && before) return { Attributes: handOut(before) };
    if (input.ReturnValues === "ALL_NEW" && after) return { Attributes: handOut(after) };
    return {};
  }
}

function keyIn(input: CommandInput): string {
  const key = Object.values(input.Key)[0]?.S;
  if (key === undefined) throw new Error("the model of the table knows keys of type S alone");
  return key;
}

// The SDK gives every caller a copy of its own.
function handOut(item: Readonly<Item>): Item {
  const copy: Item = {};
  for (const [name, value] of Object.entries(item)) copy[name] = copyOf(value);
  return copy;
}
