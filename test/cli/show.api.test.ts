// `show` as a process: one session, and of its data no more than is asked for.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { commandLine } from "../support/command-line.js";
import { newId } from "../support/engines.js";
import { IDS_OF_OTHERS, makeSharedTable, type SharedTable } from "./sessions.js";

const cli = commandLine();

let table: SharedTable;
beforeAll(async () => {
  table = await makeSharedTable();
});

describe("show", () => {
  it("says when a session began and ends, its size and the names of its fields, and no more of its data", async () => {
    const id = await table.save({ user: "secret-name", cart: [1] });
    const before = await table.bench.row(id);
    const { code, stdout, stderr } = await cli.run(["show", id, ...table.flags]);
    expect(stdout).toMatch(new RegExp(`^session +${id.slice(0, 4)}…$`, "m"));
    expect(stdout).toMatch(/^began +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, \d+ \w+ ago$/m);
    expect(stdout).toMatch(/^ends +\S+Z, in (1 d|23 h \d+ min)$/m);
    expect(stdout).toMatch(/^size +\d+ B$/m);
    expect(stdout).toMatch(/^fields +user, cart$/m);
    expect(stdout).not.toMatch(/secret-name/);
    expect(stdout).not.toContain(id);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await table.bench.row(id)).toEqual(before);
  });

  it("shows the data with --data, as JSON with --json", async () => {
    const id = await table.save({ user: "ann" });
    expect((await cli.run(["show", id, "--data", ...table.flags])).stdout).toMatch(
      /\n\{\n {2}"user": "ann"\n\}\n$/,
    );
    const hidden = await cli.run(["show", id, "--json", ...table.flags]);
    expect(JSON.parse(hidden.stdout)).toEqual({
      shortId: `${id.slice(0, 4)}…`,
      created: expect.any(Number),
      updated: expect.any(Number),
      endsAt: expect.any(Number),
      isExpired: false,
      place: 0,
      bytes: expect.any(Number),
      fields: ["user"],
    });
    const shown = await cli.run(["show", id, "--json", "--data", ...table.flags]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ fields: ["user"], data: { user: "ann" } });
  });

  it("keeps each value on its line, whatever fields are called", async () => {
    const id = await table.save({ "a\nowner  ann": "b\u202e\u2028" });
    const { stdout } = await cli.run(["show", id, "--data", ...table.flags]);
    expect(stdout).toMatch(/^fields +a\\nowner {2}ann$/m);
    expect(stdout).not.toMatch(/^owner +ann|[\u2028\u202e]/m);
    const { stdout: json } = await cli.run(["show", id, "--data", "--json", ...table.flags]);
    expect(json).not.toMatch(/[\u2028\u202e]/);
    expect(JSON.parse(json).data).toEqual({ "a\nowner  ann": "b\u202e\u2028" });
  });

  it("shows one that is over as such", async () => {
    const id = await table.save({ n: 1 }, { maxAge: -5000 });
    const { code, stdout } = await cli.run(["show", id, ...table.flags]);
    expect(stdout).toMatch(/^ended +\S+Z, \d+ \w+ ago$/m);
    expect(code).toBe(0);
  });

  it("finds it by its id where ids are hashed, and in a place of the --config's previous", async () => {
    const hashed = await table.save({ n: 1 }, { hashIds: true });
    expect((await cli.run(["show", hashed, "--hash-ids", ...table.flags])).stdout).toMatch(/^fields +n$/m);
    const before = await table.save({ n: 1 }, { prefix: "before#" });
    const folder = await mkdtemp(join(tmpdir(), "session-store-show-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, "store.mjs");
    await writeFile(config, `export default { previous: [{ hashPrefix: "before#" }] };`);
    const { stdout } = await cli.run(["show", before, "--config", config, ...table.flags]);
    expect(stdout).toMatch(/^place +previous\[0\]$/m);
  });

  it("takes an id that begins with a dash behind --", async () => {
    const id = await table.save({ n: 1 }, { id: `-${newId()}` });
    expect((await cli.run(["show", ...table.flags, "--", id])).code).toBe(0);
  });

  it("of what is no session of this store ends with 1, and shows nothing", async () => {
    for (const id of [...IDS_OF_OTHERS, newId()]) {
      const ended = await cli.run(["show", id, "--data", ...table.flags]);
      expect(ended).toEqual({ code: 1, stdout: "", stderr: "there is no session of this id\n" });
    }
    const { code, stdout } = await cli.run(["show", newId(), "--json", ...table.flags]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "null\n" });
  });
});
