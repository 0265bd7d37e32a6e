// Runs a command that must not outlive whoever asked for it: `node leash.mjs <command> <argument>...`.
// The standard input is the leash. It ends when the parent closes it, and also when the parent dies without a chance to
// tidy up (a crash, SIGKILL); the command is killed then.
import { spawn } from "node:child_process";

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });

child.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on("exit", (code) => process.exit(code ?? 1));

process.stdin.on("end", () => child.kill("SIGKILL")).resume();
process.on("SIGTERM", () => child.kill("SIGKILL"));
