// docs/command-line.md names the program's commands, flags and exit codes: all of them, and no others.
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/command.js";
import { COMMANDS } from "../../src/cli/commands.js";
import { makeProgram } from "../../src/cli/program.js";
import { codeIn, readPage, rowsOf, sectionOf } from "./pages.js";

const page = await readPage("docs/command-line.md");
const program = makeProgram(COMMANDS, async () => {});

const firstCode = ([cell = ""]: string[]) => codeIn(cell)[0] ?? "";
const flagsIn = (text: string) =>
  rowsOf(text)
    .map(firstCode)
    .filter((code) => code.startsWith("--"));

describe("docs/command-line.md", () => {
  it("lists the commands in the order of --help", () => {
    const head = page.slice(0, page.indexOf("## Which table"));
    expect(rowsOf(head).map(firstCode)).toEqual(COMMANDS.map(({ name }) => name));
  });

  it("has the flags that all commands have", () => {
    const flags = program.options.map(({ flags }) => flags.replace(/^-\w, /, ""));
    expect(flagsIn(sectionOf(page, "Which table")).sort()).toEqual(flags.sort());
  });

  it.each(program.commands.map((command) => [command.name(), command] as const))(
    "has the flags of %s",
    (name, command) => {
      const section = sectionOf(page, `\`${name}\``);
      const ofLongWork = section.includes("(#long-work)") ? flagsIn(sectionOf(page, "Long work")) : [];
      const documented = new Set([...flagsIn(section), ...ofLongWork]);
      const own = command.options.map(({ flags }) => flags);
      const isMentioned = (flags: string) =>
        documented.has(flags) || codeIn(section).includes(flags.split(" ")[0] ?? "");
      expect(own.filter((flags) => !isMentioned(flags))).toEqual([]);
      expect(flagsIn(section).filter((flags) => !own.includes(flags))).toEqual([]);
    },
  );

  it.each(COMMANDS.map(({ name }) => name))("says what %s prints with --json", (name) => {
    expect(sectionOf(page, `\`${name}\``)).toMatch(/^`--json`: /m);
  });

  it("has the exit codes", () => {
    const codes = rowsOf(sectionOf(page, "Exit codes")).map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });
});
