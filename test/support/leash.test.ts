// The leash that DynamoDB Local runs on: whatever happens to the test process, no emulator is left behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const leash = fileURLToPath(new URL("leash.mjs", import.meta.url));
const forever = "console.log(process.pid); setInterval(() => {}, 1000)";

describe("leash", () => {
  it("ends its command when it is let go", async () => {
    const child = spawn(process.execPath, [leash, process.execPath, "-e", forever], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const pid = await firstLine(child.stdout);
    expect(isRunning(pid)).toBe(true);
    child.stdin.end();
    await once(child, "exit");
    expect(isRunning(pid)).toBe(false);
  });

  it("ends its command when the process that holds it is killed", async () => {
    const holder = `require("node:child_process").spawn(process.execPath, ${JSON.stringify([leash, process.execPath, "-e", forever])}, { stdio: ["pipe", "inherit", "inherit"] })`;
    const child = spawn(process.execPath, ["-e", holder], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await firstLine(child.stdout);
    child.kill("SIGKILL");
    // The pipe ends when the last process that writes to it is gone.
    await once(child.stdout.resume(), "end");
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it("passes on how its command ended", async () => {
    const child = spawn(process.execPath, [leash, process.execPath, "-e", "process.exit(7)"], {
      stdio: "pipe",
    });
    expect(await once(child, "exit")).toEqual([7, null]);
  });
});

async function firstLine(stream: NodeJS.ReadableStream): Promise<number> {
  const [chunk] = await once(stream, "data");
  return Number(String(chunk).trim());
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
