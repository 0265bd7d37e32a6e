// What the documentation says, read by the tests that hold it: tables in Markdown, by the heading that they stand under.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** A page of the repository, by its path from the root. */
export function readPage(path: string): Promise<string> {
  return readFile(new URL(path, ROOT), "utf8");
}

/** Where a path from the root is on this machine. */
export function pathOf(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

/** The part of a page from a heading to the next one that is not below it. */
export function sectionOf(page: string, heading: string): string {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (start < 0) throw new Error(`there is no heading "${heading}"`);
  const depth = /^#+/.exec(lines[start] ?? "")?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && (/^#+/.exec(line)?.[0].length ?? 0) <= depth);
  return (end < 0 ? rest : rest.slice(0, end)).join("\n");
}

/** The rows of all tables in a text, their heads left out: each as its cells. */
export function rowsOf(text: string): string[][] {
  const lines = text.split("\n");
  return lines
    .filter((line, i) => line.startsWith("|") && !isRule(line) && !isRule(lines[i + 1] ?? ""))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

function isRule(line: string): boolean {
  return /^\|[\s:|-]+\|$/.test(line);
}

/** What stands in a text as code. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The headings of a page, as GitHub names them in links. */
export function headingsOf(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```/gm, "");
  const texts = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => text);
  return texts.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
