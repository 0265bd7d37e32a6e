// `stats` as a process: what it draws, and what it says to machines.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashOfOwner } from "../../src/admin/index.js";
import { commandLine } from "../support/command-line.js";
import { describeTransactions } from "../support/transactions.js";
import { makeSharedTable } from "./sessions.js";

const cli = commandLine();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "session-store-stats-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("stats", () => {
  it("draws the sessions by age, idleness, time left and size, says what they cost, and counts no row of others", async () => {
    const table = await makeSharedTable();
    // Long ago enough that a slow machine makes no difference.
    const now = Date.now() - 1_800_000;
    await table.save({ text: "x".repeat(3000) }, { now: () => now });
    await table.save({ n: 1 }, { now: () => now });
    await table.save({ n: 2 }, { maxAge: -5000 });
    const config = join(folder, "store.mjs");
    await writeFile(config, "export default { touchInterval: 3_600_000 };");
    const { code, stdout, stderr } = await cli.run(["stats", "--config", config, ...table.flags]);
    expect(stdout).toMatch(/^Sessions\n +live +█+ +2 +67%\n +expired +█+ +1 +33%\n/);
    expect(stdout).toMatch(/^Live ones by age\n +up to 1 h +█+ +2 +100%\n/m);
    expect(stdout).toMatch(/^By how long they were idle\n +up to 1 h +█+ +2 +100%\n/m);
    expect(stdout).toMatch(/^By the time they have left\n +up to 1 d +█+ +2 +100%\n/m);
    expect(stdout).toMatch(
      /^By the size of their rows\n +up to 512 B +█+ +1 +50%\n.*\n.*\n +up to 4 KB +█+ +1 +50%\n/m,
    );
    expect(stdout).toMatch(/^ {2}writes +<\$0\.01 for 0\.0014 units a second, 0\.00056 touches$/m);
    expect(stdout).toMatch(/^ {2}storage +<\$0\.01 for 3\.5 KB of rows$/m);
    expect(stdout).toMatch(/^ {2}loads +\$0\.13 a million$/m);
    expect(stdout).not.toMatch(/unreadable|unknown|undefined|NaN/);
    expect(stderr).toMatch(/^9 rows read, for \S+ units\n$/);
    expect(code).toBe(0);
  });

  it("is one JSON document with --json", async () => {
    const table = await makeSharedTable({ hasUnreadable: true });
    await table.save({ n: 1 });
    const { code, stdout, stderr } = await cli.run(["stats", "--json", "--segments", "2", ...table.flags]);
    const survey = JSON.parse(stdout);
    expect(survey).toMatchObject({
      live: 1,
      expired: 0,
      unreadable: 1,
      scanned: 8,
      owners: { owned: 0, nobodys: 1 },
      cost: { storagePerMonth: expect.any(Number), leftOut: expect.any(Array) },
    });
    expect(survey.ages.buckets.at(-1)).toEqual({ upTo: null, count: 0 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("of a table without sessions is short", async () => {
    const table = await makeSharedTable();
    const { code, stdout } = await cli.run(["stats", ...table.flags]);
    expect(stdout).toMatch(/^Sessions\n +live +0 +0%\n +expired +0 +0%\n\nWhat they cost/);
    expect(code).toBe(0);
  });
});

describeTransactions("stats of sessions that have owners", () => {
  it("draws how many each has, and names owners by hashes alone", async () => {
    const table = await makeSharedTable();
    const owner = ({ user }: { user?: unknown }) => (typeof user === "string" ? user : undefined);
    for (const user of ["ann", "ann", "bob", undefined]) await table.save({ user }, { owner });
    const { stdout } = await cli.run(["stats", ...table.flags]);
    expect(stdout).toMatch(
      /^Owners by how many sessions they have\n +up to 1 +█+ +1 +50%\n +up to 2 +█+ +1 +50%\n/m,
    );
    expect(stdout).toMatch(/^3 sessions of 2 owners, and 1 of nobody\.$/m);
    expect(stdout).toMatch(
      new RegExp(`^${await hashOfOwner("ann")} +2\n${await hashOfOwner("bob")} +1$`, "m"),
    );
    expect(stdout).not.toMatch(/\bann\b|\bbob\b/);
  });
});
