// Starts the one emulator that all tests of a vitest project share. The project's name chooses it, and the tests are
// told where it listens: `inject("endpoint")`, `inject("emulator")`.
import type { TestProject } from "vitest/node";
import { type EmulatorName, startEmulator } from "./emulators.js";

declare module "vitest" {
  export interface ProvidedContext {
    endpoint: string;
    emulator: EmulatorName;
  }
}

const NEEDS_DYNAMODB_LOCAL = /dynamodb-local$|^runtimes$/;

export default async function setup(project: TestProject) {
  const name: EmulatorName = NEEDS_DYNAMODB_LOCAL.test(project.name) ? "dynamodb-local" : "dynalite";
  const emulator = await startEmulator(name);
  project.provide("endpoint", emulator.endpoint);
  project.provide("emulator", name);
  return () => emulator.stop();
}
