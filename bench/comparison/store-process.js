// A compared store's process as the comparison reaches it: asked by messages with numbers, started anew after it has ended, and
// all that it prints is kept.
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT } from "../child.js";

const PROGRAM = fileURLToPath(new URL("app-run.js", import.meta.url));
const ANSWER_WITHIN_MS = 30_000;

/** The process ended while something was asked of it. */
export class Ended extends Error {}

export class StoreProcess {
  #given;
  #child;
  #folder;
  #ended;
  /** How often it was started. */
  life = 0;
  /** How often it was asked for something. */
  #asked = 0;
  /** All that it has printed, in all of its lives. */
  printed = "";

  /** @param {{ column: string, endpoint: string, table: string | undefined, conformance: string }} given */
  constructor(given) {
    this.#given = given;
  }

  get isAlive() {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it, where it does not run. */
  async start() {
    if (this.isAlive) return;
    this.life += 1;
    await this.#removeFolder();
    this.#folder = await mkdtemp(join(tmpdir(), "compared-"));
    const child = fork(PROGRAM, [JSON.stringify({ ...this.#given, folder: this.#folder })], {
      env: ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.printed += text;
      });
    }
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    await this.#answer(0, () => {}).catch((error) => {
      throw new Error(`${this.#given.column} did not start: ${error.message}\n${this.printed}`);
    });
  }

  /** Asks for something, and gives the answer. */
  ask(asked) {
    this.#asked += 1;
    const number = this.#asked;
    return this.#answer(number, () => this.#child.send({ ...asked, number }, () => {}));
  }

  /** Ends it, whatever it does. */
  async kill() {
    if (this.isAlive) this.#child.kill("SIGKILL");
    await this.#ended;
    await this.#removeFolder();
  }

  async #removeFolder() {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #answer(number, send) {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (settled, value) => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        settled(value);
      };
      const onMessage = (answer) => {
        if (answer.number !== number) return;
        if (answer.error) settle(reject, new Error(answer.error));
        else settle(resolve, answer);
      };
      const onExit = () => settle(reject, new Ended("the process has ended"));
      const timer = setTimeout(
        () => settle(reject, new Error(`${this.#given.column} gave no answer`)),
        ANSWER_WITHIN_MS,
      );
      child.on("message", onMessage);
      child.on("exit", onExit);
      if (!this.isAlive) return onExit();
      send();
    });
  }
}
