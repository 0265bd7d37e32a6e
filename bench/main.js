// `npm run bench`: runs the benchmarks, or those that are named, and prints what came of them. In its long form it writes
// figures and charts into docs/performance; `--short` is the form that continuous integration runs.
import { mkdir, writeFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { draw } from "./chart.js";
import { showSpread } from "./rounds.js";

/**
 * @typedef {object} Part
 * @property {string} name of its files, and on the command line
 * @property {string} title what it measures
 * @property {() => string | undefined} [problem] why it cannot be run on this machine
 * @property {(how: How) => Promise<Measured>} run
 *
 * @typedef {object} How
 * @property {boolean} isShort few rounds, to see that it runs
 * @property {number} rounds how many alternating rounds what has a bar gets
 * @property {string[]} flags what else was said on the command line, such as `--million`
 * @property {(line: string) => void} say
 *
 * @typedef {object} Measured
 * @property {Table[]} tables what is printed
 * @property {Bar[]} [bars]
 * @property {object} [figures] what is written as JSON
 * @property {import("./chart.js").Chart[]} [charts]
 * @property {number} [checked] how many exact things were checked
 * @property {string[]} [failures] which of them are not what they must be, in words
 * @property {boolean} [isPartial] something is not here to be measured: no figures for the documentation
 *
 * @typedef {object} Table
 * @property {string} title
 * @property {string[]} columns
 * @property {(string | number)[][]} rows
 *
 * @typedef {object} Bar
 * @property {string} title such as `a lone load, of 0.0.19's`
 * @property {import("./rounds.js").Spread} ratio
 * @property {number} [most] the bar, where less is better
 * @property {number} [least] the bar, where more is better
 */

const PARTS = [
  "operations",
  "sdk",
  "requests",
  "latency",
  "units",
  "options",
  "codecs",
  "start",
  "size",
  "memory",
  "scale",
  "comparison",
];

const LONG_ROUNDS = 7;
const SHORT_ROUNDS = 2;
/** What is written into the documentation is the median of so many. */
const LEAST_LONG_ROUNDS = 5;
const FLAGS = ["--short", "--list", "--million", "--help"];

const root = fileURLToPath(new URL("..", import.meta.url));

const HELP = `npm run bench                  all parts in their long form: about a quarter of an hour
npm run bench -- requests      a part by name: ${PARTS.join(", ")}
npm run bench -- --rounds 11   more alternating rounds than ${LONG_ROUNDS}
npm run bench -- memory --million   over a million operations
npm run bench -- --short       few and short rounds, to see that all runs; checks what is exact
npm run bench -- --list        what each part measures`;

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  const { names, flags, rounds, problem } = readArguments(args);
  if (problem !== undefined || flags.includes("--help")) {
    console.log(problem === undefined ? HELP : `${problem}\n${HELP}`);
    return problem === undefined ? 0 : 2;
  }
  const parts = [];
  for (const name of names) parts.push((await import(`./${name}.js`)).default);
  if (flags.includes("--list")) {
    for (const { name, title } of parts) console.log(`${name.padEnd(12)}${title}`);
    return 0;
  }
  const isShort = flags.includes("--short");
  const say = (line) => console.log(`  ${line}`);
  const how = { isShort, rounds: rounds ?? (isShort ? SHORT_ROUNDS : LONG_ROUNDS), flags, say };
  console.log(
    `${parts.length} parts ${isShort ? "in their short form" : "in their long form"}, on ${machine()}`,
  );
  const results = [];
  for (const part of parts) results.push(await runPart(part, how));
  return summarize(results);
}

/** @param {string[]} args */
function readArguments(args) {
  const names = [];
  const flags = [];
  let rounds;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--rounds") rounds = Number(args[++i]);
    else if (FLAGS.includes(args[i])) flags.push(args[i]);
    else if (PARTS.includes(args[i])) names.push(args[i]);
    else return { flags, problem: `there is no part and no option "${args[i]}"` };
  }
  const least = flags.includes("--short") ? 1 : LEAST_LONG_ROUNDS;
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= least))
    return { flags, problem: `--rounds: expected a whole number, ${least} or more` };
  return { names: names.length > 0 ? names : PARTS, flags, rounds };
}

/**
 * @param {Part} part
 * @param {How} how
 */
async function runPart(part, how) {
  console.log(`\n${part.name}: ${part.title}`);
  const problem = part.problem?.();
  if (problem !== undefined) {
    console.log(`  left out: ${problem}`);
    return { part, leftOut: problem };
  }
  const start = performance.now();
  try {
    const measured = await part.run(how);
    const seconds = (performance.now() - start) / 1000;
    print(measured);
    await write(part, measured, how);
    return { part, ...measured, seconds };
  } catch (error) {
    console.log(`  did not run: ${error.stack ?? error}`);
    return { part, failures: [`${part.name} did not run`], seconds: (performance.now() - start) / 1000 };
  }
}

/** @param {Measured} measured */
function print({ tables, bars = [], failures = [] }) {
  for (const { title, columns, rows } of tables) {
    const cells = [columns, ...rows].map((row) => row.map(String));
    const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
    const line = (row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
    console.log(`\n  ${title}\n${cells.map((row) => `    ${line(row)}`).join("\n")}`);
  }
  if (bars.length > 0) console.log();
  for (const bar of bars) console.log(`  ${showBar(bar)}`);
  for (const failure of failures) console.log(`  FAILED: ${failure}`);
}

/** @param {Bar} bar */
function showBar(bar) {
  const wanted = bar.most === undefined ? `at least ${bar.least}` : `at most ${bar.most}`;
  return `${holds(bar) ? "met    " : "NOT MET"}  ${bar.title}: ${showSpread(bar.ratio)}, ${wanted}`;
}

/** @param {Bar} bar */
function holds({ ratio, most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY }) {
  return ratio.median <= most && ratio.median >= least;
}

/**
 * Short figures say nothing of speed, and partial ones not all: neither is put in the place of the documentation's.
 *
 * @param {Part} part
 * @param {Measured} measured
 * @param {How} how
 */
async function write({ name, title }, { bars = [], figures, charts = [], isPartial }, { isShort, say }) {
  if (figures === undefined) return;
  const isKept = !isShort && !isPartial;
  if (!isShort && isPartial) say("docs/performance stays as it is: written to .artifacts/bench");
  const folder = isKept ? join(root, "docs", "performance") : join(root, ".artifacts", "bench");
  await mkdir(folder, { recursive: true });
  const taken = { on: new Date().toISOString().slice(0, 10), machine: machine(), isShort };
  const written = { part: name, title, taken, bars, ...figures };
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(written, rounded, 2)}\n`);
  for (const chart of charts) {
    const file = [name, ...(chart.name === undefined ? [] : [chart.name])].join("-");
    await writeFile(join(folder, `${file}.svg`), draw(chart));
  }
}

function rounded(_name, value) {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

function machine() {
  return `Node ${process.versions.node}, ${platform()} ${arch()}, ${availableParallelism()} processors (${cpus()[0]?.model ?? "unknown"})`;
}

/** The last line is what `npm test` reads: parts that ran, and exact things that were checked. */
function summarize(results) {
  console.log("\nwhere the time went");
  for (const { part, seconds, leftOut } of results) {
    console.log(`  ${part.name.padEnd(12)}${leftOut ? `left out: ${leftOut}` : `${seconds.toFixed(1)} s`}`);
  }
  const ran = results.filter(({ leftOut }) => leftOut === undefined);
  const failed = ran.reduce((sum, { failures = [] }) => sum + failures.length, 0);
  const checked = ran.reduce((sum, { checked = 0 }) => sum + 1 + checked, 0);
  console.log(`${checked - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}
