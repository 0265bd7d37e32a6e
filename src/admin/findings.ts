// What a check finds, and how what was read of a table is judged. No I/O.
import type {
  ContinuousBackupsDescription,
  ScalarAttributeType,
  TableDescription,
  TimeToLiveDescription,
} from "@aws-sdk/client-dynamodb";
import { otherAttribute, TTL_ATTRIBUTE } from "./definition.js";

/**
 * What a finding is about.
 *
 * - `connection`: credentials, region, endpoint, network.
 * - `clock`: this machine's, beside DynamoDB's.
 * - `table`: that it is there, and its status.
 * - `keys`: that they are those of the options.
 * - `indexes`: where the table has secondary ones, that their keys are of the types that rows have.
 * - `permission`: one action.
 * - `transactions`: that the API has them, where the options `owner` and `previous` need them.
 * - `timeToLive`: that DynamoDB removes expired rows.
 * - `billing`: on demand, or how much capacity there is.
 * - `deletionProtection`, `pointInTimeRecovery`: whether they are on; a store needs neither.
 */
export type FindingCode =
  | "connection"
  | "clock"
  | "table"
  | "keys"
  | "indexes"
  | "permission"
  | "transactions"
  | "timeToLive"
  | "billing"
  | "deletionProtection"
  | "pointInTimeRecovery";

/** One thing that was looked at, and how it is. */
export interface Finding extends Judgment {
  /** What was looked at. */
  readonly code: FindingCode;
  /** The store's table, or another of the option `previous`. */
  readonly tableName: string;
  /** Of `permission`: the action as IAM names it, `dynamodb:GetItem`. */
  readonly action?: string;
}

export interface Judgment {
  /** `problem`: the table is not as the store needs it. `warning`: it is, and this is to be looked at. */
  readonly level: "ok" | "warning" | "problem";
  /** What was found, and what to do. */
  readonly message: string;
}

// A clock that is off by less is as good as right: rows hold whole seconds, and touches come half a minute apart.
const CLOCK_OFF_MS = 5_000;
const CLOCK_WRONG_MS = 60_000;
// A request that changes its session takes a unit of each, one with a large session more.
const FEW_UNITS = 10;

/** @param offByMs how far this machine's clock is ahead, or where it is below zero behind. */
export function judgeClock(offByMs: number): Judgment {
  const off = Math.abs(offByMs);
  if (off < CLOCK_OFF_MS) return ok("this machine's clock is right");
  const direction = offByMs > 0 ? "ahead of" : "behind";
  const message = `this machine's clock is ${Math.round(off / 1000)} s ${direction} DynamoDB's, and sessions end by it; set it`;
  return { level: off < CLOCK_WRONG_MS ? "warning" : "problem", message };
}

// The attributes of a session's row by the type that they are written with; its data varies with the options.
const WRITTEN: ReadonlyMap<string | undefined, ScalarAttributeType> = new Map([
  ["gen", "S"],
  ["rev", "N"],
  ["writes", "S"],
  ["created", "N"],
  ["until", "N"],
  ["expires", "N"],
  ["updated", "N"],
  ["idHash", "S"],
  ["owner", "S"],
  ["listedUntil", "N"],
]);

/** DynamoDB refuses a row whose attribute is of another type than an index has it. `undefined`: there is no index. */
export function judgeIndexes(table: TableDescription): Judgment | undefined {
  const { AttributeDefinitions = [], GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] } = table;
  const indexes = [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes];
  if (indexes.length === 0) return undefined;
  const amiss = AttributeDefinitions.flatMap(({ AttributeName: name, AttributeType: type }) => {
    const written = WRITTEN.get(name);
    const by = indexes.filter(({ KeySchema = [] }) => KeySchema.some((key) => key.AttributeName === name));
    if (written === undefined || written === type) return [];
    return by.map(
      ({ IndexName }) => `"${IndexName}" has "${name}" as ${type}, and rows have it as ${written}`,
    );
  });
  if (amiss.length === 0) return ok("the keys of its indexes are no hindrance to rows");
  return {
    level: "problem",
    message: `an index of the table has an attribute as another type than rows, so that DynamoDB refuses them: ${amiss.join("; ")}. Delete that index, or use another table`,
  };
}

export function judgeTimeToLive(ttl: TimeToLiveDescription): Judgment {
  const { TimeToLiveStatus: status, AttributeName: attribute } = ttl;
  const problem = (message: string): Judgment => ({ level: "problem", message: `time to live ${message}` });
  const consequence = "so that expired sessions stay in the table, and are paid for";
  switch (status) {
    case "ENABLED":
    case "ENABLING":
      if (attribute !== TTL_ATTRIBUTE) return problem(otherAttribute(attribute, TTL_ATTRIBUTE));
      if (status === "ENABLED") return ok(`time to live is on, by "${attribute}"`);
      return ok(`time to live is being switched on, by "${attribute}", which takes up to an hour`);
    case "DISABLING":
      return problem(`is being switched off, ${consequence}; in an hour createTable can switch it on again`);
    default:
      return problem(`is off, ${consequence}; createTable switches it on`);
  }
}

export function judgeBilling(table: TableDescription): Judgment {
  const { BillingModeSummary, ProvisionedThroughput = {}, OnDemandThroughput = {} } = table;
  if (BillingModeSummary?.BillingMode === "PAY_PER_REQUEST") {
    const { MaxReadRequestUnits: reads = NO_LIMIT, MaxWriteRequestUnits: writes = NO_LIMIT } =
      OnDemandThroughput;
    if (reads === NO_LIMIT && writes === NO_LIMIT) return ok("billed on demand");
    return judgeCapacity("billed on demand, up to", reads, writes, "raise that limit, or take it away");
  }
  // A table that has never been another is described without a billing mode.
  const { ReadCapacityUnits: reads = 0, WriteCapacityUnits: writes = 0 } = ProvisionedThroughput;
  const advice = "bill the table on demand, unless auto scaling raises it";
  return judgeCapacity("provisioned with", reads, writes, advice);
}

const NO_LIMIT = -1;

function judgeCapacity(is: string, reads: number, writes: number, advice: string): Judgment {
  const [r, w] = [reads, writes].map((units) => (units === NO_LIMIT ? "any number of" : units));
  const message = `${is} ${r} read and ${w} write units a second`;
  const least = Math.min(...[reads, writes].filter((units) => units !== NO_LIMIT));
  if (least >= FEW_UNITS) return ok(message);
  return {
    level: "warning",
    message: `${message}: more than about ${least} requests with a session in one are throttled; ${advice}`,
  };
}

export function judgeProtection({ DeletionProtectionEnabled }: TableDescription): Judgment {
  if (DeletionProtectionEnabled) return ok("deletion protection is on");
  return ok("deletion protection is off; the option deletionProtection of createTable switches it on");
}

export function judgeRecovery(backups: ContinuousBackupsDescription | undefined): Judgment {
  const { PointInTimeRecoveryStatus } = backups?.PointInTimeRecoveryDescription ?? {};
  if (PointInTimeRecoveryStatus === "ENABLED") return ok("recovery to a point in time is on");
  return ok(
    "recovery to a point in time is off; the option pointInTimeRecovery of createTable switches it on",
  );
}

/** What is as it is to be. */
export function ok(message: string): Judgment {
  return { level: "ok", message };
}
