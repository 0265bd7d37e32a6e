// The question before something is destroyed. It is asked at the terminal's standard error, so that the output
// can go elsewhere.
import type { Readable, Writable } from "node:stream";
import { confirm, isCancel } from "@clack/prompts";
import { Interrupted, UsageError } from "./failures.js";

/** Where it is asked: only where both are terminals. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/**
 * Asks; who only presses Enter has said no.
 *
 * @throws {UsageError} where nobody can be asked; {@link Interrupted} by Ctrl-C.
 */
export async function ask(
  question: string,
  signal: AbortSignal,
  { stdin, stderr }: Terminal = process,
): Promise<boolean> {
  if (!stdin.isTTY || !stderr.isTTY)
    throw new UsageError(`this asks before it begins, and here is nobody to ask: give --yes. (${question})`);
  const answer = await confirm({
    message: question,
    initialValue: false,
    input: stdin,
    output: stderr,
    signal,
  });
  if (isCancel(answer)) throw new Interrupted("stopped before it began");
  return answer;
}
