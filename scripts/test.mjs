// `npm test`: runs every pass in order, prints one line for each, then where the time went and, as the very last line,
// `N passed, N failed`. `npm test -- pure lint` runs only these passes. With SESSION_STORE_TEST_ALL=1 no pass may be left
// out for want of an extra.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromiumProblem } from "./chromium.mjs";
import { conformanceTable } from "./conformance-table.mjs";
import { dynamoDbLocalProblem } from "./dynamodb-local.mjs";
import { EXTRAS, isWhole } from "./extras.mjs";
import { runtimesProblem } from "./runtimes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (tool) => join("node_modules", ".bin", tool);

/**
 * @typedef {object} Pass
 * @property {string} name
 * @property {string[][]} [commands] run one after the other; without them, the vitest project of the pass's name runs
 * @property {boolean} [counts] its commands say themselves how many tests passed and failed, in their last line, and in
 *   their first what they did
 * @property {boolean} [byNameAlone] runs only where it is asked for
 * @property {boolean} [needsBuild] cannot be run after a build that failed
 * @property {() => string | undefined} [problem] why the pass cannot be run on this machine
 */

/** @type {Pass[]} */
const PASSES = [
  {
    name: "types",
    commands: [
      [bin("tsc"), "--noEmit"],
      // Without the types of Node, so that they stay on what every runtime has.
      [bin("tsc"), "-p", "src/core/tsconfig.json"],
      [bin("tsc"), "-p", "src/codecs/tsconfig.json"],
      [bin("tsc"), "-p", "src/admin/tsconfig.json"],
    ],
  },
  { name: "lint", commands: [[bin("biome"), "ci", "--colors=off", "."]] },
  { name: "reference", commands: [[bin("typedoc")]] },
  { name: "build", commands: [[bin("tsup")]] },
  { name: "pure" },
  { name: "dynalite" },
  { name: "dynamodb-local", problem: dynamoDbLocalProblem },
  { name: "compat-dynalite", problem: oldPackagesProblem },
  { name: "compat-dynamodb-local", problem: () => oldPackagesProblem() ?? dynamoDbLocalProblem() },
  { name: "iac", problem: iacToolsProblem },
  { name: "processes" },
  { name: "faults" },
  { name: "load" },
  { name: "fuzz" },
  { name: "simulation", commands: [simulate()], counts: true },
  {
    name: "planted-faults",
    commands: [[process.execPath, "scripts/planted-faults.mjs"]],
    counts: true,
  },
  {
    name: "simulation-dynalite",
    commands: [simulate("--on", "dynalite", "--histories", "1000")],
    counts: true,
  },
  {
    name: "simulation-dynamodb-local",
    commands: [simulate("--check-model", "500"), simulate("--on", "dynamodb-local", "--histories", "1000")],
    counts: true,
    problem: dynamoDbLocalProblem,
  },
  {
    name: "mutation",
    commands: [[process.execPath, "scripts/mutation.mjs", "--changed"]],
    counts: true,
    // Until every file has had its long form: what a sample finds would be news of that, and not of the change.
    byNameAlone: true,
  },
  { name: "packaging", needsBuild: true },
  { name: "examples", needsBuild: true },
  { name: "runtimes", needsBuild: true, problem: () => runtimesProblem() ?? dynamoDbLocalProblem() },
  { name: "demo", commands: [[process.execPath, "demo/main.js", "--check"]], needsBuild: true },
  { name: "browser", needsBuild: true, problem: chromiumProblem },
  {
    name: "bench",
    commands: [[process.execPath, "bench/main.js", "--short"]],
    counts: true,
    needsBuild: true,
    problem: () => oldPackagesProblem() ?? comparedStoresProblem() ?? dynamoDbLocalProblem(),
  },
];

function simulate(...args) {
  return [process.execPath, "scripts/simulate.mjs", ...args];
}

function oldPackagesProblem() {
  return absence("old-packages");
}

function iacToolsProblem() {
  return absence("iac-tools");
}

function comparedStoresProblem() {
  return absence("compared-stores");
}

function absence(name) {
  const extra = EXTRAS.find((one) => one.name === name);
  return isWhole(extra) ? undefined : `the ${extra.title} are not here (npm run fetch)`;
}

// The tools' output is read from a pipe and printed, if at all, to a log: without colours.
const { FORCE_COLOR: _, ...environment } = process.env;
const env = { ...environment, NO_COLOR: "1" };

/** A pass that takes this long hangs. */
const PASS_WITHIN_MS = 10 * 60_000;

const allPassesMandatory = process.env.SESSION_STORE_TEST_ALL === "1";

const results = [];
for (const pass of chosenPasses(process.argv.slice(2))) {
  const start = performance.now();
  const result = await runPass(pass);
  results.push({ ...result, name: pass.name, seconds: (performance.now() - start) / 1000 });
  report(results.at(-1));
}
summarize();

function chosenPasses(names) {
  const known = PASSES.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such pass: ${unknown.join(", ")}; there are ${known.join(", ")}`);
    process.exit(1);
  }
  return names.length === 0
    ? PASSES.filter(({ byNameAlone }) => !byNameAlone)
    : PASSES.filter(({ name }) => names.includes(name));
}

/**
 * What came of a pass: how many tests (or commands' passes) passed and failed, the names of skipped ones, the output where
 * someone should read it, and the reason where the pass was left out.
 */
async function runPass(pass) {
  if (pass.needsBuild && results.some(({ name, failed }) => name === "build" && failed > 0)) {
    return { passed: 0, failed: 1, output: "not run, for the build failed" };
  }
  const problem = pass.problem?.();
  if (problem !== undefined) {
    return allPassesMandatory
      ? { passed: 0, failed: 1, output: problem }
      : { passed: 0, failed: 0, leftOut: problem };
  }
  if (pass.commands === undefined) return runVitest(pass.name);
  return pass.counts ? runCounting(pass.commands) : runCommands(pass.commands);
}

async function runCommands(commands) {
  for (const command of commands) {
    const { ok, output } = await run(command);
    if (!ok) return { passed: 0, failed: 1, output: `${command.join(" ")}\n${output}` };
  }
  return { passed: 1, failed: 0 };
}

/** Commands that count tests of their own. One that counts none, or ends as if none had failed, has failed. */
async function runCounting(commands) {
  const sum = { passed: 0, failed: 0, told: [] };
  for (const command of commands) {
    const { ok, output } = await run(command);
    const [, passed, failed] =
      /^(\d+) passed, (\d+) failed\s*$/m.exec(output.trimEnd().split("\n").at(-1)) ?? [];
    const isCounted = Number(passed) > 0 && ok === (failed === "0");
    sum.passed += Number(passed ?? 0);
    sum.failed += isCounted ? Number(failed) : Math.max(1, Number(failed ?? 0));
    sum.told.push(output.split("\n", 1)[0]);
    if (!ok || !isCounted) sum.output = `${sum.output ?? ""}${command.join(" ")}\n${output}`;
  }
  return { ...sum, tests: sum.passed + sum.failed };
}

async function runVitest(project) {
  const reportFile = join(root, ".artifacts", `${project}.json`);
  await mkdir(join(root, ".artifacts"), { recursive: true });
  // A report of an earlier run must not be counted as this one's.
  await rm(reportFile, { force: true });
  const { ok, output } = await run([
    ...[bin("vitest"), "run", "--project", project],
    ...["--reporter=default", "--reporter=json", `--outputFile=${reportFile}`],
  ]);
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, output };

  const files = JSON.parse(await readFile(reportFile, "utf8")).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const count = (status) => tests.filter((test) => test.status === status).length;
  const passed = count("passed");
  // A file that could not be loaded fails without a failed test of its own.
  const brokenFiles = files.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  const failedTests = count("failed") + brokenFiles.length;
  const skipped = tests.filter(({ status }) => !["passed", "failed"].includes(status));
  // vitest's own verdict counts too: it knows of unhandled errors, and of a project without tests.
  const failed = failedTests === 0 && (!ok || passed === 0) ? 1 : failedTests;
  return {
    passed,
    failed,
    skipped: skipped.map(({ fullName }) => fullName),
    meta: tests.map(({ meta }) => meta ?? {}),
    // What tests have to say beside their verdicts.
    told: tests.flatMap(({ meta }) => meta?.told ?? []),
    output: failed === 0 ? undefined : output,
    tests: passed + count("failed"),
  };
}

function run([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PASS_WITHIN_MS,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code, signal) => {
      if (signal !== null) output += `\nended by ${signal}`;
      resolve({ ok: code === 0, output });
    });
  });
}

function report({ name, seconds, failed, leftOut, output, skipped = [], tests, told = [] }) {
  const verdict = leftOut !== undefined ? `left out: ${leftOut}` : failed > 0 ? "FAILED" : "passed";
  const counted = tests === undefined ? "" : `, ${tests} tests`;
  console.log(`${name}: ${verdict} (${seconds.toFixed(1)} s${counted})`);
  for (const line of told) console.log(`  ${line}`);
  if (skipped.length > 0) {
    console.log(`  ${skipped.length} skipped:\n${skipped.map((test) => `    ${test}`).join("\n")}`);
  }
  if (output !== undefined) console.log(`${output.trimEnd()}\n`);
}

function summarize() {
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  const seconds = total(results.map((result) => result.seconds));

  console.log("\nwhere the time went");
  const width = Math.max(...PASSES.map(({ name }) => name.length));
  for (const result of [...results, { name: "all", seconds, tests: total(results.map(testsOf)) }]) {
    const columns = [result.name.padEnd(width), `${result.seconds.toFixed(1)} s`.padStart(8)];
    if (result.tests !== undefined) columns.push(`${result.tests} tests`.padStart(12));
    console.log(`  ${columns.join("")}`);
  }
  for (const { name, leftOut } of results) {
    if (leftOut !== undefined) console.log(`left out: ${name}, because ${leftOut}`);
  }

  const { lines, holes } = conformanceTable(results, allPassesMandatory);
  for (const line of lines) console.log(line);
  for (const cell of holes) console.log(`nothing was asserted: ${cell}`);

  const failed = total(results.map((result) => result.failed)) + holes.length;
  console.log(`${total(results.map((result) => result.passed))} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function testsOf({ tests = 0 }) {
  return tests;
}
