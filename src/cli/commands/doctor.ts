// `session-store doctor`: looks whether the table is as the store needs it, and says what to do where it is not.
import { checkTable, type Finding, type FindingCode, type TableCheck } from "../../admin/index.js";
import { type CommandDefinition, EXIT } from "../command.js";
import { type Output, visible } from "../output.js";

const NAMES: Readonly<Record<FindingCode, string>> = {
  connection: "connection",
  clock: "clock",
  table: "table",
  keys: "keys",
  indexes: "indexes",
  permission: "permission",
  transactions: "transactions",
  timeToLive: "time to live",
  billing: "billing",
  deletionProtection: "deletion protection",
  pointInTimeRecovery: "recovery",
};

export const doctor: CommandDefinition<object> = {
  name: "doctor",
  summary: "check the table, its settings, the permissions and the clock; changes nothing",
  examples: [
    "session-store doctor --table sessions",
    "session-store doctor --table sessions --region eu-west-1 --json",
    "session-store doctor --config ./session-store.mjs",
  ],
  configure() {},
  async run({ store, output, signal }) {
    const check = await checkTable(store, { signal });
    const { findings, isUsable } = check;
    output.table(
      ["", "what", "found"],
      findings.map((finding) => [mark(finding, output), what(finding, check), visible(finding.message)]),
    );
    output.print(`\n${summaryOf(findings)}`);
    if (canBeInitialised(check))
      output.note("`session-store init` with the same flags creates the table, or switches on what it lacks");
    output.printJson(check);
    return isUsable ? EXIT.done : EXIT.failed;
  },
};

function mark({ level }: Finding, { colors }: Output): string {
  const color = { ok: colors.green, warning: colors.yellow, problem: colors.red }[level];
  return color(level);
}

function what({ code, tableName }: Finding, check: TableCheck): string {
  const name = NAMES[code];
  return tableName === check.tableName ? name : `${name}, ${tableName}`;
}

function summaryOf(findings: readonly Finding[]): string {
  const countOf = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [countOf("problem"), countOf("warning")];
  const besides = warnings === 0 ? "" : `, ${several(warnings, "warning")}`;
  if (problems === 0) return `the table is as the store needs it${besides}`;
  return `${several(problems, "problem")}${besides}: not all is as the store needs it`;
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Whether there is something that `init` does. */
function canBeInitialised({ findings, tableName }: TableCheck): boolean {
  const answers = findings.some(({ code, level }) => code === "connection" && level === "ok");
  const lacking = findings.filter(
    (finding) =>
      finding.tableName === tableName &&
      finding.level === "problem" &&
      ["table", "timeToLive"].includes(finding.code),
  );
  return answers && lacking.length > 0;
}
