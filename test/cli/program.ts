// A command line of commands that only these tests have: each does one thing that the command line promises to bear.
import { setInterval } from "node:timers/promises";
import { type CommandDefinition, EXIT, type ExitCode } from "../../src/cli/command.js";
import { UsageError } from "../../src/cli/failures.js";
import { runCommandLine } from "../../src/cli/run.js";
import { createSessionEngine } from "../../src/core/index.js";

const nothing = { summary: "does one thing", examples: ["session-store one"], configure() {} };

const say: CommandDefinition<{ loud?: boolean }> = {
  ...nothing,
  name: "say",
  configure(command) {
    command.argument("<word>").option("--loud");
  },
  async run({ output, signal }, { loud = false }, word = "") {
    // As many as long work has that waits side by side.
    for (let i = 0; i < 64; i++) signal.addEventListener("abort", () => {});
    output.print(word);
    output.table(["word", "length"], [[word, String(word.length)]]);
    output.histogram("letters", [{ label: "a", count: 1 }]);
    output.note("a note");
    output.warn("a warning");
    output.progress("saying").stop();
    output.printJson({ word, loud });
    return EXIT.done;
  },
};

const store: CommandDefinition<object> = {
  ...nothing,
  name: "store",
  async run({ output, store }) {
    output.printJson({ ...store, hasOwner: store.owner !== undefined });
    return EXIT.done;
  },
};

const destroy: CommandDefinition<object> = {
  ...nothing,
  name: "destroy",
  async run({ output, confirm }) {
    if (!(await confirm("Destroy everything?"))) return EXIT.failed;
    output.print("destroyed");
    return EXIT.done;
  },
};

/** Waits for Ctrl-C, and then does as it is told. */
const wait: CommandDefinition<{ then: string }> = {
  ...nothing,
  name: "wait",
  configure(command) {
    command.option("--then <what>", "", "throw");
  },
  async run({ output, signal }, { then }) {
    output.print("waiting");
    // A command that hangs hears of no signal.
    for await (const _ of setInterval(5)) if (signal.aborted && then !== "hang") break;
    if (then === "partial") {
      output.print("the rest is left");
      return EXIT.partial;
    }
    if (then === "finish") return EXIT.done;
    if (then === "abort") throw new DOMException("aborted", "AbortError");
    signal.throwIfAborted();
    return EXIT.done;
  },
};

const endless: CommandDefinition<object> = {
  ...nothing,
  name: "endless",
  async run({ output, signal }) {
    for (let i = 0; ; i++) {
      output.print(`line ${i}`);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
  },
};

async function* numbers(end: number) {
  for (let i = 0; i < end; i++) yield { number: i };
  if (end === 2) throw new UsageError("there are only two");
}

const list: CommandDefinition<object> = {
  ...nothing,
  name: "list",
  configure(command) {
    command.argument("<end>");
  },
  async run({ output }, _flags, end): Promise<ExitCode> {
    await output.printJsonList(numbers(Number(end)));
    return EXIT.done;
  },
};

const load: CommandDefinition<object> = {
  ...nothing,
  name: "load",
  async run({ output, store }) {
    const engine = createSessionEngine(store);
    try {
      await engine.load("nobody");
      output.print("loaded");
      return EXIT.done;
    } finally {
      await engine.close();
    }
  },
};

const break_: CommandDefinition<object> = {
  ...nothing,
  name: "break",
  async run() {
    throw new TypeError("a fault of the program");
  },
};

const COMMANDS = [say, store, destroy, wait, endless, list, load, break_];

await runCommandLine(process.argv.slice(2), COMMANDS);
