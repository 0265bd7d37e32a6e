// The tables of the conformance suite, from the reports of the passes that ran it: driver × emulator × format, and
// runtime × door, with the number of assertions in each cell. A cell that ran none says why.
import { RUNTIMES, runtimeProblem } from "./runtimes.mjs";

const DRIVERS = ["engine", "express", "fastify", "koa", "hono"];
const FORMATS = ["json", "map", "sealed"];
/** Several frameworks that serve one session, and the formats that they are asked in. */
const TOGETHER = { "express+koa+hono": FORMATS, "koa+hono": ["json"] };
const EMULATORS = ["dynalite", "dynamodb-local"];
const RUNTIMES_PASS = "runtimes";
/** The column of what is asserted of one runtime alone. */
const OWN = "its own";

/**
 * @param {{ name: string, leftOut?: string, meta?: object[] }[]} results of the passes
 * @param {boolean} everyRuntime whether a runtime that this machine cannot run, and could fetch, is a hole
 * @returns {{ lines: string[], holes: string[] }} the tables, and the cells that should have run and asserted nothing
 */
export function conformanceTable(results, everyRuntime) {
  const tables = [emulatorTable(results), runtimeTable(results, everyRuntime)];
  return {
    lines: tables.flatMap(({ lines }) => lines),
    holes: tables.flatMap(({ holes }) => holes),
  };
}

function emulatorTable(results) {
  const holes = [];
  const asked = [...DRIVERS.map((driver) => [driver, FORMATS]), ...Object.entries(TOGETHER)];
  const rows = asked.flatMap(([driver, formats]) =>
    formats.map((format) => [
      driver,
      format,
      ...EMULATORS.map((emulator) => {
        const pass = results.find(({ name }) => name === emulator);
        if (pass === undefined) return "not among the chosen passes";
        if (pass.leftOut !== undefined) return pass.leftOut;
        const assertions = countOf(pass, { driver, format });
        if (assertions === 0) holes.push(`${driver}, ${format}, ${emulator}`);
        return `${assertions} assertions`;
      }),
    ]),
  );
  if (!results.some(({ name }) => EMULATORS.includes(name))) return { lines: [], holes: [] };
  const table = aligned([["driver", "format", ...EMULATORS], ...rows]);
  return { lines: ["", "conformance", ...indented(table)], holes };
}

function runtimeTable(results, everyRuntime) {
  const pass = results.find(({ name }) => name === RUNTIMES_PASS);
  if (pass === undefined || pass.leftOut !== undefined) return { lines: [], holes: [] };
  const holes = [];
  const reasons = [];
  const columns = [...DRIVERS, OWN];
  const rows = RUNTIMES.map((runtime) => {
    const { name, title, doors, elsewhere, hasOwn } = runtime;
    const problem = runtimeProblem(runtime);
    const asked = hasOwn ? [...doors, OWN] : doors;
    const others = DRIVERS.filter((driver) => !doors.includes(driver));
    if (problem !== undefined) reasons.push(`${title} is left out, because ${problem}`);
    else if (others.length > 0) reasons.push(`${title} does not run ${others.join(", ")}: ${elsewhere}`);
    const cells = columns.map((driver) => {
      if (!asked.includes(driver)) return "–";
      const assertions = countOf(pass, { runtime: name, driver });
      // What is the Node of the tests, and not to be fetched, is run where they run on that one.
      const mustRun = problem === undefined || (everyRuntime && runtime.extra !== undefined);
      if (assertions === 0 && mustRun) holes.push(`${title}, ${driver}`);
      return problem === undefined ? String(assertions) : "left out";
    });
    return [title, ...cells];
  });
  const table = aligned([["runtime", ...columns], ...rows]);
  return { lines: ["", "assertions on each runtime", ...indented([...table, ...reasons])], holes };
}

/** How much the tests asserted of a cell, of which `cell` says as much as tells it from others. */
function countOf({ meta = [] }, cell) {
  return meta
    .map(({ conformance }) => conformance)
    .filter((of) => of !== undefined && Object.entries(cell).every(([name, value]) => of[name] === value))
    .reduce((sum, { assertions }) => sum + assertions, 0);
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
}

function indented(lines) {
  return lines.map((line) => `  ${line}`);
}
