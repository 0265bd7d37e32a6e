// docs/comparison.md: the table and what stands around it, of the outcomes of a run; and whether a page has the same cells.

/**
 * @typedef {import("./trial.js").Outcome} Outcome
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 *
 * @typedef {object} Result of a column that was run
 * @property {string} name
 * @property {string} title
 * @property {string} version
 * @property {Partial<Record<string, string>>} documents
 * @property {Record<string, Outcome>} outcomes by the rows' names
 */

export const COMMAND = "npm run bench -- comparison";

const SIGNS = { holds: "✓", "to the second": "≈", "does not apply": "n/a" };

/** @param {Result} result */
export function cellOf({ outcomes, documents }, row) {
  const { came, note } = outcomes[row];
  if (came !== "does not hold") return SIGNS[came];
  // No documentation allows for that.
  const isPromised = documents[row] !== undefined || /the server ends/.test(note);
  return isPromised ? "✗" : "–";
}

/** The table's rows, as cells. */
export function rowsOf(rows, results) {
  return rows.map(({ name, title }) => [title, ...results.map((result) => cellOf(result, name))]);
}

/** Which of the page's cells are not what came of the run, in words. Columns that were not run are left alone. */
export function differences(page, rows, results) {
  const table = page.split("\n").filter((line) => line.startsWith("|"));
  const cellsOf = (line) => line.split("|").slice(1, -1);
  const trimmed = (line) => cellsOf(line ?? "").map((cell) => cell.trim());
  const heads = trimmed(table[0]);
  return rowsOf(rows, results).flatMap(([title, ...cells]) => {
    const stored = trimmed(table.find((line) => trimmed(line)[0] === title));
    return cells.flatMap((cell, i) => {
      const was = stored[heads.indexOf(headOf(results[i]))] ?? "nothing";
      const { note } = results[i].outcomes[rows.find((row) => row.title === title).name];
      if (was === cell) return [];
      return [
        `${results[i].title}, "${title}": ${cell}${note ? ` (${note})` : ""}; docs/comparison.md says ${was}`,
      ];
    });
  });
}

function headOf({ name, title }) {
  if (name === "ours") return "this package";
  return name === "0.0.19" ? "0.0.19" : title;
}

/**
 * @param {Row[]} rows
 * @param {Result[]} results
 * @param {string[]} notRun
 */
export function pageOf(rows, results, notRun) {
  return `# Comparison

What other session stores do where this package promises something. Each cell is what came of a run: \`${COMMAND}\` (after \`npm run fetch\`; connect-redis needs a \`redis-server\` on the PATH), ${results.length} stores under one Express application with \`resave: false\` and \`saveUninitialized: false\`, asked over HTTP by [the conformance suite's steps](../test/conformance/protocol.ts). The [promises](../bench/comparison/promises.js) and the [stores](../bench/comparison/columns.js) are a line or two of code each; continuous integration runs it all again, and fails where a cell of this page is another, or where one of this package's is not ✓.

${markdownTable(["promise", ...results.map(headOf)], rowsOf(rows, results))}

- **✓** it holds.
- **≈** it holds to the second: expiry is kept, or cut, in whole seconds.
- **–** it does not hold, and the store does not promise it: its documentation has no word of it. That is no failure of the store.
- **✗** it does not hold, though the store's own documentation, or express-session's of what a store is to do, has it so; or the server's process ended, which none allows for.
- **n/a** there is nothing for it to hold of.

express-session's documentation has \`store.set\` create what is not there, so that a store which brings a session back that another request destroyed keeps to it: –, not ✗.

## What came of it, where it is not ✓

${results
  .map((result) => notesOf(rows, result))
  .filter((notes) => notes !== "")
  .join("\n\n")}

## Versions

${markdownTable(
  ["column", "what ran"],
  results.map((result) => [
    headOf(result),
    result.name === "ours" ? "this repository" : `${code(result)} ${result.version}`,
  ]),
)}

${notRun.map((line) => `Not run: ${line}`).join("\n\n")}

## How it is tried

- Each store is made as its documentation has it, with nothing but where to keep sessions. What has an option for a promise is given that: \`hashIds\`, \`absoluteTtl\` and \`seal\` here, \`secret\` of session-file-store.
- Each has a process of its own, which prints what it prints, and ends where nobody catches what is thrown.
- The stores of DynamoDB have Amazon's DynamoDB Local, behind a proxy that counts requests and refuses them as AWS does. The others have a folder of files, a file of SQLite, a server of Redis; these are made to fail by taking the folder away, by \`query_only\`, by Redis' own access rules.
- Time stands, and is moved: \`Date\` of the process is set. Redis has a clock of its own, so that there it passes, in lifetimes of one to two seconds; where a session must be late it is late by 0.2 s and by 1.2 s.
- That requests meet is no matter of luck: they wait at a gate until all of them have loaded their session.
- Two servers are two applications with a store each, in one process.
- A storage that never answers is waited for by 6.5 seconds. An application may set shorter limits at the client that it gives a store; none was.
`;
}

function notesOf(rows, result) {
  const lines = rows.flatMap(({ name, title }) => {
    const { note } = result.outcomes[name];
    if (note === undefined) return [];
    const sign = cellOf(result, name);
    if (sign === "n/a") return [];
    const where = sign === "✗" && result.documents[name] ? ` (${result.documents[name]})` : "";
    return [`- ${sign} ${title}: ${note}${where}.`];
  });
  return lines.length === 0 ? "" : [`**${headOf(result)}**`, "", ...lines].join("\n");
}

function code({ title }) {
  return title === "MemoryStore" ? "`MemoryStore`" : `\`${title}\``;
}

function markdownTable(head, rows) {
  const rule = head.map((_, i) => (i === 0 ? "---" : ":-:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
