// 2,000 connections on one process, over a network with mild faults: memory stays flat, every response arrives, and nothing
// that was acknowledged is lost. Fifteen seconds; SESSION_STORE_LOAD_SECONDS=1800 is the long form.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { createSessionEngine } from "../../src/core/index.js";
import { Random } from "../simulation/random.js";
import {
  type Answer,
  dropAfter,
  dropBefore,
  internalError,
  startFaultProxy,
  throttled,
} from "../support/fault-proxy.js";
import { makeProgram, type SourceProgram } from "../support/source-program.js";
import { createTable, readRows, testClient } from "../support/tables.js";
import {
  type AppSettings,
  type Asked,
  type Driven,
  type DriverSettings,
  SECRET,
  type Told,
} from "./protocol.js";

declare module "vitest" {
  interface TaskMeta {
    /** What `npm test` prints of a test that passed, too. */
    told?: string[];
  }
}

const SECONDS = Number(process.env.SESSION_STORE_LOAD_SECONDS ?? 15);
const SEED = Number(process.env.SESSION_STORE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const WANTED = 2_000;
/** Each process needs files for other things, too. */
const SPARE_FILES = 500;
const MEASURED_TIMES = 5;
/** Every connection has had an answer by then. */
const WARM_AFTER = 0.4;
const LONGEST_WARMING_S = 60;

/** What a connection may hold while it is served, and what may be left when all are gone: compiled code, for one. */
const MOST_BYTES_OF_ONE = 32 * 1024;
const MOST_BYTES_LEFT = 12 * 1024 * 1024;

let app: SourceProgram;
let driver: SourceProgram;
beforeAll(async () => {
  [app, driver] = await Promise.all([
    makeProgram(new URL("app.ts", import.meta.url)),
    makeProgram(new URL("drive.ts", import.meta.url)),
  ]);
});
afterAll(() => Promise.all([app?.remove(), driver?.remove()]));

const CONNECTIONS = Math.min(WANTED, openFilesLimit() - SPARE_FILES);
const title = `${CONNECTIONS} connections for ${SECONDS} s lose nothing, and memory stays flat [SESSION_STORE_SEED=${SEED}, ${inject("emulator")}]`;

it(title, { timeout: (SECONDS + 240) * 1000 }, async ({ task }) => {
  const told: string[] = [];
  task.meta.told = told;
  const say = (line: string) => {
    told.push(line);
    console.log(line);
  };
  if (CONNECTIONS < WANTED)
    say(`this machine allows ${openFilesLimit()} open files: ${CONNECTIONS} connections, not ${WANTED}`);

  const client = testClient();
  onTestFinished(() => client.destroy());
  const table = await createTable(client);
  const ids = await makeSessions(table);

  const faults = mildFaults(SEED);
  const proxy = await startFaultProxy(inject("endpoint"), faults.decide);
  onTestFinished(() => proxy.close());
  const server = await startServer({ endpoint: proxy.endpoint, table });
  const [driven, heaps] = await Promise.all([
    drive({ origin: server.origin, cookies: ids.map(cookieOf), seconds: SECONDS }),
    measuring(server, SECONDS),
  ]);
  const after = await server.ask("measure");
  const { errors, unhandled } = await server.ask("close");

  const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const pairs = (counts: object) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  const { sent, answered, byStatus, broken, latencyMs, visitors, wrong } = driven;
  const acknowledged = visitors.reduce((sum, visitor) => sum + visitor.acknowledged, 0);
  say(`${ids.length} connections, ${SECONDS} s: ${answered} requests answered (${pairs(byStatus)})`);
  say(`latency: p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, at most ${latencyMs.max} ms`);
  say(`faults injected: ${pairs(faults.injected) || "none"}; errors: ${pairs(errors) || "none"}`);
  const heapMegabytes = [server.heapBytes, ...heaps, after.heapBytes].map(megabytes);
  say(`heap after collection before, under and after load, MB: ${heapMegabytes.join(", ")}`);

  expect({ unhandled, wrong, broken, missing: sent - answered }).toEqual({
    unhandled: [],
    wrong: [],
    broken: 0,
    missing: 0,
  });
  expect(Math.max(...heaps)).toBeLessThan(server.heapBytes + CONNECTIONS * MOST_BYTES_OF_ONE);
  expect(after.heapBytes).toBeLessThan(server.heapBytes + MOST_BYTES_LEFT);
  // There was something to lose, and faults to lose it by.
  expect(acknowledged).toBeGreaterThan(CONNECTIONS / 10);
  expect(Object.keys(faults.injected)).toHaveLength(KINDS.length);

  const rows = new Map((await readRows(client, table)).map((row) => [row.pk?.S, row]));
  const lost = ids.flatMap((id, i) => {
    const text = rows.get(`session-store#${id}`)?.sess?.S ?? "{}";
    const { n }: { n?: number } = JSON.parse(text);
    const visitor = visitors[i] ?? { acknowledged: 0, sent: 0 };
    const isKept = n !== undefined && n >= visitor.acknowledged && n <= visitor.sent;
    return isKept ? [] : [`visitor ${i}: ${n} in the table, ${visitor.acknowledged} acknowledged`];
  });
  say(`writes: ${acknowledged} acknowledged, sessions that lost one: ${lost.length}`);
  expect(lost).toEqual([]);
});

/** A session for each connection, with nothing written yet. */
async function makeSessions(table: string): Promise<string[]> {
  // A client that waits however long a cold emulator takes.
  const client = testClient();
  const engine = createSessionEngine({ table: { name: table }, timeout: 60_000, client });
  const cookie = { originalMaxAge: null, expires: null, httpOnly: true, path: "/" };
  const ids = Array.from({ length: CONNECTIONS }, () => engine.newId());
  for (let first = 0; first < ids.length; first += 50) {
    await Promise.all(
      ids.slice(first, first + 50).map((id) => engine.save(engine.create(id), { cookie, n: 0 })),
    );
  }
  await engine.close();
  client.destroy();
  return ids;
}

/** As express-session signs it. */
function cookieOf(id: string): string {
  const signature = createHmac("sha256", SECRET).update(id).digest("base64").replace(/=+$/, "");
  return `connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`;
}

const KINDS: readonly { name: string; chance: number; answer: Answer }[] = [
  { name: "throttled", chance: 0.005, answer: throttled() },
  { name: "failed", chance: 0.005, answer: internalError() },
  { name: "cut before", chance: 0.0025, answer: dropBefore },
  { name: "cut after", chance: 0.0025, answer: dropAfter },
];

/** What goes wrong between the store and the table, by the seed. */
function mildFaults(seed: number) {
  const random = new Random(seed);
  const injected: Record<string, number> = {};
  const decide = () => {
    const kind = KINDS.find(({ chance }) => random.chance(chance));
    if (kind !== undefined) injected[kind.name] = (injected[kind.name] ?? 0) + 1;
    return kind?.answer;
  };
  return { injected, decide };
}

async function startServer(settings: AppSettings) {
  const child = fork(app.program, [JSON.stringify(settings)], {
    execArgv: ["--expose-gc", "--enable-source-maps"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const { origin, heapBytes } = await next(child);
  return {
    origin,
    /** Before the first connection. */
    heapBytes,
    ask(asked: Asked): Promise<Told> {
      const told = next(child);
      child.send(asked);
      return told;
    },
  };
}

async function next(child: ChildProcess): Promise<Told> {
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`it ended (${code})`)));
  const [told]: Told[] = await Promise.race([once(child, "message"), ended]);
  if (told === undefined) throw new Error("it said nothing");
  return told;
}

async function drive(settings: DriverSettings): Promise<Driven> {
  const child = spawn(process.execPath, [driver.program], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.end(JSON.stringify(settings));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the driver ended (${code})`);
  return JSON.parse(output);
}

/** The heap at some moments under load, the first when it has warmed up. */
async function measuring(
  server: Awaited<ReturnType<typeof startServer>>,
  seconds: number,
): Promise<number[]> {
  // The load is what is waited for: it takes as long as it was asked to.
  const warming = Math.min(WARM_AFTER * seconds, LONGEST_WARMING_S);
  await delay(warming * 1000);
  const heaps = [(await server.ask("measure")).heapBytes];
  while (heaps.length < MEASURED_TIMES) {
    await delay(((seconds - warming) * 1000) / MEASURED_TIMES);
    heaps.push((await server.ask("measure")).heapBytes);
  }
  return heaps;
}

function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } };
  const limit = Number(userLimits?.open_files?.soft);
  // "unlimited", or a system without such limits.
  return Number.isFinite(limit) ? limit : WANTED + SPARE_FILES;
}
