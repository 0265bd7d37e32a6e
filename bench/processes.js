// The processes of the timing runs: what is measured has one processor for itself, table and load share another. Each is
// asked for one thing at a time over its IPC channel, answers, and ends with this process.
import { fork, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT } from "./child.js";

const ANSWER_WITHIN_MS = 120_000;

/** Which processor for what. */
const PROCESSORS = { measured: "0", table: "1", load: "1" };

/** Whether processes can be held on a processor each here. */
export const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;

/** What to say of where the processes ran. */
export const PLACEMENT = canPin
  ? "what is measured on one processor, table server and load on another"
  : "processes were not held on processors of their own, which this machine cannot do";

/** A process of the benchmarks. */
export class BenchProcess {
  #child;
  #ended;

  /**
   * @param {string} file a program of this folder
   * @param {keyof typeof PROCESSORS} role
   * @param {object} [given] handed over as JSON, its one argument
   */
  constructor(file, role, given = {}) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const pinned = canPin && { execPath: "taskset", execArgv: ["-c", PROCESSORS[role], process.execPath] };
    this.#child = fork(path, [JSON.stringify(given)], {
      env: ENVIRONMENT,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      ...pinned,
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => resolve(`${file} ended (${signal ?? code})`));
      this.#child.once("error", (error) => resolve(`${file}: ${error.message}`));
    });
  }

  /** What it says next, which is how it tells that it has started. */
  next() {
    return this.#answer(() => {});
  }

  /** Asks for something, and gives the answer. */
  ask(asked) {
    return this.#answer(() => this.#child.send(asked));
  }

  async end() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#ended;
  }

  async #answer(send) {
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new Error("a measured process gave no answer")),
      ANSWER_WITHIN_MS,
    );
    try {
      return await new Promise((resolve, reject) => {
        const fail = (why) => reject(new Error(why));
        late.signal.addEventListener("abort", () => reject(late.signal.reason));
        this.#ended.then(fail);
        this.#child.once("message", (answer) => (answer.error ? fail(answer.error) : resolve(answer)));
        send();
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Starts the table's stand-in. */
export async function startTable() {
  const table = new BenchProcess("stand-in.js", "table");
  const { port } = await table.next();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    /** @param {number} latencyMs added to each answer from now on */
    setLatency: (latencyMs) => table.ask({ latencyMs }),
    end: () => table.end(),
  };
}

/**
 * What a program of `BenchProcess` does: answers what it is asked, until its parent is gone.
 *
 * @param {(asked: any) => Promise<object>} answer
 */
export function answerParent(answer) {
  process.on("message", async (asked) => {
    try {
      process.send(await answer(asked));
    } catch (error) {
      process.send({ error: error?.stack ?? String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
}
