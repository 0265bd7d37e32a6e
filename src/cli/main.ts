#!/usr/bin/env node
// The command line, as it is installed: `session-store`, or `npx @cyclic.sh/session-store`.
import { COMMANDS } from "./commands.js";
import { runCommandLine } from "./run.js";

process.exitCode = await runCommandLine(process.argv.slice(2), COMMANDS);
