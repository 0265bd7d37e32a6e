// One start of one package, in a process of its own: prints how long it took to load, to make, and to load the first
// session. Asked by start.js, once to `save` that session, and then often.
import { Session } from "node:inspector";
import { STARTERS, USER } from "./starters.js";

/**
 * @typedef {object} Asked
 * @property {string} starter
 * @property {import("./stores.js").Place} place
 * @property {string} [found] by what the session is found; without it, one is saved
 * @property {boolean} [countsModules] counts the files that are loaded, which takes time of its own
 */

/** @type {Asked} */
const { starter, place, found, countsModules } = JSON.parse(process.argv[2]);
const { load, make, save, first } = STARTERS[starter];

const modules = countsModules ? watchModules() : undefined;
const used = process.cpuUsage();
const begun = performance.now();
const loaded = await load();
const importedAt = performance.now();
const made = await make(loaded, place);
const madeAt = performance.now();
if (found === undefined) {
  end({ found: await save(made) });
} else {
  const name = await first(made, found);
  const firstAt = performance.now();
  const { user, system } = process.cpuUsage(used);
  if (name !== USER) throw new Error(`${starter} found another session: ${name}`);
  end({
    importMs: importedAt - begun,
    makeMs: madeAt - importedAt,
    firstMs: firstAt - madeAt,
    totalMs: firstAt - begun,
    processorMs: (user + system) / 1000,
    modules: modules?.size,
  });
}

/** Connections that are kept open would keep the process waiting. */
function end(result) {
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

/** The files that are loaded from now on, of either module system. */
function watchModules() {
  const files = new Set();
  const session = new Session();
  session.connect();
  let isWatching = false;
  session.on("Debugger.scriptParsed", ({ params: { url } }) => {
    if (isWatching && /^(file:|\/)/.test(url)) files.add(url.replace(/^file:\/\//, ""));
  });
  // All that has been loaded by now is told at once.
  session.post("Debugger.enable");
  isWatching = true;
  return files;
}
