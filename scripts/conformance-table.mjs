// The matrix of the conformance suite, from the reports of the passes that ran it: driver × emulator × format, with the
// number of assertions in each cell. A cell that ran none says why.

const DRIVERS = ["engine", "express", "fastify", "koa", "hono"];
const FORMATS = ["json", "map"];
const EMULATORS = ["dynalite", "dynamodb-local"];

/**
 * @param {{ name: string, leftOut?: string, meta?: object[] }[]} results of the passes
 * @returns {{ lines: string[], holes: string[] }} the table, and the cells that should have run and asserted nothing
 */
export function conformanceTable(results) {
  const holes = [];
  const rows = DRIVERS.flatMap((driver) =>
    FORMATS.map((format) => [
      driver,
      format,
      ...EMULATORS.map((emulator) => {
        const pass = results.find(({ name }) => name === emulator);
        if (pass === undefined) return "not among the chosen passes";
        if (pass.leftOut !== undefined) return pass.leftOut;
        const assertions = countOf(pass.meta ?? [], driver, format);
        if (assertions === 0) holes.push(`${driver}, ${format}, ${emulator}`);
        return `${assertions} assertions`;
      }),
    ]),
  );
  if (!results.some(({ name }) => EMULATORS.includes(name))) return { lines: [], holes: [] };
  const table = aligned([["driver", "format", ...EMULATORS], ...rows]);
  return { lines: ["", "conformance", ...table.map((line) => `  ${line}`)], holes };
}

function countOf(meta, driver, format) {
  return meta
    .map(({ conformance }) => conformance)
    .filter((of) => of?.driver === driver && of.format === format)
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
