// A table that gives out after some requests, for a command that bears it for no time.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { type Answer, startFaultProxy, throttled } from "../support/fault-proxy.js";

/** What is typed, at a table that answers so many requests, and each one after them with `answer`. */
export async function givingOut(
  requests: number,
  typed: readonly string[],
  answer: (action: string) => Answer = throttled,
): Promise<string[]> {
  let left = requests;
  const proxy = await startFaultProxy(inject("endpoint"), (action) => {
    left -= 1;
    return left < 0 ? answer(action) : undefined;
  });
  const folder = await mkdtemp(join(tmpdir(), "session-store-giving-out-"));
  onTestFinished(async () => {
    await proxy.close();
    await rm(folder, { recursive: true, force: true });
  });
  // Whatever waits, but for deadlines, waits no time; and the SDK tries nothing twice.
  const config = join(folder, "impatient.mjs");
  await writeFile(
    config,
    `export default {
      timeout: 4321,
      sleep: (ms) => (ms === 4321 ? new Promise(() => {}) : Promise.resolve()),
      clientConfig: { maxAttempts: 1 },
    };`,
  );
  return [...typed.map((arg) => (arg === inject("endpoint") ? proxy.endpoint : arg)), "--config", config];
}
