// `npm run mutation`: puts one small fault after another into the core and the doors (StrykerJS), and asks of each whether
// a test notices it. The long form takes every file; `npm run mutation -- --files src/core/merge.ts,src/core/keys.ts` takes
// these. What was found before stands, unless the source or its tests have changed since or `--force` is given. `--most 40`
// tries so many mutants of each file, drawn by `--seed`; `--again` those alone that were open, after a test was written.
//
// `--changed` is the short form: of the files that have changed since `--base`, so many mutants (`--most 4` of each) as
// are tried in `--seconds 60`; `--seed` draws others. `--scores` prints what the runs before have found.
//
// The last line is `N passed, N failed`: mutants that were noticed, and those that were not and stand unexplained.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isSame, nameOf, SURVIVORS } from "../test/mutation/survivors.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const FOLDERS = ["src/core", "src/express", "src/koa", "src/hono"];
/** They pass on what stands elsewhere: there is nothing to mutate. */
const WITHOUT_CODE = ["src/core/doors.ts", "src/core/index.ts"];
const RESULTS = ".artifacts/mutation";
/** Which tests are to notice the faults of a file. A file that is not in here was never tried. */
const HELD_BY = JSON.parse(await readFile(join(root, "test", "mutation", "held-by.json"), "utf8"));

const { values: flags } = parseArgs({
  options: {
    files: { type: "string" },
    changed: { type: "boolean", default: false },
    base: { type: "string" },
    most: { type: "string" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    force: { type: "boolean", default: false },
    again: { type: "boolean", default: false },
    scores: { type: "boolean", default: false },
  },
});

await mkdir(join(root, RESULTS, "samples"), { recursive: true });
const seed = flags.seed ?? git("rev-parse", "HEAD") ?? "0";
const known = Object.keys(HELD_BY);
const scores = flags.changed ? await shortForm() : await longForm();
const open = scores.flatMap((score) => score.open.map((name) => ({ file: score.file, ...name })));
for (const { file, line, replaced, by } of open) console.log(`${file}\n  ${line}\n  ${replaced} -> ${by}`);
if (!flags.changed && flags.most === undefined) await writeScores(scores);
const noticed = scores.reduce((sum, score) => sum + score.killed, 0);
const stale = scores.flatMap((score) => score.stale);
for (const { line, replaced, by } of stale)
  console.log(`explains no survivor: ${line}: ${replaced} -> ${by}`);
const broken = scores.filter(({ problem }) => problem !== undefined);
for (const { file, problem } of broken) console.log(`${file} was not tried: ${problem}`);
const failed = open.length + stale.length + broken.length;
console.log(`${noticed} passed, ${failed} failed`);
process.exitCode = failed > 0 || noticed === 0 ? 1 : 0;

async function longForm() {
  const files = flags.files?.split(",") ?? known;
  const unknown = files.filter((file) => !known.includes(file));
  if (unknown.length > 0)
    throw new Error(`test/mutation/held-by.json has no tests for ${unknown.join(", ")}`);
  const mutants =
    flags.most === undefined ? "every mutant" : `${flags.most} mutants (seed ${seed.slice(0, 10)})`;
  console.log(`${flags.scores ? "what was found" : mutants} of ${files.length} files`);
  const scores = [];
  for (const file of files) {
    if (flags.most !== undefined) {
      scores.push(await sampleOf(file, Number(flags.most)));
      console.log(lineOf(scores.at(-1)));
      continue;
    }
    const told = join(RESULTS, `${plain(file)}.jsonl`);
    if (flags.scores && !existsSync(join(root, told))) continue;
    const options = {
      incremental: true,
      incrementalFile: join(RESULTS, `${plain(file)}.incremental.json`),
      force: flags.force,
    };
    const run = flags.scores
      ? {}
      : flags.again
        ? await again(file, told)
        : await stryker(file, told, options);
    scores.push(await scoreOf(file, told, run));
    console.log(lineOf(scores.at(-1)));
  }
  return scores;
}

async function shortForm() {
  const end = performance.now() + Number(flags.seconds) * 1000;
  const base = flags.base ?? defaultBase();
  const changed = base === undefined ? [] : changedSince(base);
  const candidates = changed.filter((file) => known.includes(file));
  const untried = changed.filter((file) => !known.includes(file));
  const lot = (file) => createHash("sha256").update(`${seed} ${file}`).digest("hex");
  const files = (candidates.length > 0 ? candidates : known).toSorted((one, other) =>
    lot(one) < lot(other) ? -1 : 1,
  );
  const lines = [];
  const scores = [];
  for (const file of files) {
    const left = end - performance.now();
    // A file takes a while before its first mutant. Without a change, one file is enough.
    if (scores.length > 0 && (left < (Number(flags.seconds) * 1000) / 2 || candidates.length === 0)) break;
    scores.push(await sampleOf(file, Number(flags.most ?? 4), left));
    lines.push(lineOf(scores.at(-1)));
  }
  const tried = scores.reduce((sum, score) => sum + score.mutants, 0);
  const since = base === undefined ? "it is not known what has changed" : `since ${base.slice(0, 10)}`;
  const what =
    candidates.length > 0
      ? `${scores.length} of ${candidates.length} files that have changed ${since}`
      : `one file, for none has changed (${since})`;
  console.log(`${tried} mutants of ${what}, seed ${seed.slice(0, 10)}`);
  if (untried.length > 0) console.log(`no long form has run on ${untried.join(", ")}: left out`);
  for (const line of lines) console.log(line);
  return scores;
}

/** Tries the mutants that were open, and sets what came of them in the place of what was known. */
async function again(file, told) {
  const { open: named } = await scoreOf(file, told, {});
  if (named.length === 0) return {};
  const anew = join(RESULTS, "samples", `${plain(file)}.jsonl`);
  const run = await stryker(file, anew, { checkers: ["sample"], sample: { file, named } });
  const place = ({ location, replacement }) => JSON.stringify([location, replacement]);
  const results = (await toldIn(anew)).filter(isTested);
  const latest = new Map(results.map((result) => [place(result), result]));
  const merged = (await toldIn(told)).map((result) => latest.get(place(result)) ?? result);
  await writeFile(join(root, told), merged.map((result) => `${JSON.stringify(result)}\n`).join(""));
  return run;
}

/** Mutants of a file, drawn by lot; explained ones are not drawn. */
async function sampleOf(file, most, withinMs) {
  const told = join(RESULTS, "samples", `${plain(file)}.jsonl`);
  const sample = { file, seed, most };
  const score = await scoreOf(
    file,
    told,
    await stryker(file, told, { checkers: ["sample"], sample }, withinMs),
  );
  return { ...score, stale: [] };
}

/** Where main has been left; on main itself, and where that is not known, the commit before. */
function defaultBase() {
  const head = git("rev-parse", "HEAD");
  const bases = ["origin/main", "main"].map((main) => git("merge-base", "HEAD", main));
  return bases.find((base) => base !== undefined && base !== head) ?? git("rev-parse", "--verify", "HEAD~1");
}

function changedSince(base) {
  const names = git("diff", "--name-only", "--diff-filter=d", base, "--", ...FOLDERS);
  if (names === undefined) throw new Error(`git knows no ${base}`);
  return names.split("\n").filter(hasCode);
}

function git(...args) {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs Stryker on one file. What is told of each mutant stands in `told` afterwards, also where the time was up. */
async function stryker(file, told, options, withinMs = Number.POSITIVE_INFINITY) {
  const start = performance.now();
  const temp = join(".artifacts", `stryker-${process.pid}`);
  const config = {
    packageManager: "npm",
    plugins: ["@stryker-mutator/vitest-runner", "./test/mutation/plugin.mjs"],
    reporters: ["told", "json"],
    jsonReporter: { fileName: told.replace(/l$/, "") },
    told,
    mutate: [file],
    testRunner: "vitest",
    // `related` would not see the tests that come to a file by way of a server.
    vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
    coverageAnalysis: "perTest",
    // The tests of one mutant wait for each other's table as it is.
    concurrency: 1,
    timeoutMS: 5000,
    timeoutFactor: 2,
    ignorePatterns: [".extras", ".artifacts", "bench", "demo", "docs", "examples", "dist"],
    tempDirName: temp,
    warnings: { unknownOptions: false },
    allowConsoleColors: false,
    ...options,
  };
  const configFile = join(RESULTS, `${plain(file)}.config.json`);
  await writeFile(join(root, configFile), JSON.stringify(config));
  await writeFile(join(root, told), "");
  const env = { ...process.env, SESSION_STORE_MUTATION_TESTS: HELD_BY[file].join(",") };
  // A slow machine may take all of the time before the first mutant: it is given more, for that one.
  const isTimeUp = () => {
    const passed = performance.now() - start;
    return passed > withinMs && (passed > 3 * withinMs || statSync(join(root, told)).size > 0);
  };
  const { code, output } = await run(["node_modules/.bin/stryker", "run", configFile], env, isTimeUp);
  await rm(join(root, temp), { recursive: true, force: true });
  await writeFile(join(root, told.replace(/jsonl$/, "log")), output);
  return {
    seconds: (performance.now() - start) / 1000,
    problem: code === 0 || code === null ? undefined : (/ ERROR .*/.exec(output)?.[0] ?? output),
  };
}

/** `code` is null where the time was up. */
function run([command, ...args], env, isTimeUp) {
  return new Promise((resolve) => {
    // In a group of its own, so that its workers end with it.
    const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const end = () => process.kill(-child.pid, "SIGKILL");
    const endAll = () => {
      end();
      process.exit(1);
    };
    const look = setInterval(() => isTimeUp() && end(), 500);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    process.once("SIGINT", endAll).once("SIGTERM", endAll);
    child.on("close", (code) => {
      clearInterval(look);
      process.off("SIGINT", endAll).off("SIGTERM", endAll);
      resolve({ code, output });
    });
  });
}

async function scoreOf(file, told, { seconds, problem }) {
  const source = await readFile(join(root, file), "utf8");
  const valid = (await toldIn(told)).filter(isTested);
  const alive = valid.filter((mutant) => !isNoticed(mutant)).map((mutant) => nameOf(mutant, source));
  const explanations = SURVIVORS[file] ?? [];
  const isExplained = (name) => explanations.some((one) => isSame(one, name));
  return {
    file,
    mutants: valid.length,
    killed: valid.length - alive.length,
    explained: alive.filter(isExplained).length,
    open: alive.filter((name) => !isExplained(name)),
    stale: explanations.filter((one) => !alive.some((name) => isSame(one, name))),
    seconds,
    problem,
  };
}

async function toldIn(told) {
  const lines = (await readFile(join(root, told), "utf8")).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** Not so where it was not drawn. One by which the runner breaks was noticed by no test. */
function isTested({ status }) {
  return isNoticed({ status }) || ["Survived", "NoCoverage", "RuntimeError"].includes(status);
}

function isNoticed({ status }) {
  return status === "Killed" || status === "Timeout";
}

function lineOf({ file, mutants, killed, explained, open, seconds }) {
  const columns = [
    file.padEnd(28),
    `${mutants} mutants`.padStart(13),
    `${killed} killed`.padStart(12),
    `${percent(killed, mutants)} %`.padStart(9),
    `${explained} explained`.padStart(14),
    `${open.length} open`.padStart(9),
    ...(seconds === undefined ? [] : [`${Math.round(seconds)} s`.padStart(8)]),
  ];
  return columns.join("");
}

function percent(part, whole) {
  return whole === 0 ? "-" : ((100 * part) / whole).toFixed(1);
}

/** The scores, by file and of each folder, and which files were not tried yet. */
async function writeScores(scores) {
  const commit = git("rev-parse", "HEAD");
  for (const folder of FOLDERS) {
    const within = scores.filter(({ file }) => file.startsWith(`${folder}/`));
    const sum = (key) => within.reduce((total, score) => total + score[key], 0);
    const open = within.flatMap((score) => score.open);
    if (within.length > 0)
      console.log(
        lineOf({
          file: `${folder}: ${within.length} files`,
          mutants: sum("mutants"),
          killed: sum("killed"),
          explained: sum("explained"),
          open,
        }),
      );
  }
  const sources = await Promise.all(
    FOLDERS.map(async (folder) => (await readdir(join(root, folder))).map((name) => `${folder}/${name}`)),
  );
  const untried = sources.flat().filter((file) => hasCode(file) && !known.includes(file));
  if (untried.length > 0) console.log(`in no run so far: ${untried.join(", ")}`);
  const report = { commit, scores, untried };
  await writeFile(join(root, RESULTS, "scores.json"), JSON.stringify(report, undefined, 2));
}

function hasCode(file) {
  return file.endsWith(".ts") && !WITHOUT_CODE.includes(file);
}

function plain(file) {
  return file
    .replace(/^src\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
}
