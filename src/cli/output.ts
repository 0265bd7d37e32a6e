// Where commands print: results to standard output, for people or, with `--json`, for machines; the rest to
// standard error. What is for the one is silent for the other, so that a command says both.
import Table from "cli-table3";
import picocolors from "picocolors";
import type { FailureReport } from "./failures.js";
import { type Bucket, drawHistogram } from "./histogram.js";
import { NO_PROGRESS, type ProgressLine, progressLine } from "./progress.js";

type Colors = ReturnType<typeof picocolors.createColors>;

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

const NARROWEST = 40;
const COLUMNS_OF_NO_TERMINAL = 100;

export class Output {
  /** Whether the result is for machines. */
  readonly json: boolean;
  /** Whether the output is read on a terminal. */
  readonly isTerminal: boolean;
  /** Colours for what is printed; none by NO_COLOR, and where there is no terminal. */
  readonly colors: Colors;
  readonly #complaintColors: Colors;
  readonly #quiet: boolean;

  constructor({ json, quiet }: OutputOptions) {
    this.json = json;
    this.#quiet = quiet;
    this.isTerminal = process.stdout.isTTY === true;
    this.colors = picocolors.createColors(this.isTerminal && wantsColors());
    this.#complaintColors = picocolors.createColors(process.stderr.isTTY === true && wantsColors());
  }

  /** A result for people, as whole lines. */
  print(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** The result for machines: once in a run. */
  printJson(value: unknown): void {
    if (this.json) process.stdout.write(`${toJson(value, 2)}\n`);
  }

  /**
   * The result for machines as an array that may have no end in sight: each value is printed when it comes.
   * What stops it leaves an array that is closed.
   */
  async printJsonList(values: AsyncIterable<unknown>): Promise<void> {
    let before = "[";
    try {
      for await (const value of values) {
        process.stdout.write(`${before}\n${toJson(value)}`);
        before = ",";
      }
    } finally {
      process.stdout.write(before === "[" ? "[]\n" : "\n]\n");
    }
  }

  /** A table for people. */
  table(columns: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.json) return;
    const table = new Table({
      head: columns.map((name) => this.colors.bold(name)),
      // Nothing but spaces between the columns, so that lines can be cut and searched.
      chars: NO_LINES,
      style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    });
    table.push(...rows.map((row) => [...row]));
    const lines = table.toString().split("\n");
    this.print(lines.map((line) => line.trimEnd()).join("\n"));
  }

  /** A histogram for people. */
  histogram(title: string, buckets: readonly Bucket[]): void {
    const columns = this.isTerminal ? process.stdout.columns : COLUMNS_OF_NO_TERMINAL;
    this.print(drawHistogram(this.colors.bold(title), buckets, Math.max(NARROWEST, columns)));
  }

  /** What helps to know and is no result: what comes next, what was left out. */
  note(text: string): void {
    if (!this.#quiet && !this.json) process.stderr.write(`${text}\n`);
  }

  /** What whoever reads the result must know. */
  warn(text: string): void {
    process.stderr.write(`${this.#complaintColors.yellow("warning:")} ${text}\n`);
  }

  /** Why there is no result. */
  fail(failure: FailureReport): void {
    if (this.json) {
      process.stderr.write(`${toJson({ error: failure })}\n`);
      return;
    }
    const { red, dim } = this.#complaintColors;
    const code = failure.code.startsWith("ERR_SESSION_") ? ` ${dim(`(${failure.code})`)}` : "";
    const hint = failure.hint === undefined ? "" : `\n${visible(failure.hint)}`;
    process.stderr.write(`${red("error:")} ${visible(failure.message)}${code}${hint}\n`);
  }

  /** How far the work is, at the foot of a terminal; silent where there is none, and with `--quiet`. */
  progress(label: string): ProgressLine {
    return this.#quiet || !process.stderr.isTTY ? NO_PROGRESS : progressLine(label, process.stderr);
  }
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};

/**
 * Text that came from a table, safe for a terminal: control characters, by which it could move the cursor,
 * are shown as their escapes, as are those that turn or break lines on some.
 */
export function visible(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/** The same of one value, which stays on its line: no part of it can pass for another value's. */
export function oneLine(text: string): string {
  return visible(text).replaceAll("\n", "\\n");
}

// As JSON.stringify does with those below U+0020; C1 controls begin sequences on some terminals as well.
function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(CONTROLS_IN_JSON, escaped);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is meant; a line may end, and be indented.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const CONTROLS_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

// See https://no-color.org: any value but an empty one.
function wantsColors(): boolean {
  return !process.env.NO_COLOR && process.env.TERM !== "dumb";
}
