// Programs for other processes, made of the sources as they are.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceProgram {
  /** The program's path. */
  readonly program: string;
  remove(): Promise<void>;
}

/** Bundles a program into a folder within this repository, where it finds what it depends on. */
export async function makeProgram(entry: URL): Promise<SourceProgram> {
  const artifacts = join(ROOT, ".artifacts");
  await mkdir(artifacts, { recursive: true });
  const folder = await mkdtemp(join(artifacts, "program-"));
  const program = join(folder, "program.mjs");
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile: program,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "node",
    packages: "external",
    sourcemap: "inline",
    logLevel: "error",
  });
  return { program, remove: () => rm(folder, { recursive: true, force: true }) };
}
