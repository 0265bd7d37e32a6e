// Holds the model of the table against DynamoDB Local: random commands of the shapes that the engine sends, and others
// near them, to both. Every answer and every row must be the same.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { differenceOf, type EmulatedTable } from "./emulated.js";
import { type Item, isSameValue } from "./expressions.js";
import { Random } from "./random.js";
import { type Command, type CommandInput, ModelTable } from "./table.js";

const ATTRIBUTES = ["gen", "rev", "writes", "until", "expires", "updated", "created", "sess"] as const;
type Attribute = (typeof ATTRIBUTES)[number];

export interface CheckedSequence {
  readonly failure: string | undefined;
  /** How often each answer was given, by action: `UpdateItem ConditionalCheckFailedException`. */
  readonly counts: Record<string, number>;
}

/** What must have been answered, some time. */
export const ANSWERS = [
  "GetItem ok",
  ...["UpdateItem", "DeleteItem"].flatMap((action) => [
    `${action} ok`,
    `${action} ConditionalCheckFailedException`,
  ]),
  "UpdateItem ValidationException",
  "TransactWriteItems ok",
  "TransactWriteItems TransactionCanceledException",
];

/** One sequence of commands to a row or two of its own. */
export async function checkSequence(seed: number, table: EmulatedTable): Promise<CheckedSequence> {
  const random = new Random(seed).fork("model check");
  const model = new ModelTable();
  const counts: Record<string, number> = {};
  const keys = [0, 1].map((i) => `check ${seed} ${i}`);
  let move: Command | undefined;
  for (let count = 12; count > 0; count--) {
    const [one = "", other = ""] = random.chance(0.5) ? keys : [...keys].reverse();
    const isMove = random.chance(0.25);
    // Some come twice, as the SDK sends them: with the token that they had.
    const command =
      isMove && move && random.chance(0.4)
        ? move
        : isMove
          ? moveFor(random, one, other, `check ${seed} ${count}`)
          : commandFor(random, one);
    if (isMove) move = command;
    const { answer } = model.apply(command);
    const given = await table.send(command);
    const name = `${command.action} ${answer.ok ? "ok" : answer.error.name}`;
    counts[name] = (counts[name] ?? 0) + 1;
    const difference = differenceOf(answer, given, "dynamodb-local");
    if (difference) return { failure: `seed ${seed}: ${difference}: ${JSON.stringify(command)}`, counts };
  }
  for (const key of keys) {
    const given = await table.send({ action: "GetItem", input: { Key: keyOf(key) } });
    const [ours, theirs] = [model.row(key), given.ok ? given.output.Item : undefined];
    if (!isSameValue(ours && { M: ours }, theirs && { M: theirs })) {
      return { failure: `seed ${seed}: the row is ${JSON.stringify([ours, theirs])}`, counts };
    }
  }
  return { failure: undefined, counts };
}

function keyOf(key: string): Item {
  return { pk: { S: key }, sk: { S: key } };
}

function commandFor(random: Random, key: string): Command {
  const kind = random.weighted({ read: 2, create: 4, rewrite: 8, renew: 5, expire: 4, destroy: 1, odd: 6 });
  const says = new Sentence(random);
  const input = (rest: Partial<CommandInput> = {}): CommandInput => ({
    Key: keyOf(key),
    ...rest,
    ...says.spoken(),
  });
  if (kind === "read") return { action: "GetItem", input: input() };
  if (kind === "destroy") return { action: "DeleteItem", input: input({ ReturnValues: "ALL_OLD" }) };
  const shows = random.chance(0.8) ? ({ ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const) : {};
  if (kind === "expire") {
    const condition = says.asRead(["gen", "rev", "until", "expires"]);
    return { action: "DeleteItem", input: input({ ConditionExpression: condition, ...shows }) };
  }
  const condition = {
    create: () => says.absent("sess"),
    rewrite: () =>
      `${says.asRead(["rev", "gen"])} AND ${says.compare("until", ">")} AND ${says.compare("expires", ">")}`,
    renew: () => `${says.asRead(["rev"])} AND (${says.absent("updated")} OR ${says.compare("updated", "<")})`,
    odd: () => says.odd(),
  }[kind]();
  const written = kind === "renew" ? (["until", "expires", "updated"] as const) : ATTRIBUTES;
  const assignments = written
    .filter(() => kind !== "odd" || random.chance(0.5))
    .map((name) => says.set(name));
  if (random.chance(kind === "renew" ? 0.3 : 0.05) && !assignments.some((text) => text.startsWith("#sess"))) {
    assignments.push(`${says.name("sess")}.${says.name("updated")} = ${says.value("clock", says.number())}`);
  }
  if (assignments.length === 0) assignments.push(says.set("rev"));
  if (random.chance(0.03)) says.value("unused", says.number());
  const returns = random.chance(0.2) ? { ReturnValues: random.pick(["ALL_OLD", "ALL_NEW"] as const) } : {};
  return {
    action: "UpdateItem",
    input: input({
      UpdateExpression: `SET ${assignments.join(", ")}${kind === "odd" ? says.remove(assignments) : ""}`,
      ConditionExpression: condition,
      ...shows,
      ...returns,
    }),
  };
}

/** A row made under one key, and removed under another: as the engine moves them, but for what it says of either. */
function moveFor(random: Random, key: string, from: string, token: string): Command {
  const [says, asks] = [new Sentence(random), new Sentence(random)];
  const shows = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const assignments = ATTRIBUTES.map((name) => says.set(name)).join(", ");
  const Update = {
    Key: keyOf(key),
    UpdateExpression: `SET ${assignments}`,
    ConditionExpression: says.absent("sess"),
    ...shows,
    ...says.spoken(),
  };
  const condition = asks.asRead(random.chance(0.5) ? ["gen"] : ["rev", "gen"]);
  const Delete = { Key: keyOf(from), ConditionExpression: condition, ...shows, ...asks.spoken() };
  return {
    action: "TransactWriteItems",
    input: { Key: keyOf(key), TransactItems: [{ Update }, { Delete }], ClientRequestToken: token },
  };
}

/** Expressions over a few names and values, so few that a condition is often met. */
class Sentence {
  readonly #random: Random;
  readonly #names: Record<string, string> = {};
  readonly #values: Item = {};

  constructor(random: Random) {
    this.#random = random;
  }

  name(attribute: string): string {
    this.#names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  value(placeholder: string, value: AttributeValue): string {
    this.#values[`:${placeholder}`] = value;
    return `:${placeholder}`;
  }

  absent(attribute: Attribute): string {
    return `attribute_not_exists(${this.name(attribute)})`;
  }

  asRead(attributes: readonly Attribute[]): string {
    const parts = attributes.map((name) =>
      this.#random.chance(0.25)
        ? this.absent(name)
        : `${this.name(name)} = ${this.value(`read_${name}`, this.#valueFor(name))}`,
    );
    return parts.join(" AND ");
  }

  compare(attribute: Attribute, by: string): string {
    return `${this.name(attribute)} ${by} ${this.value(`than_${attribute}`, this.number())}`;
  }

  set(attribute: Attribute): string {
    if (attribute === "created" && this.#random.chance(0.3)) {
      const name = this.name(attribute);
      return `${name} = if_not_exists(${name}, ${this.value(attribute, this.number())})`;
    }
    return `${this.name(attribute)} = ${this.value(attribute, this.#valueFor(attribute))}`;
  }

  remove(assignments: readonly string[]): string {
    const free = ATTRIBUTES.filter(
      (name) => !assignments.some((text) => text.startsWith(`#${name} `) || text.startsWith(`#${name}.`)),
    );
    const [first] = free;
    return first === undefined || this.#random.chance(0.6) ? "" : ` REMOVE ${this.name(first)}`;
  }

  odd(): string {
    const random = this.#random;
    const name = random.pick<Attribute>([...ATTRIBUTES] as [Attribute, ...Attribute[]]);
    const other = this.#valueFor(random.pick<Attribute>(["gen", "rev", "sess"]));
    return random.pick<() => string>([
      () => `attribute_exists(${this.name(name)})`,
      () => `NOT ${this.name(name)} = ${this.value("other", other)}`,
      () => `${this.name(name)} <> ${this.value("other", other)}`,
      () =>
        `${this.name(name)} ${random.pick(["<", "<=", ">", ">="])} ${this.value("other", other.M ? { S: "b" } : other)}`,
      () => `begins_with(${this.name(name)}, ${this.value("other", { S: "a" })})`,
      () => `contains(${this.name("writes")}, ${this.value("other", { S: "b" })})`,
      () => `${this.name("sess")}.${this.name("updated")} = ${this.value("other", this.number())}`,
      () => `attribute_not_exists(${this.name("sess")}.${this.name("updated")})`,
      () => `(${this.absent(name)} OR ${this.absent("rev")}) AND NOT ${this.absent("gen")}`,
    ])();
  }

  number(): AttributeValue {
    return { N: this.#random.pick(["1", "2", "3", "2.5"]) };
  }

  spoken() {
    const names = Object.keys(this.#names).length > 0 ? { ExpressionAttributeNames: this.#names } : {};
    const values = Object.keys(this.#values).length > 0 ? { ExpressionAttributeValues: this.#values } : {};
    return { ...names, ...values };
  }

  #valueFor(attribute: Attribute): AttributeValue {
    const random = this.#random;
    if (attribute === "gen" || attribute === "writes") return { S: random.pick(["a", "b", "a b"]) };
    if (attribute !== "sess") return this.number();
    if (random.chance(0.5)) return { S: random.pick(["{}", '{"a":""}']) };
    const fields: Item = random.chance(0.7) ? { updated: this.number() } : {};
    const more: Item = { text: { S: "" }, list: { L: [{ NULL: true }, { BOOL: false }] } };
    return { M: random.chance(0.5) ? { ...more, ...fields } : fields };
  }
}
