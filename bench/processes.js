// The processes of the timing runs: what is measured has one processor for itself, table and load share another. Each is
// asked for one thing at a time over its IPC channel, answers, and ends with the measurement, or with this process.
import { fork, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT } from "./child.js";

const ANSWER_WITHIN_MS = 120_000;

/** Which processor for what. */
const PROCESSORS = { measured: "0", table: "1", load: "1" };

/** Whether processes can be held on a processor each here. */
const canPin =
  availableParallelism() > 1 &&
  ["0", "1"].every((processor) => spawnSync("taskset", ["-c", processor, "true"]).status === 0);

/** What to say of where the processes ran. */
export const PLACEMENT = canPin
  ? "what is measured on one processor, table server and load on another"
  : "processes were not held on processors of their own, which this machine cannot do";

/** A process of the benchmarks. */
export class BenchProcess {
  #child;
  #ended;
  /** What it said when it had started. @type {Promise<any>} */
  started;

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
    this.started = this.#answer(() => {});
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
    let timer;
    try {
      return await new Promise((resolve, reject) => {
        const fail = (why) => reject(new Error(why));
        timer = setTimeout(() => fail("a measured process gave no answer"), ANSWER_WITHIN_MS);
        this.#ended.then(fail);
        this.#child.once("message", (answer) => (answer.error ? fail(answer.error) : resolve(answer)));
        send();
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * @typedef {object} Table
 * @property {string} endpoint
 * @property {(latencyMs: number) => Promise<unknown>} setLatency what is added to each answer from now on
 *
 * @typedef {(file: string, role: keyof typeof PROCESSORS, given?: object) => Promise<BenchProcess>} Start starts a
 *   process, and gives it when it has started
 */

/**
 * Starts the table's stand-in, and has `work` measure over it. What is started for that has ended when this ends.
 *
 * @template T
 * @param {(table: Table, start: Start) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withTable(work) {
  const processes = [];
  const start = async (file, role, given) => {
    const one = new BenchProcess(file, role, given);
    processes.push(one);
    await one.started;
    return one;
  };
  try {
    const standIn = await start("stand-in.js", "table");
    const { port } = await standIn.started;
    const setLatency = (latencyMs) => standIn.ask({ latencyMs });
    return await work({ endpoint: `http://127.0.0.1:${port}`, setLatency }, start);
  } finally {
    await Promise.all(processes.map((one) => one.end()));
  }
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

/** Microseconds of processor time that `work` takes, all threads of this process included. */
export async function microsecondsOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
