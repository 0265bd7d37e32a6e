// Tests of what needs time to live: DynamoDB and DynamoDB Local switch it on, dynalite only says that it is off.
import { describe, inject } from "vitest";

/** `describe`, where the emulator can switch time to live; else it says that it is left out, and why. */
export function describeTimeToLive(name: string, tests: () => void): void {
  if (inject("emulator") === "dynamodb-local") describe(name, tests);
  else describe.skip(`${name} (left out: dynalite cannot switch time to live)`, tests);
}
