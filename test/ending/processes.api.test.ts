// A process ends by itself when it has nothing left to do: closed or not, at every door.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { startFaultProxy } from "../support/fault-proxy.js";
import { bareEnvironment } from "../support/program.js";
import { makeProgram, type SourceProgram } from "../support/source-program.js";
import { createTable, readRow, testClient } from "../support/tables.js";
import { makeSignal } from "../support/time.js";
import { type Asked, DOORS } from "./protocol.js";

const client = testClient();
let source: SourceProgram;
let table: string;
beforeAll(async () => {
  [source, table] = await Promise.all([
    makeProgram(new URL("program.ts", import.meta.url)),
    createTable(client),
  ]);
});
afterAll(async () => {
  client.destroy();
  await source?.remove();
});

/** Far more than a process needs that ends, and far less than what a left timer of the store's would take. */
const ENDS_WITHIN_MS = 60_000;

/** Runs the program, and gives what it said when it has ended. */
function start(asked: Asked) {
  const child = spawn(process.execPath, [source.program, JSON.stringify(asked)], {
    env: bareEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const heard = createInterface(child.stdout).on("line", (line) => lines.push(line));
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close");
  return {
    child,
    lines,
    heard: async (line: number) => {
      while (lines.length < line) await once(heard, "line");
      return lines[line - 1];
    },
    async ended() {
      const [code, signal] = await closed;
      return { code, signal, lines, complaints };
    },
  };
}

const ENDED = { code: 0, signal: null, lines: ["done"], complaints: "" };

describe("a process that has nothing left to do ends by itself", { timeout: ENDS_WITHIN_MS }, () => {
  it.each(DOORS)("without any close(): %s", async (door) => {
    const { ended } = start({ do: "use", door, closes: false, endpoint: inject("endpoint"), table });
    expect(await ended()).toEqual(ENDED);
  });

  it.each(DOORS.filter((door) => door !== "hono"))("after close(): %s", async (door) => {
    const { ended } = start({ do: "use", door, closes: true, endpoint: inject("endpoint"), table });
    expect(await ended()).toEqual(ENDED);
  });
});

describe("an application that is told to end while it answers", { timeout: ENDS_WITHIN_MS }, () => {
  it("answers, with the session saved, and is gone", async () => {
    const [hasCome, mayGoOn] = [makeSignal(), makeSignal()];
    const proxy = await startFaultProxy(inject("endpoint"), async () => {
      hasCome.give();
      await mayGoOn.given;
      return undefined;
    });
    onTestFinished(() => proxy.close());
    const { child, heard, ended } = start({ do: "serve", endpoint: proxy.endpoint, table });
    const { port } = JSON.parse(String(await heard(1)));
    const asked = fetch(`http://127.0.0.1:${port}/`);
    await hasCome.given;
    child.kill("SIGTERM");
    expect(await heard(2)).toBe("ending");
    mayGoOn.give();
    const answer = await asked;
    expect(answer.status).toBe(200);
    const id = await answer.text();
    expect(await ended()).toMatchObject({ code: 0, signal: null, complaints: "" });
    expect(await readRow(client, table, `session-store#${id}`)).toMatchObject({
      sess: { S: expect.stringContaining('"seen":true') },
    });
  });
});
