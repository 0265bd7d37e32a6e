// The documentation leads somewhere: every file and heading that a page links is there, every test that it quotes is in the
// file that it links, and the tables of standards leave no line without an answer.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { headingsOf, pathOf, readPage, rowsOf, sectionOf } from "./pages.js";

const PAGES = await pages();

/** Every page of the repository's own documentation, by its path from the root. */
async function pages(): Promise<string[]> {
  const [root, docs, examples] = await Promise.all([
    readdir(pathOf(".")),
    readdir(pathOf("docs"), { recursive: true }),
    readdir(pathOf("examples"), { recursive: true }),
  ]);
  const paths = [
    ...root,
    ...docs.map((name) => `docs/${name}`),
    ...examples.map((name) => `examples/${name}`),
  ];
  return paths.filter((path) => path.endsWith(".md") && !path.includes("node_modules"));
}

interface Link {
  readonly text: string;
  /** From the root; the page's own where the link is to a heading of it. */
  readonly path: string;
  readonly heading: string | undefined;
}

/** The links of a page into this repository, code left out. */
function linksIn(page: string, at: string): Link[] {
  const prose = page.replace(/^```[\s\S]*?^```/gm, "");
  return (
    [...prose.matchAll(/(?<!!)\[((?:[^[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)/g)]
      .map(([, text = "", to = ""]) => ({ text, to }))
      .filter(({ to }) => !/^[a-z]+:/.test(to))
      .map(({ text, to }) => {
        const [path = "", heading] = to.split("#");
        return { text, path: path === "" ? at : join(dirname(at), path), heading };
      })
      // What GitHub itself has beside a repository's files.
      .filter(({ path }) => !path.startsWith(".."))
  );
}

const exists = (path: string) =>
  readdir(pathOf(dirname(path))).then((names) => names.includes(path.replace(/.*\//, "").replace(/\/$/, "")));

describe.each(PAGES)("%s", (at) => {
  it("links files, folders and headings that are there", async () => {
    const broken: string[] = [];
    for (const { path, heading } of linksIn(await readPage(at), at)) {
      const isThere = await exists(path.replace(/\/$/, "")).catch(() => false);
      const isHeading =
        heading === undefined || (isThere && headingsOf(await readPage(path)).includes(heading));
      if (!isThere || !isHeading) broken.push(`${path}${heading === undefined ? "" : `#${heading}`}`);
    }
    expect(broken).toEqual([]);
  });

  it("quotes tests that are in the files that it links", async () => {
    const missing: string[] = [];
    for (const { text, path } of linksIn(await readPage(at), at)) {
      const [, title] = /"([^"]+)"$/.exec(text) ?? [];
      if (title === undefined || !path.startsWith("test/")) continue;
      if (!(await readPage(path)).includes(title)) missing.push(`${path}: ${title}`);
    }
    expect(missing).toEqual([]);
  });
});

describe("docs/security.md", () => {
  const STANDARDS = ["OWASP's session management cheat sheet", "ASVS 5.0, chapter V7"];

  it.each(STANDARDS)("answers every point of %s by a test, or says whose it is", async (standard) => {
    const rows = rowsOf(sectionOf(await readPage("docs/security.md"), standard));
    expect(rows.length).toBeGreaterThan(20);
    const WHOSE = /\*\*(application|framework|browser|deployment)\*\*/i;
    const open = rows.filter(([, , answer = ""]) => !/\]\(\.\.\/test\//.test(answer) && !WHOSE.test(answer));
    const sameAs = open.filter(([, , answer = ""]) => !/^(the same test|as \d)/.test(answer));
    expect(sameAs.map(([point]) => point)).toEqual([]);
  });

  it("answers every requirement of ASVS' chapter V7, in order", async () => {
    const rows = rowsOf(sectionOf(await readPage("docs/security.md"), "ASVS 5.0, chapter V7"));
    const inSections = [3, 4, 2, 5, 3, 2];
    const numbers = inSections.flatMap((count, i) =>
      Array.from({ length: count }, (_, n) => `7.${i + 1}.${n + 1}`),
    );
    expect(rows.map(([number]) => number).filter((number) => number?.startsWith("7."))).toEqual(numbers);
  });
});
