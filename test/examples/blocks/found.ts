// The code that stands in the documentation, and in the doc comments of the sources: found by reading the files.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../packaging/consumer.js";

export interface Block {
  /** The path of its file from the root. */
  readonly page: string;
  /** The number of its first line there. */
  readonly line: number;
  /** What stands behind the fence: empty for what is printed, or drawn. */
  readonly language: string;
  /** Its lines, as far to the left as they go. */
  readonly code: string;
  /** Its first line, by which the table names it: of no two blocks of a page. */
  readonly first: string;
}

/** The pages whose blocks are tested, by their paths from the root. */
export async function pagesWithBlocks(): Promise<string[]> {
  const docs = await readdir(join(ROOT, "docs"), { recursive: true });
  const pages = docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  return ["README.md", "SECURITY.md", "CONTRIBUTING.md", ...pages.sort()];
}

/** The blocks of a page, in the order in which they stand there. */
export async function blocksIn(page: string): Promise<Block[]> {
  const text = await readFile(join(ROOT, page), "utf8");
  const fenced = text.matchAll(/^( *)(`{3,})(.*)\n([\s\S]*?)^ *\2 *$/gm);
  return named(
    [...fenced].map(({ index, 1: indent = "", 3: language = "", 4: body = "" }) => ({
      page,
      line: lineAt(text, index) + 1,
      language: language.trim(),
      code: body.replace(new RegExp(`^ {0,${indent.length}}`, "gm"), ""),
    })),
  );
}

/** The snippets that doc comments of the sources have behind `@example`. */
export async function examplesInSources(): Promise<Block[]> {
  const files = (await readdir(join(ROOT, "src"), { recursive: true })).filter((name) =>
    name.endsWith(".ts"),
  );
  const found = files.sort().map(async (file) => {
    const page = `src/${file}`;
    const text = await readFile(join(ROOT, page), "utf8");
    const examples = text.matchAll(/^ *\* @example\n((?: *\*(?!\/)(?! @).*\n)+)/gm);
    return named(
      [...examples].map(({ index, 1: body = "" }) => ({
        page,
        line: lineAt(text, index) + 1,
        language: "ts",
        code: body.replace(/^ *\* ?/gm, ""),
      })),
    );
  });
  return (await Promise.all(found)).flat();
}

/** Gives each its first line; a line that another began with already gets a number. */
function named(blocks: readonly Omit<Block, "first">[]): Block[] {
  const times = new Map<string, number>();
  return blocks.map((block) => {
    const first = block.code.split("\n", 1)[0]?.trim() ?? "";
    const time = (times.get(first) ?? 0) + 1;
    times.set(first, time);
    return { ...block, first: time === 1 ? first : `${first} (${time})` };
  });
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
