// `npm run demo`: reads the command line, starts the demo or its check, says where it is, and ends it on Ctrl-C.
import { ArgumentError, DEFAULT_PORTS, HELP, readArguments } from "./arguments.js";
import { DEMO_PREFIX } from "./doors.js";
import { startEmbeddedTable, TableError, useTable } from "./dynamodb.js";

// Whatever is still open by then does not keep the process.
const END_WITHIN_MS = 3000;

try {
  await main(readArguments(process.argv.slice(2)));
} catch (error) {
  process.exitCode = error instanceof ArgumentError ? 2 : 1;
  console.error(explain(error));
}

/** @param {import("./arguments.js").DemoArguments} given */
async function main(given) {
  if (given.help) {
    console.log(HELP);
    return;
  }
  if (given.check) {
    const { runCheck } = await import("./check.js");
    process.exitCode = (await runCheck()) ? 0 : 1;
    endSoon();
    return;
  }
  const { startDemo } = await import("./server.js");
  const table =
    given.table === undefined ? await startEmbeddedTable() : await useTable(given.table, given.region);
  const ports = given.ports ?? DEFAULT_PORTS;
  const orFreePorts = given.ports === undefined;
  const { doors, close } = await startDemo({ table, ports, orFreePorts });
  say(table);
  sayWhere(doors, ports);
  endOnSignal(close);
}

/** @param {import("./dynamodb.js").DemoTable} table */
function say(table) {
  if (table.isEmbedded) {
    console.log("Sessions are rows of one DynamoDB table in this process's memory, gone when it ends.");
    return;
  }
  console.log(`Sessions are rows of the table "${table.name}" (${table.place}), with your credentials:`);
  console.log(
    `the demo reads, writes and deletes rows whose key begins with "${DEMO_PREFIX}", for its own visitors`,
  );
  console.log(
    "alone. It neither creates nor deletes the table. While a page is open it reads its row each second.",
  );
}

/**
 * @param {import("./server.js").OpenDoor[]} doors
 * @param {number[]} ports those that were tried first
 */
function sayWhere(doors, ports) {
  for (const [index, { framework, port }] of doors.entries()) {
    if (ports[index] !== 0 && ports[index] !== port) {
      console.log(`Port ${ports[index]} is taken: a free one for ${framework}.`);
    }
  }
  const lines = doors.map(({ framework, url }) => `  ${framework.padEnd(9)}${url}`);
  console.log(`\n${lines.join("\n")}\n\nWho signs in at one has signed in at all. Ctrl-C ends them.`);
}

/** @param {() => Promise<void>} close */
function endOnSignal(close) {
  let isEnding = false;
  const end = async () => {
    if (isEnding) process.exit(1);
    isEnding = true;
    console.log("\nEnding.");
    endSoon();
    await close();
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
}

function endSoon() {
  setTimeout(() => process.exit(), END_WITHIN_MS).unref();
}

/** @param {Error & { code?: string, port?: number }} error */
function explain(error) {
  if (error instanceof ArgumentError) return `${error.message}\n--help says what there is.`;
  if (error instanceof TableError) return error.message;
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${error.port} is taken: choose others with --port, or give none for free ones.`;
    case "EACCES":
      return `Port ${error.port} may not be used by you: choose ports above 1023 with --port.`;
    case "ERR_MODULE_NOT_FOUND":
      return `${error.message}\nIs the package built? npm run demo does that; by hand it is npm run build.`;
    default:
      return error.stack ?? String(error);
  }
}
