// DynamoDB's condition and update expressions, as far as the engine speaks them: read once, then evaluated over items.
// What it does not know it refuses loudly: the model must not guess.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type Item = Record<string, AttributeValue>;

/** What the API says of a command that it cannot carry out. */
export class ValidationException extends Error {
  override readonly name = "ValidationException";
}

/** The placeholders of one command. */
export class Placeholders {
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: Readonly<Item>;

  constructor(names: Readonly<Record<string, string>> = {}, values: Readonly<Item> = {}) {
    this.#names = names;
    this.#values = values;
  }

  name(token: string): string {
    if (!token.startsWith("#")) return token;
    return this.#names[token] ?? invalid(`an expression attribute name is not defined: ${token}`);
  }

  value(token: string): AttributeValue {
    return this.#values[token] ?? invalid(`an expression attribute value is not defined: ${token}`);
  }

  /** The API refuses a command that defines what its expressions do not speak of, before it looks at anything else. */
  checkUsedIn(expressions: string): void {
    const spoken = new Set(expressions.match(/[#:]\w+/g));
    const unused = [...Object.keys(this.#names), ...Object.keys(this.#values)].filter(
      (one) => !spoken.has(one),
    );
    if (unused.length > 0) invalid(`unused in expressions: ${unused.join(", ")}`);
  }
}

type Path = readonly string[];

type Operand =
  | { readonly kind: "value"; readonly token: string }
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "if_not_exists"; readonly path: Path; readonly otherwise: Operand }
  | { readonly kind: "+" | "-"; readonly left: Operand; readonly right: Operand };

type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly inner: Condition }
  | { readonly kind: "exists" | "not_exists"; readonly path: Path }
  | { readonly kind: "begins_with" | "contains"; readonly path: Path; readonly operand: Operand }
  | { readonly kind: "compare"; readonly by: string; readonly left: Operand; readonly right: Operand };

interface Update {
  readonly set: readonly { readonly path: Path; readonly operand: Operand }[];
  readonly remove: readonly Path[];
}

/** Whether an item, or none, meets a condition. */
export function meets(condition: string, item: Readonly<Item>, placeholders: Placeholders): boolean {
  return evaluate(parsed(condition, conditionOf, conditions), item, placeholders);
}

/** An item as an update leaves it. Every operand is that of the item before. */
export function updated(update: string, item: Readonly<Item>, placeholders: Placeholders): Item {
  const { set, remove } = parsed(update, updateOf, updates);
  let result: Item = { ...item };
  for (const { path, operand } of set) {
    const value = operandIn(operand, item, placeholders);
    if (value === undefined) invalid("an operand refers to an attribute that does not exist in the item");
    result = withValue(result, namesOf(path, placeholders), copyOf(value));
  }
  for (const path of remove) result = withValue(result, namesOf(path, placeholders), undefined);
  return result;
}

/** The names of the attributes that an update sets or removes, at the top of the item. */
export function attributesIn(update: string, names: Readonly<Record<string, string>> = {}): Set<string> {
  const { set, remove } = parsed(update, updateOf, updates);
  const tops = [...set.map(({ path }) => path), ...remove].flatMap((path) => path.slice(0, 1));
  return new Set(tops.map((top) => names[top] ?? top));
}

/** A copy that nobody else holds, with numbers as the API writes them. */
export function copyOf(value: AttributeValue): AttributeValue {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: String(Number(value.N)) };
  if (value.M !== undefined) {
    return {
      M: Object.fromEntries(Object.entries(value.M).map(([name, inner]) => [name, copyOf(inner)])),
    };
  }
  if (value.L !== undefined) return { L: value.L.map(copyOf) };
  if (value.BOOL !== undefined) return { BOOL: value.BOOL };
  if (value.NULL !== undefined) return { NULL: true };
  throw new Error(`the model of the table knows no ${Object.keys(value).join()}`);
}

/** Whether two values are the same to the API: numbers by value, maps whatever their order. */
export function isSameValue(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.S !== undefined) return one.S === other.S;
  if (one.N !== undefined) return other.N !== undefined && Number(one.N) === Number(other.N);
  if (one.BOOL !== undefined) return one.BOOL === other.BOOL;
  if (one.NULL !== undefined) return other.NULL !== undefined;
  if (one.L !== undefined) {
    return one.L.length === other.L?.length && one.L.every((inner, i) => isSameValue(inner, other.L?.[i]));
  }
  if (one.M === undefined || other.M === undefined) return false;
  const names = Object.keys(one.M);
  return (
    names.length === Object.keys(other.M).length &&
    names.every((name) => isSameValue(one.M?.[name], other.M?.[name]))
  );
}

function invalid(why: string): never {
  throw new ValidationException(why);
}

function namesOf(path: Path, placeholders: Placeholders): string[] {
  return path.map((token) => placeholders.name(token));
}

function at(item: Readonly<Item>, path: Path, placeholders: Placeholders): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const name of namesOf(path, placeholders)) value = value?.M && own(value.M, name);
  return value;
}

function own(item: Readonly<Item>, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

function withValue(item: Readonly<Item>, path: readonly string[], value: AttributeValue | undefined): Item {
  const [name, ...below] = path;
  if (name === undefined) return item;
  const { [name]: before, ...others } = item;
  if (below.length === 0) return value === undefined ? others : { ...item, [name]: value };
  if (before?.M === undefined) invalid("the document path is invalid for update");
  return { ...item, [name]: { M: withValue(before.M, below, value) } };
}

function operandIn(
  operand: Operand,
  item: Readonly<Item>,
  placeholders: Placeholders,
): AttributeValue | undefined {
  switch (operand.kind) {
    case "value":
      return placeholders.value(operand.token);
    case "path":
      return at(item, operand.path, placeholders);
    case "if_not_exists": {
      const otherwise = operandIn(operand.otherwise, item, placeholders);
      return at(item, operand.path, placeholders) ?? otherwise;
    }
    default: {
      const left = operandIn(operand.left, item, placeholders);
      const right = operandIn(operand.right, item, placeholders);
      if (left?.N === undefined || right?.N === undefined) return invalid("an operand is no number");
      const sign = operand.kind === "+" ? 1 : -1;
      return { N: String(Number(left.N) + sign * Number(right.N)) };
    }
  }
}

function evaluate(condition: Condition, item: Readonly<Item>, placeholders: Placeholders): boolean {
  switch (condition.kind) {
    case "and":
    case "or": {
      const left = evaluate(condition.left, item, placeholders);
      const isDecided = left === (condition.kind === "or");
      return isDecided ? left : evaluate(condition.right, item, placeholders);
    }
    case "not":
      return !evaluate(condition.inner, item, placeholders);
    case "exists":
      return at(item, condition.path, placeholders) !== undefined;
    case "not_exists":
      return at(item, condition.path, placeholders) === undefined;
    case "begins_with":
    case "contains": {
      const text = at(item, condition.path, placeholders)?.S;
      const part = operandIn(condition.operand, item, placeholders)?.S;
      if (text === undefined || part === undefined) return false;
      return condition.kind === "contains" ? text.includes(part) : text.startsWith(part);
    }
    case "compare": {
      const left = operandIn(condition.left, item, placeholders);
      const right = operandIn(condition.right, item, placeholders);
      return compare(condition.by, left, right);
    }
  }
}

function compare(by: string, left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  if (by === "<>") return !isSameValue(left, right);
  // An attribute that is not there compares with nothing, nor do values of two types.
  if (left === undefined || right === undefined) return false;
  if (by === "=") return isSameValue(left, right);
  const order = orderOf(left, right);
  if (order === undefined) return false;
  if (by === "<") return order < 0;
  if (by === "<=") return order <= 0;
  if (by === ">") return order > 0;
  return order >= 0;
}

function orderOf(left: AttributeValue, right: AttributeValue): number | undefined {
  if (left.N !== undefined && right.N !== undefined) return Number(left.N) - Number(right.N);
  if (left.S !== undefined && right.S !== undefined) {
    return Buffer.compare(Buffer.from(left.S), Buffer.from(right.S));
  }
  return undefined;
}

// The engine speaks in few sentences, again and again.
const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();

function parsed<T>(text: string, parse: (tokens: Tokens) => T, known: Map<string, T>): T {
  const before = known.get(text);
  if (before !== undefined) return before;
  const tokens = new Tokens(text);
  const result = parse(tokens);
  if (tokens.peek() !== undefined) tokens.fail();
  known.set(text, result);
  return result;
}

class Tokens {
  readonly #text: string;
  readonly #tokens: string[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/[#:]?[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|[=<>(),.+-]|\S/g) ?? [];
  }

  peek(ahead = 0): string | undefined {
    return this.#tokens[this.#next + ahead];
  }

  take(): string {
    const token = this.#tokens[this.#next++];
    return token ?? this.fail();
  }

  /** Whether the next token is this one, which is taken if it is. */
  takes(token: string): boolean {
    if (this.peek()?.toUpperCase() !== token) return false;
    this.#next += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.takes(token)) this.fail();
  }

  fail(): never {
    throw new Error(`the model of the table cannot read "${this.#text}" from "${this.peek() ?? "its end"}"`);
  }
}

function conditionOf(tokens: Tokens): Condition {
  let left = conjunctionOf(tokens);
  while (tokens.takes("OR")) left = { kind: "or", left, right: conjunctionOf(tokens) };
  return left;
}

function conjunctionOf(tokens: Tokens): Condition {
  let left = termOf(tokens);
  while (tokens.takes("AND")) left = { kind: "and", left, right: termOf(tokens) };
  return left;
}

const FUNCTIONS = { attribute_exists: "exists", attribute_not_exists: "not_exists" } as const;

function termOf(tokens: Tokens): Condition {
  if (tokens.takes("NOT")) return { kind: "not", inner: termOf(tokens) };
  if (tokens.takes("(")) {
    const inner = conditionOf(tokens);
    tokens.expect(")");
    return inner;
  }
  const name = tokens.peek() ?? "";
  if (tokens.peek(1) === "(") {
    tokens.take();
    tokens.take();
    const path = pathOf(tokens);
    if (name === "attribute_exists" || name === "attribute_not_exists") {
      tokens.expect(")");
      return { kind: FUNCTIONS[name], path };
    }
    if (name !== "begins_with" && name !== "contains") tokens.fail();
    tokens.expect(",");
    const operand = operandOf(tokens);
    tokens.expect(")");
    return { kind: name, path, operand };
  }
  const left = operandOf(tokens);
  const by = tokens.take();
  if (!["=", "<>", "<", "<=", ">", ">="].includes(by)) tokens.fail();
  return { kind: "compare", by, left, right: operandOf(tokens) };
}

function updateOf(tokens: Tokens): Update {
  const set: { path: Path; operand: Operand }[] = [];
  const remove: Path[] = [];
  while (tokens.peek() !== undefined) {
    if (tokens.takes("SET")) {
      do {
        const path = pathOf(tokens);
        tokens.expect("=");
        set.push({ path, operand: sumOf(tokens) });
      } while (tokens.takes(","));
    } else {
      tokens.expect("REMOVE");
      do remove.push(pathOf(tokens));
      while (tokens.takes(","));
    }
  }
  return { set, remove };
}

function sumOf(tokens: Tokens): Operand {
  const left = operandOf(tokens);
  if (tokens.takes("+")) return { kind: "+", left, right: operandOf(tokens) };
  if (tokens.takes("-")) return { kind: "-", left, right: operandOf(tokens) };
  return left;
}

function operandOf(tokens: Tokens): Operand {
  const token = tokens.peek() ?? "";
  if (token.startsWith(":")) return { kind: "value", token: tokens.take() };
  if (token === "if_not_exists") {
    tokens.take();
    tokens.expect("(");
    const path = pathOf(tokens);
    tokens.expect(",");
    const otherwise = operandOf(tokens);
    tokens.expect(")");
    return { kind: "if_not_exists", path, otherwise };
  }
  return { kind: "path", path: pathOf(tokens) };
}

function pathOf(tokens: Tokens): Path {
  const path = [nameOf(tokens)];
  while (tokens.takes(".")) path.push(nameOf(tokens));
  return path;
}

function nameOf(tokens: Tokens): string {
  const token = tokens.take();
  return /^#?[A-Za-z_]/.test(token) ? token : tokens.fail();
}
