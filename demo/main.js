// `npm run demo`: reads the command line, starts the demo or its check, says where it is, and ends it on Ctrl-C.
import { ArgumentError, DEFAULT_PORT, HELP, readArguments } from "./arguments.js";
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
  const demo = await startOnAPort(startDemo, table, given.port);
  say(table, demo.url);
  endOnSignal(demo);
}

/** The port that was asked for, or the usual one, or any: only the usual one may be replaced. */
async function startOnAPort(startDemo, table, port) {
  if (port !== undefined) return startDemo({ table, port });
  // Tried on a table that survives a failure, for the second attempt.
  const kept = { ...table, close: async () => {} };
  try {
    const demo = await startDemo({ table: kept, port: DEFAULT_PORT });
    return { url: demo.url, close: () => demo.close().then(table.close) };
  } catch (error) {
    if (error.code !== "EADDRINUSE") {
      await table.close();
      throw error;
    }
    console.log(`Port ${DEFAULT_PORT} is taken: using a free one.`);
    return startDemo({ table, port: 0 });
  }
}

function say(table, url) {
  if (table.isEmbedded) {
    console.log("Sessions are rows of a DynamoDB table in this process's memory, gone when it ends.");
  } else {
    console.log(`Sessions are rows of the table "${table.name}" (${table.place}), with your credentials:`);
    console.log(
      'the demo reads, writes and deletes rows whose key begins with "session-store#", for its own visitors',
    );
    console.log(
      "alone. It neither creates nor deletes the table. While the page is open it reads its row each second.",
    );
  }
  console.log(`\n  ${url}\n\nCtrl-C ends it.`);
}

function endOnSignal(demo) {
  let isEnding = false;
  const end = async () => {
    if (isEnding) process.exit(1);
    isEnding = true;
    console.log("\nEnding.");
    endSoon();
    await demo.close();
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
      return `Port ${error.port} is taken: choose another with --port, or give none for a free one.`;
    case "EACCES":
      return `Port ${error.port} may not be used by you: choose one above 1023 with --port.`;
    case "ERR_MODULE_NOT_FOUND":
      return `${error.message}\nIs the package built? npm run demo does that; by hand it is npm run build.`;
    default:
      return error.stack ?? String(error);
  }
}
