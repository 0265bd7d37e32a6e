// The two DynamoDB APIs that the tests run against: dynalite, in this process, and DynamoDB Local, a Java program that
// `npm run fetch` brings. Each listens on a free port of its own and keeps its tables in memory.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import dynalite from "dynalite";
import { dynamoDbLocalFolder, dynamoDbLocalProblem } from "../../scripts/dynamodb-local.mjs";

export type EmulatorName = "dynalite" | "dynamodb-local";

export interface Emulator {
  /** Where it listens, such as `http://127.0.0.1:40123`. */
  endpoint: string;
  stop(): Promise<void>;
}

export { dynamoDbLocalProblem };

export function startEmulator(name: EmulatorName): Promise<Emulator> {
  return name === "dynalite" ? startDynalite() : startDynamoDbLocal();
}

export async function startDynalite(): Promise<Emulator> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: endpointOf(server.address() as AddressInfo),
    async stop() {
      const closed = once(server, "close");
      server.close();
      // Clients keep their connections open; waiting for them would take seconds.
      server.closeAllConnections();
      await closed;
    },
  };
}

const START_ATTEMPTS = 5;
const READY_WITHIN_MS = 30_000;
const POLL_EVERY_MS = 50;

export async function startDynamoDbLocal(): Promise<Emulator> {
  const problem = dynamoDbLocalProblem();
  if (problem !== undefined) throw new Error(`DynamoDB Local cannot run: ${problem}`);

  let lastError: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const outcome = await launch(await freePort());
    if (!(outcome instanceof PortTaken)) return outcome;
    lastError = outcome;
  }
  throw new Error(`DynamoDB Local found no free port in ${START_ATTEMPTS} attempts`, { cause: lastError });
}

/** The port was free when asked for, and someone else's a moment later. */
class PortTaken extends Error {}

async function launch(port: number): Promise<Emulator | PortTaken> {
  const java = [
    // The quick compiler: the emulator is started often and lives for seconds.
    "-XX:TieredStopAtLevel=1",
    "-Djava.library.path=./DynamoDBLocal_lib",
    ...["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-port", String(port)],
    // Tests talk to nobody but this machine.
    "-disableTelemetry",
  ];
  const leash = fileURLToPath(new URL("leash.mjs", import.meta.url));
  const child = spawn(process.execPath, [leash, "java", ...java], {
    cwd: dynamoDbLocalFolder,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const stop = async () => {
    child.stdin.end();
    await exited;
  };

  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    // Java keeps running after this complaint, without listening; whoever answers at the port is not ours.
    if (complaints.includes("Failed to bind")) {
      await stop();
      return new PortTaken(complaints);
    }
    if (await answers(endpoint)) return { endpoint, stop };
    await delay(POLL_EVERY_MS);
  }
  await stop();
  throw new Error(`DynamoDB Local did not start within ${READY_WITHIN_MS} ms:\n${complaints}`);
}

/** Whether a real request, the cheapest one there is, is answered. */
async function answers(endpoint: string): Promise<boolean> {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "DynamoDB_20120810.ListTables",
    authorization:
      "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  };
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers,
      body: "{}",
      signal: AbortSignal.timeout(5_000),
    });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function endpointOf({ port }: AddressInfo): string {
  return `http://127.0.0.1:${port}`;
}
