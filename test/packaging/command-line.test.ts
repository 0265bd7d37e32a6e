// The command line out of the packed package: it runs where its user has only what npm installs with it, and carries its
// libraries, and their licences, itself.
import { execFile } from "node:child_process";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Consumer, DEPENDENCIES, makeConsumer, PACKAGE, ROOT } from "./consumer.js";

const execute = promisify(execFile);

/** What it is made of besides our own sources. */
const LIBRARIES = ["@clack/prompts", "cli-progress", "cli-table3", "commander", "picocolors"];

interface Manifest {
  readonly version: string;
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

let consumer: Consumer;
let unpacked: string;
let manifest: Manifest;
let program: string;

beforeAll(async () => {
  consumer = await makeConsumer(inject("tarball"), DEPENDENCIES);
  unpacked = join(consumer.folder, "node_modules", PACKAGE);
  manifest = JSON.parse(await readFile(join(unpacked, "package.json"), "utf8"));
  program = join(unpacked, String(manifest.bin["session-store"]));
});
afterAll(() => consumer.remove());

describe("the command line", () => {
  it("shows its help and its version", async () => {
    const help = await execute(process.execPath, [program, "--help"], { cwd: consumer.folder });
    expect(help.stdout).toContain("Usage: session-store ");
    const version = await execute(process.execPath, [program, "--version"], { cwd: consumer.folder });
    expect(version.stdout).toBe(`${manifest.version}\n`);
  });

  it("does what it is asked, by the core and administration that its neighbours have", async () => {
    const args = ["iac", "cloudformation", "--table", "sessions", "--json"];
    const { stdout } = await execute(process.execPath, [program, ...args], { cwd: consumer.folder });
    expect(JSON.parse(stdout)).toHaveProperty("Resources.Sessions.Properties.TableName", "sessions");
    const built = await readFile(program, "utf8");
    expect(built).toMatch(/from "\.\.\/admin\/index\.js"/);
    expect(built).not.toContain("class SessionStoreError");
  });

  it("is what npx runs: the package's only program", async () => {
    expect(Object.keys(manifest.bin)).toEqual(["session-store"]);
    // As npm links a program when it installs its package.
    const bin = join(consumer.folder, "node_modules", ".bin");
    await mkdir(bin);
    await symlink(program, join(bin, "session-store"));
    const args = ["exec", "--no", "--offline", "--", PACKAGE, "--version"];
    const { stdout } = await execute("npm", args, { cwd: consumer.folder });
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it("brings its libraries along: no server that installs the package has them", async () => {
    const installed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(installed.filter((name) => LIBRARIES.includes(name))).toEqual([]);
    // The tests above ran it where none of them is to be found.
    const found = LIBRARIES.map(
      (name) => `(() => { try { return require.resolve("${name}"); } catch {} })()`,
    );
    expect(await consumer.run("commonjs", `console.log(JSON.stringify([${found}].filter(Boolean)))`)).toEqual(
      [],
    );
  });

  it("has the licence of everything in it beside it", async () => {
    const licences = await readFile(join(program, "..", "THIRD-PARTY-LICENSES.txt"), "utf8");
    for (const name of LIBRARIES) {
      const file = join(ROOT, "node_modules", name, "package.json");
      const { version, license }: Record<string, string> = JSON.parse(await readFile(file, "utf8"));
      expect(licences).toContain(`${name} ${version} (${license})\n`);
    }
  });
});
