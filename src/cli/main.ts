#!/usr/bin/env node
// The command line, as it is installed: `session-store`, or `npx @cyclic.sh/session-store`.
import { COMMANDS } from "./commands.js";
import { runCommandLine } from "./run.js";

// Nine lines on standard error, of which whoever typed a command can do nothing: it is the application that runs
// on a version of Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

await runCommandLine(process.argv.slice(2), COMMANDS);
