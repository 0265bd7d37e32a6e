// Programs of the benchmarks that run in processes of their own, and print what they measured as JSON.
import { execFile } from "node:child_process";
import { devNull } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const LONGEST_MS = 60 * 60_000;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What a measured process finds in its environment: nothing of this machine's accounts, and no warnings to print. */
export const ENVIRONMENT = {
  PATH: process.env.PATH,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  NODE_NO_WARNINGS: "1",
};

/**
 * Runs a program of this folder, and gives what it printed.
 *
 * @param {string} file such as `units-run.js`
 * @param {object} asked handed over as JSON, its one argument
 * @param {{ node?: string, flags?: string[], env?: Record<string, string>, withinMs?: number }} [how]
 */
export async function runProgram(
  file,
  asked,
  { node = process.execPath, flags = [], env = {}, withinMs = LONGEST_MS } = {},
) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { stdout } = await promisify(execFile)(node, [...flags, path, JSON.stringify(asked)], {
    env: { ...ENVIRONMENT, ...env },
    timeout: withinMs,
    killSignal: "SIGKILL",
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  return JSON.parse(stdout);
}
