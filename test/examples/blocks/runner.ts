// Runs blocks, one after the other, for the test that asks it by HTTP for a file: answers what came of it.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { printed } from "./proofs.js";

for (const name of ["log", "error"] as const) {
  console[name] = (...values: unknown[]) => {
    printed.push(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "));
  };
}

// What a block leaves behind is its own fault.
const strays: unknown[] = [];
process.on("unhandledRejection", (error) => strays.push(error));
process.on("uncaughtException", (error) => strays.push(error));

async function run(file: string): Promise<string | undefined> {
  printed.length = 0;
  try {
    const module = await import(pathToFileURL(file).href);
    await (module.proved ?? module.default?.proved);
    if (strays.length > 0) throw strays.splice(0).at(0);
    return undefined;
  } catch (error) {
    return `${inspect(error)}${printed.length > 0 ? `\nprinted:\n${printed.join("\n")}` : ""}`;
  }
}

const server = createServer(async (request, response) => {
  let file = "";
  for await (const chunk of request.setEncoding("utf8")) file += chunk;
  response.end(await run(file));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
