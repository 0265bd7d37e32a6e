// Makes a module of a block and of what the table puts around it, and has all of them looked at by the compiler.
import { join } from "node:path";
import ts from "typescript";
import type { Block } from "./found.js";

/** What the table puts around a block. */
export interface Around {
  /** Code before it: what the text around it speaks of, such as `app` and `store`. */
  readonly before?: string;
  /** What the block leaves open. */
  readonly rest?: string;
  /** Code of an asynchronous function behind it, in which `proof` is all of proofs.ts. */
  readonly after?: string;
  /** What is declared for it, such as of packages that are not installed here: a file of declarations. */
  readonly declares?: string;
  /** The file of which the text says that it is this block, for other blocks of its page to import. */
  readonly as?: string;
}

export interface Source {
  readonly block: Block;
  /** The file, in the folder of its page; its name says of which language and module format it is. */
  readonly file: string;
  readonly text: string;
  /** The files beside it. */
  readonly others: readonly { readonly file: string; readonly text: string }[];
  /** How many lines stand before the block's first one. */
  readonly linesBefore: number;
}

/** A block as a file of its own. */
export function sourceOf(block: Block, { before, rest, after, declares, as }: Around = {}): Source {
  const code = block.language === "diff" ? sideOf(block, "+") : block.code;
  const isCommonJs = block.language !== "ts" && /\brequire\(/.test(code);
  const extension = block.language === "ts" ? "mts" : isCommonJs ? "cjs" : "mjs";
  const name = block.page.replace(/\.\w+$/, "").replaceAll(/[^\w]+/g, "-");
  const [proof, exported] = isCommonJs
    ? ['const proof = require("../proofs.mjs");', "exports.proved"]
    : ['import * as proof from "../proofs.mjs";', "export const proved"];
  const head = `${proof}\n${before === undefined ? "" : `${before}\n`}`;
  const parts = [withComments(code), rest ?? "", after && `${exported} = (async () => {\n${after}\n})();`];
  return {
    block,
    file: `${name}/${block.line}.${extension}`,
    text: head + parts.filter((part) => part).join("\n"),
    linesBefore: head.split("\n").length - 1,
    others: [
      ...(declares === undefined ? [] : [{ file: `${name}/${block.line}-declared.d.ts`, text: declares }]),
      ...(as === undefined ? [] : [{ file: `${name}/${as}`, text: code }]),
    ],
  };
}

/** What a diff was made of, or makes. */
export function sideOf({ code }: Block, side: "-" | "+"): string {
  const other = side === "+" ? "-" : "+";
  const lines = code.split("\n").filter((line) => !line.startsWith(other));
  return lines.map((line) => line.slice(1)).join("\n");
}

/**
 * Has the values checked of which a comment says what they are: all of it in the lines beneath (`// { … }`), or behind a
 * statement (`// "one", or "another"`).
 */
function withComments(code: string): string {
  let text = code;
  for (const statement of parse("block.ts", code).statements.toReversed()) {
    if (!ts.isExpressionStatement(statement)) continue;
    const comments = (ranges: ts.CommentRange[] | undefined) =>
      (ranges ?? []).map(({ pos, end }) => code.slice(pos + 2, end).trim());
    const beneath = comments(ts.getLeadingCommentRanges(code, statement.end)).join(" ");
    const [beside = ""] = comments(ts.getTrailingCommentRanges(code, statement.end));
    const expected = /^[{[]/.test(beneath)
      ? [beneath]
      : /^[{"]/.test(beside)
        ? [...(beside.match(/"[^"]*"|\{[^}]*\}/g) ?? []), "Symbol()"]
        : [];
    const { expression } = statement;
    if (expected.length === 0) continue;
    text =
      text.slice(0, expression.getStart()) +
      `proof.said(${expression.getText()}, ${expected.join(", ")})` +
      text.slice(expression.end);
  }
  return text;
}

function parse(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
}

/** What keeps JavaScript from being parsed. */
export function syntaxErrors(code: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName: "block.js",
    reportDiagnostics: true,
    compilerOptions: { allowJs: true, target: ts.ScriptTarget.ES2022 },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  isolatedModules: true,
  esModuleInterop: true,
  allowJs: true,
  checkJs: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
};

/** In JavaScript nothing can be said of parameters, and nobody is told that something may be absent. */
const OPTIONS_OF_JS = {
  ...OPTIONS,
  strictNullChecks: false,
  noImplicitAny: false,
  strictPropertyInitialization: false,
};

/**
 * What the compiler says of each file, by its name. TypeScript is compiled as strictly as can be; the two programs share
 * what they have read.
 */
export function complaintsOf(folder: string, sources: readonly Source[]): Map<string, string[]> {
  const host = ts.createCompilerHost(OPTIONS, true);
  const read = new Map<string, ts.SourceFile | undefined>();
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) => {
    if (!read.has(name)) read.set(name, getSourceFile(name, ...rest));
    return read.get(name);
  };
  host.getCurrentDirectory = () => folder;
  const complaints = new Map<string, string[]>();
  for (const isTypeScript of [true, false]) {
    const own = sources.filter(({ file }) => file.endsWith(".mts") === isTypeScript);
    const files = own.flatMap(({ file, others }) => [file, ...others.map((other) => other.file)]);
    const roots = files.map((file) => join(folder, file));
    const program = ts.createProgram(roots, isTypeScript ? OPTIONS : OPTIONS_OF_JS, host);
    for (const source of own) {
      const file = program.getSourceFile(join(folder, source.file));
      const all = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      const found = isTypeScript ? all : all.filter((diagnostic) => !asksForACast(diagnostic));
      complaints.set(
        source.file,
        found.map((diagnostic) => told(source, diagnostic)),
      );
    }
  }
  return complaints;
}

/**
 * What JavaScript cannot say: more of what is `unknown`, as a session's data is to whoever gives it no types; and that a
 * text in an object is of a few that are allowed, and no other.
 */
function asksForACast({ messageText }: ts.Diagnostic): boolean {
  const message = ts.flattenDiagnosticMessageText(messageText, "\n");
  return /^Type 'unknown' is not|of type 'unknown'|types 'unknown'|Type 'string' is not assignable to type '(boolean \| )?"/.test(
    message,
  );
}

function told(
  { block, text, linesBefore }: Source,
  { file, start, messageText, code }: ts.Diagnostic,
): string {
  const message = `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  if (file === undefined || start === undefined) return message;
  const { line } = file.getLineAndCharacterOfPosition(start);
  const inBlock = line - linesBefore;
  const isInBlock =
    block.language !== "diff" && inBlock >= 0 && inBlock < block.code.trimEnd().split("\n").length;
  const place = isInBlock ? `${block.page}:${block.line + inBlock}` : `around ${block.page}:${block.line}`;
  return `${place}: ${message}\n  ${text.split("\n")[line]?.trim()}`;
}
