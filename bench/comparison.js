// What other session stores do where this package promises something: each tried by the conformance suite's requests. Both
// forms try everything; the long one writes docs/comparison.md, the short one checks that it says what came of it.
import { readFile, writeFile } from "node:fs/promises";
import { dynamoDbLocalProblem } from "../scripts/dynamodb-local.mjs";
import { COLUMNS } from "./comparison/columns.js";
import { cellOf, differences, pageOf, rowsOf } from "./comparison/page.js";
import { PROMISES, SILENT, silence } from "./comparison/promises.js";
import { StoreProcess } from "./comparison/store-process.js";
import { doesNotHold, Trial } from "./comparison/trial.js";
import { fromTests } from "./from-tests.js";

const DOCUMENT = new URL("../docs/comparison.md", import.meta.url);

const ROWS = [
  ...Object.entries(PROMISES).map(([name, { title }]) => ({ name, title })),
  { name: "silent", title: SILENT.title },
];

/** What can be run nowhere that this was tried. */
const NEVER_RUN = [
  "connect-mongo. MongoDB's server is in no package of npm's registry or Debian's; what starts one downloads it from elsewhere.",
];

/** @type {import("./main.js").Part} */
export default {
  name: "comparison",
  title: "what other session stores do where this package promises something: docs/comparison.md",
  problem: dynamoDbLocalProblem,
  async run({ isShort, say }) {
    const here = Object.entries(COLUMNS).filter(([name, { title, problem }]) => {
      if (process.env.COMPARE && !process.env.COMPARE.split(",").includes(name)) return false;
      const why = problem();
      if (why !== undefined) say(`left out: ${title}, for ${why}`);
      return why === undefined;
    });
    const isPartial = here.length < Object.keys(COLUMNS).length;
    const results = await tryAll(here);
    const page = pageOf(ROWS, results, NEVER_RUN);
    if (!isShort && !isPartial) await writeFile(DOCUMENT, page);
    const broken = ROWS.filter(({ name }) => cellOf(results[0], name) !== "✓").map(
      ({ name, title }) => `this package, "${title}": ${results[0].outcomes[name].note}`,
    );
    const differing = isShort ? differences(await readFile(DOCUMENT, "utf8"), ROWS, results) : [];
    return {
      tables: [
        {
          title: "✓ holds, ≈ to the second, – does not and is not promised, ✗ does not",
          columns: ["promise", ...results.map(({ name }) => name)],
          rows: rowsOf(ROWS, results),
        },
      ],
      figures: { results },
      checked: ROWS.length * (isShort ? results.length : 1),
      failures: [...broken, ...differing],
      isPartial,
    };
  },
};

async function tryAll(columns) {
  const { startEmulator } = await fromTests();
  const { endpoint, stop } = await startEmulator("dynamodb-local");
  try {
    return await Promise.all(columns.map(([name, column]) => tryColumn(name, column, endpoint)));
  } finally {
    await stop();
  }
}

/** @returns {Promise<import("./comparison/page.js").Result>} */
async function tryColumn(name, column, endpoint) {
  const process = new StoreProcess({ column: name, endpoint });
  const outcomes = {};
  const ids = new Set();
  const messages = [];
  try {
    const inOrder = Object.entries(PROMISES).sort(
      ([, one], [, other]) => Number(one.isLast ?? 0) - Number(other.isLast ?? 0),
    );
    for (const [row, promise] of inOrder) {
      const trial = new Trial(process, column);
      await trial.begin();
      outcomes[row] = await tried(promise, trial, process);
      if (promise.isLast) await process.kill();
      else await trial.end();
      for (const id of trial.ids) ids.add(id);
      messages.push(...trial.messages);
    }
  } finally {
    await process.kill();
  }
  outcomes.silent = silence(process.printed, messages, ids);
  const { title, documents, version } = column;
  return { name, title, documents, version: version(), outcomes };
}

/** A process that ended by itself is an outcome; whatever else goes wrong is the comparison's own fault. */
async function tried(promise, trial, process) {
  try {
    return await promise.run(trial);
  } catch (error) {
    if (process.isAlive) throw error;
    return doesNotHold("the server ends");
  }
}
