// Tests of what needs transactions: DynamoDB and DynamoDB Local have them, dynalite has none.
import { describe, inject } from "vitest";

/** `describe`, where the emulator has transactions; else it says that it is left out, and why. */
export function describeTransactions(name: string, tests: () => void): void {
  if (inject("emulator") === "dynamodb-local") describe(name, tests);
  else describe.skip(`${name} (left out: dynalite has no transactions)`, tests);
}
