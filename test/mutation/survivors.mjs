// The mutants that no test kills, and why none need be there: survivors.json holds them by file, each by the line that it
// stands in, what it replaces there and by what, so that an explanation moves with its line and goes with it.
import { readFileSync } from "node:fs";

/** @typedef {{ line: string, replaced: string, by: string, why: string }} Survivor */

/** @type {Record<string, Survivor[]>} */
export const SURVIVORS = JSON.parse(readFileSync(new URL("survivors.json", import.meta.url), "utf8"));

const MOST_CHARACTERS = 100;

/** How survivors.json names a mutant in a source. Lines and columns count from 1, as in Stryker's reports. */
export function nameOf({ location: { start, end }, replacement }, source) {
  const lines = source.split("\n");
  const within = lines.slice(start.line - 1, end.line);
  within[within.length - 1] = within.at(-1).slice(0, end.column - 1);
  within[0] = within[0].slice(start.column - 1);
  return { line: lines[start.line - 1].trim(), replaced: brief(within.join("\n")), by: brief(replacement) };
}

/** Whether an explanation is that of a mutant. */
export function isSame(survivor, name) {
  return survivor.line === name.line && survivor.replaced === name.replaced && survivor.by === name.by;
}

function brief(code) {
  const text = code.replaceAll(/\s+/g, " ").trim();
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
