// Projects that use the package as npm would install it: the tarball unpacked into their `node_modules`, and beside it
// only what they ask for, linked from this repository's own `node_modules`.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const PACKAGE = "@cyclic.sh/session-store";

/** What npm installs with the package. */
export const DEPENDENCIES = ["@aws-sdk/client-dynamodb", "@aws-sdk/util-dynamodb"] as const;

/** What an Express application has, with its types. */
export const EXPRESS = ["express-session", "@types/express-session", "@types/node"] as const;

/** What a Koa application has, with its types. */
export const KOA = ["koa", "koa-session", "@types/koa", "@types/node"] as const;

/** What a Hono application has. */
export const HONO = ["hono"] as const;

export type ModuleFormat = "module" | "commonjs";

export interface Consumer {
  folder: string;
  /** Runs code in a Node process of its own, within the project, and gives what the code printed as JSON. */
  run(format: ModuleFormat, code: string): Promise<unknown>;
  /** Checks the project's types by its `tsconfig.json`, and gives what the compiler complained about. */
  typecheck(compilerOptions: Record<string, unknown>, sources: Record<string, string>): Promise<string>;
  remove(): Promise<void>;
}

export async function makeConsumer(tarball: string, installed: readonly string[]): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), "session-store-consumer-"));
  const modules = join(folder, "node_modules");
  const target = join(modules, PACKAGE);
  await mkdir(target, { recursive: true });
  await execute("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  for (const name of installed) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(modules, name), "dir");
  }

  return {
    folder,
    async run(format, code) {
      const { stdout } = await execute(process.execPath, [`--input-type=${format}`, "--eval", code], {
        cwd: folder,
      });
      return JSON.parse(stdout);
    },
    async typecheck(compilerOptions, sources) {
      for (const [file, source] of Object.entries(sources)) await writeFile(join(folder, file), source);
      await writeFile(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions, files: Object.keys(sources) }),
      );
      const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
      try {
        await execute(process.execPath, [tsc, "-p", folder], { cwd: folder });
        return "";
      } catch (error) {
        return (error as { stdout: string }).stdout || String(error);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
