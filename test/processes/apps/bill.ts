// What a client asks of DynamoDB, counted where each attempt leaves: calls, refusals, and the units that are billed.
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Item, writeUnits } from "../../../demo/capacity.js";
import type { Bill } from "../protocol.js";

/** Counts every attempt that this client makes from now on. */
export function billOf(client: DynamoDBClient): Bill {
  const bill = { reads: 0, writes: 0, refused: 0, readUnits: 0, writeUnits: 0 };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const isRead = /^(Get|BatchGet|Query|Scan)/.test(String(context.commandName));
      bill[isRead ? "reads" : "writes"] += 1;
      try {
        const result = await next(args);
        bill[isRead ? "readUnits" : "writeUnits"] += reportedUnits(result.output);
        return result;
      } catch (error) {
        if (isRefusal(error)) {
          bill.refused += 1;
          // Billed as the row that stood in the way, and reported by nobody. Where the API does not hand that out, or
          // there was none, about as what was to be written.
          bill.writeUnits += writeUnits(error.Item ?? writtenBy(args.input));
        }
        throw error;
      }
    },
    // After the SDK's own retries.
    { step: "finalizeRequest", name: "bill", priority: "low" },
  );
  return bill;
}

interface Refusal {
  readonly Item?: Item;
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === "ConditionalCheckFailedException";
}

/** The values of a write's expression. */
function writtenBy(input: { readonly ExpressionAttributeValues?: Item } | object): Item {
  return "ExpressionAttributeValues" in input ? (input.ExpressionAttributeValues ?? {}) : {};
}

interface Units {
  readonly CapacityUnits?: number | undefined;
}

function reportedUnits(output: { readonly ConsumedCapacity?: Units | readonly Units[] } | object): number {
  const consumed = "ConsumedCapacity" in output ? [output.ConsumedCapacity].flat() : [];
  return consumed.reduce((sum, units) => sum + (units?.CapacityUnits ?? 0), 0);
}
