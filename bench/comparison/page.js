// What of docs/comparison.md comes of a run: its table, what came of it in words, the versions; and whether a page has the
// same cells.
import { inPlace } from "../places.js";

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

const COMMAND = "npm run bench -- comparison";

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

/**
 * Which cells of the page's table are not what came of the run, in words. Columns that were not run are left alone; where
 * the page has some of the rows, the others are missed on demand alone.
 */
export function differences({ path, text }, rows, results, { isWhole }) {
  const [head = [], ...table] = tableOf(text);
  return rowsOf(rows, results).flatMap(([title, ...cells], n) => {
    const stored = table.find(([found]) => found === title);
    if (stored === undefined) return isWhole ? [`${path} has no row "${title}"`] : [];
    return cells.flatMap((cell, i) => {
      const was = stored[head.indexOf(headOf(results[i]))];
      if (was === undefined ? !isWhole : was === cell) return [];
      const { note } = results[i].outcomes[rows[n].name];
      const came = note === undefined ? cell : `${cell} (${note})`;
      return [`${headOf(results[i])}, "${title}": ${came}; ${path} says ${was ?? "nothing"} (${COMMAND})`];
    });
  });
}

/** The lines of the page's table of stores, as cells; none where it has none. */
function tableOf(text) {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|") && line.includes(`| ${OURS} |`));
  if (start < 0) return [];
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  return lines.slice(start, start + length).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const OURS = "this package";

function headOf({ name, title }) {
  if (name === "ours") return OURS;
  return name === "0.0.19" ? name : title;
}

/**
 * The document with what came of a run in its places.
 *
 * @param {string} document
 * @param {Row[]} rows
 * @param {Result[]} results
 */
export function withResults(document, rows, results) {
  const versions = results.map((result) => [headOf(result), `\`${result.title}\` ${result.version}`]);
  const parts = {
    promises: markdownTable(["promise", ...results.map(headOf)], rowsOf(rows, results), ":-:"),
    "what came": rows.flatMap((row) => notesOf(row, results)).join("\n"),
    versions: markdownTable(["column", "what ran"], versions, "---"),
  };
  return Object.entries(parts).reduce((page, [name, content]) => inPlace(page, name, content), document);
}

/** A row's notes, each once, with the stores that it is of. */
function notesOf({ name, title }, results) {
  const stores = new Map();
  for (const result of results) {
    const { note } = result.outcomes[name];
    if (note === undefined) continue;
    const sign = cellOf(result, name);
    const asked =
      sign === "✗" && result.documents[name] ? `, where ${result.documents[name]} asks for it` : "";
    const line = `${sign} ${note}${asked}`;
    stores.set(line, [...(stores.get(line) ?? []), headOf(result)]);
  }
  const all = results.length - 1;
  const notes = [...stores].map(
    ([line, of]) => `  - ${line}: ${of.length === all ? "all the others" : of.join(", ")}`,
  );
  return notes.length === 0 ? [] : [`- ${title}`, ...notes];
}

function markdownTable(head, rows, ruler) {
  const rule = head.map((_, i) => (i === 0 ? "---" : ruler));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
