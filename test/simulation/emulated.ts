// A table at an emulator, in the model's place: every command is carried out by both, and both must do the same. The
// engine is answered by the emulator.
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createTable } from "../support/create-table.js";
import { type EmulatorName, startEmulator } from "../support/emulators.js";
import { type Item, isSameValue } from "./expressions.js";
import type { Table } from "./network.js";
import type { Answer, Applied, Command, ModelTable } from "./table.js";

const TABLE = "sessions";

export interface EmulatedTable {
  readonly tableName: string;
  readonly hasTransactions: boolean;
  /** Carries a command out at the emulator alone. */
  send(command: Command): Promise<Answer>;
  /** Carries commands out at both. */
  beside(model: ModelTable): Table;
  stop(): Promise<void>;
}

/** The emulator and the model did not do the same. */
export class Disagreement extends Error {}

export async function startEmulatedTable(name: EmulatorName): Promise<EmulatedTable> {
  const emulator = await startEmulator(name);
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  await createTable(client, {}, TABLE);

  async function send({ action, input }: Command): Promise<Answer> {
    const whole = { ...input, TableName: TABLE };
    try {
      if (action === "TransactWriteItems") {
        const { TransactItems, ClientRequestToken } = input;
        const command = new TransactWriteItemsCommand({
          TransactItems: TransactItems?.map((item) =>
            "Update" in item
              ? { Update: { UpdateExpression: "", ...item.Update, TableName: TABLE } }
              : { Delete: { ...item.Delete, TableName: TABLE } },
          ),
          ClientRequestToken,
        });
        await client.send(command);
        return { ok: true, output: {} };
      }
      if (action === "GetItem") return { ok: true, output: await client.send(new GetItemCommand(whole)) };
      if (action === "DeleteItem")
        return { ok: true, output: await client.send(new DeleteItemCommand(whole)) };
      return { ok: true, output: await client.send(new UpdateItemCommand(whole)) };
    } catch (error) {
      if (error instanceof Error) return { ok: false, error };
      throw error;
    }
  }

  return {
    tableName: TABLE,
    hasTransactions: name === "dynamodb-local",
    send,
    beside: (model) => ({
      async apply(command): Promise<Applied> {
        const applied = model.apply(command);
        const answer = await send(command);
        const difference = differenceOf(applied.answer, answer, name);
        if (difference) throw new Disagreement(`${difference}: ${JSON.stringify(command.input)}`);
        return { ...applied, answer };
      },
    }),
    async stop() {
      client.destroy();
      await emulator.stop();
    },
  };
}

/** What of two answers is not the same. dynalite shows no row with a refusal. */
export function differenceOf(model: Answer, emulator: Answer, name: EmulatorName): string | undefined {
  if (model.ok && emulator.ok) {
    const isSame =
      isSameItem(model.output.Item, emulator.output.Item) &&
      isSameItem(model.output.Attributes, emulator.output.Attributes);
    return isSame ? undefined : `the model gives ${show(model)}, ${name} ${show(emulator)}`;
  }
  const isSameError = !model.ok && !emulator.ok && model.error.name === emulator.error.name;
  if (!isSameError) return `the model answers ${show(model)}, ${name} ${show(emulator)}`;
  if (name === "dynalite" || isSameValue(shownBy(model), shownBy(emulator))) return undefined;
  return `the model shows ${JSON.stringify(shownBy(model))}, ${name} ${JSON.stringify(shownBy(emulator))}`;
}

function isSameItem(one: Item | undefined, other: Item | undefined): boolean {
  return isSameValue(one && { M: one }, other && { M: other });
}

/** The row that a refusal shows; or of a transaction all reasons, as one value. */
function shownBy(answer: Answer): AttributeValue | undefined {
  if (answer.ok) return undefined;
  const { Item, CancellationReasons = [] }: Refusal & Error = answer.error;
  if (Item) return { M: Item };
  const reasons = CancellationReasons.map(({ Code = "None", Item: row }) => ({
    L: [{ S: Code }, ...(row ? [{ M: row }] : [])],
  }));
  return { L: reasons };
}

interface Refusal {
  readonly Item?: Item;
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Item?: Item }[];
}

function show(answer: Answer): string {
  return answer.ok
    ? JSON.stringify(answer.output.Item ?? answer.output.Attributes ?? null)
    : `${answer.error.name} (${answer.error.message})`;
}
