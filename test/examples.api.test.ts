// The examples, as their users start them: visits are counted, per visitor, also
// over a restart, and in the table.
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeStoreBench, type StoreBench } from "./support/express-apps.js";
import { countRows, testClient } from "./support/tables.js";

let bench: StoreBench;
beforeAll(async () => {
  bench = await makeStoreBench();
});
const client = testClient();
afterAll(() => client.destroy());

type Start = (options: object, port: number) => Server | Promise<Server>;

async function begin(start: Start): Promise<string> {
  const server = await start({ table: { name: bench.table }, client }, 0);
  if (!server.listening) await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function visit(url: string, cookie?: string): Promise<{ text: string; cookie: string | undefined }> {
  const response = await fetch(url, { headers: cookie === undefined ? [] : [["cookie", cookie]] });
  const set = response.headers.getSetCookie().map((line) => line.split(";")[0]);
  return { text: await response.text(), cookie: set.length > 0 ? set.join("; ") : cookie };
}

describe.each(["koa.js", "hono.ts", "connect.js", "polka.js", "fastify.js", "nestjs.ts"])(
  "the example %s",
  (file) => {
    it("counts the visits of each visitor, also over a restart", async () => {
      const { start }: { start: Start } = await import(/* @vite-ignore */ `../examples/${file}`);
      const before = await countRows(client, bench.table);
      const url = await begin(start);
      const first = await visit(url);
      expect(first.text).toBe("visit 1");
      expect((await visit(url, first.cookie)).text).toBe("visit 2");
      expect((await visit(url)).text).toBe("visit 1");
      const restarted = await begin(start);
      expect((await visit(restarted, first.cookie)).text).toBe("visit 3");
      expect((await countRows(client, bench.table)) - before).toBe(2);
    });
  },
);
