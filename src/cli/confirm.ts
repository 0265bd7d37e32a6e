// The question before something is destroyed. It is asked at the terminal's standard error, so that the output
// can go elsewhere.
import { confirm, isCancel } from "@clack/prompts";
import { Interrupted, UsageError } from "./failures.js";

/**
 * Asks; who only presses Enter has said no.
 *
 * @throws {UsageError} where nobody can be asked; {@link Interrupted} by Ctrl-C.
 */
export async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const { stdin, stderr } = process;
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
