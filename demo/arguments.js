// What the demo's command line may say, read and checked; nothing is started here.
import { parseArgs } from "node:util";
import { DOORS } from "./doors.js";

export const DEFAULT_PORTS = portsFrom(3000);

const LAST_FIRST_PORT = 65_535 - (DOORS.length - 1);

export const HELP = `A small shop whose sessions live in DynamoDB, and a view of what that costs:
one session, served by Express, Koa and Hono, each on a port of its own.

  npm run demo                            a DynamoDB in memory (dynalite); nothing leaves this machine
  npm run demo -- --table NAME            a table of yours in AWS, with your own credentials

  --port N         listen on the ports N, N+1 and N+2 of 127.0.0.1 (default N: ${DEFAULT_PORTS[0]}, with a free port in the
                   place of one that is taken; 0: any free ones)
  --table NAME     use this table: string keys "pk" and "sk". It is neither created nor deleted by the demo
  --region R       the table's region (default: what the AWS SDK finds, such as AWS_REGION)
  --check          start, walk through everything at all frameworks as a browser would, say what was seen, and end
  --help           this text
`;

/** What is wrong with a command line, in words for whoever typed it. */
export class ArgumentError extends Error {}

/**
 * @typedef {object} DemoArguments
 * @property {boolean} help
 * @property {boolean} check
 * @property {number[] | undefined} ports one for each framework; undefined where none were asked for
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
    throw new ArgumentError("--check brings its own table and its own ports: give it alone");
  }
  return { help, check, ports: port === undefined ? undefined : portsFrom(toFirstPort(port)), table, region };
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
function toFirstPort(text) {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= LAST_FIRST_PORT) return port;
  throw new ArgumentError(
    `--port: expected the first of ${DOORS.length} ports, a number from 0 to ${LAST_FIRST_PORT}, got "${text}"`,
  );
}

/** @param {number} first 0 for any */
function portsFrom(first) {
  return DOORS.map((_, index) => (first === 0 ? 0 : first + index));
}
