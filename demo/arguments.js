// What the demo's command line may say, read and checked; nothing is started here.
import { parseArgs } from "node:util";

export const DEFAULT_PORT = 3000;

export const HELP = `A small shop whose sessions live in DynamoDB, and a view of what that costs.

  npm run demo                            a DynamoDB in memory (dynalite); nothing leaves this machine
  npm run demo -- --table NAME            a table of yours in AWS, with your own credentials

  --port N         listen on this port of 127.0.0.1 (default ${DEFAULT_PORT}, or a free one where that is taken; 0: any free one)
  --table NAME     use this table: string keys "pk" and "sk". It is neither created nor deleted by the demo
  --region R       the table's region (default: what the AWS SDK finds, such as AWS_REGION)
  --check          start, walk through everything as a browser would, say what was seen, and end
  --help           this text
`;

/** What is wrong with a command line, in words for whoever typed it. */
export class ArgumentError extends Error {}

/**
 * @typedef {object} DemoArguments
 * @property {boolean} help
 * @property {boolean} check
 * @property {number | undefined} port undefined where none was asked for
 * @property {string | undefined} table
 * @property {string | undefined} region
 */

/**
 * @param {string[]} given
 * @returns {DemoArguments}
 * @throws {ArgumentError}
 */
export function readArguments(given) {
  const { port, table, region, check = false, help = false } = parse(given);
  if (table === "") throw new ArgumentError("--table: expected the name of a DynamoDB table");
  if (region === "") throw new ArgumentError("--region: expected a region, such as eu-central-1");
  if (region !== undefined && table === undefined) {
    throw new ArgumentError("--region says where a table is: give --table as well");
  }
  if (check && (table !== undefined || port !== undefined)) {
    throw new ArgumentError("--check brings its own table and its own port: give it alone");
  }
  return { help, check, port: port === undefined ? undefined : toPort(port), table, region };
}

/** @param {string[]} given */
function parse(given) {
  try {
    return parseArgs({
      args: given,
      options: {
        port: { type: "string" },
        table: { type: "string" },
        region: { type: "string" },
        check: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new ArgumentError(error.message);
  }
}

/** @param {string} text */
function toPort(text) {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ArgumentError(`--port: expected a number from 0 to 65535, got "${text}"`);
}
