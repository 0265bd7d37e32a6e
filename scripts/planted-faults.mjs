// `npm run planted-faults`: puts one wrong protocol after another into a copy of the core, and requires that the
// simulation finds each. One that it does not find is a hole in the simulation. `npm run planted-faults -- gen` plants those
// whose names hold "gen".
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are those of the core's sources.
import { spawn } from "node:child_process";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLES, bundleSimulation, CORE, ENVIRONMENT } from "./simulate.mjs";

/** A fault that takes more histories than this to be found is not found. */
const MOST_HISTORIES = 8000;
const SIDE_BY_SIDE = 2;

/**
 * A wrong protocol. Each text must stand in its file exactly once: the core has changed otherwise, and the fault with it.
 *
 * @typedef {object} Fault
 * @property {string} name
 * @property {[file: string, text: string, replacement: string][]} edits
 */

/** @type {Fault[]} */
const FAULTS = [
  {
    name: "the last write wins",
    edits: [["options.ts", 'concurrency: "merge",', 'concurrency: "last-write-wins",']],
  },
  {
    name: "a save is conditional on nothing but a row",
    edits: [
      [
        "table.ts",
        "isSameSession(expression, row, now, comparesMaps);\n    const clock",
        '`attribute_exists(${expression.name("sess")})`;\n    const clock',
      ],
    ],
  },
  {
    name: "rev is ignored",
    edits: [
      [
        "conditions.ts",
        'const conditions = [expression.asRead("rev", row.item)];',
        'const conditions = [`attribute_exists(${expression.name("sess")})`];',
      ],
    ],
  },
  {
    name: "gen is ignored by writes",
    edits: [
      [
        "conditions.ts",
        'if (row.rev !== undefined) conditions.push(expression.asRead("gen", row.item));',
        'if (row.rev !== undefined) conditions.push(`attribute_exists(${expression.name("gen")})`);',
      ],
    ],
  },
  {
    name: "gen is ignored where a refusal is judged",
    edits: [
      [
        "protocol.ts",
        "return known?.gen !== undefined && current.gen !== undefined && known.gen !== current.gen;",
        "return false;",
      ],
    ],
  },
  {
    name: "rev stands still",
    edits: [["protocol.ts", "rev: (row?.rev ?? 0) + 1,", "rev: row?.rev ?? 1,"]],
  },
  {
    name: "a write whose answer was lost counts twice",
    edits: [
      [
        "protocol.ts",
        "if (current?.writes.includes(writeId)) {",
        'if (current && result.outcome === "written") {',
      ],
    ],
  },
  {
    name: "a row remembers one write alone",
    edits: [["record.ts", "MAX_WRITES = 8;", "MAX_WRITES = 1;"]],
  },
  {
    name: "a save that failed is not recognised by the next one",
    edits: [["protocol.ts", "session.recognize();", ""]],
  },
  {
    name: "after a save the base is taken from the row",
    edits: [["session.ts", "    this.#base = text;", "    this.#base = row.text;"]],
  },
  {
    name: "a removal loses",
    edits: [
      [
        "merge.ts",
        "return { value: undefined, isOverridden: true };",
        "return { value: our ?? their, isOverridden: true };",
      ],
    ],
  },
  {
    name: "appended lists are the later writer's",
    edits: [["merge.ts", "return joined ? { value: joined }", "return joined === null ? { value: joined }"]],
  },
  {
    name: "appended lists multiply",
    edits: [["merge.ts", "[...their, ...appended]", "[...their, ...our]"]],
  },
  {
    name: "objects are merged at the top alone",
    edits: [["merge.ts", "if (isObject(our) && isObject(their)) {", "if (isObject(our) && our === their) {"]],
  },
  {
    name: "a creation writes over what is there",
    edits: [
      [
        "table.ts",
        'condition: `attribute_not_exists(${expression.name("sess")})`,',
        'condition: `attribute_not_exists(${expression.name("nothing")})`,',
      ],
    ],
  },
  {
    name: "a save makes what is gone",
    edits: [
      [
        "session.ts",
        "return new SessionInHand(id, data, row, false);",
        "return new SessionInHand(id, data, row, true);",
      ],
    ],
  },
  {
    name: "an expired session is given out",
    edits: [
      [
        "engine.ts",
        "const isLive = row !== undefined && !isExpired(row, this.#options.now());",
        "const isLive = row !== undefined;",
      ],
    ],
  },
  {
    name: "an expired session is saved back to life",
    edits: [
      [
        "protocol.ts",
        "const row = session.row && !isExpired(session.row, now()) ? session.row : undefined;",
        "const row = session.row;",
      ],
      ["conditions.ts", '":now", { N: String(now) }', '":now", { N: "0" }'],
      ["conditions.ts", '":nowSeconds", { N: String(now / 1000) }', '":nowSeconds", { N: "0" }'],
    ],
  },
  {
    name: "an expired row is removed whatever it is by now",
    edits: [
      ["table.ts", "=> isExactly(expression, row);", '=> `attribute_exists(${expression.name("sess")})`;'],
    ],
  },
  {
    name: "an expired row is removed by a comparison with the time",
    edits: [
      [
        "table.ts",
        "=> isExactly(expression, row);",
        '=> `${expression.name("until")} < ${expression.value(":now", { N: String(this.#options.now()) })}`;',
      ],
    ],
  },
  {
    name: "an expired row is removed at once",
    edits: [["expiry.ts", "const CLOCK_DIFFERENCE_MS = 1000;", "const CLOCK_DIFFERENCE_MS = 0;"]],
  },
  {
    name: "the throttle kills",
    edits: [
      ["touches.ts", "Math.min(touchIntervalMs, lifetimeMs / 2, (end - updated) / 2)", "touchIntervalMs"],
    ],
  },
  {
    name: "nothing is throttled",
    edits: [["touches.ts", "return now - updated >= Math.max(1, intervalInForce);", "return true;"]],
  },
  {
    name: "touches that come together are sent apart",
    edits: [
      [
        "touches.ts",
        "if (!this.#requestsShare) return touch.send(() => {});",
        "return touch.send(() => {});",
      ],
    ],
  },
  {
    name: "a touch is conditional on its time alone",
    edits: [["table.ts", "`${isSame} AND ${isOlder}`", "`(${isSame} OR ${isOlder})`"]],
  },
  {
    name: "a passive request prolongs its session",
    edits: [
      ["protocol.ts", "const keepsExpiry = !lifetime.renews &&", "const keepsExpiry = row === null &&"],
    ],
  },
  {
    name: "data that did not change is written",
    edits: [
      [
        "protocol.ts",
        "return session.isSettled && session.base",
        "return session.isSettled === null && session.base",
      ],
    ],
  },
  {
    name: "regenerating brings back what was gone",
    edits: [
      [
        "engine.ts",
        "const text = session.lost === undefined ? given : withoutLost(given, session.lost);",
        "const text = given;",
      ],
    ],
  },
  {
    name: "an update writes what it made of older data",
    edits: [
      [
        "engine.ts",
        "return session.row && session.isOvertaken ? this.#make(caller, session.row, change) : made;",
        "return made;",
      ],
    ],
  },
  {
    name: "a load does not wait for its process",
    edits: [
      [
        "engine.ts",
        "await this.#shared.turns.pending(address.key);\n      operation.throwIfOver();\n      const row =",
        "const row =",
      ],
    ],
  },
  {
    name: "a destroy that met its deadline counts as done",
    edits: [
      [
        "engine.ts",
        "if (!isRemoved || !isTimeout(error)) throw error;",
        "if (!isTimeout(error)) throw error;",
      ],
    ],
  },
  {
    name: "the deadline comes late",
    edits: [
      ["operation.ts", "deadline(sleep, timeout, operation,", "deadline(sleep, 2 * timeout, operation,"],
    ],
  },
  {
    name: "a failure goes unhandled",
    edits: [["traffic.ts", "operation.then(forget, forget);", "operation.then(forget);"]],
  },
  {
    name: "a row that was left unprocessed is not there",
    edits: [["reads.ts", "if (read.rows.has(one.key)) one.resolve", "if (one.key) one.resolve"]],
  },
  {
    name: "a removal whose answer was lost is the request's own, of a session known to be gone",
    edits: [["session.ts", "if (this.#isOver && this.#openRemovals === 0)", "if (false)"]],
  },
  {
    name: "what was moved while it was looked for is not there",
    edits: [["rows.ts", "return row ?? this.table.read(address.key, operation);\n  }", "return row;\n  }"]],
  },
  {
    name: "a destroy leaves what is in a previous place",
    edits: [
      [
        "rows.ts",
        "if (address.previous.length === 0) return removed;",
        "if (address.previous.length >= 0) return removed;",
      ],
    ],
  },
  {
    name: "a destroy leaves what was moved meanwhile",
    edits: [
      ["rows.ts", "return (await this.table.remove(address.key, operation)) ?? removed;", "return removed;"],
    ],
  },
  {
    name: "a moved row stays in its old place",
    edits: [["table.ts", "...(from ? [removalOf(from)] : []), ", ""]],
  },
  {
    name: "a new session takes no notice of what is in a previous place",
    edits: [
      [
        "protocol.ts",
        "const previous = await this.#rows.readPrevious(address, operation);",
        "const previous = undefined as SessionRow | undefined;",
      ],
    ],
  },
  {
    name: "touches are known by where a row stands",
    edits: [
      [
        "protocol.ts",
        "isTouchDue(this.#touches.lastMove(row, key), now(),",
        "isTouchDue(this.#touches.lastMove(row), now(),",
      ],
    ],
  },
];

const wanted = process.argv[2] ?? "";
const faults = FAULTS.filter(({ name }) => name.includes(wanted));
const found = [];
console.log(`${faults.length} faults, one at a time, in ${MOST_HISTORIES} histories at most`);
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
const missed = faults.length - found.filter(Boolean).length;
console.log(`${faults.length - missed} passed, ${missed} failed`);
process.exitCode = missed > 0 || faults.length === 0 ? 1 : 0;

async function work() {
  for (let fault = faults[found.length]; fault; fault = faults[found.length]) {
    const at = found.push(false) - 1;
    const { isFound, told } = await plant(fault).catch((error) => ({ isFound: false, told: error.message }));
    found[at] = isFound;
    console.log(`${isFound ? "found    " : "NOT FOUND"}  ${fault.name}: ${told}`);
  }
}

async function plant({ name, edits }) {
  const folder = join(BUNDLES, "planted", name.replaceAll(/\W+/g, "-"));
  const core = join(folder, "core");
  await rm(folder, { recursive: true, force: true });
  await cp(CORE, core, { recursive: true });
  for (const [file, text, replacement] of edits) {
    const source = await readFile(join(core, file), "utf8");
    const times = source.split(text).length - 1;
    if (times !== 1) throw new Error(`${file} holds ${JSON.stringify(text)} ${times} times: mend the fault`);
    await writeFile(
      join(core, file),
      source.replace(text, () => replacement),
    );
  }
  const program = await bundleSimulation(core, join(folder, "bundle"));
  const { histories, failure } = await simulate(program);
  if (failure === undefined) return { isFound: false, told: `in ${histories} histories` };
  // A history that breaks shows a fault of the simulation, not of the protocol.
  if (failure.promise === undefined) return { isFound: false, told: failure.message };
  return { isFound: true, told: `after ${failure.seed + 1} histories, by "${failure.promise}"` };
}

function simulate(program) {
  return new Promise((resolve, reject) => {
    const options = ["--histories", String(MOST_HISTORIES), "--threads", "1", "--json"];
    const child = spawn(process.execPath, [program, ...options], {
      env: ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, complaints] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaints += text;
    });
    child.on("close", () => {
      try {
        resolve(JSON.parse(output));
      } catch {
        reject(new Error(`the simulation broke: ${complaints}`));
      }
    });
  });
}
