// Starts the one emulator that all tests of a vitest project share. The project's name chooses it, and the tests are
// told where it listens: `inject("endpoint")`, `inject("emulator")`.
import type { TestProject } from "vitest/node";
import { dynamoDbLocalProblem, type EmulatorName, startEmulator } from "./emulators.js";

declare module "vitest" {
  export interface ProvidedContext {
    endpoint: string;
    emulator: EmulatorName;
  }
}

const NEEDS_DYNAMODB_LOCAL = /dynamodb-local$|^runtimes$/;
// Against the better emulator where that is at hand.
const TAKES_EITHER = /^(processes|price|faults|load)$/;

export default async function setup(project: TestProject) {
  const name = emulatorOf(project.name);
  const emulator = await startEmulator(name);
  project.provide("endpoint", emulator.endpoint);
  project.provide("emulator", name);
  return () => emulator.stop();
}

function emulatorOf(project: string): EmulatorName {
  const isThere = TAKES_EITHER.test(project) && dynamoDbLocalProblem() === undefined;
  return isThere || NEEDS_DYNAMODB_LOCAL.test(project) ? "dynamodb-local" : "dynalite";
}
