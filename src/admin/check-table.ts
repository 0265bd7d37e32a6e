// Looks at the table of a store, and says of each matter whether it is as the store needs it. Nothing is
// changed, and nothing that can be said in a finding is thrown.
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import {
  checkEach,
  isObject,
  type Place,
  SessionStoreError,
  type SessionStoreOptions,
  showKeys,
} from "../core/doors.js";
import { badName, definitionAt, otherKeys, unusable } from "./definition.js";
import {
  type Finding,
  type FindingCode,
  type Judgment,
  judgeBilling,
  judgeClock,
  judgeIndexes,
  judgeProtection,
  judgeRecovery,
  judgeTimeToLive,
  ok,
} from "./findings.js";
import { type TriedAction, tryAction, tryTransaction } from "./harmless.js";
import { actionsAt } from "./policy.js";
import { isCausedBy, TableCommands } from "./table-commands.js";
import { WORK_CHECKS } from "./work.js";

/** What {@link checkTable} found. */
export interface TableCheck {
  /** The store's table. */
  readonly tableName: string;
  /** The region that requests were signed for; `undefined` where none was sent. */
  readonly region: string | undefined;
  /** What was looked at, the good with the bad: the store's table first, then those of `previous`. */
  readonly findings: readonly Finding[];
  /** Whether no finding is a problem. */
  readonly isUsable: boolean;
}

/** The options of {@link checkTable}. */
export interface CheckOptions {
  /** Aborts: the call ends with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Checks the table of a store, and the other tables of its option `previous`. What is wrong is a finding, and
 * no error. It costs a few capacity units; nothing is written or removed.
 *
 * @throws {SessionStoreError} `ERR_SESSION_OPTIONS` alone.
 */
export async function checkTable(
  store: SessionStoreOptions,
  options: CheckOptions = {},
): Promise<TableCheck> {
  checkEach(options, { signal: WORK_CHECKS.signal }, "");
  const commands = new TableCommands(store, options.signal);
  try {
    return await new Examination(commands).run();
  } finally {
    commands.close();
  }
}

/** What is asked for in IAM, and what it is to whoever may not. */
interface Need {
  readonly level: "warning" | "problem";
  readonly consequence: string;
}

const NEEDS: Readonly<
  Record<"sessions" | "owner" | "lists" | "batches" | "names" | "ttl" | "recovery", Need>
> = {
  sessions: { level: "problem", consequence: "Sessions need it" },
  owner: { level: "problem", consequence: "The option owner needs it" },
  lists: { level: "warning", consequence: "Listing, counting and clearing need it; sessions do not" },
  batches: {
    level: "warning",
    consequence: "Without it each session is read by itself, which costs more processor time",
  },
  names: {
    level: "warning",
    consequence: "Without it neither this check nor an error can tell the table's keys",
  },
  ttl: {
    level: "warning",
    consequence: "Without it this check cannot tell whether expired sessions are removed",
  },
  recovery: {
    level: "warning",
    consequence: "Without it this check cannot tell whether recovery to a point in time is on",
  },
};

/** A table that is there, or may be: where it cannot be described, nothing is known of it. */
interface Found {
  readonly table: TableDescription | undefined;
  /** The places in it whose rows can be asked for. */
  readonly usable: readonly Place[];
}

/** What an answer tells of where it comes from, and of the time there. */
interface Seen {
  readonly endpoint: string;
  readonly region: string | undefined;
  /** How far this machine's clock is ahead at least, or where it is below zero behind. */
  readonly offByMs: number | undefined;
}

/** One check. */
class Examination {
  readonly #commands: TableCommands;
  readonly #findings: Finding[] = [];
  #seen: Seen | undefined;

  constructor(commands: TableCommands) {
    this.#commands = commands;
  }

  async run(): Promise<TableCheck> {
    const { tableName } = this.#commands.options;
    await this.#checkTable();
    if (this.#seen) await this.#checkPrevious();
    const isUsable = this.#findings.every(({ level }) => level !== "problem");
    return { tableName, region: this.#seen?.region, findings: this.#findings, isUsable };
  }

  async #checkTable(): Promise<void> {
    const { options } = this.#commands;
    const found = await this.#look(options.tableName);
    if (found === undefined) return;
    const { table, usable } = found;
    const indexes = table && judgeIndexes(table);
    if (indexes) this.#report("indexes", indexes);
    const canBeUsed = usable.includes(options) && (await this.#tryActions(options, "table"));
    if (canBeUsed && (options.owner || options.previous.length > 0)) await this.#tryTransactions();
    // Of a table that may not be described nothing has said that it is there.
    if (!canBeUsed && !table) return;
    await this.#checkTimeToLive();
    if (table) {
      this.#report("billing", judgeBilling(table));
      this.#report("deletionProtection", judgeProtection(table));
    }
    await this.#checkRecovery();
  }

  async #checkPrevious(): Promise<void> {
    const { tableName, previous } = this.#commands.options;
    const others = new Set(previous.map((place) => place.tableName));
    others.delete(tableName);
    for (const name of others) {
      const found = await this.#look(name);
      for (const place of found?.usable ?? []) await this.#tryActions(place, "previous");
    }
  }

  /** The places in a table, of those whose keys have the same names the first: one table has one pair of them. */
  #placesIn(tableName: string): Place[] {
    const { options } = this.#commands;
    const places = [options, ...options.previous].filter((place) => place.tableName === tableName);
    return places.filter(({ keys }, i) => i === places.findIndex((other) => hasKeysOf(other, keys)));
  }

  /** Looks at a table's status and keys; `undefined` where there is none, or nobody to ask. */
  async #look(tableName: string): Promise<Found | undefined> {
    const places = this.#placesIn(tableName);
    const isFirst = this.#seen === undefined;
    try {
      const { Table: table = {} } = await this.#describe(tableName);
      if (isFirst) this.#reportConnection();
      return { table, usable: this.#checkDescribed(places, tableName, table) };
    } catch (error) {
      const isAbsent = isCausedBy(error, ["ResourceNotFoundException"]);
      if (isCausedBy(error, ["ValidationException"])) {
        if (isFirst) this.#reportConnection();
        this.#report("table", problem(badName(tableName)), tableName);
        return undefined;
      }
      if (!isAbsent && !isDenied(error)) {
        this.#report("connection", problem(messageOf(error)), tableName);
        if (isFirst) this.#reportClock();
        return undefined;
      }
      if (isFirst) this.#reportConnection();
      if (!isAbsent) {
        this.#reportFailed("DescribeTable", NEEDS.names, error, tableName);
        return { table: undefined, usable: places };
      }
      this.#reportAbsent(error, tableName);
      return undefined;
    }
  }

  #describe(tableName: string) {
    const command = new DescribeTableCommand({ TableName: tableName });
    const { now } = this.#commands.options;
    command.middlewareStack.add(
      (next) => async (asked) => {
        const sentAt = now();
        const answer = await next(asked);
        this.#seen ??= whatIsSeen(asked.request, answer.response, sentAt, now());
        return answer;
      },
      // Around what the connection does with the answer.
      { step: "deserialize", priority: "normal", name: "seenAnswer" },
    );
    return this.#commands.send("DescribeTable", command, tableName);
  }

  #reportConnection(): void {
    const { endpoint, region = "none" } = this.#seen ?? {};
    this.#report("connection", ok(`${endpoint} answers; the region is ${region}`));
    this.#reportClock();
  }

  #reportClock(): void {
    const { offByMs } = this.#seen ?? {};
    if (offByMs !== undefined) this.#report("clock", judgeClock(offByMs));
  }

  #reportAbsent(error: unknown, tableName: string): void {
    const { region } = this.#seen ?? {};
    const where = region === undefined ? "" : ` (it was looked for in ${region})`;
    this.#report("table", problem(messageOf(error) + where), tableName);
  }

  /** Reports the status and the keys of a table, and says in which places its rows can be asked for. */
  #checkDescribed(places: readonly Place[], tableName: string, table: TableDescription): Place[] {
    const there = `the table "${tableName}" is there`;
    const isComing = table.TableStatus === "CREATING";
    const refusal = isComing ? `${there}, and is being created; check again when it is` : unusable(table);
    this.#report(
      "table",
      refusal ? problem(refusal) : ok(`${there}, and is ${table.TableStatus}`),
      tableName,
    );
    const fitting = places.filter((place) => {
      const { hashKey, sortKey } = place.keys;
      const mismatch = otherKeys(definitionAt(place), table);
      const asSaid = ok(`${showKeys(hashKey, sortKey)}, as the options say`);
      this.#report("keys", mismatch ? problem(mismatch) : asSaid, tableName);
      return !mismatch;
    });
    return refusal ? [] : fitting;
  }

  /** Tries what the store's features send to a table, up to what shows that it cannot be used: then `false`. */
  async #tryActions(place: Place, where: "table" | "previous"): Promise<boolean> {
    const { tableName, keys } = place;
    for (const [action, need] of this.#needs(place, where)) {
      try {
        await tryAction(action, place, this.#commands);
        this.#report("permission", ok(`dynamodb:${action} is allowed`), tableName, action);
      } catch (error) {
        if (isCausedBy(error, ["ResourceNotFoundException"])) {
          this.#reportAbsent(error, tableName);
          return false;
        }
        // Of a table that may not be described this is the first word about its keys.
        if (isCausedBy(error, ["ValidationException"])) {
          const text = `the keys of the table "${tableName}" are not those of the options, which say ${showKeys(keys.hashKey, keys.sortKey)}. Set table.hashKey and table.sortKey to the table's, or use another table`;
          this.#report("keys", problem(text), tableName);
          return false;
        }
        this.#reportFailed(action, need, error, tableName);
      }
    }
    return true;
  }

  #needs(place: Place, where: "table" | "previous"): [TriedAction, Need][] {
    const { owner } = this.#commands.options;
    const features = owner ? (["sessions", "owner", "lists"] as const) : (["sessions", "lists"] as const);
    return features.flatMap((feature) =>
      actionsAt(feature, where, place).map((action): [TriedAction, Need] => [
        action,
        action === "BatchGetItem" ? NEEDS.batches : NEEDS[feature],
      ]),
    );
  }

  async #tryTransactions(): Promise<void> {
    try {
      await tryTransaction(this.#commands.options, this.#commands);
      this.#report("transactions", ok("the API has transactions"));
    } catch (error) {
      // What of it is denied has been found by itself.
      if (!isDenied(error)) this.#report("transactions", problem(messageOf(error)));
    }
  }

  async #checkTimeToLive(): Promise<void> {
    const action = "DescribeTimeToLive";
    const command = new DescribeTimeToLiveCommand({ TableName: this.#commands.options.tableName });
    try {
      const { TimeToLiveDescription = {} } = await this.#commands.send(action, command);
      this.#report("timeToLive", judgeTimeToLive(TimeToLiveDescription));
    } catch (error) {
      this.#reportFailed(action, NEEDS.ttl, error);
    }
  }

  async #checkRecovery(): Promise<void> {
    const action = "DescribeContinuousBackups";
    const command = new DescribeContinuousBackupsCommand({ TableName: this.#commands.options.tableName });
    try {
      const { ContinuousBackupsDescription } = await this.#commands.send(action, command);
      this.#report("pointInTimeRecovery", judgeRecovery(ContinuousBackupsDescription));
    } catch (error) {
      if (isCausedBy(error, ["UnknownOperationException"]))
        this.#report("pointInTimeRecovery", ok("this API does not know recovery to a point in time"));
      else this.#reportFailed(action, NEEDS.recovery, error);
    }
  }

  /** An action that failed: it is denied, or it cannot be said whether it is. */
  #reportFailed(action: string, need: Need, error: unknown, tableName?: string): void {
    this.#report("permission", judgeFailed(action, need, error), tableName, action);
  }

  #report(code: FindingCode, judgment: Judgment, table?: string, action?: string): void {
    const tableName = table ?? this.#commands.options.tableName;
    const named = action === undefined ? {} : { action: `dynamodb:${action}` };
    this.#findings.push({ code, ...judgment, tableName, ...named });
  }
}

function hasKeysOf({ keys }: Place, { hashKey, sortKey }: Place["keys"]): boolean {
  return keys.hashKey === hashKey && keys.sortKey === sortKey;
}

function problem(message: string): Judgment {
  return { level: "problem", message };
}

function judgeFailed(action: string, { level, consequence }: Need, error: unknown): Judgment {
  const message = messageOf(error);
  if (isDenied(error)) return { level, message: `${message}. ${consequence}` };
  const unsaid = `whether dynamodb:${action} is allowed cannot be said`;
  // Throttling passes, and comes of others' requests. Whatever else kept this one back keeps sessions' back.
  if (level === "warning" || isThrottled(error))
    return { level: "warning", message: `${unsaid}: ${message}` };
  return { level, message: `${unsaid}, for it could not be tried: ${message}. ${consequence}` };
}

function isThrottled(error: unknown): boolean {
  return error instanceof SessionStoreError && error.code === "ERR_SESSION_THROTTLED";
}

function isDenied(error: unknown): boolean {
  return isCausedBy(error, ["AccessDeniedException"]);
}

/** What a finding says of a failure; what is none of this package's, as an abort, is no finding. */
function messageOf(error: unknown): string {
  if (error instanceof SessionStoreError) return error.message;
  throw error;
}

function whatIsSeen(request: unknown, response: unknown, sentAt: number, receivedAt: number): Seen {
  const { hostname, port, headers } = isObject(request) ? request : {};
  const { authorization } = isObject(headers) ? headers : {};
  // The scope of the signature: key, day, region, service.
  const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(String(authorization)) ?? [];
  const answered = isObject(response) && isObject(response.headers) ? response.headers.date : undefined;
  return {
    endpoint: port === undefined ? String(hostname) : `${hostname}:${port}`,
    region,
    offByMs: offBy(Date.parse(String(answered)), sentAt, receivedAt),
  };
}

/** By how much a clock is off that showed these times about an answer that was given within this second. */
function offBy(second: number, sentAt: number, receivedAt: number): number | undefined {
  if (Number.isNaN(second)) return undefined;
  return Math.max(sentAt - (second + 1000), 0) + Math.min(receivedAt - second, 0);
}
