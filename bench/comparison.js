// What other session stores do where this package promises something: each tried by the conformance suite's requests. Both
// forms try everything; the long one writes docs/comparison.md, the short one checks that it says what came of it.
import { readFile, writeFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamoDbLocalProblem } from "../scripts/dynamodb-local.mjs";
import { COLUMNS } from "./comparison/columns.js";
import { cellOf, differences, rowsOf, withResults } from "./comparison/page.js";
import { PROMISES, SILENT, silence } from "./comparison/promises.js";
import { StoreProcess } from "./comparison/store-process.js";
import { doesNotHold, Trial } from "./comparison/trial.js";
import { bundleConformance, fromTests } from "./from-tests.js";
import { clientConfigOf } from "./stores.js";

const ROOT = new URL("../", import.meta.url);
const DOCUMENT = "docs/comparison.md";
/** Has as many of its rows and columns as it likes. */
const EXCERPT = "README.md";

const ROWS = [
  ...Object.entries(PROMISES).map(([name, { title }]) => ({ name, title })),
  { name: "silent", title: SILENT.title },
];

/** @type {import("./main.js").Part} */
export default {
  name: "comparison",
  title: "what other session stores do where this package promises something: docs/comparison.md",
  problem: dynamoDbLocalProblem,
  async run({ isShort, say }) {
    const here = Object.entries(COLUMNS).filter(([, { title, problem }]) => {
      const why = problem();
      if (why !== undefined) say(`left out: ${title}, for ${why}`);
      return why === undefined;
    });
    const isPartial = here.length < Object.keys(COLUMNS).length;
    const results = await tryAll(here);
    const page = await read(DOCUMENT);
    if (!isShort && isPartial) say(`${DOCUMENT} stays as it is`);
    else if (!isShort) await writeFile(new URL(DOCUMENT, ROOT), withResults(page.text, ROWS, results));
    const broken = ROWS.filter(({ name }) => cellOf(results[0], name) !== "✓").map(
      ({ name, title }) => `this package, "${title}": ${results[0].outcomes[name].note}`,
    );
    const differing = [
      ...(isShort ? differences(page, ROWS, results, { isWhole: true }) : []),
      ...differences(await read(EXCERPT), ROWS, results, { isWhole: false }),
    ];
    return {
      tables: [
        {
          title: "✓ holds, ≈ to the second, – does not and is not promised, ✗ does not",
          columns: ["promise", ...results.map(({ name }) => name)],
          rows: rowsOf(ROWS, results),
        },
      ],
      checked: ROWS.length * (isShort ? results.length : 1),
      failures: [...broken, ...differing],
    };
  },
};

async function read(path) {
  return { path, text: await readFile(new URL(path, ROOT), "utf8") };
}

async function tryAll(columns) {
  const { createTable, startEmulator } = await fromTests();
  const [{ endpoint, stop }, bundle] = await Promise.all([
    startEmulator("dynamodb-local"),
    bundleConformance(),
  ]);
  const client = new DynamoDBClient(clientConfigOf({ endpoint }));
  try {
    const conformance = await import(bundle.href);
    const tries = columns.map(async ([name, column]) => {
      const table = column.keys && (await createTable(client, column.keys));
      const given = { column: name, endpoint, table, conformance: bundle.href };
      return tryColumn(name, column, conformance, given);
    });
    // Each ends its own process, also where another fails.
    await Promise.allSettled(tries);
    return await Promise.all(tries);
  } finally {
    client.destroy();
    await Promise.all([stop(), bundle.remove()]);
  }
}

/** @returns {Promise<import("./comparison/page.js").Result>} */
async function tryColumn(name, column, conformance, given) {
  const process = new StoreProcess(given);
  const outcomes = {};
  const ids = new Set();
  const messages = [];
  try {
    const inOrder = Object.entries(PROMISES).sort(
      ([, one], [, other]) => Number(one.isLast ?? 0) - Number(other.isLast ?? 0),
    );
    for (const [row, promise] of inOrder) {
      const trial = new Trial(process, column, conformance);
      await trial.begin();
      outcomes[row] = await tried(promise, trial);
      for (const id of trial.ids) ids.add(id);
      messages.push(...(await trial.messages()));
      if (promise.isLast) await process.kill();
      else await trial.end();
    }
  } finally {
    await process.kill();
  }
  outcomes.silent = silence(process.printed, messages, ids);
  const { title, documents, version } = column;
  return { name, title, documents, version: version(), outcomes };
}

/** A process that ended by itself is an outcome; whatever else goes wrong is the comparison's own fault. */
async function tried(promise, trial) {
  try {
    return await promise.run(trial);
  } catch (error) {
    if (await trial.lives()) throw error;
    return doesNotHold("the server ends");
  }
}
