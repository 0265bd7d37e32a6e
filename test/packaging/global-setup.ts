// Packs the built package once for all packaging tests: what they look at is what npm would publish.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { ROOT } from "./consumer.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The path of the package's tarball. */
    tarball: string;
    /** The paths of the files in it. */
    packedFiles: string[];
    /** What the tarball takes, and what is in it. */
    packedBytes: { packed: number; unpacked: number };
  }
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const run = promisify(execFile);

export default async function setup(project: TestProject) {
  if (!existsSync(join(ROOT, "dist"))) {
    throw new Error("there is no dist folder to pack; run `npm run build` before the packaging tests");
  }
  const folder = await mkdtemp(join(tmpdir(), "session-store-pack-"));
  const options = ["--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", ["pack", ...options], { cwd: ROOT });
  const [packed]: [Packed] = JSON.parse(stdout);
  project.provide("tarball", join(folder, packed.filename));
  project.provide(
    "packedFiles",
    packed.files.map(({ path }) => path),
  );
  project.provide("packedBytes", { packed: packed.size, unpacked: packed.unpackedSize });
  return () => rm(folder, { recursive: true, force: true });
}
