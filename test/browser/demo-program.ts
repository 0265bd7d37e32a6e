// The demo as its users start it, over a table of the tests' emulator.
import { inject } from "vitest";
import { dynamoDbAt } from "../examples/project.js";
import { ROOT } from "../packaging/consumer.js";
import { type Program, startProgram } from "../support/program.js";

/** Where each framework listens. */
export type Doors = Readonly<Record<"Express" | "Koa" | "Hono", string>>;

export function startDemo(table: string): Promise<Program<Doors>> {
  const doors: Record<string, string> = {};
  return startProgram({
    command: process.execPath,
    args: ["demo/main.js", "--table", table, "--port", "0"],
    cwd: ROOT,
    env: dynamoDbAt(inject("endpoint")),
    readyAt(line) {
      const [, framework, url] = /^ {2}(\w+) +(http:\S+)$/.exec(line) ?? [];
      if (framework !== undefined && url !== undefined) doors[framework] = url;
      return line.includes("Ctrl-C") ? (doors as Doors) : undefined;
    },
  });
}
