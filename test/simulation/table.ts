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
  readonly Key: Item;
  /** Of a batch, instead of a key. */
  readonly RequestItems?: Record<string, { readonly Keys: readonly Item[] }>;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
  readonly ReturnValues?: "NONE" | "ALL_OLD" | "ALL_NEW";
  readonly ReturnValuesOnConditionCheckFailure?: "NONE" | "ALL_OLD";
}

/** What a command is answered with: an output, or the error that is thrown. */
export type Answer =
  | { readonly ok: true; readonly output: { readonly Item?: Item; readonly Attributes?: Item } }
  | { readonly ok: false; readonly error: Error };

/** What carrying a command out did: the row before and after, and the answer. */
export interface Applied {
  readonly before: Readonly<Item> | undefined;
  readonly after: Readonly<Item> | undefined;
  readonly answer: Answer;
}

export class ConditionalCheckFailedException extends Error {
  override readonly name = "ConditionalCheckFailedException";

  constructor(readonly Item: Item | undefined) {
    super("The conditional request failed");
  }
}

export class ModelTable {
  readonly #rows = new Map<string, Readonly<Item>>();

  /** The row under a key, as it is now. */
  row(key: string): Readonly<Item> | undefined {
    return this.#rows.get(key);
  }

  apply({ action, input }: Command): Applied {
    const key = Object.values(input.Key)[0]?.S;
    if (key === undefined) throw new Error("the model of the table knows keys of type S alone");
    const before = this.#rows.get(key);
    try {
      const output = this.#carryOut(action, input, key, before);
      return { before, after: this.#rows.get(key), answer: { ok: true, output } };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException || error instanceof ValidationException))
        throw error;
      return { before, after: before, answer: { ok: false, error } };
    }
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

// The SDK gives every caller a copy of its own.
function handOut(item: Readonly<Item>): Item {
  const copy: Item = {};
  for (const [name, value] of Object.entries(item)) copy[name] = copyOf(value);
  return copy;
}
